"""Children: one list, found by any name, with what stands out about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from practice.dates import day_words
from practice.organisations import is_school
from practice.roles import finds_only_given
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.break_glass import GlassDialog
from screens.child_new import NewChild, NewChildDialog
from screens.widgets.chrome import cut
from screens.widgets.long_list import LongList
from screens.widgets.record_list import PAGE, RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, group_words, may_write, status_words

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow

EMPTY_ELSEWHERE = "No children yet: press Ctrl+N to add one, or match what a partner sent (Sync)."
EMPTY = "No children yet: import the roll (dsl-console children import FILE) or press Ctrl+N."
SIMILAR = "≈"
"""Beside a name that is easily taken for another child's."""


@dataclass(frozen=True)
class ChildLine:
    """A child with how many concerns wait for a decision and when the next review is due."""

    child: ChildRow
    undecided: int
    due: date | None
    late: bool


def everyone(vault: Vault, today: date) -> list[ChildLine]:
    """Return every child, those who left last; blocks."""
    from storage.views import children, record, reviews

    waiting = record.undecided_counts(vault)
    due = {row.child_id: row.due for row in reviews.due(vault, today, all_plans=True)}
    rows = sorted(children.all_children(vault, include_left=True), key=lambda row: not row.on_roll)
    return [ChildLine(row, waiting.get(row.id, 0), due.get(row.id), (due.get(row.id) or today) < today) for row in rows]


def fitting(lines: Sequence[ChildLine], query: str) -> list[ChildLine]:
    """Return the children whom a few letters of any name or a UPN fit, the best first; all of them for a blank."""
    from practice.names import matches
    from practice.upn import normalise

    if not query.strip():
        return list(lines)
    upn = normalise(query)
    ranked = []
    for place, line in enumerate(lines):
        same_upn = len(upn) > 3 and line.child.upn.startswith(upn)
        rank = 0 if same_upn else matches(query, line.child.names)
        if rank is not None:
            ranked.append((not line.child.on_roll, rank, place))
    return [lines[place] for *_, place in sorted(ranked)]


def columns(width: int) -> list[tuple[str, int]]:
    """Return the columns that fit, and how wide each is; the name takes what is left."""
    shown = [("class", 5), ("born", 11), ("status", 17), ("review", 12), ("waiting", 9)]
    if width >= 90:
        shown = [("class", 10), ("born", 12), ("status", 20), ("review", 14), ("waiting", 12)]
    if width >= 112:
        shown = [("class", 12), ("born", 12), ("status", 22), ("review", 22), ("waiting", 12)]
    left = width - 2 - sum(cells + 1 for _, cells in shown)
    return [("name", max(min(left, 50), 12)), *shown]


TITLES = {
    "name": "Name",
    "class": "Class",
    "born": "Born",
    "status": "Status",
    "review": "Next review",
    "waiting": "To decide",
}


def cell_of(line: ChildLine, column: str, cells: int) -> tuple[str, str]:
    """Return what stands in a column, and its style."""
    child = line.child
    if column == "name":
        marks = ["provisional"] if child.provisional else [] if child.on_roll else ["left"]
        mark = f" ({', '.join(marks)})" if marks else ""
        mark += f" {SIMILAR}" if child.look_alikes else ""
        return cut(visible(child.name), cells - cell_len(mark)) + mark, "" if child.on_roll else "$text-muted"
    if column == "class":
        words = group_words(child)
        return (words if cell_len(words) <= cells else cut(visible(child.reg_group or child.year_group), cells)), ""
    if column == "born":
        born = child.date_of_birth
        return f"{born.day:>2} {born:%b %Y}" if born else "not known", "" if born else "$text-muted"
    if column == "status":
        return cut(status_words(child.status), cells), "$text-primary"
    if column == "review":
        return review_words(line, cells), "$text-warning" if line.late else "$text-muted"
    words = f"{line.undecided} to decide" if line.undecided else ""
    return (words if cell_len(words) <= cells else str(line.undecided)), "bold $text-warning"


def review_words(line: ChildLine, cells: int) -> str:
    """Return when the next review is due, without weekday and year where there is no room for them."""
    if line.due is None:
        return ""
    late = ", late" if line.late else ""
    words = f"{day_words(line.due)}{late}"
    return words if cell_len(words) <= cells else f"{line.due.day} {line.due:%b}{late}"


def draw(line: ChildLine, width: int) -> list[Content]:
    """Draw a child in one line."""
    parts: list[Any] = [" "]
    for column, cells in columns(width):
        words, style = cell_of(line, column, cells)
        padded = words + " " * max(cells - cell_len(words), 0) + " "
        parts.append((padded, style) if style else padded)
    return [Content.assemble(*parts)]


