"""The small questions of the child's screen: for the chronology, the review status, a day in the past."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, TextArea

from practice.dates import day_words
from practice.vocabulary import Impact, ReviewEvery, ReviewStatus, Significance
from screens.entry_lines import entry_content
from screens.widgets.answer import AnswerField
from screens.widgets.area import NoteArea
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.record_rows import EntryRow

Answer = TypeVar("Answer")


class Asking(Dialog[Answer | None], Generic[Answer]):
    """A dialog with fields: ctrl+s takes the answer, Escape leaves without one."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "take", "Go on", tooltip="Take the answer"),
    ]
    TITLE_TEXT: ClassVar[str] = ""
    SENTENCE: ClassVar[str] = ""
    VERB: ClassVar[str] = "Go on"

    def fields(self) -> ComposeResult:
        """Yield the dialog's fields."""
        yield from ()

    def compose(self) -> ComposeResult:
        buttons = back_button(), confirm_button(self.VERB)
        yield from self.framed(self.TITLE_TEXT, self.SENTENCE, self.fields(), *buttons)

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    @abstractmethod
    def action_take(self) -> None:
        """Take the answer."""


@dataclass(frozen=True)
class Promotion:
    """An entry chosen for the chronology, why, and what it means (R-71)."""

    entry_id: str
    reason: str
    significance: str
    impact: str
    outcome: str = ""

    def record(self, vault: Vault) -> str:
        """Record it; blocks."""
        from storage.desk.concerns import promote

        made: str = promote(vault, self.entry_id, self.reason, self.significance, self.impact, outcome=self.outcome)
        return made


class PromoteDialog(Asking[Promotion]):
    """Why the entry belongs in the chronology, what it means, its impact on the child, and what came of it."""

    TITLE_TEXT = "Choose this entry for the chronology"
    VERB = "Choose it"

    def __init__(self, entry: EntryRow) -> None:
        super().__init__()
        self.entry = entry

    def fields(self) -> ComposeResult:
        """Yield the entry's first lines and the fields."""
        yield PlainText(cut_lines(entry_content(self.entry).plain), classes="dialog--sentence")
        hint = "Why it matters in the child's story: families will read it"
        yield Field("Reason", NoteArea(id="reason", compact=True, tab_behavior="focus", placeholder=hint))
        first = self.entry.significance or Significance.CONCERN.value
        yield Field("What it is", ChoiceField(Significance.choices(), id="significance", value=first))
        impact = self.entry.impact or Impact.UNKNOWN.value
        yield Field("Impact on child", ChoiceField(Impact.choices(), id="impact", value=impact))
        # What a decision says of its outcome stays the decision's: only words of an earlier choice are taken over.
        before = self.entry.outcome if self.entry.promoted and not self.entry.decision else ""
        yield Field("Outcome", AnswerField(before, id="outcome", placeholder="What came of it, as far as is known"))

    def on_mount(self) -> None:
        self.query_one("#reason").focus()

    def action_take(self) -> None:
        """Take it, unless the reason is blank."""
        reason = self.query_one("#reason", TextArea).text.strip()
        significance = self.query_one("#significance", ChoiceField).code or Significance.CONCERN.value
        impact = self.query_one("#impact", ChoiceField).code or Impact.UNKNOWN.value
        outcome = self.query_one("#outcome", AnswerField).text.strip()
        if reason:
            self.dismiss(Promotion(self.entry.id, reason, significance, impact, outcome))
        else:
            self.ask("A reason is needed: the chronology is a chosen summary.", "#reason")


def cut_lines(text: str, most: int = 240) -> str:
    """Return the beginning of a text for recognising it, marked where it was cut."""
    return text if len(text) <= most else f"{text[:most].rstrip()} …"


@dataclass(frozen=True)
class StatusChoice:
    """The status under which a child is reviewed, and how often (R-80)."""

    child_id: str
    status: str
    every: str

    def record(self, vault: Vault) -> object:
        """Record it; blocks."""
        from storage.desk.reviews import set_status

        return set_status(vault, self.child_id, self.status, self.every)


class ReviewStatusDialog(Asking[StatusChoice]):
    """The status, and how often where it differs from the status's own."""

    TITLE_TEXT = "How is this child reviewed?"
    SENTENCE = "The status sets how often. A review that would fall in a holiday moves earlier."
    VERB = "Set it"

    def __init__(self, child_id: str, status: str, every: str) -> None:
        super().__init__()
        self.child_id, self.status, self.every = child_id, status, every

    def fields(self) -> ComposeResult:
        """Yield the status and the interval."""
        yield Field("Status", ChoiceField(ReviewStatus.choices(), id="status", value=self.status, prompt="Choose"))
        yield Field(
            "How often", ChoiceField(ReviewEvery.choices(), id="every", value=self.every, prompt="As the status says")
        )

    def on_mount(self) -> None:
        self.query_one("#status").focus()

    def action_take(self) -> None:
        """Take the status."""
        status = self.query_one("#status", ChoiceField).code
        if status:
            self.dismiss(StatusChoice(self.child_id, status, self.query_one("#every", ChoiceField).code))
        else:
            self.ask("Which status? Choose one from the list.", "#status")


class DayDialog(Asking[date]):
    """A day in the past: the record is shown as it was known at its end."""

    TITLE_TEXT = "As it was known on which day?"
    SENTENCE = "Shows what was in the record at the end of that day: what came later is left out. Nothing is changed."
    VERB = "Show"

    def fields(self) -> ComposeResult:
        """Yield the day."""
        yield Field("Day", WhenField(id="day", empty="no day yet", hint="yesterday · 14 Nov 2026"))

    def on_mount(self) -> None:
        self.query_one("#day Input").focus()

    def on_input_submitted(self) -> None:
        """Enter is enough in a dialog of one field."""
        self.action_take()

    def action_take(self) -> None:
        """Take the day, unless it cannot be read."""
        field = self.query_one("#day", WhenField)
        occurred = field.occurred
        if not field.text.strip() or occurred.start is None:
            self.ask("Which day? Write it as 14 Nov 2026 or yesterday.", "#day Input")
            return
        day = date.fromisoformat((occurred.end or occurred.start)[:10])
        today = cast("Console", self.app).now().date()
        if day > today:
            self.ask(f"{day_words(day)} has not come yet.", "#day Input")
        else:
            self.dismiss(day)
