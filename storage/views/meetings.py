"""Meetings about children: planned, held, cancelled; what the school must still send, and what must follow (R-103)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from practice.acts import Act, EntryMoved, MeetingCancelled, MeetingChanged, MeetingHeld, MeetingPlanned
from practice.errors import NotFound
from practice.meetings import following, type_words
from storage.types import Json, UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, typed, view
from storage.views.reading import columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault


class MeetingTable(ViewTable, table=True):
    """A meeting as the newest acts tell; `state` is planned, held or cancelled."""

    __tablename__ = "meetings"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    meeting_type: str = string()
    day: str = string(index=True)
    at: str = string()
    place: str = string()
    invited: Any = typed(Json)
    attends: str = string()
    attends_person: str = string()
    covers: str = string()
    report_due: str | None = optional_string()
    report_sent: str | None = optional_string()
    minutes_received: str | None = optional_string()
    note: str = string()
    state: str = string(index=True)
    planned_by: str = string()
    planned_at: datetime = typed(UtcText)
    attended: Any = typed(Json)
    decisions: str = string()
    disagreement: str = string()
    follows: Any = typed(Json)
    record: str = string()
    reason: str = string()


_PLAIN = (
    "day",
    "at",
    "place",
    "attends",
    "attends_person",
    "covers",
    "report_due",
    "report_sent",
    "minutes_received",
)


def _born(key: str, act: Act, first: MeetingPlanned) -> dict[str, Any]:
    return {
        "id": key,
        "child_id": act.child or "",
        "meeting_type": first.meeting_type,
        "day": first.day,
        "at": first.at,
        "place": first.place,
        "invited": list(first.invited),
        "attends": first.attends,
        "attends_person": first.attends_person,
        "covers": first.covers,
        "report_due": first.report_due,
        "report_sent": None,
        "minutes_received": None,
        "note": first.note,
        "state": "planned",
        "planned_by": act.author,
        "planned_at": act.recorded_at,
        "attended": [],
        "decisions": "",
        "disagreement": "",
        "follows": [],
        "record": "",
        "reason": "",
    }


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    born = next((act for act in acts if isinstance(act.body, MeetingPlanned)), None)
    if born is None:
        return {}
    assert isinstance(born.body, MeetingPlanned)
    row = _born(key, born, born.body)
    for act in acts:
        body = act.body
        if isinstance(body, MeetingChanged):
            row |= {name: getattr(body, name) for name in _PLAIN if getattr(body, name) is not None}
            row |= {
                name: list(getattr(body, name)) for name in ("invited", "follows") if getattr(body, name) is not None
            }
        elif isinstance(body, MeetingHeld):
            row |= {"state": "held", "day": body.held_on, "attended": list(body.attended), "record": body.record}
            row |= {"decisions": body.decisions, "disagreement": body.disagreement, "follows": list(body.follows)}
        elif isinstance(body, MeetingCancelled) and row["state"] == "planned":
            row |= {"state": "cancelled", "reason": body.reason}
        elif isinstance(body, EntryMoved):  # two records were one child's
            row["child_id"] = act.child or ""
    return {"meetings": [row]}


MEETINGS = view(
    View(
        name="meetings",
        column="entry",
        tables=((MeetingTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class MeetingRow:
    """A meeting. One of the state `wanted` is planned by nobody yet: it must follow another, by `day`, for `reason`.

    `id` is of a wanted one the id of the meeting that it must follow.
    """

    id: str
    child_id: str
    child: str
    meeting_type: str
    day: date
    at: str = ""
    place: str = ""
    invited: tuple[str, ...] = ()
    attends: str = ""
    attends_id: str = ""
    covers: str = ""
    report_due: date | None = None
    report_sent: date | None = None
    minutes_received: date | None = None
    note: str = ""
    state: str = "planned"
    planned_by: str = ""
    attended: tuple[str, ...] = ()
    decisions: str = ""
    disagreement: str = ""
    follows: tuple[str, ...] = ()
    record: str = ""
    reason: str = ""
    clock: str = ""
    """Why a planned meeting is to be held by its latest day, and whether it is later than that."""

    @property
    def words(self) -> str:
        """What sort of meeting it is."""
        return type_words(self.meeting_type)

    @property
    def report_open(self) -> bool:
        """Whether the school's report is still to be sent."""
        return self.state == "planned" and self.report_due is not None and self.report_sent is None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _row(row: Any) -> MeetingRow:
    return MeetingRow(
        id=row.id,
        child_id=row.child_id,
        child=row.child,
        meeting_type=row.meeting_type,
        day=date.fromisoformat(row.day),
        at=row.at,
        place=row.place,
        invited=tuple(row.invited),
        attends=row.attends,
        attends_id=row.attends_person,
        covers=row.covers,
        report_due=_day(row.report_due),
        report_sent=_day(row.report_sent),
        minutes_received=_day(row.minutes_received),
        note=row.note,
        state=row.state,
        planned_by=row.planner or "",
        attended=tuple(row.attended),
        decisions=row.decisions,
        disagreement=row.disagreement,
        follows=tuple(row.follows),
        record=row.record,
        reason=row.reason,
    )


