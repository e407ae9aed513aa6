"""Which days are school days: terms, closures and bank holidays (design: §5, R-80). Pure; bank holidays are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from practice.errors import Refused
from practice.profile import profile

_DAY = timedelta(days=1)
_SEARCH_DAYS = 1500
CLOSURE_LIMIT_DAYS = 400
HOLIDAY_WEEKDAYS = 5
"""So many closed weekdays in a row are a holiday, and not a long weekend."""
SPREAD_DAYS = 10
"""Reviews brought forward from a holiday are spread over so many school days before it (R-80)."""


class Closure(BaseModel):
    """Days on which the school is closed inside a term, both included: a training day, a half-term."""

    model_config = ConfigDict(frozen=True)
    start: date
    end: date
    name: str = ""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end < self.start:
            raise ValueError("a period cannot end before it starts")
        if (self.end - self.start).days > CLOSURE_LIMIT_DAYS:
            raise ValueError("a period cannot be longer than a school year")
        return self


class Term(Closure):
    """A term, both days included."""


class SchoolCalendar(BaseModel):
    """A school's days. Outside its first and last term every weekday that is no bank holiday counts as a school day,
    so that nothing falls due later because term dates are missing; `source` is set where dates are assumed."""

    model_config = ConfigDict(frozen=True)
    terms: tuple[Term, ...] = ()
    closures: tuple[Closure, ...] = ()
    bank_holidays: frozenset[date] = frozenset()
    source: str = ""

    @field_validator("closures", mode="before")
    @classmethod
    def _single_days(cls, value: object) -> object:
        """Take a closure given as one day (`2026-09-01`) for a period of that day."""
        if not isinstance(value, (list, tuple)):
            return value
        return tuple({"start": each, "end": each} if isinstance(each, (str, date)) else each for each in value)

    @field_validator("terms", mode="after")
    @classmethod
    def _in_order(cls, value: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(sorted(value, key=lambda term: term.start))

    def covers(self, day: date) -> bool:
        """Say whether the term dates reach this day."""
        return bool(self.terms) and self.terms[0].start <= day <= max(term.end for term in self.terms)

    def is_school_day(self, day: date) -> bool:
        """Say whether the school is open to children on this day."""
        if day.weekday() >= 5 or day in self.bank_holidays:
            return False
        if not self.covers(day):
            return True
        in_term = any(term.start <= day <= term.end for term in self.terms)
        return in_term and not any(closure.start <= day <= closure.end for closure in self.closures)

    def is_holiday(self, day: date) -> bool:
        """Say whether the school is closed on this day for more than a weekend within a term."""
        if day in self.bank_holidays or any(closure.start <= day <= closure.end for closure in self.closures):
            return True
        return self.covers(day) and not any(term.start <= day <= term.end for term in self.terms)

    def holiday_around(self, day: date) -> tuple[date, date] | None:
        """Return the first and the last day of the holiday in which a day lies, its weekends included, or None.

        A holiday has five closed weekdays in a row, or more; a weekend, a training day or a bank holiday is none.
        """
        if self.is_school_day(day):
            return None
        first = last = day
        for _ in range(CLOSURE_LIMIT_DAYS):
            if first == date.min or self.is_school_day(first - _DAY):
                break
            first -= _DAY
        for _ in range(CLOSURE_LIMIT_DAYS):
            if last == date.max or self.is_school_day(last + _DAY):
                break
            last += _DAY
        weekdays = sum(1 for each in _days(first - _DAY if first > date.min else first, last) if each.weekday() < 5)
        return (first, last) if weekdays >= HOLIDAY_WEEKDAYS else None

    def next_holiday(self, day: date) -> tuple[date, date] | None:
        """Return the holiday in which a day lies, or the first one after it within a year, or None."""
        found = day
        for _ in range(CLOSURE_LIMIT_DAYS):
            if (holiday := self.holiday_around(found)) is not None:
                return holiday
            if found == date.max:
                break
            found += _DAY
        return None

    def school_day_back(self, day: date, count: int) -> date:
        """Return the school day that is the `count`-th before this day: 1 is the nearest one."""
        found = day
        for _ in range(count):
            found = self.last_school_day_before(found)
        return found

    def school_days_between(self, after: date, until: date) -> int:
        """Return how many school days come after the first day, up to and including the second; 0 when reversed."""
        return sum(1 for day in _days(after, until) if self.is_school_day(day))

    def last_school_day_before(self, day: date) -> date:
        """Return the nearest school day before this one; raises Refused where the dates leave none in four years."""
        found = day
        for _ in range(_SEARCH_DAYS):
            if found == date.min:
                break
            found -= _DAY
            if self.is_school_day(found):
                return found
        raise _no_school_day()

    def first_school_day_from(self, day: date) -> date:
        """Return this day if it is a school day, or the next one; raises Refused where there is none in four years."""
        found = day
        for _ in range(_SEARCH_DAYS):
            if self.is_school_day(found):
                return found
            if found == date.max:
                break
            found += _DAY
        raise _no_school_day()


def _days(after: date, until: date) -> Iterator[date]:
    for step in range(1, (until - after).days + 1):
        yield after + timedelta(days=step)


def _no_school_day() -> Refused:
    return Refused(
        "The term dates and closures leave no school day in four years. Nothing was changed.",
        hint="Look at the school's calendar and import its term dates again.",
    )


def calendar_for(
    terms: Iterable[Term] = (),
    closures: Iterable[Closure | date | str] = (),
    bank_holidays: Iterable[date] = (),
    nation: str = "england",
) -> SchoolCalendar:
    """Return the school's calendar: its own terms, and the nation's assumed ones wholly before or after them.

    Without terms of its own the whole calendar is assumed, and `source` says so for the screen to show.
    """
    own = sorted(terms, key=lambda term: term.start)
    defaults = profile(nation)
    assumed = [
        term
        for term in defaults.terms
        if not own or term.start > max(each.end for each in own) or term.end < own[0].start
    ]
    halves = [
        Closure(name=f"Half-term, {term.name}", start=term.half_term.start, end=term.half_term.end)
        for term in assumed
        if term.half_term is not None
    ]
    return SchoolCalendar.model_validate(
        {
            "terms": [*own, *(Term(name=term.name, start=term.start, end=term.end) for term in assumed)],
            "closures": [*closures, *halves],
            "bank_holidays": frozenset(bank_holidays),
            "source": "" if own else f"{defaults.terms_source.text} (edition {defaults.terms_source.edition})",
        }
    )
