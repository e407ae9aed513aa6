"""Triage within the adults' register: sealed reports about adults, which only its holders open (R-39).

As with the children's: taking in never guesses and never loses, the same report twice is one act, and a file leaves its
folder only after its act is durable.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.acts import (
    AdultReportAccepted,
    AdultReportAnswered,
    AdultReportArrived,
    AdultReportClosed,
    build,
)
from practice.adults import AdultEntryKind
from practice.compartments import ADULTS
from practice.errors import IntegrityAlarm, Refused
from storage import secrets_table
from storage.atomic import sync_folder
from storage.desk.register import Kept, log_concern
from storage.desk.triage import BATCH, Left, Taken, named_key, read_sealed_file, usable_id, waiting_files, written_when
from storage.drafts import inbox_info
from storage.ids import new_id
from storage.ledger import Draft
from storage.reports import ADULT_FIELDS, spool
from storage.sealed import XWingPrivate, unseal
from storage.views import register as views

if TYPE_CHECKING:
    from storage.register import Register

_NO_REPORT = "what it holds is no report"
_UNREADABLE = "the file cannot be read"


def take_in(register: Register, *shared: Path) -> Taken:
    """Open what waits for this register in the vault's spool and in the shared folders, and record each report once.

    Nothing is taken in while the register does not agree with its anchor. Raises ConsoleError where it cannot be
    written; then nothing left its folder.
    """
    taken = Taken()
    if register.alarm is not None:
        return taken
    with register.read() as connection:
        stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
    keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}
    for folder in (spool(register.folder), *shared):
        ours = [path for path in waiting_files(folder) if named_key(path) in keys]
        for at in range(0, len(ours), BATCH):
            _take(register, folder, ours[at : at + BATCH], keys, taken)
    return taken


def _take(
    register: Register, folder: Path, paths: Sequence[Path], keys: dict[bytes, XWingPrivate], taken: Taken
) -> None:
    info = inbox_info(register.id, ADULTS)
    opened: list[tuple[Path, AdultReportArrived, datetime]] = []
    for path in paths:
        try:
            stored = unseal(read_sealed_file(path), keys, info)
            opened.append((path, *_read(stored)))
        except FileNotFoundError:  # another console took it in meanwhile
            continue
        except OSError:
            taken.left.append(Left(path, _UNREADABLE))
        except (IntegrityAlarm, ValueError, KeyError, TypeError, AttributeError, RecursionError, Refused):
            taken.left.append(Left(path, _NO_REPORT))
    if not opened:
        return
    taken.new += _record(register, opened)
    for path, _body, _at in opened:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        sync_folder(folder)


def _read(stored: bytes) -> tuple[AdultReportArrived, datetime]:
    """Read what was sealed, which anybody with the public key may have made."""
    content = json.loads(stored)
    if content["kind"] != "adult_report" or content["v"] != 1 or not isinstance(content["id"], str):
        raise ValueError("this is no report")
    written_at = written_when(content["captured_at"])
    given = {name: value for name, value in content["fields"].items() if name in ADULT_FIELDS}
    fixed = {"report": usable_id(content["id"]), "digest": hashlib.sha256(stored).hexdigest()}
    return build(AdultReportArrived, {**given, **fixed}), written_at


def _record(register: Register, opened: Sequence[tuple[Path, AdultReportArrived, datetime]]) -> list[str]:
    """Record each report that is not there yet, in one transaction, and return their ids."""
    drafts: list[Draft] = []
    with register.write() as unit:
        known = views.known_digests(unit.connection)
        used = set(unit.connection.exec_driver_sql("SELECT DISTINCT entry FROM acts").scalars())
        for _path, made, written_at in opened:
            body = made
            if body.digest in known:
                continue
            known.add(body.digest)
            if body.report in used:  # another text under the same id: nobody may push a report aside
                body = body.model_copy(update={"report": new_id()})
            used.add(body.report)
            drafts.append(Draft(body, None, body.report, None, written_at))
        if drafts:
            unit.record_many(drafts)
    return [draft.entry for draft in drafts if draft.entry]


# -- what a holder does with one ---------------------------------------------------------------------------------------


def _waiting(register: Register, report_id: str, *states: str) -> views.AdultReportRow:
    row = views.report(register, report_id)
    if row.state not in states:
        raise Refused("Somebody has dealt with this report already. Nothing was changed.", hint="Open it again.")
    return row


def accept(
    register: Register,
    report_id: str,
    *,
    adult_id: str = "",
    new_adult: dict[str, str] | None = None,
    met: Sequence[str] = (),
) -> Kept:
    """Take a report into the register as a concern about the adult whom a person chose, under the report's own id.

    The reporter's words stay as they are, and their wish to stay anonymous with them. Where a question of the harm
    threshold is met, the answer is the LADO stop. Raises Refused where it was accepted already.
    """
    row = _waiting(register, report_id, "waiting", "closed")
    fields: dict[str, Any] = {
        "entry_kind": str(AdultEntryKind.SELF_REFERRAL if row.self_referral else AdultEntryKind.LOW_LEVEL),
        "text": row.text,
        "context": row.context,
        "place": row.place,
        "when": row.happened,
        "shared_by": row.reporter,
        "shared_role": row.reporter_role,
        "asks_anonymous": row.asks_anonymous,
        "met": list(met),
        "report": row.id,
    }
    accepted = Draft(build(AdultReportAccepted, {"report": row.id}), None, row.id)
    return log_concern(
        register,
        fields,
        adult_id=adult_id,
        new_adult=new_adult,
        drafts=[accepted],
        entry_id=row.id,
        captured_at=row.written_at,
    )


def close(register: Register, report_id: str, reason: str) -> str:
    """Close a report without taking it into the register's entries, with the reason; it stays readable."""
    row = _waiting(register, report_id, "waiting")
    return register.record(build(AdultReportClosed, {"report": row.id, "reason": reason}), entry=row.id).id


def answered(register: Register, report_id: str, by: str, what: str, at: str = "") -> str:
    """Record who told the reporter what was done; return the act's id."""
    row = views.report(register, report_id)
    if not by.strip() or not what.strip():
        raise Refused("Say who told the reporter, and what was said. Nothing was recorded yet.")
    fields = {"report": row.id, "by": by, "what": what, "at": at}
    return register.record(build(AdultReportAnswered, fields), entry=row.id).id
