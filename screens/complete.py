"""Fill in what is still to be written of an entry: only what is missing is asked (R-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.widgets import TextArea

from practice.quality import PHRASES
from practice.vocabulary import Coded, ConcernCategory, HowKnown, Told
from screens.log_form import told_lines
from screens.widgets.area import NoteArea
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.views.record_rows import EntryDetail

CHOICES: dict[str, tuple[str, type[Coded]]] = {
    "category": ("Category", ConcernCategory),
    "how_known": ("How known", HowKnown),
    "child_told": ("Child told?", Told),
    "parent_told": ("Parent told?", Told),
}
NOTES = {
    "immediate_action": ("Done at once", ""),
    "told": ("Who was told", "One to a line: name and role, time"),
    "not_told_reason": ("Why not safe", ""),
}
LEAVE = (("Has nothing to be written: do not ask again", "leave"),)
LINES = {"police_at": ("Police attended", "yesterday 23:40"), "school_at": ("School had it", "today 8:05")}


class CompleteDialog(FormDialog[bool]):
    """The missing fields of one entry."""

    VERB = "Fill in"

    def __init__(self, detail: EntryDetail) -> None:
        super().__init__("What is still to be written", f"{detail.entry.child}: {detail.entry.text[:160]}")
        self.entry_id = detail.entry.id
        self.names = detail.missing

    def fields(self) -> ComposeResult:
        """Yield a field for each thing that is missing."""
        for name in self.names:
            if name in CHOICES:
                label, vocabulary = CHOICES[name]
                yield Field(label, ChoiceField(vocabulary.choices(), id=f"fill-{name}"))
            elif name in NOTES:
                label, hint = NOTES[name]
                area = NoteArea(id=f"fill-{name}", compact=True, tab_behavior="focus", placeholder=hint)
                area.styles.height = 2
                yield Field(label, area)
            elif name in LINES:
                label, hint = LINES[name]
                yield Field(label, WhenField(empty="not said", hint=hint, id=f"fill-{name}"))
        amended = [PHRASES[name] for name in self.names if name in ("childs_words", "occurred")]
        if amended:
            yield PlainText(f"By amending the entry: {', '.join(amended)}.", classes="muted")
        yield Field("What stays blank", ChoiceField(LEAVE, prompt="Ask again later", id="leave"))

    def _written(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self.names:
            if name in CHOICES:
                found[name] = self.query_one(f"#fill-{name}", ChoiceField).code
            elif name in NOTES:
                text = self.query_one(f"#fill-{name}", TextArea).text
                found[name] = told_lines(text) if name == "told" else text
            elif name in LINES:
                found[name] = self.query_one(f"#fill-{name}", WhenField).text
        return {name: value for name, value in found.items() if value and (not isinstance(value, str) or value.strip())}

    def confirm(self) -> None:
        """Fill in what was written."""
        from storage.desk.finishing import complete

        written = self._written()
        leave = (
            [name for name in self.names if name not in written] if self.query_one("#leave", ChoiceField).code else []
        )
        if not written and not leave:
            self.ask("Nothing is filled in yet.")
            return
        vault = cast("Console", self.app).vault
        if vault is not None:
            self.busy("Filling in …")
            self.run(complete, vault, self.entry_id, written, leave=leave, then=self._done, failed=self.failed)

    def _done(self, _left: list[str]) -> None:
        self.finish(True)
