"""What a sender offers, judged and stored in the SQLite store: few statements for a whole batch (protocol: §2, §6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from functools import cache
from itertools import chain
from typing import Any

from sync.hub.limits import Limits, Problem
from sync.hub.store import DAY, Offered, Stored, refusal

_LEDGER = (
    "INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, expires_at, stored_at, state) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
)
_BODY = "INSERT INTO bodies VALUES ", "(?, ?)"
# Rows in one statement: after each statement the thread that writes has to wait for whatever else the hub works on.
# SQLite before 3.32 takes at most 999 values in one.
_ROWS = (50, 10, 1)
# Positions are never given twice, even where the highest were deleted.
_HIGHEST = (
    "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'ledger'), 0),"
    " coalesce((SELECT max(pos) FROM ledger), 0))"
)


def put(db: sqlite3.Connection, offered: Sequence[Offered], now: int, limits: Limits) -> list[Stored]:
    """Store what one sender offers, each item on its own; within the transaction of the caller."""
    known, judge = _known(db, offered), _Judge(db, offered, now)
    last, pos = now + limits.retention_days * DAY, int(db.execute(_HIGHEST).fetchone()[0])
    ledger, bodies, found = [], [], []
    for item in offered:
        routing, sha256 = item.routing, item.sha256
        there = known.get(routing.mid)
        problem = judge.objection(item, there)
        if problem is not None:
            found.append(Stored(routing.mid, problem.status, sha256, 0, problem))
        elif there is not None:
            found.append(Stored(routing.mid, 200, sha256, there[0]))
        else:
            pos += 1
            known[routing.mid] = pos, sha256, "queued"
            end = min(routing.exp, last)
            ledger.append(
                (pos, routing.sender, routing.mid, routing.recipient, routing.ctr, routing.class_, sha256, end, now)
            )
            bodies.append((pos, item.jose))
            found.append(Stored(routing.mid, 201, sha256, pos))
    _insert(db, _LEDGER, ledger)
    _insert(db, _BODY, bodies)
    return found


@cache
def _statement(into: tuple[str, str], many: int) -> str:
    return into[0] + ", ".join([into[1]] * many)


def _insert(db: sqlite3.Connection, into: tuple[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in few statements."""
    done = 0
    for many in _ROWS:
        while len(rows) - done >= many:
            db.execute(_statement(into, many), tuple(chain.from_iterable(rows[done : done + many])))
            done += many


class _Judge:
    """What a batch is judged by, read once for all of its items."""

    def __init__(self, db: sqlite3.Connection, offered: Sequence[Offered], now: int) -> None:
        self._now = now
        ended = _among(db, "SELECT ctr, org FROM revocations WHERE ctr IN", {item.routing.ctr for item in offered})
        self._ended = {(str(row[0]), str(row[1])) for row in ended}
        sender = offered[0].routing.sender
        asked = {sender, *(item.routing.recipient for item in offered)}
        orgs = _among(db, "SELECT org, closed_at FROM orgs WHERE org IN", asked)
        self._closed = {str(row[0]): row[1] is not None for row in orgs}
        if sender not in self._closed:
            raise refusal("invalid-token")

    def objection(self, item: Offered, there: tuple[int, str, str] | None) -> Problem | None:
        """Why an item is not taken; `there` is the position, digest and state under which its id is known."""
        routing = item.routing
        if there is not None and there[1] != item.sha256:
            return refusal("other-bytes")
        ended = self._ended and not self._ended.isdisjoint(
            ((routing.ctr, routing.sender), (routing.ctr, routing.recipient))
        )
        if routing.class_ == "data" and ended and (there is None or there[2] == "cancelled"):
            return refusal("contract-revoked")
        if there is not None:
            return None
        closed = self._closed.get(routing.recipient)
        if closed is None:
            return refusal("unknown-recipient")
        if closed:
            return refusal("recipient-closed")
        return refusal("expired") if routing.exp <= self._now else None


def _known(db: sqlite3.Connection, offered: Sequence[Offered]) -> dict[str, tuple[int, str, str]]:
    """Position, digest and state of those ids that this sender offered before."""
    senders = {item.routing.sender for item in offered}
    assert len(senders) == 1, "a batch is of one sender"
    query = "SELECT mid, pos, sha256, state FROM ledger WHERE sender = ? AND mid IN"
    rows = _among(db, query, {item.routing.mid for item in offered}, *senders)
    return {str(row[0]): (int(row[1]), str(row[2]), str(row[3])) for row in rows}


def _among(db: sqlite3.Connection, query: str, values: Collection[str], *before: str) -> list[Any]:
    """The rows whose column is one of these values."""
    marks = ", ".join("?" * len(values))
    return db.execute(f"{query} ({marks})", (*before, *values)).fetchall()
