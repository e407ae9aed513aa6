"""What is still to be written: entries that were recorded in a hurry, asked about kindly (R-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.dates import in_words
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.complete import CompleteDialog
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.views.record_rows import EntryDetail, EntryRow


def draw(entry: EntryRow, width: int) -> list[Content]:
    """Draw an entry: when and whose it is, its first words, and what is missing."""
    inner = max(width - 2, 20)
    head = Content.assemble(
        (f"{in_words(entry.occurred)}  ", "bold"),
        visible(entry.child),
        (f"  {visible(entry.recorded_by)}", "$text-muted"),
    )
    words = " ".join(visible(entry.text).split())
    missing = Content.styled("Still to be written: " + ", ".join(entry.unfinished), "$text-muted").wrap(inner)
    lines = [*head.wrap(inner), Content(cut(words, inner)), *missing]
    return [*(Content(" ") + line for line in lines), Content("")]


class UnfinishedScreen(ConsoleScreen):
    """The list, newest first; Enter asks what is missing."""

    NAME = "unfinished"
    HEADING = "Still to be written"
    HELP = (
        "Entries of which something is still to be written, the newest first; nothing here is late or wrong. Enter "
        "asks only for what is missing. What has nothing to be written can be left blank for good."
    )
    BINDINGS = bindings("unfinished")

    def body(self) -> ComposeResult:
        yield StateLine("", id="said", classes="muted")
        yield RecordList(draw, id="entries")

    def on_mount(self) -> None:
        self.query_one("#entries").focus()

    def refresh_record(self) -> None:
        """Read the list again."""
        from storage.views import record

        if self.console.vault is not None:
            self.fetch(record.unfinished, self.vault, then=self._show)

    def _show(self, rows: list[EntryRow]) -> None:
        listed = self.query_one("#entries", RecordList)
        listed.empty = "Nothing is left to be written."
        listed.show(rows, keep=lambda row: row.id)
        count = f"the newest {len(rows)} entries" if len(rows) >= 500 else counted(len(rows), "entry", "entries")
        said = f"Of {count} something can still be added, when there is time." if rows else ""
        self.query_one("#said", StateLine).say(said.replace("1 entries", "1 entry") if len(rows) == 1 else said)
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        if self.query_one("#entries", RecordList).current is None:
            return "Nothing is left to be written."
        if action_id == "unfinished.fill" and not may_write(self.vault):
            return READ_ONLY
        return ""

    @on(RecordList.Opened)
    def act_fill(self) -> None:
        """Ask for what is missing of the entry under the cursor."""
        from storage.views import record

        entry = self.query_one("#entries", RecordList).current
        if entry is not None:
            self.fetch_to_ask(record.detail, self.vault, entry.id, ask=self._ask)

    def _ask(self, detail: EntryDetail) -> None:
        self.app.push_screen(CompleteDialog(detail), self._filled)

    def _filled(self, done: bool | None) -> None:
        if done:
            self.console.say("Filled in.")

    def act_amend(self) -> None:
        """Write the child's words or the date into a new version."""
        entry = self.query_one("#entries", RecordList).current
        if entry is not None:
            self.console.open("amend", entry_id=entry.id)

    def act_entry(self) -> None:
        """Show the entry whole."""
        entry = self.query_one("#entries", RecordList).current
        if entry is not None:
            self.console.open("entry", entry_id=entry.id)
