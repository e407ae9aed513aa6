"""Taking in what was recorded on a visit: any number of times, in any parts, with the set or without its key.

Sealed files first go into the school's own spool, so that nothing depends on the stick any more; then what follows on
is checked, chained under the school's key and taken in as another machine's acts are. What must not come in by itself
waits there for a person: a set that was reported lost, acts from after its end, or about a child who was not on it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice.acts import VisitLost, VisitReturned, VisitSettled, build, read_body
from practice.compartments import CHILDREN
from practice.errors import ConsoleError, IntegrityAlarm, NotAllowed, NotFound, Refused
from practice.roles import MANAGES_PEOPLE, check_may_record
from storage import ledger, reports
from storage.atomic import private_folder, write_atomic
from storage.drafts import inbox_info
from storage.replication.wire import Line
from storage.reports import spool as reports_spool
from storage.sealed import SEALED_LIMIT, unseal
from storage.views import machines
from storage.views import visits as view
from storage.views.visits import LOST, VisitRow
from storage.visits import ending, letter, sealing
from storage.visits.checking import (
    FORK_WORDS,
    PENDING,
    Progress,
    close,
    inbox_keys,
    load,
    ready,
    spool,
    take_waiting,
    waiting,
)
from storage.visits.returned import Returned

if TYPE_CHECKING:
    from storage.vault import Vault

_FILES_LIMIT = 20_000
_OURS = re.compile(r"[0-9]{8,16}\.(dslv|pending)")
_DRAFT = re.compile(r"[a-z0-9-]{1,60}\.draft")
_REPORT = re.compile(r"[0-9a-f-]{36}\.report")


@dataclass(frozen=True)
class Held:
    """An act that waits for a person: its number, when and what kind it is, about whom, and its words."""

    seq: int
    recorded_at: str
    kind: str
    child: str
    text: str
    child_id: str = ""


# -- bringing files home -----------------------------------------------------------------------------------------------


def take(vault: Vault, source: Path, progress: Progress = lambda _text: None, *, learn: bool | None = None) -> Returned:
    """Take in a visit set's folder, or one sealed file of it; a folder's set is destroyed once all of it is here.

    With `learn`, a set of which nothing is known here is learnt of from its letter home; left out, it is where the
    school has no other machine, of which a sync would tell.
    Raises NotFound, Refused for another school's, NotAllowed; done again after any interruption it changes nothing.
    """
    check_may_record(vault.person.role, VisitReturned.act_kind)
    if vault.visit is not None:
        raise Refused("A visit set is returned at school, not to another one.")
    source = source.expanduser().absolute()
    learn = _is_alone(vault) if learn is None else learn
    if not source.is_dir():
        done = Returned(place=source)
        if source.name == letter.NAME:
            _take_letter(vault, source, done, learn=learn)
        else:
            _bring(vault, source, done)
        take_waiting(vault, done, progress)
        return done
    cover = ending.cover_of(source)
    if cover["school"] != vault.id:
        raise Refused("That visit set belongs to another school's record. Nothing was taken from it.")
    with ending.alone(source):
        done = Returned(visit=cover["visit"], place=source)
        _take_letter(vault, source / ending.SEALED / letter.NAME, done, learn=learn)
        return _take_folder(vault, source, done, progress)


def _take_folder(vault: Vault, folder: Path, done: Returned, progress: Progress) -> Returned:
    files = _files(folder / ending.SEALED)
    progress(f"{len(files):,} sealed files")
    for path in files:
        _bring(vault, path, done)
    take_waiting(vault, done, progress)
    _bring_others(vault, folder / ending.SEALED, done)
    if not done.refused and not done.unknown:
        close(vault, done)
        done.removed = ending.remove(folder)
    return done


def _is_alone(vault: Vault) -> bool:
    """Say whether the school has no other machine in use."""
    with vault.read() as connection:
        return sum(row.removed_at is None for row in machines.in_ledger(connection)) < 2


def _take_letter(vault: Vault, path: Path, done: Returned, *, learn: bool) -> None:
    """Learn from a set's letter home what this machine does not know of it."""
    said = letter.read(vault, path, done.visit)
    if said is not None:
        done.visit = said.packed.visit
        done.letter = True
        done.learnt, done.notes = letter.take(vault, said, learn=learn)


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name) and _plain(path))
    except FileNotFoundError:
        return []
    except OSError:
        raise Refused("The visit set cannot be read. Nothing was changed.", hint="Is the stick plugged in?") from None
    # What was being written when the laptop stopped comes last: it may never have been shown as recorded.
    return sorted(found[:_FILES_LIMIT], key=lambda path: (path.suffix == PENDING, path.name))


def _plain(path: Path) -> bool:
    """Say whether this is a file, and no link that a stranger laid to another one."""
    return path.is_file() and not path.is_symlink()


