"""The shape of a compartment's database: made anew, or brought on step by step; each step is one transaction with its
record."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as SQLiteDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm
from storage import migrations
from storage.opening import NAMES
from storage.views.base import children_tables


def make_views(connection: Connection, compartment: str = CHILDREN) -> None:
    """Create every table of a compartment's views, and for the children's the search index over the entries."""
    for statement in _shape_of_views(compartment):
        connection.exec_driver_sql(statement)


@cache
def _shape_of_views(compartment: str) -> tuple[str, ...]:
    """Return the statements that make a compartment's views; written once, which costs more than running them."""
    from storage.views.base import table_of, views_of
    from storage.views.searched import SEARCH_SCHEMA

    dialect = SQLiteDialect()
    if compartment == CHILDREN:
        tables = list(children_tables().sorted_tables)
    else:
        tables = [table_of(model) for view in views_of(compartment) for model, _ in view.tables]
    made: list[CreateTable | CreateIndex] = []
    for table in tables:
        made.append(CreateTable(table, if_not_exists=True))
        made += [
            CreateIndex(index, if_not_exists=True) for index in sorted(table.indexes, key=lambda each: str(each.name))
        ]
    statements = tuple(str(each.compile(dialect=dialect)) for each in made)
    return statements + (SEARCH_SCHEMA if compartment == CHILDREN else ())


def pending(engine: Engine, compartment: str = CHILDREN, *, fresh: bool = False) -> int:
    """Return how many steps a database lacks; raises IntegrityAlarm for one that a newer program made.

    Only a database that is being made may be empty: a vault's own that is so was emptied, and stays as it is.
    """
    with engine.connect() as connection:
        done = _done(connection)
    if done == 0 and not fresh:
        raise IntegrityAlarm(
            f"The {NAMES[compartment]} is empty: what was recorded in it is gone from this file.",
            hint="Nothing was changed. Put the file back, or restore the latest backup.",
        )
    steps = migrations.steps_of(compartment)
    if done > len(steps):
        raise IntegrityAlarm(
            "This vault was last used by a newer dsl-console than the one on this machine.",
            hint="Nothing was touched. Update dsl-console here.",
        )
    return len(steps) - done


def migrate(engine: Engine, compartment: str = CHILDREN, *, fresh: bool = False) -> None:
    """Bring a database to the present shape; each step is one transaction."""
    steps = migrations.steps_of(compartment)
    done = len(steps) - pending(engine, compartment, fresh=fresh)
    for number, (_name, run) in enumerate(steps[done:], start=done + 1):
        with engine.begin() as connection:
            if _done(connection) >= number:  # another process took this step meanwhile
                continue
            run(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={number}")


def _done(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
