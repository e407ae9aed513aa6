"""Machines that were apart: the same roll makes no child twice, and what may be one child is offered to a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from practice.acts import ChildChanged
from practice.errors import Refused
from practice.same_child import NAME_AND_BIRTH, PROVISIONAL, UPN, Known, pairs
from storage import reports
from storage.desk import children as desk
from storage.desk import same_child, triage
from storage.views import children, record
from storage.views import reports as report_views
from tests.conftest import PASSPHRASE, add_concern
from tests.storage.machines import Clock, hand_over, joined

ROLL = (
    b"UPN,Legal Surname,Legal Forename,DOB,Year,Reg\n"
    b"A801200001001,Khan,Amira,04/05/2014,7,7B\n,Turner,Ben,12/11/2013,8,8A\n"
)


@pytest.fixture
def school(vault, tmp_path):
    """Two machines of one school."""
    with joined(vault, tmp_path, tmp_path / "laptop", "Laptop", Clock(), PASSPHRASE) as laptop:
        yield vault, laptop


def settle(office, laptop):
    for source, target in ((office, laptop), (laptop, office)) * 2:
        hand_over(source, target)


def test_one_roll_on_two_machines_apart_makes_each_numbered_child_once_and_offers_the_others(school):
    office, laptop = school
    for each in school:
        assert desk.import_roster(each, ROLL).joined == 2
    amira = children.resolve(laptop, "A801200001001")
    entry = add_concern(laptop, amira.id, "Written on the laptop")
    there = add_concern(laptop, children.resolve(laptop, "Ben Turner").id, "About Ben, on the laptop")
    settle(office, laptop)
    for each in school:
        assert [row.name for row in children.all_children(each)].count("Amira Khan") == 1
        assert record.get(each, entry).child == "Amira Khan"
        assert [(row.first.name, row.second.name, row.why) for row in same_child.waiting(each)] == [
            ("Ben Turner", "Ben Turner", NAME_AND_BIRTH)
        ]
        assert each.verify(rebuild=True, signatures=True).ok
        assert desk.import_roster(each, ROLL, dry_run=True).joined == 0
    row = same_child.waiting(office)[0]
    keep, goes = sorted((row.first, row.second), key=lambda child: child.id == record.get(office, there).child_id)
    with pytest.raises(Refused, match="one record already"):
        same_child.one_child(office, keep.id, keep.id, "No.")
    assert same_child.one_child(office, keep.id, goes.id, "The office confirmed it.") == 1
    settle(office, laptop)
    for each in school:
        assert [child.name for child in children.all_children(each)].count("Ben Turner") == 1
        assert record.get(each, there).child_id == keep.id
        assert same_child.waiting(each) == []
        assert each.verify(rebuild=True, signatures=True).ok


def test_what_a_later_roll_says_stands_and_what_a_person_put_right_stays(school):
    office, laptop = school
    desk.import_roster(office, ROLL)
    child = children.resolve(office, "A801200001001")
    office.record(ChildChanged(changes={"legal_forename": "Amara"}, sees=""), child=child.id)
    laptop.clock.at = datetime.now(UTC) + timedelta(days=1)
    desk.import_roster(laptop, ROLL.replace(b"7,7B", b"8,8C"))
    settle(office, laptop)
    for each in school:
        assert children.get(each, child.id).name == "Amara Khan"
        assert children.get(each, child.id).reg_group == "8C"


def test_a_child_noted_while_logging_on_both_and_a_report_taken_in_on_both(school):
    office, laptop = school
    reports.leave(office.folder, {"child_as_written": "Kay", "text": "x [red]", "reporter": "Jo"})
    for path in (office.folder / "spool" / "reports").iterdir():
        (laptop.folder / "spool" / "reports" / path.name).write_bytes(path.read_bytes())
    for each in school:
        assert len(triage.take_in(each).new) == 1
        desk.add_child(each, name="Kay Birch", provisional=True)
    settle(office, laptop)
    for each in school:
        assert len(report_views.reports(each)) == 1, "the report was taken in twice, and is one"
        assert [row.why for row in same_child.waiting(each)] == [PROVISIONAL]
    row = same_child.waiting(laptop)[0]
    same_child.two_children(laptop, row.first.id, row.second.id, "Cousins of one name.")
    settle(office, laptop)
    assert [same_child.waiting(each) for each in school] == [[], []]


def test_other_children_with_one_number_stay_two_and_are_offered(school):
    office, laptop = school
    desk.import_roster(office, ROLL)
    desk.import_roster(laptop, ROLL.replace(b"Khan,Amira", b"Moss,Bea"))
    settle(office, laptop)
    for each in school:
        assert {"Amira Khan", "Bea Moss"} <= {row.name for row in children.all_children(each)}
        assert UPN in {row.why for row in same_child.waiting(each)}


def test_pairs_rest_on_their_strongest_reason_and_namesakes_on_the_roll_are_not_asked_about():
    rows = [
        Known("a", "Ada Vale", None, "U", "M"),
        Known("b", "ada  vale", None, "U", "M"),
        Known("c", "Ada Vale"),
        Known("d", "Ada Vale", None, provisional=True),
    ]
    found = pairs(rows, {frozenset("cd")})
    assert [(pair.first, pair.second, pair.why) for pair in found] == [
        ("a", "b", UPN),
        ("a", "d", PROVISIONAL),
        ("b", "d", PROVISIONAL),
    ]
