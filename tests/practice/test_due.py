"""A day ahead, as people write it."""

from datetime import date

import pytest

from practice.due import ASK, PAST, parse_due

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Friday", date(2026, 11, 27)),
        ("by Friday", date(2026, 11, 27)),
        ("saturday", date(2026, 11, 28)),
        ("tomorrow", date(2026, 11, 22)),
        ("today", TODAY),
        ("in 2 weeks", date(2026, 12, 5)),
        ("two weeks", date(2026, 12, 5)),
        ("in 10 days", date(2026, 12, 1)),
        ("next week", date(2026, 11, 23)),
        ("in 3 months", date(2027, 2, 21)),
        ("27 Nov", date(2026, 11, 27)),
        ("3 Jan", date(2027, 1, 3)),
        ("5/12/2026", date(2026, 12, 5)),
        ("Fri 27 Nov 2026", date(2026, 11, 27)),
    ],
)
def test_a_day_ahead_is_read(text: str, day: date):
    assert parse_due(text, TODAY) == (day, "")


def test_the_end_of_a_month_stays_in_the_month():
    assert parse_due("in a month", date(2027, 1, 31)) == (date(2027, 2, 28), "")


def test_blank_is_no_day():
    assert parse_due("  ", TODAY) == (None, "")


def test_what_cannot_be_read_is_asked_about():
    assert parse_due("when it suits", TODAY) == (None, ASK)


def test_a_past_day_is_kept_and_asked_about():
    assert parse_due("5/11/2026", TODAY) == (date(2026, 11, 5), PAST)


def test_a_day_that_was_is_not_moved_into_the_next_year():
    for words in ("yesterday", "last Friday"):
        day, question = parse_due(words, TODAY)
        assert day is not None
        assert day < TODAY
        assert question == PAST
