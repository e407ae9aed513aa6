"""Meetings about children: to come, to be recorded, and those that must follow; each with its clock (R-100, R-103)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.challenge_dialog import CHALLENGED, ChallengeDialog
from screens.dated_list import DatedListScreen, drawn
from screens.meetings_dialogs import ChangeMeetingDialog, DayDialog, PlanMeetingDialog, RecordMeetingDialog
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.text import MessageBar

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.meetings import MeetingRow

_WEEK = timedelta(days=7)


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


def read(vault: Vault, child_id: str, everything: bool) -> tuple[list[MeetingRow], str]:
    """Return the meetings, and whose they are where they are one child's."""
    from storage.views.children import get
    from storage.views.meetings import meetings

    return meetings(vault, child_id=child_id, everything=everything), get(vault, child_id).name if child_id else ""


class MeetingsScreen(DatedListScreen["MeetingRow"]):
    """The meetings."""

    NAME = "meetings"
    HEADING = "Meetings"
    HELP = (
        "Meetings about children, with what the school owes them. n plans one, r records what was decided, which then "
        "stands in the child's record with its actions on the list, e changes it, x cancels it. Where the school "
        "disagreed, c makes the challenge, with a day for its answer; it is offered as you record. t notes that the "
        "report was sent, v that the minutes came. What must follow by a statutory clock stays until it is planned."
    )
    CSS_PATH = "meetings.tcss"
    BINDINGS = bindings("meetings")

    WRITES = frozenset({"new", "record", "change", "cancel", "report", "minutes", "challenge"})
    EMPTY = "n plans a meeting about a child: a strategy discussion, a core group, a review."

    def __init__(self, child_id: str = "", meeting_id: str = "") -> None:
        super().__init__(child_id, meeting_id)

    @property
    def heading(self) -> str:
        """Say whose meetings they are."""
        return f"Meetings: {self.whose}" if self.whose else self.HEADING

    def reading(self) -> Callable[[Vault, str, bool], tuple[list[MeetingRow], str]]:
        return read

    def key_of(self, item: MeetingRow) -> object:
        return item.id, item.meeting_type, item.state  # what must follow a meeting has its id too

    def parts(self, found: list[MeetingRow], today: date) -> list[tuple[str, list[MeetingRow]]]:
        planned = [row for row in found if row.state == "planned"]
        return [
            ("To be recorded", [row for row in planned if row.day < today]),
            ("Must follow, and nobody planned it", [row for row in found if row.state == "wanted"]),
            ("This week", [row for row in planned if today <= row.day <= today + _WEEK]),
            ("Later", [row for row in planned if row.day > today + _WEEK]),
            ("Held", [row for row in found if row.state == "held"][::-1]),
            ("Cancelled", [row for row in found if row.state == "cancelled"][::-1]),
        ]

    def says(self, found: list[MeetingRow]) -> str:
        ahead = sum(row.state == "planned" for row in found)
        open_ = sum(row.state == "wanted" for row in found)
        words = f"{ahead} planned" + (f", {open_} that must follow and nobody planned." if open_ else ".")
        return words if ahead or open_ else "No meeting is planned."

    def draw_item(self, item: MeetingRow, today: date, width: int) -> list[Content]:
        title = f"{visible(item.child)} · {item.words}"
        return drawn(title, when_words(item, today), facts_of(item, today), width)

    def fault(self, verb: str, item: MeetingRow) -> str:
        return fault_of(verb, item)

    # -- what can be done ----------------------------------------------------------------------------------------------

    def act_open(self) -> None:
        """Open the child's record, at the entry where the meeting stands in it."""
        if (row := self.current) is not None:
            self.console.open("child", child_id=row.child_id, **({"entry_id": row.record} if row.record else {}))

    def act_new(self) -> None:
        """Plan a meeting; on one that must follow, that one."""
        row = self.current
        follows = row if row is not None and row.state == "wanted" else None
        child_id = follows.child_id if follows else self.child_id
        self.console.push_screen(PlanMeetingDialog(child_id, follows), self._changed("It stands among the meetings."))

    def act_record(self) -> None:
        """Record what was decided in the meeting under the cursor."""
        if (row := self.current) is not None:
            self.console.push_screen(RecordMeetingDialog(row), self._recorded)

    def _recorded(self, row: MeetingRow | None) -> None:
        """Show what changed; where the school disagreed, offer the challenge there and then."""
        self._changed("It stands in the child's record, and its actions on the list.")(row)
        if row is not None and row.disagreement.strip():
            self._challenge(row)

    def act_challenge(self) -> None:
        """Challenge what was decided in the meeting under the cursor."""
        if (row := self.current) is not None:
            self._challenge(row)

    def _challenge(self, row: MeetingRow) -> None:
        from storage.views.children import get

        def ask(child: ChildRow) -> None:
            self.console.push_screen(ChallengeDialog(child, row), self._challenged)

        self.fetch_to_ask(get, self.vault, row.child_id, ask=ask)

    def _challenged(self, entry: str | None) -> None:
        if entry:
            self.query_one("#done", MessageBar).say(CHALLENGED, "good")

    def act_change(self) -> None:
        """Change the meeting under the cursor."""
        if (row := self.current) is not None:
            self.console.push_screen(ChangeMeetingDialog(row), self._changed("Changed."))

    def act_cancel(self) -> None:
        """Cancel the meeting under the cursor; of one that must follow, say that nothing does."""
        row = self.current
        if row is None:
            return
        if row.state == "wanted":
            sentence = f"{visible(row.child)}: nothing more is asked of what must follow that meeting."
            dialog = ReasonDialog("Nothing follows?", sentence, verb="Record", about=row.id)
        else:
            dialog = ReasonDialog(
                "Cancel the meeting?", f"{visible(row.child)}: {row.words}.", verb="Cancel it", about=row.id
            )
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
        if (row := self.current) is not None:
            dialog = DayDialog("The report was sent", row, "report_sent")
            self.console.push_screen(dialog, self._changed("The report is noted as sent."))

    def act_minutes(self) -> None:
        """Note that the minutes came."""
        if (row := self.current) is not None:
            dialog = DayDialog("The minutes came", row, "minutes_received")
            self.console.push_screen(dialog, self._changed("The minutes are noted."))


def fault_of(verb: str, row: MeetingRow) -> str:
    """Return why something cannot be done with a meeting now; blank where it can."""
    if verb in {"record", "change", "report"} and row.state != "planned":
        return "Nobody planned it yet: n does." if row.state == "wanted" else f"It is {row.state} already."
    if verb == "cancel" and row.state not in ("planned", "wanted"):
        return f"It is {row.state} already."
    if verb == "report" and not row.report_open:
        return "No report is due for it."
    if verb == "challenge" and not row.disagreement.strip():
        return "Only where the school disagreed; r records it."
    return "Only of one that was held." if verb == "minutes" and row.state != "held" else ""
