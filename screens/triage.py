"""One sealed report: read it whole, match it to a child by hand, close it, and say who told its writer (R-39, R-17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from practice.day_words import told_words
from practice.text import visible
from practice.vocabulary import HowKnown
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker, one_line
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.kept_form import KeptForm
from screens.widgets.text import PlainText, StateLine, plain

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.reports import ReportRow


@dataclass(frozen=True)
class Opened:
    """A report, the children whose names are like the written one, and the child in whose record it stands."""

    report: ReportRow
    candidates: list[ChildRow]
    child: str


def opened(vault: Vault, report_id: str) -> Opened:
    """Read a report and what is offered beside it. Blocks."""
    from storage.desk import triage
    from storage.views import children, reports

    report = reports.report(vault, report_id)
    child = children.get(vault, report.child_id).name if report.child_id else ""
    return Opened(report, triage.candidates(vault, report), child)


def report_content(report: ReportRow) -> Content:
    """Return the report as its writer left it, under plain headings."""
    from practice.dates import day_words, time_words

    written = report.written_at.astimezone()
    arrived = report.arrived_at.astimezone()
    told = "They told the DSL in person." if report.told_dsl else "They had not told the DSL in person."
    lines = [plain(f"Child, as written: {report.child_as_written}")]
    lines.append(plain(f"When: {report.happened or 'not said, so when it was written'}"))
    for label, text in (("What happened", report.text), ("The child's own words", report.childs_words)):
        if text.strip():
            lines += [Content(""), plain(label, "$text-muted"), plain(text)]
    lines.append(Content(""))
    if report.form == "report":
        lines.append(plain(told, "" if report.told_dsl else "$text-warning"))
    by_clock = f"Written {day_words(written.date())}, {time_words(written)}, by the clock of its writer"
    lines.append(plain(by_clock, "$text-muted"))
    lines.append(plain(f"Taken in {day_words(arrived.date())}, {time_words(arrived)}", "$text-muted"))
    if report.reason:
        lines += [Content(""), plain("Closed, because", "$text-muted"), plain(report.reason)]
    for answer in report.answers:
        told = told_words(answer.by, answer.at, answer.recorded_at)
        lines += [Content(""), plain(told, "$text-muted"), plain(answer.what)]
    return Content("\n").join(lines)


class AnswerDialog(KeptForm[bool]):
    """Asks who told the reporter, what, and when."""

    VERB = "Record"
    KEPT = ("by", "what", "at")

    def __init__(self, vault: Vault, report: ReportRow) -> None:
        super().__init__("Who told the reporter?", f"{report.reporter} left this. What were they told, and by whom?")
        self.vault, self.report = vault, report

    @property
    def kept_in(self) -> OpenCompartment:
        return self.vault

    @property
    def kept_as(self) -> str:
        return f"answer-{self.report.id}"

    def fields(self) -> ComposeResult:
        """Yield by whom, what and when."""
        yield Field("Told by", Input(visible(self.vault.person.name), max_length=400, id="by"))
        yield Field("What", AnswerField(placeholder="Only what they need to know", id="what"))
        yield Field("When", Input(placeholder="May stay empty", max_length=200, id="at"))

    def on_mount(self) -> None:
        self.query_one("#what").focus()

    def confirm(self) -> None:
        """Record it, once both are there."""
        from storage.desk import triage

        by, what = self.query_one("#by", Input), self.query_one("#what", AnswerField)
        if not by.value.strip():
            self.ask("Who told them?", by)
        elif not what.text.strip():
            self.ask("What were they told?", what)
        else:
            self.busy("Recording…")
            at = self.query_one("#at", Input).value
            said = (self.report.id, by.value, what.text, at)
            self.run(triage.answered, self.vault, *said, then=lambda _act: self.finish(True), failed=self.failed)


class TriageScreen(ConsoleScreen):
    """The report whole, and beside it the children whom it may be about; none is chosen."""

    NAME = "triage"
    HEADING = "A sealed report"
    HELP = (
        "What somebody left without a passphrase, in their own words. The name is as they wrote it: you choose the "
        "child, from names like it or by typing. Ctrl+S puts it in that record, Ctrl+R closes it with a reason, Ctrl+T "
        "records who told its writer what was done. Until you decide, it stands in no record."
    )
    CSS_PATH = "triage.tcss"
    BINDINGS = bindings("triage")

    def __init__(self, report_id: str) -> None:
        super().__init__()
        self.report_id = report_id
        self.found: Opened | None = None
        self._offered: list[ChildRow] = []

    def body(self) -> ComposeResult:
        yield PlainText("", id="sender")
        yield StateLine("", id="state")
        with Horizontal(id="sides"):
            with VerticalScroll(id="text"):
                yield Static("", id="report-text")
            with VerticalScroll(id="match", can_focus=False):
                yield PlainText("Who is it about? Names like it on the roll:", classes="side-title", id="like")
                yield OptionList(id="candidates", compact=True)
                with Vertical(id="choose"):
                    yield PlainText("The child, as you decide", classes="side-title")
                    yield ChildPicker(id="child")
                    yield PlainText("How is it known? (may stay open)", classes="side-title")
                    yield ChoiceField(HowKnown.choices(), id="how_known")

    def on_mount(self) -> None:
        self.query_one("#text").focus()

    def refresh_record(self) -> None:
        """Read the report and its candidates."""
        self.fetch(opened, self.vault, self.report_id, then=self._show)

    def _show(self, found: Opened) -> None:
        first = self.found is None
        self.found = found
        report = found.report
        role = f", {report.reporter_role}" if report.reporter_role else ""
        kind = "Note" if report.form == "note" else "Report"
        self.query_one("#sender", PlainText).show(f"{kind} from {report.reporter}{role}")
        self.query_one("#state", StateLine).say(*self._state_words(found))
        self.query_one("#report-text", Static).update(report_content(report))
        waiting = report.state == "waiting"
        self.query_one("#match").display = waiting
        listed = self.query_one("#candidates", OptionList)
        if waiting and (first or self._offered != found.candidates):
            self._offered = found.candidates
            listed.display = bool(found.candidates)
            self.call_after_refresh(self._offer)
            words = "Who is it about? Names like it on the roll:" if found.candidates else "Who is it about?"
            self.query_one("#like", PlainText).show(words)
        self.refresh_bindings()

    def on_resize(self) -> None:
        self.call_after_refresh(self._offer)

    def _offer(self) -> None:
        """List the names that are like the written one, as wide as they now may be; none is chosen."""
        listed = self.query_one("#candidates", OptionList)
        chosen, width = listed.highlighted, max(self.query_one("#match").scrollable_content_region.width - 2, 40)
        listed.clear_options()
        listed.add_options([Option(one_line(child, width).without_spans) for child in self._offered])
        listed.highlighted = chosen

    def _state_words(self, found: Opened) -> tuple[str, str]:
        report = found.report
        told = "" if report.answers or report.form == "note" else f" {report.reporter} has still to be told (Ctrl+T)."
        if report.state == "accepted":
            return f"It stands in {found.child}'s record.{told}", "" if told else "good"
        if report.state == "closed":
            return f"Closed without a record.{told}", ""
        return "Waiting for you. It stands in no record yet, and the name is only as it was written.", "warn"

    # -- deciding ------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "The report is still being read."
        state = self.found.report.state
        if action_id in {"triage.accept", "triage.close"} and state != "waiting":
            return "It was dealt with already."
        if action_id == "triage.child" and state != "accepted":
            return "It stands in no child's record."
        return ""

    @on(OptionList.OptionSelected, "#candidates")
    def _offered_chosen(self, event: OptionList.OptionSelected) -> None:
        self.query_one("#child", ChildPicker).choose(self._offered[event.option_index])
        self.query_one("#how_known").focus()

    def act_accept(self) -> None:
        """Put the report in the chosen child's record, after asking once more."""
        picker = self.query_one("#child", ChildPicker)
        found = self.found
        if found is None:
            return
        if picker.child is None and not picker.provisional:
            self.console.say("Choose the child first: nobody is chosen for you.", title="Accept")
            picker.query_one(Input).focus()
            return
        name = picker.child.told_apart if picker.child else f"{picker.provisional}, who is not on the roll"
        report = found.report
        consequence = (
            f"{report.reporter} wrote about «{report.child_as_written}». Their words go into the record of {name}, "
            "with their name as the source."
        )
        dialog = ConfirmDialog("Put this in the record?", consequence, verb="Put it in the record")
        self.app.push_screen(dialog, self._accept)

    def _accept(self, sure: bool | None) -> None:
        from storage.desk import triage

        if not sure:
            return
        picker = self.query_one("#child", ChildPicker)
        child = picker.child.id if picker.child else ""
        how = self.query_one("#how_known", ChoiceField).code
        self.run(
            triage.accept,
            self.vault,
            self.report_id,
            child,
            how_known=how,
            new_child=picker.provisional,
            then=lambda _entry: self._accepted(),
        )

    def _accepted(self) -> None:
        self.console.say("It stands in the record, and on Today until it has a decision.", title="Accepted")
        self.query_one("#text").focus()
        self.refresh_record()

    def act_close(self) -> None:
        """Close the report, with the reason."""

        def answered(reason: str | None) -> None:
            from storage.desk import triage

            if reason:
                self.run(triage.close, self.vault, self.report_id, reason, then=lambda _act: self.refresh_record())

        sentence = "It goes into no child's record and stays readable. The reason is kept with it."
        self.app.push_screen(ReasonDialog("Close this report", sentence, verb="Close it"), answered)

    def act_answer(self) -> None:
        """Record who told the reporter what was done."""
        if self.found is not None:
            self.app.push_screen(AnswerDialog(self.vault, self.found.report), lambda _done: self.refresh_record())

    def act_child(self) -> None:
        """Open the record of the child."""
        if self.found is not None and self.found.report.child_id:
            self.console.open("child", child_id=self.found.report.child_id, entry_id=self.report_id)
