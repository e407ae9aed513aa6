"""A text area with the wording coach or without: `python -m benchmarks.writing_app VAULT FILE [coach]`."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult

from benchmarks.vaults import PASSPHRASE
from screens.widgets.area import NoteArea
from screens.widgets.coached import CoachedArea, CoachedText
from storage.vault import Vault, open_vault


class Writing(App[None]):
    """The note's field as the Log screen holds it, and nothing else."""

    CSS = "NoteArea { width: 83; height: 9; }"
    ENABLE_COMMAND_PALETTE = False
    hidden = False
    """As the console says whether it hides what it shows: what was read behind that waits."""

    def __init__(self, vault: Vault, text: str, coached: bool) -> None:
        super().__init__()
        self.vault, self.text, self.coached = vault, text, coached

    def compose(self) -> ComposeResult:
        if self.coached:
            yield CoachedText(CoachedArea(self.text, compact=True, id="text"), voice="")
        else:
            yield NoteArea(self.text, compact=True, id="text")

    def on_mount(self) -> None:
        area = self.query_one("#text", NoteArea)
        area.move_cursor(area.document.end)
        area.focus()


if __name__ == "__main__":
    with open_vault(Path(sys.argv[1]), passphrase=PASSPHRASE) as opened:
        Writing(opened, Path(sys.argv[2]).read_text(encoding="utf-8"), "coach" in sys.argv).run()
