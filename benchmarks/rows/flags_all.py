"""Patterns: every flag of a large school worked out anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 9
WHOLE = 10.0
"""Seconds that were promised for 2,000 children with 100,000 entries."""


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage import flags

    with vault_of(folder / "vault", size, children=2_000) as (vault, _ids):
        yield Pair(lambda: timed(lambda: flags.refresh(vault, afresh=True)), lambda: WHOLE)


ROW = Row(
    "flags_all",
    "every flag of 2,000 children worked out anew",
    "10 s, as was promised",
    1.0,
    prepare,
    sizes=(100_000,),
    rounds=3,
    warm_up=1,
)
