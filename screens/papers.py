"""Reports about many children: holiday, supervision, governors, inspection; shown, filled in and printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input

from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.page_out import PageDialog
from screens.share_propose import ProposeDialog
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.documents.pages import Page, PageMade
    from storage.vault import Vault

PAPERS = {
    "before": "Before the holiday",
    "after": "After the holiday",
    "supervision": "Supervision and handover",
    "governors": "Governors' report, without names",
    "inspection": "Inspection pack, with names",
}


def made(vault: Vault, name: str, reader: str = "", purpose: str = "") -> Page:
    """Return one of the papers; the inspection pack is recorded as it is made."""
    from storage.papers import governors, holiday, inspection, supervision

    if name == "inspection":
        return inspection.page(vault, reader, purpose)
    pages = {
        "before": holiday.before_page,
        "after": holiday.after_page,
        "supervision": supervision.page,
        "governors": governors.page,
    }
    return pages[name](vault)


class PapersScreen(ConsoleScreen):
    """One paper at a time, as its lines."""

    NAME = "papers"
    HEADING = "Reports"
    HELP = (
        "1 to 5 choose a report: before the holiday, after it, supervision and handover, the governors' report without "
        "names, the inspection pack. p writes the one that is shown to a file. e plans a child's holiday, s proposes "
        "the plan to a partner, n notes a supervision, x writes reviews and deadlines as a calendar file without names."
    )
    CSS_PATH = "papers.tcss"
    BINDINGS = bindings("papers")

    def __init__(self, paper: str = "before") -> None:
        super().__init__()
        self.paper = paper
        self.page: Page | None = None

    @property
    def heading(self) -> str:
        """Say which one is shown."""
        return PAPERS[self.paper]

    def body(self) -> ComposeResult:
        yield MessageBar(id="done")
        with VerticalScroll(id="page"):
            yield PlainText("", id="lines")

    def on_mount(self) -> None:
        self.query_one("#page").focus()

    def refresh_record(self) -> None:
        """Make the paper again; the inspection pack stays as it was made, since making it is recorded."""
        if self.paper != "inspection":
            self.fetch(made, self.vault, self.paper, then=self._show)

    def _show(self, page: Page) -> None:
        self.page = page
        self._draw()
        self.refresh_bindings()
        self.refresh_chrome()

    def _draw(self) -> None:
        from storage.papers.text import page_text

        if self.page is not None:
            width = self.query_one("#page").content_size.width - 2
            self.query_one("#lines", PlainText).show(page_text(self.page, width))

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _choose(self, paper: str) -> None:
        self.paper, self.page = paper, None
        self.query_one("#done", MessageBar).say("")
        self.query_one("#page").scroll_home(animate=False)
        self.refresh_record()

    def why_not(self, action_id: str) -> str:
        if action_id == "papers.print" and self.page is None:
            return "No report is shown yet."
        return ""

    # -- what can be done ----------------------------------------------------------------------------------------------

    def act_before(self) -> None:
        """Show who is of concern before the holiday."""
        self._choose("before")

    def act_after(self) -> None:
        """Show who must be seen first after the holiday."""
        self._choose("after")

    def act_supervision(self) -> None:
        """Show what is open, due and at risk."""
        self._choose("supervision")

    def act_governors(self) -> None:
        """Show the governors' report."""
        self._choose("governors")

    def act_inspection(self) -> None:
        """Ask who reads the inspection pack and for what, then show it."""
        self.console.push_screen(PackDialog(), self._packed)

    def _packed(self, page: Page | None) -> None:
        if page is not None:
            self.paper = "inspection"
            self.query_one("#done", MessageBar).say("That it was made, for whom and why, is in the record.", "good")
            self._show(page)

    def act_print(self) -> None:
        """Write the paper that is shown to a file."""
        page = self.page
        if page is None:
            return

        def write(vault: Vault, path: Path) -> PageMade:
            from storage.documents.pages import write_page

            return write_page(vault, page, path)

        self.console.push_screen(PageDialog(f"Write: {PAPERS[self.paper]}", write, self.paper), self._written)

    def act_calendar(self) -> None:
        """Write reviews and deadlines as a calendar file without names."""
        from storage.documents.ics import write_calendar

        self.console.push_screen(
            PageDialog("Calendar file, without names", write_calendar, "dates", ".ics"), self._written
        )

    def _written(self, done: PageMade | None) -> None:
        if done is not None:
            words = f"Written as {done.form}; that it went out is recorded. {done.caution}".strip()
            self.query_one("#done", MessageBar).say(words, "warn" if done.caution else "good")

    def act_plan(self) -> None:
        """Plan who is in contact with a child over the holiday."""
        self.console.push_screen(PlanDialog(), self._changed)

    def act_share(self) -> None:
        """Propose a child's plan for the holiday to a partner."""
        self.console.push_screen(SharePlanDialog(), self._proposed)

    def _proposed(self, share: str | None) -> None:
        if share:
            self.query_one("#done", MessageBar).say("Proposed: it waits under Share for its approval.", "good")

    def act_note(self) -> None:
        """Note a supervision."""
        self.console.push_screen(NoteDialog(), self._changed)

    def _changed(self, act: str | None) -> None:
        if act:
            self.query_one("#done", MessageBar).say("Recorded.", "good")
            self.refresh_record()


