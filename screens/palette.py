"""The palette of commands, which leaves nothing but itself."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette


class Palette(CommandPalette):
    """Textual's palette; where something lies over it by the time its command was chosen, that stays."""

    def dismiss(self, result: object = None) -> AwaitComplete:
        """Leave, if it is the palette that would be left: Textual takes away whatever lies on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()  # type: ignore[arg-type]
