"""A record that is brought back from a backup, on a machine that holds none yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input

from practice.day_words import stated_day
from practice.errors import ConsoleError
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.fields import Field
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from storage.compartment import Clock
    from storage.restore import RestoreReport
    from storage.vault import Vault

HELD = "Nothing is exchanged with partners until somebody confirms on Backups that the old machine is gone."


def restored(
    file: Path, target: Path, user: str, passphrase: str, clock: Clock, progress: Callable[[str], None]
) -> tuple[Vault, RestoreReport]:
    """Make the vault from the backup and open it. Blocks, for long where the record is large; raises ConsoleError."""
    from storage.restore import restore
    from storage.vault import open_vault

    report = restore(file, target, passphrase=passphrase, user=user, clock=clock, progress=progress)
    progress("Opening the record")
    return open_vault(target, passphrase=passphrase, user=user, clock=clock), report


class FromBackupScreen(ConsoleScreen):
    """Asks for the backup, whose it is and their passphrase of that day, and opens what came back."""

    NAME = "from_backup"
    HEADING = "Restore from a backup"
    HELP = (
        "Brings a record back from a backup file, with a passphrase of the day on which it was made. What comes back "
        "is checked whole before it counts, and the file stays as it is. This machine is a new one: nothing is "
        "exchanged with partners until somebody confirms on Backups that the old machine is gone."
    )
    CSS_PATH = "from_backup.tcss"
    BINDINGS = bindings("from_backup")

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._busy = False

    def body(self) -> ComposeResult:
        with Vertical(id="sheet"):
            with VerticalScroll(can_focus=False):
                yield PlainText("Which backup holds the record?", classes="question")
                yield Field("File", Input(id="file", placeholder="The whole path of the backup", max_length=4096))
                yield Field("Your name", Input(id="user", placeholder="As it stands in the record", max_length=400))
                yield Field("Passphrase", Input(id="passphrase", password=True, max_length=1000))
                yield PlainText(
                    "The passphrase of the day on which it was made. Where that is lost, the recovery code opens it: "
                    "dsl-console restore --recovery",
                    classes="note",
                )
                yield PlainText(f"The record will lie in {self.folder}", classes="note")
            with Vertical(id="foot"):
                yield MessageBar(id="fault")
                with Horizontal(id="buttons"):
                    yield Button("Back  Esc", id="previous", compact=True)
                    yield Button("Restore", id="continue", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#file").focus()

    def _say(self, text: str, tone: str = "bad") -> None:
        self.query_one("#fault", MessageBar).say(text, tone)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        if event.input.id == "passphrase":
            self._restore()
        else:
            self.focus_next()

    @on(Button.Pressed, "#continue")
    def _restore(self) -> None:
        if self._busy:
            return
        file, user, passphrase = (self.query_one(f"#{name}", Input) for name in ("file", "user", "passphrase"))
        missing = next((each for each in (file, passphrase) if not each.value.strip()), None)
        if missing is not None:
            self._say("Both are needed: the backup's file and your passphrase.", "warn")
            missing.focus()
            return
        typed, source = passphrase.value, Path(file.value.strip().strip("'\"")).expanduser()
        passphrase.clear()
        self._set_busy(True)
        self._say("Opening the backup. This takes a few seconds…", "")
        self.run(
            restored,
            source,
            self.folder,
            user.value.strip(),
            typed,
            self.console.clock,
            self._progress,
            then=self._restored,
            failed=self._failed,
        )

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.query_one("#continue", Button).disabled = busy
        self.refresh_bindings()

    def _progress(self, words: str) -> None:
        if self.is_mounted:
            self.console.call_from_thread(self._say, f"{words}…", "")

    def _failed(self, error: ConsoleError) -> None:
        self._set_busy(False)
        hint = "Type your name above." if "--as" in error.hint else error.hint
        self._say(f"{error.message} {hint}".strip())
        self.query_one("#user" if "--as" in error.hint else "#passphrase").focus()

    def _restored(self, found: tuple[Vault, RestoreReport]) -> None:
        vault, report = found
        self.console.entered(vault)
        said = f"{counted(report.acts, 'act')}, as they stood on {stated_day(report.made_at[:10])}. {HELD}"
        if report.to_repeat:
            names = ", ".join(visible(name) for name in report.to_repeat)
            said += f" Erased since, and here again: {names}. dsl-console children repeat-erasures erases them."
        self.console.say(said, title="Restored")

    @on(Button.Pressed, "#previous")
    def act_back(self) -> None:
        """Go back to the first run; nothing was made."""
        if not self._busy:
            self.console.back()

    def why_not(self, action_id: str) -> str:
        if action_id == "back" and self._busy:
            return "One moment: it is being done."
        return ""
