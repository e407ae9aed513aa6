"""Review plans and the reviews that were held (R-80, R-81)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, ChildrenCompared, ReviewHeld, ReviewSet
from practice.apart import Made, Standing, more_protective_status, standing
from practice.calendars import SchoolCalendar
from practice.reviews import next_review, overdue_school_days
from storage import ledger
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view
from storage.views.entries import choices
from storage.views.reading import columns, rows

if TYPE_CHECKING:
    from storage.vault import Vault


class PlanTable(ViewTable, table=True):
    """Under which status a child is reviewed, and from which day the next date is counted."""

    __tablename__ = "review_plans"
    child_id: str = string(primary_key=True)
    status: str = string()
    every: str = string()
    set_on: datetime = typed(UtcText)
    first_due: str | None = optional_string()
    last_held: str | None = optional_string()
    next_by_hand: str | None = optional_string()


class HeldTable(ViewTable, table=True):
    """A review that was held."""

    __tablename__ = "reviews_held"
    act_id: str = string(primary_key=True)
    child_id: str = string(index=True)
    held_on: str = string()
    decision: str = string()
    reason: str = string()
    next: str | None = optional_string()
    next_by_hand: bool = typed(Flag)
    answers: Any = typed(Json)
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    session: str = string()


class ApartReviewTable(ViewTable, table=True):
    """Statuses or reviews of a child that were made in two places, while nobody has chosen among them."""

    __tablename__ = "apart_reviews"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    about: str = string()
    ids: Any = typed(Json)
    in_force: str = string()


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    sets = [(act, act.body) for act in acts if isinstance(act.body, ReviewSet)]
    reviews = [(act, act.body) for act in acts if isinstance(act.body, ReviewHeld)]
    plans, apart = [], []
    standing_sets = standing(
        [Made(act.id, _sees(body.sees), (body.status, body.every, body.first_due)) for act, body in sets],
        choices(acts, "status"),
    )
    standing_reviews = standing(
        [Made(act.id, _sees(body.sees), (body.decision, body.next)) for act, body in reviews], choices(acts, "review")
    )
    compared = [act.body for act in acts if isinstance(act.body, ChildrenCompared)]
    closing = [body for body in compared if body.closes or body.stays or not body.same]
    if sets and not (closing and closing[-1].closes):  # a closed record is reviewed in the one that stays
        in_force = more_protective_status((act.id, body.status) for act, body in sets if act.id in standing_sets.ids)
        chosen = next(act for act, _body in sets if act.id == in_force)
        plans.append(_plan(key, chosen, [each for each in reviews if each[0].id in standing_reviews.ids], reviews))
        if standing_sets.apart:
            apart.append(_apart(key, "status", standing_sets, in_force))
    if standing_reviews.apart:
        stand = [(body.next or "", act.id) for act, body in reviews if act.id in standing_reviews.ids]
        apart.append(_apart(key, "review", standing_reviews, min(stand)[1]))
    return {"review_plans": plans, "reviews_held": [_held(key, *each) for each in reviews], "apart_reviews": apart}


def _sees(stated: Sequence[str] | None) -> frozenset[str] | None:
    return None if stated is None else frozenset(stated)


def _apart(key: str, about: str, stand: Standing, in_force: str) -> dict[str, Any]:
    return {"id": f"{key}/{about}", "child_id": key, "about": about, "ids": list(stand.ids), "in_force": in_force}


def _plan(
    key: str, chosen: Act, stand: Sequence[tuple[Act, ReviewHeld]], reviews: Sequence[tuple[Act, ReviewHeld]]
) -> dict[str, Any]:
    """Return a child's plan; where reviews were held apart, the earliest of their next dates counts."""
    body = chosen.body
    assert isinstance(body, ReviewSet)
    last = stand[-1][1] if stand else None
    by_hand = last.next if last and last.next_by_hand else None
    if len(stand) > 1:
        by_hand = min(review.next for _act, review in stand if review.next) if any(r.next for _, r in stand) else None
    held_after = any(act.recorded_at >= chosen.recorded_at for act, _review in reviews)
    return {
        "child_id": key,
        "status": body.status,
        "every": body.every,
        "set_on": chosen.recorded_at,
        "first_due": body.first_due,
        "last_held": max(review.held_on for _act, review in stand) if len(stand) > 1 else last and last.held_on,
        "next_by_hand": by_hand if held_after else None,
    }


def _held(key: str, act: Act, body: ReviewHeld) -> dict[str, Any]:
    return {
        "act_id": act.id,
        "child_id": key,
        "held_on": body.held_on,
        "decision": body.decision,
        "reason": body.reason,
        "next": body.next,
        "next_by_hand": body.next_by_hand,
        "answers": body.answers,
        "recorded_at": act.recorded_at,
        "author": act.author,
        "session": body.session,
    }


