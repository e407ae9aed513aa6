"""Comparing the views with the acts they are made from: every group folded afresh, beside the rows that stand
(design: §1.2).

Acts and rows are both read in the order of their keys, once each, and never more than one group of them is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

from practice.acts import Act, read_body
from storage import ledger
from storage.views.base import View, insertion, marks, table_of, views_of

_Stored = tuple[Any, ...]


class _Table:
    """The rows of one table as they stand, read in the order of their keys."""

    def __init__(self, connection: Connection, model: type[SQLModel], key_column: str) -> None:
        table = table_of(model)
        names = [column.name for column in table.columns if column.name != "pk"]
        self.name = table.name
        self.written: Callable[[dict[str, Any]], _Stored] = insertion(model)[1]
        self._place = names.index(key_column)
        statement = f"SELECT {', '.join(names)} FROM {table.name} ORDER BY {key_column}"  # noqa: S608  (our own names)
        self._rows = ledger.plain_rows(connection, statement)
        self._next = next(self._rows, None)

    def holds(self, key: str | None, given: list[dict[str, Any]]) -> bool:
        """Say whether the next rows are those of a key (None for every key), and the ones that a fold gave."""
        place, found = self._place, []
        while (row := self._next) is not None and (key is None or row[place] == key):
            found.append(row)
            self._next = next(self._rows, None)
        if not given and not found:
            return True
        made = list(map(self.written, given))
        return made == found or (len(made) == len(found) and sorted(made, key=repr) == sorted(found, key=repr))

    @property
    def ended(self) -> bool:
        """Whether no row is left."""
        return self._next is None


def agree(connection: Connection, compartment: str) -> bool:
    """Say whether every view holds exactly the rows that its acts give; raises IntegrityAlarm for an act unread."""
    _read_the_rest(connection, compartment)
    return all(_agrees(connection, view) for view in views_of(compartment))


def _agrees(connection: Connection, view: View) -> bool:
    tables = [_Table(connection, model, key_column) for model, key_column in view.tables]
    for group, acts in _groups(connection, view):
        rows = view.fold(group, sorted(acts, key=lambda act: act.order) if len(acts) > 1 else acts)
        key = None if view.column == "kind" else group
        for table in tables:
            given = rows.get(table.name)
            if (given or not table.ended) and not table.holds(key, given or []):
                return False
    return all(table.ended for table in tables)


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
