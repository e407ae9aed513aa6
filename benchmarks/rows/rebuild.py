"""`verify --rebuild`: every act replayed into fresh views and compared, beside inserting the same rows in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 10


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage import shape, verifying
    from storage.engine import memory_engine

    with vault_of(folder / "vault", size) as (vault, _ids), vault.long_read() as connection:
        tables = [
            row[0]
            for row in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
            )
        ]
        fresh = memory_engine()
        with fresh.begin() as other:
            shape.make_views(other)
            views = [row[0] for row in other.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        fresh.dispose()
        shared = [name for name in tables if name in views and "search" not in name]
        rows = {name: connection.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in shared}

        def ours() -> None:
            assert verifying._rebuild(connection, vault.name) == []

        def theirs() -> None:
            engine = memory_engine()
            with engine.begin() as made:
                shape.make_views(made)
                for name, held in rows.items():
                    if held:
                        marks = ", ".join("?" * len(held[0]))
                        made.exec_driver_sql(f'INSERT INTO "{name}" VALUES ({marks})', list(map(tuple, held)))
            engine.dispose()

        yield Pair(lambda: timed(ours), lambda: timed(theirs))


ROW = Row(
    "rebuild",
    "verify --rebuild: every act replayed into fresh views and compared",
    "the same rows inserted in bulk",
    5.0,
    prepare,
    sizes=(10_000, 100_000),
    rounds=3,
    warm_up=1,
)
