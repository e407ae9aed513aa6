"""The last step of the first run: the school's roll from a CSV, tried before it is taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input

from practice.errors import ConsoleError, NotFound, Refused
from practice.text import counted, unreadable
from screens.base import Calls
from screens.widgets.fields import Field
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from storage.vault import Vault

LIMIT = 50 * 1024 * 1024


def read_roll(path: Path) -> bytes:
    """Return the bytes of the file; raises NotFound and Refused in plain words."""
    try:
        if not path.is_file():
            raise NotFound(f"There is no file at {path}.", hint="Check the path; a file can often be dropped here.")
        if path.stat().st_size > LIMIT:
            raise Refused("The file is larger than 50 MiB, which is more than a roll.", hint="Choose the pupil list.")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"The file cannot be read: {unreadable(error)}.") from None


def tried(vault: Vault, path: Path, *, dry_run: bool) -> Any:
    """Import the roll, or say what an import would do; blocks."""
    import storage.desk.children as desk

    return desk.import_roster(
        vault, read_roll(path), dry_run=dry_run, mapping={}, whole_school=False, confirm_leavers=None
    )


def summary(report: Any, *, dry_run: bool) -> str:
    """Say in a few lines what an import did or would do."""
    verb = "would join" if dry_run else "joined"
    lines = [
        f"{counted(report.joined, 'child', 'children')} {verb}, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged."
    ]
    if report.rejected:
        lines.append(f"{counted(len(report.rejected), 'row')} cannot be used:")
        lines += [f"  {report.place(line)}: {reason}" for line, reason in report.rejected[:5]]
        if len(report.rejected) > 5:
            lines.append(f"  and {len(report.rejected) - 5:,} more (dsl-console children import --dry-run lists them)")
    if report.warnings:
        lines.append(f"{counted(len(report.warnings), 'row is', 'rows are')} taken with a warning:")
        lines += [f"  {report.place(line)}: {text}" for line, text in report.warnings[:3]]
    return "\n".join(lines)


class RollStep(Calls, Vertical):
    """A path, what the file would do, and taking it."""

    DEFAULT_CSS = """
    RollStep { height: auto; }
    RollStep #roll-buttons { height: auto; margin: 1 0; }
    RollStep #roll-buttons Button { margin: 0 2 0 0; }
    """

    class Taken(Message):
        """The roll was imported."""

    def __init__(self, vault: Vault) -> None:
        super().__init__()
        self._vault = vault
        self._tried: Path | None = None

    def compose(self) -> ComposeResult:
        yield PlainText("Bring in the school's roll?", classes="question")
        yield PlainText(
            "A CSV or XLSX from SIMS, Arbor or Bromcom, or a CTF. You see what it would do before "
            "anything is taken. It can also be done later, and again whenever the roll changes.",
            classes="note",
        )
        yield Field("File", Input(placeholder="The file's path", id="path", max_length=1000))
        with Horizontal(id="roll-buttons"):
            yield Button("Show what it would do", id="try", compact=True)
            yield Button("Take it", id="take", variant="primary", compact=True, disabled=True)
        yield MessageBar(id="roll-said")

    def _say(self, text: str, tone: str = "") -> None:
        self.query_one("#roll-said", MessageBar).say(text, tone)

    @on(Input.Changed, "#path")
    def _other(self) -> None:
        self.query_one("#take", Button).disabled = True

    @on(Input.Submitted, "#path")
    @on(Button.Pressed, "#try")
    def _try(self) -> None:
        typed = self.query_one("#path", Input).value
        text = typed.strip().strip("'\"")
        if not text:
            self._say("Type the path of the file first.", "warn")
            return
        path = Path(text).expanduser()
        self._say("Reading the file…")
        self.run(
            tried,
            self._vault,
            path,
            dry_run=True,
            then=lambda report: self._show(report, path, typed),
            failed=self._bad,
        )

    def _show(self, report: Any, path: Path, typed: str) -> None:
        if typed != self.query_one("#path", Input).value:
            self._say("Another path is written now: Enter reads that file.")
            return
        self._tried = path
        self._say(summary(report, dry_run=True))
        take = self.query_one("#take", Button)
        take.disabled = not (report.joined or report.changed)
        if not take.disabled:
            take.focus()

    @on(Button.Pressed, "#take")
    def _take(self) -> None:
        if self._tried is not None:
            self._say("Taking the roll…")
            self.run(tried, self._vault, self._tried, dry_run=False, then=self._took, failed=self._bad)

    def _took(self, report: Any) -> None:
        self.query_one("#take", Button).disabled = True
        self._say(summary(report, dry_run=False), "good")
        self.post_message(self.Taken())

    def _bad(self, error: ConsoleError) -> None:
        self._say(f"{error.message} {error.hint}".strip(), "bad")
