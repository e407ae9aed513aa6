"""Triage: sealed reports are opened, matched to a child by a person, accepted or closed, and their writer answered.

Taking in never guesses and never loses: a file leaves its folder only after its act is durable, the same report twice
is one act, and a file that cannot be opened stays where it is and is named.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from practice.acts import ConcernLogged, ReportAccepted, ReportAnswered, ReportArrived, ReportClosed, build
from practice.compartments import CHILDREN
from practice.dates import parse_when
from practice.errors import ConsoleError, IntegrityAlarm, Refused
from practice.vocabulary import HowKnown, Role
from storage import secrets_table
from storage.atomic import sync_folder, write_atomic
from storage.desk.children import provisional_child
from storage.drafts import inbox_info
from storage.header import reread_header
from storage.ids import new_id
from storage.ledger import Draft
from storage.reports import SUFFIX, spool
from storage.sealed import HEAD_SIZE, SEALED_LIMIT, XWingPrivate, key_id_of, unseal
from storage.types import from_utc_text
from storage.views import children
from storage.views import reports as views

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.vault import Unit, Vault

BATCH = 100
"""How many reports one transaction takes in."""
_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_DAMAGED = "it is damaged, or was sealed for another vault"
_NO_REPORT = "what it holds is no report"
_UNREADABLE = "the file cannot be read"
_NOT_OURS = ""
"""Why a file stays of which nothing is said."""
_IN_THE_WAY = "it was taken in, but its file cannot be removed"


@dataclass(frozen=True)
class Left:
    """A file that stays where it is, and why, in words."""

    path: Path
    why: str


@dataclass
class Taken:
    """What one look at the folders did: ids of the reports that are new, and the files that stay."""

    new: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True)
class _Opened:
    path: Path
    body: ReportArrived
    written_at: datetime


@dataclass
class _Memory:
    """What is known of files that stay, so that a poll does not open them again until they change.

    Each folder has a lock of its own, so that a slow network folder holds up no other.
    """

    locks: dict[Path, threading.Lock] = field(default_factory=dict)
    stamps: dict[Path, tuple[tuple[int, int, int], str]] = field(default_factory=dict)


_memories: WeakKeyDictionary[Vault, _Memory] = WeakKeyDictionary()
_memories_lock = threading.Lock()


def _memory(vault: Vault) -> _Memory:
    with _memories_lock:
        return _memories.setdefault(vault, _Memory())


def left_behind(vault: Vault) -> list[Left]:
    """Return the files that the last look could not take in, so that Today names them."""
    stamps = _memory(vault).stamps.copy()
    return [Left(path, why) for path, (_stamp, why) in sorted(stamps.items()) if why != _NOT_OURS]


# -- taking in ---------------------------------------------------------------------------------------------------------


def take_in(vault: Vault, *shared: Path) -> Taken:
    """Open what waits in the vault's own spool and in the shared folders, and record each report once.

    A person who may only read takes nothing in, nor does a visit set, whose reports go back to the school, nor anybody
    while the record does not agree with its anchor: the files wait. Raises ConsoleError where the record cannot be
    written; then nothing left its folder.
    """
    taken = Taken()
    if vault.alarm is not None or vault.person.role == Role.READ_ONLY or vault.visit is not None:
        return taken
    memory = _memory(vault)
    for folder in (spool(vault.folder), *shared):
        with memory.locks.setdefault(folder, threading.Lock()):
            _take_folder(vault, folder, memory, taken)
    taken.left = left_behind(vault)
    return taken


def _take_folder(vault: Vault, folder: Path, memory: _Memory, taken: Taken) -> None:
    found = waiting_files(folder)
    for path in [path for path in memory.stamps.copy() if path.parent == folder and path not in found]:
        memory.stamps.pop(path, None)
    fresh = [path for path, stamp in found.items() if memory.stamps.get(path) not in _lasting(stamp)]
    if not fresh:
        return
    with vault.read() as connection:
        stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
    keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}
    info, beside = inbox_info(vault.id, CHILDREN), reread_header(vault.folder).inboxes_beside(CHILDREN)
    for path in [path for path in fresh if named_key(path) in beside]:
        fresh.remove(path)
        _leave_for_others(vault, path, folder)
        memory.stamps[path] = (found[path], _NOT_OURS)
    for at in range(0, len(fresh), BATCH):
        opened = []
        for path in fresh[at : at + BATCH]:
            try:
                opened.append(_open(path, keys, info))
                memory.stamps.pop(path, None)
            except FileNotFoundError:  # another console took it in meanwhile
                memory.stamps.pop(path, None)
            except OSError:
                memory.stamps[path] = (found[path], _UNREADABLE)
            except ConsoleError as error:
                memory.stamps[path] = (found[path], error.message)
        if opened:
            taken.new += _record(vault, opened)
            _remove(folder, opened, found, memory)


def _lasting(stamp: tuple[int, int, int]) -> list[tuple[tuple[int, int, int], str]]:
    """Return what may stand in memory of a file that is as it was and need not be looked at again."""
    return [(stamp, why) for why in (_DAMAGED, _NO_REPORT, _IN_THE_WAY, _NOT_OURS)]


def named_key(path: Path) -> bytes:
    """Return the id of the key for which a file is sealed; blank where that cannot be read."""
    with contextlib.suppress(OSError):
        return key_id_of(read_sealed_file(path, HEAD_SIZE))
    return b""


def _leave_for_others(vault: Vault, path: Path, folder: Path) -> None:
    """Bring what is sealed for the adults' register in from a shared folder, unopened; nothing is said of it (R-40)."""
    if folder == spool(vault.folder):
        return
    with contextlib.suppress(OSError):
        sealed = read_sealed_file(path)
        if len(sealed) <= SEALED_LIMIT and (target := spool(vault.folder) / path.name) and not target.exists():
            write_atomic(target, sealed)
            path.unlink()


