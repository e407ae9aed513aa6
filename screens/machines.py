"""Machines: which hold this record, when each was last heard, and what is carried between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.errors import ConsoleError
from practice.roles import MANAGES_PEOPLE
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.machines_dialogs import (
    AddDialog,
    FileDialog,
    FolderDialog,
    HubDialog,
    PeopleDialog,
    ShowCode,
    WordsDialog,
)
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine
from screens.wording import READ_ONLY, may_write, moment_words

if TYPE_CHECKING:
    from storage.carrying import Carried
    from storage.joining import Invitation, Request
    from storage.machines import MachineState
    from storage.vault import Vault
    from storage.views.machines import MachineRow

MANAGING = {"machines.add", "machines.confirm", "machines.remove", "machines.people", "machines.hub"}
ALONE = "This record has known one machine only. n lets another one in."
REMOVED = (
    "Nothing more is sealed to it and nothing is taken from it; the keys are made anew. What it holds already is "
    "protected by the passphrases of those who opened it."
)


@dataclass(frozen=True)
class Machines:
    """What the screen shows."""

    rows: list[MachineState]
    folder: str
    invitation: Invitation | None
    troubles: list[str]
    apart_on: str
    lists_apart: list[str]
    here: dict[str, str]
    hub: str = ""
    """What is said of the mailbox at a hub; blank without one."""


def machines_in(vault: Vault) -> Machines:
    """Read the machines and how they stand to each other; blocks."""
    from storage import carrying, joining, whereabouts

    people = {row.id: row for row in whereabouts.states(vault, removed=True)}
    folder = whereabouts.folder_of(vault)
    here = {row.id: words for row, words in whereabouts.at_work(vault)}
    return Machines(
        rows=list(people.values()),
        folder=str(folder) if folder else "",
        invitation=joining.pending(vault) if people else None,
        troubles=carrying.troubles(vault),
        apart_on=carrying.apart_on(vault),
        lists_apart=carrying.lists_apart(vault),
        here=here,
        hub=hub_words(vault),
    )


def hub_words(vault: Vault) -> str:
    """Say how the machines use a hub; blank where they use none. Blocks."""
    from sync.mailbox import standing

    found = standing(vault)
    if found is None:
        return ""
    last = moment_words(datetime.fromisoformat(found.last)) if found.last else "not used from here yet"
    return f"Hub: {found.url}, {last}"


def state_words(row: MachineState) -> tuple[str, str]:
    """Return how a machine stands, and the tone of it."""
    if row.removed_at:
        return f"removed {moment_words(row.removed_at)}: {visible(row.removed_reason)}", "$text-muted"
    if row.here:
        return "this machine", "$text-primary"
    if row.last_heard is None:
        return "has not been heard of since it joined", "$text-warning"
    return f"last heard {moment_words(row.last_heard)} · {row.held}", "$text-warning" if row.lacks else "$text-muted"


@dataclass(frozen=True)
class Row:
    """A machine, and whose record is open on it now, in words."""

    state: MachineState
    at_work: str = ""


def draw(row: Row, width: int) -> list[Content]:
    """Draw a machine: its name, then how it stands."""
    words, tone = state_words(row.state)
    name = cut(visible(row.state.name), max(width - 4, 10))
    lines = [Content.assemble("  ", (name, "strike" if row.state.removed_at else "bold"))]
    lines.append(Content.assemble("    ", (cut(words, max(width - 5, 10)), tone)))
    if row.at_work:
        lines.append(Content.assemble("    ", (cut(row.at_work, max(width - 5, 10)), "$text-warning")))
    assert all(cell_len(line.plain) <= width for line in lines)
    return lines


class MachinesScreen(ConsoleScreen):
    """The machines, and what can be done about them."""

    NAME = "machines"
    HEADING = "Machines"
    HELP = (
        "Every machine writes its own acts, and all of them hold the union. s takes in what the others laid into the "
        "shared folder and lays there what they lack, and does so by a hub where h has it used; f chooses the folder. "
        "w writes a file for a stick, t takes one in. n lets another machine in by a one-time code, c compares its "
        "words, d removes a lost one."
    )
    CSS_PATH = "machines.tcss"
    BINDINGS = bindings("machines")

    def __init__(self) -> None:
        super().__init__()
        self.found: Machines | None = None
        self.busy = ""
        self.invited_in = ""

    def body(self) -> ComposeResult:
        yield StateLine("One moment…", id="said")
        yield MessageBar(id="doing")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, empty=ALONE, id="machine-list")
        yield PlainText("", id="folder")

    def on_mount(self) -> None:
        self.query_one("#machine-list").focus()

    def refresh_record(self) -> None:
        """Read how the machines stand."""
        if self.console.vault is not None:
            self.fetch(machines_in, self.vault, then=self._show)

    def _show(self, found: Machines) -> None:
        self.found = found
        rows = [Row(row, found.here.get(row.id, "")) for row in found.rows]
        self.query_one("#machine-list", RecordList).show(rows, keep=lambda row: row.state.id)
        used = sum(row.removed_at is None for row in found.rows)
        line = self.query_one("#said", StateLine)
        if found.troubles:
            line.say(" ".join(found.troubles), "bad")
        elif found.invitation:
            line.say(f"«{found.invitation.name}» was invited; once it has asked there, c compares the words.", "warn")
        elif found.rows:
            line.say(f"{used} machine{'s hold' if used != 1 else ' holds'} this record.", "")
        else:
            line.say("", "")
        folder = f"Shared folder: {found.folder}" if found.folder else "No folder is shared yet: f chooses one."
        self.query_one("#folder", PlainText).show(f"{folder}\n{found.hub}".strip() if found.rows else "")
        self.refresh_bindings()
        self.refresh_chrome()

    def why_not(self, action_id: str) -> str:  # noqa: PLR0911 - one sentence for each reason
        if action_id == "back":
            return ""
        if self.busy or self.found is None:
            return self.busy or "One moment."
        if not may_write(self.vault):
            return READ_ONLY
        if action_id in MANAGING and self.vault.person.role not in MANAGES_PEOPLE:
            return "Only the DSL or the headteacher may do this."
        if action_id == "machines.add":
            return ""
        if not self.found.rows:
            return ALONE
        return self._why_not_now(action_id, self.found)

    def _why_not_now(self, action_id: str, found: Machines) -> str:
        others = [row for row in found.rows if not row.here and row.removed_at is None]
        if action_id in ("machines.sync", "machines.write") and not others:
            return "There is no other machine to carry anything to."
        if action_id == "machines.confirm" and found.invitation is None:
            return "No machine is being let in: n invites one."
        if action_id == "machines.people" and not found.apart_on:
            return "Who opens this record was not changed in two places."
        if action_id == "machines.remove":
            row = self.query_one("#machine-list", RecordList).current
            if row is None or row.state.here or row.state.removed_at:
                return "Put the cursor on another machine that is in use."
        return ""

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    # -- doing ---------------------------------------------------------------------------------------------------------

    def _begin(self, words: str) -> None:
        self.busy = words
        self.query_one("#done", MessageBar).say("")
        self.query_one("#doing", MessageBar).say(words)
        self.refresh_bindings()

    def _progress(self, words: str) -> None:
        if self.is_mounted:
            self.console.call_from_thread(self.query_one("#doing", MessageBar).say, f"{words}…")

    def _end(self, words: str, tone: str = "good") -> None:
        self.busy = ""
        self.query_one("#doing", MessageBar).say("")
        self.query_one("#done", MessageBar).say(words, tone)
        self.refresh_record()

    def _failed(self, error: ConsoleError) -> None:
        self._end(f"{error.message} {error.hint}".strip(), "bad")

    def _carried(self, done: Carried) -> None:
        from storage.carrying import carried_words, moved_words

        trouble = done.refused or done.forks or done.people_apart or done.failed
        self._end(" ".join([moved_words(done), *carried_words(done)]), "bad" if trouble else "good")

    def act_sync(self) -> None:
        """Take in and hand on by the shared folder."""
        if self.found is not None and not self.found.folder and not self.found.hub:
            self.app.push_screen(FolderDialog("", self.vault.folder), self._chosen)
            return
        self._sync(None)

    def act_folder(self) -> None:
        """Choose the shared folder, and sync."""
        self.app.push_screen(FolderDialog(self.found.folder if self.found else "", self.vault.folder), self._chosen)

    def _chosen(self, folder: str | None) -> None:
        if folder:
            self._sync(Path(folder))

    def _sync(self, folder: Path | None) -> None:
        from sync.machines import carry

        self._begin("Carrying.")
        self.run(carry, self.vault, folder, self._progress, then=self._carried, failed=self._failed)

    def act_hub(self) -> None:
        """Carry by a hub too."""
        self.app.push_screen(HubDialog(self.vault, self.found.hub if self.found else ""), self._hub_set)

    def _hub_set(self, said: str | None) -> None:
        if said:
            self._end(said)

    def act_write(self) -> None:
        """Write a file for a stick."""
        self.app.push_screen(
            FileDialog("Write for a stick", "A new file, such as E:\\for-the-laptop.dslm"), self._write
        )

    def _write(self, path: str | None) -> None:
        if path:
            from storage.carrying import write_file

            self._begin("The file is being written.")
            self.run(write_file, self.vault, Path(path), then=self._carried, failed=self._failed)

    def act_take(self) -> None:
        """Take a file in."""
        self.app.push_screen(FileDialog("Take in from a stick", "The file that another machine wrote"), self._take)

    def _take(self, path: str | None) -> None:
        if path:
            from storage.carrying import take_files

            self._begin("The file is being taken in.")
            self.run(take_files, self.vault, [Path(path)], self._progress, then=self._carried, failed=self._failed)

    def act_add(self) -> None:
        """Let another machine in: its name, a folder, and then its code."""
        first = self.found is None or not self.found.rows
        folder = self.found.folder if self.found else ""
        self.app.push_screen(AddDialog(self.vault, folder, first), self._invited)

    def _invited(self, made: tuple[Invitation, Path] | None) -> None:
        if made is not None:
            self.invited_in = str(made[1])
            self.app.push_screen(ShowCode(self.vault, *made), self._code_shown)

    def _code_shown(self, asked: bool | None) -> None:
        self.refresh_record()
        if asked:
            self.act_confirm()

    def act_confirm(self) -> None:
        """Compare the words, and hand the keys over."""
        standing = self.found.invitation if self.found else None
        folder = self.invited_in or (standing.folder if standing else "")
        self.app.push_screen(WordsDialog(self.vault, folder), self._confirmed)

    def _confirmed(self, asked: Request | None) -> None:
        if asked is not None:
            self.invited_in = ""
            self._end(f"«{visible(asked.name)}» was let in. It goes on on its own screen, with a passphrase.")

    def act_remove(self) -> None:
        """Remove a lost machine, with the reason."""
        row = self.query_one("#machine-list", RecordList).current
        if row is not None:
            name = row.state.name
            self.app.push_screen(
                ReasonDialog(f"Remove «{name}»?", REMOVED, verb="Remove it"), lambda why: self._remove(name, why)
            )

    def _remove(self, name: str, reason: str | None) -> None:
        if reason is not None:
            from storage.machines import remove

            self._begin("The machine is being removed and the keys are made anew.")
            self.run(remove, self.vault, name, reason, self._progress, then=self._gone, failed=self._failed)

    def _gone(self, found: tuple[MachineRow, str]) -> None:
        row, waits = found
        keys = f"The new keys still wait. {waits}" if waits else "The keys are new."
        self._end(f"«{row.name}» gets nothing more. {keys}", "warn" if waits else "good")

    def act_people(self) -> None:
        """Settle who opens the record, where it was changed in two places."""
        if self.found is not None:
            self.app.push_screen(PeopleDialog(self.vault, self.found.apart_on, self.found.lists_apart), self._settled)

    def _settled(self, done: bool | None) -> None:
        if done:
            self._end("Settled. What the other list held and this one does not is to be done again.")
