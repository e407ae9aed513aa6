"""Sealed reports that were opened: waiting for a person, accepted into a child's record, or closed with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import Act, ConcernLogged, ReportAccepted, ReportAnswered, ReportArrived, ReportClosed
from practice.errors import NotFound
from practice.roles import check_may_triage
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view
from storage.views.reading import among, columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault


class ReportTable(ViewTable, table=True):
    """A sealed report, in its writer's words, and what became of it."""

    __tablename__ = "reports"
    id: str = string(primary_key=True)
    form: str = string()
    state: str = string(index=True)
    child_as_written: str = string()
    text: str = string()
    childs_words: str = string()
    happened: str = string()
    reporter: str = string()
    reporter_role: str = string()
    told_dsl: bool = typed(Flag)
    concern: Any = typed(Json, nullable=True)
    digest: str = string(index=True)
    written_at: datetime = typed(UtcText)
    arrived_at: datetime = typed(UtcText)
    child_id: str | None = optional_string()
    reason: str = string()
    answers: Any = typed(Json)


@dataclass(frozen=True)
class Answer:
    """Who told the reporter what was done, and when, as written; `recorded_at` is ISO text."""

    by: str
    what: str
    at: str
    recorded_at: str


@dataclass(frozen=True)
class ReportRow:
    """A sealed report; `state` is waiting, accepted or closed, `written_at` what its writer's clock claimed."""

    id: str
    form: str
    state: str
    child_as_written: str
    text: str
    childs_words: str
    happened: str
    reporter: str
    reporter_role: str
    told_dsl: bool
    concern: ConcernLogged | None
    written_at: datetime
    arrived_at: datetime
    child_id: str | None
    reason: str
    answers: tuple[Answer, ...]

    @property
    def unanswered(self) -> bool:
        """Whether its reporter has still to be told what was done."""
        return self.form == "report" and self.state != "waiting" and not self.answers


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    arrived = next((act for act in acts if isinstance(act.body, ReportArrived)), None)
    if arrived is None:
        return {}
    body = arrived.body
    assert isinstance(body, ReportArrived)
    accepted = next((act for act in acts if isinstance(act.body, ReportAccepted)), None)
    closed = [act.body for act in acts if isinstance(act.body, ReportClosed)]
    answers = [
        {"by": act.body.by, "what": act.body.what, "at": act.body.at, "recorded_at": act.recorded_at.isoformat()}
        for act in acts
        if isinstance(act.body, ReportAnswered)
    ]
    row = body.model_dump(mode="json", exclude={"report"})
    row |= {
        "id": key,
        "state": "accepted" if accepted else "closed" if closed else "waiting",
        "written_at": arrived.captured_at,
        "arrived_at": arrived.recorded_at,
        "child_id": accepted.child if accepted else None,
        "reason": closed[-1].reason if closed else "",
        "answers": answers,
    }
    return {"reports": [row]}


REPORTS = view(
    View(
        name="reports",
        column="entry",
        tables=((ReportTable, "id"),),
        fold=_fold,
    )
)


def _row(row: Any) -> ReportRow:
    fields = dict(vars(row))
    fields.pop("digest")
    concern = fields["concern"]
    fields["concern"] = ConcernLogged.model_validate(concern) if concern else None
    fields["answers"] = tuple(Answer(**each) for each in fields["answers"])
    return ReportRow(**fields)


def reports(vault: Vault, *, states: Sequence[str] = ()) -> list[ReportRow]:
    """Return the sealed reports that were opened, in the order in which they were left; raises NotAllowed."""
    check_may_triage(vault.person.role)
    clause = where([among("reports.state", states)] if states else [])
    statement = f"SELECT {columns(ReportTable)} FROM reports {clause} ORDER BY reports.written_at, reports.id"  # noqa: S608
    with vault.read() as connection:
        return list(map(_row, rows(connection, ReportTable, statement, states)))


def report(vault: Vault, report_id: str) -> ReportRow:
    """Return one report; raises NotFound, NotAllowed."""
    check_may_triage(vault.person.role)
    statement = f"SELECT {columns(ReportTable)} FROM reports WHERE reports.id = ?"  # noqa: S608
    with vault.read() as connection:
        found = rows(connection, ReportTable, statement, [report_id])
    if not found:
        raise NotFound("There is no report with that id.", hint="dsl-console report list shows those that arrived.")
    return _row(found[0])


def state_of(connection: Connection, report_id: str) -> str:
    """Return where a report stands, as the open transaction sees it; blank where there is none."""
    table = table_of(ReportTable)
    return str(connection.execute(select(table.c.state).where(table.c.id == report_id)).scalar() or "")


def known_digests(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Return those digests of which a report was taken in already, as the open transaction sees it."""
    table = table_of(ReportTable)
    return set(connection.execute(select(table.c.digest).where(table.c.digest.in_(list(digests)))).scalars())
