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
_RESERVED = 80
"""Bytes at each page's end that SQLCipher keeps for its nonce and its MAC."""
_PER_PAGE = PAGE_SIZE - _RESERVED - 4
_FEW = 16


def fill_step(connection: Connection) -> None:
    """Bring the database of the open transaction to a whole number of steps; what is added is free for later acts."""
    missing = -_pages(connection) % _STEP_PAGES
    if not missing:
        return
    # Free pages would be taken before the file grows, so they are held as well until the step is full.
    connection.exec_driver_sql("DELETE FROM reserve")
    free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    _take(connection, max(free + missing - _FEW, 0))
    while _pages(connection) % _STEP_PAGES:
        _take(connection, 1)
    connection.exec_driver_sql("DELETE FROM reserve")


def _take(connection: Connection, pages: int) -> None:
    """Fill about so many pages: one row of one large value, whose pages are its own."""
    if pages:
        connection.exec_driver_sql("INSERT INTO reserve (room) VALUES (zeroblob(?))", (pages * _PER_PAGE,))


def _pages(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
