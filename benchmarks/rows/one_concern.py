"""One concern recorded, durable: ledger, views, search index and anchor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import notes, raw
from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import CHILDREN, log, vault_of

ORDER = 2
SPARE = 100
"""Concerns ready for each side: as many rounds and warm-ups as there may be."""


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    """Our side logs new notes; the reference writes the rows that other such notes made, to a file just as full."""
    kept = []
    with raw.captured() as sent, vault_of(folder / "captured", size) as (vault, ids):
        reference = raw.connect(folder / "reference.db")
        raw.Statements(sent.sent).grouped().replay(reference)
        with vault.read() as connection:
            raw.require_same_rows(connection.connection.driver_connection, reference)
        for note in notes.notes(SPARE, CHILDREN, seed=7):
            sent.sent.clear()
            log(vault, note, ids)
            kept.append(raw.Statements(list(sent.sent)).effective(reference))
    spare = iter(kept)
    with vault_of(folder / "vault", size) as (vault, ids):
        fresh = iter(notes.notes(SPARE, CHILDREN, seed=8))
        yield Pair(
            lambda: timed(lambda: log(vault, next(fresh), ids)),
            lambda: timed(lambda: next(spare).replay(reference)),
        )
    reference.close()


ROW = Row(
    "one-concern",
    "one concern recorded, durable (ledger, views, index, anchor)",
    "raw SQLCipher: the same rows in one transaction, one fsync",
    3,
    prepare,
    rounds=60,
    warm_up=5,
)
