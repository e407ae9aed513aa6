"""Backups: the last good one, where it is, whether it was proved, and what to do about it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from practice.errors import ConsoleError
from practice.text import visible
from screens.actions import bindings
from screens.backups_folder import FolderDialog
from screens.base import ConsoleScreen
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.fields import Field
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.backup import BackupReport
    from storage.drill import DrillReport
    from storage.views.backups import BackupRow, BackupState

PATIENCE = 2
HELD = (
    "Restored from a backup: nothing is exchanged with partners until you confirm that the old machine is no longer in"
    " use."
)
GONE = (
    "If the old machine still runs dsl-console, both would answer partners in your name. Confirm only when it"
    " is gone, wiped or locked away. The exchange with partners then goes on."
)


def moment_words(moment: datetime) -> str:
    """Return a moment as `Sat 21 Nov 2026 16:40`, local."""
    local = moment.astimezone()
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def size_words(size: int) -> str:
    """Return a size as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} kB"


def draw(row: BackupRow, width: int) -> list[Content]:
    """Draw one backup: when, how much, by whom, and where."""
    verdict = "" if row.good else "found broken"
    left = f"{moment_words(row.at):<22}{row.acts:>9,} acts{size_words(row.size):>10}  "
    by = cut(visible(row.by), 18)
    left += by + " " * (20 - cell_len(by)) if width >= 100 else ""
    place = visible(row.place)
    room = max(width - cell_len(left) - (len(verdict) + 2 if verdict else 0), 8)
    return [
        Content.assemble(
            left,
            (f"{verdict}  " if verdict else "", "$text-error"),
            (place if cell_len(place) <= room else cut(Path(row.place).name or place, room), "$text-muted"),
        )
    ]


