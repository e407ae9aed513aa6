"""The school's calendar: terms, closures and bank holidays; taken in from a file, or set by hand (R-80)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.calendar_dialogs import ImportDialog, NationDialog, PeriodDialog
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine

if TYPE_CHECKING:
    from storage.desk.calendars import CalendarReport
    from storage.vault import Vault
    from storage.views.calendars import CalendarRow, CalendarShown

TONES = {"term": "bold", "closure": "", "bank_holiday": "$text-muted"}


@dataclass(frozen=True)
class Row:
    """A heading, or one run of days."""

    heading: str = ""
    days: CalendarRow | None = None
    now: bool = False

    @property
    def key(self) -> object:
        """What the row is, so that the cursor stays on it."""
        return (self.days.kind, self.days.start) if self.days else self.heading


def days_words(start: date, end: date) -> str:
    """Return a run of days in words, both included."""
    from practice.dates import day_words

    return day_words(start) if start == end else f"{day_words(start)} to {day_words(end)}"


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line: the days, what they are, and whether they are assumed."""
    if row.days is None:
        return [Content(""), Content.styled(row.heading, "bold $text-primary")]
    found = row.days
    mark = "now " if row.now else ""
    said = "" if found.own else "  assumed"
    days = days_words(found.start, found.end)
    what = f"{found.words:<13} {visible(found.name)}"
    if width < 100:
        room = max(width - 4 - len(said), 10)
        return [
            Content.assemble("  ", (days, TONES[found.kind]), (f"  {mark}".rstrip(), "$text-success")),
            Content.assemble("    ", cut(what, room), (said, "$text-warning")),
        ]
    room = max(width - 48 - len(said) - 6, 10)
    return [
        Content.assemble(
            "  ",
            (f"{days:<36}", TONES[found.kind]),
            (f"{mark:<5}", "$text-success"),
            (cut(what, room), TONES[found.kind]),
            (said, "$text-warning"),
        )
    ]


def read(vault: Vault, today: date) -> CalendarShown:
    """Return what the screen shows."""
    from storage.views.calendars import shown

    return shown(vault, today)


def report_words(report: CalendarReport) -> str:
    """Say what a change did."""
    parts = []
    if report.terms or report.closures:
        parts.append(f"Set: {report.taken}.")
    if report.replaced:
        parts.append(f"{report.replaced} earlier ones gave way.")
    moved = report.moved
    parts.append(f"{moved} review{'s are' if moved != 1 else ' is'} due on another day now.")
    if report.skipped:
        parts.append(f"{counted(len(report.skipped), 'line was', 'lines were')} skipped: {report.skipped[0][1]}.")
    return " ".join(parts)


class CalendarScreen(ConsoleScreen):
    """The school's days."""

    NAME = "calendar"
    HEADING = "Calendar"
    HELP = (
        "The days of school, on which every review date rests. i takes in an .ics or CSV file; c adds days on which "
        "the school is closed, t sets a term, n chooses whose bank holidays are kept. Reviews move with "
        "the calendar; statutory clocks never do."
    )
    CSS_PATH = "calendar.tcss"
    BINDINGS = bindings("calendar")

    def __init__(self) -> None:
        super().__init__()
        self.found: CalendarShown | None = None

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.days is None, id="days")

    def on_mount(self) -> None:
        self.query_one("#days").focus()

    def refresh_record(self) -> None:
        """Read the calendar."""
        self.fetch(read, self.vault, self.console.now().date(), then=self._show)

    def _show(self, found: CalendarShown) -> None:
        self.found = found
        today = self.console.now().date()
        rows: list[Row] = []
        year = 0
        for each in found.rows:
            school_year = each.start.year if each.start.month >= 8 else each.start.year - 1
            if school_year != year:
                year = school_year
                rows.append(Row(f"School year {year}/{(year + 1) % 100:02}"))
            rows.append(Row(days=each, now=each.start <= today <= each.end))
        first = not self.query_one("#days", RecordList).count
        listed: RecordList[Row] = self.query_one("#days", RecordList)
        listed.show(rows, keep=lambda row: row.key)
        ahead = [place for place, row in enumerate(rows) if row.days is not None and row.days.end >= today]
        if first and ahead:
            listed.cursor = ahead[0]
        nation = found.nation.replace("_", " ").title()
        own = f"Bank holidays of {nation}. " + (found.source or "The terms are the school's own.")
        own = f"{own} {found.borrowed}".strip()
        self.query_one("#said", StateLine).say(own, "warn" if found.assumed else "")
        self.refresh_bindings()

    def _current(self) -> CalendarRow | None:
        row: Row | None = self.query_one("#days", RecordList).current
        return row.days if row else None

    def why_not(self, action_id: str) -> str:
        if action_id == "calendar.remove":
            row = self._current()
            if row is None or row.kind == "bank_holiday":
                return "Choose a term or a closure first."
            if not row.own:
                return "These days are assumed: import yours, or set the term, and they give way."
        return ""

    # -- what can be done ----------------------------------------------------------------------------------------------

    def act_bring(self) -> None:
        """Take in a file."""
        self.console.push_screen(ImportDialog(), self._changed)

    def act_closure(self) -> None:
        """Add days on which the school is closed."""
        self.console.push_screen(PeriodDialog(term=False), self._changed)

    def act_term(self) -> None:
        """Set a term by hand."""
        self.console.push_screen(PeriodDialog(term=True), self._changed)

    def act_nation(self) -> None:
        """Choose whose bank holidays are kept."""
        nation = self.found.nation if self.found else "england"
        self.console.push_screen(NationDialog(nation), self._changed)

    def act_remove(self) -> None:
        """Take away the term or closure under the cursor, after a question."""
        row = self._current()
        if row is None:
            return
        words = f"{visible(row.name) or row.words}, {days_words(row.start, row.end)}. Reviews move with it."

        def answered(sure: bool | None) -> None:
            if sure:
                from storage.desk.calendars import remove

                self.run(remove, self.vault, row.start, row.end, then=self._changed)

        self.console.push_screen(ConfirmDialog("Take these days away?", words, verb="Take away"), answered)

    def _changed(self, report: CalendarReport | None) -> None:
        if report is not None:
            self.query_one("#done", MessageBar).say(report_words(report), "good")
            self.refresh_record()
