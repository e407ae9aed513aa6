"""Statutory clocks, counted in working days: they run through holidays and never move (R-80, R-100)."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from practice.day_words import day_words


@dataclass(frozen=True)
class Clock:
    """A clock that begins with an event: so many working days, or so many months."""

    code: str
    label: str
    begins: str
    working_days: int = 0
    months: int = 0


CLOCKS: dict[str, Clock] = {
    clock.code: clock
    for clock in (
        Clock("initial_conference", "initial conference", "the strategy discussion", working_days=15),
        Clock("core_group", "first core group", "the initial conference", working_days=10),
        Clock("first_review_conference", "first review conference", "the initial conference", months=3),
        Clock("review_conference", "next review conference", "the last review conference", months=6),
    )
}


@dataclass(frozen=True)
class ClockDue:
    """The day by which something must have happened, and the sentence that says why."""

    due: date
    reason: str


def add_working_days(start: date, days: int, bank_holidays: Collection[date]) -> date:
    """Return the day that lies so many working days after the start: Monday to Friday without bank holidays."""
    found = start
    while days > 0:
        found += timedelta(days=1)
        days -= found.weekday() < 5 and found not in bank_holidays
    return found


def working_days_before(day: date, days: int, bank_holidays: Collection[date]) -> date:
    """Return the day that lies so many working days before this one: when a report must be sent."""
    found = day
    while days > 0:
        found -= timedelta(days=1)
        days -= found.weekday() < 5 and found not in bank_holidays
    return found


def _add_months(start: date, months: int) -> date:
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def statutory_due(code: str, start: date, bank_holidays: Collection[date]) -> ClockDue:
    """Return when a statutory step is due after the event that begins its clock; school holidays play no part.

    Raises KeyError for a code that is not in CLOCKS.
    """
    clock = CLOCKS[code]
    begun = f"after {clock.begins} on {day_words(start)}"
    if clock.working_days:
        due = add_working_days(start, clock.working_days, bank_holidays)
        return ClockDue(due, f"Within {clock.working_days} working days {begun}; school holidays do not move it.")
    return ClockDue(_add_months(start, clock.months), f"Within {clock.months} months {begun}; holidays do not move it.")
