"""The form of a line of the front sheet: what it is about, who, why, from when to when (R-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Select

from practice.dates import day_words
from practice.front_sheet import FrontSection
from practice.text import LINE_LIMIT, visible
from practice.vocabulary import label_of
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.front_sheet import FrontLine

TEXTS = (
    ("name", "Who or which", "A person, an order, an agency"),
    ("role", "Role or relation", "Mother, family court, health visitor"),
    ("agency", "Agency", "Where they work"),
    ("contact", "Contact", "Telephone, e-mail, address"),
)
WITH_FILE = (FrontSection.SIBLING, FrontSection.CONNECTED_CHILD)
"""What a line names that has a file here: it is then found either way."""
READ_OUT = "Who must not be told or collect, and court orders, are read before any copy goes out."


def record_line(vault: Vault, child_id: str, section: str, sees: str, fields: dict[str, Any]) -> str:
    """Record a new line, or a new version of the one that was seen; blocks."""
    from storage.desk import front_sheet

    if sees:
        front_sheet.change_line(vault, sees, sees=sees, **fields)
        return "The line was changed; the version before stays in its history."
    front_sheet.add_line(vault, child_id, section, **fields)
    return "It stands on the front sheet."


class LineDialog(FormDialog[str]):
    """Asks for a line; dismissed with a sentence that says what was recorded."""

    VERB = "Record"
    DEFAULT_CSS = """
    LineDialog Field Input { width: 1fr; }
    LineDialog > .form-dialog { padding: 0 2; margin: 0; max-height: 96%; }
    LineDialog .form-dialog--sentence { margin: 0; color: $text-muted; }
    """

    def __init__(self, vault: Vault, child_id: str, line: FrontLine | None = None) -> None:
        heading = f"Change: {label_of(FrontSection, line.section)}" if line else "A line of the front sheet"
        super().__init__(heading, READ_OUT)
        self.vault, self.child_id, self.line = vault, child_id, line

    def fields(self) -> ComposeResult:
        """Yield the section of a new line, and the line's fields."""
        line = self.line
        if line is None:
            yield Field("What it is", ChoiceField(FrontSection.choices(), id="section", prompt="Choose"))
            yield Field("Which child", ChildPicker(provisional=False, id="other"), id="which")
        for name, label, hint in TEXTS:
            first = visible(getattr(line, name)) if line else ""
            yield Field(label, Input(first, placeholder=hint, max_length=LINE_LIMIT, id=name))
        words = line.words if line else ""
        yield Field("Why, what it says", AnswerField(words, placeholder="As it should be read out", id="words"))
        for name, label in (("since", "From"), ("until", "Until")):
            day = getattr(line, name) if line else None
            first = day_words(day) if day else ""
            yield Field(label, WhenField(first, empty="no day", hint="such as 3 Mar 2027 · may stay empty", id=name))

    def on_mount(self) -> None:
        self.query_one("#name" if self.line else "#section").focus()
        self._section_chosen()

    @on(Select.Changed, "#section")
    def _section_chosen(self) -> None:
        """Ask for the child's own file only where the line is about one."""
        for field in self.query("#which"):
            field.display = self.query_one("#section", ChoiceField).code in WITH_FILE

    def confirm(self) -> None:
        """Record it, once the section and the days can be read."""
        section = self.line.section if self.line else self.query_one("#section", ChoiceField).code
        if not section:
            self.ask("What is the line about? Choose one from the list.", self.query_one("#section"))
            return
        fields: dict[str, Any] = {name: self.query_one(f"#{name}", Input).value for name, _, _ in TEXTS}
        other = self._other(section)
        if other is None:
            return
        if other:
            fields["child"] = other
        fields["words"] = self.query_one("#words", AnswerField).text
        for name in ("since", "until"):
            field = self.query_one(f"#{name}", WhenField)
            occurred = field.occurred
            if field.text.strip() and occurred.start is None:
                self.ask("Which day? Write it as 3 Mar 2027.", field.query_one(Input))
                return
            last = (occurred.end or occurred.start) if name == "until" else occurred.start
            fields[name] = last[:10] if field.text.strip() and last else None
        self.busy("Recording…")
        sees = self.line.act_id if self.line else ""
        said = (self.child_id, section, sees, fields)
        self.run(record_line, self.vault, *said, then=self.finish, failed=self.failed)

    def _other(self, section: str) -> str | None:
        """Return the id of the child whom the line names, blank where it names none; None where it must be asked."""
        pickers = self.query(ChildPicker)
        if section not in WITH_FILE or not pickers:
            return ""
        chosen = pickers.first().child
        if chosen is None and not self.query_one("#name", Input).value.strip():
            self.ask("Which child? Type two letters of the name and choose.", "#other Input")
            return None
        return chosen.id if chosen else ""
