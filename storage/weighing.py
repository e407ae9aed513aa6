"""Comparing the views with the acts they are made from: every group folded afresh, its rows weighed (design: §1.2).

The rows that stand and the rows that the folds give are read once each, and never held: what is kept of a table is how
many rows it has and the sum of their keyed digests, which two tables share only if they hold the same rows, in whatever
order (a multiset hash; the key is drawn for each comparison, so nobody can make rows to fit).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from practice.acts import Act, read_body
from storage import ledger
from storage.views.base import View, insertion, marks, table_of, views_of

_MODULUS = 2**256


class _Weight:
    """How many rows were put on it, and the sum of their digests under one key."""

    def __init__(self, key: bytes) -> None:
        self._begun = hashlib.sha256(key)
        self._count, self._sum = 0, 0

    def put(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows; a text, a number and nothing at all are told apart."""
        copy, read = self._begun.copy, int.from_bytes
        total, count = self._sum, self._count
        for row in rows:
            digest = copy()
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
            total += read(digest.digest(), "big")
            count += 1
        self._sum, self._count = total, count

    @property
    def total(self) -> tuple[int, int]:
        return self._count, self._sum % _MODULUS


def agree(connection: Connection, compartment: str) -> bool:
    """Say whether every view holds exactly the rows that its acts give; raises IntegrityAlarm for an act unread."""
    _read_the_rest(connection, compartment)
    return all(_agrees(connection, view) for view in views_of(compartment))


def _agrees(connection: Connection, view: View) -> bool:
    key = secrets.token_bytes(32)
    given: dict[str, _Weight] = {}
    written: dict[str, Callable[[dict[str, Any]], tuple[Any, ...]]] = {}
    for model, _ in view.tables:
        name = table_of(model).name
        given[name], written[name] = _Weight(key), insertion(model)[1]
    for group, acts in _groups(connection, view):
        for name, rows in view.fold(group, sorted(acts, key=lambda act: act.order)).items():
            given[name].put(map(written[name], rows))
    for model, _ in view.tables:
        table, stand = table_of(model), _Weight(key)
        columns = ", ".join(column.name for column in table.columns if column.name != "pk")
        stand.put(ledger.plain_rows(connection, f"SELECT {columns} FROM {table.name}"))  # noqa: S608  (our own names)
        if stand.total != given[table.name].total:
            return False
    return True


def _groups(connection: Connection, view: View) -> Iterator[tuple[str, list[Act]]]:
    """Yield a view's acts group by group."""
    if view.column == "kind":
        if acts := list(ledger.acts_where(connection, "kind", [], view.kinds)):
            yield "", acts
        return
    for key, acts_of in groupby(ledger.acts_by(connection, view.column, view.kinds), key=view.key):
        if key is not None:
            yield key, list(acts_of)


def _read_the_rest(connection: Connection, compartment: str) -> None:
    """Read the acts that make no view too: a replay must be able to read every one."""
    kinds = sorted(frozenset[str]().union(*(view.kinds for view in views_of(compartment))))
    statement = f"SELECT a.kind, b.body FROM acts a JOIN bodies b ON b.act = a.id WHERE a.kind NOT IN ({marks(kinds)})"  # noqa: S608
    for kind, body in ledger.plain_rows(connection, statement, kinds):
        read_body(kind, body)
