"""Meetings about children: to come, to be recorded, and those that must follow; each with its clock (R-100, R-103)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.meetings_dialogs import ChangeMeetingDialog, DayDialog, PlanMeetingDialog, RecordMeetingDialog
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.meetings import MeetingRow

_WEEK = timedelta(days=7)
WRITES = {"new", "record", "change", "cancel", "report", "minutes"}


@dataclass(frozen=True)
class Row:
    """A heading, or a meeting as of a day."""

    heading: str = ""
    meeting: MeetingRow | None = None
    today: date | None = None

    @property
    def key(self) -> object:
        """What the row is, so that the cursor stays on it."""
        return (self.meeting.id, self.meeting.meeting_type, self.meeting.state) if self.meeting else self.heading


def when_words(row: MeetingRow, today: date) -> tuple[str, str]:
    """Say when it is, and the tone."""
    from practice.dates import day_words

    day = day_words(row.day) + (f", {visible(row.at)}" if row.at else "")
    if row.state == "wanted":
        late = row.day < today
        return f"{'should have been' if late else 'at the latest'} {day}", "$text-error" if late else "$text-warning"
    if row.state != "planned":
        return f"{row.state} {day}", "$text-muted"
    if row.day < today:
        return f"was {day}", "$text-error"
    return (f"today, {visible(row.at)}".strip(", "), "$text-warning") if row.day == today else (day, "")


def draw(row: Row, width: int) -> list[Content]:
    """Draw a meeting: the child and what it is, when, and in whole what stands about it."""
    if row.meeting is None or row.today is None:
        return [Content(""), Content.styled(row.heading, "bold $text-primary")]
    found = row.meeting
    when, tone = when_words(found, row.today)
    left = cut(f"  {visible(found.child)} · {found.words}", max(width - cell_len(when) - 3, 12))
    space = " " * max(width - 1 - cell_len(left) - cell_len(when), 1)
    lines = [Content.assemble((left, "bold"), space, (when, tone))]
    for text, style in facts_of(found, row.today):
        lines += [Content("    ") + line for line in plain(text, style).wrap(max(width - 6, 10))]
    return lines


def facts_of(row: MeetingRow, today: date) -> list[tuple[str, str]]:
    """Return the lines under a meeting, each with its tone."""
    from practice.dates import day_words

    people = [
        f"At {row.place}" if row.place else "",
        f"Goes: {row.attends}" if row.attends else "",
        f"covers: {row.covers}" if row.covers else "",
        f"Invited: {', '.join(row.invited)}" if row.invited and row.state == "planned" else "",
        f"There: {', '.join(row.attended)}" if row.attended else "",
    ]
    said = [(" · ".join(each for each in people if each), "$text-muted")]
    if row.report_open and row.report_due:
        late = row.report_due < today
        said.append((f"The report {'was' if late else 'is'} due {day_words(row.report_due)}", "$text-warning"))
    elif row.report_sent:
        said.append((f"The report was sent {day_words(row.report_sent)}", "$text-muted"))
    said.append((row.clock, "$text-warning" if row.clock.startswith("Later") else "$text-muted"))
    said.append((row.reason, "$text-muted"))
    said.append((f"Decided: {' '.join(row.decisions.split())}" if row.decisions else "", ""))
    if row.disagreement:
        said.append((f"The school disagreed: {' '.join(row.disagreement.split())}", "$text-warning"))
    if row.state == "held":
        minutes = f"Minutes came {day_words(row.minutes_received)}" if row.minutes_received else "No minutes came yet"
        said.append((minutes, "$text-muted"))
    said.append((" ".join(row.note.split()), "$text-muted"))
    return [(text, tone) for text, tone in said if text]


def rows_of(found: list[MeetingRow], today: date) -> list[Row]:
    """Return the lines: to be recorded, what must follow, this week, later, and what is over."""
    planned = [row for row in found if row.state == "planned"]
    parts = [
        ("To be recorded", [row for row in planned if row.day < today]),
        ("Must follow, and nobody planned it", [row for row in found if row.state == "wanted"]),
        ("This week", [row for row in planned if today <= row.day <= today + _WEEK]),
        ("Later", [row for row in planned if row.day > today + _WEEK]),
        ("Held", [row for row in found if row.state == "held"][::-1]),
        ("Cancelled", [row for row in found if row.state == "cancelled"][::-1]),
    ]
    rows: list[Row] = []
    for heading, some in parts:
        if some:
            rows.append(Row(f"{heading} ({len(some)})"))
            rows += [Row(meeting=row, today=today) for row in some]
    return rows


def read(vault: Vault, child_id: str, everything: bool) -> tuple[list[MeetingRow], str]:
    """Return the meetings, and whose they are where they are one child's."""
    from storage.views.children import get
    from storage.views.meetings import meetings

    return meetings(vault, child_id=child_id, everything=everything), get(vault, child_id).name if child_id else ""


