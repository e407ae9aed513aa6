"""The adults of the register: put right who they are, when they left, and the school's rule of retention (R-46)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from practice.adults import WorksAs
from practice.dates import day_words, parse_when
from practice.text import LINE_LIMIT, visible
from practice.vocabulary import Precision, label_of
from screens.actions import bindings
from screens.adults_frame import RegisterScreen
from screens.widgets.answer import AnswerField
from screens.widgets.chrome import cut
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from practice.acts import AdultRetentionSet
    from storage.register import Register
    from storage.views.register import AdultRow

NO_RULE = "The school has set no rule of its own: nothing falls due. y sets it."


@dataclass(frozen=True)
class Row:
    """An adult, and until when the school's rule keeps what is about them, once they have left."""

    adult: AdultRow
    until: date | None
    due: bool


def found_in(register: Register) -> tuple[list[Row], AdultRetentionSet | None]:
    """Read the adults, those to be looked at first, and the rule. Blocks."""
    from storage.desk.register import retention
    from storage.views import register as views

    held = {each.adult.id: each for each in retention(register)}
    rows = []
    for adult in views.adults(register):
        kept = held.get(adult.id)
        rows.append(Row(adult, kept.until if kept else None, bool(kept and kept.due)))
    return sorted(rows, key=lambda row: not row.due), views.retention(register)


def draw(row: Row, width: int) -> list[Content]:
    """Draw an adult: name and role, and under it for whom they work and how long the record stays."""
    count = f"{row.adult.entries} {'entry' if row.adult.entries == 1 else 'entries'}"
    name = cut(visible(row.adult.named), max(width - len(count) - 5, 10))
    works = label_of(WorksAs, row.adult.works_as) if row.adult.works_as else ""
    kept = ""
    if row.adult.leaving_date:
        kept = f"left {day_words(row.adult.leaving_date)}"
        kept += f", kept until {day_words(row.until)}" if row.until else ""
    said = " · ".join(part for part in ("to be looked at" if row.due else "", works, kept) if part) or "works here"
    style = "$text-warning" if row.due else "$text-muted"
    return [
        Content.assemble("  ", (name, "bold"), (f"  {count}", "$text-muted")),
        Content.assemble("    ", (cut(said, max(width - 5, 10)), style)),
    ]


