"""The shape of a compartment's database, step by step; each step is one transaction with its record."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from practice.errors import IntegrityAlarm
from storage import ledger
from storage.views.base import ViewTable

Step = Callable[[Connection], None]
STEPS: list[tuple[str, Step]] = []


def step(run: Step) -> Step:
    """Register the next step; its name is its record."""
    STEPS.append((run.__name__, run))
    return run


@step
def first_shape(connection: Connection) -> None:
    """The ledger, the secrets, the outbox, the views and the search index."""
    from storage import outbox, secrets_table

    for statement in (*ledger.SCHEMA, *secrets_table.SCHEMA, *outbox.SCHEMA):
        connection.exec_driver_sql(statement)
    make_views(connection)


@step
def sealed_reports(connection: Connection) -> None:
    """The table of sealed reports."""
    from storage.views.base import table_of
    from storage.views.reports import ReportTable

    table_of(ReportTable).create(connection, checkfirst=True)


@step
def children_given_and_cover(connection: Connection) -> None:
    """The lists of read-only people, and who covers whom."""
    from storage.views.base import table_of
    from storage.views.organisation import CoverTable, GrantTable

    for model in (GrantTable, CoverTable):
        table_of(model).create(connection, checkfirst=True)


@step
def quick_lists(connection: Connection) -> None:
    """The indexes over the entries that the lists stand on."""
    from storage.views.entries import LIST_INDEXES

    for statement in LIST_INDEXES:
        connection.exec_driver_sql(statement)


def make_views(connection: Connection) -> None:
    """Create every view's tables and the search index over the entries."""
    from storage.views import entries  # importing the package registers every view's tables

    ViewTable.metadata.create_all(connection)
    for statement in entries.SEARCH_SCHEMA:
        connection.exec_driver_sql(statement)


def pending(engine: Engine, *, fresh: bool = False) -> int:
    """Return how many steps a database lacks; raises IntegrityAlarm for one that a newer program made.

    Only a database that is being made may be empty: a vault's own that is so was emptied, and stays as it is.
    """
    with engine.connect() as connection:
        done = _done(connection)
    if done == 0 and not fresh:
        raise IntegrityAlarm(
            "The children's database is empty: what was recorded in it is gone from this file.",
            hint="Nothing was changed. Put the file back, or restore the latest backup.",
        )
    if done > len(STEPS):
        raise IntegrityAlarm(
            "This vault was last used by a newer dsl-console than the one on this machine.",
            hint="Nothing was touched. Update dsl-console here.",
        )
    return len(STEPS) - done


def migrate(engine: Engine, *, fresh: bool = False) -> None:
    """Bring a database to the present shape; each step is one transaction."""
    done = len(STEPS) - pending(engine, fresh=fresh)
    for number, (_name, run) in enumerate(STEPS[done:], start=done + 1):
        with engine.begin() as connection:
            if _done(connection) >= number:  # another process took this step meanwhile
                continue
            run(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={number}")


def _done(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
