"""The fields of a concern on screen: which there are, and how they become the fields of the act (R-01, R-04, R-16)."""

from __future__ import annotations

from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Select, TextArea

from practice.acts import ConcernLogged
from practice.text import LINE_LIMIT
from practice.vocabulary import Coded, ConcernCategory, EntryKind, HowKnown, IdentityCheck, Told
from screens.log_others import OtherChildren
from screens.widgets.area import NoteArea
from screens.widgets.child_picker import ChildPicker
from screens.widgets.coached import CoachedArea, CoachedText
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.heed import HeedLines
from screens.widgets.text import StateLine


class Asked(NamedTuple):
    """One field of the form: its id is the act's own name for it."""

    id: str
    label: str
    form: str
    """`line`, `note`, `when`, or the vocabulary whose words are chosen from."""
    hint: str = ""
    vocabulary: type[Coded] | None = None


MAIN = (
    Asked("place", "Where", "line", "Classroom, playground, home, online"),
    Asked("how_known", "How known", "choice", vocabulary=HowKnown),
    Asked("category", "Category", "choice", vocabulary=ConcernCategory),
)
MORE = (
    Asked("entry_kind", "Kind of entry", "choice", vocabulary=EntryKind),
    Asked("further_categories", "Also about", "choice", vocabulary=ConcernCategory),
    Asked("seen_by", "Who saw it", "line"),
    Asked("present", "Who was present", "line"),
    Asked("demeanour", "How the child was", "note", "What you saw and heard: quiet, tearful, as usual"),
    Asked("questions_asked", "Questions asked", "note", "Word for word, with the answers"),
    Asked("immediate_action", "Done at once", "note"),
    Asked("told", "Who was told", "note", "One to a line: name and role, time"),
    Asked("child_told", "Child told?", "choice", vocabulary=Told),
    Asked("parent_told", "Parent told?", "choice", vocabulary=Told),
    Asked("not_told_reason", "If not, why", "note"),
    Asked("opinion", "Opinion", "note", "Kept apart from what happened"),
    Asked("opinion_grounds", "Its grounds, whose", "note", "On what it rests, and whose opinion it is"),
    Asked("caller_name", "Caller", "line", "Name, if an agency rang or wrote"),
    Asked("caller_role", "Caller's role", "line"),
    Asked("caller_agency", "Caller's agency", "line"),
    Asked("caller_identity", "Identity checked", "choice", vocabulary=IdentityCheck),
    Asked("police_at", "Police attended", "when", "When, in an Operation Encompass notice: yesterday 23:40"),
    Asked("school_at", "School had it", "when", "When the notice reached the school: today 8:05"),
    Asked("original_kept", "Original note", "line", "Where the handwritten note is kept"),
)
CALLER = ("name", "role", "agency")
EMPTY_WHEN = {True: "when the police attended, under More; else not known", False: "now"}
"""What a date that is left blank means, in a police notice and in any other entry."""
RING_BACK = "Not verified: ring back on a number you already hold before anything is said."


def _widget(asked: Asked) -> Widget:
    if asked.vocabulary is not None:
        return ChoiceField(asked.vocabulary.choices(), id=asked.id)
    if asked.form == "note":
        return NoteArea(id=asked.id, compact=True, tab_behavior="focus", placeholder=asked.hint, classes="note")
    if asked.form == "when":
        return WhenField(empty="not said", hint=asked.hint, id=asked.id)
    return Input(id=asked.id, placeholder=asked.hint, max_length=LINE_LIMIT)


