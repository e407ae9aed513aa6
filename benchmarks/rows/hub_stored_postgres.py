"""What the hub stores in PostgreSQL of messages in batches of 100, over HTTP, beside raw INSERTs of the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.exchange import envelope_of, places, readdressed
from benchmarks.frame import Pair, Row, timed
from benchmarks.postgres import Server, missing, with_tables
from benchmarks.rows.hub_stored import AT_ONCE, BATCHES, mid_of, rows_of

if TYPE_CHECKING:
    import asyncpg

ORDER = 8.71
# The folder of the other rows is closed to whom the server runs as; this one lies on a disk as well.
SCRATCH = Path("/var/tmp")
# The fastest way there is to put as many rows into both tables in one commit.
_INSERT = """
WITH o AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS o (pos, sender, mid, recipient, ctr, sha256, jose)),
held AS (
  INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at, week)
  SELECT pos, sender, mid, recipient, ctr, 'data', sha256, 'queued', 4000000000, 1790000000, $8 FROM o)
INSERT INTO body SELECT $8, pos, jose FROM o
"""


async def _insert(raw: asyncpg.Connection, batches: list[tuple[list[object], ...]], week: int) -> None:
    for columns in batches:
        await raw.execute(_INSERT, *columns, week)


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    import time

    from sync import membership
    from sync.hub.postgres import connecting, schema

    server, numbers, made = Server(SCRATCH), iter(range(1, 10**9)), iter(range(1, 10**9))
    week = schema.week_of(time.time())
    with asyncio.Runner() as loop:
        try:
            server.sql("template1", "CREATE DATABASE raw")
            raw = loop.run(connecting.connect(with_tables(server.url("raw"))))
            with (
                places(folder, 2, server.database()) as (_, (school, council)),
                membership.connect(school.vault) as client,
            ):
                token = envelope_of(school, council)

                def fresh() -> list[list[tuple[str, str]]]:
                    mids = [mid_of(next(made)) for _ in range(AT_ONCE * BATCHES)]
                    items = [(mid, readdressed(token, mid=mid)) for mid in mids]
                    return [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)]

                def ours() -> float:
                    batches, found = fresh(), []
                    taken = timed(lambda: found.extend(client.send_batch(batch) for batch in batches))
                    if not all(one.status == 201 for result in found for one in result.outcomes.values()):
                        raise RuntimeError("the hub did not take every message")
                    return taken

                def theirs() -> float:
                    columns = []
                    for batch in fresh():
                        rows = [(next(numbers), *row) for row in rows_of(batch, school.org, council.org)]
                        columns.append((*map(list, zip(*rows, strict=True)), [token for _, token in batch]))
                    return timed(lambda: loop.run(_insert(raw, columns, week)))

                yield Pair(ours, theirs)
            loop.run(raw.close())
        finally:
            server.remove()


ROW = Row(
    "hub-stored-postgres",
    "1,000 messages stored by the hub in PostgreSQL in batches of 100, over HTTP, receipts signed and checked",
    "raw INSERT of the same rows, one statement and one durable commit every 100",
    2.0,
    prepare,
    sizes=(0,),
    rounds=7,
    warm_up=1,
    missing=missing,
)
