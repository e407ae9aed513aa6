"""Record-quality audits: their samples, and the ratings that stand (R-82)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import Field

from practice.acts import Act, QualityAuditBegun, QualityRated
from practice.errors import NotFound
from practice.record_audit import Month, trend
from storage.types import Flag, Json, UtcText
from storage.views import organisation
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view
from storage.views.children import ChildTable

if TYPE_CHECKING:
    from storage.vault import Vault


class QualityAuditTable(ViewTable, table=True):
    """An audit, with the children of its sample and those added by hand."""

    __tablename__ = "quality_audits"
    id: str = string(primary_key=True)
    seed: str = string()
    size: int = Field(default=0)
    sample: Any = typed(Json)
    targeted: Any = typed(Json)
    reason: str = string()
    begun_at: datetime = typed(UtcText)
    begun_by: str = string()


class QualityRatingTable(ViewTable, table=True):
    """One rating of a child's record; `stands` where no later one of the same audit and child followed."""

    __tablename__ = "quality_ratings"
    act_id: str = string(primary_key=True)
    audit: str = string(index=True)
    child_id: str = string(index=True)
    ratings: Any = typed(Json)
    words: Any = typed(Json)
    action: str = string()
    rated_at: datetime = typed(UtcText)
    author: str = string()
    stands: bool = typed(Flag)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    audits, ratings = [], []
    newest = {act.child: act.id for act in acts if isinstance(act.body, QualityRated)}
    for act in acts:
        body = act.body
        if isinstance(body, QualityAuditBegun):
            fields = {"seed": body.seed, "size": body.size, "sample": list(body.sample), "reason": body.reason}
            about = {"id": key, "targeted": list(body.targeted), "begun_at": act.recorded_at, "begun_by": act.author}
            audits.append(fields | about)
        elif isinstance(body, QualityRated):
            fields = {"ratings": body.ratings, "words": body.words, "action": body.action}
            about = {"act_id": act.id, "audit": key, "child_id": act.child or "", "rated_at": act.recorded_at}
            ratings.append(fields | about | {"author": act.author, "stands": newest[act.child] == act.id})
    return {"quality_audits": audits, "quality_ratings": ratings}


QUALITY = view(
    View(
        name="quality",
        column="entry",
        tables=((QualityAuditTable, "id"), (QualityRatingTable, "audit")),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class RatedRow:
    """A child of an audit: how the record was rated, or that it was not yet (`ratings` empty)."""

    child_id: str
    child: str
    targeted: bool
    ratings: dict[str, str]
    words: dict[str, str]
    action: str
    rated_at: datetime | None
    by: str


@dataclass(frozen=True)
class AuditRow:
    """An audit with its children in the order in which they were drawn."""

    id: str
    seed: str
    reason: str
    begun_at: datetime
    by: str
    children: list[RatedRow]

    @property
    def rated(self) -> int:
        """How many of its records were rated."""
        return sum(bool(each.ratings) for each in self.children)


def audits(vault: Vault) -> list[AuditRow]:
    """Return every audit, the newest first."""
    table, ratings = table_of(QualityAuditTable), table_of(QualityRatingTable)
    roll = table_of(ChildTable)
    with vault.read() as connection:
        names = organisation.names(connection)
        found = {
            (row.audit, row.child_id): row
            for row in connection.execute(select(ratings).where(ratings.c.stands.is_(True)))
        }
        rows = list(connection.execute(select(table).order_by(table.c.begun_at.desc(), table.c.id.desc())))
        wanted = {child for row in rows for child in (*row.sample, *row.targeted)}
        called = {
            row.id: row.name
            for row in connection.execute(select(roll.c.id, roll.c.name).where(roll.c.id.in_(sorted(wanted))))
        }
    made = []
    for row in rows:
        children = []
        for child in dict.fromkeys((*row.sample, *row.targeted)):
            rated = found.get((row.id, child))
            fields = (
                (rated.ratings, rated.words, rated.action, rated.rated_at, names.get(rated.author, "")) if rated else ()
            )
            targeted = child in row.targeted
            children.append(RatedRow(child, called.get(child, ""), targeted, *(fields or ({}, {}, "", None, ""))))
        made.append(AuditRow(row.id, row.seed, row.reason, row.begun_at, names.get(row.begun_by, ""), children))
    return made


def get(vault: Vault, audit: str = "") -> AuditRow:
    """Return one audit, or the newest; raises NotFound."""
    for row in audits(vault):
        if audit in ("", row.id):
            return row
    raise NotFound("There is no such record-quality audit.", hint="dsl-console quality begin draws a sample.")


def by_month(vault: Vault) -> list[Month]:
    """Return how the records were rated, by month and criterion, the oldest month first."""
    table = table_of(QualityRatingTable)
    statement = select(table.c.rated_at, table.c.ratings).where(table.c.stands.is_(True))
    with vault.read() as connection:
        rows = list(connection.execute(statement))
    return trend((row.rated_at.astimezone().date(), row.ratings) for row in rows)