class ChangeDialog(FormDialog[str]):
    """The name, role and employer as they should be, and why."""

    VERB = "Put right"

    def __init__(self, register: Register, adult: AdultRow) -> None:
        super().__init__("Put right who this is", "What stood before stays in the register's history.")
        self.register, self.adult = register, adult

    def fields(self) -> ComposeResult:
        """Yield what is known of the adult, and the reason."""
        yield Field("Name", Input(self.adult.name, max_length=LINE_LIMIT, id="name"))
        yield Field("Their role", Input(self.adult.role, max_length=LINE_LIMIT, id="role"))
        yield Field("Works as", ChoiceField(WorksAs.choices(), value=self.adult.works_as, id="works_as"))
        yield Field("Why", AnswerField(placeholder="May stay empty", id="reason"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#name").focus()

    def confirm(self) -> None:
        """Record it; raises nothing that the form does not say."""
        from storage.desk.register import change_adult

        name, role = (self.query_one(f"#{field}", Input).value for field in ("name", "role"))
        works, reason = self.query_one("#works_as", ChoiceField).code, self.query_one("#reason", AnswerField).text
        self.busy("Recording…")
        said = (self.register, self.adult.id, name, role, works, reason)
        self.run(change_adult, *said, then=self.finish, failed=self.failed)


class LeftDialog(FormDialog[str]):
    """The adult's last day."""

    VERB = "Record"

    def __init__(self, register: Register, adult: AdultRow, today: date) -> None:
        super().__init__(
            f"When did {visible(adult.name)} leave?", "Nothing is removed; the school's rule runs from it."
        )
        self.register, self.adult, self.today = register, adult, today

    def fields(self) -> ComposeResult:
        """Yield the day."""
        first = self.adult.leaving_date.isoformat() if self.adult.leaving_date else ""
        yield Field("Last day", Input(first, placeholder="As you would write it: 31 August 2026", id="day"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#day").focus()

    def confirm(self) -> None:
        """Record it, once it is one day."""
        from datetime import datetime, time

        from storage.desk.register import left

        field = self.query_one("#day", Input)
        read = parse_when(field.value, datetime.combine(self.today, time(12)))
        if read.start is None or read.precision not in (Precision.DAY, Precision.EXACT):
            self.ask("Which day was the last? Write one day: 31 August 2026.", field)
            return
        self.busy("Recording…")
        on_day = date.fromisoformat(read.start[:10])
        self.run(left, self.register, self.adult.id, on_day, then=self.finish, failed=self.failed)


class RuleDialog(FormDialog[str]):
    """For how many years after leaving the school keeps a record, and where that is written."""

    VERB = "Set"

    def __init__(self, register: Register, rule: AdultRetentionSet | None) -> None:
        super().__init__(
            "The school's rule", "A record stays at least until the adult leaves. Nothing is removed by the program."
        )
        self.register, self.rule = register, rule

    def fields(self) -> ComposeResult:
        """Yield the years and the source."""
        yield Field("Years after leaving", Input(str(self.rule.years) if self.rule else "", max_length=3, id="years"))
        yield Field("Where it is written", AnswerField(self.rule.source if self.rule else "", id="source"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#years").focus()

    def confirm(self) -> None:
        """Set it, once both are there."""
        from storage.desk.register import set_retention

        years, source = self.query_one("#years", Input), self.query_one("#source", AnswerField)
        if not years.value.strip().isdecimal() or int(years.value) > 100:
            self.ask("How many years? Write a number from 0 to 100.", years)
        elif not source.text.strip():
            self.ask("Where is that rule written?", source)
        else:
            self.busy("Recording…")
            said = (self.register, int(years.value), source.text)
            self.run(set_retention, *said, then=lambda _: self.finish("set"), failed=self.failed)


class AdultPeopleScreen(RegisterScreen):
    """Everybody about whom something is kept, and how long it stays."""

    NAME = "adult_people"
    HEADING = "Adults' register: adults"
    HELP = (
        "Everybody about whom something is kept, and until when the school's own rule keeps it, once they have left. e "
        "puts right a name, a role or for whom they work; l records their last day; y sets the school's rule. Nothing "
        "is ever removed by the program."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_people")

    def __init__(self) -> None:
        super().__init__()
        self.rule: AdultRetentionSet | None = None

    def content(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield RecordList[Row](draw, id="entries", empty="Nothing is kept about anybody yet.")

    def on_mount(self) -> None:
        self.query_one("#entries").focus()
        self.read("retention")

    def refresh_record(self) -> None:
        """Read the adults and the rule."""
        if self.console.register is not None:
            self.fetch(found_in, self.register, then=self._show)

    def _show(self, found: tuple[list[Row], AdultRetentionSet | None]) -> None:
        rows, self.rule = found
        said = NO_RULE
        if self.rule is not None:
            due = sum(row.due for row in rows)
            waits = f" {due} to be looked at." if due else ""
            said = f"The school's rule: {self.rule.years} years after leaving ({visible(self.rule.source)}).{waits}"
        self.query_one("#said", StateLine).say(said)
        self.query_one("#entries", RecordList).show(rows, keep=lambda row: row.adult.id)
        self.refresh_bindings()

    @property
    def current(self) -> Row | None:
        """The adult under the cursor."""
        row: Row | None = self.query_one("#entries", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if action_id in ("adult_people.change", "adult_people.left") and self.current is None:
            return "Nobody is listed."
        return ""

    @on(RecordList.Opened, "#entries")
    def act_change(self) -> None:
        """Put right who this is."""
        if row := self.current:
            self.app.push_screen(ChangeDialog(self.register, row.adult), self._done)

    @on(RecordList.Moved, "#entries")
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_left(self) -> None:
        """Record the last day of the adult under the cursor."""
        if row := self.current:
            self.app.push_screen(LeftDialog(self.register, row.adult, self.console.now().date()), self._done)

    def act_rule(self) -> None:
        """Set the school's rule."""
        self.app.push_screen(RuleDialog(self.register, self.rule), self._done)

    def _done(self, answer: str | None) -> None:
        if answer is not None:
            self.refresh_record()
