"""Dates as people write them (R-78). Local wall time has no zone, so these moments have none."""

# ruff: noqa: DTZ001

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from practice.dates import (
    WHEN_LIMIT,
    Occurred,
    day_words,
    in_words,
    note_beside,
    parse_when,
    sort_key,
    stated_day,
    time_words,
)
from practice.text import tidy
from practice.vocabulary import Precision

NOW = datetime(2026, 11, 21, 16, 40)  # a Saturday

POINTS = [
    ("today", "2026-11-21"),
    ("Yesterday", "2026-11-20"),
    ("the day before yesterday", "2026-11-19"),
    ("yesterday 14:30", "2026-11-20T14:30"),
    ("14:30 yesterday", "2026-11-20T14:30"),
    ("yesterday at 2.30pm", "2026-11-20T14:30"),
    ("yesterday afternoon 2:30", "2026-11-20T14:30"),
    ("last Tuesday", "2026-11-17"),
    ("Monday", "2026-11-16"),
    ("on Weds", "2026-11-18"),
    ("last saturday", "2026-11-14"),
    ("Sat", "2026-11-21"),
    ("Monday 9am", "2026-11-16T09:00"),
    ("10:15", "2026-11-21T10:15"),
    ("14.30", "2026-11-21T14:30"),
    ("10.15", "2026-11-21T10:15"),
    ("9.10", "2026-11-21T09:10"),
    ("21.11", "2026-11-21"),
    ("3pm", "2026-11-21T15:00"),
    ("12am", "2026-11-21T00:00"),
    ("12 pm", "2026-11-21T12:00"),
    ("noon", "2026-11-21T12:00"),
    ("1430", "2026-11-21T14:30"),
    ("0905hrs", "2026-11-21T09:05"),
    ("3 o'clock yesterday", "2026-11-20T15:00"),
    ("now", "2026-11-21T16:40"),
    ("half past 2", "2026-11-21T14:30"),
    ("quarter to 9 yesterday", "2026-11-20T08:45"),
    ("quarter past 10am on Friday", "2026-11-20T10:15"),
    ("the 17th", "2026-11-17"),
    ("31st", "2026-10-31"),
    ("Tuesday last week", "2026-11-10"),
    ("17/11 12 pm", "2026-11-17T12:00"),
    ("21/11/2026", "2026-11-21"),
    ("1/2/2026", "2026-02-01"),
    ("21.11.26", "2026-11-21"),
    ("21-11-2026", "2026-11-21"),
    ("21 11 2026", "2026-11-21"),
    ("22.09/25", "2025-09-22"),
    ("21/11 2026", "2026-11-21"),
    ("21/11/98", "1998-11-21"),
    ("21/11", "2026-11-21"),
    ("22/11", "2025-11-22"),
    ("21/11/2026 09:05", "2026-11-21T09:05"),
    ("09:05 on 21/11/2026", "2026-11-21T09:05"),
    ("2026-11-21", "2026-11-21"),
    ("2026-11-21 09:05", "2026-11-21T09:05"),
    ("2026-11-21T09:05", "2026-11-21T09:05"),
    ("2026-11-21 09:05:59", "2026-11-21T09:05"),
    ("21 Nov 2026", "2026-11-21"),
    ("21 Nov 2026, 14:30", "2026-11-21T14:30"),
    ("Sat 21 Nov", "2026-11-21"),
    ("Sat. 21 Nov. 2026", "2026-11-21"),
    ("21st November", "2026-11-21"),
    ("the 21st of November 2026", "2026-11-21"),
    ("November 21, 2026", "2026-11-21"),
    ("21 nov 26", "2026-11-21"),
    ("22 Nov", "2025-11-22"),
    ("20-Nov-26", "2026-11-20"),
    ("20/Nov/2026 09:15", "2026-11-20T09:15"),
    ("29 Feb", "2024-02-29"),
    ("3 days ago", "2026-11-18"),
    ("\t 21 Nov 2026. ", "2026-11-21"),
    ("２１/１１/２０２６", "2026-11-21"),
]
SPANS = [
    ("this morning", "2026-11-21T06:00", "2026-11-21T12:00"),
    ("this afternoon", "2026-11-21T12:00", "2026-11-21T16:40"),
    ("Monday morning", "2026-11-16T06:00", "2026-11-16T12:00"),
    ("the morning of 3 Oct 2025", "2025-10-03T06:00", "2025-10-03T12:00"),
    ("Friday pm", "2026-11-20T12:00", "2026-11-20T18:00"),
    ("16 Nov am", "2026-11-16T06:00", "2026-11-16T12:00"),
    ("at the weekend", "2026-11-21", "2026-11-22"),
    ("last weekend", "2026-11-14", "2026-11-15"),
    ("16 Nov 10-11am", "2026-11-16T10:00", "2026-11-16T11:00"),
    ("16 & 17 November", "2026-11-16", "2026-11-17"),
    ("early hours of Sunday", "2026-11-15T00:00", "2026-11-15T06:00"),
    ("last night", "2026-11-20T18:00", "2026-11-20T23:59"),
    ("w/c 6 October 2025", "2025-10-06", "2025-10-12"),
    ("week commencing 06/10/25", "2025-10-06", "2025-10-12"),
    ("last week", "2026-11-09", "2026-11-15"),
    ("Oct 2025", "2025-10-01", "2025-10-31"),
    ("10/2025", "2025-10-01", "2025-10-31"),
    ("2025-10", "2025-10-01", "2025-10-31"),
    ("February 2024", "2024-02-01", "2024-02-29"),
    ("December", "2025-12-01", "2025-12-31"),
    ("2019", "2019-01-01", "2019-12-31"),
    ("2019-2021", "2019-01-01", "2021-12-31"),
    ("2025/26", "2025-09-01", "2026-08-31"),
    ("3-5 October 2025", "2025-10-03", "2025-10-05"),
    ("3–5 October 2025", "2025-10-03", "2025-10-05"),
    ("3-5/10/2025", "2025-10-03", "2025-10-05"),
    ("3/10/2025 - 5/10/2025", "2025-10-03", "2025-10-05"),
    ("between 3 Oct and 5 Oct 2025", "2025-10-03", "2025-10-05"),
    ("from 3rd to 5th October 2025", "2025-10-03", "2025-10-05"),
    ("28 Dec to 3 Jan 2026", "2025-12-28", "2026-01-03"),
    ("Monday to Wednesday", "2026-11-16", "2026-11-18"),
    ("Oct-Nov 2025", "2025-10-01", "2025-11-30"),
    ("yesterday 14:00-14:30", "2026-11-20T14:00", "2026-11-20T14:30"),
    ("between 9 and 10am", "2026-11-21T09:00", "2026-11-21T10:00"),
    ("10:15 to 10:45 yesterday", "2026-11-20T10:15", "2026-11-20T10:45"),
    ("autumn term 2025", "2025-09-01", "2025-12-31"),
    ("spring term 2025/26", "2026-01-01", "2026-04-30"),
    ("since September", "2026-09-01", "2026-11-21"),
]
APPROXIMATE = [
    ("?22 May 2016", "2016-05-22", "2016-05-22"),
    ("22 May 2016?", "2016-05-22", "2016-05-22"),
    ("c. March 2024", "2024-03-01", "2024-03-31"),
    ("about 3 weeks ago", "2026-10-31", "2026-10-31"),
    ("a couple of weeks ago", "2026-11-07", "2026-11-07"),
    ("2 months ago", "2026-09-21", "2026-09-21"),
    ("around 3pm yesterday", "2026-11-20T15:00", "2026-11-20T15:00"),
    ("20th Nov at about 2pm", "2026-11-20T14:00", "2026-11-20T14:00"),
    ("2 hours ago", "2026-11-21T14:40", "2026-11-21T14:40"),
    ("mid October 2025", "2025-10-11", "2025-10-20"),
    ("circa 2019", "2019-01-01", "2019-12-31"),
]
HOSTILE = [
    "during lunch",
    "She said [he hit me] [Yr 9] [red]x[/red]",
    "Monday or Tuesday",
    "not Monday",
    "45th",
    "Christmas",
    "when she was 4",
    "31/02/2026",
    "29/02/2026",
    "11/21/2026",
    "0/0/0",
    "99/99/9999",
    "21/11/0001",
    "25:61",
    "5 October to 3 October 2025 to 2 October",
    "w/c w/c w/c 6 October 2025",
    "\x00\x1b[2J21 Nov\u202e2026",
    "between and",
    "-",
    "? ? ?",
    "999 years ago",
    "=HYPERLINK(1)",
    "'; drop table entries; --",
    "٢١/١١/٢٠٢٦",
    "²¹/¹¹/x",
    "lone \udcff surrogate",
]


