"""How children are looked after over a holiday (R-86), and notes of supervision (R-84)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, HolidayPlanned, SupervisionHeld
from practice.vocabulary import ReviewStatus
from storage.types import Json, UtcText, utc_text
from storage.views import reviews
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view
from storage.views.organisation import PersonTable

if TYPE_CHECKING:
    from storage.vault import Vault

OF_CONCERN = (
    ReviewStatus.CHILD_PROTECTION,
    ReviewStatus.REFERRAL_OPEN,
    ReviewStatus.CHILD_IN_NEED,
    ReviewStatus.CHALLENGE_OPEN,
)
"""The statuses under which every child stands on the list before a holiday, the gravest first."""


class HolidayTable(ViewTable, table=True):
    """A child's newest plan for a holiday."""

    __tablename__ = "holiday_plans"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    holiday: str = string()
    contact_by: str = string()
    contact_when: str = string()
    told: str = string()
    note: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()


class SupervisionTable(ViewTable, table=True):
    """One supervision."""

    __tablename__ = "supervision_notes"
    act_id: str = string(primary_key=True)
    held_on: str = string()
    supervisor: str = string()
    children: Any = typed(Json)
    reflection: str = string()
    agreed: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()


def _fold_holidays(key: str, acts: Sequence[Act]) -> Rows:
    rows: dict[str, dict[str, Any]] = {}
    for act in acts:
        if isinstance(act.body, HolidayPlanned):
            fields = act.body.model_dump(mode="json")
            ident = f"{key}/{act.body.holiday}"
            rows[ident] = {"id": ident, "child_id": key, "recorded_at": act.recorded_at, "author": act.author, **fields}
    return {"holiday_plans": list(rows.values())}


def _fold_supervision(_key: str, acts: Sequence[Act]) -> Rows:
    return {
        "supervision_notes": [
            {
                "act_id": act.id,
                "recorded_at": act.recorded_at,
                "author": act.author,
                **act.body.model_dump(mode="json"),
            }
            for act in acts
            if isinstance(act.body, SupervisionHeld)
        ]
    }


HOLIDAYS = view(
    View(
        name="holidays",
        column="child",
        tables=((HolidayTable, "child_id"),),
        fold=_fold_holidays,
    )
)
SUPERVISION = view(
    View(
        name="supervision",
        column="kind",
        tables=((SupervisionTable, "act_id"),),
        fold=_fold_supervision,
    )
)


@dataclass(frozen=True)
class HolidayRow:
    """A child before a holiday: the status, when the review is due and why, and who is in contact, if that is planned.

    `waits` says that no review lies before the holiday, so that the child must stand on the plan (R-80).
    """

    child_id: str
    child: str
    status: str
    due: date
    reason: str
    brought_forward: bool
    waits: bool
    contact_by: str = ""
    contact_when: str = ""
    told: str = ""
    note: str = ""

    @property
    def planned(self) -> bool:
        """Whether somebody is in contact."""
        return bool(self.contact_by)


def next_holiday(vault: Vault, on: date) -> tuple[date, date] | None:
    """Return the holiday in which a day lies, or the next one, its weekends included."""
    return vault.calendar().next_holiday(on)


def before(vault: Vault, on: date) -> list[HolidayRow]:
    """Return who stands on the list before the next holiday: the gravest status first, then by name."""
    holiday = next_holiday(vault, on)
    if holiday is None:
        return []
    table = table_of(HolidayTable)
    with vault.read() as connection:
        plans = {
            row.child_id: row
            for row in connection.execute(select(table).where(table.c.holiday == holiday[0].isoformat()))
        }
    rows = []
    for each in reviews.due(vault, on, all_plans=True):
        meant = each.out_of_holiday is not None and holiday[0] <= each.out_of_holiday <= holiday[1]
        forward = meant and each.due < holiday[0]
        waits = meant and each.holiday_plan
        plan = plans.get(each.child_id)
        if each.status not in OF_CONCERN and not waits and plan is None:
            continue
        kept = {name: getattr(plan, name) for name in ("contact_by", "contact_when", "told", "note")} if plan else {}
        rows.append(HolidayRow(each.child_id, each.child, each.status, each.due, each.reason, forward, waits, **kept))
    order = {status: place for place, status in enumerate(ReviewStatus)}
    return sorted(rows, key=lambda row: (order.get(ReviewStatus(row.status), 99), row.child, row.child_id))


