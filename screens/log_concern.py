"""Log a concern: a child, what happened, ctrl+s; everything else may wait (R-01 to R-04, R-15)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button, Input, Select, TextArea

from practice.errors import ConsoleError
from screens.actions import bindings
from screens.drafting import DraftKeeper, DraftScreen, clock_words
from screens.log_form import LogForm
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.heed import HeedLines
from screens.widgets.text import StateLine
from screens.wording_found import show_all

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow

FOLD = {True: "Fewer fields  Ctrl+O", False: "More: who saw it, who was told, opinion, caller  Ctrl+O"}


@dataclass(frozen=True)
class Logged:
    """A concern that was recorded: its entry, when, and who was told according to it."""

    entry_id: str
    recorded_at: datetime
    told: tuple[str, ...]
    like: tuple[tuple[str, str], ...] = ()
    """(id, why) of entries of the child that may tell of the same event."""


def record_concern(
    keeper: DraftKeeper,
    fields: dict[str, Any],
    child_id: str,
    new_child: str,
    others: list[dict[str, str]],
    captured_at: datetime | None,
    marks: list[dict[str, Any]] | None = None,
) -> Logged:
    """Record a concern and forget its draft; blocks."""
    from storage.desk import body_maps
    from storage.desk.concerns import Other, log_concern
    from storage.desk.finishing import look_alikes
    from storage.views import record

    vault = cast("Vault", keeper.vault)
    also = [
        Other(each["child"], each.get("role", "subject"), each.get("category", ""), each.get("text", ""))
        for each in others
    ]
    made = log_concern(vault, fields, child_id=child_id, new_child=new_child, also=also, captured_at=captured_at)
    if marks:
        body_maps.draw(vault, made[0], marks)
    with contextlib.suppress(OSError):
        # The concern stands: a draft that cannot be removed must not look as if it did not.
        keeper.drop()
    entry = record.get(vault, made[0])
    like: tuple[tuple[str, str], ...] = ()
    with contextlib.suppress(ConsoleError):
        # What is offered after recording must not make it look as if nothing had been recorded.
        like = tuple((each.entry.id, each.why) for each in look_alikes(vault, entry.id))
    return Logged(entry.id, entry.recorded_at, tuple(each["name"] for each in fields.get("told", ())), like)


def known_children(vault: Vault, *ids: str) -> dict[str, ChildRow]:
    """Return the children with these ids, look-alikes marked; one that is not there any more is left out."""
    from storage.views.children import all_children

    return {row.id: row for row in all_children(vault, include_left=True) if row.id in ids}


def read_first(vault: Vault, child_id: str) -> tuple[str, list[str]]:
    """Return whose front sheet it is, and what it says of who must not be told; blocks."""
    from storage.views import front_sheet

    return child_id, front_sheet.read_out(vault, child_id)


def joined(draft: dict[str, Any], early: dict[str, str]) -> dict[str, Any]:
    """Return a draft's fields with what was typed before it came: text is added to its own, a blank field is filled."""
    fields = dict(draft)
    names_child = {"child", "new_child", "child_typed"}
    if not any(fields.get(name) for name in names_child):
        fields |= {name: early[name] for name in names_child if name in early}
    for name, text in early.items():
        if name in {"text", "childs_words"} and fields.get(name):
            fields[name] = f"{fields[name]}\n{text}"
        elif name not in names_child:
            fields.setdefault(name, text)
    return fields


