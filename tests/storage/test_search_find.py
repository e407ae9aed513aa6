"""Searching as people ask: words, names present and past, dates, categories, agencies; newest first."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.errors import Refused
from storage.desk.concerns import log_concern
from storage.desk.merging import import_chronology
from storage.vault import Vault
from storage.views.search import Narrow, find
from tests.conftest import add_child


@pytest.fixture
def school(vault: Vault) -> Vault:
    kit = add_child(vault, "Kit", "Marlow", former_names=("Kit Harker",))
    zoe = add_child(vault, "Zoë", "O'Dowd")
    for child, text, when, more in (
        (kit, "Bruise on the forearm", "6 Oct 2025", {"category": "physical", "entry_kind": "concern"}),
        (kit, "Came in hungry and cold", "20 Nov 2025", {"category": "neglect"}),
        (zoe, "Bruise on the knee, Kit was there", "20 Nov 2025", {"further_categories": ("neglect",)}),
        (zoe, "Sang in assembly", "3 Nov 2025", {"entry_kind": "strength"}),
    ):
        log_concern(vault, {"text": text, "when": when, **more}, child_id=child)
    import_chronology(vault, b"Date,Event\n1/12/2025,Moved house\n", kit, "Example Police")
    return vault


def texts(school: Vault, words: str, **narrow: str) -> list[str]:
    hits = find(school, words, Narrow(**narrow))
    return [hit.snippet.replace("⟪", "").replace("⟫", "") for hit in hits]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bruise", ["Bruise on the knee, Kit was there", "Bruise on the forearm"]),
        ('"on the fore', ["Bruise on the forearm"]),
        ("hung", ["Came in hungry and cold"]),
        ("kit bruise", ["Bruise on the knee, Kit was there", "Bruise on the forearm"]),
        ("harker", ["Moved house", "Came in hungry and cold", "Bruise on the forearm"]),
        ("harker hungry", ["Came in hungry and cold"]),
        ("zoe odowd", ["Sang in assembly", "Bruise on the knee, Kit was there"]),
        ("zoe knee", ["Bruise on the knee, Kit was there"]),
        ("category:neglect", ["Bruise on the knee, Kit was there", "Came in hungry and cold"]),
        ("category:negl kit hungry", ["Came in hungry and cold"]),
        ("agency:police", ["Moved house"]),
        ("kind:strength", ["Sang in assembly"]),
        ("from:1/11/2025 to:5/11/2025", ["Sang in assembly"]),
        ('on:"Nov 2025" bruise', ["Bruise on the knee, Kit was there"]),
        ("20 Nov 2025", ["Bruise on the knee, Kit was there", "Came in hungry and cold"]),
        ("nothing such", []),
        ("", []),
    ],
)
def test_what_is_asked_is_found_newest_first(school: Vault, words: str, found: list[str]) -> None:
    assert texts(school, words) == found


def test_words_found_stand_in_their_context(school: Vault) -> None:
    (hit,) = find(school, "forearm")
    assert hit.snippet == "Bruise on the ⟪forearm⟫"


@pytest.mark.parametrize("words", ["category:xyz", "from:xyz", "kind:nothing", "x" * 201])
def test_a_filter_that_says_nothing_is_refused(school: Vault, words: str) -> None:
    with pytest.raises(Refused):
        find(school, words)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="kit bruise\"*:()-%_'\\^{}[]éto", max_size=30))
def test_any_text_finds_something_or_nothing_and_never_fails(school: Vault, words: str) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(find(school, words), list)
