"""Meetings: when the school's report is due, and which meeting must follow which by when (R-100, R-103). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from practice.clocks import ClockDue, statutory_due, working_days_before
from practice.profile import profile
from practice.vocabulary import MeetingType


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


def type_words(meeting_type: str) -> str:
    """Return a type's label; a code that this program does not know stands as it is."""
    return MeetingType(meeting_type).label if meeting_type in set(MeetingType) else meeting_type
