"""A record-quality audit in the vault: drawn, looked at, rated, and replayed (R-82)."""

from __future__ import annotations

import pytest

from practice.acts import Promoted
from practice.errors import NotFound, Refused
from storage.desk import access
from storage.desk import quality as desk
from storage.views import quality
from tests.conftest import add_child, add_concern


def test_only_children_with_entries_are_drawn_and_others_are_added_by_hand(vault):
    with pytest.raises(Refused, match="nothing to draw from"):
        desk.begin(vault)
    with pytest.raises(NotFound):
        quality.get(vault)
    kept = [add_child(vault, name) for name in ("Ada", "Bea", "Cid")]
    quiet = add_child(vault, "Dot")
    for child in kept:
        add_concern(vault, child, "Seen.")
    audit = desk.begin(vault, size=2, seed="autumn", targeted=[quiet])
    found = quality.get(vault)
    assert found.id == audit
    assert [each.child_id for each in found.children][2:] == [quiet]
    assert {each.child_id for each in found.children[:2]} < set(kept)
    again = quality.get(vault, desk.begin(vault, size=2, seed="autumn"))
    assert [each.child_id for each in again.children] == [each.child_id for each in found.children[:2]]


def test_what_a_record_shows_is_counted(vault):
    child = add_child(vault)
    entry = add_concern(vault, child, "DSL said he is attention seeking.", childs_words="I hid", parent_told="told")
    add_concern(vault, child, "Plain words of one day.", caller={"name": "P. Ray", "agency": "Police"})
    vault.record(Promoted(reason="It matters"), child=child, entry=entry)
    access.opened(vault, child)
    facts = desk.facts_of(vault, child)
    assert (facts.entries, facts.chosen, facts.concerns, facts.with_voice) == (2, 1, 2, 1)
    assert (facts.parents_said, facts.agency_entries, facts.shares) == (1, 1, 0)
    assert facts.wording > 0
    assert facts.readers == (("Robin Vale", 1),)


def test_ratings_add_up_and_the_newest_stands(vault):
    child = add_child(vault)
    add_concern(vault, child, "Seen.")
    audit = desk.begin(vault, size=1)
    desk.rate(vault, audit, child, {"language": "red"}, words={"language": "Blaming [x]"}, action="Talk it over")
    desk.rate(vault, audit, child, {"language": "amber", "parents": "green"})
    row = quality.get(vault, audit).children[0]
    assert row.ratings == {"language": "amber", "parents": "green"}
    assert (row.words, row.action, row.by) == ({"language": "Blaming [x]"}, "Talk it over", "Robin Vale")
    assert [(each.criterion, each.red, each.amber, each.green) for each in quality.by_month(vault)] == [
        ("language", 0, 1, 0),
        ("parents", 0, 0, 1),
    ]
    with pytest.raises(Refused, match="not in this audit"):
        desk.rate(vault, audit, add_child(vault, "Bea"), {"language": "red"})
    assert vault.verify(rebuild=True).problems == []
