"""Reviews, deadlines and holidays as a calendar file without any personal data in it (RFC 5545)."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import Refused
from storage.documents.export import check_path, place_caution, put
from storage.documents.pages import PageMade
from storage.views import actions, meetings, reviews, transfers

if TYPE_CHECKING:
    from storage.vault import Vault


def calendar_bytes(vault: Vault, weeks: int = 52) -> bytes:
    """Return the file: for each day how many reviews, actions, meetings, reports and files; overdue ones on today."""
    from icalendar import Alarm, Calendar, Event

    now = vault.clock()
    today = now.astimezone().date()
    until = today + timedelta(weeks=weeks)
    counts: Counter[tuple[date, str]] = Counter()
    for review in reviews.due(vault, today, all_plans=True):
        if review.due <= until:
            counts[max(review.due, today), "review due"] += 1
    for action in actions.actions(vault, today):
        if action.due is not None and action.due <= until:
            counts[max(action.due, today), "action due"] += 1
    for meeting in meetings.meetings(vault):
        if meeting.day <= until and meeting.day >= today:
            counts[meeting.day, "meeting"] += 1
        if meeting.report_open and meeting.report_due and meeting.report_due <= until:
            counts[max(meeting.report_due, today), "meeting report due"] += 1
    for transfer in transfers.transfers(vault):
        if transfer.due and transfer.due <= until:
            counts[max(transfer.due, today), "file transfer due"] += 1
    made = Calendar()
    made.add("prodid", "-//dsl-console//reviews and deadlines//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    for (day, kind), count in sorted(counts.items()):
        event = Event()
        event.add("uid", hashlib.sha256(f"{vault.id}/{day.isoformat()}/{kind}".encode()).hexdigest()[:32])
        event.add("dtstamp", now)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", counted(count, kind))
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", "Due today")
        alarm.add("trigger", timedelta(hours=8))
        event.add_component(alarm)
        made.add_component(event)
    written: bytes = made.to_ical()
    return written


def counted(count: int, kind: str) -> str:
    """Return how many of a kind there are, such as "2 reviews due"."""
    what, due, _ = kind.partition(" due")
    return f"{count} {what}{'s' if count > 1 else ''}{due}"


def write_calendar(vault: Vault, path: Path) -> PageMade:
    """Write the file; that it went out is recorded. Raises Refused for another ending than .ics."""
    path = path.expanduser()
    if path.suffix.lower() != ".ics":
        raise Refused("A calendar is written as .ics. Nothing went out.", hint="Name the file with that ending.")
    check_path(path, vault.folder)
    data = calendar_bytes(vault)
    digest = hashlib.sha256(data).hexdigest()
    act = put(vault, {"what": "Calendar without names", "form": "ICS", "sha256": digest}, None, path, data)
    return PageMade(act, path, "ICS", digest, place_caution(path))
