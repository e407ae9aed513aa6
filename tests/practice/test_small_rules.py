"""Lawful bases, pupil numbers, names, unfinished records and the vocabularies."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from practice import vocabulary
from practice.dates import parse_when
from practice.names import fold, match_key, matches
from practice.profile import NATIONS
from practice.quality import unfinished
from practice.sharing import allowed_bases, basis_fault, consent_text, default_basis, special_category_condition
from practice.text import unreadable, year_words
from practice.upn import LETTERS, check_letter, check_upn, is_temporary, normalise
from practice.vocabulary import Coded, LawfulBasis, ReviewEvery, Role, ShareState, label_of

VOCABULARIES = [each for each in vars(vocabulary).values() if isinstance(each, type) and issubclass(each, Coded)]


@pytest.mark.parametrize("words", [each for each in VOCABULARIES if each is not Coded], ids=lambda each: each.__name__)
def test_every_code_has_words_of_its_own(words: type[Coded]) -> None:
    labels = [member.label for member in words]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    assert all(words(member.value) is member and label_of(words, member.value) == member.label for member in words)
    assert words.choices() == [(member.label, member.value) for member in words]


def test_codes_go_through_json_and_unknown_ones_are_shown() -> None:
    class Carrier(BaseModel):
        role: Role
        every: ReviewEvery

    carrier = Carrier.model_validate_json('{"role": "dsl", "every": "7d"}')
    assert carrier.model_dump(mode="json") == {"role": "dsl", "every": "7d"}
    assert label_of(Role, "night_cover") == "night cover"
    assert label_of(Role, None) == ""


def test_nothing_is_called_sent_before_the_hub_has_it() -> None:
    before = [ShareState.PROPOSED, ShareState.HELD, ShareState.QUEUED, ShareState.OFFERED, ShareState.WITHHELD]
    assert not [state for state in before if state.label.startswith(("Sent", "Delivered"))]
    assert "not yet sent" in ShareState.APPROVED.label


def test_the_bases_stand_in_order_and_a_state_school_s_two_are_greyed_with_the_reason() -> None:
    choices = allowed_bases("school")
    assert [choice.code for choice in choices] == list(LawfulBasis)
    greyed = {choice.code for choice in choices if choice.why_not}
    assert greyed == {LawfulBasis.RECOGNISED_LEGITIMATE_INTEREST, LawfulBasis.LEGITIMATE_INTERESTS}
    assert default_basis("school") is LawfulBasis.PUBLIC_TASK
    for nation in NATIONS:
        assert [choice.code for choice in allowed_bases("school", nation)] == list(LawfulBasis)
        assert default_basis("school", nation) is LawfulBasis.PUBLIC_TASK
    assert "public task" in basis_fault("legitimate_interests", "school")


@pytest.mark.parametrize("kind", ["independent_school", "voluntary"])
def test_an_independent_school_starts_from_the_recognised_interest(kind: str) -> None:
    choices = allowed_bases(kind)
    assert [choice.code for choice in choices if choice.default] == [LawfulBasis.RECOGNISED_LEGITIMATE_INTEREST]
    assert not [choice for choice in choices if choice.why_not]


def test_a_basis_that_is_none_is_refused_and_consent_is_no_gate() -> None:
    assert basis_fault("public_task", "police") == ""
    assert basis_fault("because", "school")
    assert "must never delay" in consent_text()
    assert special_category_condition().startswith("Safeguarding of children")


@pytest.mark.parametrize("upn", ["P207000016049", "B801200005001", " b801 2000 05001 ", "", "  "])
def test_a_good_upn_draws_no_warning(upn: str) -> None:
    assert check_upn(upn) is None


@pytest.mark.parametrize(
    ("upn", "words"),
    [
        ("B207000016049", "check letter"),
        ("B80120000500", "12 characters"),
        ("X80120000A001", "12 digits"),
        ("I801200005001", "12 digits"),
        ("B80120000500١", "12 digits"),
        ("x" * 5000, "5000 characters"),
    ],
)
def test_a_bad_upn_warns(upn: str, words: str) -> None:
    assert words in (check_upn(upn) or "")


@given(st.text("0123456789", min_size=11, max_size=11), st.sampled_from("0123456789" + LETTERS), st.data())
def test_every_single_wrong_digit_is_noticed(digits: str, last: str, data: st.DataObject) -> None:
    upn = check_letter(digits + last) + digits + last
    assert check_upn(upn) is None
    assert is_temporary(upn) == last.isalpha()
    place = data.draw(st.integers(1, 11))
    other = data.draw(st.sampled_from("0123456789".replace(upn[place], "")))
    assert check_upn(upn[:place] + other + upn[place + 1 :])
    assert normalise(f" {upn[:4].lower()} {upn[4:]}") == upn


def test_names_fold_to_one_spelling() -> None:
    assert fold("  Siân   O’Brien-Łuczak ") == "sian o brien luczak"
    assert match_key("O'Brien") == match_key("o brien") == match_key("OBRIEN") == "obrien"
    assert fold("Ａｍａｒａ") == "amara"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


NAMES = ["Amara Jane O'Brien", "Mara O'Brien"]


@pytest.mark.parametrize(
    ("query", "rank"),
    [
        ("amara jane obrien", 3),
        ("AMARA JANE O'BRIEN", 0),
        ("am", 1),
        ("mara", 1),
        ("ob", 3),
        ("o'b", 2),
        ("a br", 2),
        ("brien am", 3),
        ("ajo", 4),
        ("a j o", 2),
        ("ma ob", None),
        ("xy", None),
        ("", None),
        (" ' ", None),
    ],
)
def test_a_child_is_found_by_a_few_letters_of_any_name(query: str, rank: int | None) -> None:
    assert matches(query, NAMES) == rank


WHOLE = {
    "entry_kind": "concern",
    "category": "neglect",
    "how_known": "seen",
    "childs_words": "I am hungry",
    "child_told": "told",
    "parent_told": "told",
    "immediate_action": "Lunch was given",
    "told": [{"name": "A. Deputy", "at": "14:30"}],
}


def test_a_whole_concern_lacks_nothing() -> None:
    assert unfinished(WHOLE) == []


@pytest.mark.parametrize("field", [name for name in WHOLE if name != "entry_kind"])
def test_each_missing_field_is_named(field: str) -> None:
    blank: object = [] if field == "told" else "  "
    assert len(unfinished(WHOLE | {field: blank})) == 1


def test_only_a_child_and_text_lists_everything_and_a_meeting_nothing() -> None:
    assert len(unfinished({"text": "Seen crying"})) == 7
    assert unfinished({"entry_kind": "meeting", "text": "Core group"}) == []


def test_an_unread_date_and_an_unexplained_silence_are_unfinished() -> None:
    occurred = parse_when("during lunch", datetime(2026, 11, 21, 9, 0))  # noqa: DTZ001
    assert unfinished(WHOLE | {"occurred": occurred}) == ["when it happened"]
    assert unfinished(WHOLE | {"occurred": occurred.model_dump()}) == ["when it happened"]
    assert unfinished(WHOLE | {"parent_told": "not_safe"}) == ["why it is not safe to tell"]
    assert unfinished(WHOLE | {"parent_told": "not_safe", "not_told_reason": "Named as the person who did it"}) == []


@pytest.mark.parametrize(
    ("stored", "said"),
    [("", ""), ("4", "Year 4"), ("R", "Year R"), ("11", "Year 11"), ("Year 1", "Year 1"), ("Nursery", "Nursery")],
)
def test_a_year_group_is_said_once(stored, said):
    assert year_words(stored) == said


@pytest.mark.parametrize("error", [FileNotFoundError, IsADirectoryError, PermissionError, UnicodeError, OSError])
def test_a_file_that_cannot_be_read_is_told_of_in_plain_words(error):
    assert error.__name__ not in (said := unreadable(error("x")))
    assert said
