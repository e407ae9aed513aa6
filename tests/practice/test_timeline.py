"""The time line: density, gaps that know the holidays, clusters, and agencies by mark and name (R-76)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from practice.calendars import SchoolCalendar, Term
from practice.timeline import BARS, columns, picture, said, timeline

TERMS = (
    Term(start=date(2026, 1, 5), end=date(2026, 3, 27)),
    Term(start=date(2026, 4, 13), end=date(2026, 7, 21)),
    Term(start=date(2026, 9, 1), end=date(2026, 12, 18)),
)
CALENDAR = SchoolCalendar(terms=TERMS)
SCHOOL, POLICE = "this organisation", "Northshire Police"


def of(*days, source=SCHOOL):
    return [(date.fromisoformat(day), source, 1) for day in days]


def test_a_gap_counts_school_weeks_and_not_the_summer():
    over_summer = timeline(of("2026-07-17", "2026-09-18"), CALENDAR)
    assert over_summer.gaps == (), "two school weeks are no gap, however long the holiday"
    in_term = timeline(of("2026-04-20", "2026-06-15"), CALENDAR)
    assert [(span.start, span.end, span.count, span.holidays) for span in in_term.gaps] == [
        (date(2026, 4, 21), date(2026, 6, 14), 7, False)
    ]
    both = timeline(of("2026-06-12", "2026-10-01"), CALENDAR)
    assert both.gaps[0].holidays
    assert "school weeks without an entry, holidays not counted." in said(both)[0]


def test_a_cluster_is_three_within_a_week_and_touching_ones_are_one():
    apart = timeline(of("2026-03-02", "2026-03-05", "2026-03-09"), CALENDAR)
    assert apart.clusters == (), "the third is on the eighth day"
    close = timeline(of("2026-03-02", "2026-03-05", "2026-03-08", "2026-03-10", "2026-05-01"), CALENDAR)
    assert [(span.start, span.end, span.count) for span in close.clusters] == [(date(2026, 3, 2), date(2026, 3, 10), 4)]


def test_each_agency_has_a_mark_and_a_name_the_commonest_first():
    line = timeline([*of("2026-03-02", "2026-03-03"), *of("2026-03-10", source=POLICE), (None, POLICE, 1)], CALENDAR)
    assert line.agencies == (("●", SCHOOL, 2), ("■", POLICE, 2))
    assert (line.undated, line.entries) == (1, 4)
    drawn = picture(line, 120)
    assert drawn[-1].startswith(POLICE)
    assert drawn[-1].endswith(" ■")
    assert said(line)[0] == "4 entries, 1 not dated."
    assert "■ Northshire Police: 2 entries." in said(line)


def test_the_picture_marks_holidays_gaps_and_the_fullest_week():
    line = timeline(of("2026-03-20", "2026-03-21", "2026-04-16", "2026-04-20", "2026-06-29"), CALENDAR)
    rows = {row.split("  ")[0].strip(): row[12:] for row in picture(line, 80)}
    assert rows["most 2"][0] == "█"
    assert rows["school"][:5] == "..~~."
    assert "=" in rows["school"]
    assert picture(timeline([], CALENDAR), 80) == ["No entry here has a date, so there is no time line."]


days = st.lists(st.integers(0, 3000).map(lambda at: date(2019, 1, 1) + timedelta(days=at)), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(days, st.integers(30, 99))
def test_no_entry_is_lost_and_the_picture_fits(found, width):
    line = timeline([(day, SCHOOL, 1) for day in found], CALENDAR)
    assert sum(week.count for week in line.weeks) == len(found)
    shown = columns(line, width)
    assert sum(column.count for column in shown) == len(found)
    assert len(shown) <= width
    rows = picture(line, width)
    assert all(len(row) <= max(width, 22) + 8 for row in rows)
    assert sum(bar in BARS[1:] for bar in rows[1][12:]) == sum(column.count > 0 for column in columns(line, width - 12))
