"""A day by which something is to be done, as people write it: unlike the date of an event, it lies ahead (R-02)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from practice.dates import parse_when

_COUNTED = re.compile(r"^(?:in\s+)?(\d{1,3}|a|one|two|three|four|six)\s+(day|week|month)s?(?:\s+time)?$")
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6}
_WEEKDAY = re.compile(r"^(?:by\s+|on\s+|this\s+)?(mon|tue|wed|thu|fri|sat|sun)[a-z]*$")
_STATED = re.compile(r"\d{4}|[/.\-]\d\d?[/.\-]\d\d|yesterday|ago\b|\blast\b")
"""Words that say which day is meant, so that it is not moved into the next year."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ASK = "Which day is that? Write it as Friday, in 2 weeks, or 5/12/2026."
PAST = "That day is past: is it the one you mean?"


def parse_due(text: str, today: date) -> tuple[date | None, str]:
    """Return the day that the text means, seen from today, and a sentence where something is to be asked about it.

    A weekday is the next one after today, a date without a year the next one. Blank is no day and no question.
    """
    wanted = " ".join(text.casefold().split()).removeprefix("by ")
    if wanted in {"", "today", "now"}:
        return today if wanted else None, ""
    if counted := _COUNTED.match(wanted):
        number = _NUMBERS.get(counted[1]) or int(counted[1])
        return _after(today, number, counted[2]), ""
    if wanted == "next week":
        return today + timedelta(days=7 - today.weekday()), ""
    if named := _WEEKDAY.match(wanted):
        ahead = (_DAYS.index(named[1]) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead), ""
    read = parse_when(text, datetime.combine(today, time(12)))
    if read.start is None:
        return None, ASK
    day = date.fromisoformat(read.start[:10])
    if day < today and not _STATED.search(wanted):
        day = _next_year(day, today)
    return day, PAST if day < today else ""


def _after(today: date, number: int, unit: str) -> date:
    if unit != "month":
        return today + timedelta(days=number * (7 if unit == "week" else 1))
    month = today.month - 1 + number
    year, month = today.year + month // 12, month % 12 + 1
    for day in range(today.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, min(today.day, 28))


def _next_year(day: date, today: date) -> date:
    for year in (today.year, today.year + 1):
        try:
            moved = day.replace(year=year)
        except ValueError:
            continue
        if moved >= today:
            return moved
    return day
