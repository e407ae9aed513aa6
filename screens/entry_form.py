"""What deciding, amending and moving have in common: the entry stands above the form, and the form keeps a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from practice.errors import ConsoleError
from screens.drafting import DraftScreen
from screens.entry_lines import entry_content
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.views.record_rows import EntryRow


class EntryForm(DraftScreen):
    """A form about one entry."""

    HINT = ""
    """What the line under the form says at first."""

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self.entry_id = entry_id
        self.entry: EntryRow | None = None

    @property
    def heading(self) -> str:
        """Say whose entry it is about."""
        return f"{self.HEADING}: {self.entry.child}" if self.entry else self.HEADING

    def form(self) -> ComposeResult:
        """Yield the form's own fields."""
        yield from ()

    def body(self) -> ComposeResult:
        with VerticalScroll(id="entry"):
            yield Static(id="entry-text")
        with VerticalScroll(id="form", can_focus=False):
            yield from self.form()
        yield StateLine(self.HINT, id="said")

    def draft_name(self) -> str:
        """There is one draft of each kind to an entry."""
        return f"{self.NAME}-{self.entry_id}"

    def refresh_record(self) -> None:
        """Read the entry that the form is about."""
        from storage.views import record

        if self.console.vault is not None:
            self.fetch(record.get, self.vault, self.entry_id, then=self._show_entry, failed=self._gone)

    def _show_entry(self, entry: EntryRow) -> None:
        first = self.entry is None
        before = self.entry
        self.entry = entry
        self.query_one("#entry-text", Static).update(entry_content(entry))
        self.refresh_chrome()
        self.entry_read(first=first)
        if first:
            self.draft_read()
        if before is not None and before.version != entry.version:
            self.say("This entry was amended meanwhile: what you see above is the new version.", "warn")

    def draft_read(self) -> None:
        """Let keys come once the entry is there too."""
        if self.ready and self.entry is not None:
            self.now_read()

    def entry_read(self, *, first: bool) -> None:
        """Do what has to wait for the entry."""

    def _gone(self, error: ConsoleError) -> None:
        self.console.report(error)
        self.leave()

    def why_not(self, action_id: str) -> str:
        if action_id == f"{self.NAME}.record":
            if self.entry is None:
                return "The entry is still being read."
            if not may_write(self.vault):
                return READ_ONLY
        return ""

    def refused(self, error: ConsoleError) -> None:
        """Say why it was not recorded; what was written stays."""
        self.say(f"{error.message} {error.hint}".strip(), "bad")

    @property
    def again(self) -> str:
        """How to come back to the draft."""
        return "It is put back when you open this again."
