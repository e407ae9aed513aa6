"""Taking in what was recorded on a visit: any number of times, in any parts, with the set or without its key.

Sealed files first go into the school's own spool, so that nothing depends on the stick any more; then what follows on
is checked, chained under the school's key and taken in as another machine's acts are. What must not come in by itself
waits there for a person: a set that was reported lost, acts from after its end, or about a child who was not on it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import VisitLost, VisitReturned, VisitSettled, build, read_body
from practice.compartments import CHILDREN
from practice.errors import ConsoleError, IntegrityAlarm, NotAllowed, NotFound, Refused
from practice.roles import MANAGES_PEOPLE, check_may_record
from practice.visits import OWN, RECORDED, SLACK
from storage import ledger, reports, secrets_table
from storage.atomic import private_folder, write_atomic
from storage.drafts import inbox_info
from storage.replication import incoming
from storage.replication.wire import Line
from storage.reports import spool as reports_spool
from storage.sealed import SEALED_LIMIT, XWingPrivate, unseal
from storage.types import from_utc_text
from storage.views import machines
from storage.views import visits as view
from storage.views.visits import LOST, VisitRow
from storage.visits import ending, letter, sealing
from storage.visits.sealing import Piece

if TYPE_CHECKING:
    from storage.vault import Vault

_FILES_LIMIT = 20_000
_PENDING = ".pending"
_OURS = re.compile(r"[0-9]{8,16}\.(dslv|pending)")
_DRAFT = re.compile(r"[a-z0-9-]{1,60}\.draft")
_REPORT = re.compile(r"[0-9a-f-]{36}\.report")
Progress = Callable[[str], None]
LEARN = "this one can learn of it from the set itself"
LOST_WORDS = "The set was reported lost, so a person reads first what comes back from it."
LATE_WORDS = "This was recorded after the set had ended, so a person reads it first."
STRANGE_WORDS = "This is about a record that was not on the set, so a person reads it first."
FORK_WORDS = "Two different acts bear one number of this set: it was copied. A person reads the second first."


@dataclass
class Returned:
    """What a return did: the set, acts taken in and known before, what is missing or held, and what else came."""

    visit: str = ""
    taken: int = 0
    known: int = 0
    missing: int = 0
    """Acts that came, but follow on others that have not come yet."""
    held: int = 0
    why: str = ""
    reports: int = 0
    drafts: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    removed: bool = False
    """Whether the set's key is destroyed and its files are gone."""
    place: Path = Path()
    letter: bool = False
    """Whether the set's letter home was opened, so that this machine can learn of the set from it."""
    learnt: bool = False
    """Whether this machine knew nothing of the set, and recorded it from the set's letter home."""
    notes: int = 0
    """How many notes were left of what the record here no longer has."""
    unknown: bool = False
    """Whether this machine has not heard of the set yet, so that its files wait."""


@dataclass(frozen=True)
class Held:
    """An act that waits for a person: its number, when and what kind it is, about whom, and its words."""

    seq: int
    recorded_at: str
    kind: str
    child: str
    text: str
    child_id: str = ""


def spool(vault: Vault) -> Path:
    """Return the folder of the vault in which a set's sealed files wait, as they came."""
    return vault.folder / view.SPOOL


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
        _take_waiting(vault, done, progress)
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
    _take_waiting(vault, done, progress)
    _bring_others(vault, folder / ending.SEALED, done)
    if not done.refused and not done.unknown:
        _close(vault, done)
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
    return sorted(found[:_FILES_LIMIT], key=lambda path: (path.suffix == _PENDING, path.name))


def _plain(path: Path) -> bool:
    """Say whether this is a file, and no link that a stranger laid to another one."""
    return path.is_file() and not path.is_symlink()


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(sealing.FILE_LIMIT + 1)
    except FileNotFoundError:
        raise NotFound("There is no visit set, and no file of one, of that name.") from None
    except OSError:
        raise Refused("A file of the visit set cannot be read. Nothing was removed.") from None


def _bring(vault: Vault, path: Path, done: Returned) -> None:
    """Copy one sealed file into the spool, unless what it holds is here already."""
    try:
        stored = _load(path)
        piece = sealing.read(stored)
        if piece.school != vault.id:
            raise Refused("That file belongs to another school's record. Nothing was taken from it.")
        if done.visit and piece.visit != done.visit:
            raise Refused("That file belongs to another visit set. Nothing was taken from it.")
        done.visit = piece.visit
        name = f"{piece.visit}-{piece.last:08d}-{hash_of(stored)}{path.suffix if path.suffix == _PENDING else '.dslv'}"
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
        content = json.loads(unseal(path.read_bytes(), _inbox_keys(vault), inbox_info(vault.id, CHILDREN)))
        words = [str(each) for each in content["fields"].values() if isinstance(each, str) and each.strip()]
        told = {"child_as_written": "On a visit, not finished", "text": "\n".join(words), "reporter": vault.person.name}
        reports.leave(vault.folder, told, clock=vault.clock)
    except (ConsoleError, ValueError, KeyError, TypeError, AttributeError):
        return False  # anybody could have sealed it, and nothing of it can be read
    return True