class LogScreen(DraftScreen):
    """The form, its draft, and recording."""

    NAME = "log"
    HEADING = "Log a concern"
    HELP = (
        "Two letters find the child, Enter takes them, then write what happened; Ctrl+S records. Nothing else is "
        "needed now: what is missing stays on a list. What you write is kept as an encrypted draft at every pause."
    )
    CSS_PATH = "log_concern.tcss"
    BINDINGS = bindings("log")
    _asked = False
    """Whether Ctrl+S came before the draft, and the children that it names, were there."""
    awaits_read = False  # a draft may be about another child: what is typed before it is known stays apart from it

    def __init__(self, child_id: str = "") -> None:
        super().__init__()
        self.child_id = child_id
        self.marks: list[dict[str, Any]] = []
        """The body map that goes with the concern."""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="scroll", can_focus=False):
            yield LogForm(id="form")
            yield Button(FOLD[False], id="fold", compact=True)
        yield StateLine("Ctrl+S records. Only the child and what happened are needed.", id="said")

    @property
    def form(self) -> LogForm:
        """The form's fields."""
        return self.query_one(LogForm)

    # -- the draft -----------------------------------------------------------------------------------------------------

    def draft_name(self) -> str:
        """There is one concern at a time."""
        return "log"

    def draft_fields(self) -> dict[str, Any]:
        """Return what is written; a child alone is not worth keeping."""
        values: dict[str, Any] = dict(self.form.values())
        if others := self.form.others.values():
            values["others"] = others
        if self.marks:
            values["body_map"] = self.marks
        return values if set(values) - {"child", "child_typed"} else {}

    def begin(self) -> None:
        """Take the child from the screen that this one was opened from; what happened is written meanwhile."""
        if self.child_id:
            self.fetch(known_children, self.vault, self.child_id, then=self._take_child, group="child")
        self.form.query_one("#text" if self.child_id else "#child Input").focus()

    def draft_read(self) -> None:
        """Record, where that was asked for before it was known whether there is a draft."""
        super().draft_read()
        self._record_if_asked()

    def _record_if_asked(self) -> None:
        if self._asked and self.ready:
            self._asked = False
            self.act_record()

    def _take_child(self, known: dict[str, ChildRow]) -> None:
        picker = self.form.picker
        if picker.child is not None or picker.provisional:
            return  # somebody else was chosen meanwhile
        if child := known.get(self.child_id):
            early = picker.text
            self.form.picker.choose(child)
            text = self.form.query_one("#text", TextArea)
            if early:  # who comes from a child's page types what happened at once
                text.insert(early, (0, 0))
                text.move_cursor(text.document.end)

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form, and look up the children that it names; what was typed before the draft came stays."""
        self.marks = self.marks or [dict(mark) for mark in fields.get("body_map", ())]
        early = self.form.values()
        fields = joined(fields, early)
        self.form.put_back(fields)
        self._fold()
        self.ready = False
        child = str(fields.get("child", ""))
        others = [dict(each) for each in fields.get("others", ())]
        provisional, typed = str(fields.get("new_child", "")), str(fields.get("child_typed", ""))
        if provisional:
            self.form.picker.choose(None, provisional)
        elif typed:
            self.form.picker.query_one(Input).value = typed

        async def chosen(known: dict[str, ChildRow]) -> None:
            if child in known:
                self.form.picker.choose(known[child])
            await self.form.others.reach(len(others))
            for block, values in zip(self.form.others.blocks, others, strict=False):
                block.put_back(values)
                if other := known.get(str(values.get("child", ""))):
                    block.picker.choose(other)
            self.ready = True
            self.as_sealed()
            if early:
                self._sealed = None
                self.touched()
            letters = early.get("child_typed", "")
            if letters and (child in known or provisional):
                about = known[child].name if child in known else provisional
                self.say(
                    f"An earlier draft is put back, about {about}. You had typed «{letters}»: record this one first, "
                    "or let it go with Ctrl+N.",
                    "warn",
                )
            if self.child_id and self.child_id != child and (wanted := known.get(self.child_id)):
                about = known[child].name if child in known else provisional or "no child yet"
                self.say(
                    f"An earlier draft is put back, about {about}. Record it, or let it go with Ctrl+N, "
                    f"before you begin one about {wanted.name}.",
                    "warn",
                )
            self._asked = self._asked and not early  # what was typed may be about another child than the draft
            self._record_if_asked()

        ids = (child, self.child_id, *(str(each.get("child", "")) for each in others))
        failed = partial(self._no_children, dict(fields))

        def found(known: dict[str, ChildRow]) -> None:
            self.run_worker(chosen(known), exit_on_error=False)

        self.fetch(known_children, self.vault, *ids, then=found, failed=failed, group="child")
        self.form.query_one("#text" if child or provisional else "#child Input").focus()

    def _no_children(self, fields: dict[str, Any], error: ConsoleError) -> None:
        """Say that the draft's children could not be looked up; the draft itself stays as it was sealed."""
        self.console.report(error)
        self._sealed = fields
        self.ready = True

    # -- actions -------------------------------------------------------------------------------------------------------

    @on(ChildPicker.Picked, "#child")
    def _picked(self, event: ChildPicker.Picked) -> None:
        """Show beside the child who must not be told (R-08)."""
        self.form.query_one("#heed", HeedLines).say([])
        if event.child is not None:
            self.fetch(read_first, self.vault, event.child.id, then=self._heed, group="heed")

    def _heed(self, found: tuple[str, list[str]]) -> None:
        child = self.form.picker.child
        if child is not None and child.id == found[0]:
            self.form.query_one("#heed", HeedLines).say(found[1])

    def why_not(self, action_id: str) -> str:
        if action_id == "log.discard" and self.ready and not self.draft_fields():
            return "Nothing is written yet."
        if action_id == "log.wording" and not self.form.query_one("#text", TextArea).text.strip():
            return "Nothing is written yet that the coach could ask about."
        return ""

    def act_wording(self) -> None:
        """Show all that the wording coach asks, each with its place."""
        form = self.form
        show_all(form.query_one("#text", TextArea), form.query_one("#childs_words", TextArea).text)

    def act_record(self) -> None:
        """Record the concern, durably, and ask what now."""
        form = self.form
        picker = form.picker
        if not self.ready:
            self._asked = True
            return
        if picker.child is None and not picker.provisional:
            typed = f"«{picker.text.strip()}» is not chosen yet: " if picker.text.strip() else ""
            self.say(f"{typed}which child is this about? Choose one, or «Not on the roll». Nothing is lost.", "warn")
            picker.query_one(Input).focus()
            return
        values = form.values()
        if not values.get("text", "").strip() and not values.get("childs_words", "").strip():
            self.say("There is nothing written yet. Write what happened, then Ctrl+S.", "warn")
            form.query_one("#text").focus()
            return
        others = form.others.values()
        if unnamed := next((each for each in others if "child" not in each), None):
            about = f": «{unnamed['text'][:40]}»" if "text" in unnamed else ""
            self.say(f"Another child is not chosen yet{about}. Choose one, or clear it. Nothing is lost.", "warn")
            return
        child_id = picker.child.id if picker.child else ""
        began = self.begun or self.console.clock()
        self.say("Recording…")
        self.record(
            record_concern,
            self.keeper,
            form.act_fields(),
            child_id,
            picker.provisional,
            others,
            began,
            self.marks,
            then=self._recorded,
            failed=self._refused,
        )

    def _refused(self, error: ConsoleError) -> None:
        self.say(f"{error.message} {error.hint} What you wrote is still here.", "bad")

    def _recorded(self, logged: Logged) -> None:
        child = self.form.picker.child
        name = child.name if child else self.form.picker.provisional
        child_id = child.id if child else ""
        self.finish()
        self.console.open(
            "what_now",
            entry_id=logged.entry_id,
            about=name,
            child_id=child_id,
            recorded=clock_words(logged.recorded_at),
            told=logged.told,
            like=logged.like,
        )

    def act_body_map(self) -> None:
        """Put marks on the body; they are kept with the draft and recorded with the concern."""
        child = self.form.picker.child
        self.console.open("body_map", child_id=child.id if child else "", marks=self.marks, taken=self._marked)

    def _marked(self, marks: list[dict[str, Any]]) -> None:
        self.marks = marks
        self.touched()
        count = f"{len(marks)} mark{'s' if len(marks) != 1 else ''}"
        self.say(f"The body map holds {count}; it is recorded with the concern." if marks else "The body map is empty.")

    def act_more(self) -> None:
        """Unfold or fold the fields that are rarely needed."""
        form = self.form
        form.show_more(not form.more_shown)
        self._fold()
        if form.more_shown:
            # Once it has its place: before that there is nothing to bring into sight.
            self.call_after_refresh(form.query_one("#entry_kind").focus)

    def _fold(self) -> None:
        fold = self.query_one("#fold", Button)
        fold.label = FOLD[self.form.more_shown]
        fold.refresh(layout=True)

    @on(Button.Pressed, "#fold")
    def _unfold(self) -> None:
        self.act_more()

    def act_discard(self) -> None:
        """Ask whether the draft may go, then begin afresh."""
        text = "What is written here goes for good; nothing of it is in the record. There is no way back."
        self.app.push_screen(
            ConfirmDialog("Let this draft go?", text, verb="Let it go", back="Keep it"), self._discarded
        )

    def _discarded(self, sure: bool | None) -> None:
        if sure:
            self.run(self.keeper.drop, then=lambda _: self._begin_again())

    def _begin_again(self) -> None:
        self._finished = True
        self.console.back()
        self.console.open("log", child_id=self.child_id) if self.child_id else self.console.open("log")

    @on(Input.Changed)
    @on(Select.Changed)
    def _check_caller(self) -> None:
        self.form.query_one("#ring-back").display = self.form.caller_unverified()
