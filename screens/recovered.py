"""What partners gave back after this record was put back from a backup: both texts, and a person's choice (rule 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.child_picker import ChildPicker
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.sharing import ShareRow


@dataclass(frozen=True)
class Row:
    """What came back, how the record has it now (blank where it is lost), and how the partner has it."""

    share: ShareRow
    here: str
    there: str
    hint: str


def listing(vault: Vault) -> list[Row]:
    """Return what came back and nobody has looked at; blocks."""
    from practice.received import received_entry
    from storage.views.arrivals import hint_of, why_withdrawn
    from sync.inventory import here_text, open_shares

    rows = []
    for share in open_shares(vault):
        if share.state == "withdrawn":
            there = f"You had taken it back: {why_withdrawn(share.payload) or 'no reason was given'}"
        else:
            entry = received_entry(share.payload)
            words = f"\n\nThe child's own words:\n{entry.childs_words}" if entry.childs_words else ""
            there = f"{entry.text}{words}"
        rows.append(Row(share, here_text(vault, share), there, share.child or hint_of(share.payload)[0]))
    return rows


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line: whose entry, who gave it back, and whether it is lost here or stands in other words."""
    state = "lost here" if not row.here else "other words here"
    words = f"{row.hint or 'no name'} · from {row.share.partner} · {state}"
    return [Content(cut(visible(words), max(width - 1, 8)))]


class WhoseDialog(FormDialog[str]):
    """Asks whose entry it was that was lost; dismissed with the child's id."""

    VERB = "Take it in"

    def __init__(self, hint: str) -> None:
        said = f"You had sent it about {hint}. " if hint else ""
        super().__init__("Take the entry in again", f"{said}Say which child it is: a name alone is no match.")

    def fields(self) -> ComposeResult:
        yield Field("Child", ChildPicker(provisional=False, id="child"))

    def on_mount(self) -> None:
        self.query_one("#child Input").focus()

    def confirm(self) -> None:
        child = self.query_one("#child", ChildPicker).child
        if child is None:
            self.ask("Which child?", self.query_one("#child Input"))
        else:
            self.finish(child.id)


class RecoveredScreen(ConsoleScreen):
    """What came back, and for the one under the cursor both texts."""

    NAME = "recovered"
    HEADING = "Came back"
    HELP = (
        "This record was put back from a backup, and partners hold what you had sent since. Each is your own signed "
        "word. t takes it into the record: as a new version, or as the entry itself where it is lost. x leaves the "
        "record as it is, with the reason. Nothing is taken in by itself."
    )
    CSS_PATH = "recovered.tcss"
    BINDINGS = bindings("recovered")

    def __init__(self, share: str = "") -> None:
        super().__init__()
        self.wanted = share

    def body(self) -> ComposeResult:
        yield RecordList[Row](draw, id="rows")
        with Horizontal(id="sides"):
            with VerticalScroll(id="here"):
                yield PlainText("The record now", classes="side-title")
                yield PlainText("", id="here-text")
            with VerticalScroll(id="there"):
                yield PlainText("What they hold", classes="side-title")
                yield PlainText("", id="there-text")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()

    def refresh_record(self) -> None:
        """Read what came back."""
        self.fetch(listing, self.vault, then=self._show)

    def _show(self, rows: list[Row]) -> None:
        listed = self.query_one("#rows", RecordList)
        listed.empty = "Nothing came back that you have not looked at."
        listed.show(rows, keep=lambda row: row.share.id)
        for place, row in enumerate(rows):
            if row.share.id == self.wanted:
                self.wanted = ""
                listed.action_move_to(place)
        self._sides()

    @on(RecordList.Moved)
    def _sides(self) -> None:
        row = self._current()
        self.query_one("#here-text", PlainText).show((row.here or "Lost: it is not in this record.") if row else "")
        self.query_one("#there-text", PlainText).show(row.there if row else "")
        self.refresh_bindings()

    def _current(self) -> Row | None:
        row: Row | None = self.query_one("#rows", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        row = self._current()
        if row is None:
            return "Nothing came back."
        gone = action_id == "recovered.take" and row.share.state == "withdrawn"
        return "You had taken it back: there is no text to take in." if gone else ""

    @on(RecordList.Opened)
    def act_take(self) -> None:
        """Take it into the record."""
        row = self._current()
        if row is None or self.why_not("recovered.take"):
            return
        if row.here:
            self._take(row, "")
        else:
            self.app.push_screen(WhoseDialog(row.hint), lambda child: self._take(row, child) if child else None)

    def _take(self, row: Row, child: str) -> None:
        from sync.inventory import take_in

        self.run(take_in, self.vault, row.share.id, child, then=lambda _entry: self._done("It is in the record again."))

    def act_leave(self) -> None:
        """Leave the record as it is, with the reason."""
        row = self._current()
        if row is None:
            return

        def answered(reason: str | None) -> None:
            from sync.inventory import leave

            if reason:
                done = "The record stays as it is."
                self.run(leave, self.vault, row.share.id, reason, then=lambda _none: self._done(done))

        sentence = "The record stays as it is; that the partner holds this stays known."
        self.app.push_screen(
            ReasonDialog("Leave the record as it is", sentence, verb="Leave it", about=row.share.id), answered
        )

    def _done(self, words: str) -> None:
        cast("Console", self.app).say(words, "Came back")
        self.refresh_record()
