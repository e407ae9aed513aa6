"""Reading a school's published dates from iCalendar or CSV: hostile until read, limited in size (design: §7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from practice.dates import parse_when
from practice.errors import Refused
from practice.term_words import DatedLine, SchoolDates, assemble, kind_of
from practice.text import tidy_line
from storage.roster.table import decode, read_record, split_lines

SIZE_LIMIT = 1024 * 1024
LINES_LIMIT = 20_000
EVENTS_LIMIT = 2_000
NAME_LIMIT = 200
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_COLUMNS = {
    "kind": {"kind", "type", "category"},
    "name": {"name", "event", "title", "summary", "subject", "description", "term", "period"},
    "start": {"start", "start date", "from", "date", "begins", "first day", "opens", "dtstart"},
    "end": {"end", "end date", "to", "until", "finish", "ends", "last day", "closes", "dtend"},
}
_YEAR = re.compile(r"\d{4}|[/.\-]\d{2}\s*$")
"""A day that names its year: no other is taken, since a file speaks of years to come."""
_ZONES = re.compile(r"^BEGIN:VTIMEZONE[ \t]*$.*?^END:VTIMEZONE[ \t]*$\n?", re.IGNORECASE | re.MULTILINE | re.DOTALL)


def read_dates(data: bytes) -> SchoolDates:
    """Return the terms and closures that a file holds.

    Raises Refused where it is too large, no calendar, holds no dates that are understood, or terms that overlap.
    """
    if len(data) > SIZE_LIMIT:
        raise Refused("The file is larger than 1 MiB: that is no school calendar. Nothing was changed.")
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > LINES_LIMIT:
        raise Refused(f"The file has more than {LINES_LIMIT:,} lines. Nothing was changed.")
    is_calendar = text.lstrip().upper().startswith("BEGIN:VCALENDAR")
    lines, skipped = (_events if is_calendar else _rows)(text)
    found = assemble(lines)
    if not found.terms and not found.closures:
        raise Refused(
            "The file holds no term and no closure that could be understood. Nothing was changed.",
            hint="A CSV file needs the columns name, start and end; kind (term or closure) where the names do not say.",
        )
    return SchoolDates(found.terms, found.closures, tuple(sorted({*found.skipped, *skipped})))


Skipped = list[tuple[int, str]]


def _events(text: str) -> tuple[list[DatedLine], Skipped]:
    """Read iCalendar. Time zones are left out unread: only days count, and their rules are a place to hide work."""
    from icalendar import Calendar

    if text.upper().count("BEGIN:") > EVENTS_LIMIT * 2:
        raise Refused(f"The file holds more than {EVENTS_LIMIT:,} events. Nothing was changed.")
    try:
        found = [event for part in Calendar.from_ical(_ZONES.sub("", text), multiple=True) for event in part.events]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError):
        raise Refused(
            "The file cannot be read as a calendar. Nothing was changed.", hint="Export it again as .ics or as CSV."
        ) from None
    lines: list[DatedLine] = []
    skipped: Skipped = []
    for number, event in enumerate(found, start=1):
        name = _name(str(event.get("SUMMARY", "")))
        try:
            start, end = _days_of(event)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            skipped.append((number, f"«{name}» has no days that can be read"))
            continue
        if "RRULE" in event or "RDATE" in event:
            skipped.append((number, f"«{name}» repeats; write each of its days"))
        elif fault := _fault(start, end):
            skipped.append((number, f"«{name}» {fault}"))
        else:
            lines.append(DatedLine(number, name, start, end))
    return lines, skipped


def _days_of(event: Any) -> tuple[date, date]:
    """Return an event's first and last day; the end of a whole-day event is the day after it (RFC 5545)."""
    first = event["DTSTART"].dt
    last = event["DTEND"].dt if "DTEND" in event else first + event["DURATION"].dt if "DURATION" in event else None
    start = _local_day(first)
    if last is None:
        return start, start
    midnight = not isinstance(last, datetime) or (last.hour, last.minute, last.second) == (0, 0, 0)
    end = _local_day(last) - timedelta(days=1) if midnight and last != first else _local_day(last)
    return start, max(end, start) if last >= first else end


def _local_day(moment: date | datetime) -> date:
    if not isinstance(moment, date):  # a time of day alone, which the library reads where a date is spoilt
        raise TypeError
    if not isinstance(moment, datetime):
        return moment
    is_utc = moment.tzinfo is not None and moment.utcoffset() == timedelta(0) and "UTC" in str(moment.tzinfo)
    return moment.astimezone().date() if is_utc else moment.date()


def _rows(text: str) -> tuple[list[DatedLine], Skipped]:
    """Read CSV with a line of headers: name, start, end and, where the names do not say, kind."""
    lines = split_lines(text)
    delimiter = max(",;\t", key=lines[0].count)
    headers, at = read_record(lines, 0, delimiter)
    places = {
        field: place
        for field, names in _COLUMNS.items()
        for place, header in enumerate(headers or [])
        if header.strip().casefold() in names
    }
    if "start" not in places or "name" not in places:
        raise Refused(
            "The file's first line does not name its columns. Nothing was changed.",
            hint="Begin it with: kind,name,start,end.",
        )
    found: list[DatedLine] = []
    skipped: Skipped = []
    while at < len(lines):
        line, (cells, taken) = at + 1, read_record(lines, at, delimiter)
        at += taken
        if cells is None:
            skipped.append((line, "it cannot be split into values"))
        elif any(cell.strip() for cell in cells):
            found += _row(line, cells, places, skipped)
    return found, skipped


def _row(line: int, cells: list[str], places: dict[str, int], skipped: Skipped) -> Iterator[DatedLine]:
    values = {field: cells[place].strip() if place < len(cells) else "" for field, place in places.items()}
    name = _name(values["name"])
    start, end = _day(values["start"]), _day(values.get("end") or values["start"])
    if start is None or end is None:
        skipped.append((line, f"«{name}» has no days that can be read"))
    elif fault := _fault(start, end):
        skipped.append((line, f"«{name}» {fault}"))
    else:
        yield DatedLine(line, name, start, end, kind_of(values.get("kind", "")))


def _day(text: str) -> date | None:
    """Return the one day that a cell names, or None."""
    read = parse_when(text[:60], datetime(2026, 1, 1))  # noqa: DTZ001 - only whole dates are taken from it
    if not _YEAR.search(text) or read.start is None or read.start[:10] != (read.end or read.start)[:10]:
        return None
    return date.fromisoformat(read.start[:10])


def _fault(start: date, end: date) -> str:
    if end < start:
        return "ends before it starts"
    if not (_FIRST_YEAR <= start.year <= end.year <= _LAST_YEAR):
        return "lies too far from today"
    return "is longer than a school year" if (end - start).days > 400 else ""


def _name(text: str) -> str:
    return tidy_line(text)[:NAME_LIMIT].strip() or "without a name"
