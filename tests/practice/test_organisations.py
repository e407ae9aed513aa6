"""The words fit the organisation: nobody is a headteacher in a police unit (R-120)."""

from __future__ import annotations

from practice.organisations import front_door_words, is_school, role_words, whom_to_ring
from practice.vocabulary import PartnerKind, Role


def test_a_school_keeps_its_words_and_every_other_kind_has_some() -> None:
    assert [kind for kind in PartnerKind if is_school(kind)] == [PartnerKind.SCHOOL]
    assert role_words("dsl", "school") == "Designated Safeguarding Lead"
    for kind in PartnerKind:
        assert front_door_words(kind)
        for role in Role:
            words = role_words(role, kind)
            assert words
            assert is_school(kind) or not any(each in words for each in ("Designated", "Headteacher", "DSL"))
    assert (role_words(None, "police"), role_words("", "school")) == ("", "")
    assert front_door_words("social_care") == "Our front door"
    assert whom_to_ring("police", "1", "2") == ["999", "children's social care 1", "out of hours 2"]
    assert whom_to_ring("school", "1", "") == ["999", "front door 1"]
