"""What is read before a copy goes out, and what each line of the front sheet must say (R-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

import pytest

from practice.acts.front import Section
from practice.front_sheet import FrontSection, heed_code, missing, read_out

TODAY = date(2026, 11, 22)


@dataclass
class Line:
    section: str
    name: str = ""
    role: str = ""
    words: str = ""
    until: date | None = None


def test_who_must_not_be_told_is_read_first_whole_and_with_its_last_day():
    said = read_out(
        [
            Line("court_order", "Prohibited steps order"),
            Line("household", "Jo Lowe"),
            Line("must_not_be_told", "Dean [M]", "uncle", "Not the\naddress.", date(2027, 3, 3)),
        ],
        TODAY,
    )
    assert said == [
        "Must not be told: Dean [M] (uncle), until Wed 3 Mar 2027. Not the address.",
        "Court order: Prohibited steps order.",
    ]


def test_a_line_whose_day_has_passed_is_still_read():
    said = read_out([Line("must_not_collect", "Sid", until=date(2026, 11, 21))], TODAY)
    assert said == [
        "Must not collect: Sid, until Sat 21 Nov 2026 (that day has passed: ask whether it still holds).",
    ]
    assert "passed" not in read_out([Line("must_not_collect", "Sid", until=TODAY)], TODAY)[0]


def test_the_code_is_of_exactly_these_sentences():
    assert heed_code([]) == ""
    assert len({heed_code(["a"]), heed_code(["b"]), heed_code(["a", "b"])}) == 3


@pytest.mark.parametrize(
    ("section", "fields", "lacks"),
    [
        ("must_not_be_told", {"name": "Sid"}, "why"),
        ("must_not_be_told", {"words": "Because"}, "who must not be told"),
        ("safe_contact", {"words": " "}, "how contact is made safely"),
        ("professional", {"name": ""}, "a name"),
        ("professional", {"name": "T. Ray"}, ""),
    ],
)
def test_a_line_says_what_it_lacks(section, fields, lacks):
    assert missing(section, fields) == lacks


def test_the_act_knows_every_section():
    assert set(get_args(Section)) == {section.value for section in FrontSection}