def waiting_files(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Return the sealed files of a folder with what changes when they do; a folder that is away holds none."""
    found = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(SUFFIX) or entry.name.startswith("."):
                continue
            with contextlib.suppress(OSError):
                state = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(state.st_mode):
                    found[Path(entry.path)] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return dict(sorted(found.items()))


def read_sealed_file(path: Path, limit: int = SEALED_LIMIT + 1) -> bytes:
    """Return the beginning of a plain file, whatever somebody put in its place; raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        return file.read(limit)


def _open(path: Path, keys: dict[bytes, XWingPrivate], info: bytes) -> _Opened:
    """Open one file; raises IntegrityAlarm with the reason why it stays, or OSError."""
    sealed = read_sealed_file(path)
    try:
        stored = unseal(sealed, keys, info)
    except IntegrityAlarm:
        raise IntegrityAlarm(_DAMAGED) from None
    try:
        return _Opened(path, *_read(stored))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, Refused):
        raise IntegrityAlarm(_NO_REPORT) from None


def _read(stored: bytes) -> tuple[ReportArrived, datetime]:
    """Read what was sealed, which anybody with the public key may have made."""
    content = json.loads(stored)
    if content["kind"] != "report" or content["v"] != 1 or not isinstance(content["id"], str):
        raise ValueError("this is no report")
    written_at = written_when(content["captured_at"])
    fixed = {"form": content["form"], "report": usable_id(content["id"]), "digest": hashlib.sha256(stored).hexdigest()}
    return build(ReportArrived, {**content["fields"], **fixed}), written_at


def written_when(text: str) -> datetime:
    """Return the moment that a writer's clock claimed; raises ValueError for one that cannot be."""
    written_at = from_utc_text(text)
    if written_at.tzinfo is None or not _EARLIEST <= written_at <= _LATEST:
        raise ValueError("it claims a time that cannot be")
    return written_at


def usable_id(claimed: str) -> str:
    """Return the id that a report claims where it is one of ours, else a new one."""
    return claimed if _ID.match(claimed) else new_id()


def _record(vault: Vault, opened: list[_Opened]) -> list[str]:
    """Record each report that is not there yet, in one transaction, and return their ids."""
    with vault.write() as unit:
        known = views.known_digests(unit.connection, [each.body.digest for each in opened])
        drafts: list[Draft] = []
        used: set[str] = set()
        for each in opened:
            body = each.body
            if body.digest in known:
                continue
            known.add(body.digest)
            if body.report in used or _is_used(unit.connection, body.report):
                # Another text under the same id: both are kept, for nobody may push a report aside.
                body = body.model_copy(update={"report": new_id()})
            used.add(body.report)
            drafts.append(Draft(body, None, body.report, None, each.written_at))
        if drafts:
            unit.record_many(drafts)
    return [draft.entry for draft in drafts if draft.entry]


