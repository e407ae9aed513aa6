"""A day still to come, as people write it."""

from datetime import date, datetime

import pytest

from practice.coming import ASK, coming_day

NOW = datetime(2026, 11, 21, 16, 40)  # noqa: DTZ001
"""A Saturday."""


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("27 Nov 2026", date(2026, 11, 27)),
        ("27 Nov", date(2026, 11, 27)),
        ("Friday", date(2026, 11, 27)),
        ("Sat", date(2026, 11, 28)),
        ("next Friday", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 22)),
        ("in two weeks", date(2026, 12, 5)),
        ("14 days", date(2026, 12, 5)),
        ("in 3 months", date(2027, 2, 21)),
        ("next week", date(2026, 11, 28)),
        ("4/12", date(2026, 12, 4)),
        ("2 Jan", date(2027, 1, 2)),
        ("w/c 7 Dec", date(2026, 12, 7)),
        ("30/11/26", date(2026, 11, 30)),
    ],
)
def test_a_day_is_counted_forward(words: str, day: date):
    assert coming_day(words, NOW) == (day, "")


@pytest.mark.parametrize("words", ["yesterday", "3 January 2026"])
def test_a_day_that_has_passed_is_not_moved(words: str):
    day, question = coming_day(words, NOW)
    assert day is not None
    assert day < NOW.date()
    assert not question


@pytest.mark.parametrize("words", ["", "soon", "Dec 2026", "when the plan ends"])
def test_what_is_no_day_is_asked_about(words: str):
    assert coming_day(words, NOW) == (None, ASK)
