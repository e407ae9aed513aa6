"""Reading a view's rows by statements that are written out.

The query builder takes longer to write a statement than the database takes to answer it, and it does so anew in every
process. What a list reads each time somebody looks is therefore written here as it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

from storage import ledger
from storage.types import READ
from storage.views.base import marks, table_of


@cache
def columns(model: type[SQLModel]) -> str:
    """Return the columns of a view's table as a statement names them, without a machine's row numbers."""
    table = table_of(model)
    return ", ".join(f"{table.name}.{column.name}" for column in table.columns if column.name != "pk")


@cache
def _places(model: type[SQLModel]) -> tuple[tuple[str, ...], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """Return the names of a table's columns, and what reads those that are not stored as they are used."""
    kept = [column for column in table_of(model).columns if column.name != "pk"]
    reads = ((place, READ.get(type(column.type))) for place, column in enumerate(kept))
    return tuple(column.name for column in kept), tuple((place, read) for place, read in reads if read is not None)


def rows(
    connection: Connection,
    model: type[SQLModel],
    statement: str,
    parameters: Sequence[str | int] = (),
    more: Sequence[str] = (),
) -> list[SimpleNamespace]:
    """Return what a statement finds, each row with a field for each of the table's columns, read as its type says.

    The statement asks for `columns(model)` first, and then for what is called `more`, which stays as it is stored.
    """
    names, converted = _places(model)
    names = (*names, *more)
    found = []
    for stored in ledger.plain_rows(connection, statement, parameters):
        values = list(stored)
        for place, read in converted:
            if values[place] is not None:
                values[place] = read(values[place])
        found.append(SimpleNamespace(**dict(zip(names, values, strict=True))))
    return found


def among(column: str, values: Sequence[object]) -> str:
    """Return the condition that a column holds one of these values, each a parameter."""
    return f"{column} IN ({marks(values)})"


def where(conditions: Sequence[str]) -> str:
    """Return the clause under which all these conditions hold; blank for none."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
