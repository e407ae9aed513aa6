"""The seeded sample, the ratings' words, and the trend by month (R-82)."""

from __future__ import annotations

from datetime import date

import pytest

from practice.errors import Refused
from practice.record_audit import Criterion, Facts, Rating, check_ratings, evidence, sample, trend, trend_rows

CHILDREN = [f"child{number}" for number in range(40)]


def test_a_seed_draws_the_same_sample_whatever_the_order():
    drawn = sample(CHILDREN, "autumn", 6)
    assert sample(reversed(CHILDREN), "autumn", 6) == drawn
    assert len(set(drawn)) == 6
    assert sample(CHILDREN, "spring", 6) != drawn
    assert sorted(sample(CHILDREN[:3], "autumn", 6)) == CHILDREN[:3]


def test_every_child_may_be_drawn():
    assert {child for seed in range(200) for child in sample(CHILDREN, str(seed), 6)} == set(CHILDREN)


def test_a_rating_is_a_colour_with_its_word():
    assert check_ratings({"childs_voice": "green"}) == {"childs_voice": "green"}
    assert [rating.label.split(":")[0] for rating in Rating] == ["red", "amber", "green", "grey"]
    for wrong in ({"voice": "green"}, {"childs_voice": "good"}, {}):
        with pytest.raises(Refused, match="Nothing was recorded"):
            check_ratings(wrong)


def test_each_question_has_what_the_record_shows_and_no_rating():
    shows = evidence(
        Facts(entries=3, chosen=1, concerns=2, with_voice=1, newest=date(2026, 11, 3), readers=(("R. K", 2),))
    )
    assert set(shows) == set(Criterion)
    assert shows[Criterion.CHRONOLOGY] == "1 of 3 entries chosen, the newest of Tue 3 Nov 2026."
    assert shows[Criterion.ACCESS] == "Opened in the last year by: R. K (2)."
    assert not any(rating.value in " ".join(shows.values()).split() for rating in Rating)


def test_the_trend_counts_by_month_and_says_it_in_words():
    rated = [
        (date(2026, 11, 30), {"language": "green", "parents": "not_seen"}),
        (date(2026, 10, 1), {"language": "red", "childs_voice": "amber"}),
        (date(2026, 10, 31), {"language": "red"}),
    ]
    assert trend_rows(trend(rated)) == [
        ("Language", ["Oct 2026: 2 red, 0 amber, 0 green", "Nov 2026: 0 red, 0 amber, 1 green"]),
        ("The child's voice", ["Oct 2026: 0 red, 1 amber, 0 green"]),
    ]
