"""Names are marked once, masked in the anonymised view and in what leaves, and named again (R-64, R-75)."""

from __future__ import annotations

import json

import pytest

from practice.acts import ChildChanged, GlossaryTermSet, build
from practice.errors import NotFound, Refused
from storage.desk import glossary
from storage.documents.gather import Wanted, content_json, gather
from storage.vault import Vault
from storage.views import glossary as views
from storage.views import record
from tests.conftest import add_child, add_concern

TEXT = "Mrs Vale of 12 Mill Lane rang: Kit's mother Jo shouted. Kit will stay with Ada Thistlewood."


def test_names_are_marked_masked_and_named_again(vault: Vault) -> None:
    child = add_child(vault, "Kit", "Thistlewood")
    entry = add_concern(vault, child, TEXT, childs_words="KIT is cold", immediate_action="Rang Jo")
    assert [place.found.written for place in glossary.places(vault, child) if not place.found.mask] == [
        "Vale",
        "Mill Lane",
        "Jo",
        "Ada",
        "Jo",
    ]
    assert glossary.mark(vault, child, "Mrs Vale", "Reporter") == "Reporter 1"
    assert glossary.mark(vault, child, "12 Mill Lane", "Place") == "Place 1"
    assert glossary.mark(vault, child, "mother", "Adult") == "Adult 1"
    assert glossary.mark(vault, child, "Jo", "Adult", same_as="Adult 1") == "Adult 1-b"
    assert glossary.mark(vault, child, "Ada", "Child") == "Child 2"
    (masked,) = glossary.anonymised(record.chronology(vault, child), views.glossary(vault, child))
    assert masked.text == (
        "Reporter 1 of Place 1 rang: Child 1's adult 1 Adult 1-b shouted. Child 1 will stay with Child 2 Child 1-c."
    )
    assert (masked.childs_words, masked.action, masked.child) == ("CHILD 1 is cold", "Rang Adult 1-b", "Child 1")
    assert glossary.unmask(vault, child, masked.text, "Strategy meeting") == TEXT
    with vault.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM acts WHERE kind = 'unmasked'").scalar_one() == 1
    with pytest.raises(Refused):
        glossary.unmask(vault, child, masked.text, " ")
    assert record.get(vault, entry).text == TEXT
    assert vault.verify(rebuild=True).ok


def test_what_is_marked_is_masked_in_every_copy_that_leaves(vault: Vault) -> None:
    child = add_child(vault, "Kit", "Thistlewood", date_of_birth="2016-05-03", upn="B999200023218")
    add_concern(vault, child, TEXT, seen_by="Mrs Vale")
    glossary.mark(vault, child, "Mrs Vale", "Reporter")
    glossary.mark(vault, child, "Jo", "Adult")
    for what in ("record", "chronology"):
        made = gather(vault, Wanted(child, what, everything=True))
        left = json.dumps(content_json(made), ensure_ascii=False)
        assert "Mrs Vale" not in left
        assert "Reporter 1 of 12 Mill Lane" in left
        assert "Jo shouted" in left
        assert any("masked" in sentence for sentence in made.left_out)
    hidden = json.dumps(content_json(gather(vault, Wanted(child, "record", anonymous=True))), ensure_ascii=False)
    for word in ("Kit", "Thistlewood", "Vale", "Jo", "2016-05-03", "B999200023218", "Robin"):
        assert word not in hidden, word


def masked(vault: Vault, child: str) -> list[str]:
    return [each.text for each in glossary.anonymised(record.chronology(vault, child), views.glossary(vault, child))]


def test_a_mask_stays_with_its_name_through_new_names_and_marks(vault: Vault) -> None:
    child = add_child(vault, "Kit", "Thistlewood")
    text = "Kit and Jo Vale met Bo. Thistlewood is on Kit's coat."
    add_concern(vault, child, text)
    for name in ("Jo Vale", "Bo"):
        glossary.mark(vault, child, name, "Adult")
    (before,) = masked(vault, child)
    assert before == "Child 1 and Adult 1 met Adult 2. Child 1-c is on Child 1's coat."
    for changes in ({"preferred_forename": "Kat"}, {"legal_surname": "Lark", "former_names": ["Kit Thistlewood"]}):
        vault.record(build(ChildChanged, {"changes": changes}), child=child)
    glossary.unmark(vault, child, "Bo")
    assert glossary.mark(vault, child, "Ada", "Adult") == "Adult 3", "a mask is never another's"
    assert glossary.unmask(vault, child, before, "Strategy meeting") == text
    assert masked(vault, child) == [before.replace("Adult 2", "Bo")]
    add_concern(vault, child, "Kat Lark was Kat Thistlewood to Ada.")
    after = masked(vault, child)[-1]
    assert after == "Child 1-f was Child 1-e to Adult 3."
    assert glossary.unmask(vault, child, after, "Strategy meeting") == "Kat Lark was Kat Thistlewood to Ada."
    assert glossary.mark(vault, child, "Bo", "Adult") == "Adult 2", "a name gets the mask that it had"
    assert [term.name for term in views.glossary(vault, child).former] == []
    assert masked(vault, child)[0] == before


def test_a_mask_that_two_machines_gave_apart_is_one_names_alone() -> None:
    labels = views.Labels()
    labels.know_own(["Kit", "Kit Lark"])
    for name, mask in (
        ("Jo", "Adult 1"),
        ("Bo", "Adult 1"),
        ("Kitty", "Child 1-b"),
        ("Bo", "Adult 1"),
        ("Kit", "Child 2"),
    ):
        labels.mark(GlossaryTermSet(name=name, mask=mask))
    assert {term.name: term.mask for term in labels.standing} == {
        "Kit Lark": "Child 1-b",
        "Jo": "Adult 1",
        "Bo": "Adult 2",
        "Kitty": "Child 1-c",
        "Kit": "Child 2",
    }
    labels.mark(GlossaryTermSet(name="Kit", mask="Child 2", removed=True))
    labels.know_own(["Kit"])
    assert {term.name: term.mask for term in labels.standing}["Kit"] == "Child 1", "their own name is masked again"


def test_what_cannot_be_marked_is_refused(vault: Vault) -> None:
    child = add_child(vault, "Kit", "Thistlewood")
    glossary.mark(vault, child, "Jo", "Adult")
    for name, kind, more in (
        ("jo", "Adult", {}),
        ("Kit", "Child", {}),
        ("x", "Adult", {}),
        ("Bo", "Nobody", {}),
        ("Bo", "Adult", {"same_as": "Adult 9"}),
        ("Adult", "Adult", {}),
    ):
        with pytest.raises(Refused):
            glossary.mark(vault, child, name, kind, **more)
    with pytest.raises(Refused):
        glossary.unmark(vault, child, "Kit")
    with pytest.raises(NotFound):
        glossary.unmark(vault, child, "Bo")
    glossary.unmark(vault, child, "Jo")
    assert views.marked(vault, child) == []