@dataclass(frozen=True)
class AfterRow:
    """A child after a holiday: what partners recorded meanwhile, and why they are to be seen."""

    child_id: str
    child: str
    status: str
    entries: tuple[tuple[str, str, str], ...]
    contact_by: str
    why: str


def last_holiday(vault: Vault, on: date) -> tuple[date, date] | None:
    """Return the holiday that ended last before a day, or the one in which the day lies."""
    calendar = vault.calendar()
    for back in range(200):
        day = on - timedelta(days=back)
        if (found := calendar.holiday_around(day)) is not None:
            return found
    return None


def after(vault: Vault, on: date) -> list[AfterRow]:
    """Return who is to be seen first after a holiday: those of whom a partner recorded something, then by status."""
    holiday = last_holiday(vault, on)
    if holiday is None:
        return []
    first, last = (datetime.combine(day, time()).astimezone() for day in (holiday[0], holiday[1] + timedelta(days=1)))
    statement = (
        "SELECT e.child_id, c.name, e.id, e.agency, e.text FROM entries e JOIN children c ON c.id = e.child_id"
        " WHERE e.agency <> '' AND ((e.recorded_at >= ? AND e.recorded_at < ?)"
        " OR (e.occurred_sort >= ? AND e.occurred_sort < ?)) ORDER BY e.occurred_sort"
    )
    span = (holiday[0].isoformat(), (holiday[1] + timedelta(days=1)).isoformat())
    plans = {row.child_id: row for row in reviews.due(vault, on, all_plans=True)}
    table = table_of(HolidayTable)
    found: dict[str, list[tuple[str, str, str]]] = {}
    names: dict[str, str] = {}
    with vault.read() as connection:
        for child, name, entry, agency, text in connection.exec_driver_sql(
            statement, (utc_text(first), utc_text(last), *span)
        ):
            found.setdefault(child, []).append((entry, agency, text))
            names[child] = name
        kept = {
            row.child_id: row.contact_by
            for row in connection.execute(select(table).where(table.c.holiday == holiday[0].isoformat()))
        }
    rows = []
    for child in dict.fromkeys([*found, *kept, *(c for c, row in plans.items() if row.status in OF_CONCERN)]):
        plan = plans.get(child)
        name = names.get(child) or (plan.child if plan else "")
        if found.get(child):
            why = "A partner recorded something during the holiday."
        elif child in kept:
            why = "Stood on the holiday plan."
        else:
            why = "Of concern, and nobody was planned to be in contact."
        rows.append(
            AfterRow(child, name, plan.status if plan else "", tuple(found.get(child, ())), kept.get(child, ""), why)
        )
    order = {status.value: place for place, status in enumerate(ReviewStatus)}
    return sorted(rows, key=lambda row: (not row.entries, order.get(row.status, 99), row.child, row.child_id))


@dataclass(frozen=True)
class SupervisionRow:
    """A supervision as it was noted."""

    id: str
    held_on: date
    supervisor: str
    children: tuple[str, ...]
    reflection: str
    agreed: str
    by: str


def supervisions(vault: Vault) -> list[SupervisionRow]:
    """Return the notes of supervision, the newest first."""
    table, people = table_of(SupervisionTable), table_of(PersonTable)
    statement = (
        select(table, people.c.name.label("by"))
        .outerjoin(people, people.c.id == table.c.author)
        .order_by(table.c.held_on.desc(), table.c.act_id.desc())
    )
    with vault.read() as connection:
        return [
            SupervisionRow(
                row.act_id,
                date.fromisoformat(row.held_on),
                row.supervisor,
                tuple(row.children),
                row.reflection,
                row.agreed,
                row.by or "",
            )
            for row in connection.execute(statement)
        ]
