"""Reads a phrase for a date as people write it into a span of days or minutes (R-78). Pure; `dates.py` is its door."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from practice import when_parts as parts
from practice.when_parts import Span, Unreadable, day_words, full_year, make_day, month_number, month_span

_ABOUT = re.compile(
    r"(?:\?|~|c\.|ca\.?\s|circa\s|c\s(?=\S)|about\s|around\s|approx\.?\s|approximately\s|roughly\s|maybe\s|possibly\s"
    r"|probably\s|perhaps\s|some ?time\s(?:in\s|on\s)?|unsure[ :,]+)\s*"
)
_ABOUT_AFTER = re.compile(r"\s*(?:\?|\(\?\)|-?ish|or so|approx\.?|\(approx\.?\)|or thereabouts)$")
_AGO = re.compile(
    r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a couple of|a few|several) "
    r"(?P<unit>minute|min|hour|hr|day|week|month|year)s? ago",
    re.ASCII,
)
_COUNT = {"a": 1, "an": 1, "a couple of": 2, "a few": 3, "several": 4} | {
    word: n
    for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1)
}
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
_BARE_DAY = re.compile(r"(?:[a-z]{3,9} )?\d{1,2}(?:st|nd|rd|th)?", re.ASCII)


def clean(text: str) -> str:
    """Return the text folded for reading: one case, plain dashes and quotes, single spaces, no closing full stop."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub("[\u2010-\u2015\u2212]", "-", folded).replace("\u2019", "'")
    return " ".join(folded.split()).strip(",; ").removesuffix(".").removeprefix("on ").strip()


def read(text: str, now: datetime) -> Span | None:
    """Return what a cleaned phrase says, or None when it has no shape of a date; raises Unreadable with a question."""
    approximate = False
    while text and (found := _ABOUT.match(text)):
        text, approximate = text[found.end() :], True
    while text and (found := _ABOUT_AFTER.search(text)):
        text, approximate = text[: found.start()], True
    text = text.removeprefix("on ")
    question: Unreadable | None = None
    try:
        span = _moment(text, now)
    except Unreadable as problem:
        span, question = None, problem
    if span is None:
        span = _range(text, now)
    if span is None:
        if question:
            raise question
        return None
    return replace(span, approximate=True) if approximate else span


def _moment(text: str, now: datetime) -> Span | None:
    """Read one day, period or time."""
    today = now.date()
    if found := parts.CLOCK_ONLY.fullmatch(text):
        clock, notes = parts.read_clock(found)
        if found["sep"] == "." and not found["ap"] and 1 <= clock.minute <= 12 and clock.hour:
            if clock > now.time():
                return _as_day(text, now)
            notes = (f"Read as the time {parts.time_words(clock)}: for a day, write {clock.hour}/{clock.minute}.",)
        return Span(today, today, clock, notes=notes)
    if span := _day(text, now):
        return span
    for shape in (parts.CLOCK_LAST, parts.CLOCK_FIRST):
        if (found := shape.fullmatch(text)) and (span := _day(found["rest"].removeprefix("on "), now)):
            clock, notes = parts.read_clock(found)
            return _at(span, clock, notes)
    return None


def _as_day(text: str, now: datetime) -> Span | None:
    """Read `21.11` as a day, since that time has not come yet."""
    span = _day(text, now)
    return (
        span.noting(f"Read as {day_words(span.first)}: for a time, write {text.replace('.', ':')}.") if span else None
    )


def _at(span: Span, clock: time, notes: tuple[str, ...]) -> Span | None:
    """Set a time on a single day; a time given beside a part of the day is read within it."""
    if span.first != span.last:
        return None
    if span.clock and span.clock_last:
        span = replace(span, notes=())
    later = clock.replace(hour=clock.hour + 12) if clock.hour < 12 else clock
    if span.clock and span.clock_last and not span.clock <= clock <= span.clock_last:
        if span.clock <= later <= span.clock_last:
            clock, notes = later, ()
        else:
            notes = (*notes, f"{parts.time_words(clock)} is not in that part of the day: which is right?")
    return replace(span, clock=clock, clock_last=None, notes=(*span.notes, *notes), weekday_only=False)


