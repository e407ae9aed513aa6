"""Search as typed: what the Find screen reads after each letter of a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import notes
from benchmarks.frame import Pair, Row, timed
from benchmarks.rows.search import raw_search
from benchmarks.vaults import vault_of

ORDER = 3.5
WORDS = (notes.RARE_WORD, "morning")
"""A rare word and one that many entries hold."""
AT_ONCE = 0.1
"""Seconds within which a person takes an answer for instant."""
LEAST = 3


def as_typed() -> list[str]:
    """What stands in the field after each letter, from where the search begins."""
    return [word[:end] for word in WORDS for end in range(LEAST, len(word) + 1)]


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from screens.find import found_in
    from screens.held_roll import HeldRoll

    typed, roll = as_typed(), HeldRoll()
    with vault_of(folder / "vault", size) as (vault, _ids), vault.long_read() as connection:
        directly = raw_search(connection.connection.driver_connection)

        def ours() -> float:
            return timed(lambda: [found_in(vault, text, roll) for text in typed]) / len(typed)

        for text in typed:
            found = sum(line.hit is not None for line in found_in(vault, text, roll))
            if found != len(directly(f"{text}*")):
                raise RuntimeError(f"the sides find different numbers for {text}")
        yield Pair(ours, lambda: AT_ONCE)


ROW = Row(
    "search-typed",
    "search as typed, by letter: children by any name and the newest 50 entries",
    "100 ms, within which an answer is taken for instant",
    1.0,
    prepare,
    sizes=(10_000, 100_000),
    rounds=10,
)
