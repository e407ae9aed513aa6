"""The references that share our database library: raw SQLCipher, without SQLAlchemy and without a line of ours."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher

SETTINGS = """
PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;
PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;
PRAGMA wal_autocheckpoint=256; PRAGMA journal_size_limit=0; PRAGMA cache_size=-16384; PRAGMA busy_timeout=5000;
"""
CHANGES = ("CREATE", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


def connect(path: Path, key: bytes | None = None) -> Any:
    """A raw SQLCipher connection with the same cipher, journal and durability as the vault's."""
    connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA cipher_log_level=NONE")
    connection.set_key(bytearray(b"x'" + (key or secrets.token_bytes(32)).hex().encode() + b"'"))
    for statement in filter(None, map(str.strip, SETTINGS.split(";"))):
        connection.execute(statement).fetchall()
    if connection.execute("PRAGMA synchronous").fetchone() != (2,):
        raise RuntimeError("the reference must be as durable as the vault")
    return connection


@dataclass
class Statements:
    """The changes that a piece of work sent to the database, in order, with their parameters."""

    sent: list[tuple[str, Any, bool]] = field(default_factory=list)

    def replay(self, connection: Any) -> None:
        """Send them again in one transaction: one commit, one fsync."""
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters, many in self.sent:
            (connection.executemany if many else connection.execute)(statement, parameters)
        connection.execute("COMMIT")

    def effective(self, connection: Any) -> Statements:
        """Only the statements that change a row there, tried in a transaction that is taken back.

        Ours also deletes what an older version may have left; a reference that merely inserts would not.
        """
        kept = []
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters, many in self.sent:
            before = connection.total_changes
            (connection.executemany if many else connection.execute)(statement, parameters)
            if connection.total_changes > before:
                kept.append((statement, parameters, many))
        connection.execute("ROLLBACK")
        return Statements(kept)

    def grouped(self) -> Statements:
        """The same rows with each statement's runs gathered into one `executemany`."""
        gathered: list[tuple[str, Any, bool]] = []
        for statement, parameters, many in self.sent:
            rows = list(parameters) if many else [parameters]
            if gathered and gathered[-1][0] == statement:
                gathered[-1][1].extend(rows)
            else:
                gathered.append((statement, rows, True))
        return Statements(gathered)


@contextmanager
def captured() -> Iterator[Statements]:
    """Everything that SQLAlchemy sends while the block runs, but for what only reads."""
    from sqlalchemy import Engine, event

    kept = Statements()

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(CHANGES):
            kept.sent.append((statement, list(parameters) if many else parameters, many))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield kept
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """Every question that goes to a database while the block runs, in order, with its parameters."""
    from sqlalchemy import Engine, event

    from storage import ledger

    kept: list[tuple[str, Any]] = []
    real = ledger.ask_driver

    def keep(statement: str, parameters: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            kept.append((statement, parameters))

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        keep(statement, parameters)

    def ask_driver(connection: Any, statement: str, parameters: Any) -> Any:
        keep(statement, parameters)
        return real(connection, statement, parameters)

    event.listen(Engine, "before_cursor_execute", listen)
    ledger.ask_driver = ask_driver
    try:
        yield kept
    finally:
        ledger.ask_driver = real
        event.remove(Engine, "before_cursor_execute", listen)


def row_counts(connection: Any) -> dict[str, int]:
    """How many rows each table holds; the virtual tables' own shadows are left out."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = {name: (sql or "").upper().startswith("CREATE VIRTUAL") for name, sql in found.fetchall()}
    virtual = tuple(name + "_" for name, is_virtual in tables.items() if is_virtual)
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name in tables
        if not (virtual and name.startswith(virtual))
    }


def require_same_rows(ours: Any, reference: Any, ignore: Sequence[str] = ()) -> None:
    """Stop when a table differs in size: the reference would be doing less, or more, than ours."""
    left, right = row_counts(ours), row_counts(reference)
    different = {name for name in left | right if left.get(name) != right.get(name)} - set(ignore)
    if different:
        raise RuntimeError(f"the reference does not hold the same rows in {', '.join(sorted(different))}")
