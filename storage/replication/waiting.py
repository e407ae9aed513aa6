"""What cannot be applied yet: acts that came before the ones they follow on, kept until the missing part arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from practice.errors import Refused
from storage import ledger
from storage.replication.wire import Line, read_line

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS waiting_acts (device TEXT NOT NULL, seq INTEGER NOT NULL, mac BLOB NOT NULL,"
    " line BLOB NOT NULL, PRIMARY KEY (device, seq, mac)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS machine_files (place TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,"
    " held TEXT NOT NULL, PRIMARY KEY (place, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS moved_acts (act TEXT PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS machine_notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
"""Tables that are no views and not replayed: what waits, which files are known, which acts were moved, settings."""
LIMIT = 200_000
"""How many acts may wait."""


@dataclass(frozen=True)
class Gap:
    """A part of a chain that has not arrived: its numbers, and how many acts wait behind it.

    Where the number that follows is there, `first` is that number and `last` the one before it: the act waits for
    another chain, the one that says who its author is.
    """

    device: str
    first: int
    last: int
    waiting: int


def keep(connection: Connection, lines: Sequence[Line]) -> None:
    """Keep acts for later; raises Refused where more wait than a school's machines could have written."""
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO waiting_acts (device, seq, mac, line) VALUES (?, ?, ?, ?)",
        [(line.device, line.seq, line.mac, line.to_bytes()) for line in lines],
    )
    if connection.exec_driver_sql("SELECT count(*) FROM waiting_acts").scalar_one() > LIMIT:
        raise Refused(
            "More acts wait for a missing part than this machine keeps, so these were not taken in. Nothing was lost.",
            hint="Let the machines that wrote the missing part hand it on first.",
        )


def kept(connection: Connection) -> dict[str, list[Line]]:
    """Return what waits, chain by chain, in the order of its numbers."""
    found: dict[str, list[Line]] = defaultdict(list)
    for row in connection.exec_driver_sql("SELECT line FROM waiting_acts ORDER BY device, seq"):
        line = read_line(bytes(row[0]))
        found[line.device].append(line)
    return found


def forget(connection: Connection, device: str, through: int) -> None:
    """Let go of what has been applied."""
    connection.exec_driver_sql("DELETE FROM waiting_acts WHERE device = ? AND seq <= ?", (device, through))


def drop(connection: Connection, line: Line) -> None:
    """Let go of one act that belongs to no chain which is kept here."""
    connection.exec_driver_sql(
        "DELETE FROM waiting_acts WHERE device = ? AND seq = ? AND mac = ?", (line.device, line.seq, line.mac)
    )


def gaps(connection: Connection) -> list[Gap]:
    """Return what is missing, so that the waiting acts can be applied."""
    rows = list(
        connection.exec_driver_sql("SELECT device, min(seq), count(DISTINCT seq) FROM waiting_acts GROUP BY device")
    )
    return [Gap(row[0], ledger.head(connection, row[0]).seq + 1, row[1] - 1, row[2]) for row in rows]


def note(connection: Connection, name: str) -> str:
    """Return what this machine has noted under a name; blank where nothing was."""
    return str(connection.exec_driver_sql("SELECT value FROM machine_notes WHERE name = ?", (name,)).scalar() or "")


def forget_fork(connection: Connection, device: str) -> None:
    """Let go of what was noted of a chain that two machines went on with, and read every file again."""
    connection.exec_driver_sql("DELETE FROM machine_notes WHERE name = ?", (f"fork/{device}",))
    connection.exec_driver_sql("DELETE FROM machine_files")


def set_note(connection: Connection, name: str, value: str) -> None:
    """Note something for this machine alone, in the open transaction."""
    connection.exec_driver_sql(
        "INSERT INTO machine_notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