@pytest.mark.parametrize(("text", "start"), POINTS)
def test_a_day_or_a_moment_is_read(text: str, start: str) -> None:
    found = parse_when(text, NOW)
    assert (found.start, found.end) == (start, start)
    assert found.precision is (Precision.EXACT if "T" in start else Precision.DAY)
    assert found.text == text.strip()


@pytest.mark.parametrize(("text", "start", "end"), SPANS)
def test_a_period_is_read(text: str, start: str, end: str) -> None:
    found = parse_when(text, NOW)
    assert (found.start, found.end, found.precision) == (start, end, Precision.RANGE)


@pytest.mark.parametrize(("text", "start", "end"), APPROXIMATE)
def test_an_uncertain_date_stays_uncertain(text: str, start: str, end: str) -> None:
    found = parse_when(text, NOW)
    assert (found.start, found.end, found.precision) == (start, end, Precision.APPROXIMATE)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_cannot_be_read_is_kept_with_a_question(text: str) -> None:
    found = parse_when(text, NOW)
    assert (found.start, found.end, found.precision) == (None, None, Precision.UNKNOWN)
    assert found.text == tidy(text).strip()
    assert found.note.endswith("?") or "When was this?" in found.note
    assert "\x1b" not in in_words(found)
    assert "\u202e" not in in_words(found)


