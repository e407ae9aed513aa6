"""Which days are school days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from practice.calendars import Closure, SchoolCalendar, Term, calendar_for
from practice.errors import Refused
from practice.profile import NATIONS, profile

BANK = [date(2026, 8, 31), date(2026, 12, 25), date(2026, 12, 28), date(2027, 5, 3), date(2026, 5, 4)]
ASSUMED = calendar_for(bank_holidays=BANK)


@pytest.mark.parametrize(
    ("day", "open_to_children"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 10, 26), False),  # half-term
        (date(2026, 10, 30), False),
        (date(2026, 11, 2), True),
        (date(2026, 12, 18), True),
        (date(2026, 12, 21), False),
        (date(2027, 1, 4), True),
        (date(2027, 5, 3), False),  # a bank holiday in term
        (date(2026, 8, 12), False),
        (date(2031, 8, 12), True),  # beyond the known terms a weekday counts
        (date(2031, 8, 16), False),
    ],
)
def test_the_assumed_calendar_knows_school_days(day: date, open_to_children: bool) -> None:
    assert ASSUMED.is_school_day(day) is open_to_children


@pytest.mark.parametrize("nation", NATIONS)
def test_every_nation_has_assumed_terms_with_their_source_and_the_schools_own_come_first(nation: str) -> None:
    found = calendar_for(nation=nation)
    assert "confirm, or import yours" in found.source.lower()
    for one, other in pairwise(found.terms):
        assert one.end < other.start
    assert all(any(term.start <= each.start <= each.end <= term.end for term in found.terms) for each in found.closures)
    own = [Term(name="Ours", start=date(2026, 8, 17), end=date(2026, 12, 1))]
    mine = calendar_for(own, nation=nation)
    assert mine.source == ""
    assert not mine.is_school_day(date(2026, 12, 14))
    assert mine.terms[0] != mine.terms[-1]


def test_a_weekend_in_term_is_not_a_holiday_but_half_term_is() -> None:
    assert not ASSUMED.is_holiday(date(2026, 11, 21))
    assert ASSUMED.is_holiday(date(2026, 10, 28))
    assert ASSUMED.is_holiday(date(2026, 12, 26))
    assert ASSUMED.is_holiday(date(2027, 5, 3))


def test_school_days_are_counted_after_the_first_and_up_to_the_last() -> None:
    assert ASSUMED.school_days_between(date(2026, 11, 20), date(2026, 11, 20)) == 0
    assert ASSUMED.school_days_between(date(2026, 11, 20), date(2026, 11, 23)) == 1
    assert ASSUMED.school_days_between(date(2026, 10, 23), date(2026, 11, 3)) == 2
    assert ASSUMED.school_days_between(date(2026, 11, 23), date(2026, 11, 20)) == 0


def test_the_nearest_school_days_are_found_across_a_holiday() -> None:
    assert ASSUMED.last_school_day_before(date(2027, 1, 4)) == date(2026, 12, 18)
    assert ASSUMED.first_school_day_from(date(2026, 12, 19)) == date(2027, 1, 4)
    assert ASSUMED.first_school_day_from(date(2026, 12, 18)) == date(2026, 12, 18)


def test_assumed_dates_say_so_and_a_school_s_own_do_not() -> None:
    assert "confirm" in ASSUMED.source
    assert profile().terms_source.edition in ASSUMED.source
    own = calendar_for([Term(name="Autumn", start=date(2026, 9, 3), end=date(2026, 12, 16))], ["2026-10-19"])
    assert own.source == ""
    assert not own.is_school_day(date(2026, 10, 19))
    assert own.is_school_day(date(2026, 10, 26))  # the assumed half-term does not reach into the school's own term
    assert not own.is_school_day(date(2026, 12, 17))
    assert not own.is_school_day(date(2027, 2, 16))  # later terms are still assumed


def test_the_shipped_terms_are_whole() -> None:
    terms = profile().terms
    assert len(terms) == 9
    for term in terms:
        assert term.start < term.half_term.start <= term.half_term.end < term.end
        assert (term.half_term.start.weekday(), term.half_term.end.weekday()) == (0, 4)
        assert term.start.weekday() < 5
        assert term.end.weekday() < 5
    assert all(first.end < second.start for first, second in pairwise(terms))


@pytest.mark.parametrize(
    ("start", "end"), [("2026-09-02", "2026-09-01"), ("2026-01-01", "2029-01-01"), ("2026-13-01", "2026-13-02")]
)
def test_a_period_that_cannot_be_is_refused(start: str, end: str) -> None:
    with pytest.raises(ValidationError):
        Closure.model_validate({"start": start, "end": end})


def test_a_calendar_with_no_school_day_says_so() -> None:
    start = date(2026, 1, 1)
    term = Term(start=start, end=start + timedelta(days=300))
    far = Term(start=date(2036, 1, 1), end=date(2036, 1, 31))
    calendar = SchoolCalendar(terms=(term, far), closures=(Closure(start=term.start, end=term.end),))
    with pytest.raises(Refused):
        calendar.first_school_day_from(start)


@given(st.dates(date(2025, 1, 1), date(2029, 12, 31)), st.integers(0, 400))
def test_counting_agrees_with_looking_at_each_day(after: date, length: int) -> None:
    until = after + timedelta(days=length)
    first = ASSUMED.first_school_day_from(after + timedelta(days=1))
    count = ASSUMED.school_days_between(after, until)
    assert (count == 0) == (first > until)
    before = ASSUMED.last_school_day_before(until + timedelta(days=1))
    assert (count == 0) == (before <= after)
