"""Brothers and sisters: whom a person named as such on a front sheet or when an event was recorded, never a name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.errors import NotFound
from storage.views import children
from storage.views.children import ChildRow

if TYPE_CHECKING:
    from storage.vault import Vault

NAMED = (
    "SELECT other_child FROM front_sheet_lines WHERE child_id = ? AND section = 'sibling' AND stands"
    " AND other_child <> '' UNION SELECT child_id FROM front_sheet_lines"
    " WHERE other_child = ? AND section = 'sibling' AND stands"
)
"""Whom a front sheet that stands names as this child's sibling, whichever of the two sheets it is on."""


def named(connection: Connection, child_id: str) -> set[str]:
    """Return the ids of the children whom a front sheet names as this child's brothers and sisters."""
    return {row[0] for row in connection.exec_driver_sql(NAMED, (child_id, child_id)) if row[0] != child_id}


def siblings(vault: Vault, child_id: str) -> list[ChildRow]:
    """Return a child's brothers and sisters who have a file here, by name."""
    with vault.read() as connection:
        found = named(connection, child_id)
    rows = []
    for each in found:
        with suppress(NotFound):  # somebody who reads only some children does not find the others
            rows.append(children.get(vault, each))
    return sorted(rows, key=lambda row: (row.name, row.id))
