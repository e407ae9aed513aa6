"""The questions of meetings: planning one, changing it, recording what was decided, the day of a report or minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from practice.dates import day_words
from practice.due import parse_due
from practice.meetings import following, type_words
from practice.text import visible
from practice.vocabulary import MeetingType
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.due_field import DueField
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.vault_form import VaultForm

if TYPE_CHECKING:
    from storage.desk.meetings import Task
    from storage.views.children import ChildRow
    from storage.views.meetings import MeetingRow

TASKS = 3
PEOPLE = "names, parted by commas"


class _MeetingForm(VaultForm["MeetingRow"]):
    """A form about a meeting."""


class PlanMeetingDialog(_MeetingForm):
    """Asks about whom, what, when and where a meeting is, who goes, and by when the report is due."""

    awaits_read = True

    def __init__(self, child_id: str = "", follows: MeetingRow | None = None) -> None:
        latest = f" At the latest {day_words(follows.day)}." if follows else ""
        super().__init__("Plan a meeting", f"The report is due two working days before it.{latest}")
        self._child_id, self._follows = child_id, follows

    def fields(self) -> ComposeResult:
        sort = self._follows.meeting_type if self._follows else ""
        yield Field("Child", ChildPicker(provisional=False, id="child"))
        yield Field("What", ChoiceField(MeetingType.choices(), prompt="Choose", value=sort, id="kind"))
        yield Field("On which day", DueField(id="day"))
        yield Field("Time", Input(placeholder="10:00", max_length=40, id="at"))
        yield Field("Place or link", Input(max_length=400, id="place"))
        yield Field("Goes for school", Input(placeholder="left blank: not settled", max_length=200, id="attends"))
        yield Field("Covers", Input(placeholder="who goes instead", max_length=200, id="covers"))
        yield Field("Invited", AnswerField(placeholder=PEOPLE, id="invited"))
        yield Field("Report due", DueField(empty="two working days before", id="report"))
        answers = [("yes", "The school sends a report"), ("no", "No report from the school")]
        yield Field(
            "Report", ChoiceField([(words, code) for code, words in answers], value="yes", blank=False, id="owes")
        )

    def on_mount(self) -> None:
        if self._child_id:
            from storage.views.children import get

            self.fetch(get, self.vault, self._child_id, then=self._chosen)
        else:
            self.query_one("#child Input").focus()
            self.now_read()

    def _chosen(self, child: ChildRow) -> None:
        self.query_one(ChildPicker).choose(child)
        self.query_one("#day Input" if self._follows else "#kind").focus()
        self.now_read()

    def confirm(self) -> None:
        from storage.desk.meetings import plan

        child, sort = self.query_one(ChildPicker).child, self.query_one("#kind", ChoiceField).code
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
            return
        if not sort:
            self.ask("What sort of meeting is it?", "#kind")
            return
        day, read = self.ahead("day")
        if not read:
            return
        if day is None:
            self.ask("On which day is it?", "#day Input")
            return
        report, read = self.ahead("report")
        if not read:
            return
        self.busy("One moment.")
        self.run(
            plan,
            self.vault,
            child.id,
            sort,
            day,
            invited=self.text("invited"),
            attends=self.text("attends"),
            report_due=report,
            no_report=self.query_one("#owes", ChoiceField).code == "no",
            at=self.text("at"),
            place=self.text("place"),
            covers=self.text("covers"),
            then=self.finish,
            failed=self.failed,
        )


class ChangeMeetingDialog(_MeetingForm):
    """Asks what is otherwise about a meeting, and why."""

    VERB = "Change"

    def __init__(self, meeting: MeetingRow) -> None:
        super().__init__("Change the meeting", f"{visible(meeting.child)}: {meeting.words}, {day_words(meeting.day)}.")
        self._meeting = meeting

    def fields(self) -> ComposeResult:
        row = self._meeting
        yield Field("On which day", DueField(empty="stays as it is", id="day"))
        yield Field("Time", Input(placeholder=f"stays {row.at or 'open'}", max_length=40, id="at"))
        yield Field("Place or link", Input(placeholder=f"stays {row.place or 'open'}", max_length=400, id="place"))
        yield Field(
            "Goes for school", Input(placeholder=f"stays {row.attends or 'open'}", max_length=200, id="attends")
        )
        yield Field("Covers", Input(placeholder=f"stays {row.covers or 'open'}", max_length=200, id="covers"))
        yield Field("Report due", DueField(empty="stays as it is", id="report"))
        yield Field("Why", AnswerField(id="why"))

    def on_mount(self) -> None:
        self.query_one("#day Input").focus()

    def confirm(self) -> None:
        from storage.desk.meetings import change

        day, read = self.ahead("day")
        report, read_too = self.ahead("report") if read else (None, False)
        if not (read and read_too):
            return
        changes = {name: self.text(name) or None for name in ("at", "place", "attends", "covers")}
        if not any((day, report, *changes.values())):
            self.ask("What is otherwise now?", "#day Input")
        elif not self.text("why"):
            self.ask("Why? It is read with the record.", "#why")
        else:
            self.busy("One moment.")
            self.run(
                change,
                self.vault,
                self._meeting.id,
                reason=self.text("why"),
                day=day,
                report_due=report,
                then=self.finish,
                failed=self.failed,
                **changes,
            )


class RecordMeetingDialog(_MeetingForm):
    """Asks who was there, what was decided, what the school is to do, and what must follow."""

    def __init__(self, meeting: MeetingRow) -> None:
        super().__init__(
            f"{visible(meeting.child)}: {meeting.words}",
            "What was decided stands in the child's record as an entry; the actions stand on the list.",
        )
        self._meeting = meeting

    def fields(self) -> ComposeResult:
        row = self._meeting
        next_ones = [type_words(each.meeting_type) for each in following(row.meeting_type, row.day, ())]
        first = min(row.day, self.today())
        yield Field(
            "Held on", WhenField(day_words(first), empty=day_words(first), hint="such as 3 Mar 2027", id="held")
        )
        yield Field("Who was there", AnswerField(", ".join(row.invited), placeholder=PEOPLE, id="attended"))
        yield Field("Decided", AnswerField(id="decisions"))
        yield Field(
            "We disagreed", AnswerField(placeholder="may stay empty; a challenge is offered next", id="disagreement")
        )
        for number in range(TASKS):
            label = "Our actions" if number == 0 else ""
            yield Field(label, Input(placeholder="what; who; by when", max_length=2000, id=f"task-{number}"))
        if next_ones:
            choices = [(" and ".join(next_ones), "all"), ("Nothing", "none")]
            yield Field("Must follow", ChoiceField(choices, value="all", blank=False, id="follows"))

    def on_mount(self) -> None:
        self.query_one("#attended").focus()

    def confirm(self) -> None:
        from storage.desk.meetings import record

        held_on, read = self.past("held")
        tasks = self._tasks() if read else None
        if tasks is None:
            return
        if not self.text("decisions"):
            self.ask("What was decided? Where nothing was, write that.", "#decisions")
            return
        chosen = self.query("#follows")
        nothing = bool(chosen) and chosen.first(ChoiceField).code == "none"
        self.busy("One moment.")
        self.run(
            record,
            self.vault,
            self._meeting.id,
            self.text("decisions"),
            attended=self.text("attended"),
            disagreement=self.text("disagreement"),
            held_on=held_on,
            tasks=tasks,
            follows=() if nothing else None,
            then=self.finish,
            failed=self.failed,
        )

    def _tasks(self) -> list[Task] | None:
        """Return the actions; None where a day of one cannot be read, and then it was asked."""
        from storage.desk.meetings import Task

        tasks = []
        for number in range(TASKS):
            what, _, rest = self.text(f"task-{number}").partition(";")
            who, _, when = rest.partition(";")
            day, question = parse_due(when, self.today())
            if question:
                self.ask(question, f"#task-{number}")
                return None
            tasks.append(Task(what.strip(), who.strip(), day))
        return tasks


class DayDialog(_MeetingForm):
    """Asks on which day a report was sent, or minutes came."""

    def __init__(self, heading: str, meeting: MeetingRow, name: str) -> None:
        super().__init__(heading, f"{visible(meeting.child)}: {meeting.words}, {day_words(meeting.day)}.")
        self._meeting, self._field = meeting, name

    def fields(self) -> ComposeResult:
        yield Field("On which day", WhenField(empty="today", hint="left blank: today", id="day"))

    def on_mount(self) -> None:
        self.query_one("#day Input").focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_confirm()

    def confirm(self) -> None:
        from storage.desk.meetings import change

        day, read = self.past("day")
        if read:
            self.busy("One moment.")
            today = self.vault.clock().astimezone().date()
            changes = {self._field: day or today}
            self.run(change, self.vault, self._meeting.id, then=self.finish, failed=self.failed, **changes)
