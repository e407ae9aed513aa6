"""Anonymised and named: both ways without loss, whatever the text holds and however a name was written (R-75)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.errors import Refused
from practice.glossary import Glossary, Term, check_term, maybe_names, next_form, next_mask

TERMS = (
    Term("Kit", "Child 1"),
    Term("Kit Marlow", "Child 1-b"),
    Term("mother", "Adult 1"),
    Term("O'Brien", "Adult 2"),
    Term("McKay", "Adult 3"),
    Term("12 Mill Lane", "Place 1", always=True),
    Term("Mrs Vale", "Reporter 1", always=True),
    Term("Élodie", "Child 2"),
    Term("Ty", "Adult 4"),
)
GLOSSARY = Glossary(TERMS)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Kit said his mother left. Mother rang.", "Child 1 said his adult 1 left. Adult 1 rang."),
        ("KIT’s coat; kit marlow", "CHILD 1’s coat; child 1-b"),
        ("Kitten, kitchen and Kitty", "Kitten, kitchen and Kitty"),
        ("O’Brien and McKay of 12 Mill Lane", "Adult 2‹0100000› and Adult 3 of Place 1"),
        ("Child 1 was Kit", "‹=›Child 1 was Child 1"),
        ("Kit-b and Kit-to, Kit-marlow", "Child 1‹000›-b and Child 1‹000›-to, Child 1-marlow"),
        ("K\u200bit M\u00adarlow's", "Child 1-b‹0u200b.00s0uad.00000›'s"),
        ("kit\u3164", "child 1\u3164"),
        ("", ""),
    ],
)
def test_names_are_masked_and_named_again(text: str, masked: str) -> None:
    assert GLOSSARY.anonymise(text) == masked
    assert GLOSSARY.named(masked) == text


def test_a_copy_that_was_masked_without_a_code_is_named_too() -> None:
    assert GLOSSARY.named("Child 1-to and child 1-x") == "Kit-to and kit-x"
    former = Glossary([Term("Kat", "Child 1")], [Term("Jo", "Adult 1")])
    assert former.anonymise("Kat and Jo") == "Child 1 and Jo"
    assert former.named("Child 1 and ADULT 1") == "Kat and JO"


def test_only_what_is_marked_is_masked_in_every_outward_copy() -> None:
    masked = GLOSSARY.outward().anonymise("Mrs Vale of 12 mill lane saw Kit")
    assert masked == "Reporter 1 of place 1 saw Kit"


def test_every_occurrence_and_what_may_be_a_name_is_found() -> None:
    text = "Then Kit met Jo Lark and mother at Kit's."
    assert [(text[each.start : each.end], each.mask) for each in GLOSSARY.occurrences(text)] == [
        ("Kit", "Child 1"),
        ("mother", "Adult 1"),
        ("Kit", "Child 1"),
    ]
    assert [each.written for each in maybe_names(text, GLOSSARY)] == ["Jo Lark"]


def test_masks_are_numbered_and_lettered() -> None:
    taken = [term.mask for term in TERMS]
    assert [next_mask(kind, taken) for kind in ("Child", "Adult", "Person")] == ["Child 3", "Adult 5", "Person 1"]
    assert [next_form("Child 1", taken), next_form("Adult 1", taken)] == ["Child 1-c", "Adult 1-b"]
    assert [next_form("Child 1", [f"Child 1-{form}"]) for form in ("y", "z", "ba", "bz")] == [
        f"Child 1-{form}" for form in ("z", "ba", "bb", "ca")
    ]


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("a", "Child 1"),
        ("Kit", "Child"),
        ("child", "Adult 1"),
        ("x Child 1", "Adult 1"),
        ("Kit ", "Child 1"),
        ("‹a›b", "Child 1"),
    ],
)
def test_a_term_that_would_lose_something_is_refused(name: str, mask: str) -> None:
    with pytest.raises(Refused):
        check_term(name, mask)


written = st.sampled_from(
    [
        "Kit",
        "KIT",
        "kIt",
        "Kit\nMarlow",
        "kit  marlow",
        "mother",
        "MOTHER",
        "MoTher",
        "o’brien",
        "McKay",
        "mckay",
        "Mckay",
        "12 Mill\tLane",
        "éLODIE",
        "Child 1",
        "CHILD 1-B",
        "child 2",
        "Adult 9",
        "‹",
        "›",
        "‹=›",
        "‹01›",
        "‹s›",
        "‹u200b.›",
        "-b",
        "-to",
        "Ty",
        "\u200b",
        "\u3164",
        "K\u200bIT",
        "Kit\u2060 Marl\u00adow",
        "'s",
        " ",
        "-",
        "1",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(written, st.text(max_size=3)), max_size=12), st.sampled_from(["", " "]))
def test_anonymised_and_named_again_is_the_same_text(parts: list[str], by: str) -> None:
    text = by.join(parts)
    masked = GLOSSARY.anonymise(text)
    assert GLOSSARY.named(masked) == text
    assert not [each for each in GLOSSARY.occurrences(masked) if "‹" not in each.written]
