"""Carrying acts between machines: a folder that they share, or a file on a stick; any order, any number of times.

In the folder every sync adds files and changes none but the machine's own sign of presence; all of them are ciphertext
and bear ids for names. What each file holds and for whom is remembered, so that little is written twice.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.day_words import stated_day
from practice.errors import NotFound, Refused
from practice.text import counted
from storage import machines, register_travel
from storage.atomic import write_atomic
from storage.header import reread_header
from storage.replication import exchange, headers, waiting
from storage.replication.exchange import Result, Written
from storage.replication.incoming import Fork, forks
from storage.replication.waiting import Gap
from storage.views.machines import MachineRow, in_ledger
from storage.whereabouts import FOLDER, folder_of, say_here

if TYPE_CHECKING:
    from storage.vault import Vault

SUFFIX = ".dslm"
PUT_BACK_WORDS = (
    "This machine was put back to an earlier state: others hold {} acts of its own that are not here. Take them in"
    " before anything is recorded on it."
)
FOR_OTHERS = "It was written for other machines, not for this one. Nothing was taken from it."
_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.dslm")
_FILES_LIMIT = 50_000
WRITTEN_HEADER = "written-header"
Progress = Callable[[str], None]


@dataclass
class Carried:
    """What one sync, bundle or take did: acts taken in and handed on, what waits, what is missing or refused."""

    taken: int = 0
    handed_on: int = 0
    files: list[str] = field(default_factory=list)
    waiting: int = 0
    gaps: list[Gap] = field(default_factory=list)
    forks: list[Fork] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    unread: int = 0
    """Files that wait for a machine or a key of which nothing has been heard yet."""
    people_changed: bool = False
    people_apart: str = ""
    """The machine on which who opens the vault was changed while it was changed here too; blank without one."""
    newer: bool = False
    """Whether something waits that only a newer program can read."""
    failed: list[str] = field(default_factory=list)
    """Why the folder or the hub could not be used, where the other one could."""


@dataclass(frozen=True)
class KnownFile:
    """A file of a place that is known: for whom it is and what it holds.

    `size` is its length in bytes; of a bundle at the hub, until when it lies there, in unix seconds.
    """

    name: str
    size: int
    readers: frozenset[str]
    ranges: dict[str, list[tuple[int, int]]]


# -- the shared folder -------------------------------------------------------------------------------------------------


def _checked(folder: Path) -> Path:
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise NotFound(
            "The folder that the machines share is not there. Nothing was changed.",
            hint="Connect the share, or name another folder: f on Machines, or dsl-console machine sync FOLDER.",
        )
    return folder


def sync(vault: Vault, folder: Path | None = None, progress: Progress = lambda _text: None) -> Carried:
    """Take in what the others laid into the shared folder, then lay there what they lack.

    Without `folder` the one used last. Cut short at any place it is simply done again. Raises NotFound, Refused.
    """
    if folder is None and (folder := folder_of(vault)) is None:
        raise NotFound("No folder is shared with other machines yet.", hint="Name one: dsl-console machine sync FOLDER")
    folder = _checked(folder)
    machines.others(vault)  # raises where this machine never met another
    for left in vault.folder.glob("*.dslj"):  # of a joining that was stopped once the vault stood
        left.unlink(missing_ok=True)
    known = known_files(vault)
    fresh = [path for path in _files(folder) if path.name not in known or known[path.name].size != path.stat().st_size]
    progress(f"{len(fresh):,} new file{'s' if len(fresh) != 1 else ''}")
    done = Carried()
    loads = [(path.name, exchange.from_file(path)) for path in fresh]
    note_taken(vault, done, exchange.take_bundles(vault, loads, progress))
    tell_once(vault, done)
    _into_folder(vault, folder, done)
    with vault.write() as unit:
        waiting.set_note(unit.connection, FOLDER, str(folder))
    say_here(vault)
    return done


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    except OSError:
        raise Refused("The folder that the machines share cannot be read. Nothing was changed.") from None
    return found[:_FILES_LIMIT]


def known_files(vault: Vault, place: str = "") -> dict[str, KnownFile]:
    """Return the files of a place that are known, by name; the shared folder's is blank."""
    with vault.read() as connection:
        sql = "SELECT name, size, held FROM machine_files WHERE place = ?"
        rows = list(connection.exec_driver_sql(sql, (place,)))
    found = {}
    for name, size, held in rows:
        said = json.loads(held)
        ranges = {device: [(first, last) for first, last in parts] for device, parts in said["ranges"].items()}
        found[name] = KnownFile(name, size, frozenset(said["readers"]), ranges)
    return found


def _remember(connection: Connection, file: KnownFile, place: str) -> None:
    held = json.dumps({"readers": sorted(file.readers), "ranges": file.ranges})
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO machine_files (place, name, size, held) VALUES (?, ?, ?, ?)",
        (place, file.name, file.size, held),
    )


