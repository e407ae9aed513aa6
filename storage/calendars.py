"""The school's calendar with the bank holidays of its nation."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TypeVar

from practice.acts import CalendarSet
from practice.bank_holidays import NATIONS
from practice.bank_holidays import named as listed_bank_holidays
from practice.calendars import Closure, SchoolCalendar, Term, calendar_for

Period = TypeVar("Period", bound=Closure)
_YEARS_BACK, _YEARS_ON = 5, 5


def named_bank_holidays(first: int, last: int, nation: str = "england") -> dict[date, str]:
    """Return a nation's bank holidays of these years with their names."""
    listed = listed_bank_holidays(first, last, nation)
    return _worked_out(first, last, nation) if listed is None else listed


@cache
def _worked_out(first: int, last: int, nation: str) -> dict[date, str]:
    """Return the bank holidays of years that are not in our own list."""
    import holidays

    return dict(holidays.country_holidays("GB", subdiv=NATIONS[nation], years=range(first, last + 1)))


def bank_holidays(first: int, last: int, nation: str = "england") -> frozenset[date]:
    """Return a nation's bank holidays of these years."""
    return frozenset(named_bank_holidays(first, last, nation))


def school_calendar(own: CalendarSet, year: int) -> SchoolCalendar:
    """Return the school's own terms and closures with the bank holidays of the years around this one."""
    terms = [_period(Term, each) for each in own.terms]
    closures = [_period(Closure, each) for each in own.closures]
    return calendar_for(terms, closures, bank_holidays(year - _YEARS_BACK, year + _YEARS_ON, own.nation), own.nation)


def _period(cls: type[Period], dates: object) -> Period:
    return cls.model_validate(dates, from_attributes=True)
