"""A batch of entries end to end: offered to the hub, fetched, opened and receipted by the partner, receipts fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.exchange import places
from benchmarks.frame import Pair, Row, timed
from benchmarks.processes import beside

ORDER = 8.6
AT_MOST = 30.0
"""Seconds that a person waits at the end of a day."""


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from sync import run

    with places(folder, 2) as (_database, (school, council)):

        def ours() -> float:
            for _ in range(size):
                ((share, digest),) = school.frozen([council.org])
                school.approve(share, digest)
            reports = []
            syncs = (school, council, school)
            taken = timed(lambda: reports.extend(run.sync(each.vault) for each in syncs), beside(school.hub))
            if [reports[0].sent, reports[1].received, reports[2].acknowledged] != [size, size, size]:
                raise RuntimeError(f"the batch did not go through: {reports}")
            return taken

        yield Pair(ours, lambda: AT_MOST)


ROW = Row(
    "batch",
    "a batch of entries, school → hub → partner → receipts back",
    "30 s, as long as a person waits at the end of a day",
    1.0,
    prepare,
    sizes=(500,),
    rounds=3,
    warm_up=0,
)