def _bring(vault: Vault, path: Path, done: Returned) -> None:
    """Copy one sealed file into the spool, unless what it holds is here already."""
    try:
        stored = load(path)
        piece = sealing.read(stored)
        if piece.school != vault.id:
            raise Refused("That file belongs to another school's record. Nothing was taken from it.")
        if done.visit and piece.visit != done.visit:
            raise Refused("That file belongs to another visit set. Nothing was taken from it.")
        done.visit = piece.visit
        name = f"{piece.visit}-{piece.last:08d}-{hash_of(stored)}{path.suffix if path.suffix == PENDING else '.dslv'}"
        target = private_folder(spool(vault)) / name
        if not target.exists():
            write_atomic(target, stored)
    except NotFound:
        raise
    except ConsoleError as error:
        done.refused[path.name] = error.message
    except OSError:
        raise Refused(
            "The school's own disk is full or cannot be written, so nothing was removed from the set.",
            hint="Free some room, and return it again.",
        ) from None


def hash_of(stored: bytes) -> str:
    """Return eight figures that tell two files of one number apart."""
    return hashlib.sha256(stored).hexdigest()[:8]


def _bring_others(vault: Vault, folder: Path, done: Returned) -> None:
    """Bring home sealed reports and what somebody was still writing: both are sealed for the school already."""
    for path in _sealed(folder / "reports", _REPORT):
        place = private_folder(reports_spool(vault.folder)) / path.name
        if not place.exists():
            write_atomic(place, path.read_bytes())
            done.reports += 1
    for path in _sealed(folder, _DRAFT):
        place = vault.drafts.place_of(path)
        if not place.exists():
            write_atomic(place, path.read_bytes())
            done.drafts += 1
        elif place.read_bytes() != path.read_bytes() and _left_as_note(vault, path):
            done.reports += 1


def _sealed(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if pattern.fullmatch(path.name) and _plain(path)]
    return sorted(path for path in found if path.stat().st_size <= SEALED_LIMIT)


def _left_as_note(vault: Vault, path: Path) -> bool:
    """Leave what was being written as a note, where a draft of that name is being written at school as well."""
    try:
        content = json.loads(unseal(path.read_bytes(), inbox_keys(vault), inbox_info(vault.id, CHILDREN)))
        words = [str(each) for each in content["fields"].values() if isinstance(each, str) and each.strip()]
        told = {"child_as_written": "On a visit, not finished", "text": "\n".join(words), "reporter": vault.person.name}
        reports.leave(vault.folder, told, clock=vault.clock)
    except (ConsoleError, ValueError, KeyError, TypeError, AttributeError):
        return False  # anybody could have sealed it, and nothing of it can be read
    return True


# -- lost, and what waits for a person ---------------------------------------------------------------------------------


def lose(vault: Vault, wanted: str, reason: str) -> VisitRow:
    """Report a set lost or given up: whatever comes back from it from now on waits for a person."""
    row = view.find(vault, wanted)
    check_may_record(vault.person.role, VisitLost.act_kind)
    if row.state == LOST:
        raise Refused("That visit set was reported lost already. Nothing was changed.")
    with vault.write() as unit:
        end = ledger.head(unit.connection, row.device).seq
        unit.record(build(VisitLost, {"visit": row.id, "device": row.device, "through": end, "reason": reason}))
    return view.find(vault, row.id)


def held(vault: Vault, row: VisitRow) -> tuple[str, list[Held]]:
    """Return why acts of a set wait for a person, and those acts in their order, as they were written."""
    found = waiting(vault, row, Returned())
    names = dict(zip(row.child_ids, row.children, strict=True))
    follows = ready(vault, found)
    after = [line for line in found.lines if line.seq > (follows[-1].seq if follows else 0)] if found.why else []
    forked = [line for lines in found.forked.values() for line in lines]
    return found.why or (FORK_WORDS if forked else ""), [_held(line, names) for line in (*after, *forked)]


def _held(line: Line, names: dict[str, str]) -> Held:
    try:
        body = read_body(line.kind, line.body or b"")
    except IntegrityAlarm:
        return Held(line.seq, line.recorded_at, line.kind, "", "It cannot be read.")
    said = [str(getattr(body, name)) for name in ("text", "what", "decision", "reason") if getattr(body, name, "")]
    child = line.fields[7] or ""
    known = child if child in names else ""
    return Held(line.seq, line.recorded_at, line.kind, names.get(child, ""), " · ".join(said), known)


def settle(vault: Vault, wanted: str, *, accept: bool, reason: str) -> Returned:
    """Let in what waits of a set, or refuse it: it is removed then, and nothing of it stands in the record.

    Raises NotFound where nothing waits, NotAllowed for who is neither the DSL nor the headteacher.
    """
    row = view.find(vault, wanted)
    if vault.person.role not in MANAGES_PEOPLE:
        raise NotAllowed("Only the DSL or the headteacher may settle what waits of a visit set. Nothing was changed.")
    why, waits = held(vault, row)
    if not waits:
        raise NotFound("Nothing of that visit set waits for a person.")
    if why == FORK_WORDS and accept:
        raise Refused(
            "One number is borne by two acts, so the second cannot come in as it is. Nothing was changed.",
            hint="Read it, log what it says as an entry of your own, then refuse it.",
        )
    last = max(each.seq for each in waits)
    said = {"visit": row.id, "device": row.device, "through": last, "accepted": accept, "reason": reason}
    vault.record(build(VisitSettled, said))
    done = Returned(visit=row.id)
    if accept:
        take_waiting(vault, done, lambda _text: None)
        close(vault, done)
    else:
        for path in spool(vault).glob(f"{row.id}-*"):
            path.unlink(missing_ok=True)
    return done
