"""Reads a phrase for a date as people write it into a span of days or minutes (R-78). Pure; `dates.py` is its door."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

from practice import when_parts as parts
from practice.day_words import MONTHS, day_words, time_words
from practice.when_days import read_day
from practice.when_parts import Span, Unreadable

_ABOUT = re.compile(
    r"(?:\?|~|c\.|ca\.?\s|circa\s|c\s(?=\S)|about\s|around\s|approx\.?\s|approximately\s|roughly\s|maybe\s|possibly\s"
    r"|probably\s|perhaps\s|some ?time\s(?:in\s|on\s)?|unsure[ :,]+)\s*"
)
_ABOUT_AFTER = re.compile(r"\s*(?:\?|\(\?\)|-?ish|or so|approx\.?|\(approx\.?\)|or thereabouts)$")
_ABOUT_WITHIN = re.compile(r"(?<=\s)(?:about|around|approx\.?|approximately|roughly|~)\s?(?=\d)")
_BARE_DAY = re.compile(r"(?:[a-z]{3,9} )?\d{1,2}(?:st|nd|rd|th)?", re.ASCII)


def clean(text: str) -> str:
    """Return the text folded for reading: one case, plain dashes and quotes, single spaces, no closing full stop."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub("[\u2010-\u2015\u2212]", "-", folded).replace("\u2019", "'").replace("&", " and ")
    return " ".join(folded.split()).strip(",; ").removesuffix(".").removeprefix("on ").strip()


def read(text: str, now: datetime) -> Span | None:
    """Return what a cleaned phrase says, or None when it has no shape of a date; raises Unreadable with a question."""
    approximate = False
    while text and (found := _ABOUT.match(text)):
        text, approximate = text[found.end() :], True
    while text and (found := _ABOUT_AFTER.search(text)):
        text, approximate = text[: found.start()], True
    text, within = _ABOUT_WITHIN.subn("", text.removeprefix("on "))
    approximate = approximate or within > 0
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
            notes = (f"Read as the time {time_words(clock)}: for a day, write {clock.hour}/{clock.minute}.",)
        return Span(today, today, clock, notes=notes)
    if span := read_day(text, now):
        return span
    for shape in (parts.CLOCK_LAST, parts.CLOCK_FIRST):
        if (found := shape.fullmatch(text)) and (span := read_day(found["rest"].removeprefix("on "), now)):
            clock, notes = parts.read_clock(found)
            return _at(span, clock, notes)
    return None


def _as_day(text: str, now: datetime) -> Span | None:
    """Read `21.11` as a day, since that time has not come yet."""
    span = read_day(text, now)
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
            notes = (*notes, f"{time_words(clock)} is not in that part of the day: which is right?")
    return replace(span, clock=clock, clock_last=None, notes=(*span.notes, *notes), weekday_only=False)


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
        until = now.time() if begun.clock else None
        return replace(begun, last=now.date(), clock_last=until) if begun.first < now.date() else begun
    for left, right in _splits(text):
        if not left or not right:
            continue
        end = _quietly(right, now)
        if end is None:
            continue
        if span := _between(left, right, end, now):
            listed = f"{left} and {right}" in text and "between" not in text
            return span.noting("Two dates are read as the time between them.") if listed else span
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
        yield f"{left} {MONTHS[end.first.month - 1]} {year}".casefold()
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
