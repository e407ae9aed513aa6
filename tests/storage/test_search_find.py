"""Searching as people ask: words, names present and past, dates, categories, agencies; newest first."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.errors import Refused
from storage import migrations
from storage.desk.concerns import amend, log_concern
from storage.desk.merging import import_chronology
from storage.vault import Vault
from storage.views import children, record
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


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("A bru\u00adise, seen at P.E.", "bruise"),
        ("A br\u200du\u2060ise", "bruise"),
        ("\u202eA bruise\u202c", "bruise"),
        ("bruise\u3164 and \u061cscratch\u061c", '"bruise and scratch'),
        ("A bruise", "bru\u00adise\u200b"),
        ("A black\u200bbruise", "blackbruise"),
        ("A black\u200bbruise", "bruise"),
        ("On 3\u200b\u2060 May", "on:3/5\u200b/2025"),
    ],
)
def test_what_is_invisible_hides_no_word(vault: Vault, written: str, words: str) -> None:
    child = add_child(vault, "Kit", "Marlow")
    (entry,) = log_concern(vault, {"text": written, "when": "3 May 2025"}, child_id=child)
    (hit,) = find(vault, words)
    assert hit.entry_id == entry
    assert record.detail(vault, entry).entry.text == written, "what was written stays as it was"
    amend(vault, entry, "Nothing of the kind.", "Mistaken")
    assert find(vault, words.removeprefix("on:3/5\u200b/2025") or "bruise") == []
    assert vault.verify(rebuild=True).ok


def test_what_is_invisible_in_a_name_hides_no_child(vault: Vault) -> None:
    child = add_child(vault, "Ki\u200bt", "Mar\u00adlow", former_names=("Kit Har\u2060ker",))
    log_concern(vault, {"text": "Came in hungry"}, child_id=child)
    assert [hit.child_id for words in ("marlow", "harker hungry", "Mar\ufefflow") for hit in find(vault, words)] == [
        child
    ] * 3
    assert [row.id for row in children.find(vault, "Kit Marlow", loosely=False)] == [child]


def test_an_older_index_is_made_anew_once(vault: Vault) -> None:
    child = add_child(vault, "Ki\u200bt", "Marlow")
    entries = [log_concern(vault, {"text": f"A bru\u00adise, {n}"}, child_id=child)[0] for n in range(2)]
    with vault.write() as unit:
        for statement in ("DROP TABLE entry_search", "DROP VIEW entry_searched", "DROP TABLE entry_words"):
            unit.connection.exec_driver_sql(statement)
        unit.connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE entry_search USING fts5(text, childs_words, content='entries', content_rowid='pk',"
            " tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
        )
        unit.connection.exec_driver_sql("INSERT INTO entry_search (entry_search) VALUES ('rebuild')")
        unit.connection.exec_driver_sql("UPDATE children SET sort_name = 'marlow ki\u200bt'")
        assert (
            unit.connection.exec_driver_sql("SELECT 1 FROM entry_search WHERE entry_search MATCH 'bruise'").all() == []
        )
        for _ in range(2):
            migrations.words_as_seen(unit.connection)
    assert [hit.entry_id for hit in find(vault, "bruise")] == entries[::-1]
    assert vault.verify(rebuild=True).ok
