"""SQLCipher under SQLAlchemy: the one place where a database is opened (storage: §1, §2)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.pool import StaticPool

from practice.errors import ConsoleError, IntegrityAlarm, Refused
from storage.opening import NAMES

PAGE_SIZE = 4096
Prepare = Callable[[Any], None]
_PRAGMAS: dict[str, object] = {
    "temp_store": 2,
    "secure_delete": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "journal_mode": "wal",
    "synchronous": 2,
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "wal_autocheckpoint": 256,
    "journal_size_limit": 0,
    "cache_size": -8192,
    "busy_timeout": 5000,
}


def connect(path: Path, key: bytes, *, query_only: bool = False, prepare: Prepare | None = None) -> Any:
    """Return a raw SQLCipher connection with every setting made and read back; `prepare` is called before it is used.

    `key` is the raw 256-bit key. Raises IntegrityAlarm where the file is not a database under this key.
    """
    if len(key) != 32:
        raise Refused("The database key has the wrong length; nothing was opened.")
    connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute("PRAGMA cipher_log_level=NONE")
        secret = bytearray(b"x'" + key.hex().encode() + b"'")
        connection.set_key(secret)
        secret[:] = bytes(len(secret))
        if not connection.execute("PRAGMA cipher_version").fetchone():
            raise Refused("This installation's database library cannot encrypt; nothing was opened.")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for name, wanted in _PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={wanted}")
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if str(found).lower() != str(wanted):
                raise Refused(f"The database did not take the setting {name}; nothing was opened.")
        if prepare is not None:
            prepare(connection)
        if query_only:
            connection.execute("PRAGMA query_only=1")
        return connection
    except sqlcipher.DatabaseError as error:
        connection.close()
        raise plain_error(error) from None
    except BaseException:
        connection.close()
        raise


def looks_plain(path: Path) -> bool:
    """Say whether the file is an unencrypted SQLite database."""
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def check_database_file(folder: Path, compartment: str) -> None:
    """Raise IntegrityAlarm unless a compartment's database is there and encrypted."""
    path = folder / f"{compartment}.db"
    if not path.exists() or path.stat().st_size < PAGE_SIZE or looks_plain(path):
        raise IntegrityAlarm(
            f"The database of the {NAMES[compartment]} is missing from the vault, or is not the encrypted one.",
            hint="Nothing was created in its place. Put the file back, or restore the latest backup.",
        )


def make_engine(path: Path, key: bytes, *, query_only: bool = False, prepare: Prepare | None = None) -> Engine:
    """Return an engine over exactly one connection; a writing one begins every transaction IMMEDIATE."""
    engine = create_engine(
        "sqlite+pysqlite://",
        module=sqlcipher,
        creator=lambda: connect(path, key, query_only=query_only, prepare=prepare),
        hide_parameters=True,
        poolclass=StaticPool,
    )
    statement = "BEGIN" if query_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection._is_autocommit_isolation():
            driver: Any = connection.connection.driver_connection
            driver.execute(statement)

    return engine


def memory_engine() -> Engine:
    """Return an engine over a database that never leaves this process's memory."""
    return create_engine(
        "sqlite+pysqlite://",
        module=sqlcipher,
        poolclass=StaticPool,
        hide_parameters=True,
        creator=lambda: sqlcipher.connect(":memory:", check_same_thread=False),
    )


def plain_error(error: BaseException) -> ConsoleError:
    """Return the plain sentence for what the database said; it never repeats a value."""
    text = str(getattr(error, "orig", None) or error).lower()
    if "not a database" in text or "malformed" in text or "hmac" in text:
        return IntegrityAlarm(
            "A part of the vault cannot be read: the file was damaged or changed.",
            hint="Stop writing here, run dsl-console verify, and restore the latest backup.",
        )
    if "disk i/o error" in text or "database or disk is full" in text:
        return Refused(
            "The disk is full or cannot be written. What was recorded before is safe; this was not recorded.",
            hint="Free some room and try again.",
        )
    if "readonly" in text or "unable to open" in text:
        return Refused(
            "The vault's folder cannot be written. What was recorded before is safe; this was not recorded.",
            hint="Check the folder's permissions and that the drive is plugged in.",
        )
    if "locked" in text or "busy" in text:
        return Refused("Another dsl-console is writing to this vault. Nothing was lost.", hint="Try again in a moment.")
    return Refused(f"The database refused the work ({type(error).__name__}); nothing was recorded.", hint="Try again.")


DATABASE_ERRORS = (DBAPIError, DatabaseError, sqlcipher.Error)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the database raises into plain sentences."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise plain_error(error) from None
