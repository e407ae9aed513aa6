"""The school's calendar with the bank holidays of its nation."""

from __future__ import annotations

from datetime import date
from functools import cache

from practice.acts import CalendarSet
from practice.calendars import SchoolCalendar, Term, calendar_for

_YEARS_BACK, _YEARS_ON = 5, 5


@cache
def bank_holidays(first: int, last: int) -> frozenset[date]:
    """Return England's bank holidays of these years."""
    import holidays

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(first, last + 1)))


def school_calendar(own: CalendarSet, year: int) -> SchoolCalendar:
    """Return the school's own terms and closures with the bank holidays of the years around this one."""
    terms = [
        Term(name=term.name, start=date.fromisoformat(term.start), end=date.fromisoformat(term.end))
        for term in own.terms
    ]
    return calendar_for(terms, own.closures, bank_holidays(year - _YEARS_BACK, year + _YEARS_ON))
