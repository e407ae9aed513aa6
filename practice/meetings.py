"""Meetings: when the school's report is due, and which meeting must follow which by when (R-100, R-103). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from practice.clocks import ClockDue, statutory_due, working_days_before
from practice.dates import parse_when
from practice.profile import profile
from practice.vocabulary import MeetingType

_FIRST_HOUR = 7


@dataclass(frozen=True)
class NextMeeting:
    """A meeting that must follow another one: its type, and the latest day with the sentence that says why."""

    meeting_type: str
    latest: ClockDue


def report_day(day: date, bank_holidays: Collection[date]) -> date:
    """Return the day by which the school's report is to be sent before a meeting."""
    return working_days_before(day, profile().meetings.report_working_days, bank_holidays)


def following(meeting_type: str, held_on: date, bank_holidays: Collection[date]) -> list[NextMeeting]:
    """Return what must follow a meeting of this type, by the statutory clocks; nothing for most types."""
    return [
        NextMeeting(each.next, statutory_due(each.clock, held_on, bank_holidays))
        for each in profile().meetings.follows
        if each.after == meeting_type
    ]


def times_of(day: date, at: str) -> tuple[time, time | None] | None:
    """Return when a meeting begins and, where that was written, ends; None where its time is not one of the clock.

    An hour before seven that nobody wrote as the morning's is the afternoon's: no meeting is held at half past three
    in the night.
    """
    noon = datetime.combine(day, time(12), UTC)
    read = parse_when(f"{day:%d/%m/%Y} {at}", noon) if at.strip() else None
    if read is None or read.precision not in ("exact", "range") or "T" not in (read.start or ""):
        return None
    starts, ends = (datetime.fromisoformat(each or "") for each in (read.start, read.end))
    if starts.hour < _FIRST_HOUR and "am" not in at.lower() and "midnight" not in at.lower():
        starts, ends = (each.replace(hour=each.hour + 12) if each.hour < 12 else each for each in (starts, ends))
    return starts.time(), ends.time() if starts < ends and ends.date() == day else None


def type_words(meeting_type: str) -> str:
    """Return a type's label; a code that this program does not know stands as it is."""
    return MeetingType(meeting_type).label if meeting_type in set(MeetingType) else meeting_type