def _is_used(connection: Connection, entry: str) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM acts WHERE entry = ? LIMIT 1", (entry,)).first() is not None


def _remove(folder: Path, opened: Iterable[_Opened], found: dict[Path, tuple[int, int, int]], memory: _Memory) -> None:
    for each in opened:
        try:
            each.path.unlink(missing_ok=True)
        except OSError:
            memory.stamps[each.path] = (found[each.path], _IN_THE_WAY)
    with contextlib.suppress(OSError):
        sync_folder(folder)


# -- what a person does with a report ----------------------------------------------------------------------------------


def accept(vault: Vault, report_id: str, child_id: str = "", *, how_known: str = "", new_child: str = "") -> str:
    """Take a report into the record of the child whom a person chose; return the entry's id, which is the report's.

    The reporter's words stay as they are and the source is the reporter. With `new_child` the child is not on the roll
    and is recorded provisionally (R-15). Raises Refused where it was accepted already.
    """
    report = views.report(vault, report_id)
    if child_id:
        child_id = children.get(vault, child_id).id
    elif not new_child.strip():
        raise Refused("Which child is this about? Nothing was recorded yet.", hint="Choose a child, or type the name.")
    if how_known and how_known not in set(HowKnown):
        raise Refused(f"«{how_known}» is no way to know that this program has. Nothing was recorded.")
    concern = _concern(report, how_known)
    with vault.write() as unit:
        _check_open(unit, report_id, "waiting", "closed")
        child_id = child_id or provisional_child(unit, new_child)
        accepted = build(ReportAccepted, {"report": report_id})
        unit.record_many(
            [
                Draft(concern, child_id, report_id, None, report.written_at),
                Draft(accepted, child_id, report_id),
            ]
        )
    return report_id


def _concern(report: views.ReportRow, how_known: str) -> ConcernLogged:
    written = report.written_at.astimezone().replace(tzinfo=None)
    fields: dict[str, Any] = report.concern.model_dump(mode="json") if report.concern else {}
    fields |= {
        "text": report.text,
        "childs_words": report.childs_words,
        "child_as_written": report.child_as_written,
        "reported_by": report.reporter,
    }
    fields.setdefault("occurred", parse_when(report.happened, written).model_dump(mode="json"))
    fields["how_known"] = how_known or fields.get("how_known", "")
    made: ConcernLogged = build(ConcernLogged, fields)
    return made


def _check_open(unit: Unit, report_id: str, *states: str) -> None:
    if views.state_of(unit.connection, report_id) not in states:
        raise Refused("Somebody has dealt with this report already. Nothing was changed.", hint="Open it again.")


def close(vault: Vault, report_id: str, reason: str) -> str:
    """Close a report without taking it into any record, with the reason; return its act's id. It stays readable."""
    views.report(vault, report_id)
    if not reason.strip():
        raise Refused("Closing a report needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    closed = build(ReportClosed, {"report": report_id, "reason": reason})
    with vault.write() as unit:
        _check_open(unit, report_id, "waiting")
        return unit.record(closed, entry=report_id).id


def answered(vault: Vault, report_id: str, by: str, what: str, at: str = "") -> str:
    """Record who told the reporter what was done; return the act's id."""
    views.report(vault, report_id)
    if not by.strip() or not what.strip():
        raise Refused("Say who told the reporter, and what was said. Nothing was recorded yet.")
    return vault.record(
        build(ReportAnswered, {"report": report_id, "by": by, "what": what, "at": at}), entry=report_id
    ).id


def candidates(vault: Vault, report: views.ReportRow, limit: int = 6) -> list[children.ChildRow]:
    """Return children whose names are like the one that the reporter wrote: offered to a person, never chosen."""
    found: dict[str, children.ChildRow] = {}
    name = report.child_as_written[:100]
    for query in (name, *sorted(name.split(), key=len, reverse=True)):
        if len(query) >= 2:
            for child in children.find(vault, query, limit):
                found.setdefault(child.id, child)
    return list(found.values())[:limit]