def _inbox_keys(vault: Vault) -> dict[bytes, XWingPrivate]:
    with vault.read() as connection:
        stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
    return {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}


# -- taking in ---------------------------------------------------------------------------------------------------------


@dataclass
class _Waiting:
    """What waits in the spool of one set: its acts by number, the files, and what stands in the way."""

    row: VisitRow
    lines: list[Line] = field(default_factory=list)
    files: dict[Path, int] = field(default_factory=dict)
    forked: dict[Path, list[Line]] = field(default_factory=dict)
    """Files with an act that bears the number of another one."""
    known: int = 0
    why: str = ""


def _take_waiting(vault: Vault, done: Returned, progress: Progress) -> None:
    if not done.visit:
        return
    row = next((row for row in view.visits(vault) if row.id == done.visit), None)
    if row is None:
        done.unknown = True
        return
    found = _waiting(vault, row, done)
    done.known += found.known
    ready = _ready(vault, found)
    if ready:
        done.notes += letter.leave_unplaced(vault, ready, dict(zip(row.child_ids, row.children, strict=True)))
        taken = incoming.take_in(vault, ready, progress)
        done.taken += taken.applied
    with vault.read() as connection:
        end = ledger.head(connection, row.device).seq
    after = len([line for line in found.lines if line.seq > end])
    forked = sum(map(len, found.forked.values()))
    done.held, done.why = forked, FORK_WORDS if forked else ""
    if found.why:
        done.held, done.why = forked + after, found.why
    else:
        done.missing = after
    for path, last in found.files.items():
        if last <= end and path not in found.forked:
            path.unlink(missing_ok=True)


def _waiting(vault: Vault, row: VisitRow, done: Returned) -> _Waiting:
    """Read what waits of a set; a number that two acts bear is kept once, as it is here."""
    found = _Waiting(row)
    by_seq: dict[int, Line] = {}
    with vault.read() as connection:
        end = ledger.head(connection, row.device).seq
        here = _ids(connection, row.device)
    keys = _inbox_keys(vault)
    paths = sorted(spool(vault).glob(f"{row.id}-*"), key=lambda path: (path.suffix == _PENDING, path.name))
    for path in paths:
        try:
            piece = _piece(path, row)
            lines = _checked(sealing.opened(piece, keys), row)
        except ConsoleError as error:
            done.refused[path.name[37:45] + path.suffix] = error.message  # its number, as the set names it
            path.unlink(missing_ok=True)
            continue
        found.files[path] = piece.last
        if path.suffix == _PENDING and (piece.last in by_seq or piece.last <= end):
            continue
        for line in lines:
            other = here.get(line.seq) or (by_seq[line.seq].id if line.seq in by_seq else line.id)
            if other != line.id:
                found.forked.setdefault(path, []).append(line)
            elif line.seq <= end:
                found.known += 1
            else:
                by_seq[line.seq] = line
    found.lines = [by_seq[seq] for seq in sorted(by_seq)]
    return found


def _checked(lines: list[Line], row: VisitRow) -> list[Line]:
    """Raise IntegrityAlarm for acts that no visit set records: nobody is asked about those."""
    for line in lines:
        first = line.kind == "machine_heard" and line.seq != 1
        if line.kind not in RECORDED | OWN or first or line.author != row.person_id:
            raise sealing.damaged()
    return lines


def _ids(connection: Connection, device: str) -> dict[int, str]:
    rows = connection.exec_driver_sql("SELECT seq, id FROM acts WHERE device = ?", (device,))
    return {row[0]: row[1] for row in rows}


def _piece(path: Path, row: VisitRow) -> Piece:
    piece = sealing.read(_load(path))
    if (piece.visit, piece.device) != (row.id, row.device):
        raise sealing.damaged()
    return piece


