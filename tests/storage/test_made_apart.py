"""Two people change one thing without knowing of each other: both stay, the safer is in force, one chooses."""

from __future__ import annotations

import json
import random
from datetime import date

import pytest

from practice import acts as kinds
from practice.errors import NotFound, Refused
from storage.desk import apart as desk
from storage.desk import concerns, glossary, reviews
from storage.documents.export import export
from storage.documents.gather import Wanted
from storage.ids import new_id
from storage.views import apart, record
from storage.views import glossary as masks
from storage.views import reviews as review_view
from tests.conftest import on_day
from tests.storage.in_memory import school, settle


@pytest.fixture
def two():
    """Two machines of one school that know the same child and the same entry."""
    desk_machine, laptop = school(2, random.Random(1))
    child, entry = new_id(), new_id()
    with desk_machine.write() as unit:
        unit.record(kinds.ChildAdded(legal_forename="Ada", legal_surname="Vale"), child=child)
        unit.record(kinds.ConcernLogged(text="first", occurred=on_day("2026-09-02")), child=child, entry=entry)
    settle([desk_machine, laptop])
    return desk_machine, laptop, child, entry


def waiting(*machines):
    """What waits, which must be the same on every machine."""
    settle(list(machines))
    found = [apart.rows(machine) for machine in machines]
    assert all(rows == found[0] for rows in found)
    return found[0]


def test_two_texts_stand_side_by_side_until_one_is_kept(two):
    one, other, _child, entry = two
    concerns.amend(one, entry, "from the desk", "clearer")
    concerns.amend(other, entry, "from the laptop", "more of it")
    (row,) = waiting(one, other)
    assert (row.about, row.child, row.entry_id) == ("text", "Ada Vale", entry)
    said = {(option.says.split("\n")[0], option.reason, option.by) for option in row.options}
    assert said == {("from the desk", "clearer", "Robin Vale"), ("from the laptop", "more of it", "Robin Vale")}
    assert sum(option.in_force for option in row.options) == 1
    assert record.get(one, entry).conflict
    loser = next(option for option in row.options if option.in_force)
    keep = next(option for option in row.options if not option.in_force)
    desk.keep(other, row.id, [keep.act_id], "It is the fuller one")
    assert waiting(one, other) == []
    shown = record.detail(one, entry)
    assert shown.entry.version == keep.act_id
    assert not shown.entry.conflict
    aside = next(version for version in shown.versions if version.act_id == loser.act_id)
    assert aside.set_aside == "It is the fuller one"
    assert len(shown.versions) == 3
    with pytest.raises(NotFound, match="chosen already"):
        desk.keep(one, row.id, [loser.act_id], "too late")


def test_a_mask_that_both_gave_stays_with_who_got_it_in_the_copies_that_left(two, tmp_path):
    one, other, child, _entry = two
    for machine, text in ((one, "Jo rang."), (other, "Bo rang Ada Vale. Jo came.")):
        concerns.log_concern(machine, {"text": text, "when": "3/9/2026"}, child_id=child)
    assert glossary.mark(one, child, "Jo", "Adult") == glossary.mark(other, child, "Bo", "Adult") == "Adult 1"
    other.folder = tmp_path / "vault"
    left = export(other, Wanted(child, "record", anonymous=True), tmp_path / "copy.json")
    masked = json.loads(left.path.read_text())["entries"][-1]["text"]
    assert masked == "Adult 1 rang Child 1-b. Jo came."
    settle([one, other])
    for machine in (one, other):
        labels = masks.labels(machine, child)
        assert {term.name: term.mask for term in labels.standing if term.name in "Jo Bo"} == {
            "Jo": "Adult 1",
            "Bo": "Adult 2",
        }
        assert masks.before(labels) == {"Bo": ["Adult 1"]}, "who has another mask now is told"
        (doubt,) = glossary.doubts(machine, child, masked)
        assert (doubt.mask, doubt.name, doubt.others[0].name) == ("Adult 1", "Jo", "Bo")
        for copy in (left.act, left.content_sha256[:16], left.sha256):
            named = glossary.unmask(machine, child, masked, "It came back", copy=copy)
            assert named == "Bo rang Ada Vale. Jo came.", "the copy's own masks name it"
        again = masks.glossary(machine, child).anonymise("Bo rang Ada Vale. Jo came.")
        assert again == "Adult 2 rang Child 1-b. Adult 1 came."
        assert glossary.doubts(machine, child, "Adult 2 rang.") == []
        assert [each.mask for each in glossary.doubts(machine, child, "the adult 1-b")] == ["Adult 1"]
        with pytest.raises(NotFound, match="No copy"):
            glossary.unmask(machine, child, masked, "It came back", copy="no such copy")