def test_nothing_written_means_now() -> None:
    assert parse_when("  \n", NOW) == Occurred(
        text="", start="2026-11-21T16:40", end="2026-11-21T16:40", precision=Precision.EXACT
    )


def test_five_thousand_characters_are_cut_and_said_so() -> None:
    found = parse_when("21/11/2026 " * 500, NOW)
    assert len(found.text) == WHEN_LIMIT
    assert found.precision is Precision.UNKNOWN
    assert "200" in found.note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22.09/25", "Repaired: read as Mon 22 Sep 2025."),
        ("11/21/2026", "did you mean Sat 21 Nov 2026?"),
        ("31/02/2026", "There is no 31 Feb 2026"),
        ("autumn term 2025", "September to December 2025"),
        ("last Tuesday", "Read as Tue 17 Nov 2026."),
        ("Sun 21 Nov 2026", "is not a Sun"),
        ("22/11/2026", "in the future"),
        ("tomorrow", "in the future"),
        ("18:00", "in the future"),
        ("at 2:30", "did you mean 14:30?"),
        ("9.10", "for a day, write 9/10"),
        ("21.11", "for a time, write 21:11"),
        ("w/c 7 October 2025", "not a Monday"),
        ("Friday lunchtime", "your own words"),
        ("Oct 25", "Read as the month"),
        ("16 & 17 November", "the time between them"),
        ("the 17th", "Read as Tue 17 Nov 2026."),
        ("quarter to 3", "Read as 14:45."),
    ],
)
def test_what_was_repaired_or_assumed_is_said(text: str, words: str) -> None:
    assert words in parse_when(text, NOW).note


@pytest.mark.parametrize("text", ["today", "21/11/2026", "yesterday 14:30", "w/c 6 October 2025", "16:40"])
def test_a_plain_date_needs_no_note(text: str) -> None:
    assert parse_when(text, NOW).note == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("21/11/2026 14:30", "Sat 21 Nov 2026, 14:30"),
        ("21/11/2026", "Sat 21 Nov 2026"),
        ("?22 May 2016", "about 22 May 2016"),
        ("w/c 6 October 2025", "week of Mon 6 Oct 2025"),
        ("Oct 2025", "Oct 2025"),
        ("2019", "2019"),
        ("3-5 Oct 2025", "Fri 3 Oct 2025 to Sun 5 Oct 2025"),
        ("during lunch", "not known: «during lunch»"),
        ("c. March 2024", "about Mar 2024"),
    ],
)
def test_in_words(text: str, words: str) -> None:
    assert in_words(parse_when(text, NOW)) == words


def test_a_note_does_not_say_again_what_the_words_say() -> None:
    found = parse_when("last Tuesday at 14:30", NOW)
    assert found.note == f"Read as {in_words(found).partition(',')[0]}."
    assert note_beside(found) == ""
    assert note_beside(parse_when("3:30", NOW)), "what the words leave open is said"


def test_words_for_the_screen_do_not_depend_on_the_locale() -> None:
    assert day_words(date(2026, 11, 21)) == "Sat 21 Nov 2026"
    assert time_words(NOW) == "16:40"


