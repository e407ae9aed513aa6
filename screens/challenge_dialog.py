"""The question of a professional challenge: made where the disagreement is, with the day for its answer (R-90)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input

from practice.dates import day_words
from practice.text import visible
from practice.vocabulary import EntryKind, label_of
from screens.widgets.answer import AnswerField
from screens.widgets.due_field import DueField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.vault_form import VaultForm

if TYPE_CHECKING:
    from storage.views.children import ChildRow
    from storage.views.meetings import MeetingRow

CHALLENGED = "The challenge is in the record, and its answer asked for."
SENTENCE = (
    "It stands in the child's record; its answer is among the actions, with its day and the stage that comes after. "
    "Immediate danger skips every stage: telephone."
)


class ChallengeDialog(VaultForm[str]):
    """Asks whose decision it is, what is asked instead and why, at which stage, and by when an answer is asked for."""

    def __init__(self, child: ChildRow, meeting: MeetingRow | None = None) -> None:
        after = f" After the {visible(meeting.words).lower()} of {day_words(meeting.day)}." if meeting else ""
        super().__init__(f"{label_of(EntryKind, EntryKind.CHALLENGE)}: {visible(child.name)}", SENTENCE + after)
        self._child, self._meeting = child.id, meeting

    def fields(self) -> ComposeResult:
        from practice.profile import profile

        defaults = profile().challenges
        said = self._meeting.disagreement.strip() if self._meeting else ""
        ladder = [(stage, stage) for stage in defaults.stages]
        yield Field("Whose decision", Input(placeholder="name, role, agency", max_length=200, id="to"))
        yield Field("Stage", ChoiceField(ladder, value=ladder[0][1], blank=False, id="stage"))
        yield Field("What we ask, and why", AnswerField(said, placeholder="what you ask instead", id="words"))
        yield Field("Answer by", DueField(empty=f"in {defaults.answer_working_days} working days", id="by"))

    def on_mount(self) -> None:
        self.query_one("#to").focus()

    def confirm(self) -> None:
        from storage.desk.challenges import challenge

        day, read = self.ahead("by")
        if not read:
            return
        if not self.text("to"):
            self.ask("Whose decision is it?", "#to")
        elif not self.text("words"):
            self.ask("What do you ask instead, and why?", "#words")
        else:
            self.busy("One moment.")
            self.run(
                challenge,
                self.vault,
                self._child,
                self.text("to"),
                self.text("words"),
                stage=self.query_one("#stage", ChoiceField).code,
                answer_by=day,
                meeting_id=self._meeting.id if self._meeting else "",
                then=self.finish,
                failed=self.failed,
            )
