"""What a line of a school's published dates means, and the clocks that no holiday moves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.calendars import calendar_for
from practice.clocks import add_working_days, statutory_due, working_days_before
from practice.errors import Refused
from practice.reviews import next_review
from practice.term_words import DatedLine, assemble, meaning
from storage.calendars import bank_holidays

BANK = bank_holidays(2021, 2031)
CALENDAR = calendar_for(bank_holidays=BANK)


@pytest.mark.parametrize(
    ("name", "days", "means"),
    [
        ("Autumn Term 2026", 100, "term"),
        ("Autumn Half Term", 4, "closure"),
        ("October half-term holiday", 4, "closure"),
        ("INSET day", 0, "closure"),
        ("Staff training", 0, "closure"),
        ("Spring term starts", 0, "begins"),
        ("Term ends", 0, "ends"),
        ("First day of Autumn Term", 0, "begins"),
        ("Last day of Summer Term", 0, "ends"),
        ("Summer holidays", 40, "closure"),
        ("Sports day", 0, ""),
    ],
)
def test_what_a_line_means(name: str, days: int, means: str) -> None:
    start = date(2026, 9, 1)
    assert meaning(name, start, start + timedelta(days=days)) == means


def test_a_term_of_two_lines_is_one_term_and_what_is_not_understood_is_named() -> None:
    found = assemble(
        [
            DatedLine(1, "Autumn term starts", date(2026, 9, 2), date(2026, 9, 2)),
            DatedLine(2, "Sports day", date(2026, 9, 9), date(2026, 9, 9)),
            DatedLine(3, "Autumn term ends", date(2026, 12, 17), date(2026, 12, 17)),
            DatedLine(4, "Spring term starts", date(2027, 1, 5), date(2027, 1, 5)),
        ]
    )
    assert [(term.name, term.start, term.end) for term in found.terms] == [
        ("Autumn term", date(2026, 9, 2), date(2026, 12, 17))
    ]
    assert [line for line, _ in found.skipped] == [2, 4]
    assert "whose end is not in the file" in found.skipped[1][1]


def test_terms_that_overlap_or_run_for_a_year_are_refused() -> None:
    long = DatedLine(1, "Autumn term", date(2026, 9, 1), date(2027, 12, 17))
    with pytest.raises(Refused, match="Nothing was changed"):
        assemble([long])
    first = DatedLine(1, "Autumn term", date(2026, 9, 1), date(2026, 12, 17))
    with pytest.raises(Refused, match="overlap"):
        assemble([first, DatedLine(2, "Spring term", date(2026, 12, 10), date(2027, 3, 1))])


def test_statutory_clocks_run_through_school_holidays() -> None:
    found = statutory_due("initial_conference", date(2026, 12, 14), BANK)
    assert found.due == date(2027, 1, 7)  # fifteen working days, with three bank holidays between
    assert "school holidays do not move it" in found.reason
    assert statutory_due("core_group", date(2026, 8, 24), BANK).due == date(2026, 9, 8)
    assert statutory_due("first_review_conference", date(2027, 11, 30), BANK).due == date(2028, 2, 29)
    assert statutory_due("review_conference", date(2026, 8, 31), BANK).due == date(2027, 2, 28)
    assert working_days_before(date(2026, 12, 29), 2, BANK) == date(2026, 12, 23)


@given(st.dates(date(2024, 1, 1), date(2029, 1, 1)), st.integers(1, 20))
def test_working_days_are_counted_one_by_one(start: date, days: int) -> None:
    due = add_working_days(start, days, BANK)
    between = [start + timedelta(days=step) for step in range(1, (due - start).days + 1)]
    assert sum(day.weekday() < 5 and day not in BANK for day in between) == days
    assert due.weekday() < 5


@pytest.mark.parametrize(
    ("status", "last", "due", "moved"),
    [
        ("child_protection", date(2026, 10, 20), date(2026, 10, 23), True),  # half-term
        ("child_in_need", date(2026, 10, 19), date(2026, 11, 2), False),  # the clocks went back between
        ("child_in_need", date(2027, 3, 22), date(2027, 3, 24), True),  # Easter: brought forward
        ("child_protection", date(2028, 2, 22), date(2028, 2, 29), False),  # a leap day
        ("closed_held", date(2024, 2, 29), date(2025, 2, 28), False),
        ("child_protection", date(2027, 7, 20), date(2027, 7, 21), True),  # the last day of the summer term
    ],
)
def test_a_review_is_due_on_the_exact_day(status: str, last: date, due: date, moved: bool) -> None:
    found = next_review(status, "", last, CALENDAR, child="a")
    assert found.due == due
    assert (found.moved_from is not None) == moved


def test_a_review_before_the_summer_waits_on_the_holiday_plan() -> None:
    found = next_review("child_protection", "", date(2027, 7, 21), CALENDAR)
    assert (found.due, found.holiday_plan) == (date(2027, 9, 1), True)


def test_what_a_holiday_brings_forward_is_spread_by_status_the_gravest_last() -> None:
    days: dict[str, set[int]] = {}
    for status in ("child_in_need", "watching", "open"):
        for number in range(60):
            last = date(2027, 8, 2) - timedelta(days={"child_in_need": 14, "watching": 42, "open": 91}[status])
            found = next_review(status, "", last, CALENDAR, child=f"child-{number}")
            assert found.moved_from == date(2027, 8, 2)
            days.setdefault(status, set()).add(CALENDAR.school_days_between(found.due, date(2027, 7, 21)) + 1)
    assert days["watching"] == {5, 6, 7}
    assert days["open"] == {7, 8, 9, 10}
    assert max(days["child_in_need"]) < min(days["watching"]) <= min(days["open"])


def test_a_long_weekend_is_no_holiday() -> None:
    assert CALENDAR.holiday_around(date(2027, 5, 3)) is None  # a bank holiday on a Monday
    assert CALENDAR.holiday_around(date(2026, 10, 28)) == (date(2026, 10, 24), date(2026, 11, 1))
    assert CALENDAR.next_holiday(date(2026, 11, 22)) == (date(2026, 12, 19), date(2027, 1, 3))
    assert CALENDAR.school_day_back(date(2026, 12, 19), 10) == date(2026, 12, 7)