class BackupsScreen(ConsoleScreen):
    """How the backups stand, and what can be done."""

    NAME = "backups"
    HEADING = "Backups"
    HELP = (
        "A backup is one encrypted file that holds the whole vault; it opens with the passphrases and the recovery "
        "code of its day. It counts only after it was opened again and checked. Proving restores it for a moment and "
        "compares everything. Choose a folder on a stick, another drive or a share: a backup is made there at the "
        "first lock of each day."
    )
    CSS_PATH = "backups.tcss"
    BINDINGS = bindings("backups")

    def __init__(self) -> None:
        super().__init__()
        self.state: BackupState | None = None
        self.busy = ""

    def body(self) -> ComposeResult:
        yield MessageBar(id="held")
        with Vertical(id="facts"):
            yield Field("Last good one", StateLine("One moment…", id="good"))
            yield Field("Where it is", PlainText(id="where"))
            yield Field("Proved", StateLine(id="proved"))
            yield Field("Each day into", PlainText(id="folder"))
        yield MessageBar(id="doing")
        yield MessageBar(id="said")
        yield RecordList["BackupRow"](draw, empty="No backup has been made yet. b makes the first.", id="made")

    def on_mount(self) -> None:
        self.query_one("#made").focus()

    def refresh_record(self) -> None:
        """Read how the backups stand."""
        from storage.views.backups import state

        if self.console.vault is not None:
            self.fetch(state, self.vault, self.console.clock(), then=self._show)

    def _show(self, state: BackupState) -> None:
        self.state = state
        good, drill = state.last_good, state.last_drill
        line = self.query_one("#good", StateLine)
        if good is None:
            line.say("None yet. Make one now.", "warn" if state.wanting < PATIENCE else "bad")
        else:
            late = f", {state.wanting} school days ago: make one now" if state.wanting >= PATIENCE else ""
            words = f"{moment_words(good.at)}, {good.acts:,} acts, {size_words(good.size)}{late}"
            line.say(words, "warn" if late else "good")
        self.query_one("#where", PlainText).show(good.place if good else "—")
        proved = self.query_one("#proved", StateLine)
        other = drill is not None and drill.place and (good is None or drill.sha256 != good.sha256)
        which = f", of {visible(Path(drill.place).name)}" if drill is not None and other else ""
        if drill is None:
            proved.say("Never. Prove it once a month: p does it.", "warn" if good else "")
        elif drill.ok:
            proved.say(f"Yes, {moment_words(drill.at)}{which}: {drill.acts:,} acts came back whole.", "good")
        else:
            proved.say(f"No, {moment_words(drill.at)}{which}. {drill.problem}", "bad")
        folder = self.console.backup_folder
        kept = f"{folder}, the newest {self.console.backup_keep} are kept" if folder else "None chosen: f chooses one."
        self.query_one("#folder", PlainText).show(kept)
        self.query_one("#held", MessageBar).say(HELD if state.held else "", "warn")
        listed: RecordList[BackupRow] = self.query_one("#made", RecordList)
        listed.show(state.made, keep=lambda row: row.sha256)
        self.refresh_bindings()
        self.refresh_chrome()

    def why_not(self, action_id: str) -> str:
        if self.busy:
            return f"{self.busy} One moment."
        if action_id == "backups.drill" and (self.state is None or not self.state.made):
            return "There is no backup yet that could be proved."
        if action_id == "backups.gone" and (self.state is None or not self.state.held):
            return "Nothing is held: this vault was not restored from a backup, or it was confirmed before."
        return ""

    # -- doing ---------------------------------------------------------------------------------------------------------

    def act_make(self) -> None:
        """Make a backup into the folder; ask for one first where none is chosen."""
        if not self.console.backup_folder:
            self.console.push_screen(FolderDialog("", self.vault.folder), self._chosen_then_make)
            return
        from storage.backup import scheduled_backup

        self._begin("A backup is being made.")
        folder = Path(self.console.backup_folder)
        self.run(
            scheduled_backup,
            self.vault,
            folder,
            self.console.backup_keep,
            progress=self._progress,
            then=self._made,
            failed=self._failed,
        )

    def _progress(self, words: str) -> None:
        if self.is_mounted:
            self.console.call_from_thread(self.query_one("#doing", MessageBar).say, f"{words}…")

    def _begin(self, words: str) -> None:
        self.busy = words
        self.query_one("#said", MessageBar).say("")
        self.query_one("#doing", MessageBar).say(words)

    def _end(self, words: str, tone: str) -> None:
        self.busy = ""
        self.query_one("#doing", MessageBar).say("")
        self.query_one("#said", MessageBar).say(words, tone)
        self.refresh_record()

    def _made(self, report: BackupReport) -> None:
        words = f"Done: {report.acts:,} acts, {size_words(report.size)}. It was opened again and checked whole."
        self._end(f"{words} SHA-256 {report.sha256[:16]}…", "good")

    def _failed(self, error: ConsoleError) -> None:
        self._end(f"{error.message} {error.hint}".strip(), "bad")

    def act_drill(self) -> None:
        """Prove the backup under the cursor, or the newest."""
        from storage.drill import drill

        row = self.query_one("#made", RecordList).current
        if row is None:
            return
        self._begin("The backup is being proved.")
        self.run(drill, self.vault, Path(row.place), progress=self._progress, then=self._proved, failed=self._failed)

    def _proved(self, done: DrillReport) -> None:
        if done.ok:
            too = " So did the adults' register." if done.register else ""
            self._end(f"Proved: {done.acts:,} acts came back whole, and the copy was removed again.{too}", "good")
        else:
            self._end(f"This backup is not good: {done.problem} Make a new one now and keep the older ones.", "bad")

    def act_folder(self) -> None:
        """Choose where the daily backup goes."""
        self.console.push_screen(FolderDialog(self.console.backup_folder, self.vault.folder), self._chosen)

    def _chosen(self, folder: str | None) -> None:
        if folder is None:
            return
        try:
            self.console.set_setting("backup_folder", folder)
        except ConsoleError as error:
            self._failed(error)
            return
        self._end("Kept. A backup is made there at the first lock of each day." if folder else "No folder now.", "")

    def _chosen_then_make(self, folder: str | None) -> None:
        self._chosen(folder)
        if folder and self.console.backup_folder == folder:
            self.act_make()

    def act_gone(self) -> None:
        """Confirm that the old machine is gone, after a question."""
        self.console.push_screen(ConfirmDialog("Is the old machine gone?", GONE, verb="It is gone"), self._confirmed)

    def _confirmed(self, sure: bool | None) -> None:
        if sure:
            from storage.restore import confirm_old_machine_gone

            self.run(confirm_old_machine_gone, self.vault, then=self._let_go, failed=self._failed)

    def _let_go(self, _changed: bool) -> None:
        self._end("Recorded. The exchange with partners goes on.", "good")
