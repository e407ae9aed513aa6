"""A day still to come, as people write it: "Friday" is the next one, "4 Dec" the one ahead (R-80)."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta

from practice.dates import parse_when
from practice.vocabulary import Precision

_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "twelve": 12}
_SPAN = re.compile(r"^(?:in\s+)?(\d{1,3}|[a-z]+)\s+(day|week|month)s?(?:\s+(?:time|from (?:now|today)))?$")
_PAST = re.compile(r"\b(yesterday|ago|last|since|before)\b|\b(19|20)\d\d\b")
ASK = "Which day? For example Friday, 4 Dec or in two weeks."


def coming_day(text: str, now: datetime) -> tuple[date | None, str]:
    """Return the day that the text means, counted forward from `now` (local), and a question where it is not read.

    A day without a year, or a weekday, is the next one that comes; a day that has passed is returned as it is.
    """
    words = " ".join(text.casefold().split())
    if not words:
        return None, ASK
    if (day := _counted(words, now.date())) is not None:
        return day, ""
    first = None
    for shift in (0, 7, 366):
        if shift and (first is None or _PAST.search(words)):
            break
        read = parse_when(words if shift else text, now + timedelta(days=shift))
        if read.start is None or read.precision is Precision.UNKNOWN or _month_or_more(read.start, read.end):
            return None, ASK
        day = date.fromisoformat(read.start[:10])
        first = first or day
        if day > now.date():
            return day, ""
    return first, ""


def _month_or_more(start: str, end: str | None) -> bool:
    last = date.fromisoformat((end or start)[:10])
    return (last - date.fromisoformat(start[:10])).days > 7


def _counted(words: str, today: date) -> date | None:
    if words == "next week":
        return today + timedelta(days=7)
    found = _SPAN.match(words)
    if not found:
        return None
    count = int(found.group(1)) if found.group(1).isdigit() else _NUMBERS.get(found.group(1), 0)
    if not count:
        return None
    if found.group(2) != "month":
        return today + timedelta(days=count * (7 if found.group(2) == "week" else 1))
    months = today.month - 1 + count
    year, month = today.year + months // 12, months % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