class MeetingsScreen(ConsoleScreen):
    """The meetings."""

    NAME = "meetings"
    HEADING = "Meetings"
    HELP = (
        "Meetings about children, with what the school owes them. n plans one, r records what was decided, which then "
        "stands in the child's record with its actions on the list, e changes it, x cancels it. t notes that the "
        "report was sent, v that the minutes came. What must follow by a statutory clock stays until it is planned."
    )
    CSS_PATH = "meetings.tcss"
    BINDINGS = bindings("meetings")

    def __init__(self, child_id: str = "", meeting_id: str = "") -> None:
        super().__init__()
        self.child_id, self.wanted = child_id, meeting_id
        self.whose = ""
        self.everything = bool(child_id)

    @property
    def heading(self) -> str:
        """Say whose meetings they are."""
        return f"Meetings: {self.whose}" if self.whose else self.HEADING

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.meeting is None, id="meetings")

    def on_mount(self) -> None:
        self.query_one("#meetings").focus()

    def refresh_record(self) -> None:
        """Read the meetings."""
        if self.console.vault is not None:
            self.fetch(read, self.vault, self.child_id, self.everything, then=self._show)

    def _show(self, result: tuple[list[MeetingRow], str]) -> None:
        found, self.whose = result
        rows = rows_of(found, self.console.now().date())
        ahead = sum(row.state == "planned" for row in found)
        open_ = sum(row.state == "wanted" for row in found)
        words = f"{ahead} planned" + (f", {open_} that must follow and nobody planned." if open_ else ".")
        self.query_one("#said", StateLine).say(words if ahead or open_ else "No meeting is planned.")
        listed: RecordList[Row] = self.query_one("#meetings", RecordList)
        listed.empty = "n plans a meeting about a child: a strategy discussion, a core group, a review."
        listed.show(rows, keep=lambda row: row.key)
        if self.wanted:
            places = [at for at, row in enumerate(rows) if row.meeting is not None and row.meeting.id == self.wanted]
            self.wanted = ""
            if places:
                listed.cursor = places[0]
        self.refresh_chrome()
        self.refresh_bindings()

    def _current(self) -> MeetingRow | None:
        row: Row | None = self.query_one("#meetings", RecordList).current
        return row.meeting if row else None

    def why_not(self, action_id: str) -> str:
        verb, row = action_id.rpartition(".")[2], self._current()
        if verb in WRITES and not may_write(self.vault):
            return READ_ONLY
        if verb in {"new", "everything", "back"}:
            return ""
        if row is None:
            return "Nothing is chosen."
        return fault_of(verb, row)

    # -- what can be done ----------------------------------------------------------------------------------------------

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the child's record, at the entry where the meeting stands in it."""
        if (row := self._current()) is not None:
            self.console.open("child", child_id=row.child_id, **({"entry_id": row.record} if row.record else {}))

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_new(self) -> None:
        """Plan a meeting; on one that must follow, that one."""
        row = self._current()
        follows = row if row is not None and row.state == "wanted" else None
        child_id = follows.child_id if follows else self.child_id
        self.console.push_screen(PlanMeetingDialog(child_id, follows), self._changed("It stands among the meetings."))

    def act_record(self) -> None:
        """Record what was decided in the meeting under the cursor."""
        if (row := self._current()) is not None:
            words = "It stands in the child's record, and its actions on the list."
            self.console.push_screen(RecordMeetingDialog(row), self._changed(words))

    def act_change(self) -> None:
        """Change the meeting under the cursor."""
        if (row := self._current()) is not None:
            self.console.push_screen(ChangeMeetingDialog(row), self._changed("Changed."))

    def act_cancel(self) -> None:
        """Cancel the meeting under the cursor; of one that must follow, say that nothing does."""
        row = self._current()
        if row is None:
            return
        if row.state == "wanted":
            sentence = f"{visible(row.child)}: nothing more is asked of what must follow that meeting."
            dialog = ReasonDialog("Nothing follows?", sentence, verb="Record")
        else:
            dialog = ReasonDialog("Cancel the meeting?", f"{visible(row.child)}: {row.words}.", verb="Cancel it")
        self.console.push_screen(dialog, lambda reason: self._cancel(row, reason))

    def _cancel(self, row: MeetingRow, reason: str | None) -> None:
        from storage.desk.meetings import cancel, change

        if reason is None:
            return
        done = self._changed("Recorded." if row.state == "wanted" else "Cancelled; the record keeps it.")
        if row.state == "wanted":
            self.run(change, self.vault, row.id, reason=reason, follows=[], then=done)
        else:
            self.run(cancel, self.vault, row.id, reason, then=done)

    def act_report(self) -> None:
        """Note that the school's report was sent."""
        if (row := self._current()) is not None:
            dialog = DayDialog("The report was sent", row, "report_sent")
            self.console.push_screen(dialog, self._changed("The report is noted as sent."))

    def act_minutes(self) -> None:
        """Note that the minutes came."""
        if (row := self._current()) is not None:
            dialog = DayDialog("The minutes came", row, "minutes_received")
            self.console.push_screen(dialog, self._changed("The minutes are noted."))

    def act_everything(self) -> None:
        """Show what was held or cancelled too, or hide it again."""
        self.everything = not self.everything
        self.refresh_record()

    def _changed(self, words: str) -> Callable[[MeetingRow | None], None]:
        def told(row: MeetingRow | None) -> None:
            if row is not None:
                self.query_one("#done", MessageBar).say(words, "good")
                self.refresh_record()

        return told


def fault_of(verb: str, row: MeetingRow) -> str:
    """Return why something cannot be done with a meeting now; blank where it can."""
    if verb in {"record", "change", "report"} and row.state != "planned":
        return "Nobody planned it yet: n does." if row.state == "wanted" else f"It is {row.state} already."
    if verb == "cancel" and row.state not in ("planned", "wanted"):
        return f"It is {row.state} already."
    if verb == "report" and not row.report_open:
        return "No report is due for it."
    return "Only of one that was held." if verb == "minutes" and row.state != "held" else ""
