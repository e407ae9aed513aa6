"""Decide on an entry of the adults' register: the threshold's questions first, then decision and rationale (R-43)."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, TextArea

from practice.adults import AdultDecision, EntryState, Harm, Threshold
from practice.text import LINE_LIMIT
from practice.vocabulary import label_of
from screens.actions import bindings
from screens.adult_log import stopped
from screens.adults_frame import RegisterScreen
from screens.drafting import DraftScreen
from screens.widgets.area import NoteArea
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.mark_list import MarkList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.desk.register import Kept
    from storage.views.register import EntryRow


class AdultDecideScreen(DraftScreen, RegisterScreen):
    """The harm threshold, the decision, its rationale; date and reference of a referral."""

    NAME = "adult_decide"
    HEADING = "Adults' register: decide"
    HELP = (
        "First whether the harm threshold may be met: Space marks what may be so. If it may be, nothing is decided "
        "here; an allegation is opened that keeps the link, and the LADO comes first. Otherwise choose the decision "
        "and write why; the rationale is never blank. A later decision stands in front of this one."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_decide")

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self.entry_id = entry_id
        self.entry: EntryRow | None = None

    def content(self) -> ComposeResult:
        yield PlainText("", id="about", classes="section")
        with VerticalScroll(id="form", can_focus=False):
            yield PlainText("May any of these be so? Space marks it.", classes="section")
            yield MarkList(Harm.choices(), id="harms")
            choices = Threshold.choices()
            yield Field("Harm threshold", ChoiceField(choices, prompt="Say whether it may be met", id="threshold"))
            yield Field("Decision", ChoiceField(AdultDecision.choices(), prompt="Choose", id="decision"))
            yield Field("Rationale", NoteArea(compact=True, tab_behavior="focus", id="reason"))
            none = "no day; only a referral to the LADO has one"
            yield Field("Referred on", WhenField(id="on", empty=none, hint="today · yesterday · Fri 20 Nov"))
            yield Field("LADO reference", Input(max_length=LINE_LIMIT, id="reference"))
        yield StateLine("Ctrl+S records. The threshold, a decision and its rationale are needed.", id="said")

    @property
    def draft_store(self) -> OpenCompartment:
        """The draft is sealed to the register, never to the children's record."""
        return self.register

    @property
    def again(self) -> str:
        return "It is put back when you open this again."

    def draft_name(self) -> str:
        """Name the draft so that the file's name says nothing of the entry."""
        return f"register-{hashlib.sha256(self.entry_id.encode()).hexdigest()[:16]}"

    def refresh_record(self) -> None:
        """Read the entry that is decided."""
        from storage.views.register import entry

        if self.console.register is not None:
            self.fetch(entry, self.register, self.entry_id, then=self._show)

    def _show(self, entry: EntryRow) -> None:
        self.entry = entry
        self.query_one("#about", PlainText).show(f"About {entry.adult.named}: {' '.join(entry.text.split())[:200]}")
        self.refresh_bindings()

    def begin(self) -> None:
        """Begin with the threshold."""
        self.query_one("#harms").focus()

    def draft_fields(self) -> dict[str, Any]:
        """Return what is written, by field."""
        found: dict[str, Any] = {"reason": self.query_one("#reason", TextArea).text}
        found["reference"] = self.query_one("#reference", Input).value
        found["on"] = self.query_one("#on", WhenField).text
        found |= {name: self.query_one(f"#{name}", ChoiceField).code for name in ("threshold", "decision")}
        found = {name: value for name, value in found.items() if value.strip()}
        harms = self.query_one("#harms", MarkList).codes
        return found | ({"harms": list(harms)} if harms else {})

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft."""
        self.query_one("#reason", TextArea).load_text(str(fields.get("reason", "")))
        self.query_one("#reference", Input).value = str(fields.get("reference", ""))
        self.query_one("#on", WhenField).text = str(fields.get("on", ""))
        for name, vocabulary in (("threshold", Threshold), ("decision", AdultDecision)):
            if fields.get(name) in set(vocabulary):
                self.query_one(f"#{name}", ChoiceField).code = str(fields[name])
        self.query_one("#harms", MarkList).mark(str(each) for each in fields.get("harms", []))
        self.query_one("#reason").focus()

    def why_not(self, action_id: str) -> str:
        if action_id == "adult_decide.record" and (self.entry is None or not self.ready):
            return "The entry is still being read."
        return ""

    def act_record(self) -> None:
        """Record the decision, or the stop."""
        fields = self.draft_fields()
        day = self._referred() if "on" in fields else None
        met = fields.get("harms", [])
        if not met and "threshold" not in fields:
            self._ask("Say first whether the harm threshold may be met.", "#threshold")
        elif "decision" not in fields and not met and fields["threshold"] == Threshold.NOT_MET:
            self._ask("What is decided? Choose one from the list.", "#decision")
        elif "reason" not in fields:
            self._ask("Write the rationale: it is never blank.", "#reason")
        elif "on" in fields and day is None:
            self._ask("On which day was it referred? Write one day: 20 November 2026. Or leave it blank.", "#on Input")
        else:
            self.record(self._decide, fields, day, then=self._decided, failed=self._refused)

    def _referred(self) -> date | None:
        occurred = self.query_one("#on", WhenField).occurred
        if occurred.start is None or occurred.start[:10] != (occurred.end or occurred.start)[:10]:
            return None
        return date.fromisoformat(occurred.start[:10])

    def _ask(self, words: str, place: str) -> None:
        self.say(words, "warn")
        self.query_one(place).focus()

    def _decide(self, fields: dict[str, Any], day: Any) -> Kept:
        from storage.desk.register import decide

        kept = decide(
            self.register,
            self.entry_id,
            fields.get("decision", str(AdultDecision.LADO_CONSULTED)),
            fields["reason"],
            threshold=fields.get("threshold", ""),
            met=fields.get("harms", []),
            on=day,
            reference=fields.get("reference", ""),
        )
        self.keeper.drop()
        return kept

    def _decided(self, kept: Kept) -> None:
        code = self.query_one("#decision", ChoiceField).code
        self.finish()
        if kept.state is EntryState.STOP:
            stopped(self, kept)
        else:
            self.console.say(f"Decided: {label_of(AdultDecision, code)}.")

    def _refused(self, error: Any) -> None:
        self.say(f"{error.message} {error.hint}".strip(), "bad")
