"""The small pieces of a date as people write it: words, days, months, times (R-78). Pure; day-first always."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from practice.day_words import DAYS, MONTHS, day_words

_DAY = r"(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august"
    r"|september|october|november|december)"
)
_YEAR = r"(?:(?:19|20)\d\d|'?\d\d)"
_FULL_YEAR = r"(?:19|20)\d\d"


def _shape(pattern: str) -> re.Pattern[str]:
    """Compile for ASCII digits only: other digits are folded before, or are not a date."""
    return re.compile(pattern, re.ASCII)


NUMERIC = _shape(r"(?P<d>\d{1,2})\s?(?P<s1>[/.\-\\,])\s?(?P<m>\d{1,2})(?:\s?(?P<s2>[/.\-\\, ])\s?(?P<y>\d{4}|\d{2}))?")
SPACED = _shape(r"(?P<d>\d{1,2}) (?P<m>\d{1,2}) (?P<y>\d{4}|\d{2})")
ISO = _shape(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})")
WEEKDAY = _shape(rf"(?:on )?(?:(?P<which>last|this|next|past) )?(?P<wd>{_DAY})\.?(?P<week> last week)?")
AFTER_WEEKDAY = _shape(rf"(?:on )?(?P<wd>{_DAY})\.?,? (?P<rest>[^ ].*)")
NAMED = _shape(
    rf"(?:(?:on )?(?:the )?(?P<wd>{_DAY})\.?,? )?(?:on )?(?:the )?(?P<d>\d{{1,2}}) ?(?:st|nd|rd|th)?,? ?(?:of )?"
    rf"(?P<m>{_MONTH})\.?(?:[ ,]{{0,2}}(?P<y>{_YEAR}))?"
)
JOINED = _shape(rf"(?P<wd>)(?P<d>\d{{1,2}})(?P<s>[-/. ])(?P<m>{_MONTH})(?P=s)(?P<y>{_YEAR})")
MONTH_FIRST = _shape(
    rf"(?:(?:on )?(?P<wd>{_DAY})\.?,? )?(?:on )?(?P<m>{_MONTH})\.? (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?:(?:, ?| )(?P<y>{_FULL_YEAR}))?"
)
MONTH = _shape(
    r"(?:in )?(?:(?P<part>early|start of|beginning of|mid|middle of|late|end of)[ -])?"
    rf"(?P<m>{_MONTH})\.?,?(?: (?P<y>{_YEAR}))?"
)
MONTH_NUMBER = _shape(r"(?:(?P<m>\d{1,2})[/.](?P<y>(?:19|20)\d\d)|(?P<y2>(?:19|20)\d\d)-(?P<m2>0[1-9]|1[0-2]))")
YEAR = _shape(rf"(?:in )?(?P<y>{_FULL_YEAR})")

_CLOCK = (
    r"(?:(?P<h>[01]?\d|2[0-3])(?P<sep>[:.])(?P<min>[0-5]\d)(?::[0-5]\d)?"
    r" ?(?P<ap>am|pm|a\.m\.?|p\.m\.?)?(?: ?(?:hrs|h))?"
    r"|(?P<h2>0?[1-9]|1[0-2]) ?(?P<ap2>am|pm|a\.m\.?|p\.m\.?)"
    r"|(?!(?:19|20)\d\d(?! ?h))(?P<h3>[01]\d|2[0-3])(?P<min3>[0-5]\d) ?(?:hrs|hours|h)?"
    r"|(?P<h4>0?[1-9]|1[0-2]) ?o'?clock ?(?P<ap4>am|pm)?"
    r"|(?P<past>half past|quarter past|quarter to) (?P<h5>0?[1-9]|1[0-2]) ?(?P<ap5>am|pm)?"
    r"|(?P<word>noon|midday|midnight))"
)
CLOCK_ONLY = _shape(rf"(?:at )?{_CLOCK}")
CLOCK_FIRST = _shape(rf"(?:at )?{_CLOCK}(?:,? on |,? |, ?)(?P<rest>\D.*|\d.*)")
CLOCK_LAST = _shape(rf"(?P<rest>.*?\S)(?:,? at |,? @ ?|, ?| |t(?=\d\d:)){_CLOCK}")

PARTS_OF_DAY = {
    "early hours": (time(0), time(6)),
    "early morning": (time(5), time(9)),
    "morning": (time(6), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(17), time(23)),
    "night": (time(18), time(23, 59)),
    "am": (time(6), time(12)),
    "pm": (time(12), time(18)),
}
PART_NAMES = {"am": "morning", "pm": "afternoon"}
PART_LAST = _shape(r"(?P<rest>.+?) (?:in the )?(?P<part>early morning|morning|afternoon|evening|night|am|pm)")
PART_FIRST = _shape(
    r"(?:on )?(?:(?:in )?the )?(?P<part>early hours|early morning|morning|afternoon|evening|night) of (?P<rest>.+)"
)
_SCHOOL_TIME = (
    r"(?:(?:at|during|in|before|after|over) )?(?:the )?(?:lunch ?time|lunch|break ?time|break|play ?time|registration|"
    r"tutor time|form time|assembly|home ?time|school|breakfast club|after[- ]school club|(?:period|lesson|p) ?\d)"
)
SCHOOL_TIME_LAST = _shape(rf"(?P<rest>.+?),? {_SCHOOL_TIME}")
SCHOOL_TIME_FIRST = _shape(rf"{_SCHOOL_TIME},? (?:on )?(?P<rest>.+)")


class Unreadable(Exception):
    """The text has the shape of a date but is not one; the message is the question to ask."""


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last` (inclusive), with what was assumed; `clock` is set when a time is known."""

    first: date
    last: date
    clock: time | None = None
    clock_last: time | None = None
    approximate: bool = False
    notes: tuple[str, ...] = ()
    weekday_only: bool = False

    def noting(self, *notes: str) -> Span:
        """Return this span with further notes."""
        return replace(self, notes=(*self.notes, *notes))


