"""Proposals to remove an entry, and the tombstones of those that were: never a word of the entry itself (R-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.removal import Removal
from storage.types import UtcText
from storage.views.base import ViewTable, string, typed
from storage.views.reading import columns, rows

if TYPE_CHECKING:
    from storage.vault import Vault


class RemovalTable(ViewTable, table=True):
    """One proposal to remove an entry; its rows are folded with the entry's own."""

    __tablename__ = "removals"
    proposal: str = string(primary_key=True)
    entry_id: str = string(index=True)
    child_id: str = string(index=True)
    state: str = string()
    reason: str = string()
    proposed_by: str = string()
    proposed_at: datetime = typed(UtcText)
    agreed_by: str = string()
    agreed_at: datetime | None = typed(UtcText, nullable=True)
    ended_by: str = string()
    ended_at: datetime | None = typed(UtcText, nullable=True)
    end_reason: str = string()


def rows_of(entry_id: str, child_id: str, found: Sequence[Removal]) -> list[dict[str, Any]]:
    """Return the rows of an entry's proposals."""
    return [{**vars(each), "entry_id": entry_id, "child_id": child_id, "state": each.state} for each in found]


@dataclass(frozen=True)
class RemovalRow:
    """A proposal or a tombstone, with the people's names."""

    proposal: str
    entry_id: str
    child_id: str
    child: str
    state: str
    reason: str
    proposed_by_id: str
    proposed_by: str
    proposed_at: datetime
    agreed_by: str
    agreed_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    end_reason: str


def _rows(vault: Vault, condition: str, *values: str) -> list[RemovalRow]:
    from storage.views import organisation

    statement = (
        f"SELECT {columns(RemovalTable)}, children.name FROM removals"  # noqa: S608
        f" LEFT JOIN children ON children.id = removals.child_id WHERE {condition}"
        " ORDER BY removals.proposed_at DESC, removals.proposal DESC"
    )
    with vault.read() as connection:
        names = organisation.names(connection)
        found = []
        for row in rows(connection, RemovalTable, statement, values, ("child",)):
            fields = vars(row)
            fields["proposed_by_id"] = fields["proposed_by"]
            for name in ("proposed_by", "agreed_by", "ended_by"):
                fields[name] = names.get(fields[name], "")
            fields["child"] = fields["child"] or ""
            found.append(RemovalRow(**fields))
    return found


def of_entry(vault: Vault, entry_id: str) -> list[RemovalRow]:
    """Return what was proposed about an entry, the newest first."""
    return _rows(vault, "removals.entry_id = ?", entry_id)


def of_child(vault: Vault, child_id: str) -> list[RemovalRow]:
    """Return the proposals and tombstones of a child's record, the newest first."""
    return _rows(vault, "removals.child_id = ?", child_id)


def all_open(vault: Vault) -> list[RemovalRow]:
    """Return every proposal that waits for a second person, and every tombstone, the newest first."""
    return _rows(vault, "removals.state IN ('proposed', 'removed')")


def words(row: RemovalRow) -> str:
    """Return a tombstone or a proposal in one sentence; it holds no word of the entry."""
    from practice.dates import day_words

    def day(moment: datetime | None) -> str:
        return day_words(moment.astimezone().date()) if moment else ""

    said = f"Removal proposed by {row.proposed_by} on {day(row.proposed_at)}, because: {row.reason}"
    if row.state == "removed":
        said = f"Removed on {day(row.agreed_at)}: proposed by {row.proposed_by}, agreed by {row.agreed_by}, because: "
        said += row.reason
    elif row.state in ("restored", "taken_back"):
        how = "Restored" if row.state == "restored" else "Proposal taken back"
        said = f"{how} on {day(row.ended_at)} by {row.ended_by}, because: {row.end_reason} (before: {row.reason})"
    return said
