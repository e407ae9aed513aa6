"""The last steps of the first run: whose term dates are kept, and where the first backup goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from screens.backups_folder import folder_fault
from screens.base import Calls
from screens.calendar_dialogs import NATIONS, take
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.backup import BackupReport
    from storage.desk.calendars import CalendarReport
    from storage.vault import Vault


class LaterStep(Calls, Vertical):
    """A step that may wait; `Taken` says that it was done."""

    DEFAULT_CSS = """
    LaterStep { height: auto; }
    LaterStep .step-buttons { height: auto; margin: 1 0 0 0; }
    LaterStep .step-buttons Button { margin: 0 2 0 0; }
    LaterStep MessageBar { margin: 1 0 0 0; }
    """

    class Taken(Message):
        """What the step asks for is done."""

    def __init__(self, vault: Vault) -> None:
        super().__init__()
        self._vault = vault

    def say(self, text: str, tone: str = "") -> None:
        """Say how it went."""
        self.query_one(MessageBar).say(text, tone)

    def bad(self, error: ConsoleError) -> None:
        """Say why it was not done."""
        self.say(f"{error.message} {error.hint}".strip(), "bad")


def kept_terms(vault: Vault, nation: str, path: str) -> tuple[CalendarReport, str]:
    """Keep a nation's bank holidays and, where a file is named, its terms; return what is assumed. Blocks."""
    from storage.desk.calendars import set_nation
    from storage.views.calendars import shown

    report = set_nation(vault, nation)
    if path:
        report = take(vault, path, dry_run=False)
    return report, shown(vault, vault.clock().astimezone().date()).source


class TermsStep(LaterStep):
    """The nation, and a file of the school's own dates."""

    def __init__(self, vault: Vault, *, school: bool = True) -> None:
        super().__init__(vault)
        self._school = school

    def compose(self) -> ComposeResult:
        question = "Which term dates does the school keep?" if self._school else "Which term dates do the schools keep?"
        yield PlainText(question, classes="question")
        yield PlainText(
            "Every review date rests on them. The bank holidays are those of the nation, and its usual terms are "
            "assumed until a school's own are taken in. It can also be done later, on the Calendar screen.",
            classes="note",
        )
        yield Field("Nation", ChoiceField(NATIONS, value="england", blank=False, id="nation"))
        yield Field("Own dates", Input(placeholder="An .ics or CSV file's path; may stay empty", id="dates"))
        with Horizontal(classes="step-buttons"):
            yield Button("Keep these", id="keep", compact=True)
        yield MessageBar()

    @on(Input.Submitted, "#dates")
    @on(Button.Pressed, "#keep")
    def _keep(self) -> None:
        nation = self.query_one("#nation", ChoiceField).code
        path = self.query_one("#dates", Input).value.strip().strip("'\"")
        self.say("Setting the dates…")
        self.run(kept_terms, self._vault, nation, path, then=self._kept, failed=self.bad)

    def _kept(self, kept: tuple[CalendarReport, str]) -> None:
        report, source = kept
        said = f"Kept: {report.terms} terms and {report.closures} closures of the school's own." if report.terms else ""
        skipped = f" {len(report.skipped)} lines were skipped: {report.skipped[0][1]}." if report.skipped else ""
        self.say(f"{said or 'Kept.'}{skipped} {source}".strip(), "good")
        self.post_message(self.Taken())


class BackupStep(LaterStep):
    """A folder, and the first backup into it."""

    def compose(self) -> ComposeResult:
        yield PlainText("Where does the first backup go?", classes="question")
        yield PlainText(
            "A stick, another drive or a network share: what lies there is encrypted, and opens by your passphrase or "
            "the recovery code. From now on one is made there at the first lock of each day.",
            classes="note",
        )
        yield Field("Folder", Input(placeholder="The folder's whole path", id="backup-folder", max_length=4096))
        with Horizontal(classes="step-buttons"):
            yield Button("Back up now", id="back-up", compact=True)
        yield MessageBar()

    @on(Input.Submitted, "#backup-folder")
    @on(Button.Pressed, "#back-up")
    def _asked(self) -> None:
        text = self.query_one("#backup-folder", Input).value.strip().strip("'\"")
        if not text:
            self.say("Type the folder's path first.", "warn")
            return
        path = str(Path(text).expanduser())
        self.fetch(folder_fault, path, self._vault.folder, then=lambda fault: self._checked(path, fault))

    def _checked(self, path: str, fault: str) -> None:
        from storage.backup import scheduled_backup

        console = cast("Console", self.app)
        if fault:
            self.say(fault, "warn")
            return
        try:
            console.set_setting("backup_folder", path)
        except ConsoleError as error:
            self.bad(error)
            return
        self.say("The backup is being made.")
        self.query_one("#back-up", Button).disabled = True
        self.run(scheduled_backup, self._vault, Path(path), console.backup_keep, then=self._made, failed=self._not_made)

    def _made(self, report: BackupReport) -> None:
        self.say(f"Done: {report.acts:,} acts. It was opened again and checked whole.", "good")
        self.post_message(self.Taken())

    def _not_made(self, error: ConsoleError) -> None:
        self.query_one("#back-up", Button).disabled = False
        self.bad(error)
