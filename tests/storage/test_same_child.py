"""Machines that were apart: the same roll makes no child twice, and what may be one child is offered to a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from practice.acts import ChildChanged
from practice.errors import Refused
from practice.same_child import APART, MORE, NAME_AND_BIRTH, PROVISIONAL, UPN, Known, pairs
from storage import erasing, people, reports
from storage.desk import (
    actions,
    front_sheet,
    granting,
    meetings,
    one_record,
    retention,
    reviews,
    same_child,
    transfers,
    triage,
)
from storage.desk import children as desk
from storage.keys import FLOOR
from storage.views import actions as action_view
from storage.views import children, erasures, family, organisation, record
from storage.views import front_sheet as sheet_view
from storage.views import meetings as meeting_view
from storage.views import reports as report_views
from storage.views import reviews as review_view
from storage.views import transfers as transfer_view
from storage.visits import subset
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
    assert same_child.one_child(office, keep.id, goes.id, "The office confirmed it.").entries == 1
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


# -- what goes along ---------------------------------------------------------------------------------------------------


def two_records(office, laptop):
    """One child in two records: each machine typed her in, and worked on its own."""
    made = [desk.add_child(each, name="Kay Birch")[0] for each in (office, laptop)]
    settle(office, laptop)
    return made


def worked_on(machine, child, sibling):
    """What somebody does for a child in a week; returns the action's and the meeting's id."""
    entry = add_concern(machine, child, "An entry")
    action = actions.add(machine, child, "Ring the school nurse [at once]", due=date(2026, 11, 20), about=entry)
    closed = actions.add(machine, child, "Ask for the plan")
    actions.done(machine, closed.id, "nothing", "the plan came", "it is here")
    meeting = meetings.plan(machine, child, "core_group", date(2026, 12, 1)).id
    reviews.set_status(machine, child, "child_protection")
    reviews.hold(machine, child, "go on [as it is]", "it helps", answers={"better": "a little"})
    front_sheet.add_line(machine, child, "must_not_be_told", name="A. Birch", words="not safe")
    front_sheet.add_line(machine, sibling, "sibling", name="Kay", child=child)
    retention.hold(machine, "police", "asked by the police", child_id=child)
    transfer = transfers.came(machine, child, date(2026, 11, 19), "Hill Primary").id
    return action.id, closed.id, meeting, transfer


def test_all_that_is_under_way_goes_on_in_the_record_that_stays(school):
    office, laptop = school
    keep, goes = two_records(office, laptop)
    sibling = desk.add_child(office, name="Lou Birch")[0]
    settle(office, laptop)
    reviews.set_status(office, keep, "watching")
    reader = people.add_person(office, "Sam Reader", "read_only", "a stone on the windowsill", FLOOR)
    granting.grant(office, reader, [goes])
    action, closed, meeting, transfer = worked_on(laptop, goes, sibling)
    settle(office, laptop)
    due = review_view.plan(office, goes).due
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_record, "_holds", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):  # cut short, it is done again
            same_child.one_child(office, keep, goes, "The office confirmed it.")
    same_child.one_child(office, keep, goes, "The office confirmed it.")
    settle(office, laptop)
    for each in school:
        on = date(2026, 11, 23)
        found = {row.id: row for row in action_view.actions(each, on, child_id=keep, done=True) if row.kind == "action"}
        assert (found[action].state, found[action].what) == ("open", "Ring the school nurse [at once]")
        assert (found[closed].state, found[closed].outcome) == ("done", "the plan came")
        assert [row.id for row in meeting_view.meetings(each, child_id=keep) if row.state == "planned"] == [meeting]
        assert [row.id for row in transfer_view.transfers(each, child_id=keep)] == [transfer]
        assert transfer_view.transfers(each, child_id=goes, everything=True) == []
        assert organisation.granted(each, reader) == {keep, goes}
        plan = review_view.plan(each, keep)
        assert (plan.status, plan.due) == ("child_protection", min(due, plan.due))
        assert [row.child_id for row in review_view.due(each, on, all_plans=True)] == [keep]
        assert [line.name for line in sheet_view.lines(each, keep)] == ["A. Birch"]
        assert [line.other_child for line in sheet_view.lines(each, sibling)] == [keep]
        assert keep in {row.id for row in family.siblings(each, sibling)}
        assert [row.child_id for row in erasures.holds_in_force(each) if row.child_id == keep] == [keep]
        assert action_view.actions(each, on, child_id=goes, done=True) == []
        assert meeting_view.meetings(each, child_id=goes, everything=True) == []
        (row,) = one_record.closed_records(each, keep)
        assert (row.child_id, row.reason) == (goes, "The office confirmed it.")
        told = "\n".join(row.lines)
        assert "go on [as it is]" in told
        assert "better: a little" in told
        assert "Child protection plan" in told
        assert one_record.closed_into(each, goes) == keep
        assert same_child.waiting(each) == []
        assert each.verify(rebuild=True, signatures=True).ok
    with office.read() as connection:
        packed = {(act.kind, act.child) for act in subset.gather(connection, [keep]).acts}
        kinds = ("action_added", "meeting_planned", "action_done")
        assert {(kind, keep) for kind in kinds} <= packed
        assert goes not in {child for _kind, child in packed}
        acts = set(erasing.scope(connection, keep))
        going = (action, meeting, transfer)
        wanted = connection.exec_driver_sql("SELECT id FROM acts WHERE entry IN (?, ?, ?)", going).scalars()
        assert set(wanted) <= acts, "erased with the record in which they stand"


def test_what_comes_into_a_closed_record_later_is_asked_about_again(school):
    office, laptop = school
    keep, goes = two_records(office, laptop)
    same_child.one_child(office, keep, goes, "The office confirmed it.")
    entry = add_concern(laptop, goes, "Written before the laptop had heard of it")
    reviews.set_status(laptop, goes, "child_in_need")
    settle(office, laptop)
    for each in school:
        assert [row.why for row in same_child.waiting(each)] == [MORE]
    same_child.one_child(laptop, keep, goes, "Still the same child.")
    settle(office, laptop)
    for each in school:
        assert same_child.waiting(each) == []
        assert record.get(each, entry).child_id == keep
        assert review_view.plan(each, keep).status == "child_in_need"
        assert review_view.plan(each, goes) is None


def test_each_closed_into_the_other_on_two_machines_and_one_of_them_stays(school):
    office, laptop = school
    one, other = two_records(office, laptop)
    entries = [add_concern(office, one, "About one"), add_concern(laptop, other, "About the other")]
    settle(office, laptop)
    same_child.one_child(office, one, other, "The office says so.")
    same_child.one_child(laptop, other, one, "The form tutor says so.")
    settle(office, laptop)
    for each in school:
        assert [row.why for row in same_child.waiting(each)] == [APART]
    same_child.one_child(office, one, other, "We spoke.")
    settle(office, laptop)
    for each in school:
        assert same_child.waiting(each) == []
        assert [row.id for row in children.all_children(each) if row.name == "Kay Birch"] == [one]
        assert {record.get(each, entry).child_id for entry in entries} == {one}
    same_child.two_children(office, one, other, "They were two after all.")
    assert {row.id for row in children.all_children(office) if row.name == "Kay Birch"} == {one, other}
    assert one_record.closed_records(office, one) == []
