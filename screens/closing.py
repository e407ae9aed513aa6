"""What stands on the screen while the record closes: nothing of the record, and what is still being done."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from screens.widgets.text import PlainText


class ClosingScreen(Screen[None]):
    """Covers everything until the process ends."""

    CSS_PATH = "backups.tcss"

    def compose(self) -> ComposeResult:
        with Vertical(id="card"):
            yield PlainText("The record is closing. Today's backup is made first.")
            yield PlainText("One moment…", id="doing")

    def say(self, words: str) -> None:
        """Say what is being done now."""
        self.query_one("#doing", PlainText).show(f"{words}…")
