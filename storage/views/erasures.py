"""Erasures of children's records, proposed and carried out, and the holds that forbid them (R-110)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Integer, select
from sqlmodel import Field

from practice.acts import Act
from practice.erasure import erasures, holds
from storage.types import UtcText
from storage.views import reading
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class ErasureTable(ViewTable, table=True):
    """One proposal to erase a child's record, and what became of it; `acts` is how many bodies went with it."""

    __tablename__ = "erasures"
    proposal: str = string(primary_key=True)
    child_id: str = string(index=True)
    state: str = string()
    basis: str = string()
    reason: str = string()
    proposed_by: str = string()
    proposed_at: datetime = typed(UtcText)
    agreed_by: str = string()
    agreed_at: datetime | None = typed(UtcText, nullable=True)
    ended_by: str = string()
    ended_at: datetime | None = typed(UtcText, nullable=True)
    end_reason: str = string()
    acts: int = Field(default=0, sa_type=Integer)


class HoldTable(ViewTable, table=True):
    """A hold that stands: over one child's record, or over every record where it names no child."""

    __tablename__ = "holds"
    id: str = string(primary_key=True)
    child: str = string(index=True)
    why: str = string()
    reason: str = string()
    until: str | None = optional_string()
    set_by: str = string()
    set_at: datetime = typed(UtcText)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    rows = []
    for each in erasures(acts):
        row = {name: value for name, value in vars(each).items() if name != "erased"}
        rows.append(row | {"child_id": key, "state": each.state, "acts": len(each.acts)})
    return {"erasures": rows}


def _fold_holds(_key: str, acts: Sequence[Act]) -> Rows:
    return {"holds": [vars(each) for each in holds(acts)]}


ERASURES = view(
    View(
        name="erasures",
        column="child",
        tables=((ErasureTable, "child_id"),),
        fold=_fold,
    )
)
HOLDS = view(
    View(
        name="holds",
        column="kind",
        tables=((HoldTable, "id"),),
        fold=_fold_holds,
    )
)


_LATER = "somebody who joined after the backup that was restored"


@dataclass(frozen=True)
class ErasureRow:
    """A proposal or an erasure, with the people's names; `child` is the name while the record stands."""

    proposal: str
    child_id: str
    child: str
    state: str
    basis: str
    reason: str
    proposed_by_id: str
    proposed_by: str
    proposed_at: datetime
    agreed_by: str
    agreed_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    end_reason: str
    acts: int


@dataclass(frozen=True)
class HoldRow:
    """A hold that stands; `child_id` is blank where it is over every record."""

    id: str
    child_id: str
    child: str
    why: str
    reason: str
    until: date | None
    set_by: str
    set_at: datetime


def rows(vault: Vault, *, child_id: str = "", states: Sequence[str] = ()) -> list[ErasureRow]:
    """Return proposals and erasures, the newest first."""
    from storage.views import organisation

    conditions = (["erasures.child_id = ?"] if child_id else []) + (
        [reading.among("erasures.state", states)] if states else []
    )
    statement = (
        f"SELECT {reading.columns(ErasureTable)}, children.name FROM erasures"  # noqa: S608
        f" LEFT JOIN children ON children.id = erasures.child_id {reading.where(conditions)}"
        " ORDER BY erasures.proposed_at DESC, erasures.proposal DESC"
    )
    parameters = [*([child_id] if child_id else []), *states]
    with vault.read() as connection:
        names = organisation.names(connection)
        found = []
        for row in reading.rows(connection, ErasureTable, statement, parameters, ("child",)):
            fields = vars(row)
            fields["proposed_by_id"] = fields["proposed_by"]
            for name in ("proposed_by", "agreed_by", "ended_by"):
                fields[name] = names.get(fields[name], _LATER if fields[name] else "")
            found.append(ErasureRow(**(fields | {"child": fields["child"] or ""})))
        return found


def holds_in_force(vault: Vault) -> list[HoldRow]:
    """Return the holds that stand, those over every record first."""
    from storage.views import organisation
    from storage.views.children import ChildTable

    table, children = table_of(HoldTable), table_of(ChildTable)
    statement = (
        select(table, children.c.name)
        .outerjoin(children, children.c.id == table.c.child)
        .order_by(table.c.child, table.c.set_at)
    )
    with vault.read() as connection:
        names = organisation.names(connection)
        return [
            HoldRow(
                row.id,
                row.child,
                row.name or "",
                row.why,
                row.reason,
                date.fromisoformat(row.until) if row.until else None,
                names.get(row.set_by, ""),
                row.set_at,
            )
            for row in connection.execute(statement)
        ]


def words(row: ErasureRow) -> str:
    """Return a proposal or an erasure in one sentence."""
    from practice.dates import day_words
    from practice.retention import BASES

    def day(moment: datetime | None) -> str:
        return day_words(moment.astimezone().date()) if moment else ""

    why = f"{BASES.get(row.basis, row.basis)}: {row.reason}"
    if row.state == "erased":
        return f"Erased on {day(row.agreed_at)}: proposed by {row.proposed_by}, agreed by {row.agreed_by}; {why}"
    if row.state == "kept":
        return f"Kept on {day(row.ended_at)} by {row.ended_by}, because: {row.end_reason} (proposed: {row.reason})"
    return f"Erasure proposed by {row.proposed_by} on {day(row.proposed_at)}; {why}"
