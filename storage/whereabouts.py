"""Who is where: whose record is open on which of the school's machines, and when each was last there.

A machine says so in one small sealed file in the folder that they share, or by the hub; nobody serves it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import select

from storage import machines
from storage.replication import exchange, presence, waiting
from storage.replication.presence import Here
from storage.views.base import table_of
from storage.views.machines import MachineRow

if TYPE_CHECKING:
    from storage.machines import MachineState
    from storage.vault import Vault

FOLDER = "folder"
"""Where the path of the shared folder is noted."""
_open: WeakKeyDictionary[Vault, str] = WeakKeyDictionary()
"""Whose record each vault has open here."""


def folder_of(vault: Vault) -> Path | None:
    """Return the folder that this machine shares with the others, as it was last used."""
    with vault.read() as connection:
        stored = waiting.note(connection, FOLDER)
    return Path(stored) if stored else None


def open_here(vault: Vault) -> str:
    """Return the child whose record is open here; blank for none."""
    return _open.get(vault, "")


def left(vault: Vault, child_id: str) -> bool:
    """Say that a child's record is not open here any more; False where another one's is by now."""
    if open_here(vault) != child_id:
        return False
    _open[vault] = ""
    say_here(vault)
    return True


def say_here(vault: Vault) -> None:
    """Say in the shared folder that this machine is here, with the child whose record is open; never an error."""
    folder = folder_of(vault)
    own = machines.known(vault)
    if folder is None or own is None or not folder.is_dir():
        return
    try:
        readers = [exchange.reader_of(row) for row in machines.others(vault)]
        presence.write(vault, own, readers, folder, open_here(vault))
    except OSError:
        return


def elsewhere(vault: Vault) -> list[tuple[MachineRow, Here]]:
    """Return what the other machines said last in the shared folder, or by the hub."""
    folder = folder_of(vault)
    own = machines.known(vault)
    if own is None:
        return []
    rows = {row.id: row for row in machines.others(vault)}
    found = presence.read(vault, own, [exchange.reader_of(row) for row in rows.values()], folder)
    return [(rows[here.machine], here) for here in found]


def states(vault: Vault, *, removed: bool = False) -> list[MachineState]:
    """Return the school's machines with what is known of each; one that was there counts as heard, silent or not."""
    seen = {row.id: here.at for row, here in elsewhere(vault)}
    return [
        replace(row, last_heard=max(row.last_heard or seen[row.id], seen[row.id])) if row.id in seen else row
        for row in machines.states(vault, removed=removed)
    ]


def at_work(vault: Vault) -> list[tuple[MachineRow, str]]:
    """Return the machines on which a record is open now, with whose and by whom in words."""
    from storage.views.children import ChildTable
    from storage.views.organisation import PersonTable

    now = vault.clock()
    found = [(row, here) for row, here in elsewhere(vault) if here.open_at(now)]
    if not found:
        return []
    with vault.read() as connection:
        children, people = (
            {row.id: row.name for row in connection.execute(select(table.c.id, table.c.name))}
            for table in (table_of(ChildTable), table_of(PersonTable))
        )
    return [
        (row, f"{people.get(here.person, 'Somebody')} has {children.get(here.child, 'a child')}'s record open there")
        for row, here in found
    ]


def meeting(vault: Vault, child_id: str) -> str:
    """Say that this child's record is open here, and return who else has it open on another machine; else blank."""
    _open[vault] = child_id
    say_here(vault)
    return also_open(vault, child_id)


def also_open(vault: Vault, child_id: str) -> str:
    """Return who has this child's record open on another machine, in a sentence; blank where nobody has."""
    now = vault.clock()
    said = [row.name for row, here in elsewhere(vault) if here.child == child_id and here.open_at(now)]
    if not said:
        return ""
    return f"This record is open on «{said[0]}» too. Both of you can write; what you both change is shown to you."
