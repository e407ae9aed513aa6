"""A database that grows in steps of 4 MiB, so that its size tells little of what it holds (storage: §4).

The step is filled with pages that are at once given back to the database's own list of free pages: they are encrypted
like any other, and the next acts are written into them without the file growing.
"""

from __future__ import annotations

from sqlalchemy import Connection

from storage.engine import PAGE_SIZE

STEP = 4 * 1024 * 1024
SCHEMA = ("CREATE TABLE reserve (id INTEGER PRIMARY KEY, room BLOB NOT NULL) STRICT",)
_STEP_PAGES = STEP // PAGE_SIZE
_USABLE = PAGE_SIZE - 80
"""What SQLCipher leaves of a page: its nonce and its MAC take the rest."""
_IN_ROW = (_USABLE - 12) * 32 // 255 - 23
"""Bytes of a large value that SQLite keeps beside its row; the others fill pages of their own (file format, §1.6)."""
_PER_PAGE = _USABLE - 4
_ROW_HEADER = 6
"""Bytes before the value: the header's length, the key's type, and the value's for one of 1 to 128 MiB."""
_TRIES = 6


def fill_step(connection: Connection) -> None:
    """Bring the database of the open transaction to a whole number of steps; what is added is free for later acts."""
    if not -_pages(connection) % _STEP_PAGES:
        return
    connection.exec_driver_sql("DELETE FROM reserve")
    for _ in range(_TRIES):
        missing = -_pages(connection) % _STEP_PAGES
        if not missing:
            break
        # Free pages are taken before the file grows, so they are held as well until the step is full.
        free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
        _take(connection, free + missing)
    connection.exec_driver_sql("DELETE FROM reserve")


def _take(connection: Connection, pages: int) -> None:
    """Fill so many pages with one large value."""
    size = _IN_ROW + pages * _PER_PAGE - _ROW_HEADER
    connection.exec_driver_sql("INSERT INTO reserve (room) VALUES (zeroblob(?))", (size,))


def _pages(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
