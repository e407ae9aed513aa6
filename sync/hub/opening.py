"""Which store an address names: a file is SQLite's, `postgresql://` is PostgreSQL's."""

from __future__ import annotations

import time
from importlib.util import find_spec

from practice.errors import Refused
from sync.hub.limits import Limits
from sync.hub.sqlite_writer import database_path
from sync.hub.store import Store


def is_postgres(database: str) -> bool:
    """Whether this names a PostgreSQL database; Refused where what speaks to one is not installed."""
    if not database.startswith(("postgresql://", "postgres://")):
        return False
    if find_spec("asyncpg") is None:
        raise Refused(
            "A hub on PostgreSQL needs a part that is not installed (asyncpg). Nothing was changed.",
            hint="Install dsl-console with its extra: dsl-console[postgres].",
        )
    return True


def open_store(database: str, limits: Limits) -> Store:
    """The store of a hub that is about to serve; Refused where it cannot be used."""
    if is_postgres(database):
        from sync.hub.postgres import connecting
        from sync.hub.postgres.store import PostgresStore

        # Asked now, so that whoever starts a hub is told in words, and not by a process that ends.
        connecting.at_once(database, connecting.epoch_here, time.time())
        return PostgresStore(database, limits)
    from sync.hub.store_sqlite import SqliteStore

    return SqliteStore(database_path(database), limits)
