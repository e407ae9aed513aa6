"""Entries that tell of the same event: what a person confirmed or declined, and what is proposed (R-74)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, EntriesLinked
from practice.alike import Telling, days_of, why_alike
from storage.types import UtcText
from storage.views import record
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view
from storage.views.entry_tables import EntryTable, ImportTable
from storage.views.organisation import PersonTable
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from storage.vault import Vault

PROPOSED = 500
"""The most links that are proposed at once."""


class LinkTable(ViewTable, table=True):
    """Two entries of which somebody said whether they tell of the same event; `entry_id` is the lesser id."""

    __tablename__ = "links"
    id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    other_id: str = string(index=True)
    state: str = string()
    reason: str = string()
    at: datetime = typed(UtcText)
    author: str = string()


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    rows: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, EntriesLinked):
            rows[body.other] = {
                "id": f"{key}/{body.other}",
                "entry_id": key,
                "other_id": body.other,
                "state": body.state,
                "reason": body.reason,
                "at": act.recorded_at,
                "author": act.author,
            }
    return {"links": list(rows.values())}


LINKS = view(
    View(
        name="links",
        column="entry",
        tables=((LinkTable, "entry_id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class LinkRow:
    """Two entries of one child; `state` is proposed, confirmed or declined, and `reason` on what that rests."""

    entries: tuple[str, str]
    reason: str
    state: str
    by: str = ""


def pair(one: str, two: str) -> tuple[str, str]:
    """Return two ids in the order in which their link is kept."""
    return (one, two) if one < two else (two, one)


def links(
    vault: Vault, child_id: str, *, states: Sequence[str] = ("proposed", "confirmed", "declined")
) -> list[LinkRow]:
    """Return the links of a child's entries: what was proposed first, in the order of the record."""
    rows = record.chronology(vault, child_id)
    at = {row.id: place for place, row in enumerate(rows)}
    said = {row.entries: row for row in _said(vault) if row.entries[0] in at and row.entries[1] in at}
    found = [*said.values()]
    if "proposed" in states:
        repeats = {
            pair(entry, other): source for entry, other, source in _repeats(vault) if entry in at and other in at
        }
        found += [
            LinkRow(ids, f"The same dates and words in {source}.", "proposed")
            for ids, source in repeats.items()
            if ids not in said
        ]
        found += _proposed(rows, {*said, *repeats})
    kept = [row for row in found if row.state in states]
    order = {state: place for place, state in enumerate(states)}
    return sorted(kept, key=lambda row: (order[row.state], at[row.entries[0]], at[row.entries[1]]))


def linked(vault: Vault) -> dict[str, list[str]]:
    """Return, for each entry, the others that a person confirmed to tell of the same event."""
    found: dict[str, list[str]] = {}
    for row in _said(vault):
        if row.state == "confirmed":
            one, two = row.entries
            found.setdefault(one, []).append(two)
            found.setdefault(two, []).append(one)
    return found


def imports(vault: Vault, child_id: str) -> dict[str, tuple[str, str, str]]:
    """Return (source, on-share rule, the entry that it repeats) of each imported entry of a child."""
    table, entries = table_of(ImportTable), table_of(EntryTable)
    statement = (
        select(table.c.entry_id, table.c.source, table.c.on_share, table.c.duplicate_of)
        .join(entries, entries.c.id == table.c.entry_id)
        .where(entries.c.child_id == child_id)
    )
    with vault.read() as connection:
        return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(statement)}


def on_share(vault: Vault, entry_id: str) -> tuple[str, str] | None:
    """Return (source, rule) of an imported entry; None for one of our own."""
    table = table_of(ImportTable)
    with vault.read() as connection:
        row = connection.execute(select(table.c.source, table.c.on_share).where(table.c.entry_id == entry_id)).first()
    return (row[0], row[1]) if row else None


def lines_of(vault: Vault, batch: str, child_id: str) -> set[int]:
    """Return the lines of a file that were taken in for a child, wherever they stand now, or removed since."""
    table = table_of(ImportTable)
    statement = select(table.c.line).where(table.c.batch == batch, table.c.imported_for == child_id)
    with vault.read() as connection:
        return set(connection.execute(statement).scalars())


def _said(vault: Vault) -> list[LinkRow]:
    table, people = table_of(LinkTable), table_of(PersonTable)
    statement = (
        select(table, people.c.name.label("by"))
        .outerjoin(people, people.c.id == table.c.author)
        .order_by(table.c.at, table.c.id)
    )
    with vault.read() as connection:
        return [
            LinkRow((row.entry_id, row.other_id), row.reason, row.state, row.by or "")
            for row in connection.execute(statement)
        ]


def _repeats(vault: Vault) -> list[tuple[str, str, str]]:
    table = table_of(ImportTable)
    statement = select(table.c.entry_id, table.c.duplicate_of, table.c.source).where(table.c.duplicate_of != "")
    with vault.read() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def _proposed(rows: Sequence[EntryRow], known: set[tuple[str, str]]) -> list[LinkRow]:
    """Compare each entry with those that follow it within its days; entries of one event are one event already."""
    dated = [(days, row) for row in rows if (days := days_of(row.occurred)) is not None]
    dated.sort(key=lambda each: each[0][0])
    tellings = {row.id: Telling(row.id, row.text, row.occurred) for _, row in dated}
    found: list[LinkRow] = []
    for place, (days, row) in enumerate(dated):
        for later_days, later in dated[place + 1 :]:
            if later_days[0] > days[1] or len(found) >= PROPOSED:
                break
            ids = pair(row.id, later.id)
            if ids in known or (row.event_id and row.event_id == later.event_id):
                continue
            if why := why_alike(tellings[row.id], tellings[later.id]):
                found.append(LinkRow(ids, why, "proposed"))
    return found
