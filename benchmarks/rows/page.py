"""A page of a child's long chronology, as the screen reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 4
PAGES = 20
"""Pages in one measure, here and there in the list: one alone is shorter than the clock's noise."""


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from screens.child_read import Wanted, entries_of
    from screens.widgets.record_list import PAGE
    from storage.views.entry_tables import EntryTable

    with vault_of(folder / "vault", size, children=1) as (vault, ids):
        keys, fetch = entries_of(vault, Wanted(ids[0]))
        random = Random(2026)
        starts = [random.randrange(0, size - PAGE, PAGE) for _ in range(PAGES)]
        columns = EntryTable.__table__.columns.keys()
        raw = f"SELECT {', '.join(columns)} FROM entries WHERE id IN ({', '.join('?' * PAGE)})"
        if len(keys) != size or len(fetch(starts[0], PAGE)) != PAGE:
            raise RuntimeError("the pages are not whole")
        with vault.long_read() as connection:
            driver = connection.connection.driver_connection

            def plain() -> None:
                for start in starts:
                    driver.execute(raw, keys[start : start + PAGE]).fetchall()

            yield Pair(lambda: timed(lambda: [fetch(start, PAGE) for start in starts]), lambda: timed(plain))


ROW = Row(
    "page",
    f"a page of one child's chronology ({PAGES} of them)",
    "raw select of the same rows by their keys",
    2.0,
    prepare,
    sizes=(5_000,),
)
