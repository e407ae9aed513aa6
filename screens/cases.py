"""Children whom partners and this organisation know to be the same: named, answered, changed, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.case import state_words
from screens.cases_dialog import OfferDialog, TellDialog
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.cases import CaseRow

TONES = {"good": "$text-success", "warn": "$text-warning", "": "$text-muted"}


@dataclass(frozen=True)
class Row:
    """A case, and what of its child the partner has still to be told."""

    case: CaseRow
    to_tell: tuple[str, ...]


def listing(vault: Vault) -> list[Row]:
    """Return the cases, those that wait first; blocks."""
    from storage.views import cases

    to_tell = {row.id: said for row, said in cases.to_tell(vault)}
    return [Row(row, to_tell.get(row.id, ())) for row in cases.cases(vault)]


def draw(row: Row, width: int) -> list[Content]:
    """Draw a case: the child and the partner, then what was told and where it stands."""
    from practice.cases import told_words

    case = row.case
    name = visible(case.child or case.identity.name or "no name")
    left = cut(f"{name} · {visible(case.partner)}", width - 1)
    words, tone = state_words(case)
    if row.to_tell:
        words, tone = f"They do not know yet: {', '.join(row.to_tell)} changed. t tells them.", "warn"
    who = "You told them: " if case.ours else "They say: "
    said = cut(f"  {who}{visible(told_words(case.identity))}", max(width - 1, 10))
    folded = Content.styled(visible(words), TONES[tone]).wrap(max(width - 3, 10))
    pad = " " * max(width - 1 - cell_len(left), 0)
    return [Content.styled(left + pad, "bold"), Content(said), *(Content("  ") + line for line in folded)]


class CasesScreen(ConsoleScreen):
    """Every case, those that wait for an answer first."""

    NAME = "cases"
    HEADING = "Which child"
    HELP = (
        "Children whom a partner and you know to be the same. n names a child to a partner, under an agreement; Enter "
        "opens one: to say which child they mean, or to take a match back. t tells them that a name, a date of birth "
        "or a UPN has changed. Nothing is matched by itself, also where everything is equal."
    )
    CSS_PATH = "cases.tcss"
    BINDINGS = bindings("cases")

    def __init__(self, case: str = "") -> None:
        super().__init__()
        self.wanted = case
        self.found: list[Row] | None = None

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield RecordList[Row](draw, id="cases")

    def on_mount(self) -> None:
        self.query_one("#cases").focus()

    def refresh_record(self) -> None:
        """Read the cases."""
        self.fetch(listing, self.vault, then=self._show)

    def _show(self, found: list[Row]) -> None:
        self.found = found
        listed = self.query_one("#cases", RecordList)
        listed.empty = (
            "No child has a case with a partner yet.\n\nn names one to a partner under an agreement: they confirm who "
            "it is, and what you share of that child then stands in their record by itself."
        )
        listed.show(found, keep=lambda row: row.case.id)
        waits = sum(row.case.state == "received" for row in found)
        self.query_one("#said", StateLine).say(f"{waits} to be answered by you." if waits else "", "warn")
        self.refresh_bindings()
        if self.wanted:
            case, self.wanted = self.wanted, ""
            self.console.open("case", case=case)

    def _current(self) -> Row | None:
        row: Row | None = self.query_one("#cases", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        row = self._current()
        if action_id == "cases.new":
            return ""
        if row is None:
            return "There is no case in the list."
        return "They know what you know." if action_id == "cases.tell" and not row.to_tell else ""

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the case."""
        row = self._current()
        if row is not None:
            self.console.open("case", case=row.case.id)

    def act_new(self) -> None:
        """Name a child to a partner."""
        self.app.push_screen(OfferDialog(), self._said)

    def act_tell(self) -> None:
        """Tell the partner what has changed."""
        row = self._current()
        if row is not None:
            self.app.push_screen(TellDialog(row.case, row.to_tell), self._said)

    def _said(self, words: str | None) -> None:
        if words:
            self.console.say(words, "Which child")
            self.refresh_record()