def test_entries_sort_by_event_then_by_recording() -> None:
    early, late = datetime(2026, 11, 21, 9, 0, tzinfo=UTC), datetime(2026, 11, 21, 9, 0, 0, 1, tzinfo=UTC)
    written = ["Oct 2025", "1 Oct 2025 11:59", "?1 Oct 2025", "1 Oct 2025 12:01", "w/c 6 Oct 2025", "6 Oct 2025"]
    keys = [sort_key(parse_when(text, NOW), early) for text in written]
    assert keys == sorted(keys)
    assert sort_key(parse_when("1 Oct 2025", NOW), early) < sort_key(parse_when("1 Oct 2025", NOW), late)
    assert sort_key(parse_when("during lunch", NOW), early).startswith("2026-11-21T09:00|")
    assert len({len(key) for key in keys}) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "2026-11-22", "end": "2026-11-21", "precision": "range"},
        {"start": "2026-11-22", "end": "2026-11-22T10:00", "precision": "range"},
        {"start": "22/11/2026", "precision": "day"},
        {"start": "2026-11-22T10:00Z", "precision": "exact"},
        {"start": "2026-11-22", "precision": "exact"},
        {"end": "2026-11-22", "precision": "unknown"},
        {"precision": "day"},
        {"start": "2026-11-22", "precision": "unknown"},
        {"precision": "unknown", "text": "x" * 201},
    ],
)
def test_a_partner_cannot_send_a_broken_date(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Occurred.model_validate({"text": "x"} | fields)


PIECES = """today last monday between and to - from 3 5th 31 10:15 3pm about ? w/c oct 2025 term autumn ago weeks
a morning the of 12/10 2026-02-30 / . , at on since c. night feb 29"""
WORDS = st.lists(st.sampled_from(PIECES.split()), max_size=8).map(" ".join)


@given(st.one_of(st.text(max_size=300), WORDS), st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))
@example("a year ago", datetime(2024, 2, 29))
@example("last month", datetime(2026, 3, 31))
def test_reading_never_fails_and_never_loses_the_words(text: str, now: datetime) -> None:
    found = parse_when(text, now)
    assert found.text == tidy(text).strip()[:WHEN_LIMIT]
    assert (found.start is None) == (found.precision is Precision.UNKNOWN)
    if found.start:
        assert found.start <= found.end
    else:
        assert found.note
    assert Occurred.model_validate_json(found.model_dump_json()) == found
    assert len(sort_key(found, now)) == 43
    assert in_words(found)


SPELLINGS = [
    "{d}/{m}/{y}",
    "{d:02}/{m:02}/{y}",
    "{d}.{m}.{y}",
    "{d}-{m}-{y}",
    "{y}-{m:02}-{d:02}",
    "{d} {mon} {y}",
    "{d} {month} {y}",
    "{wd} {d} {mon} {y}",
    "{mon} {d}, {y}",
    "{d}/{m}/{yy:02}",
    "{d}.{m}/{y}",
]
DAYS = st.dates(date(2000, 1, 1), date(2026, 11, 21))


@given(DAYS, st.sampled_from(SPELLINGS), st.one_of(st.none(), st.times()))
def test_every_spelling_of_a_day_comes_back(day: date, spelling: str, clock: object) -> None:
    text = spelling.format(
        d=day.day,
        m=day.month,
        y=day.year,
        yy=day.year % 100,
        mon=f"{day:%b}",
        month=f"{day:%B}",
        wd=f"{day:%a}",
    )
    found = parse_when(text if clock is None else f"{text} {clock:%H:%M}", NOW)
    assert found.start == (day.isoformat() if clock is None else f"{day}T{clock:%H:%M}")
    assert found.start == found.end


@given(
    DAYS, st.integers(0, 400), st.sampled_from(["{a} to {b}", "{a} - {b}", "between {a} and {b}", "from {a} until {b}"])
)
def test_every_spelling_of_a_period_comes_back(first: date, length: int, shape: str) -> None:
    last = first + timedelta(days=length)
    found = parse_when(shape.format(a=day_words(first), b=f"{last:%d/%m/%Y}"), NOW)
    assert (found.start, found.end) == (first.isoformat(), last.isoformat())


@given(st.sampled_from([row[0] for row in [*POINTS, *SPANS, *APPROXIMATE]]))
def test_what_is_shown_reads_back_the_same(text: str) -> None:
    found = parse_when(text, NOW)
    again = parse_when(in_words(found), NOW)
    assert (again.start, again.end, again.precision) == (found.start, found.end, found.precision)


def test_a_day_that_somebody_sent_is_in_words_or_as_it_came():
    assert stated_day("2014-05-03") == "Sat 3 May 2014"
    assert stated_day("in spring") == "«in spring»"
