"""Opening a child's record is recorded, and so is reading who opened which (R-114)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import AuditRead, RecordOpened
from practice.errors import ConsoleError
from practice.roles import check_may_read_audit
from storage.types import utc_text
from storage.views import access
from storage.views.access import AccessRow

if TYPE_CHECKING:
    from storage.vault import Vault

QUARTER = timedelta(minutes=15)


def quarter_of(moment: datetime) -> datetime:
    """Return the start of the quarter of an hour in which a moment lies."""
    return moment - timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)


def opened(vault: Vault, child_id: str) -> str:
    """Record that the person opened a child's record: one act for each child and quarter of an hour.

    Reading goes on where it cannot be written; then the act waits, and the sentence to show is returned.
    """
    now = vault.clock()
    since = quarter_of(now)
    for draft in vault.late.waiting:
        if draft.child == child_id and draft.captured_at is not None and draft.captured_at >= since:
            return vault.late.words
    try:
        with vault.read() as connection:
            if _noted(vault, connection, child_id, since):
                return ""
        with vault.write() as unit:
            if not _noted(vault, unit.connection, child_id, since):
                unit.record(RecordOpened(), child=child_id)
    except ConsoleError:
        vault.late.add(RecordOpened(), child_id, now)
        return vault.late.words
    return ""


def _noted(vault: Vault, connection: Connection, child_id: str, since: datetime) -> bool:
    row = connection.exec_driver_sql(
        "SELECT 1 FROM acts WHERE child = ? AND kind = 'record_opened' AND author = ? AND captured_at >= ? LIMIT 1",
        (child_id, vault.person.id, utc_text(since)),
    ).first()
    return row is not None


def trail(
    vault: Vault,
    *,
    child_id: str = "",
    person: str = "",
    start: date | None = None,
    end: date | None = None,
) -> list[AccessRow]:
    """Return who opened, previewed, exported or tried to unlock what and when, the newest first; both days included.

    For the DSL and the headteacher; that they read it is recorded first. Raises NotAllowed, NotFound.
    """
    check_may_read_audit(vault.person.role)
    person_id = access.person_id(vault, person) if person else ""
    days = {"start": start.isoformat() if start else None, "end": end.isoformat() if end else None}
    body = AuditRead(person=person_id, **days)
    try:
        vault.record(body, child=child_id or None)
    except ConsoleError:
        vault.late.add(body, child_id or None, vault.clock())
    return access.rows(vault, child_id=child_id, person=person_id, start=start, end=end)
