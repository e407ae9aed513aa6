"""What the hub stores in PostgreSQL of messages in batches of 100, over HTTP, beside raw INSERTs of the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.exchange import envelope_of, offering, places
from benchmarks.frame import Pair, Row, timed
from benchmarks.postgres import Server, missing, with_tables
from benchmarks.processes import beside
from benchmarks.rows.hub_stored import AT_ONCE, BATCHES, CLIENTS, fresh_batches, rows_of

if TYPE_CHECKING:
    import asyncpg

ORDER = 8.71
# The folder of the other rows is closed to whom the server runs as; this one lies on a disk as well.
SCRATCH = Path("/var/tmp")
# As many rows into both tables in one statement and one commit. The bodies come from an array of their own: in one
# with the other columns they are copied once more, which takes a tenth longer.
_INSERT = """
WITH held AS (
  INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at, week)
  SELECT pos, sender, mid, recipient, ctr, 'data', sha256, 'queued', 4000000000, 1790000000, $8
  FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[])
    AS o (pos, sender, mid, recipient, ctr, sha256))
INSERT INTO body SELECT $8, pos, jose FROM unnest($1::bigint[], $7::text[]) AS o (pos, jose)
"""


async def _insert(raw: list[asyncpg.Connection], batches: list[tuple[list[object], ...]], week: int) -> None:
    waiting = iter(batches)

    async def one(connection: asyncpg.Connection) -> None:
        for columns in waiting:
            await connection.execute(_INSERT, *columns, week)

    await asyncio.gather(*map(one, raw))


@contextmanager
def prepare(folder: Path, clients: int) -> Iterator[Pair]:
    import time

    from sync.hub.postgres import connecting, schema

    server, numbers, made = Server(SCRATCH), iter(range(1, 10**9)), iter(range(1, 10**9))
    week = schema.week_of(time.time())
    with asyncio.Runner() as loop:
        try:
            server.sql("template1", "CREATE DATABASE raw")
            url = with_tables(server.url("raw"))
            raw = [loop.run(connecting.connect(url)) for _ in range(clients)]
            with (
                places(folder, 2, server.database()) as (_, (school, council)),
                offering(school.vault, clients) as offers,
            ):
                token = envelope_of(school, council)

                def ours() -> float:
                    batches, answers = fresh_batches(token, made), []
                    requests = offers.requests(batches)
                    taken = timed(lambda: answers.extend(offers.send(requests)), beside(school.hub, server.pid))
                    offers.check(batches, answers)
                    return taken

                def theirs() -> float:
                    columns = []
                    for batch in fresh_batches(token, made):
                        rows = [(next(numbers), *row) for row in rows_of(batch, school.org, council.org)]
                        columns.append((*map(list, zip(*rows, strict=True)), [token for _, token in batch]))
                    return timed(lambda: loop.run(_insert(raw, columns, week)), beside(server.pid))

                yield Pair(ours, theirs)
            for connection in raw:
                loop.run(connection.close())
        finally:
            server.remove()


ROW = Row(
    "hub-stored-postgres",
    f"{AT_ONCE * BATCHES:,} messages stored by the hub in PostgreSQL in batches of {AT_ONCE}, over HTTP, receipts"
    " signed and checked, by so many clients at once",
    f"raw INSERT of the same rows by as many connections, one statement and one durable commit every {AT_ONCE}",
    2.0,
    prepare,
    sizes=(1, CLIENTS),
    rounds=11,
    warm_up=1,
    missing=missing,
)
