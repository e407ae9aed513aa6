"""Record what is to be done about an entry, and why; the decision before it stays readable (R-02)."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from practice.text import LINE_LIMIT
from practice.vocabulary import Decision
from screens.actions import bindings
from screens.entry_form import EntryForm
from screens.widgets.area import NoteArea
from screens.widgets.due_field import DueField
from screens.widgets.fields import ChoiceField, Field

LINES = ("advice_name", "advice_role")
NOTES = ("reason", "advice", "outcome")


class DecideScreen(EntryForm):
    """The decision, its reason, a date by which, advice that was sought, the outcome."""

    NAME = "decide"
    HEADING = "Decide"
    HELP = (
        "Choose what is to be done about the entry above and write why: the reason is read with the record and is "
        "never blank. A date puts it on Today. A later decision stands in front of this one; both stay readable."
    )
    HINT = "Ctrl+S records. A decision and its reason are needed."
    CSS_PATH = "entry_form.tcss"
    BINDINGS = bindings("decide")

    def form(self) -> ComposeResult:
        """Yield the decision's fields."""
        yield Field("Decision", ChoiceField(Decision.choices(), id="decision", prompt="Choose: Enter opens the list"))
        yield Field(
            "Reason", NoteArea(id="reason", compact=True, tab_behavior="focus", placeholder="Why, in a sentence")
        )
        yield Field("To be done by", DueField(id="due"))
        yield Field(
            "Advice from", Input(id="advice_name", placeholder="Name, if advice was sought", max_length=LINE_LIMIT)
        )
        yield Field("Their role", Input(id="advice_role", placeholder="And agency", max_length=LINE_LIMIT))
        yield Field("What they said", NoteArea(id="advice", compact=True, tab_behavior="focus", classes="note"))
        hint = "What came of it, once that is known"
        yield Field(
            "Outcome", NoteArea(id="outcome", compact=True, tab_behavior="focus", placeholder=hint, classes="note")
        )

    def begin(self) -> None:
        """Begin with the decision."""
        self.query_one("#decision").focus()

    def draft_fields(self) -> dict[str, Any]:
        """Return what is written, by field."""
        found = {name: self.query_one(f"#{name}", TextArea).text for name in NOTES}
        found |= {name: self.query_one(f"#{name}", Input).value for name in LINES}
        found["decision"] = self.query_one("#decision", ChoiceField).code
        found["due"] = self.query_one("#due", DueField).text
        return {name: value for name, value in found.items() if value.strip()}

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft."""
        for name in NOTES:
            self.query_one(f"#{name}", TextArea).load_text(str(fields.get(name, "")))
        for name in LINES:
            self.query_one(f"#{name}", Input).value = str(fields.get(name, ""))
        if fields.get("decision") in set(Decision):
            self.query_one("#decision", ChoiceField).code = str(fields["decision"])
        self.query_one("#due", DueField).text = str(fields.get("due", ""))
        self.query_one("#reason").focus()

    def act_record(self) -> None:
        """Record the decision."""
        fields = self.draft_fields()
        day, question = self.query_one("#due", DueField).read()
        if "decision" not in fields:
            self.say("What is decided? Choose one from the list.", "warn")
            self.query_one("#decision").focus()
        elif "reason" not in fields:
            self.say("A decision needs its reason. Write why in one sentence.", "warn")
            self.query_one("#reason").focus()
        elif question and day is None:
            self.say(f"{question} Or leave the date blank.", "warn")
            self.query_one("#due Input").focus()
        else:
            advice = {"name": "advice_name", "role": "advice_role", "advice": "advice"}
            sought = {name: fields[field] for name, field in advice.items() if field in fields}
            self.record(self._decide, fields, day, sought, then=self._decided, failed=self.refused)

    def _decide(self, fields: dict[str, str], day: Any, sought: dict[str, str]) -> None:
        from storage.desk.concerns import decide

        decide(
            self.vault,
            self.entry_id,
            fields["decision"],
            fields["reason"],
            due=day,
            advice=sought or None,
            outcome=fields.get("outcome", ""),
        )
        self.keeper.drop()

    def _decided(self, _done: None) -> None:
        code = self.query_one("#decision", ChoiceField).code
        self.finish()
        self.console.say(f"Decided: {Decision(code).label}.")