def _day(text: str, now: datetime) -> Span | None:
    """Read a phrase that names a day or a period, without a time of the clock."""
    readers: tuple[Callable[[str, datetime], Span | None], ...] = (
        _relative,
        _this_or_last,
        _numeric,
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
    found = parts.NAMED.fullmatch(text)
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
        if found["wd"] and parts.weekday_number(found["wd"]) != when.weekday():
            written = parts.DAYS[parts.weekday_number(found["wd"])]
            return span.noting(f"{day_words(when)} is not a {written}: which is right, the day or the date?")
        return span
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
        span = span.noting(f"Read as the month, {parts.MONTHS[month - 1]} {year}: for a day, write the day first.")
    if not (part := found["part"]):
        return span
    if part in {"early", "start of", "beginning of"}:
        return replace(span, last=span.first.replace(day=10), approximate=True)
    if part.startswith("mid"):
        return replace(span, first=span.first.replace(day=11), last=span.first.replace(day=20), approximate=True)
    return replace(span, first=span.first.replace(day=21), approximate=True)


def _weekday(text: str, now: datetime) -> Span | None:
    found = parts.WEEKDAY.fullmatch(text)
    if found is None:
        return None
    today = now.date()
    back = (today.weekday() - parts.weekday_number(found["wd"])) % 7
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
    span = _day(found["rest"].removeprefix("on "), now) if found and not _WEEK.fullmatch(found["rest"]) else None
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
        start, end = parts.PARTS_OF_DAY[found["part"]]
        if span.first == now.date() and start < now.time() < end:
            end = now.time()
        words = f"{parts.time_words(start)} to {parts.time_words(end)}"
        return replace(span, clock=start, clock_last=end).noting(f"{found['part'].capitalize()} is read as {words}.")
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


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Yield each way to part a phrase into a first and a last."""
    if found := re.fullmatch(r"(?P<lead>.*?)\b(?:between|from) (?P<a>.+?) (?:and|to|until|till|-) (?P<b>.+)", text):
        yield f"{found['lead']}{found['a']}".strip(), found["b"]
    for joint in (" to ", " - ", " until ", " till ", " and ", "-"):
        start = text.find(joint)
        while start > 0:
            yield text[:start].strip(), text[start + len(joint) :].strip()
            start = text.find(joint, start + 1)


def _range(text: str, now: datetime) -> Span | None:
    """Read `3-5 October 2025`, `between 3 Oct and 5 Oct`, `14:00 to 14:30 yesterday`, `since September`."""
    if text.startswith("since ") and (begun := _quietly(text.removeprefix("since "), now)):
        return replace(begun, last=max(now.date(), begun.first), clock=None) if begun.first <= now.date() else begun
    for left, right in _splits(text):
        if not left or not right:
            continue
        end = _quietly(right, now)
        if end is None:
            continue
        if span := _between(left, right, end, now):
            return span
    return None


def _quietly(text: str, now: datetime) -> Span | None:
    try:
        return _moment(text, now)
    except Unreadable:
        return None


def _between(left: str, right: str, end: Span, now: datetime) -> Span | None:
    """Join two ends: the first borrows from the last the day, month or year that it leaves out."""
    if parts.CLOCK_ONLY.fullmatch(right):
        half = re.search(r"[ap]m$", right)
        candidates = [f"{left}{half[0]}", left] if half and left[-1:].isdigit() else [left]
        for candidate in candidates:
            begun = _quietly(candidate, now)
            if begun and begun.clock and not begun.clock_last and begun.clock <= (end.clock or begun.clock):
                return replace(begun, clock_last=end.clock)
        return None
    if parts.CLOCK_ONLY.fullmatch(left) and end.clock:
        begun = _quietly(left, now)
        begun = replace(begun, first=end.first, last=end.first) if begun else None
        return _joined(begun, end) if begun else None
    for year in (end.first.year, end.first.year - 1):
        for candidate in _filled(left, end, year):
            begun = _quietly(candidate, now)
            if begun and begun.weekday_only and begun.first > end.last:
                begun = replace(begun, first=begun.first - timedelta(days=7), last=begun.last - timedelta(days=7))
            if begun and (span := _joined(begun, end)):
                return span
    return None


def _filled(left: str, end: Span, year: int) -> Iterator[str]:
    if _BARE_DAY.fullmatch(left):
        yield f"{left} {parts.MONTHS[end.first.month - 1]} {year}".casefold()
    elif not re.search(r"\d{4}", left):
        yield f"{left} {year}"
        yield f"{left}/{year}"
    yield left


def _joined(begun: Span, end: Span) -> Span | None:
    """Return one span from the start of the first to the end of the last, or None when they run backwards."""
    if begun.first > end.last:
        return None
    clock, clock_last = begun.clock, end.clock_last or end.clock
    if begun.first == end.last and clock and clock_last and clock > clock_last:
        return None
    if clock or clock_last:
        clock, clock_last = clock or time(0), clock_last or time(23, 59)
    return Span(
        begun.first, end.last, clock, clock_last, begun.approximate or end.approximate, (*begun.notes, *end.notes)
    )
