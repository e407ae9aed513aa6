"""What a view is: tables that are derived from acts by a fold, and nothing else (design: §1.2).

A view groups acts by a key (a child, an entry, or the whole vault) and folds each group, in the acts' own order, into
rows. A fold sees the **set** of acts: no clock, no setting, no order of arrival; so the rows come out the same on
every machine and from every replay.
"""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import Connection, MetaData, Table, Text, delete
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from practice.acts import Act
from practice.compartments import CHILDREN
from storage import ledger
from storage.types import STORED
from storage.views import catalogue

Rows = dict[str, list[dict[str, Any]]]
"""For each table's name, the rows that a fold gives."""
_CHUNK = 500


class AdultsTable(SQLModel, registry=registry()):
    """The base of a table that stands in the adults' register alone; made like the children's, and never among them."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]
    __table_args__ = {"sqlite_strict": True}


class ViewTable(SQLModel, registry=registry()):
    """The base of every view's table: STRICT, in a metadata of its own; its rows are read and written through Core."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]
    __table_args__ = {"sqlite_strict": True}


def string(*, primary_key: bool = False, index: bool = False) -> Any:
    """Return a text column."""
    return Field(sa_type=Text, primary_key=primary_key, index=index)


def optional_string(*, index: bool = False) -> Any:
    """Return a text column that may be empty."""
    return Field(default=None, sa_type=Text, nullable=True, index=index)


def typed(sa_type: Any, *, index: bool = False, nullable: bool = False) -> Any:
    """Return a column of one of our own types."""
    return Field(default=None, sa_type=sa_type, nullable=nullable, index=index)


def table_of(model: type[SQLModel]) -> Table:
    """Return the Core table of a SQLModel class."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


@dataclass(frozen=True)
class View:
    """One derived view: how the acts that make it are grouped, and the fold. Which acts, the catalogue says.

    `column` is the act's own column that holds the key: `child`, `entry`, or `kind` where the whole vault is one group.
    The first table's `key_column` and every other table's name the column that holds the key.
    """

    name: str
    column: str
    tables: tuple[tuple[type[SQLModel], str], ...]
    fold: Callable[[str, Sequence[Act]], Rows]
    before: Callable[[Connection, Sequence[str]], None] | None = field(default=None)
    after: Callable[[Connection, Sequence[str]], None] | None = field(default=None)
    kinds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", catalogue.PLACES[self.name].kinds)

    def key(self, act: Act) -> str | None:
        """Return the group to which an act belongs."""
        if act.kind not in self.kinds:
            return None
        if self.column == "kind":
            return ""
        found = act.child if self.column == "child" else act.entry
        return found or None


_LOADED: dict[str, View] = {}


def view(made: View) -> View:
    """Register a view that its module has just made."""
    _LOADED[made.name] = made
    return made


def load(name: str) -> View:
    """Return a view by its name in the catalogue; its module is imported where it was not."""
    if name not in _LOADED:
        importlib.import_module(f"storage.views.{catalogue.PLACES[name].module}")
    return _LOADED[name]


def views_of(compartment: str) -> list[View]:
    """Return the views that stand in a compartment's database, all loaded."""
    return [load(name) for name, place in catalogue.PLACES.items() if compartment in place.compartments]


def children_tables() -> MetaData:
    """Return the tables of every view of the children's record."""
    views_of(CHILDREN)
    return ViewTable.metadata


def apply(connection: Connection, acts: Sequence[Act], compartment: str = CHILDREN, *, again: bool = False) -> None:
    """Bring a compartment's views up to date with acts that have just been appended, in the same transaction.

    `again` says that the views hold these acts already, and that only their order has changed.
    """
    for name in catalogue.made_by({act.kind for act in acts}, compartment):
        each = load(name)
        groups: dict[str, list[Act]] = defaultdict(list)
        for act in acts:
            key = each.key(act)
            if key is not None:
                groups[key].append(act)
        if groups:
            _apply_view(connection, each, groups, again=again)


def _apply_view(connection: Connection, view: View, groups: dict[str, list[Act]], *, again: bool) -> None:
    totals = _totals(connection, view, list(groups))
    known = [key for key, acts in groups.items() if again or totals[key] > len(acts)]
    if known:
        for key in known:
            groups[key] = []
        for act in ledger.acts_where(connection, view.column, known, view.kinds):
            groups[view.key(act) or ""].append(act)
    replace_rows(connection, view, groups, replacing=known)


