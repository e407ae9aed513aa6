"""Carrying out an erasure: the bodies of acts go, with every row, message and cache that was made of them (R-110).

What was decided stands in the ledger; here it is only done, in the transaction that is open, on every machine alike and
as often as it takes: an act that comes late with its body loses it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from practice.acts import Act
from practice.acts.base import Body
from practice.erasure import STAYS, covered
from storage import ledger, notes
from storage.types import from_utc_text
from storage.views.base import apply, chunks, marks

KINDS = ("erasure_proposed", "erased", "erasure_repeated")
_OWNING = (
    *("concern_logged", "entry_moved", "report_accepted", "item_accepted", "item_returned", "action_added"),
    "meeting_planned",
    *("case_offered", "case_matched"),
)
"""The acts that say in whose record an entry, a report, a partner's item, an action or a partner's case stands."""


class Gone(Body):
    """What stands in the place of a body that was erased."""


def erased(connection: Connection) -> set[str]:
    """Return the acts whose bodies are to be gone."""
    if not connection.exec_driver_sql(
        "SELECT 1 FROM acts WHERE kind IN ('erased', 'erasure_repeated') LIMIT 1"
    ).first():
        return set()
    return covered(sorted(ledger.acts_where(connection, "kind", [], KINDS), key=lambda act: act.order))


def scope(connection: Connection, child: str) -> list[str]:
    """Return every act with a body that belongs to a child's record and is to go with it, in their order.

    An entry that was moved belongs to the child under whom it stands now, whole: what was first written under another
    child goes with it, and what was moved away from this one stays.
    """
    owned, others = _entries(connection, child)
    found: dict[str, int] = {}
    rows = connection.exec_driver_sql(
        "SELECT a.id, a.n, a.kind, a.entry FROM acts a JOIN bodies b ON b.act = a.id WHERE a.child = ?", (child,)
    )
    found |= {row[0]: row[1] for row in rows if row[2] not in STAYS and row[3] not in others}
    for chunk in chunks(sorted(owned)):
        rows = connection.exec_driver_sql(
            f"SELECT a.id, a.n, a.kind FROM acts a JOIN bodies b ON b.act = a.id WHERE a.entry IN ({marks(chunk)})",  # noqa: S608
            chunk,
        )
        found |= {row[0]: row[1] for row in rows if row[2] not in STAYS}
    return sorted(found, key=lambda ident: found[ident])


def _entries(connection: Connection, child: str) -> tuple[set[str], set[str]]:
    """Return the entries that stand in a child's record, and those that it had and that stand in another's now."""
    rows = connection.exec_driver_sql(
        f"SELECT DISTINCT entry FROM acts WHERE child = ? AND entry IS NOT NULL AND kind IN ({marks(_OWNING)})",  # noqa: S608
        (child, *_OWNING),
    )
    owned: set[str] = set()
    others: set[str] = set()
    for entry in [row[0] for row in rows]:
        owner = connection.exec_driver_sql(
            f"SELECT iif(kind = 'item_returned', '', child) FROM acts WHERE entry = ? AND kind IN ({marks(_OWNING)})"  # noqa: S608
            " ORDER BY coalesce(ordered_at, recorded_at) DESC, device DESC, seq DESC LIMIT 1",
            (entry, *_OWNING),
        ).scalar_one()
        (owned if owner == child else others).add(entry)
    return owned, others


def came_after(connection: Connection) -> dict[str, int]:
    """Return, for each child whose record was erased, how many acts of it came from elsewhere since."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT a.child FROM acts a JOIN bodies b ON b.act = a.id WHERE a.child IN"  # noqa: S608
        f" (SELECT child_id FROM erasures WHERE state = 'erased') AND a.kind NOT IN ({marks(sorted(STAYS))})",
        tuple(sorted(STAYS)),
    ).fetchall()
    found = {row[0]: len(scope(connection, row[0])) for row in rows}
    return {child: count for child, count in found.items() if count}


def carry_out(connection: Connection) -> int:
    """Remove what is to be gone and still here, in the transaction that is open; return how many acts lost a body."""
    gone = sorted(erased(connection))
    lines = [row for chunk in chunks(gone) for row in _with_body(connection, chunk)]
    if gone:
        _strip_waiting(connection, set(gone))
    if not lines:
        return 0
    acts = [_act(row) for row in lines if row[6] not in STAYS]
    entries = {act.entry for act in acts if act.entry}
    _forget_messages(connection, entries)
    connection.exec_driver_sql("DELETE FROM bodies WHERE act = ?", [(act.id,) for act in acts])
    apply(connection, acts, again=True)
    _forget_flags(connection, {act.child for act in acts if act.child}, entries)
    from storage.replication import waiting

    waiting.set_note(connection, notes.FINISH, "1")
    return len(acts)


def _with_body(connection: Connection, chunk: Sequence[str]) -> Iterable[Any]:
    return connection.exec_driver_sql(
        "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event"  # noqa: S608
        f" FROM acts a JOIN bodies b ON b.act = a.id WHERE a.id IN ({marks(chunk)})",
        tuple(chunk),
    ).fetchall()


def _act(row: Sequence[Any]) -> Act:
    """Return an act without what it said: enough to find the rows that were made of it."""
    ident, device, seq, captured, recorded, author, kind, child, entry, event = row
    return Act(
        id=ident,
        device=device,
        seq=seq,
        captured_at=from_utc_text(captured),
        recorded_at=from_utc_text(recorded),
        author=author,
        kind=kind,
        child=child,
        entry=entry,
        event=event,
        body=Gone(),
    )


def _strip_waiting(connection: Connection, gone: set[str]) -> None:
    """Take the bodies of erased acts out of what waits for a missing part."""
    from storage.replication import waiting

    for lines in waiting.kept(connection).values():
        for line in lines:
            if line.id in gone and line.body is not None:
                connection.exec_driver_sql(
                    "UPDATE waiting_acts SET line = ? WHERE device = ? AND seq = ? AND mac = ?",
                    (line.without_body().to_bytes(), line.device, line.seq, line.mac),
                )


def was_erased(connection: Connection, entry: str) -> bool:
    """Say whether an entry stood here and its words were erased; nobody may bring them back."""
    statement = "SELECT 1 FROM acts LEFT JOIN bodies ON act = id WHERE entry = ? AND act IS NULL LIMIT 1"
    return connection.exec_driver_sql(statement, (entry,)).first() is not None


def _forget_messages(connection: Connection, entries: set[str]) -> None:
    """Remove the sealed messages in which an entry left; their copies beside the vault go when it is finished."""
    for chunk in chunks(sorted(entries)):
        among = f"IN ({marks(chunk)})"
        connection.exec_driver_sql(
            f"DELETE FROM outbox WHERE eid {among} OR share IN (SELECT id FROM shares WHERE entry_id {among})",  # noqa: S608
            (*chunk, *chunk),
        )


def _forget_flags(connection: Connection, children: set[str], entries: set[str]) -> None:
    """Empty the cache of flags of these children; it is worked out anew from what is left."""
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'flag_children'").first():
        return
    from storage import flags

    flags.forget_children(connection, children, entries)
