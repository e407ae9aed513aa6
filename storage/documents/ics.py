"""Reviews, meetings and deadlines as a calendar file without any personal data in it (RFC 5545)."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import Refused
from practice.meetings import times_of
from storage.documents.export import check_path, place_caution, put
from storage.documents.pages import PageMade
from storage.views import actions, meetings, reviews, transfers

if TYPE_CHECKING:
    from icalendar import Event

    from storage.vault import Vault


HOUR = timedelta(hours=1)
Moment = tuple[datetime, datetime]


def calendar_bytes(vault: Vault, weeks: int = 52) -> bytes:
    """Return the file: for each day how many reviews, actions, reports and files; overdue ones on today.

    A meeting whose time is known stands at its time, in UTC, so that no calendar needs to know a time zone; the others
    of a day are counted on it.
    """
    from icalendar import Calendar

    now = vault.clock()
    today = now.astimezone().date()
    until = today + timedelta(weeks=weeks)
    made = Calendar()
    made.add("prodid", "-//dsl-console//reviews and deadlines//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    days, moments = _meetings_of(vault, today, until)
    for (day, kind), count in sorted((_due(vault, today, until) + days).items()):
        made.add_component(_event(vault, now, day, day + timedelta(days=1), count, kind))
    for (starts, ends), count in sorted(moments.items()):
        made.add_component(_event(vault, now, starts, ends, count))
    written: bytes = made.to_ical()
    return written


def _due(vault: Vault, today: date, until: date) -> Counter[tuple[date, str]]:
    """Return how many of each kind are due on which day."""
    counts: Counter[tuple[date, str]] = Counter()
    for review in reviews.due(vault, today, all_plans=True):
        if review.due <= until:
            counts[max(review.due, today), "review due"] += 1
    for action in actions.actions(vault, today):
        if action.due is not None and action.due <= until:
            counts[max(action.due, today), "action due"] += 1
    for meeting in meetings.meetings(vault):
        if meeting.report_open and meeting.report_due and meeting.report_due <= until:
            counts[max(meeting.report_due, today), "meeting report due"] += 1
    for transfer in transfers.transfers(vault):
        if transfer.due and transfer.due <= until:
            counts[max(transfer.due, today), "file transfer due"] += 1
    return counts


def _meetings_of(vault: Vault, today: date, until: date) -> tuple[Counter[tuple[date, str]], Counter[Moment]]:
    """Return how many meetings there are on which day, and how many at which time, an hour long where nobody wrote it.

    One that must follow another and is planned by nobody is no meeting yet: its last day is counted as a deadline.
    """
    days: Counter[tuple[date, str]] = Counter()
    moments: Counter[Moment] = Counter()
    for meeting in meetings.meetings(vault):
        if meeting.state == "wanted" and meeting.day <= until:
            days[max(meeting.day, today), "meeting to plan due"] += 1
        elif meeting.state == "planned" and today <= meeting.day <= until:
            times = times_of(meeting.day, meeting.at)
            if times is None:
                days[meeting.day, "meeting"] += 1
            else:
                starts = datetime.combine(meeting.day, times[0]).astimezone(UTC)
                ends = datetime.combine(meeting.day, times[1]).astimezone(UTC) if times[1] else starts + HOUR
                moments[starts, ends] += 1
    return days, moments


def _event(vault: Vault, now: datetime, starts: date, ends: date, count: int, kind: str = "meeting") -> Event:
    """Return one event: a whole day with its bell at eight, or a time with its bell an hour before."""
    from icalendar import Alarm, Event

    timed, words = isinstance(starts, datetime), counted(count, kind)
    until = f"/{ends.isoformat()}" if timed else ""
    about = f"{vault.id}/{starts.isoformat()}{until}/{kind}"
    event = Event()
    event.add("uid", hashlib.sha256(about.encode()).hexdigest()[:32])
    event.add("dtstamp", now)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", words)
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", -HOUR if timed else timedelta(hours=8))
    event.add_component(alarm)
    return event


def counted(count: int, kind: str) -> str:
    """Return how many of a kind there are, such as "2 reviews due"."""
    what, due, _ = kind.partition(" due")
    return f"{count} {what}{'s' if count > 1 else ''}{due}"


def write_calendar(vault: Vault, path: Path) -> PageMade:
    """Write the file; that it went out is recorded. Raises Refused for another ending than .ics, and for no dates.

    A calendar without any event is no calendar (RFC 5545, 3.6), and one that is empty looks like a fault.
    """
    path = path.expanduser()
    if path.suffix.lower() != ".ics":
        raise Refused("A calendar is written as .ics. Nothing went out.", hint="Name the file with that ending.")
    check_path(path, vault.folder)
    data = calendar_bytes(vault)
    if b"BEGIN:VEVENT" not in data:
        raise Refused("Nothing is due in the coming year, so no file was written.")
    digest = hashlib.sha256(data).hexdigest()
    act = put(vault, {"what": "Calendar without names", "form": "ICS", "sha256": digest}, None, path, data)
    return PageMade(act, path, "ICS", digest, place_caution(path))
