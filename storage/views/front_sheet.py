"""The front sheet of each child: every version of every line, and which of them stand (R-08)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice import front_sheet as rules
from practice.acts import Act, FrontSheetLine
from practice.errors import NotFound
from storage.types import Flag, UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault

_ORDER = {section.value: place for place, section in enumerate(rules.FrontSection)}


class FrontLineTable(ViewTable, table=True):
    """One version of a line; `stands` where no later version saw it and it was not ended."""

    __tablename__ = "front_sheet_lines"
    act_id: str = string(primary_key=True)
    child_id: str = string(index=True)
    line: str = string(index=True)
    section: str = string()
    name: str = string()
    role: str = string()
    agency: str = string()
    contact: str = string()
    words: str = string()
    since: str | None = optional_string()
    until: str | None = optional_string()
    other_child: str = string()
    ended: bool = typed(Flag)
    reason: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    stands: bool = typed(Flag)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    seen = {act.body.sees for act in acts if isinstance(act.body, FrontSheetLine)}
    rows = []
    for act in acts:
        body = act.body
        if isinstance(body, FrontSheetLine):
            fields: dict[str, Any] = body.model_dump(mode="json", exclude={"sees", "child"})
            fields |= {
                "act_id": act.id,
                "child_id": key,
                "other_child": body.child,
                "recorded_at": act.recorded_at,
                "author": act.author,
                "stands": act.id not in seen and not body.ended,
            }
            rows.append(fields)
    return {"front_sheet_lines": rows}


FRONT_SHEET = view(
    View(
        name="front_sheet",
        column="child",
        tables=((FrontLineTable, "child_id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class FrontLine:
    """One version of a line of a child's front sheet, with who wrote it and when."""

    act_id: str
    child_id: str
    line: str
    section: str
    name: str
    role: str
    agency: str
    contact: str
    words: str
    since: date | None
    until: date | None
    other_child: str
    ended: bool
    reason: str
    recorded_at: datetime
    by: str
    stands: bool


@dataclass(frozen=True)
class Status:
    """A status under which the child was reviewed, from which day on, and who set it."""

    status: str
    set_on: date
    by: str


@dataclass(frozen=True)
class FrontSheet:
    """A child's front sheet: the day the record was opened, the lines that stand, and the statuses, newest first."""

    opened: date | None
    lines: list[FrontLine]
    statuses: list[Status]


def _read(vault: Vault, *clauses: Any) -> list[FrontLine]:
    from storage.views.organisation import PersonTable

    table, people = table_of(FrontLineTable), table_of(PersonTable)
    statement = (
        select(table, people.c.name.label("person"))
        .outerjoin(people, people.c.id == table.c.author)
        .where(*clauses)
        .order_by(table.c.recorded_at, table.c.act_id)
    )
    with vault.read() as connection:
        return [_line(row) for row in connection.execute(statement)]


def _line(row: Any) -> FrontLine:
    fields = dict(row._mapping)
    fields["by"] = fields.pop("person") or ""
    fields.pop("author")
    for name in ("since", "until"):
        fields[name] = date.fromisoformat(fields[name]) if fields[name] else None
    return FrontLine(**fields)


def lines(vault: Vault, child_id: str) -> list[FrontLine]:
    """Return the lines that stand on a child's front sheet, in the order in which it is read."""
    table = table_of(FrontLineTable)
    found = _read(vault, table.c.child_id == child_id, table.c.stands.is_(True))
    return sorted(found, key=lambda line: (_ORDER[line.section], line.recorded_at, line.act_id))


def naming(vault: Vault, other: str) -> list[FrontLine]:
    """Return the lines on any child's front sheet that stand and name this child."""
    table = table_of(FrontLineTable)
    return _read(vault, table.c.other_child == other, table.c.stands.is_(True))


def history(vault: Vault, child_id: str, line: str = "") -> list[FrontLine]:
    """Return every version of the lines of a front sheet, or of one line, the newest first."""
    table = table_of(FrontLineTable)
    clauses = [table.c.child_id == child_id, *([table.c.line == line] if line else [])]
    return _read(vault, *clauses)[::-1]


def get(vault: Vault, line: str) -> FrontLine:
    """Return the newest standing version of a line, by the line's id or a version's own; raises NotFound."""
    table = table_of(FrontLineTable)
    found = _read(vault, (table.c.line == line) | (table.c.act_id == line), table.c.stands.is_(True))
    if not found:
        raise NotFound(
            "No front sheet holds a standing line with that id. Nothing was changed.",
            hint="dsl-console sheet CHILD lists the lines with their ids.",
        )
    return found[-1]


def sheet(vault: Vault, child_id: str) -> FrontSheet:
    """Return a child's front sheet with the day the record was opened and the history of its statuses."""
    from storage.views.organisation import PersonTable

    people = table_of(PersonTable)
    with vault.read() as connection:
        opened = connection.exec_driver_sql(
            "SELECT min(recorded_at) FROM acts WHERE child = ? AND kind IN ('concern_logged', 'item_accepted')",
            (child_id,),
        ).scalar()
        names = {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}
        from storage import ledger

        acts = sorted(ledger.acts_where(connection, "child", [child_id], ["review_set"]), key=lambda act: act.order)
    statuses = [
        Status(getattr(act.body, "status", ""), act.recorded_at.astimezone().date(), names.get(act.author, ""))
        for act in acts
    ]
    first = datetime.fromisoformat(opened).astimezone().date() if opened else None
    return FrontSheet(first, lines(vault, child_id), statuses[::-1])


def read_out(vault: Vault, child_id: str) -> list[str]:
    """Return what is read before anything about this child goes out: who must not be told or collect, court orders."""
    today = vault.clock().astimezone().date()
    return rules.read_out(lines(vault, child_id), today)
