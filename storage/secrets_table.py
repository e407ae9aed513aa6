"""Keys that the vault itself holds: inside the encrypted database, never derived, never replayed (design: §4)."""

from __future__ import annotations

from sqlalchemy import Connection

from storage.ledger import plain_rows

SCHEMA = ("CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",)

AUDIT = "audit"
INBOX_PREFIX = "inbox/"
ORGANISATION = "organisation"
ORGANISATION_PENDING = "organisation/pending"
HUB = "hub"
KEYS_NEXT = "organisation/next"
DEVICE = "device"
_REVISION = "header/revision"


def get(connection: Connection, name: str) -> bytes | None:
    """Return a secret, or None."""
    row = next(plain_rows(connection, "SELECT value FROM secrets WHERE name = ?", (name,)), None)
    return bytes(row[0]) if row else None


def put(connection: Connection, name: str, value: bytes) -> None:
    """Keep a secret under this name in the open transaction."""
    connection.exec_driver_sql(
        "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def under(connection: Connection, prefix: str) -> dict[str, bytes]:
    """Return every secret whose name begins so, by the rest of its name."""
    rows = connection.exec_driver_sql("SELECT name, value FROM secrets WHERE name GLOB ?", (prefix + "*",))
    return {row[0][len(prefix) :]: bytes(row[1]) for row in rows}


def drop(connection: Connection, name: str) -> None:
    """Forget a secret in the open transaction."""
    connection.exec_driver_sql("DELETE FROM secrets WHERE name = ?", (name,))


def note_revision(connection: Connection, revision: int) -> None:
    """Keep, with the acts that say what was changed, which revision of the header they belong to.

    A header and an anchor that were put back together agree with each other, but not with this.
    """
    put(connection, _REVISION, str(revision).encode())


def noted_revision(connection: Connection) -> int:
    """Return below which revision the header cannot be the newest; 0 where none was noted yet."""
    return int(get(connection, _REVISION) or b"0")
