"""The wording coach: what it finds, what it leaves alone, and that its spans stay inside the text and apart."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.quoted import quoted_spans
from practice.wording import Coach, Finding, Reading, Row, SchoolRows, finished, rule_ids, shipped

COACH = Coach()
PHRASES = [phrase for row in shipped().rows for phrase in row.find]


def rules(text: str, coach: Coach = COACH) -> list[tuple[str, str]]:
    return [(found.text, found.rule) for found in coach.check(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kit did not attend the clinic.", [("did not attend", "was_not_brought")]),
        ("DNA again.", [("DNA", "was_not_brought")]),
        ("Mum did not attend the meeting.", []),
        ("Kit was not brought to the clinic.", []),
        ("She is attention-seeking.", [("attention-seeking", "attention_seeking")]),
        ("It is disguised compliance", [("disguised compliance", "disguised_compliance")]),
        ("promiscuous and putting herself at risk", [("promiscuous", "blame"), ("putting herself at risk", "blame")]),
        ("her older boyfriend", [("older boyfriend", "older_partner")]),
        ("He works for a dealer.", [("works", "exploited")]),
        ("He works hard. The dealer was seen.", []),
        ("A malicious allegation", [("malicious allegation", "malicious_allegation")]),
        ("the victim", [("victim", "victim")]),
        ("LAC child", [("LAC", "looked_after")]),
        ("a lac pigment", []),
        ("challenging behaviour", [("challenging behaviour", "judging")]),
        ("He is often late.", [("often", "how_often"), ("late", "how_often")]),
        ("He was late on 3 days.", []),
        ("He seems low", [("seems", "seems"), ("low", "vague")]),
        ("persistent neglect", [("persistent", "persistent")]),
        ("She disclosed to me", [("disclosed", "disclosed")]),
        ("The family is hard\nto engage", [("hard\nto engage", "hard_to_engage")]),
        ("hard. To engage", []),
        ("I think he is hungry", [("I think", "opinion")]),
        ("I think he is hungry because he ate from the bin", []),
        ("The MASH rang, the CAMHS's letter", [("MASH", "initials"), ("CAMHS's", "initials")]),
        ("The GP and the BBC rang at 9 AM", []),
        ("XQ came in", [("XQ", "initials")]),
        ("HE CAME IN VERY UPSET TODAY", []),
        ("", []),
    ],
)
def test_each_row_finds_its_words_and_leaves_right_usage(text: str, found: list[tuple[str, str]]) -> None:
    assert rules(text) == found


def test_every_row_has_a_question_and_a_source_that_is_named() -> None:
    listed = shipped()
    for row in (*listed.rows, listed.initials, *listed.whole.rows):
        assert row.question.strip()
        assert row.source in listed.sources, row.id


@pytest.mark.parametrize(
    "text",
    [
        'He said "I often feel low" and left.',
        "He said “I often feel low, LAC” and left.",
        "He said ‘I’m often low and don’t care’ and left.",
        "He said 'I'm often low, the boys' room is dirty' and left.",
        "He said ‘the girls’ coats are dirty’ and left.",
        'He said "I often feel low\nand dirty" and left.',
        'He said "I often feel low and dirty',
        "He said: 'often dirty",
        'Il a dit «often dirty» et "low".',
        "He said \"she said 'often' dirty\" and left.",
        '("often"), ["dirty"]—"low"',
    ],
)
def test_quoted_words_are_never_found(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Don't worry: Kit's coat is often wet.",
        "the boys' coats, the girls' bags, often",
        'a 5" cut, and unkempt, often',
        "'Cause he is often there",
        "She said \"no\" and often 'yes'",
        "'I like buses' he said, often. 'Yes' he said",
        'a paragraph "that never closes\n\noften',
    ],
)
def test_apostrophes_and_inches_quote_nobody(text: str) -> None:
    assert {"often", "unkempt"} & {words for words, _ in rules(text)}


def test_a_long_text_without_the_childs_voice_or_the_impact_is_asked_for_both() -> None:
    text = "The class went to the hall and came back with the teacher. " * 5
    whole = [found for found in COACH.check(text) if found.whole]
    assert {found.rule for found in whole} == {"no_childs_voice", "no_impact"}
    voiced = [found.rule for found in COACH.check(text, childs_words="I was cold.") if found.whole]
    assert voiced == ["no_impact"]
    assert not [found for found in COACH.check(text + "He was tearful and said so.") if found.whole]
    assert not COACH.check("The class went to the hall.")


def test_a_school_adds_rows_and_silences_rows() -> None:
    own = Row(id="our_room", find=("the Hub", "Hub"), question="Which room is it?")
    coach = Coach(SchoolRows(added=(own,), silenced=frozenset({"how_often", "initials"})))
    assert rules("Often in the Hub, XQ, low", coach) == [("the Hub", "our_room"), ("low", "vague")]
    assert len(rule_ids()) == len(set(rule_ids()))


def whole_and_apart(text: str, found: list[Finding]) -> None:
    at = 0
    for each in found:
        assert at <= each.start < each.end <= len(text)
        assert text[each.start : each.end] == each.text
        at = each.end


pieces = st.one_of(
    st.sampled_from([*PHRASES, *shipped().initials.expansions, *"\"'“”‘’«» .\n", "\n\n", "don't", "\u0301", "😀"]),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(pieces, max_size=40), st.sampled_from(["", " "]))
def test_spans_never_overlap_or_leave_the_text(parts: list[str], by: str) -> None:
    text = by.join(parts)
    whole_and_apart(text, COACH.check(text))
    at = 0
    for begun, ended in quoted_spans(text):
        assert at <= begun < ended <= len(text)
        at = ended


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 20), st.lists(pieces, max_size=6)), max_size=8))
def test_a_text_looked_at_while_it_is_written_is_looked_at_as_if_it_were_new(edits: list) -> None:
    reading, text = Reading(COACH), 'He is often low.\n\nShe said "I am dirty" at the LAC team.\n\nHe is often low.'
    for place, gone, parts in edits:
        at = min(place, len(text))
        text = text[:at] + " ".join(parts) + text[at + gone :]
        assert finished(reading.steps(text)) == COACH.check(text)


def test_a_look_at_a_long_text_goes_in_small_steps_and_looks_again_only_where_it_changed() -> None:
    reading = Reading(COACH)
    text = "He is often low and seems dirty. " * 1000
    assert sum(1 for _ in reading.steps(text)) >= 7000 // 100
    assert sum(1 for _ in reading.steps(text + "\n\nHe is often low.")) < 5
    left = Reading(COACH).steps(text)
    next(left)
    left.close()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([*PHRASES, "don't", "Kit's"]), min_size=1, max_size=6),
    st.sampled_from(['""', "“”", "‘’", "''", "«»"]),
    st.sampled_from(["He said ", "", "Then: "]),
)
def test_no_row_is_ever_found_within_a_quotation(words: list[str], marks: str, before: str) -> None:
    text = f"{before}{marks[0]}{' '.join(words)}{marks[1]} and went out"
    inside = range(len(before), len(before) + len(" ".join(words)) + 2)
    assert not [found for found in COACH.check(text) if found.start in inside and not found.whole]


@pytest.mark.parametrize("piece", ["often ", "'a ", ' "', "the boys' "])
def test_a_text_at_its_limit_is_read_in_moments(piece: str) -> None:
    text = (piece * (65536 // len(piece) + 1))[:65536]
    before = time.process_time()
    whole_and_apart(text, COACH.check(text))
    assert time.process_time() - before < 6