class _PaperDialog(FormDialog[str]):
    """A form of this screen."""

    VERB = "Record"

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = cast("Console", self.app).vault
        assert vault is not None
        return vault

    def text(self, name: str) -> str:
        """Return what was typed into a field."""
        widget = self.query_one(f"#{name}")
        return (widget.value if isinstance(widget, Input) else cast("AnswerField", widget).text).strip()


class PlanDialog(_PaperDialog):
    """Asks who is in contact with a child over the next holiday."""

    def __init__(self) -> None:
        super().__init__("A child over the holiday", "Who is in contact and when, and what partners were told.")

    def fields(self) -> ComposeResult:
        yield Field("Child", ChildPicker(provisional=False, id="child"))
        yield Field("In contact", Input(placeholder="name, role", max_length=200, id="by"))
        yield Field("When", Input(placeholder="Tuesdays, by telephone", max_length=200, id="when"))
        yield Field("Partners told", AnswerField(id="told"))
        yield Field("Note", AnswerField(id="note"))

    def on_mount(self) -> None:
        self.query_one("#child Input").focus()

    def confirm(self) -> None:
        from storage.papers.holiday import plan

        child = self.query_one(ChildPicker).child
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
        elif not self.text("by"):
            self.ask("Who is in contact with the child?", "#by")
        else:
            self.busy("One moment.")
            texts = [self.text(name) for name in ("by", "when", "told", "note")]
            self.run(plan, self.vault, child.id, *texts, then=self.finish, failed=self.failed)


class SharePlanDialog(_PaperDialog):
    """Asks whose plan for the holiday goes to a partner; then to whom, as for any entry."""

    VERB = "Go on"

    def __init__(self) -> None:
        super().__init__(
            "Share a child's plan for the holiday",
            "It is written into the record as it will be shared. Nothing leaves before its exact bytes were approved.",
        )

    def fields(self) -> ComposeResult:
        yield Field("Child", ChildPicker(provisional=False, id="child"))

    def on_mount(self) -> None:
        self.query_one("#child Input").focus()

    def confirm(self) -> None:
        from storage.papers.holiday import to_share

        child = self.query_one(ChildPicker).child
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
        else:
            self.busy("One moment.")
            self.run(to_share, self.vault, child.id, then=self._written, failed=self.failed)

    def _written(self, entry: str) -> None:
        self.free()
        self.app.push_screen(ProposeDialog(entry), self._proposed)

    def _proposed(self, share: str | None) -> None:
        if share:
            self.dismiss(share)
        else:
            self.say("The plan stands in the record; it was proposed to nobody.")


class NoteDialog(_PaperDialog):
    """Asks what a supervision came to."""

    def __init__(self) -> None:
        super().__init__("Note a supervision", "It is kept apart from every child's text.")

    def fields(self) -> ComposeResult:
        yield Field("With whom", Input(max_length=200, id="whom"))
        yield Field("Reflection", AnswerField(id="reflection"))
        yield Field("Agreed", AnswerField(placeholder="by whom, and when", id="agreed"))

    def confirm(self) -> None:
        from storage.papers.supervision import note

        if not self.text("whom"):
            self.ask("With whom?", "#whom")
        elif not (self.text("reflection") or self.text("agreed")):
            self.ask("What was reflected, or agreed?", "#reflection")
        else:
            self.busy("One moment.")
            texts = [self.text(name) for name in ("whom", "reflection", "agreed")]
            self.run(note, self.vault, *texts, then=self.finish, failed=self.failed)


class PackDialog(FormDialog["Page"]):
    """Asks who reads the inspection pack, and for what."""

    VERB = "Show it"

    def __init__(self) -> None:
        super().__init__(
            "The inspection pack, with names",
            "Who reads it and for what is recorded, and stands on every page. The adults' register is not in it.",
        )

    def fields(self) -> ComposeResult:
        yield Field("Reader", Input(placeholder="name, office", max_length=200, id="reader"))
        yield Field("For what", AnswerField(id="purpose"))

    def confirm(self) -> None:
        reader, purpose = self.query_one("#reader", Input).value.strip(), self.query_one("#purpose", AnswerField).text
        vault = cast("Console", self.app).vault
        if not reader:
            self.ask("Who reads it?", "#reader")
        elif not purpose.strip():
            self.ask("For what? It stands on every page.", "#purpose")
        elif vault is not None:
            self.busy("One moment.")
            self.run(made, vault, "inspection", reader, purpose.strip(), then=self.finish, failed=self.failed)