class LogForm(Vertical):
    """Every field of a concern; what is rarely needed is folded under "More"."""

    def compose(self) -> ComposeResult:
        yield Field("Child", ChildPicker(id="child"))
        yield HeedLines(id="heed")
        what = "What was seen, heard or said, in order. Facts here; opinion has a field of its own."
        text = CoachedArea(id="text", compact=True, tab_behavior="focus", placeholder=what)
        yield Field("What happened", CoachedText(text))
        words = NoteArea(
            id="childs_words", compact=True, tab_behavior="focus", placeholder="As they said it", classes="note"
        )
        yield Field("Child's own words", words)
        yield Field("When", WhenField(id="when"))
        for asked in MAIN:
            yield Field(asked.label, _widget(asked))
        with Vertical(id="more"):
            for asked in MORE:
                yield Field(asked.label, _widget(asked))
                if asked.id == "caller_identity":
                    yield StateLine(RING_BACK, id="ring-back", classes="beside")
            yield OtherChildren()

    def on_mount(self) -> None:
        self.show_more(False)
        self.query_one("#ring-back").display = False
        self.query_one("#entry_kind", ChoiceField).code = EntryKind.CONCERN

    @on(Select.Changed, "#entry_kind")
    def _say_when(self) -> None:
        """Say how an entry without a date is dated: a police notice never as it is typed in (R-68)."""
        notice = self.query_one("#entry_kind", ChoiceField).code == EntryKind.OPERATION_ENCOMPASS
        self.query_one("#when", WhenField).means(EMPTY_WHEN[notice])

    def show_more(self, shown: bool) -> None:
        """Unfold or fold what is rarely needed."""
        self.query_one("#more").display = shown

    @property
    def more_shown(self) -> bool:
        """Whether the rarely needed fields are unfolded."""
        return bool(self.query_one("#more").display)

    @property
    def picker(self) -> ChildPicker:
        """The field for the child."""
        return self.query_one("#child", ChildPicker)

    # -- as plain values: what a draft keeps ---------------------------------------------------------------------------

    def _plain(self, name: str) -> str:
        widget = self.query_one(f"#{name}")
        if isinstance(widget, TextArea):
            return widget.text
        if isinstance(widget, ChoiceField):
            return widget.code
        if isinstance(widget, WhenField):
            return widget.text
        assert isinstance(widget, Input)
        return widget.value

    @property
    def others(self) -> OtherChildren:
        """The other children of the event."""
        return self.query_one(OtherChildren)

    def values(self) -> dict[str, str]:
        """Return what is written, by field; what is blank is left out, and so are the other children."""
        names = ["text", "childs_words", *(asked.id for asked in (*MAIN, *MORE))]
        found = {name: self._plain(name) for name in names}
        found["when"] = self.query_one("#when", WhenField).text
        found["child"] = self.picker.child.id if self.picker.child else ""
        found["child_typed"] = "" if self.picker.child else self.picker.text
        found["new_child"] = self.picker.provisional
        if found["entry_kind"] == EntryKind.CONCERN:
            del found["entry_kind"]
        return {name: value for name, value in found.items() if value.strip()}

    def put_back(self, values: dict[str, Any]) -> None:
        """Fill the fields from a draft's values; the children are chosen by the screen, which can look them up."""
        for asked in (*MAIN, *MORE, Asked("text", "", ""), Asked("childs_words", "", "")):
            value = str(values.get(asked.id, ""))
            widget = self.query_one(f"#{asked.id}")
            if isinstance(widget, TextArea):
                widget.load_text(value)
                widget.move_cursor(widget.document.end)
            elif isinstance(widget, ChoiceField):
                if value in {code for _, code in widget._options}:
                    widget.code = value
            elif isinstance(widget, WhenField):
                widget.text = value
            elif isinstance(widget, Input):
                widget.value = value
        self.query_one("#when", WhenField).text = str(values.get("when", ""))
        if any(values.get(asked.id) for asked in MORE) or values.get("others"):
            self.show_more(True)

    def caller_unverified(self) -> bool:
        """Say whether somebody rang whose identity nobody has checked (R-16)."""
        named = any(self._plain(f"caller_{part}").strip() for part in CALLER)
        return named and self._plain("caller_identity") in ("", IdentityCheck.UNVERIFIED)

    # -- as the fields of the act --------------------------------------------------------------------------------------

    def act_fields(self) -> dict[str, Any]:
        """Return the fields that `storage.desk.concerns.log_concern` takes."""
        values = self.values()
        fields: dict[str, Any] = {
            name: value for name, value in values.items() if name in ConcernLogged.model_fields or name == "when"
        }
        fields.setdefault("text", "")
        if "further_categories" in fields:
            fields["further_categories"] = (fields["further_categories"],)
        if "told" in fields:
            fields["told"] = told_lines(fields["told"])
        caller = {part: values[f"caller_{part}"] for part in CALLER if f"caller_{part}" in values}
        if caller:
            caller["identity"] = values.get("caller_identity", IdentityCheck.UNVERIFIED.value)
            fields["caller"] = caller
        if "new_child" in values:
            fields["child_as_written"] = values["new_child"]
        return fields


def told_lines(text: str) -> list[dict[str, str]]:
    """Return who was told, one to a line; what follows the last comma and holds a figure is when."""
    told = []
    for line in text.splitlines():
        name, comma, at = line.rpartition(",")
        if comma and any(character.isdigit() for character in at):
            told.append({"name": name.strip(), "at": at.strip()})
        elif line.strip():
            told.append({"name": line.strip()})
    return told
