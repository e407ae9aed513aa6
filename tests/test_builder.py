"""The builder of invented children: the same every time, and fit for a hundred thousand."""

from __future__ import annotations

from itertools import islice, pairwise

from practice.upn import check_upn
from tests.builder import TODAY, children, concerns


def test_the_same_seed_gives_the_same_school_and_another_does_not() -> None:
    assert children(200, 1) == children(200, 1)
    assert children(200, 1) != children(200, 2)
    made = children(50, 1)
    assert list(concerns(100, made, 3)) == list(concerns(100, made, 3))


def test_children_are_in_their_year_and_have_upns_without_fault() -> None:
    made = children(1000, 4)
    assert all(check_upn(child["upn"]) is None for child in made)
    assert len({child["upn"] for child in made}) == 1000
    for child in made:
        stage = 0 if child["year_group"] == "R" else int(child["year_group"])
        school_year = TODAY.year - 4 - stage
        assert (child["date_of_birth"].year, child["date_of_birth"].month >= 9) in (
            (school_year - 1, True),
            (school_year, False),
        )


def test_concerns_come_in_order_over_three_years_with_notes_of_real_length() -> None:
    made = children(420, 5)
    written = list(concerns(5000, made, 6))
    assert all(40 <= len(one["text"].split()) <= 120 for one in written)
    assert all(earlier["recorded_at"] <= later["recorded_at"] for earlier, later in pairwise(written))
    assert all(one["occurred_on"] <= one["recorded_at"].date() for one in written)
    assert (written[-1]["recorded_at"].date() - written[0]["recorded_at"].date()).days > 1000
    assert 0.2 < sum(bool(one["childs_words"]) for one in written) / 5000 < 0.5
    assert len({one["category"] for one in written}) > 10
    # A few children have most of the record, as in any school.
    counts = sorted((sum(one["child"] == index for one in written) for index in range(420)), reverse=True)
    assert sum(counts[:84]) > 2500
    assert not any("{" in one["text"] for one in islice(written, 500))
