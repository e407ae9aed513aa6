"""A sealed report about an adult, triaged within the register (R-39)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.adults import EntryState
from practice.day_words import told_words
from practice.errors import ConsoleError
from screens.actions import bindings
from screens.adult_log import stopped
from screens.adults_dialogs import AcceptDialog, AnswerReporterDialog
from screens.adults_frame import RegisterScreen, labelled
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.text import PlainText, StateLine, plain

if TYPE_CHECKING:
    from storage.desk.register import Kept
    from storage.register import Register
    from storage.views.register import AdultReportRow, AdultRow


def found_in(register: Register, report_id: str) -> tuple[AdultReportRow, list[AdultRow]]:
    """Read the report, and whom of the register it may be about. Blocks."""
    from storage.views.register import adults, report

    return report(register, report_id), adults(register)


def content_of(report: AdultReportRow) -> Content:
    """Return the report whole, in its writer's words."""
    by = f"{report.reporter}, {report.reporter_role}" if report.reporter_role else report.reporter
    by = "somebody who asks to stay anonymous" if report.asks_anonymous else by
    written = f"{report.written_at.astimezone():%d %b %Y %H:%M} by the clock of its writer"
    lines = [plain(f"Left by {by}, {written}", "$text-muted")]
    if report.self_referral:
        lines.append(plain("It is about its writer: a self-referral.", "$text-muted"))
    lines += labelled(
        (
            ("What happened", report.text),
            ("Context", report.context),
            ("Where", report.place),
            ("When, as written", report.happened),
            ("Closed, because", report.reason),
        )
    )
    for answer in report.answers:
        lines += labelled(((told_words(answer["by"], answer["at"], answer["recorded_at"]), answer["what"]),))
    return Content("\n").join(lines)


class AdultReportScreen(RegisterScreen):
    """The report, and what becomes of it."""

    NAME = "adult_report"
    HEADING = "Adults' register: a report"
    HELP = (
        "What somebody left, sealed to the register alone. Ctrl+S takes it in: you say about whom it is, nobody is "
        "chosen for you. Ctrl+R closes it with a reason. Ctrl+T records who told its writer what was done."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_report")

    def __init__(self, report_id: str) -> None:
        super().__init__()
        self.report_id = report_id
        self.found: AdultReportRow | None = None
        self.adults: list[AdultRow] = []

    def content(self) -> ComposeResult:
        yield PlainText("", id="about", classes="section")
        yield StateLine("", id="said")
        with VerticalScroll(classes="whole", id="text"):
            yield Static("", id="report-text")

    def on_mount(self) -> None:
        self.query_one("#text").focus()
        self.read("reports", self.report_id)

    def refresh_record(self) -> None:
        """Read the report."""
        if self.console.register is not None:
            self.fetch(found_in, self.register, self.report_id, then=self._show, failed=self._gone)

    def _gone(self, error: ConsoleError) -> None:
        self.console.report(error)
        self.leave()

    def _show(self, found: tuple[AdultReportRow, list[AdultRow]]) -> None:
        self.found, self.adults = found
        report = self.found
        role = f", {report.adult_role}" if report.adult_role else ""
        self.query_one("#about", PlainText).show(f"About «{report.adult_as_written}»{role}")
        told = "" if report.answers else " Its writer has still to be told (Ctrl+T)."
        words = {
            "waiting": "Waiting for you: the name is only as it was written.",
            "accepted": f"It stands in the register.{told}",
            "closed": f"Closed.{told}",
        }[report.state]
        self.query_one("#said", StateLine).say(words, "warn" if report.state == "waiting" else "")
        self.query_one("#report-text", Static).update(content_of(report))
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if not action_id.startswith("adult_report."):
            return ""
        if self.found is None or self.console.register is None:
            return "The report is still being read."
        if action_id in {"adult_report.accept", "adult_report.close"} and self.found.state != "waiting":
            return "It was dealt with already."
        return ""

    def act_accept(self) -> None:
        """Take it in."""
        if self.found is not None:
            self.app.push_screen(AcceptDialog(self.register, self.found, self.adults), self._accepted)

    def _accepted(self, kept: Kept | None) -> None:
        if kept is None:
            return
        self.refresh_record()
        if kept.state is EntryState.STOP:
            stopped(self, kept)
        else:
            self.console.say("It stands in the register, still to be decided.", title="Taken in")

    def act_close(self) -> None:
        """Close it, with the reason."""
        sentence = "It goes into no entry and stays readable. The reason is kept with it."
        self.app.push_screen(ReasonDialog("Close this report", sentence, verb="Close it"), self._close)

    def _close(self, reason: str | None) -> None:
        from storage.desk.adult_reports import close

        if reason:
            self.run(close, self.register, self.report_id, reason, then=lambda _act: self.refresh_record())

    def act_answer(self) -> None:
        """Record who told its writer what was done."""
        dialog = AnswerReporterDialog(self.register, self.report_id)
        self.app.push_screen(dialog, lambda done: self.refresh_record() if done else None)