def test_both_are_kept_or_a_third_is_written(two):
    one, other, _child, entry = two
    concerns.amend(one, entry, "A", "a")
    concerns.amend(other, entry, "B", "b")
    (row,) = waiting(one, other)
    with pytest.raises(Refused, match="none of those"):
        desk.keep(one, row.id, ["another"], "no")
    desk.keep(one, row.id, [option.act_id for option in row.options], "Both are true")
    assert waiting(one, other) == []
    concerns.amend(one, entry, "A2", "a")
    concerns.amend(other, entry, "B2", "b")
    (row,) = waiting(one, other)
    third = desk.write_third(other, row.id, "A and B", "Both in one")
    assert waiting(one, other) == []
    assert record.get(one, entry).version == third
    assert record.get(one, entry).text == "A and B"


def test_the_more_protective_decision_is_in_force_and_the_next_one_supersedes_both(two):
    one, other, _child, entry = two
    concerns.decide(one, entry, "referral_social_care", "a bruise")
    concerns.decide(other, entry, "no_further_action", "explained", due=date(2026, 10, 1))
    (row,) = waiting(one, other)
    assert row.about == "decision"
    assert {option.says for option in row.options if option.in_force} == {"Refer to children's social care"}
    assert record.get(other, entry).decision == "referral_social_care"
    concerns.decide(one, entry, "early_help", "after talking it over")
    assert waiting(one, other) == []
    assert record.get(other, entry).decision == "early_help"
    stand = [each.decision for each in record.detail(other, entry).decisions if not each.superseded]
    assert stand == ["early_help"]


def test_the_more_pressing_status_and_the_earlier_review_count(two):
    one, other, child, _entry = two
    reviews.set_status(one, child, "child_protection")
    reviews.set_status(other, child, "watching")
    rows = waiting(one, other)
    assert [row.about for row in rows] == ["status"]
    assert review_view.plan(other, child).status == "child_protection"
    desk.keep(one, rows[0].id, [option.act_id for option in rows[0].options if not option.in_force], "It has ended")
    assert waiting(one, other) == []
    assert review_view.plan(other, child).status == "watching"
    reviews.hold(one, child, "go on", "as before", next_due=date(2026, 10, 20))
    reviews.hold(other, child, "look sooner", "worse", next_due=date(2026, 9, 20))
    rows = waiting(one, other)
    assert [row.about for row in rows] == ["review"]
    assert review_view.plan(one, child).due == date(2026, 9, 20)
    assert len(review_view.history(one, child)) == 2


def test_two_choices_that_differ_are_shown_again(two):
    one, other, _child, entry = two
    concerns.amend(one, entry, "A", "a")
    concerns.amend(other, entry, "B", "b")
    (row,) = waiting(one, other)
    first, second = (option.act_id for option in row.options)
    desk.keep(one, row.id, [first], "this one")
    desk.keep(other, row.id, [second], "no, this one")
    (again,) = waiting(one, other)
    desk.keep(one, again.id, [first], "agreed by telephone")
    assert waiting(one, other) == []
    assert record.get(other, entry).version == first
