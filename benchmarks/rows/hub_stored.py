"""What the hub stores of messages in batches of 100, asked over HTTP, beside raw INSERTs of the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from benchmarks.exchange import envelope_of, places, readdressed
from benchmarks.frame import Pair, Row, timed

ORDER = 8.7
AT_ONCE, BATCHES = 100, 10
_LEDGER = (
    "INSERT INTO ledger (sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at)"
    " VALUES (?, ?, ?, ?, 'data', ?, 'queued', 4000000000, 1790000000)"
)


def mid_of(number: int) -> str:
    """A message's id, a UUID of version 7."""
    return str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))


def rows_of(items: list[tuple[str, str]], sender: str, recipient: str) -> list[tuple[str, ...]]:
    """The rows of the hub's ledger for messages."""
    return [(sender, mid, recipient, "c" * 32, sha256(token.encode()).hexdigest()) for mid, token in items]


def insert(database: sqlite3.Connection, items: list[tuple[str, str]], rows: list[tuple[str, ...]]) -> None:
    """Insert messages in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    for row, (_mid, token) in zip(rows, items, strict=True):
        at = database.execute(_LEDGER, row).lastrowid
        database.execute("INSERT INTO bodies VALUES (?, ?)", (at, token))
    database.execute("COMMIT")


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    from sync import membership
    from sync.hub.sqlite_writer import connect

    with (
        places(folder, 2) as (_database, (school, council)),
        closing(connect(folder / "raw.db")) as raw,
        membership.connect(school.vault) as client,
    ):
        token, made = envelope_of(school, council), iter(range(1, 10**9))

        def fresh() -> list[list[tuple[str, str]]]:
            mids = [mid_of(next(made)) for _ in range(AT_ONCE * BATCHES)]
            items = [(mid, readdressed(token, mid=mid)) for mid in mids]
            return [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)]

        def ours() -> float:
            batches = fresh()
            found = []
            taken = timed(lambda: found.extend(client.send_batch(batch) for batch in batches))
            if not all(one.status == 201 for result in found for one in result.outcomes.values()):
                raise RuntimeError("the hub did not take every message")
            return taken

        def theirs() -> float:
            batches = [(batch, rows_of(batch, school.org, council.org)) for batch in fresh()]
            return timed(lambda: [insert(raw, batch, rows) for batch, rows in batches])

        yield Pair(ours, theirs)


ROW = Row(
    "hub-stored",
    "1,000 messages stored by the hub in batches of 100, over HTTP, receipts signed and checked",
    "raw INSERT of the same rows, committed as durably every 100",
    2.0,
    prepare,
    sizes=(0,),
    rounds=7,
    warm_up=1,
)
