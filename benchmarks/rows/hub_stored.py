"""What the hub stores of messages in batches of 100, asked over HTTP, beside raw INSERTs of the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from benchmarks.exchange import envelope_of, offering, places, readdressed
from benchmarks.frame import Pair, Row, timed
from benchmarks.processes import beside

ORDER = 8.7
AT_ONCE, BATCHES, CLIENTS = 100, 20, 4
_LEDGER = (
    "INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at)"
    " VALUES (?, ?, ?, ?, ?, 'data', ?, 'queued', 4000000000, 1790000000)"
)


def mid_of(number: int) -> str:
    """A message's id, a UUID of version 7."""
    return str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))


def fresh_batches(token: str, numbers: Iterator[int]) -> list[list[tuple[str, str]]]:
    """As many batches as are measured at once, of messages that no hub has seen."""
    mids = [[mid_of(next(numbers)) for _ in range(AT_ONCE)] for _ in range(BATCHES)]
    return [[(mid, readdressed(token, mid=mid)) for mid in batch] for batch in mids]


def rows_of(items: list[tuple[str, str]], sender: str, recipient: str) -> list[tuple[str, ...]]:
    """The rows of the hub's ledger for messages."""
    return [(sender, mid, recipient, "c" * 32, sha256(token.encode()).hexdigest()[:43]) for mid, token in items]


def insert(database: sqlite3.Connection, items: list[tuple[str, str]], rows: list[tuple[str, ...]]) -> None:
    """Insert messages in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    pos = database.execute("SELECT coalesce(max(pos), 0) FROM ledger").fetchone()[0] + 1
    database.executemany(_LEDGER, [(pos + number, *row) for number, row in enumerate(rows)])
    database.executemany(
        "INSERT INTO bodies VALUES (?, ?)", [(pos + number, token) for number, (_mid, token) in enumerate(items)]
    )
    database.execute("COMMIT")


@contextmanager
def prepare(folder: Path, clients: int) -> Iterator[Pair]:
    from sync.hub.sqlite_writer import connect

    with (
        places(folder, 2) as (_database, (school, council)),
        closing(connect(folder / "raw.db")) as raw,
        offering(school.vault, clients) as offers,
    ):
        token, numbers = envelope_of(school, council), iter(range(1, 10**9))

        def ours() -> float:
            batches, answers = fresh_batches(token, numbers), []
            requests = offers.requests(batches)
            taken = timed(lambda: answers.extend(offers.send(requests)), beside(school.hub))
            offers.check(batches, answers)
            return taken

        def theirs() -> float:
            batches = [(batch, rows_of(batch, school.org, council.org)) for batch in fresh_batches(token, numbers)]
            return timed(lambda: [insert(raw, batch, rows) for batch, rows in batches])

        yield Pair(ours, theirs)


ROW = Row(
    "hub-stored",
    f"{AT_ONCE * BATCHES:,} messages stored by the hub in batches of {AT_ONCE}, over HTTP, receipts signed and checked,"
    " by so many clients at once",
    f"raw INSERT of the same rows by one connection, committed as durably every {AT_ONCE}",
    2.0,
    prepare,
    sizes=(1, CLIENTS),
    rounds=11,
    warm_up=1,
    note="What the hub stores: requests are prepared before and receipts checked after the time; the number of entries"
    " is the number of clients. SQLite lets one connection write at a"
    " time, so its reference has one; PostgreSQL's has as many connections as there are clients.",
)