def note_taken(vault: Vault, done: Carried, result: Result, place: str = "") -> None:
    """Add what became of some files to the answer, and remember those that need not be read again."""
    taken = result.taken
    done.taken += taken.applied
    done.waiting, done.gaps, done.newer = taken.waiting, taken.gaps, taken.newer
    done.forks, done.refused, done.unread = taken.forks, result.refused, len(result.waits)
    done.people_changed = result.header == "taken"
    if (apart := headers.conflicting(vault)) is not None:
        done.people_apart = next((row.name for row in machines.others(vault) if row.id == apart.machine), "another")
    with vault.write() as unit:
        for name, front in result.read.items():
            size = result.sizes[name]
            _remember(unit.connection, KnownFile(name, size, frozenset(result.readers[name]), front.ranges), place)
        for name, readers in result.for_others.items():
            _remember(unit.connection, KnownFile(name, result.sizes[name], frozenset(readers), {}), place)


def tell_once(vault: Vault, done: Carried) -> None:
    """Keep from saying at every sync which files of the folder are refused; they are tried again each time."""
    with vault.write() as unit:
        told = unit.connection.exec_driver_sql("SELECT name, held FROM machine_files WHERE place = 'refused'")
        before = {row[0]: row[1] for row in told}
        fresh = {name: text for name, text in done.refused.items() if before.get(name) != text}
        if fresh:
            unit.connection.exec_driver_sql(
                "INSERT OR REPLACE INTO machine_files (place, name, size, held) VALUES ('refused', ?, 0, ?)",
                list(fresh.items()),
            )
    done.refused = fresh


def _into_folder(vault: Vault, folder: Path, done: Carried) -> None:
    present = {path.name for path in _files(folder)}

    def lay(written: Written) -> KnownFile:
        name = written.id + SUFFIX
        _write(folder / name, written.content)
        return KnownFile(name, len(written.content), frozenset(written.readers), written.ranges)

    def retire(name: str) -> None:
        if _NAME.fullmatch(name):
            (folder / name).unlink(missing_ok=True)

    hand_on(vault, done, lambda file: file.name in present, lay, retire=retire)


def hand_on(
    vault: Vault,
    done: Carried,
    lies_there: Callable[[KnownFile], bool],
    lay: Callable[[Written], KnownFile],
    place: str = "",
    retire: Callable[[str], None] = lambda _name: None,
) -> None:
    """Lay into a place what the others may lack and nothing that lies there holds for all of them.

    Each bundle is remembered after it was laid: cut short between, another one with the same acts is laid the next
    time, and they are passed over where they are known.
    """
    rows = machines.others(vault)  # one may have joined or gone by what was taken in
    if not rows:
        return
    wanted = {row.id for row in rows}
    covered: dict[str, list[tuple[int, int]]] = {}
    for file in known_files(vault, place).values():
        if wanted <= file.readers and lies_there(file):
            for device, ranges in file.ranges.items():
                covered.setdefault(device, []).extend(ranges)
    mark = reread_header(vault.folder).digest().hex() + "/" + "/".join(sorted(wanted))
    noted = f"{WRITTEN_HEADER}/{place}" if place else WRITTEN_HEADER
    with vault.read() as connection:
        always = waiting.note(connection, noted) != mark
    for written in exchange.write_bundles(vault, rows, covered=covered, always=always):
        file = lay(written)
        done.handed_on += written.acts
        done.files.append(file.name)
        with vault.write() as unit:
            _remember(unit.connection, file, place)
            waiting.set_note(unit.connection, noted, mark)
    _register_too(vault, rows, lay, place, retire)


def _register_too(
    vault: Vault, rows: list[MachineRow], lay: Callable[[Written], KnownFile], place: str, retire: Callable[[str], None]
) -> None:
    """Lay the sealed register where it travels, in the place of the one before; take away what travels no more."""
    before = register_travel.laid_before(vault, place)
    for note, digest, written in register_travel.going_out(vault, place, rows):
        file = lay(written)
        retire(before.pop(note, ""))
        with vault.write() as unit:
            _remember(unit.connection, file, place)
            waiting.set_note(unit.connection, note, f"{digest} {file.name}")
    for note, name in before.items():
        if not register_travel.still_lies(vault, note):
            retire(name)
            with vault.write() as unit:
                waiting.set_note(unit.connection, note, "")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomic(path, content)
    except OSError:
        raise Refused(
            "The file could not be written: the folder is full, gone or not yours. Nothing here was changed.",
            hint="Check that the share or the stick is there and has room, then do it again.",
        ) from None


# -- a stick -----------------------------------------------------------------------------------------------------------


def write_file(vault: Vault, file: Path, *, everything: bool = False) -> Carried:
    """Write what the other machines may lack into a file, or several where it is much; raises Refused."""
    done = Carried()
    rows = machines.others(vault)
    if not rows:
        raise Refused("There is no other machine to carry anything to. Nothing was written.")
    file = file.expanduser().absolute()
    if file.exists():
        raise Refused("There is a file of that name already. Nothing was written.", hint="Name another.")
    made = exchange.write_bundles(vault, rows, everything=everything, always=True)
    register = (written for _note, _digest, written in register_travel.going_out(vault, "stick", rows))
    for number, written in enumerate(itertools.chain(made, register), start=1):
        path = file if number == 1 else file.with_name(f"{file.stem}-{number}{file.suffix}")
        _write(path, written.content)
        done.handed_on += written.acts
        done.files.append(str(path))
    return done