def _ready(vault: Vault, found: _Waiting) -> list[Line]:
    """Return what follows on what is here and may come in by itself, chained under the school's own key."""
    row, ready = found.row, []
    with vault.read() as connection:
        end = ledger.head(connection, row.device)
        seq, mac = end.seq, end.mac
        for line in found.lines:
            if line.seq != seq + 1:
                break
            if line.seq > row.allowed and (why := _objection(connection, row, line)):
                found.why = why
                break
            seq, mac = line.seq, ledger.next_mac(vault.author.audit_key, mac, line.fields, line.digest)
            ready.append(Line(line.fields, line.digest, line.signature, mac, line.salt, line.body))
    return ready


def _objection(connection: Connection, row: VisitRow, line: Line) -> str:
    """Return why an act does not come in by itself, blank where it does."""
    if row.state == LOST:
        return LOST_WORDS
    if from_utc_text(line.recorded_at) > row.until + SLACK:
        return LATE_WORDS
    if not _fits(connection, row, line):
        return STRANGE_WORDS
    return ""


def _fits(connection: Connection, row: VisitRow, line: Line) -> bool:
    """Say whether an act is about a child who was on the set, and about no entry or action of another."""
    _id, _device, _seq, _captured, _recorded, _author, kind, child, entry, _event, _clock = line.fields
    if kind in OWN:
        return child is None and entry is None
    if kind not in RECORDED or child not in row.child_ids:
        return False
    if entry is None:
        return True
    found = connection.exec_driver_sql(
        "SELECT child_id FROM entries WHERE id = ? UNION ALL SELECT child_id FROM actions WHERE id = ?"
        " UNION ALL SELECT child_id FROM meetings WHERE id = ?",
        (entry, entry, entry),
    ).first()
    if found is not None and found[0] in row.child_ids:
        return True
    moved = connection.exec_driver_sql(
        f"SELECT 1 FROM acts WHERE entry = ? AND (child IN ({','.join('?' * len(row.child_ids))}))",  # noqa: S608
        (entry, *row.child_ids),
    ).first()
    return moved is not None or (found is None and not _anything(connection, entry))


def _anything(connection: Connection, entry: str) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM acts WHERE entry = ? LIMIT 1", (entry,)).first() is not None


def _close(vault: Vault, done: Returned) -> None:
    """Record that a set came back, up to where it is here; once, and again only where more came."""
    row = next((row for row in view.visits(vault) if row.id == done.visit), None)
    if row is None:
        return
    with vault.read() as connection:
        end = ledger.head(connection, row.device).seq
    if end > row.through or (row.state != LOST and row.closed_at is None):
        vault.record(build(VisitReturned, {"visit": row.id, "device": row.device, "through": end}))


def returned_words(done: Returned) -> list[str]:
    """Return what a return did, in plain sentences."""
    if done.unknown:
        return ["This machine has not heard of that set yet. Nothing was removed.", *_unknown_words(done)]
    said = [f"Taken in: {done.taken:,} acts." if done.taken else "Everything of it was here already."]
    if done.held:
        said = [f"{done.held:,} acts wait for a person. {done.why}"]
        said += [f"Taken in: {done.taken:,} acts."] if done.taken else []
    if done.missing:
        said.append(f"{done.missing:,} acts follow on others that have not come yet, and wait for them.")
    if done.learnt:
        said.append("This machine knew nothing of the set, and learnt of it from the set itself.")
    if done.notes:
        notes = f"{done.notes:,} notes wait" if done.notes > 1 else "1 note waits"
        said.append(f"{notes} on Today with what the record here no longer has.")
    if done.reports:
        said.append(f"{done.reports} sealed report{'s' if done.reports > 1 else ''} came along.")
    if done.drafts:
        said.append(f"{done.drafts} unfinished draft{'s' if done.drafts > 1 else ''} came along.")
    said += [f"{name}: {text}" for name, text in done.refused.items()]
    if done.removed:
        said.append("The set's key is destroyed and its files are removed.")
    elif done.refused:
        said.append("The set was kept as it is.")
    return said


def _unknown_words(done: Returned) -> list[str]:
    if done.letter:
        return [f"Sync first, then return it again. Where the machine that packed it is gone, {LEARN}."]
    return ["Sync first, then return it again; or somebody returns it who could open the record when it was packed."]


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
    found = _waiting(vault, row, Returned())
    names = dict(zip(row.child_ids, row.children, strict=True))
    ready = _ready(vault, found)
    after = [line for line in found.lines if line.seq > (ready[-1].seq if ready else 0)] if found.why else []
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
        _take_waiting(vault, done, lambda _text: None)
        _close(vault, done)
    else:
        for path in spool(vault).glob(f"{row.id}-*"):
            path.unlink(missing_ok=True)
    return done
