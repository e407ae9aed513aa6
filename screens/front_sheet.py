"""A child's front sheet: who must not be told, court orders, who decides, contacts, agencies, each with its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.dates import day_words
from practice.front_sheet import WARNINGS, FrontSection
from practice.text import visible
from practice.vocabulary import label_of
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.front_sheet_dialogs import LineDialog
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine
from screens.wording import READ_ONLY, may_write, moment_words, status_words

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.front_sheet import FrontLine, Status

EMPTY = (
    "Nothing is on the front sheet yet. n adds a line: who has parental responsibility, a court order, who must not be "
    "told, how to make contact safely, who works with the family."
)
WIDEST = 112


@dataclass(frozen=True)
class Row:
    """A line of the sheet as it is drawn: one that stands, a version of the past, or a heading (`line` is None)."""

    heading: str
    line: FrontLine | None = None
    past: bool = False
    today: date = date.min


@dataclass(frozen=True)
class Found:
    """What the screen shows: whose sheet, its rows, and when the record was opened and under which status."""

    child: str
    rows: list[Row]
    past: list[Row]
    opened: date | None
    statuses: list[Status]


def front_view(vault: Vault, child_id: str) -> Found:
    """Read a child's front sheet with its history; blocks. That the record was opened is recorded (R-114)."""
    from storage.desk.access import opened
    from storage.views import children, front_sheet

    opened(vault, child_id)
    today = vault.clock().astimezone().date()
    sheet = front_sheet.sheet(vault, child_id)
    rows: list[Row] = []
    for line in sheet.lines:
        heading = label_of(FrontSection, line.section)
        if not rows or rows[-1].heading != heading:
            rows.append(Row(heading))
        rows.append(Row(heading, line, today=today))
    past = [Row("", line, past=True, today=today) for line in front_sheet.history(vault, child_id)]
    return Found(children.get(vault, child_id).name, rows, past, sheet.opened, sheet.statuses)


def draw(row: Row, width: int) -> list[Content]:
    """Draw a heading, or a line with everything that it says, whole."""
    inner = max(min(width - 4, WIDEST), 20)
    line = row.line
    if line is None:
        style = "bold $text-warning" if row.heading in {section.label for section in WARNINGS} else "bold $text-primary"
        return [Content.styled(row.heading, style)]
    facts = [visible(each) for each in (line.name, line.role, line.agency, line.contact) if each]
    days = f"since {day_words(line.since)}" if line.since else ""
    ended = ""
    if line.until:
        days += f"{', ' if days else ''}until {day_words(line.until)}"
        ended = ": that day has passed, ask whether it still holds" if line.until < row.today else ""
    head = Content.assemble(
        (f"{label_of(FrontSection, line.section)}: " if row.past else "", "$text-muted"),
        (" · ".join(facts), "bold"),
        "  " if facts and days else "",
        days,
        (ended, "bold $text-warning"),
    )
    lines = head.wrap(inner)
    if line.words:
        lines += Content(visible(line.words)).wrap(inner)
    state = "ended" if line.ended else "stands" if line.stands else "changed since"
    written = f"{moment_words(line.recorded_at)}, by {visible(line.by)}"
    lines += Content.styled(f"{state} · {written}" if row.past else f"Written {written}", "$text-muted").wrap(inner)
    if line.ended and line.reason:
        lines += Content.styled(f"Because: {visible(line.reason)}", "$text-muted").wrap(inner)
    return [*(Content("  ") + each for each in lines), Content("")]


def end_line(vault: Vault, line: str, reason: str) -> str:
    """Take a line from the sheet; blocks."""
    from storage.desk import front_sheet

    ended: str = front_sheet.end_line(vault, line, reason)
    return ended


class FrontSheetScreen(ConsoleScreen):
    """The lines that stand, those that must be heeded first; the letters act on the line under the cursor."""

    NAME = "front_sheet"
    HEADING = "Front sheet"
    HELP = (
        "Who is in the child's life, who may decide, and who must not be told. What must be heeded stands first, is "
        "shown on Log, and is read before any copy goes out. n adds a line, e changes it, x takes it from the sheet "
        "with a reason, h shows every version."
    )
    CSS_PATH = "front_sheet.tcss"
    BINDINGS = bindings("front_sheet")

    def __init__(self, child_id: str) -> None:
        super().__init__()
        self.child_id = child_id
        self.found: Found | None = None
        self.past = False

    @property
    def heading(self) -> str:
        """Say whose sheet it is."""
        return f"Front sheet: {self.found.child}" if self.found else self.HEADING

    def body(self) -> ComposeResult:
        yield StateLine("", id="about")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.line is None, empty=EMPTY, id="lines")

    def on_mount(self) -> None:
        self.rows.focus()

    @property
    def rows(self) -> RecordList[Row]:
        """The lines."""
        return self.query_one("#lines", RecordList)

    @property
    def current(self) -> FrontLine | None:
        """The line under the cursor."""
        row = self.rows.current
        return row.line if row else None

    def refresh_record(self) -> None:
        """Read the sheet again."""
        if self.console.vault is not None:
            self.fetch(front_view, self.vault, self.child_id, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        opened = f"Record opened {day_words(found.opened)}" if found.opened else "No entry is recorded yet"
        statuses = ", ".join(f"{status_words(each.status)} since {day_words(each.set_on)}" for each in found.statuses)
        about = f"{opened}{f' · Reviewed as: {statuses}' if statuses else ''}"
        self.query_one("#about", StateLine).say("Every version, the newest first. h returns." if self.past else about)
        self.rows.show(found.past if self.past else found.rows, keep=lambda row: row.line.act_id if row.line else "")
        self.refresh_chrome()
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "The front sheet is still being read."
        if action_id in ("front_sheet.add", "front_sheet.change", "front_sheet.end"):
            if not may_write(self.vault):
                return READ_ONLY
            if self.past:
                return "These are versions of the past. h returns to the lines that stand."
            if action_id != "front_sheet.add" and self.current is None:
                return "There is no line to act on here."
        return ""

    def act_back(self) -> None:
        """Leave the history, then the screen."""
        if self.past:
            self.act_history()
        else:
            self.console.back()

    def act_add(self) -> None:
        """Add a line."""
        self.app.push_screen(LineDialog(self.vault, self.child_id), self._done)

    def act_change(self) -> None:
        """Change the line under the cursor."""
        if line := self.current:
            self.app.push_screen(LineDialog(self.vault, self.child_id, line), self._done)

    def act_end(self) -> None:
        """Take the line from the sheet, with the reason."""
        if line := self.current:
            who = visible(line.name) or label_of(FrontSection, line.section)
            sentence = f"{who} stands on the front sheet no longer. Every version of the line stays readable."
            dialog = ReasonDialog("Take it from the front sheet?", sentence, verb="Take it off", about=line.act_id)
            self.app.push_screen(dialog, lambda reason: self._end(line.act_id, reason))

    def _end(self, line: str, reason: str | None) -> None:
        if reason is not None:
            self.run(end_line, self.vault, line, reason, then=lambda _: self._done("Taken from the front sheet."))

    def _done(self, said: str | None) -> None:
        if said:
            self.query_one("#done", MessageBar).say(said, "good")
            self.refresh_record()

    def act_history(self) -> None:
        """Show every version of every line, or the lines that stand."""
        self.past = not self.past
        if self.found is not None:
            self._show(self.found)

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("front_sheet.change")

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()