def _totals(connection: Connection, view: View, keys: list[str]) -> Counter[str]:
    """Return how many acts of the view's kinds the ledger holds for each key."""
    totals: Counter[str] = Counter()
    kinds = sorted(view.kinds)
    among = f"kind IN ({marks(kinds)})"
    if view.column == "kind":
        statement = f"SELECT count(*) FROM acts WHERE {among}"  # noqa: S608  (marks only)
        totals[""] = connection.exec_driver_sql(statement, tuple(kinds)).scalar_one()
        return totals
    for chunk in chunks(keys):
        statement = (
            f"SELECT {view.column}, count(*) FROM acts WHERE {view.column} IN ({marks(chunk)})"  # noqa: S608
            f" AND {among} GROUP BY 1"
        )
        for key, count in connection.exec_driver_sql(statement, (*chunk, *kinds)):
            totals[key] = count
    return totals


def replace_rows(
    connection: Connection, view: View, groups: dict[str, list[Act]], replacing: Sequence[str] = ()
) -> None:
    """Fold each group and put its rows in the place of the ones before."""
    if replacing:
        if view.before:
            view.before(connection, replacing)
        for model, key_column in view.tables:
            table = table_of(model)
            if view.column == "kind":
                connection.execute(delete(table))
                continue
            for chunk in chunks(replacing):
                statement = f"DELETE FROM {table.name} WHERE {key_column} IN ({marks(chunk)})"  # noqa: S608
                connection.exec_driver_sql(statement, chunk)
    gathered: Rows = defaultdict(list)
    for key, acts in groups.items():
        if not acts:  # their bodies were erased
            continue
        for name, rows in view.fold(key, sorted(acts, key=lambda act: act.order)).items():
            gathered[name] += rows
    for model, _ in view.tables:
        table = table_of(model)
        if gathered[table.name]:
            statement, read = insertion(model)
            connection.exec_driver_sql(statement, [read(row) for row in gathered[table.name]])
    if view.after:
        view.after(connection, list(groups))


def fold_again(connection: Connection, view: View, only: str = "") -> None:
    """Fold every group of a view whose key is an entry or a child again, or only some, in the order of its rows."""
    first, key = view.tables[0]
    table = table_of(first)
    keys = [row[0] for row in connection.exec_driver_sql(f"SELECT {key} FROM {table.name} {only} ORDER BY rowid")]  # noqa: S608
    keys = list(dict.fromkeys(keys))  # several shares stand under one entry
    for at in range(0, len(keys), 500):
        chunk = keys[at : at + 500]
        groups: dict[str, list[Act]] = {each: [] for each in chunk}
        for act in ledger.acts_where(connection, view.column, chunk, view.kinds):
            groups[view.key(act) or ""].append(act)
        replace_rows(connection, view, groups, replacing=chunk)


@cache
def insertion(model: type[SQLModel]) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """Return the statement that inserts a row of a table, and what makes a row's fields the values it stores.

    Written once for each table, since building and compiling it anew costs more than the database takes to run it.
    """
    table = table_of(model)
    columns = [column for column in table.columns if column.name != "pk"]
    names = [column.name for column in columns]
    taken = itemgetter(*names)
    stored = enumerate(STORED.get(type(column.type)) for column in columns)
    converted = [(place, convert) for place, convert in stored if convert is not None]

    def read(row: dict[str, Any]) -> tuple[Any, ...]:
        values = list(taken(row))
        for place, convert in converted:
            if values[place] is not None:
                values[place] = convert(values[place])
        return tuple(values)

    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks(names)})", read  # noqa: S608


def marks(values: Sequence[object]) -> str:
    """Return as many question marks."""
    return ",".join("?" * len(values))


def chunks(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the keys a few hundred at a time, as many as a statement takes."""
    for at in range(0, len(keys), _CHUNK):
        yield tuple(keys[at : at + _CHUNK])


def contents(connection: Connection, compartment: str = CHILDREN) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every view as stored, sorted, for comparing two; a machine's row numbers are left out."""
    found = {}
    for each in views_of(compartment):
        for model, _ in each.tables:
            table = table_of(model)
            columns = ", ".join(column.name for column in table.columns if column.name != "pk")
            rows = ledger.plain_rows(connection, f"SELECT {columns} FROM {table.name}")  # noqa: S608  (our own names)
            found[table.name] = sorted(rows, key=repr)
    return found


def of_kind(acts: Iterable[Act], *kinds: str) -> list[Act]:
    """Return the acts of these kinds, in their order."""
    return [act for act in acts if act.kind in kinds]
