"""Reads a phrase that names a day or a period, without a time of the clock (R-78). Pure; `when.py` joins them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from practice import when_parts as parts
from practice.day_words import DAYS, MONTHS, day_words, time_words
from practice.when_parts import Span, full_year, make_day, month_number, month_span

_AGO = re.compile(
    r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a couple of|a few|several) "
    r"(?P<unit>minute|min|hour|hr|day|week|month|year)s? ago",
    re.ASCII,
)
_COUNT = {"a": 1, "an": 1, "a couple of": 2, "a few": 3, "several": 4} | {
    word: n
    for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1)
}
_WEEKEND = re.compile(r"(?:(?:at|over|on|during) )?(?:the )?(?P<which>last |this )?weekend")
_ORDINAL = re.compile(r"(?:on )?(?:the )?(?P<d>\d{1,2})(?:st|nd|rd|th)", re.ASCII)
_WEEK = re.compile(
    r"(?:w/c|w\.c\.?|wc|w/b|week commencing|week beginning|week starting|(?:the )?week of):? ?(?P<rest>.+)"
)
_TERM = re.compile(
    r"(?:in |during )?(?:the )?(?P<which>last |this )?(?P<term>autumn|spring|summer) term,?"
    r"(?: (?:of )?(?P<y>(?:19|20)\d\d)(?:[/-](?P<y2>\d\d|\d{4}))?)?",
    re.ASCII,
)
_TERM_MONTHS = {
    "autumn": (9, 12, "September to December"),
    "spring": (1, 4, "January to April"),
    "summer": (4, 7, "April to July"),
}
_SCHOOL_YEAR = re.compile(
    r"(?:(?:in )?(?:the )?(?:school|academic) year )?(?P<y>(?:19|20)\d\d)[/-](?P<y2>\d{4}|\d\d)", re.ASCII
)


def read_day(text: str, now: datetime) -> Span | None:
    """Read a phrase that names a day or a period, without a time of the clock."""
    readers: tuple[Callable[[str, datetime], Span | None], ...] = (
        _relative,
        _this_or_last,
        _numeric,
        _numeric_after_weekday,
        _numeric_period,
        _named,
        _weekday,
        _ago,
        _week,
        _term,
        _part_of_day,
    )
    for reader in readers:
        if span := reader(text, now):
            return span
    return None


def _relative(text: str, now: datetime) -> Span | None:
    today = now.date()
    offsets = {
        "today": 0,
        "earlier today": 0,
        "yesterday": -1,
        "the day before yesterday": -2,
        "day before yesterday": -2,
        "tomorrow": 1,
    }
    if text in offsets:
        day = today + timedelta(days=offsets[text])
        return Span(day, day)
    if text in {"now", "just now", "right now"}:
        return Span(today, today, now.time())
    if text in {"last night", "tonight"}:
        day = today - timedelta(days=1) if text == "last night" else today
        start, end = parts.PARTS_OF_DAY["night"]
        return Span(day, day, start, end, notes=("Night is read as 18:00 to midnight.",))
    return None


def _this_or_last(text: str, now: datetime) -> Span | None:
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    if text in {"this week", "last week"}:
        return parts.week_of(monday - timedelta(days=7 if text == "last week" else 0))
    if found := _WEEKEND.fullmatch(text):
        saturday = today - timedelta(days=(today.weekday() - 5) % 7)
        if found["which"] == "last " and today.weekday() >= 5:
            saturday -= timedelta(days=7)
        return Span(saturday, saturday + timedelta(days=1))
    if text in {"this month", "last month"}:
        day = today.replace(day=1) - timedelta(days=1 if text == "last month" else 0)
        return month_span(day.year, day.month)
    if text in {"this year", "last year"}:
        year = today.year - (text == "last year")
        return Span(date(year, 1, 1), date(year, 12, 31))
    return None


def _numeric(text: str, now: datetime) -> Span | None:
    """Read `21/11/2026` and its kin, and `2026-11-21`: day first wherever it is open."""
    today = now.date()
    if found := parts.ISO.fullmatch(text):
        day = make_day(int(found["y"]), int(found["m"]), int(found["d"]))
        return Span(day, day)
    if found := parts.NUMERIC.fullmatch(text):
        return _numeric_day(found, today, found["s1"], found["s2"])
    if found := parts.SPACED.fullmatch(text):
        return _numeric_day(found, today, " ", " ")
    return None


def _numeric_after_weekday(text: str, now: datetime) -> Span | None:
    """Read `Thursday 15/6/2017`, also mistyped: a weekday before figures that hold a year."""
    found = parts.AFTER_WEEKDAY.fullmatch(text)
    if found is None:
        return None
    rest = found["rest"]
    numeric = parts.NUMERIC.fullmatch(rest)
    if not ((numeric and numeric["y"]) or parts.SPACED.fullmatch(rest) or parts.ISO.fullmatch(rest)):
        joined = parts.JOINED.fullmatch(rest)
        span = _named(rest, now) if joined else None
    else:
        span = _numeric(rest, now)
    return _as_weekday(span, found["wd"]) if span else None


def _as_weekday(span: Span, weekday: str) -> Span:
    """Ask which is right where the weekday that was written is not that of the date."""
    if parts.weekday_number(weekday) == span.first.weekday():
        return span
    written = DAYS[parts.weekday_number(weekday)]
    return span.noting(f"{day_words(span.first)} is not a {written}: which is right, the day or the date?")


def _numeric_period(text: str, now: datetime) -> Span | None:
    """Read `10/2025`, `2025-10`, `2025/26`, `2019`."""
    if found := parts.MONTH_NUMBER.fullmatch(text):
        return month_span(int(found["y"] or found["y2"]), int(found["m"] or found["m2"]))
    if (found := _SCHOOL_YEAR.fullmatch(text)) and int(found["y2"]) % 100 == (int(found["y"]) + 1) % 100:
        year = int(found["y"])
        note = f"Read as the school year, September {year} to August {year + 1}."
        return Span(date(year, 9, 1), date(year + 1, 8, 31), notes=(note,))
    if found := parts.YEAR.fullmatch(text):
        return Span(date(int(found["y"]), 1, 1), date(int(found["y"]), 12, 31))
    return None


def _numeric_day(found: re.Match[str], today: date, first: str, second: str | None) -> Span:
    day, month = int(found["d"]), int(found["m"])
    if found["y"] is None:
        make_day(2000, month, day)
        when = parts.most_recent(month, day, today)
        return Span(when, when)
    when = make_day(full_year(found["y"], today), month, day)
    span = Span(when, when)
    if first != second or first in "\\,":
        return span.noting(f"Repaired: read as {day_words(when)}.")
    return span.noting(f"The year is read as {when.year}.") if when.year < 2000 and len(found["y"]) == 2 else span


def _named(text: str, now: datetime) -> Span | None:
    """Read dates with the month in letters: a day, a month, or part of a month."""
    today = now.date()
    found = parts.NAMED.fullmatch(text) or parts.JOINED.fullmatch(text)
    if found is None and (found := parts.MONTH_FIRST.fullmatch(text)) and _is_month_and_year(found, today):
        found = None
    if found:
        day, month = int(found["d"]), month_number(found["m"])
        if found["y"]:
            when = make_day(full_year(found["y"], today), month, day)
        else:
            make_day(2000, month, day)
            when = parts.most_recent(month, day, today)
        span = Span(when, when)
        return _as_weekday(span, found["wd"]) if found["wd"] else span
    if found := parts.MONTH.fullmatch(text):
        return _month(found, today)
    return None


def _is_month_and_year(found: re.Match[str], today: date) -> bool:
    """Tell `Oct 25` the month from `Oct 12` the day: two digits near this year are a year."""
    return (
        not found["y"]
        and not found["wd"]
        and len(found["d"]) == 2
        and not 3 < today.year % 100 - int(found["d"]) < 100
        and int(found["d"]) <= today.year % 100
    )


def _month(found: re.Match[str], today: date) -> Span:
    month = month_number(found["m"])
    year = today.year if month <= today.month else today.year - 1
    if found["y"]:
        year = full_year(found["y"], today)
    span = month_span(year, month)
    if found["y"] and len(found["y"]) == 2:
        span = span.noting(f"Read as the month, {MONTHS[month - 1]} {year}: for a day, write the day first.")
    if not (part := found["part"]):
        return span
    if part in {"early", "start of", "beginning of"}:
        return replace(span, last=span.first.replace(day=10), approximate=True)
    if part.startswith("mid"):
        return replace(span, first=span.first.replace(day=11), last=span.first.replace(day=20), approximate=True)
    return replace(span, first=span.first.replace(day=21), approximate=True)


def _weekday(text: str, now: datetime) -> Span | None:
    today = now.date()
    if found := _ORDINAL.fullmatch(text):
        span = _latest_day_of_month(int(found["d"]), today)
        return span.noting(f"Read as {day_words(span.first)}.") if span else None
    found = parts.WEEKDAY.fullmatch(text)
    if found is None:
        return None
    back = (today.weekday() - parts.weekday_number(found["wd"])) % 7
    if found["week"]:
        day = today - timedelta(days=today.weekday() + 7 - parts.weekday_number(found["wd"]))
        return Span(day, day, weekday_only=True)
    if found["which"] == "next":
        day = today + timedelta(days=7 - back)
    elif back == 0 and found["which"] in {"last", "past"}:
        day = today - timedelta(days=7)
    else:
        day = today - timedelta(days=back)
    span = Span(day, day, weekday_only=True)
    if found["which"] in {"last", "next"}:
        return span.noting(f"Read as {day_words(day)}.")
    return span.noting("Read as today.") if back == 0 and not found["which"] else span


def _latest_day_of_month(day: int, today: date) -> Span | None:
    """Read `17th`: in this month or the nearest month before it that has such a day."""
    first = today.replace(day=1)
    for _ in range(4):
        if 1 <= day <= month_span(first.year, first.month).last.day and first.replace(day=day) <= today:
            return Span(first.replace(day=day), first.replace(day=day))
        first = (first - timedelta(days=1)).replace(day=1)
    return None


def _ago(text: str, now: datetime) -> Span | None:
    found = _AGO.fullmatch(text)
    if found is None:
        return None
    written, unit = found["n"], found["unit"]
    count = int(written) if written.isdigit() else _COUNT[written]
    if unit in {"minute", "min", "hour", "hr"}:
        moment = now - timedelta(minutes=count if unit.startswith("m") else count * 60)
        return Span(moment.date(), moment.date(), moment.time(), approximate=True)
    vague = unit != "day" or not (written.isdigit() or written in {"a", "one"})
    if unit in {"day", "week"}:
        day = now.date() - timedelta(days=count * (1 if unit == "day" else 7))
    else:
        month0 = now.year * 12 + now.month - 1 - count * (1 if unit == "month" else 12)
        span = month_span(month0 // 12, month0 % 12 + 1)
        day = min(span.first.replace(day=min(now.day, span.last.day)), span.last)
    return Span(day, day, approximate=vague)


def _week(text: str, now: datetime) -> Span | None:
    found = _WEEK.fullmatch(text)
    span = read_day(found["rest"].removeprefix("on "), now) if found and not _WEEK.fullmatch(found["rest"]) else None
    if span is None or span.first != span.last or span.clock:
        return None
    return parts.week_of(span.first).noting(*span.notes)


def _term(text: str, now: datetime) -> Span | None:
    found = _TERM.fullmatch(text)
    if found is None:
        return None
    first, last, months = _TERM_MONTHS[found["term"]]
    if found["y"]:
        year = int(found["y"])
        if found["y2"] and found["term"] != "autumn":
            year += 1
    else:
        year = now.year if first <= now.month else now.year - 1
        if found["which"] == "last " and year == now.year and now.month <= last:
            year -= 1
    span = Span(make_day(year, first, 1), month_span(year, last).last)
    return span.noting(f"The {found['term']} term is taken as {months} {year}; the school's own dates may differ.")


def _part_of_day(text: str, now: datetime) -> Span | None:
    """Read `Monday morning` as a range, and `Monday lunchtime` as the day, with the words kept."""
    found = parts.PART_LAST.fullmatch(text) or parts.PART_FIRST.fullmatch(text)
    if found:
        rest = "today" if found["rest"] in {"this", "today", "early this"} else found["rest"]
        span = _plain_day(rest, now)
        if span is None:
            return None
        if found["part"] in {"am", "pm"} and re.search(r"[\s.:]\d{1,2}$", rest):
            return None
        start, end = parts.PARTS_OF_DAY[found["part"]]
        if span.first == now.date() and start < now.time() < end:
            end = now.time()
        words = f"{time_words(start)} to {time_words(end)}"
        return replace(span, clock=start, clock_last=end).noting(
            f"{parts.PART_NAMES.get(found['part'], found['part']).capitalize()} is read as {words}."
        )
    found = parts.SCHOOL_TIME_LAST.fullmatch(text) or parts.SCHOOL_TIME_FIRST.fullmatch(text)
    if found and (span := _plain_day(found["rest"], now)):
        return span.noting("The time of day is kept in your own words.")
    return None


def _plain_day(text: str, now: datetime) -> Span | None:
    """Read a phrase that must be one day with no time."""
    text = text.removeprefix("on ").rstrip(", ")
    for reader in (_relative, _numeric, _named, _weekday, _ago):
        if span := reader(text, now):
            return span if span.first == span.last and not span.clock else None
    return None
