"""One sync of one entry, with many messages already in the hub, beside the same sync with a hub that is empty."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.exchange import Place, envelope_of, places, readdressed
from benchmarks.frame import Pair, Row, timed
from benchmarks.processes import beside
from benchmarks.rows.hub_stored import insert, mid_of, rows_of

ORDER = 8.8
AT_ONCE = 5_000


def fill(database: Path, sender: Place, recipient: Place, size: int) -> None:
    """Put so many messages of others into a hub that is serving."""
    token = envelope_of(sender, recipient)
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as hub:
        for start in range(0, size, AT_ONCE):
            mids = [mid_of(number) for number in range(start, min(start + AT_ONCE, size))]
            items = [(mid, readdressed(token, mid=mid)) for mid in mids]
            insert(hub, items, rows_of(items, "urn:scx:demo:others", recipient.org))


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from sync import run

    for name in ("full", "empty"):
        (folder / name).mkdir()
    with places(folder / "full", 3) as (full, (one, council, police)), places(folder / "empty", 3) as (_empty, two):
        fill(full, one, police, size)

        def sync_of(school: Place, partner: Place) -> float:
            ((share, digest),) = school.frozen([partner.org])
            school.approve(share, digest)
            return timed(lambda: run.sync(school.vault), beside(school.hub))

        yield Pair(lambda: sync_of(one, council), lambda: sync_of(two[0], two[1]))


ROW = Row(
    "sync-growth",
    "one sync of one entry, so many messages of others in the hub",
    "the same with an empty hub",
    1.2,
    prepare,
    sizes=(1_000, 10_000, 100_000),
    rounds=9,
)
