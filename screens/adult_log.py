"""Record a concern about an adult, or what somebody shared about themselves (R-41, R-42, R-45)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Select, TextArea

from practice.adults import NEUTRAL, AdultEntryKind, EntryState, Harm, WorksAs
from practice.text import LINE_LIMIT, visible
from practice.vocabulary import YesNo
from screens.actions import bindings
from screens.adults import DRAFT
from screens.adults_dialogs import NEW, StopDialog
from screens.adults_frame import RegisterScreen
from screens.drafting import DraftScreen
from screens.widgets.area import NoteArea
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.mark_list import MarkList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.desk.register import Kept
    from storage.views.register import AdultRow

LINES = ("name", "role", "place", "activity", "shared_by", "shared_role")
NOTES = ("text", "context", "action")
CHOICES = ("adult", "works_as", "entry_kind", "anonymous")
KINDS = [AdultEntryKind.LOW_LEVEL, AdultEntryKind.SELF_REFERRAL]


class AdultLogScreen(DraftScreen, RegisterScreen):
    """Whom it is about, what happened, and whether the harm threshold may be met."""

    NAME = "adult_log"
    HEADING = "Adults' register: a concern"
    HELP = (
        "Say about whom it is and what happened; everything else may stay empty. A self-referral is what somebody "
        "shared about themselves. Space marks what may be so of the harm threshold: then the program stops, and the "
        "LADO comes first. Ctrl+S records; what is unfinished is kept, sealed to the register."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_log")

    def __init__(self) -> None:
        super().__init__()
        self.adults: list[AdultRow] = []
        self._wanted = ""
        """Whom a draft is about, until the list of adults is read."""

    def content(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            yield PlainText(NEUTRAL, id="neutral")
            kinds = [(kind.label, kind.value) for kind in KINDS]
            yield Field("It is", ChoiceField(kinds, value=KINDS[0].value, blank=False, id="entry_kind"))
            yield Field("About", ChoiceField([("Somebody new to the register", NEW)], prompt="Choose", id="adult"))
            yield Field("Name", Input(max_length=LINE_LIMIT, id="name"), id="new-name")
            yield Field("Their role", Input(max_length=LINE_LIMIT, id="role"), id="new-role")
            yield Field("Works as", ChoiceField(WorksAs.choices(), id="works_as"), id="new-works")
            yield Field("What happened", NoteArea(compact=True, tab_behavior="focus", id="text"))
            yield Field("Context", NoteArea(compact=True, tab_behavior="focus", id="context"))
            yield Field("When", WhenField(id="when"))
            yield Field("Where", Input(max_length=LINE_LIMIT, id="place"))
            yield Field("Activity", Input(max_length=LINE_LIMIT, id="activity"))
            yield Field("Done at once", NoteArea(compact=True, tab_behavior="focus", id="action"))
            yield Field("Shared by", Input(max_length=LINE_LIMIT, id="shared_by"), id="shared-by")
            yield Field("Their role", Input(max_length=LINE_LIMIT, id="shared_role"), id="shared-role")
            yield Field("Asks to stay anonymous", ChoiceField(YesNo.choices(), id="anonymous"), id="shared-anonymous")
            yield PlainText("May any of these be so? Space marks it; then the LADO comes first.", classes="section")
            yield MarkList(Harm.choices(), id="harms")
        yield StateLine("Ctrl+S records it.", id="said")

    @property
    def draft_store(self) -> OpenCompartment:
        """The draft is sealed to the register, never to the children's record."""
        return self.register

    @property
    def again(self) -> str:
        return "It is put back when you open this again."

    def draft_name(self) -> str:
        return DRAFT

    def refresh_record(self) -> None:
        """Read who stands in the register."""
        from storage.views.register import adults

        if self.console.register is not None:
            self.fetch(adults, self.register, then=self._know)

    def _know(self, adults: list[AdultRow]) -> None:
        if adults == self.adults and self.adults:
            return
        self.adults = adults
        choice = self.query_one("#adult", ChoiceField)
        chosen = choice.code
        listed = [(visible(each.named), each.id) for each in adults]
        choice.set_options([("Somebody new to the register", NEW), *listed])
        self._choose(chosen or self._wanted or (NEW if not adults else ""))

    def _choose(self, adult: str) -> None:
        known = {NEW, *(each.id for each in self.adults)}
        self._wanted = "" if adult in known else adult
        self.query_one("#adult", ChoiceField).code = adult if adult in known else ""
        self._shown()

    @on(Select.Changed, "#adult")
    @on(Select.Changed, "#entry_kind")
    def _shown(self) -> None:
        new = self.query_one("#adult", ChoiceField).code == NEW
        for name in ("name", "role", "works"):
            self.query_one(f"#new-{name}").display = new
        own = self.query_one("#entry_kind", ChoiceField).code == AdultEntryKind.SELF_REFERRAL
        for name in ("by", "role", "anonymous"):
            self.query_one(f"#shared-{name}").display = not own

    # -- the draft -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin with whom it is about."""
        self._shown()
        self.query_one("#adult").focus()

    def draft_fields(self) -> dict[str, Any]:
        """Return what is written, by field."""
        found: dict[str, Any] = {name: self.query_one(f"#{name}", Input).value for name in LINES}
        found |= {name: self.query_one(f"#{name}", TextArea).text for name in NOTES}
        found["when"] = self.query_one("#when", WhenField).text
        found = {name: value for name, value in found.items() if value.strip()}
        harms = self.query_one("#harms", MarkList).codes
        if not found and not harms:
            return {}
        choices = {name: self.query_one(f"#{name}", ChoiceField).code for name in CHOICES}
        choices["adult"] = choices["adult"] or self._wanted
        return found | {"harms": list(harms)} | {name: code for name, code in choices.items() if code}

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft."""
        for name in LINES:
            self.query_one(f"#{name}", Input).value = str(fields.get(name, ""))
        for name in NOTES:
            self.query_one(f"#{name}", TextArea).load_text(str(fields.get(name, "")))
        self.query_one("#when", WhenField).text = str(fields.get("when", ""))
        for name, vocabulary in (("works_as", WorksAs), ("anonymous", YesNo)):
            if fields.get(name) in set(vocabulary):
                self.query_one(f"#{name}", ChoiceField).code = str(fields[name])
        if fields.get("entry_kind") in set(KINDS):
            self.query_one("#entry_kind", ChoiceField).code = str(fields["entry_kind"])
        self.query_one("#harms", MarkList).mark(str(each) for each in fields.get("harms", []))
        self._choose(str(fields.get("adult", "")))
        self.query_one("#text").focus()

    # -- recording -----------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if action_id == "adult_log.record" and not self.ready:
            return "The form is still being read."
        return ""

    def act_record(self) -> None:
        """Record it, once somebody is named and something is written."""
        adult = self.query_one("#adult", ChoiceField).code
        if not adult:
            self._ask("About whom is it? Choose, or say that they are new to the register.", "#adult")
        elif adult == NEW and not self.query_one("#name", Input).value.strip():
            self._ask("What is their name?", "#name")
        elif not self.query_one("#text", TextArea).text.strip():
            self._ask("What happened? It is not recorded yet.", "#text")
        else:
            self.record(self._record, adult, self.draft_fields(), then=self._recorded, failed=self._refused)

    def _ask(self, words: str, place: str) -> None:
        self.say(words, "warn")
        self.query_one(place).focus()

    def _record(self, adult: str, written: dict[str, Any]) -> Kept:
        from storage.desk.register import log_concern

        same = ("text", "context", "action", "when", "place", "activity", "shared_by", "shared_role", "entry_kind")
        fields = {name: written[name] for name in same if name in written}
        fields |= {"met": written["harms"], "asks_anonymous": written.get("anonymous") == YesNo.YES}
        new = None
        if adult == NEW:
            new = {name: str(written.get(name, "")) for name in ("name", "role", "works_as")}
        kept = log_concern(self.register, fields, adult_id="" if new else adult, new_adult=new)
        self.keeper.drop()
        return kept

    def _recorded(self, kept: Kept) -> None:
        self.finish()
        if kept.state is EntryState.STOP:
            stopped(self, kept)
        else:
            self.console.say("Recorded in the adults' register. Nobody else has been told.", title="Recorded")

    def _refused(self, error: Any) -> None:
        self.say(f"{error.message} {error.hint}".strip(), "bad")


def stopped(screen: RegisterScreen, kept: Kept) -> None:
    """Show the LADO stop; who has rung goes on to record the call on the entry."""
    console, register = screen.console, screen.register
    console.open("adult_entry", entry_id=kept.entry)

    def answered(rung: bool | None) -> None:
        if rung and getattr(console.screen, "NAME", "") == "adult_entry":
            console.do("adult_entry.lado")

    # From the app: the form that asks has left, and an answer would wait for it in vain.
    console.call_later(console.push_screen, StopDialog(register), answered)
