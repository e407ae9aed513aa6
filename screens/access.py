"""Who opened which child's record, and when: for the DSL and the headteacher; reading it is recorded too (R-114)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from practice.errors import ConsoleError
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.access import AccessRow

LATE = timedelta(minutes=1)
"""From when on a line says that it could only be written down later."""


def trail_of(vault: Vault, child_id: str) -> list[AccessRow]:
    """Record that the list is read, and return it. Blocks; raises NotAllowed."""
    from storage.desk.access import trail

    return trail(vault, child_id=child_id)


def words_of(row: AccessRow) -> str:
    """Return what a person may narrow the list by: everything that a line says."""
    from storage.views.access import KINDS

    said = f"{row.at.astimezone():%a %d %b %Y %H:%M} {row.person} {KINDS[row.kind]} {row.child} {row.detail}"
    return " ".join(said.split())


def draw(row: AccessRow, width: int) -> list[Content]:
    """Draw a line: when, who, what they did and with whose record; what else is known stands under it."""
    from storage.views.access import KINDS

    said = Content.assemble(
        (visible(row.person or "somebody"), "bold"),
        " ",
        visible(" ".join(f"{KINDS[row.kind]} {row.child and 'of ' + row.child}".split())),
    )
    indent = Content(" " * 21)
    first, *rest = said.wrap(max(width - 22, 20))
    when = Content.assemble("  ", (f"{row.at.astimezone():%d %b %Y %H:%M}", "$text-muted"), "  ")
    lines = [when + first, *(indent + each for each in rest)]
    detail = visible(row.detail)
    if row.recorded_at - row.at > LATE:
        detail = f"Written down {row.recorded_at.astimezone():%d %b %Y %H:%M}. {detail}".strip()
    if detail:
        lines += [indent + each for each in Content.styled(detail, "$text-muted").wrap(max(width - 22, 20))]
    return lines


class AccessScreen(ConsoleScreen):
    """The list, and a field that narrows it."""

    NAME = "access"
    HEADING = "Who opened which record"
    HELP = (
        "Every opening of a child's record, preview, copy and wrong try to unlock, the newest first; an opening is one "
        "line for each person, child and quarter of an hour. Type a name, a day or a word to narrow it; Enter opens "
        "the child. Only the DSL and the headteacher read it, and that you did is recorded."
    )
    CSS_PATH = "access.tcss"
    FIELD_ENTER = "access.open"
    BINDINGS = bindings("access")

    def __init__(self, child_id: str = "") -> None:
        super().__init__()
        self.child_id = child_id
        self.rows: list[AccessRow] | None = None
        self._asked = False

    def body(self) -> ComposeResult:
        yield Input(placeholder="A name, a day, or a word such as copy", id="words", max_length=100)
        yield StateLine("", id="said")
        yield MessageBar(id="fault")
        yield RecordList["AccessRow"](draw, id="lines", empty="")

    def on_mount(self) -> None:
        self.query_one("#words").focus()

    def refresh_record(self) -> None:
        """Read the list, once: each reading is recorded."""
        if not self._asked:
            self._asked = True
            self.fetch(trail_of, self.vault, self.child_id, then=self._take, failed=self._refused)

    def _refused(self, error: ConsoleError) -> None:
        self.query_one("#fault", MessageBar).say(f"{error.message} {error.hint}".strip(), "bad")

    def _take(self, rows: list[AccessRow]) -> None:
        self.rows = rows
        self._show()

    @on(Input.Changed, "#words")
    def _show(self) -> None:
        if self.rows is None:
            return
        wanted = self.query_one("#words", Input).value.casefold().split()
        shown = [row for row in self.rows if all(word in words_of(row).casefold() for word in wanted)]
        count = f"{len(shown):,} of " if wanted else ""
        about = f" about {shown[0].child}" if self.child_id and shown else ""
        lines = counted(len(self.rows), "line")
        self.query_one("#said", StateLine).say(f"{count}{lines}{about}. That you read this list is recorded.")
        listed: RecordList[AccessRow] = self.query_one("#lines", RecordList)
        listed.empty = "Nothing fits. Try another word."
        listed.show(shown, keep=lambda row: row.id)
        self.refresh_bindings()

    def on_key(self, event: events.Key) -> None:
        """While the field has the focus, the arrows move in the list."""
        if self.focused is self.query_one("#words"):
            self.query_one("#lines", RecordList).steered(event)

    @property
    def current(self) -> AccessRow | None:
        """The line under the cursor."""
        row: AccessRow | None = self.query_one("#lines", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if action_id == "access.open" and (self.current is None or not self.current.child_id):
            return "This line is about no child."
        return ""

    @on(RecordList.Opened, "#lines")
    @on(Input.Submitted, "#words")
    def _open(self) -> None:
        self.action_do("access.open")

    def act_open(self) -> None:
        """Open the child's record."""
        if row := self.current:
            self.console.open("child", child_id=row.child_id)