class ChildList(LongList[ChildLine]):
    """Children at hand, one line each: laid out without drawing those out of sight."""

    def _lay_out(self, width: int) -> None:
        self._laid_width = width
        self._tops = list(range(len(self.keys) + 1))
        self.virtual_size = self.virtual_size.__class__(width, max(len(self.keys), 1))

    def _measure(self, number: int) -> bool:
        return False

    def take(self, lines: Sequence[ChildLine], *, first: bool) -> None:
        """Show these children; `first` puts the cursor on the first of them."""
        keys = [line.child.id for line in lines]
        pages = {at // PAGE: lines[at : at + PAGE] for at in range(0, min(len(lines), 20 * PAGE), PAGE)}
        cursor = keys[0] if first and keys else ""
        self.show_keys(keys, lambda offset, limit: lines[offset : offset + limit], pages, cursor=cursor)


class ChildrenScreen(ConsoleScreen):
    """The list, and a field that narrows it."""

    NAME = "children"
    HEADING = "Children"
    FIELD_ENTER = "children.open"
    HELP = (
        "Every child the record knows. Type part of any name or a UPN to narrow the list, move with the arrows, and "
        "Enter opens the child. In the list itself letters act; F2 logs a concern about the child you stand on. "
        "≈ marks a name that is easily taken for another child's: look at the date of birth and the class."
    )
    CSS_PATH = "children.tcss"
    BINDINGS = bindings("children")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[ChildLine] = []
        self._read = False

    def body(self) -> ComposeResult:
        with Horizontal(id="filter"):
            yield Input(placeholder="Part of any name, or a UPN; Enter opens", id="words", max_length=200)
            yield StateLine("", id="count")
        yield StateLine("", id="titles")
        yield ChildList(draw, id="list")

    def on_mount(self) -> None:
        self.query_one("#words").focus()

    @property
    def rows(self) -> ChildList:
        """The list of children."""
        return self.query_one(ChildList)

    @property
    def current(self) -> ChildRow | None:
        """The child under the cursor."""
        line = self.rows.current
        return line.child if line else None

    def refresh_record(self) -> None:
        """Read everyone again; the cursor stays on its child."""
        if self.console.vault is not None:
            self.fetch(everyone, self.vault, self.console.now().date(), then=self._show)

    def _show(self, lines: list[ChildLine]) -> None:
        self.lines, self._read = lines, True
        self._narrow(first=False)

    @on(Input.Changed, "#words")
    def _typed(self) -> None:
        self._narrow(first=True)

    def _narrow(self, *, first: bool) -> None:
        query = self.query_one("#words", Input).value
        shown = fitting(self.lines, query)
        listed = self.rows
        if self._read:
            listed.empty = self._empty_words()
        listed.take(shown, first=first)
        total = len(self.lines)
        everybody = counted(total, "child", "children") if total else ""
        self.query_one("#count", StateLine).say(f"{len(shown):,} of {total:,}" if query.strip() else everybody)
        self._title()
        self.refresh_bindings()

    def _empty_words(self) -> str:
        if finds_only_given(self.vault.person.role):
            return (
                "Nobody who was given to you has a name like that. Ctrl+O opens another child, with a reason that the "
                "DSL sees."
            )
        if self.lines:
            return "Nobody has a name like that. Try fewer letters, or add the child with Ctrl+N."
        return EMPTY if is_school(self.vault.school.organisation) else EMPTY_ELSEWHERE

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep breaking the glass from those who find every child anyway."""
        if parameters == ("children.glass",) and self.console.vault is not None:
            return finds_only_given(self.vault.person.role)
        return super().check_action(action, parameters)

    def _title(self) -> None:
        width = max(self.rows.scrollable_content_region.width, 1)
        titles = " " + "".join(f"{TITLES[name]:<{cells}} " for name, cells in columns(width))
        self.query_one("#titles", StateLine).say(titles if self.rows.count else "")

    def on_resize(self) -> None:
        self.call_after_refresh(self._title)

    def on_key(self, event: events.Key) -> None:
        """While the field has the focus, the arrows move in the list."""
        if self.focused is self.query_one("#words"):
            self.rows.steered(event)

    @on(Input.Submitted, "#words")
    def _submitted(self) -> None:
        self.action_do("children.open")

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("children.open")

    def opening(self, screen: str) -> dict[str, Any]:
        """F2 logs about the child under the cursor."""
        child = self.current
        return {"child_id": child.id} if screen == "log" and child is not None else {}

    # -- actions -------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if action_id == "children.open" and self.rows.current is None:
            return "There is no child to open here."
        if action_id == "children.new" and not may_write(self.vault):
            return READ_ONLY
        if action_id == "children.glass" and not finds_only_given(self.vault.person.role):
            return "Your role finds every child, so no reason is needed."
        return ""

    def act_open(self) -> None:
        """Open the child's record."""
        child = self.current
        if child is not None:
            self.console.open("child", child_id=child.id)

    def act_new(self) -> None:
        """Add a child by hand."""
        self.app.push_screen(NewChildDialog(self.query_one("#words", Input).value), self._added)

    def act_glass(self) -> None:
        """Open a child who was not given to this person, with the reason."""
        self.app.push_screen(GlassDialog(self.query_one("#words", Input).value), self._opened)

    def _opened(self, child_id: str | None) -> None:
        if child_id:
            self.query_one("#words", Input).value = ""
            self.console.open("child", child_id=child_id)

    def _added(self, added: NewChild | None) -> None:
        if added is None:
            return
        self.query_one("#words", Input).value = ""
        if added.question:
            self.console.say(added.question, title="Added", severity="warning")
        self.console.open("child", child_id=added.child_id)

    def act_back(self) -> None:
        """Empty the field first; then leave."""
        words = self.query_one("#words", Input)
        if words.value:
            words.value = ""
            words.focus()
        else:
            self.console.back()
