"""Body maps: each belongs to an entry, one occasion, and stands where no later one amended it (R-09)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, BodyMapDrawn
from practice.acts.body import Mark
from practice.dates import Occurred
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class BodyMapTable(ViewTable, table=True):
    """One version of an entry's body map."""

    __tablename__ = "body_maps"
    act_id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    marks: Any = typed(Json)
    role: str = string()
    seen_at: str = string()
    reason: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    stands: bool = typed(Flag)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    seen = {act.body.sees for act in acts if isinstance(act.body, BodyMapDrawn)}
    rows = [
        {
            "act_id": act.id,
            "entry_id": key,
            "marks": [mark.model_dump(mode="json") for mark in act.body.marks],
            "role": act.body.role,
            "seen_at": act.body.seen_at,
            "reason": act.body.reason,
            "recorded_at": act.recorded_at,
            "author": act.author,
            "stands": act.id not in seen,
        }
        for act in acts
        if isinstance(act.body, BodyMapDrawn)
    ]
    return {"body_maps": rows}


BODY_MAPS = view(
    View(
        name="body_maps",
        column="entry",
        tables=((BodyMapTable, "entry_id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class BodyMap:
    """A body map that stands: of which entry and child, when the entry happened, who drew it and when."""

    act_id: str
    entry_id: str
    child_id: str
    child: str
    occurred: Occurred
    marks: tuple[Mark, ...]
    role: str
    seen_at: str
    recorded_at: datetime
    by: str


def _read(vault: Vault, *clauses: Any) -> list[BodyMap]:
    from storage.views.children import ChildTable
    from storage.views.entry_tables import EntryTable
    from storage.views.organisation import PersonTable

    table, entries = table_of(BodyMapTable), table_of(EntryTable)
    people, children = table_of(PersonTable), table_of(ChildTable)
    statement = (
        select(table, entries.c.child_id, entries.c.occurred, people.c.name, children.c.name.label("child"))
        .join(entries, entries.c.id == table.c.entry_id)
        .outerjoin(people, people.c.id == table.c.author)
        .outerjoin(children, children.c.id == entries.c.child_id)
        .where(table.c.stands.is_(True), *clauses)
        .order_by(entries.c.occurred_sort, table.c.recorded_at, table.c.act_id)
    )
    with vault.read() as connection:
        return [
            BodyMap(
                row.act_id,
                row.entry_id,
                row.child_id,
                row.child or "",
                Occurred.model_construct(**row.occurred),
                tuple(Mark.model_validate(mark) for mark in row.marks),
                row.role,
                row.seen_at,
                row.recorded_at,
                row.name or "",
            )
            for row in connection.execute(statement)
        ]


def of_entry(vault: Vault, entry_id: str) -> list[BodyMap]:
    """Return the maps that stand for an entry: one, or two where two people amended one at once."""
    return _read(vault, table_of(BodyMapTable).c.entry_id == entry_id)


def of_child(vault: Vault, child_id: str) -> list[BodyMap]:
    """Return the maps of a child's record, the oldest occasion first; an entry that was removed takes its map along."""
    from storage.views.entry_tables import EntryTable

    return _read(vault, table_of(EntryTable).c.child_id == child_id)