def take_files(vault: Vault, files: Sequence[Path], progress: Progress = lambda _text: None) -> Carried:
    """Take in files that another machine wrote; raises NotFound where one is not there."""
    for path in files:
        if not path.expanduser().is_file():
            raise NotFound("There is no file of that name. Nothing was taken in.")
    done = Carried()
    loads = [(path.name, exchange.from_file(path.expanduser())) for path in files]
    result = exchange.take_bundles(vault, loads, progress)
    result.refused |= dict.fromkeys(result.for_others, FOR_OTHERS)
    note_taken(vault, done, result)
    return done


# -- who opens the vault, changed apart --------------------------------------------------------------------------------


def settle_people(vault: Vault, *, here: bool, progress: Progress = lambda _text: None) -> None:
    """Choose whose list of people stands, where it was changed on two machines apart; raises NotFound, NotAllowed."""
    from practice.roles import check_may_record

    check_may_record(vault.person.role, "person_role_changed")
    apart = headers.conflicting(vault)
    if apart is None:
        raise NotFound("Who opens this vault was not changed in two places. Nothing was changed.")
    if here:
        headers.stand_by_own(vault, [*apart.trail])
    else:
        headers.take(vault, apart, progress, chosen=True)
    exchange.keep_carry_key(vault)


def apart_on(vault: Vault) -> str:
    """Return the name of the machine on which who opens the vault was changed apart; blank without one."""
    apart = headers.conflicting(vault)
    if apart is None:
        return ""
    with vault.read() as connection:
        return next((row.name for row in in_ledger(connection) if row.id == apart.machine), "another machine")


def lists_apart(vault: Vault) -> list[str]:
    """Say what the two lists of those who open the vault differ in, a sentence for each; nothing where none waits."""
    other = apart_on(vault)
    if not other:
        return []
    here, there = headers.names_apart(vault)
    if not here and not there:
        return ["Both name the same people: a passphrase, a recovery code or the keys were made anew on each."]
    said = [f"Only on this machine's list: {', '.join(here)}."] if here else []
    return [*said, f"Only on the list of «{other}»: {', '.join(there)}."] if there else said


# -- in plain words ----------------------------------------------------------------------------------------------------


def troubles(vault: Vault) -> list[str]:
    """Return what is wrong between the machines, in plain sentences; nothing where all is well."""
    with vault.read() as connection:
        gaps, found = waiting.gaps(connection), forks(connection)
        behind = waiting.note(connection, exchange.PUT_BACK)
    said = [PUT_BACK_WORDS.format(behind)] if behind else []
    said += [fork_words(fork.seq, fork.here_at, fork.came_at) for fork in found]
    if gaps:
        count = sum(gap.waiting for gap in gaps)
        said.append(f"{counted(count, 'act waits', 'acts wait')} for a part that has not arrived yet.")
    if machines.known(vault) is not None:
        from storage.desk.same_child import question

        said += [asked] if (asked := question(vault)) else []
    if other := apart_on(vault):
        said.append(f"Who may open the vault was changed here and on «{other}»: choose which list stands.")
    return said


def fork_words(seq: int, here_at: str, came_at: str) -> str:
    """Return what a number that two acts bear means, and what to do."""
    here, came = (stated_day(at[:10]) if at else "not here" for at in (here_at, came_at))
    return (
        f"Two different acts bear number {seq} of one machine ({here} and {came}): it was put back to an earlier state,"
        " or copied. Nothing was overwritten. What it recorded since is taken in after dsl-console machine renew on"
        " that machine."
    )


def moved_words(done: Carried) -> str:
    """Return how much a sync took in and handed on, in a sentence."""
    return f"Taken in: {counted(done.taken, 'act')}. Handed on: {done.handed_on:,}."


def carried_words(done: Carried) -> list[str]:
    """Return what else a person should know of a sync, in plain sentences."""
    said = [*done.failed, *(f"{name}: {text}" for name, text in done.refused.items())]
    said += [fork_words(fork.seq, fork.here_at, fork.came_at) for fork in done.forks]
    if done.waiting:
        said.append(f"{counted(done.waiting, 'act waits', 'acts wait')} for a part that has not arrived yet.")
    if done.unread:
        files = counted(done.unread, "file comes", "files come")
        said.append(f"{files} from a machine, or under a key, that this one has not heard of yet.")
    if done.newer:
        said.append("Some acts are of a newer dsl-console than this one; they wait until it is updated here.")
    if done.people_changed:
        said.append("Who may open the vault was changed elsewhere, and is now the same here.")
    if done.people_apart:
        said.append(
            f"Who may open the vault was changed here and on «{done.people_apart}». Choose which stands:"
            " dsl-console machine people --keep here, or --keep there."
        )
    return said
