"""The rules of the adults' register: the LADO stop, decisions, patterns, retention (R-43 to R-46)."""

from __future__ import annotations

from datetime import date

import pytest

from practice.adults import EntryState, Seen, check_decision, kept_until, patterns, state_of
from practice.errors import Refused


def decide(state=EntryState.UNDECIDED, decision="no_action", threshold="not_met", called=False, reference="", on=""):
    check_decision(state, decision, threshold, called=called, reference=reference, on=on)


@pytest.mark.parametrize(
    ("threshold", "called", "decided", "crossed", "state"),
    [
        ("", False, False, False, EntryState.UNDECIDED),
        ("not_met", False, True, False, EntryState.DECIDED),
        ("may_be_met", False, True, False, EntryState.STOP),
        ("may_be_met", True, False, False, EntryState.UNDECIDED),
        ("may_be_met", True, True, False, EntryState.DECIDED),
        ("may_be_met", False, False, True, EntryState.CROSSED),
    ],
)
def test_an_entry_that_may_meet_the_threshold_stops_until_the_lado_was_called(
    threshold, called, decided, crossed, state
):
    assert state_of(threshold, called=called, decided=decided, crossed=crossed) is state


def test_nothing_is_decided_at_the_stop_or_without_the_question():
    for decision in ("no_action", "words_of_advice", "training", "conduct_process", "lado_consulted", "lado_referred"):
        with pytest.raises(Refused, match="ring the LADO"):
            decide(EntryState.STOP, decision, "may_be_met", reference="7", on="2026-11-20")
        with pytest.raises(Refused, match="became an allegation"):
            decide(EntryState.CROSSED, decision)
    with pytest.raises(Refused, match="whether the harm threshold"):
        decide(threshold="")
    decide()


def test_a_decision_about_the_lado_needs_the_call_and_a_referral_its_date_and_reference():
    with pytest.raises(Refused, match="No call"):
        decide(decision="lado_consulted")
    decide(decision="lado_consulted", called=True)
    for reference, on in (("", "2026-11-20"), ("L/7", "")):
        with pytest.raises(Refused, match="date and its reference"):
            decide(decision="lado_referred", called=True, reference=reference, on=on)
    decide(decision="lado_referred", threshold="may_be_met", called=True, reference="L/7", on="2026-11-20")


def test_patterns_name_their_rule_and_list_their_entries():
    seen = [
        Seen("a", "ray", "Sports hall", "PE", "2026-11-02T10:15"),
        Seen("b", "ray", "sports  hall", "After-school club", "2026-11-09T10:40"),
        Seen("c", "kim", "Sports hall", "", "2026-11-16"),
        Seen("d", "kim", "", "pe", None),
    ]
    found = {(each.rule, each.key): each for each in patterns(seen, {"ray": "Ray Moss", "kim": "Kim Dale"})}
    assert found["person", "ray"].sentence == "2 entries about Ray Moss"
    assert found["person", "ray"].entries == ("a", "b")
    assert found["place", "sports hall"].entries == ("a", "b", "c")
    assert found["place", "sports hall"].sentence.endswith("about 2 people")
    assert found["activity", "pe"].entries == ("d", "a")
    assert found["weekday", "mondays"].entries == ("a", "b", "c")
    assert not [key for key in found if key[0] == "time"], "two at ten o'clock are too few"
    assert {each.rule for each in patterns(seen, {}, "ray")} == {"person", "place"}


def test_a_record_stays_until_the_adult_left_and_the_schools_own_years_have_passed():
    assert kept_until(None, 6) is None
    assert kept_until(date(2024, 2, 29), None) is None
    assert kept_until(date(2024, 2, 29), 6) == date(2030, 2, 28)
