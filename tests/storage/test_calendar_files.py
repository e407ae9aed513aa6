"""Term dates from files: read as schools publish them, refused where they are hostile, and what they move."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from practice.errors import Refused
from storage.calendar_files import read_dates
from storage.desk import calendars
from storage.desk import reviews as reviewing
from storage.vault import Vault
from storage.views import reviews
from storage.views.calendars import shown
from tests.conftest import add_child

NAMES = "name,start,end\n"
CSV = NAMES.encode() + (
    b"Autumn term 2026,02/09/2026,16/12/2026\n"
    b"Autumn half-term,19/10/2026,30/10/2026\n"
    b"INSET day,27/11/2026,\n"
    b"Sports day,09/06/2027,\n"
    b"Spring term 2027,5 January 2027,2027-03-25\n"
)
ICS = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example Council//Term dates//EN
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
DTSTART:19000101T000000
RRULE:FREQ=SECONDLY
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1
SUMMARY:Autumn Term 2026
DTSTART;VALUE=DATE:20260902
DTEND;VALUE=DATE:20261217
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Half term
DTSTART;TZID=Europe/London:20261019T000000
DTEND;TZID=Europe/London:20261031T000000
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:School closed
DTSTART;VALUE=DATE:20261127
END:VEVENT
BEGIN:VEVENT
UID:4
SUMMARY:INSET day
DTSTART;VALUE=DATE:20260901
RRULE:FREQ=WEEKLY
END:VEVENT
BEGIN:VEVENT
UID:5
SUMMARY:Summer term starts
DTSTART:20270412T230000Z
END:VEVENT
BEGIN:VEVENT
UID:6
SUMMARY:Last day of summer term
DTSTART;VALUE=DATE:20270720
END:VEVENT
END:VCALENDAR
"""


def test_a_csv_file_is_read_as_schools_write_it() -> None:
    found = read_dates(CSV)
    assert [(each.start, each.end) for each in found.terms] == [
        (date(2026, 9, 2), date(2026, 12, 16)),
        (date(2027, 1, 5), date(2027, 3, 25)),
    ]
    assert [(each.name, each.start, each.end) for each in found.closures] == [
        ("Autumn half-term", date(2026, 10, 19), date(2026, 10, 30)),
        ("INSET day", date(2026, 11, 27), date(2026, 11, 27)),
    ]
    assert [line for line, _ in found.skipped] == [5]


def test_a_calendar_file_is_read_by_whole_days_and_its_time_zones_are_not_run() -> None:
    found = read_dates(ICS)
    assert [(each.start, each.end) for each in found.terms] == [
        (date(2026, 9, 2), date(2026, 12, 16)),
        (date(2027, 4, 12), date(2027, 7, 20)) if _local_is_utc() else (date(2027, 4, 13), date(2027, 7, 20)),
    ]
    assert [(each.start, each.end) for each in found.closures] == [
        (date(2026, 10, 19), date(2026, 10, 30)),
        (date(2026, 11, 27), date(2026, 11, 27)),
    ]
    assert [reason for _, reason in found.skipped] == ["«INSET day» repeats; write each of its days"]


def _local_is_utc() -> bool:
    return datetime(2027, 4, 12, 23, tzinfo=UTC).astimezone().day == 12


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 a spreadsheet",
        b"\x00\x01\x02",
        b"name,start,end\n" + b"x" * 1_100_000,
        b"a,b\n1,2\n",
        NAMES.encode() + b"Autumn term,2026-09-01,2027-09-01\n",
        NAMES.encode() + b"Autumn term,2026-12-01,2026-09-01\n",
        NAMES.encode() + b"Autumn term,12 Sep,18 Dec\n",
        b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 5000,
        b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 3000 + b"END:VCALENDAR\n",
        b"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Autumn term\nDTSTART:99999999\nEND:VEVENT\nEND:VCALENDAR\n",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Closed\nDTSTART;VALUE=DATE:20260901\nDURATION:P99999999W\nEND:VEVENT\n"
        b"END:VCALENDAR\n",
        b"BEGIN:VCALENDAR\n" + b"\n" * 30_000,
    ],
)
def test_a_hostile_file_is_refused_whole(data: bytes) -> None:
    with pytest.raises(Refused):
        read_dates(data)