REVIEWS = view(
    View(
        name="reviews",
        column="child",
        tables=((PlanTable, "child_id"), (HeldTable, "child_id"), (ApartReviewTable, "child_id")),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class PlanRow:
    """A child's plan with its due date and the sentence that says why that day."""

    child_id: str
    status: str
    every: str
    last: date | None
    due: date
    reason: str
    holiday_plan: bool
    out_of_holiday: date | None = None
    """The day in a holiday on which the interval alone would have fallen."""


@dataclass(frozen=True)
class DueRow:
    """A child whose review falls due."""

    child_id: str
    child: str
    year_group: str
    reg_group: str
    status: str
    due: date
    overdue_school_days: int
    reason: str
    holiday_plan: bool = False
    out_of_holiday: date | None = None


@dataclass(frozen=True)
class HeldRow:
    """A review that was held, with who held it."""

    act_id: str
    held_on: date
    decision: str
    reason: str
    next: date | None
    answers: dict[str, str]
    recorded_at: datetime
    by: str


def _planned(row: Any, calendar: SchoolCalendar) -> PlanRow:
    last = date.fromisoformat(row.last_held) if row.last_held else None
    counted_from = last or row.set_on.astimezone().date()
    by_hand = row.next_by_hand or (None if last else row.first_due)
    if by_hand:
        return PlanRow(
            row.child_id, row.status, row.every, last, date.fromisoformat(by_hand), "The date was set by hand.", False
        )
    found = next_review(row.status, row.every, counted_from, calendar, child=row.child_id)
    moved = found.moved_from if found.moved_from and calendar.holiday_around(found.moved_from) else None
    return PlanRow(row.child_id, row.status, row.every, last, found.due, found.reason, found.holiday_plan, moved)


def plan(vault: Vault, child_id: str) -> PlanRow | None:
    """Return a child's review plan, or None where no status was set."""
    plans = table_of(PlanTable)
    with vault.read() as connection:
        row = connection.execute(select(plans).where(plans.c.child_id == child_id)).first()
    return _planned(row, vault.calendar()) if row else None


def plan_before_closing(vault: Vault, child_id: str) -> PlanRow | None:
    """Return how a child would be reviewed if the record were not closed as another one's."""
    kinds = REVIEWS.kinds - {ChildrenCompared.act_kind}
    with vault.read() as connection:
        acts = sorted(ledger.acts_where(connection, "child", [child_id], kinds), key=lambda act: act.order)
    rows = _fold(child_id, acts)["review_plans"]
    return _planned(SimpleNamespace(**rows[0]), vault.calendar()) if rows else None


def due(vault: Vault, on: date, *, all_plans: bool = False) -> list[DueRow]:
    """Return the children whose review is due on this day or was due before it, the longest overdue first."""
    statement = (
        f"SELECT {columns(PlanTable)}, children.name, children.year_group, children.reg_group FROM review_plans"  # noqa: S608
        " JOIN children ON children.id = review_plans.child_id"
    )
    with vault.read() as connection:
        plans = rows(connection, PlanTable, statement, more=("name", "year_group", "reg_group"))
    calendar = vault.calendar()
    found = []
    for row in plans:
        planned = _planned(row, calendar)
        if planned.due <= on or all_plans:
            late = overdue_school_days(planned.due, on, calendar)
            found.append(
                DueRow(
                    row.child_id,
                    row.name,
                    row.year_group,
                    row.reg_group,
                    row.status,
                    planned.due,
                    late,
                    planned.reason,
                    planned.holiday_plan,
                    planned.out_of_holiday,
                )
            )
    return sorted(found, key=lambda each: (each.due, each.child, each.child_id))


def history(vault: Vault, child_id: str) -> list[HeldRow]:
    """Return the reviews held of a child, newest first."""
    from storage.views.organisation import PersonTable

    held, people = table_of(HeldTable), table_of(PersonTable)
    statement = (
        select(held, people.c.name)
        .outerjoin(people, people.c.id == held.c.author)
        .where(held.c.child_id == child_id)
        .order_by(held.c.recorded_at.desc(), held.c.act_id.desc())
    )
    with vault.read() as connection:
        return [
            HeldRow(
                row.act_id,
                date.fromisoformat(row.held_on),
                row.decision,
                row.reason,
                date.fromisoformat(row.next) if row.next else None,
                dict(row.answers),
                row.recorded_at,
                row.name or "",
            )
            for row in connection.execute(statement)
        ]