def _every(vault: Vault, column: str = "", value: str = "") -> list[MeetingRow]:
    """Return the meetings, those whose column holds a value where one is named, by day."""
    clause = where([f"meetings.{column} = ?"] if column else [])
    statement = (
        f"SELECT {columns(MeetingTable)}, children.name, people.name FROM meetings"  # noqa: S608
        " JOIN children ON children.id = meetings.child_id LEFT JOIN people ON people.id = meetings.planned_by"
        f" {clause} ORDER BY meetings.day, meetings.at, meetings.id"
    )
    with vault.read() as connection:
        found = rows(connection, MeetingTable, statement, [value] if column else [], ("child", "planner"))
    return list(map(_row, found))


def meetings(vault: Vault, *, child_id: str = "", everything: bool = False) -> list[MeetingRow]:
    """Return the meetings still to come or to be recorded, and those that must follow and nobody planned, by day.

    With `everything` also those that were held or cancelled.
    """
    every = _every(vault, "child_id", child_id) if child_id else _every(vault)
    if not every:
        return []
    bank = vault.calendar().bank_holidays
    every = [_with_clock(row, every, bank) for row in every]
    found = [row for row in every if everything or row.state == "planned"]
    return sorted([*found, *wanted(every, bank)], key=lambda row: (row.day, row.at, row.id, row.meeting_type))


def get(vault: Vault, meeting_id: str) -> MeetingRow:
    """Return a meeting by its id; raises NotFound."""
    found = _every(vault, "id", meeting_id)
    if not found:
        raise NotFound("There is no meeting with that id.", hint="dsl-console meeting list shows them.")
    return found[0]


def _after(row: MeetingRow, rows: Sequence[MeetingRow], meeting_type: str) -> MeetingRow | None:
    """Return the first meeting of a type about the same child after this one that was not cancelled."""
    later = (
        each
        for each in rows
        if each.child_id == row.child_id
        and each.meeting_type == meeting_type
        and each.state != "cancelled"
        and each.id != row.id
        and each.day >= row.day
    )
    return next(later, None)


def wanted(rows: Sequence[MeetingRow], bank_holidays: Collection[date]) -> list[MeetingRow]:
    """Return the meetings that must follow one that was held, and that nobody planned yet; `day` is the latest one."""
    found = []
    for row in rows:
        if row.state != "held" or not row.follows:
            continue
        for each in following(row.meeting_type, row.day, bank_holidays):
            if each.meeting_type in row.follows and _after(row, rows, each.meeting_type) is None:
                made = MeetingRow(row.id, row.child_id, row.child, each.meeting_type, each.latest.due, state="wanted")
                found.append(replace(made, reason=each.latest.reason))
    return found


def _with_clock(row: MeetingRow, rows: Sequence[MeetingRow], bank_holidays: Collection[date]) -> MeetingRow:
    """Say of a planned meeting by when it must be held, where it follows another one."""
    if row.state != "planned":
        return row
    for held in reversed(rows):
        if held.state != "held" or held.child_id != row.child_id or row.meeting_type not in held.follows:
            continue
        for each in following(held.meeting_type, held.day, bank_holidays):
            if each.meeting_type == row.meeting_type and _after(held, rows, row.meeting_type) == row:
                late = "Later than it may be. " if row.day > each.latest.due else ""
                return replace(row, clock=f"{late}{each.latest.reason}")
    return row
