"""Jump mode: a letter stands on each field, list and button; pressing it goes there, from anywhere on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""The letters in the order in which they are given out: those under the fingers first."""


def targets(screen: Screen[object]) -> list[tuple[str, Widget]]:
    """Return what can be gone to on a screen, from top to bottom and left to right, each with its letter."""
    seen = Region(0, 0, *screen.size)
    found = [widget for widget in screen.focus_chain if widget.region.overlaps(seen) and widget.region.area]
    found.sort(key=lambda widget: (widget.region.y, widget.region.x))
    return list(zip(LETTERS, found, strict=False))


class JumpScreen(ModalScreen[Widget | None]):
    """The letters over the screen; any other key, or a click, takes them away."""

    DEFAULT_CSS = """
    JumpScreen { background: $background 20%; align: left top; }
    JumpScreen .letter {
        position: absolute; width: 3; height: 1; text-style: bold;
        color: $block-cursor-foreground; background: $block-cursor-background;
    }
    """

    def __init__(self, found: Sequence[tuple[str, Widget]]) -> None:
        super().__init__()
        self.found = list(found)

    def compose(self) -> ComposeResult:
        for letter, widget in self.found:
            mark = Static(f" {letter} ", classes="letter", markup=False)
            mark.styles.offset = (widget.region.x, widget.region.y)
            yield mark

    def on_mount(self) -> None:
        # When the screen under this one is laid out anew, the letters go with what they stand on.
        for _letter, widget in self.found[:1]:
            widget.screen.screen_layout_refresh_signal.subscribe(self, self._place)

    def _place(self, _laid_out: Screen[object]) -> None:
        for mark, (_letter, widget) in zip(self.query(".letter"), self.found, strict=False):
            mark.styles.offset = (widget.region.x, widget.region.y)

    def on_key(self, event: events.Key) -> None:
        """Go where the letter stands."""
        event.stop()
        event.prevent_default()
        self.dismiss(next((widget for letter, widget in self.found if letter == event.key), None))

    def on_click(self) -> None:
        """Take the letters away."""
        self.dismiss(None)