def month_number(word: str) -> int:
    """Return 1 to 12 for any spelling that begins with three letters of a month."""
    return [name.casefold() for name in MONTHS].index(word[:3]) + 1


def weekday_number(word: str) -> int:
    """Return 0 (Monday) to 6 for any spelling that begins with three letters of a day."""
    return [name.casefold() for name in DAYS].index(word[:3])


def full_year(written: str, today: date) -> int:
    """Return four digits for two: never more than a year ahead, so `98` is 1998."""
    digits = written.lstrip("'")
    if len(digits) == 4:
        return int(digits)
    year = 2000 + int(digits)
    return year if year <= today.year + 1 else year - 100


def make_day(year: int, month: int, day: int) -> date:
    """Return the date, or ask when there is no such day."""
    if not 1900 <= year <= 2100:
        raise Unreadable(f"The year {year} is outside 1900 to 2100: which year was it?")
    if not 1 <= month <= 12:
        if 1 <= day <= 12 and 1 <= month <= calendar.monthrange(year, day)[1]:
            other = day_words(date(year, day, month))
            raise Unreadable(f"Dates are read day first and there is no month {month}: did you mean {other}?")
        raise Unreadable(f"There is no month {month}: which day was it?")
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise Unreadable(f"There is no {day} {MONTHS[month - 1]} {year}: which day was it?")
    return date(year, month, day)


def most_recent(month: int, day: int, today: date) -> date:
    """Return the latest such day that is not after today (29 February finds its leap year)."""
    for year in range(today.year, today.year - 9, -1):
        if month == 2 and day == 29 and not calendar.isleap(year):
            continue
        found = make_day(year, month, day)
        if found <= today:
            return found
    raise Unreadable("Which year was it?")


def month_span(year: int, month: int) -> Span:
    """Return the whole month."""
    first = make_day(year, month, 1)
    return Span(first, date(year, month, calendar.monthrange(year, month)[1]))


def read_clock(match: re.Match[str]) -> tuple[time, tuple[str, ...]]:
    """Return the time of a clock match and what was assumed."""
    found = match.groupdict()
    if found["word"]:
        if found["word"] == "midnight":
            return time(0), ("Midnight is read as the start of the day, 00:00.",)
        return time(12), ()
    hour = int(found["h"] or found["h2"] or found["h3"] or found["h4"] or found["h5"])
    minute = int(found["min"] or found["min3"] or {"half past": 30, "quarter past": 15}.get(found["past"] or "", 0))
    half = (found["ap"] or found["ap2"] or found["ap4"] or found["ap5"] or "").replace(".", "")
    assumed = False
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif (found["h4"] or found["h5"]) and hour < 7:
        hour += 12
        assumed = True
    if found["past"] == "quarter to":
        hour, minute = (hour - 1) % 24, 45
    if half or assumed:
        return time(hour, minute), ((f"Read as {hour}:{minute:02d}.",) if assumed else ())
    if found["h"] and len(found["h"]) == 1 and hour < 7:
        later = f"{hour + 12}:{minute:02d}"
        return time(hour, minute), (f"Read as {hour:02d}:{minute:02d}, in the night: did you mean {later}?",)
    return time(hour, minute), ()


def week_of(day: date) -> Span:
    """Return the seven days from `day`, noting when that is not a Monday."""
    span = Span(day, day + timedelta(days=6))
    if day.weekday():
        return span.noting(f"{day_words(day)} is not a Monday: the week is counted from that day.")
    return span
