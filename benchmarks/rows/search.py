"""Search: a rare word and a phrase, the newest 50 of what fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import notes
from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 3
NEWEST = 50
TURNS = 10
"""Searches of each kind in one measure: one alone is shorter than the clock's noise."""


def raw_search(connection: Any) -> Callable[[str], list[Any]]:
    """FTS5 asked directly for the newest hits and their snippets, in the same file."""
    found = "SELECT name FROM sqlite_master WHERE type = 'table' AND lower(sql) LIKE '%using fts5%'"
    ((table,),) = connection.execute(found).fetchall()
    ask = (
        f"SELECT rowid, snippet({table}, -1, '', '', '…', 16) FROM {table}"
        f" WHERE {table} MATCH ? ORDER BY rowid DESC LIMIT {NEWEST}"
    )
    return lambda words: connection.execute(ask, (words,)).fetchall()


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage.views.record import search

    words = (notes.RARE_WORD, f'"{notes.PHRASE}"')
    with vault_of(folder / "vault", size) as (vault, _ids), vault.long_read() as connection:
        directly = raw_search(connection.connection.driver_connection)
        for asked in words:
            ours, theirs = len(search(vault, asked, limit=NEWEST)), len(directly(asked))
            if not ours == theirs == min(NEWEST, size // notes.EVERY_RARE):
                raise RuntimeError(f"the sides find different numbers for {asked}: {ours} and {theirs}")
        yield Pair(
            lambda: timed(lambda: [search(vault, asked, limit=NEWEST) for asked in words for _ in range(TURNS)]),
            lambda: timed(lambda: [directly(asked) for asked in words for _ in range(TURNS)]),
        )


ROW = Row(
    "search",
    f"search, rare word and phrase, newest {NEWEST} ({TURNS} of each)",
    "raw FTS5 on the same file, newest hits with their snippets",
    1.5,
    prepare,
)
