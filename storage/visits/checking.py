"""What waits of a visit set in the school's spool, and what of it comes in by itself.

It is checked, chained under the school's key and taken in as another machine's acts are. What must not come in by
itself stays there for a person: a set that was reported lost, acts from after its end, or about a child who was not on
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import VisitReturned, build
from practice.errors import ConsoleError, NotFound, Refused
from practice.visits import OWN, RECORDED, SLACK
from storage import ledger, secrets_table
from storage.replication import incoming
from storage.replication.wire import Line
from storage.sealed import XWingPrivate
from storage.types import from_utc_text
from storage.views import visits as view
from storage.views.visits import LOST, VisitRow
from storage.visits import letter, sealing
from storage.visits.returned import Returned
from storage.visits.sealing import Piece

if TYPE_CHECKING:
    from storage.vault import Vault

PENDING = ".pending"
Progress = Callable[[str], None]
LOST_WORDS = "The set was reported lost, so a person reads first what comes back from it."
LATE_WORDS = "This was recorded after the set had ended, so a person reads it first."
STRANGE_WORDS = "This is about a record that was not on the set, so a person reads it first."
FORK_WORDS = "Two different acts bear one number of this set: it was copied. A person reads the second first."


def spool(vault: Vault) -> Path:
    """Return the folder of the vault in which a set's sealed files wait, as they came."""
    return vault.folder / view.SPOOL


def load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(sealing.FILE_LIMIT + 1)
    except FileNotFoundError:
        raise NotFound("There is no visit set, and no file of one, of that name.") from None
    except OSError:
        raise Refused("A file of the visit set cannot be read. Nothing was removed.") from None


def inbox_keys(vault: Vault) -> dict[bytes, XWingPrivate]:
    with vault.read() as connection:
        stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
    return {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}


@dataclass
class Waiting:
    """What waits in the spool of one set: its acts by number, the files, and what stands in the way."""

    row: VisitRow
    lines: list[Line] = field(default_factory=list)
    files: dict[Path, int] = field(default_factory=dict)
    forked: dict[Path, list[Line]] = field(default_factory=dict)
    """Files with an act that bears the number of another one."""
    known: int = 0
    why: str = ""


def take_waiting(vault: Vault, done: Returned, progress: Progress) -> None:
    if not done.visit:
        return
    row = next((row for row in view.visits(vault) if row.id == done.visit), None)
    if row is None:
        done.unknown = True
        return
    found = waiting(vault, row, done)
    done.known += found.known
    lines = ready(vault, found)
    if lines:
        done.notes += letter.leave_unplaced(vault, lines, dict(zip(row.child_ids, row.children, strict=True)))
        taken = incoming.take_in(vault, lines, progress)
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


def waiting(vault: Vault, row: VisitRow, done: Returned) -> Waiting:
    """Read what waits of a set; a number that two acts bear is kept once, as it is here."""
    found = Waiting(row)
    by_seq: dict[int, Line] = {}
    with vault.read() as connection:
        end = ledger.head(connection, row.device).seq
        here = _ids(connection, row.device)
    keys = inbox_keys(vault)
    paths = sorted(spool(vault).glob(f"{row.id}-*"), key=lambda path: (path.suffix == PENDING, path.name))
    for path in paths:
        try:
            piece = _piece(path, row)
            lines = _checked(sealing.opened(piece, keys), row)
        except ConsoleError as error:
            done.refused[path.name[37:45] + path.suffix] = error.message  # its number, as the set names it
            path.unlink(missing_ok=True)
            continue
        found.files[path] = piece.last
        if path.suffix == PENDING and (piece.last in by_seq or piece.last <= end):
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
    piece = sealing.read(load(path))
    if (piece.visit, piece.device) != (row.id, row.device):
        raise sealing.damaged()
    return piece


def ready(vault: Vault, found: Waiting) -> list[Line]:
    """Return what follows on what is here and may come in by itself, chained under the school's own key."""
    row, follows = found.row, []
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
            follows.append(Line(line.fields, line.digest, line.signature, mac, line.salt, line.body))
    return follows


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


def close(vault: Vault, done: Returned) -> None:
    """Record that a set came back, up to where it is here; once, and again only where more came."""
    row = next((row for row in view.visits(vault) if row.id == done.visit), None)
    if row is None:
        return
    with vault.read() as connection:
        end = ledger.head(connection, row.device).seq
    if end > row.through or (row.state != LOST and row.closed_at is None):
        vault.record(build(VisitReturned, {"visit": row.id, "device": row.device, "through": end}))
