"""Which of what was made in two places stands, and when a person has chosen."""

from __future__ import annotations

import pytest

from practice.apart import (
    PROTECTIVE_DECISIONS,
    Choice,
    Made,
    more_protective_decision,
    more_protective_status,
    standing,
)
from practice.vocabulary import Decision


def made(ident: str, sees: str | None = "", value: str | None = None) -> Made:
    return Made(ident, None if sees is None else frozenset(sees), value or ident)


def choice(ident: str, kept: str, aside: str = "", sees: tuple[str, ...] = ()) -> Choice:
    return Choice(ident, frozenset(kept), frozenset(aside), frozenset(sees))


ONE_AFTER_ANOTHER = [made("a"), made("b", "a"), made("c", "b")]
APART = [made("a"), made("b", "a"), made("c", "a")]


@pytest.mark.parametrize(
    ("history", "choices", "ids", "apart"),
    [
        ([], [], "", False),
        (ONE_AFTER_ANOTHER, [], "c", False),
        ([made("a"), made("b", None), made("c", None)], [], "c", False),  # from before anybody said what they saw
        ([made("a"), made("b", "z")], [], "b", False),  # what it saw is not here
        (APART, [], "bc", True),
        ([made("a"), made("b", "a", "same"), made("c", "a", "same")], [], "bc", False),
        ([*APART, made("d", "c")], [], "bd", True),
        ([*APART, made("d", "bc")], [], "d", False),
        (APART, [choice("1", "b", "c")], "b", False),
        (APART, [choice("1", "bc")], "bc", False),
        ([*APART, made("d", "b")], [choice("1", "bc")], "cd", False),  # both were kept, one was amended since
        ([*APART, made("d", "b"), made("e", "b")], [choice("1", "bc")], "cde", True),
        (APART, [choice("1", "b", "c"), choice("2", "c", "b")], "bc", True),  # chosen apart, and otherwise
        (APART, [choice("1", "b", "c"), choice("2", "c", "b"), choice("3", "b", "c", ("1", "2"))], "b", False),
        ([*APART, made("d", "b")], [choice("1", "d", "bc")], "d", False),  # a third
        ([*APART, made("d", "c")], [choice("1", "b", "c")], "bd", True),  # set aside there, amended here meanwhile
    ],
)
def test_what_stands(history, choices, ids, apart):
    found = standing(history, choices)
    assert ("".join(found.ids), found.apart) == (ids, apart)


def test_the_more_protective_is_in_force_and_every_decision_has_its_place():
    assert set(PROTECTIVE_DECISIONS) == set(Decision)
    assert more_protective_decision([("a", "no_further_action"), ("b", "referral_social_care")]) == "b"
    assert more_protective_decision([("a", "police"), ("b", "police")]) == "b"
    assert more_protective_status([("a", "child_protection"), ("b", "watching")]) == "a"
    assert more_protective_status([("a", "of a newer program"), ("b", "child_protection")]) == "a"
