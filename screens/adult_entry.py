"""One entry of the adults' register: whole, with its decisions, the LADO's calls and every version (R-41 to R-45)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.adults import CROSSED, AdultDecision, AdultEntryKind, EntryState, Harm, LadoWay, Threshold
from practice.dates import in_words
from practice.day_words import day_here, day_words, stated_day
from practice.errors import ConsoleError
from practice.vocabulary import label_of
from screens.actions import bindings
from screens.adults_dialogs import AmendDialog, LadoDialog
from screens.adults_frame import RegisterScreen, labelled, stop_words
from screens.widgets.text import MessageBar, PlainText, StateLine, plain

if TYPE_CHECKING:
    from storage.desk.register import Kept
    from storage.register import Register
    from storage.views.register import Crossing, EntryRow


@dataclass(frozen=True)
class Found:
    """An entry, and the names of those who recorded it."""

    entry: EntryRow
    people: dict[str, str]


def found_in(register: Register, entry_id: str) -> Found:
    """Read the entry. Blocks."""
    from storage.views.register import entry, people

    return Found(entry(register, entry_id), people(register))


def _step_lines(step: dict[str, Any], by: str) -> list[Content]:
    at = day_here(step["at"])
    if step["what"] == "decided":
        said = [
            label_of(AdultDecision, step["decision"]),
            stated_day(step["on"]) if step["on"] else "",
            step["reference"],
        ]
        head, text = f"Decided by {by}, {at}", step["reason"]
        said.append(f"harm threshold: {label_of(Threshold, step['threshold']).lower()}" if step["threshold"] else "")
    else:
        said = [label_of(LadoWay, step["way"]), step["spoke_to"], step["when"], step["reference"]]
        head, text = f"LADO, recorded by {by}, {at}", step["advice"]
    words = " · ".join(part for part in said if part)
    return [Content(""), plain(f"{head}: {words}", "bold $text-primary"), plain(text)]


def _crossing_lines(crossing: Crossing, by: str, *, own: bool) -> list[Content]:
    """Return the decision that opened an allegation, for that allegation or for the concern that it came from."""
    at = day_words(crossing.at.astimezone().date())
    head = f"Decided by {by}, {at}: {CROSSED}" + (", and an allegation opened" if own else "")
    rationale = [plain(crossing.rationale)] if crossing.rationale else []
    return [Content(""), plain(head, "bold $text-primary"), *rationale]


def content_of(found: Found, shared: str) -> Content:
    """Return the entry whole."""
    entry, people = found.entry, found.people
    lines = [
        plain(in_words(entry.occurred)),
        plain(f"Shared by: {shared}", "$text-muted"),
        plain(
            f"Recorded by {people.get(entry.recorded_by, '')}, {entry.recorded_at.astimezone():%d %b %Y %H:%M}",
            "$text-muted",
        ),
    ]
    lines += labelled(
        (
            ("What happened", entry.text),
            ("Context", entry.context),
            ("Where", entry.place),
            ("Activity", entry.activity),
            ("Done at once", entry.action),
            ("May be so", "\n".join(label_of(Harm, each) for each in entry.met)),
        )
    )
    for crossing in (entry.opening, entry.crossing):
        if crossing:
            lines += _crossing_lines(crossing, people.get(crossing.by, ""), own=crossing is entry.crossing)
    for step in entry.steps:
        lines += _step_lines(step, people.get(step["by"], ""))
    for number, version in enumerate(entry.versions[:-1]):
        after = entry.versions[number + 1]
        why = f"Amended by {people.get(after['by'], '')}, {day_here(after['at'])}: {after['reason']}"
        lines += [
            Content(""),
            plain(why, "$text-muted"),
            plain("It read before:", "$text-muted"),
            plain(version["text"]),
        ]
    return Content("\n").join(lines)


class AdultEntryScreen(RegisterScreen):
    """The entry, and what can be done about it."""

    NAME = "adult_entry"
    HEADING = "Adults' register: an entry"
    HELP = (
        "The entry whole. d decides with the rationale, l records a call to the LADO, e amends the words: what stood "
        "before stays readable. r shows the name of somebody who asked to stay anonymous, and that is recorded. Where "
        "the harm threshold may be met, nothing is decided before the call to the LADO."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_entry")

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self.entry_id = entry_id
        self.found: Found | None = None
        self.revealed = False

    @property
    def heading(self) -> str:
        """Say whom it is about."""
        return f"Adults' register: {self.found.entry.adult.name}" if self.found else self.HEADING

    def content(self) -> ComposeResult:
        yield MessageBar(id="stop")
        yield PlainText("", id="about", classes="section")
        yield StateLine("", id="said")
        with VerticalScroll(classes="whole", id="text"):
            yield Static("", id="entry-text")

    def on_mount(self) -> None:
        self.query_one("#text").focus()
        self.read("entry", self.entry_id)

    def refresh_record(self) -> None:
        """Read the entry."""
        if self.console.register is not None:
            self.fetch(found_in, self.register, self.entry_id, then=self._show, failed=self._gone)

    def _gone(self, error: ConsoleError) -> None:
        self.console.report(error)
        self.leave()

    def _show(self, found: Found) -> None:
        from storage.views.register import shared_by

        self.found = found
        entry = found.entry
        self.query_one("#about", PlainText).show(
            f"{label_of(AdultEntryKind, entry.entry_kind)} about {entry.adult.named}"
        )
        stop = entry.state is EntryState.STOP
        self.query_one("#stop", MessageBar).say(f"STOP. {stop_words(self.register)}" if stop else "")
        self.query_one("#said", StateLine).say(*self._state(entry))
        self.query_one("#entry-text", Static).update(content_of(found, shared_by(entry, reveal=self.revealed)))
        self.refresh_chrome()
        self.refresh_bindings()

    def _state(self, entry: EntryRow) -> tuple[str, str]:
        if entry.state is EntryState.STOP:
            return "Nothing is decided before the LADO was contacted. l records the call.", "warn"
        if entry.became:
            return "It became an allegation: o opens it. What is decided, is decided there.", ""
        linked = " It was opened from an earlier concern: o opens that." if entry.opened_from else ""
        if entry.decision is None:
            return f"It is still to be decided. d decides.{linked}", "warn"
        return f"Decided: {label_of(AdultDecision, entry.decision['decision'])}.{linked}", "good"

    def why_not(self, action_id: str) -> str:
        if not action_id.startswith("adult_entry."):
            return ""
        if self.found is None or self.console.register is None:
            return "The entry is still being read."
        return self._why_not_now(action_id.partition(".")[2], self.found.entry)

    def _why_not_now(self, verb: str, entry: EntryRow) -> str:
        if verb == "decide" and entry.state is EntryState.STOP:
            return "Stop: the LADO first. l records the call."
        if verb in {"decide", "lado"} and entry.became:
            return "It became an allegation: o opens it."
        if verb == "linked" and not (entry.became or entry.opened_from):
            return "No other entry is linked to it."
        if verb == "reporter" and not entry.asks_anonymous:
            return "Nobody asked to stay anonymous here."
        return ""

    def act_decide(self) -> None:
        """Decide, with the rationale."""
        self.console.open("adult_decide", entry_id=self.entry_id)

    def act_lado(self) -> None:
        """Record a call to the LADO."""
        self.app.push_screen(LadoDialog(self.register, self.entry_id), self._called)

    def _called(self, kept: Kept | None) -> None:
        if kept is not None:
            self.console.say("The call is recorded. Decide as was advised: d.", title="LADO")
            self.refresh_record()

    def act_amend(self) -> None:
        """Amend the words."""
        if self.found is not None:
            dialog = AmendDialog(self.register, self.found.entry)
            self.app.push_screen(dialog, lambda done: self.refresh_record() if done else None)

    def act_reporter(self) -> None:
        """Show who shared it although they asked to stay anonymous; that is recorded."""
        self.revealed = True
        self.read("reporter", self.entry_id)
        self.refresh_record()

    def act_linked(self) -> None:
        """Open the entry that this one became, or was opened from."""
        if self.found is not None:
            self.console.open("adult_entry", entry_id=self.found.entry.became or self.found.entry.opened_from)
