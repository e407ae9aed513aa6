"""Amend an entry: a new version stands beside the old one, with who, when and why (R-05)."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.widgets import TextArea

from screens.actions import bindings
from screens.entry_form import EntryForm
from screens.widgets.area import NoteArea
from screens.widgets.coached import CoachedArea, CoachedText
from screens.widgets.fields import Field, WhenField
from screens.wording_found import show_all

NOTES = ("text", "childs_words", "reason")


class AmendScreen(EntryForm):
    """The old words above, the new ones in the form."""

    NAME = "amend"
    HEADING = "Amend"
    HELP = (
        "Write the entry as it should read, and why it is changed. Nothing is overwritten: the words above stay as an "
        "earlier version, with who wrote them and when."
    )
    HINT = "Ctrl+S records. Both versions stay readable."
    CSS_PATH = "entry_form.tcss"
    BINDINGS = bindings("amend")

    def __init__(self, entry_id: str) -> None:
        super().__init__(entry_id)
        self.sees = ""
        """The version that the person has before them."""
        self._drafted = False

    def form(self) -> ComposeResult:
        """Yield the fields of a version."""
        text = CoachedArea(id="text", compact=True, tab_behavior="focus")
        yield Field("As it should read", CoachedText(text))
        yield Field(
            "Child's own words", NoteArea(id="childs_words", compact=True, tab_behavior="focus", classes="note")
        )
        yield Field("When", WhenField(id="when", empty="as it was"))
        hint = "Why it is changed"
        yield Field(
            "Reason", NoteArea(id="reason", compact=True, tab_behavior="focus", placeholder=hint, classes="note")
        )

    def entry_read(self, *, first: bool) -> None:
        """Begin with the words as they stand, unless a draft was put back."""
        assert self.entry is not None
        if not first:
            return
        self.sees = self.sees or self.entry.version
        if not self._drafted:
            self.query_one("#text", TextArea).load_text(self.entry.text)
            self.query_one("#childs_words", TextArea).load_text(self.entry.childs_words)
            self.query_one("#text").focus()

    def draft_fields(self) -> dict[str, Any]:
        """Return what is written where it differs from what stands."""
        if self.entry is None:
            return {}
        found = {name: self.query_one(f"#{name}", TextArea).text for name in NOTES}
        found["when"] = self.query_one("#when", WhenField).text
        same = found["text"] == self.entry.text and found["childs_words"] == self.entry.childs_words
        if same and not found["reason"].strip() and not found["when"].strip():
            return {}
        return found | {"sees": self.sees}

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft; it was written against the version that it names."""
        self._drafted = True
        self.sees = str(fields.get("sees", "")) or self.sees
        for name in NOTES:
            self.query_one(f"#{name}", TextArea).load_text(str(fields.get(name, "")))
        self.query_one("#when", WhenField).text = str(fields.get("when", ""))
        self.query_one("#text").focus()

    def act_wording(self) -> None:
        """Show all that the wording coach asks, each with its place."""
        show_all(self.query_one("#text", TextArea), self.query_one("#childs_words", TextArea).text)

    def act_record(self) -> None:
        """Record the new version."""
        fields = self.draft_fields()
        if not fields:
            self.say("Nothing is changed yet.", "warn")
        elif not fields["text"].strip():
            self.say("An entry cannot be amended to nothing. Write how it should read.", "warn")
            self.query_one("#text").focus()
        elif not fields["reason"].strip():
            self.say("A reason is needed: it is read with both versions.", "warn")
            self.query_one("#reason").focus()
        else:
            self.record(self._amend, fields, then=self._amended, failed=self.refused)

    def _amend(self, fields: dict[str, str]) -> None:
        from storage.desk.concerns import amend

        amend(
            self.vault,
            self.entry_id,
            fields["text"],
            fields["reason"],
            childs_words=fields["childs_words"],
            when=fields["when"] or None,
            sees=fields["sees"],
        )
        self.keeper.drop()

    def _amended(self, _done: None) -> None:
        self.finish()
        self.console.say("Amended. The earlier version stays readable under the entry.")
