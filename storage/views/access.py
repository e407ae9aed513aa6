"""Who opened which record and when, read from the ledger itself: a table of its own would only repeat it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import AuditRead, Exported, PackShown, UnlockFailed, read_body
from practice.errors import NotFound
from practice.roles import STRANGER
from storage.types import from_utc_text, utc_text
from storage.views.base import table_of
from storage.views.organisation import PersonTable

if TYPE_CHECKING:
    from storage.vault import Vault

KINDS = {
    "record_opened": "opened the record",
    "share_previewed": "previewed a share",
    "exported": "took a copy",
    "pack_shown": "made an inspection pack",
    "unlock_failed": "unlocked after wrong tries",
    "glass_broken": "opened, outside their list, the record",
    "unmasked": "named an anonymised text",
    "audit_read": "read this list",
}
"""Every kind of act that the list shows, in words."""
_TOLD = ("exported", "pack_shown", "unlock_failed", "glass_broken", "unmasked", "audit_read")


@dataclass(frozen=True)
class AccessRow:
    """One line of the list; `at` is when it was done, `recorded_at` when it could be written down."""

    id: str
    at: datetime
    recorded_at: datetime
    person_id: str
    person: str
    kind: str
    child_id: str
    child: str
    detail: str


def person_id(vault: Vault, wanted: str) -> str:
    """Return the id of somebody who has, or had, a way into this vault; raises NotFound."""
    people = table_of(PersonTable)
    folded = wanted.strip().casefold()
    with vault.read() as connection:
        rows = list(connection.execute(select(people.c.id, people.c.name)))
    for row in rows:
        if folded in (row.id, row.name.casefold()):
            return str(row.id)
    names = ", ".join(sorted(row.name for row in rows))
    raise NotFound(f"Nobody of that name opened this vault. Those who could: {names}.")


def rows(vault: Vault, *, child_id: str, person: str, start: date | None, end: date | None) -> list[AccessRow]:
    """Return the lines of the list, the newest first."""
    clauses = [f"a.kind IN ({','.join('?' * len(KINDS))})"]
    values: list[str] = list(KINDS)
    for clause, value in (("a.child = ?", child_id), ("a.author = ?", person)):
        if value:
            clauses.append(clause)
            values.append(value)
    if start:
        clauses.append("a.captured_at >= ?")
        values.append(_midnight(start))
    if end:
        clauses.append("a.captured_at < ?")
        values.append(_midnight(end + timedelta(days=1)))
    # A preview's body holds the whole payload, which says nothing here.
    told = ",".join(f"'{kind}'" for kind in _TOLD)
    statement = (
        "SELECT a.id, a.captured_at, a.recorded_at, a.author, p.name, a.kind, a.child, c.name,"  # noqa: S608
        f" CASE WHEN a.kind IN ({told}) THEN b.body END"
        " FROM acts a JOIN bodies b ON b.act = a.id LEFT JOIN people p ON p.id = a.author"
        f" LEFT JOIN children c ON c.id = a.child WHERE {' AND '.join(clauses)} ORDER BY a.captured_at DESC, a.id DESC"
    )
    with vault.read() as connection:
        names = {row[0]: row[1] for row in connection.exec_driver_sql("SELECT id, name FROM people")}
        return [_row(row, names) for row in connection.exec_driver_sql(statement, tuple(values))]


def _midnight(day: date) -> str:
    return utc_text(datetime.combine(day, time()).astimezone())


def _row(row: Any, names: dict[str, str]) -> AccessRow:
    detail = _detail(row[5], row[8], names) if row[8] is not None else ""
    at, recorded_at = from_utc_text(row[1]), from_utc_text(row[2])
    return AccessRow(row[0], at, recorded_at, row[3], row[4] or "", row[5], row[6] or "", row[7] or "", detail)


def _local(stored: str) -> str:
    return from_utc_text(stored).astimezone().strftime("%H:%M on %d %b %Y")


def _detail(kind: str, stored: bytes, names: dict[str, str]) -> str:
    body = read_body(kind, stored)
    if isinstance(body, Exported):
        return f"{body.what}, {body.form}"
    if isinstance(body, PackShown):
        return f"for {body.reader}: {body.purpose}"
    if isinstance(body, UnlockFailed):
        whose = (
            "a name that opens nothing here" if body.slot == STRANGER else names.get(body.slot, "with a recovery code")
        )
        return f"{whose}: {body.tries}, the last at {_local(body.last)}"
    if isinstance(body, AuditRead):
        about = f"about {names.get(body.person, body.person)}" if body.person else ""
        days = f"{body.start or ''} to {body.end or ''}" if body.start or body.end else ""
        return ", ".join(part for part in (about, days.strip()) if part)
    return str(getattr(body, "reason", ""))
