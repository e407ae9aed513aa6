"""One concern recorded, durable: ledger, views, search index and anchor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path

from benchmarks import notes, raw
from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import CHILDREN, log, vault_of

ORDER = 2
SPARE = 100
"""Concerns captured for the reference; more than it is ever asked for."""


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    """Our side logs new notes; the reference sends the changes that other such notes caused to a file just as full."""
    kept = []
    with raw.captured() as filling, vault_of(folder / "vault", size) as (vault, ids):
        before = len(filling.sent)
        reference = raw.connect(folder / "reference.db")
        raw.Statements(filling.sent[:before]).grouped().replay(reference)
        with vault.read() as connection:
            raw.require_same_rows(connection.connection.driver_connection, reference)
        for note in notes.notes(SPARE, CHILDREN, seed=7):
            sent = len(filling.sent)
            log(vault, note, ids)
            kept.append(raw.Statements(filling.sent[sent:]))
    with vault_of(folder / "second", size) as (vault, ids):
        fresh = iter(notes.notes(SPARE, CHILDREN, seed=8))
        spare = chain(kept, repeat(None))

        def replay() -> float:
            statements = next(spare)
            if statements is None:
                raise RuntimeError(f"more than {SPARE} rounds: capture more concerns")
            return timed(lambda: statements.replay(reference))

        yield Pair(lambda: timed(lambda: log(vault, next(fresh), ids)), replay)
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
