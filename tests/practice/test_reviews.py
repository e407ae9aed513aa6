"""When a review is due (R-80)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.calendars import SchoolCalendar, calendar_for
from practice.reviews import cadence, next_review, overdue_school_days
from practice.vocabulary import ReviewEvery, ReviewStatus

CALENDAR = calendar_for(bank_holidays=[date(2026, 12, 25), date(2026, 12, 28), date(2027, 5, 3)])
EVERY_DAY = {"7d": 7, "14d": 14, "half_termly": 42, "termly": 91, "yearly": 366}


@pytest.mark.parametrize(
    ("status", "every"),
    [
        ("child_protection", "7d"),
        ("referral_open", "7d"),
        ("child_in_need", "14d"),
        ("challenge_open", "14d"),
        ("early_help", "half_termly"),
        ("watching", "half_termly"),
        ("open", "termly"),
        ("closed_held", "yearly"),
        ("a status of a later edition", "termly"),
    ],
)
def test_each_status_has_its_default(status: str, every: str) -> None:
    assert cadence(status) == every
    assert cadence(status, "nonsense") == every
    assert cadence(status, "14d") == "14d"


def test_in_term_it_is_due_after_the_interval() -> None:
    found = next_review("child_protection", "", date(2026, 11, 18), CALENDAR)
    assert (found.due, found.moved_from, found.holiday_plan) == (date(2026, 11, 25), None, False)
    assert found.reason == "Seven days after Wed 18 Nov 2026."


def test_in_a_holiday_it_moves_earlier() -> None:
    found = next_review("child_protection", "", date(2026, 10, 20), CALENDAR)
    assert (found.due, found.moved_from) == (date(2026, 10, 23), date(2026, 10, 27))
    assert not found.holiday_plan
    assert "in a holiday" in found.reason
    assert "last school day before" in found.reason


def test_when_earlier_is_not_after_the_last_review_it_waits_for_the_first_day_back() -> None:
    found = next_review("child_protection", "", date(2026, 12, 18), CALENDAR)
    assert (found.due, found.moved_from, found.holiday_plan) == (date(2027, 1, 4), date(2026, 12, 25), True)
    assert "holiday plan" in found.reason


def test_a_weekend_moves_to_the_friday() -> None:
    found = next_review("child_in_need", "", date(2026, 11, 21), CALENDAR)
    assert (found.due, found.moved_from) == (date(2026, 12, 4), date(2026, 12, 5))
    assert "not a school day" in found.reason


@pytest.mark.parametrize(
    ("last", "target"),
    [
        (date(2027, 3, 1), date(2028, 3, 1)),  # across 29 February 2028
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2026, 11, 20), date(2027, 11, 20)),
    ],
)
def test_a_year_is_the_same_day_across_leap_days(last: date, target: date) -> None:
    found = next_review("closed_held", "", last, CALENDAR)
    assert (found.moved_from or found.due) == target


def test_overdue_counts_school_days_only() -> None:
    assert overdue_school_days(date(2026, 11, 20), date(2026, 11, 20), CALENDAR) == 0
    assert overdue_school_days(date(2026, 11, 20), date(2026, 11, 22), CALENDAR) == 0
    assert overdue_school_days(date(2026, 11, 20), date(2026, 11, 24), CALENDAR) == 2
    assert overdue_school_days(date(2026, 12, 17), date(2027, 1, 5), CALENDAR) == 3


@pytest.mark.parametrize("last", [date.max, date(1, 1, 1)])
def test_a_date_at_the_edge_of_time_does_not_break_the_list(last: date) -> None:
    assert next_review("open", "", last, CALENDAR).due


@given(
    st.sampled_from(list(ReviewStatus)),
    st.sampled_from(["", *ReviewEvery]),
    st.dates(date(2025, 9, 1), date(2028, 7, 1)),
    st.sampled_from([CALENDAR, SchoolCalendar()]),
)
def test_never_later_than_the_interval_unless_on_the_holiday_plan(
    status: str, every: str, last: date, calendar: SchoolCalendar
) -> None:
    found = next_review(status, every, last, calendar)
    limit = last + timedelta(days=EVERY_DAY[cadence(status, every)])
    assert found.due > last
    assert calendar.is_school_day(found.due)
    assert found.holiday_plan == (found.due > (found.moved_from or found.due))
    if not found.holiday_plan:
        assert found.due <= limit
        assert calendar.school_days_between(found.due, found.moved_from or found.due) <= 9
    else:
        assert calendar.school_days_between(last, found.due) == 1
    assert found.reason.endswith(".")
    assert found.reason.count(". ") == 0