def test_a_file_moves_the_reviews_and_stands_in_the_record(vault: Vault) -> None:
    vault.clock = lambda: datetime(2026, 10, 12, 9, tzinfo=UTC)
    child = add_child(vault)
    plan = reviewing.set_status(vault, child, "child_protection")
    assert plan.due == date(2026, 10, 19)
    with pytest.raises(Refused):
        calendars.import_calendar(vault, b"nothing of the kind")
    assert shown(vault, date(2026, 11, 20)).assumed
    before = calendars.import_calendar(vault, CSV, dry_run=True)
    assert (before.terms, before.closures, before.moved, before.dry_run) == (2, 2, 0, True)
    assert reviews.plan(vault, child).due == date(2026, 10, 19)
    report = calendars.import_calendar(vault, CSV)
    assert (report.terms, report.closures, report.replaced, report.moved) == (2, 2, 0, 1)
    moved = reviews.plan(vault, child)
    assert moved.due == date(2026, 10, 16)
    assert "in a holiday" in moved.reason
    assert [row.overdue_school_days for row in reviews.due(vault, date(2026, 11, 3))] == [2]
    again = calendars.import_calendar(vault, CSV)
    assert (again.replaced, again.moved) == (4, 0)
    found = shown(vault, date(2026, 11, 20))
    assert not found.assumed
    assert [row.name for row in found.rows if row.kind == "term" and row.own] == [
        "Autumn term 2026",
        "Spring term 2027",
    ]
    later = shown(vault, date(2027, 5, 4))
    assert later.assumed
    assert "the days of «Summer 2027» are assumed" in later.source
    assert vault.verify(rebuild=True).ok


def test_a_closure_by_hand_and_another_nation(vault: Vault) -> None:
    vault.clock = lambda: datetime(2026, 11, 20, 9, tzinfo=UTC)
    child = add_child(vault)
    reviewing.set_status(vault, child, "child_protection")
    assert calendars.add_closure(vault, "Snow", date(2026, 11, 27), date(2026, 11, 27)).moved == 1
    assert reviews.plan(vault, child).due == date(2026, 11, 26)
    with pytest.raises(Refused, match="closed on some of these days already"):
        calendars.add_closure(vault, "Snow", date(2026, 11, 26), date(2026, 11, 27))
    assert calendars.remove(vault, date(2026, 11, 27), date(2026, 11, 27)).moved == 1
    with pytest.raises(Refused, match="exactly these days"):
        calendars.remove(vault, date(2026, 11, 27), date(2026, 11, 27))
    assert vault.calendar().is_school_day(date(2026, 11, 30))
    calendars.set_nation(vault, "scotland")
    assert not vault.calendar().is_school_day(date(2026, 11, 30))  # St Andrew's Day
    found = shown(vault, date(2026, 11, 20))
    assert found.source.startswith("Assumed term dates: every council in Scotland sets its own")
    assert "are England's: confirm" in found.borrowed
    assert not vault.calendar().is_school_day(date(2026, 10, 12))
    calendars.set_nation(vault, "england")
    assert shown(vault, date(2026, 11, 20)).borrowed == ""


def test_an_event_without_a_day_is_named_and_the_others_are_read():
    event = b"BEGIN:VEVENT\nSUMMARY:%b\n%bEND:VEVENT\n"
    whole = event % (b"Autumn term 2026", b"DTSTART;VALUE=DATE:20260902\nDTEND;VALUE=DATE:20261217\n")
    spoilt = event % (b"Fair", b"") + event % (b"Play", b"DTSTART:202609\nDTEND:202609\n")
    found = read_dates(b"BEGIN:VCALENDAR\nVERSION:2.0\n" + spoilt + whole + b"END:VCALENDAR\n")
    assert [term.name for term in found.terms] == ["Autumn term 2026"]
    assert ["Fair" in found.skipped[0][1], "Play" in found.skipped[1][1]] == [True, True]
