"""By when a leaver's file goes to the next school, in calendar days and in school days (R-50). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from practice.calendars import SchoolCalendar
from practice.day_words import day_words
from practice.profile import profile


@dataclass(frozen=True)
class TransferDue:
    """The day that counts, the two from which it is the earlier, and the sentence that says both."""

    due: date
    calendar_day: date
    school_day: date
    reason: str


def transfer_due(leaving: date, calendar: SchoolCalendar) -> TransferDue:
    """Return when the file of a child who left on a day is due.

    Who leaves on the last day of a term or between two terms joins at the beginning of the next one: then its first
    five days count. Otherwise five days after leaving; a half-term begins no new term.
    """
    days = profile().transfers.days
    begins = _new_term(leaving, calendar)
    if begins is not None:
        by_calendar, by_school = begins + timedelta(days=days - 1), _school_days_on(begins, days, calendar)
        begun = f"Within the first {days} days of the term that begins on {day_words(begins)}"
    else:
        by_calendar = leaving + timedelta(days=days)
        by_school = _school_days_on(leaving + timedelta(days=1), days, calendar)
        begun = f"Within {days} days of leaving on {day_words(leaving)}"
    due = min(by_calendar, by_school)
    said = f"{begun}: {day_words(by_calendar)} in calendar days, {day_words(by_school)} in school days."
    return TransferDue(due, by_calendar, by_school, f"{said} The earlier one counts.")


def receipt_due(sent_on: date, calendar: SchoolCalendar) -> date:
    """Return the school day on which a receipt that has not come is asked for."""
    return _school_days_on(sent_on + timedelta(days=1), profile().transfers.receipt_days, calendar)


def _school_days_on(first: date, count: int, calendar: SchoolCalendar) -> date:
    """Return the `count`-th school day from this day on, itself among them."""
    found = calendar.first_school_day_from(first)
    for _ in range(count - 1):
        found = calendar.first_school_day_from(found + timedelta(days=1))
    return found


def _new_term(leaving: date, calendar: SchoolCalendar) -> date | None:
    """Return the first school day of the term that comes next, where the child leaves at a term's end."""
    later = [term for term in calendar.terms if term.start > leaving]
    if not later:
        return None
    begins = calendar.first_school_day_from(later[0].start)
    return begins if calendar.first_school_day_from(leaving + timedelta(days=1)) >= begins else None
