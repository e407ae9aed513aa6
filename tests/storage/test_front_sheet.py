"""A child's front sheet in the vault: versions, endings, two hands at once, and the hold on outward copies (R-08)."""

from __future__ import annotations

import pytest

from practice.acts import FrontSheetLine
from practice.errors import NotFound, Refused
from storage.desk import front_sheet as desk
from storage.desk import reviews
from storage.views import front_sheet
from tests.conftest import add_child, add_concern


@pytest.fixture
def child(vault) -> str:
    return add_child(vault)


def names(vault, child):
    return [(line.section, line.name) for line in front_sheet.lines(vault, child)]


def test_what_must_be_heeded_stands_first_and_a_change_keeps_the_version_before(vault, child):
    desk.add_line(vault, child, "household", name="Jo", role="mother")
    line = desk.add_line(vault, child, "must_not_be_told", name="Sid", words="Risk", until="2027-03-03")
    assert names(vault, child) == [("must_not_be_told", "Sid"), ("household", "Jo")]
    desk.change_line(vault, line, words="Greater risk", until=None)
    stands = front_sheet.get(vault, line)
    assert (stands.words, stands.until, stands.name) == ("Greater risk", None, "Sid")
    assert [each.words for each in front_sheet.history(vault, child, line)] == ["Greater risk", "Risk"]


def test_an_ended_line_stands_no_longer_and_keeps_its_history_and_reason(vault, child):
    line = desk.add_line(vault, child, "professional", name="T. Ray", agency="Health")
    with pytest.raises(Refused, match="Why does it no longer hold"):
        desk.end_line(vault, line, "  ")
    desk.end_line(vault, line, "She moved on")
    assert names(vault, child) == []
    assert front_sheet.history(vault, child)[0].reason == "She moved on"
    with pytest.raises(NotFound):
        desk.change_line(vault, line, name="X")


def test_two_changes_of_one_version_both_stand(vault, child):
    line = desk.add_line(vault, child, "must_not_be_told", name="Sid", words="Risk")
    seen = front_sheet.get(vault, line).act_id
    desk.change_line(vault, line, sees=seen, words="One")
    two = FrontSheetLine(line=line, section="must_not_be_told", name="Sid", words="Two", sees=seen)
    vault.record(two, child=child)
    assert sorted(each.words for each in front_sheet.lines(vault, child)) == ["One", "Two"]


def test_a_line_that_says_too_little_is_not_recorded(vault, child):
    for section, fields, said in (
        ("must_not_be_told", {"name": "Sid"}, "does not say why"),
        ("neighbour", {"name": "Sid"}, "no part of a front sheet"),
        ("court_order", {"name": "Order", "since": "2026-02-02", "until": "2026-01-01"}, "end before it begins"),
        ("agency", {"name": "A\x1b[31m"}, "cannot be shown"),
    ):
        with pytest.raises(Refused, match=said):
            desk.add_line(vault, child, section, **fields)
    assert names(vault, child) == []


def test_a_connected_child_is_named_from_their_own_record(vault, child):
    other = add_child(vault, "Bea")
    desk.add_line(vault, child, "connected_child", child=other)
    line = front_sheet.lines(vault, child)[0]
    assert (line.name, line.other_child) == ("Bea Thistlewood", other)
    with pytest.raises(NotFound):
        desk.add_line(vault, child, "connected_child", child="nobody")


def test_the_sheet_tells_when_the_record_was_opened_and_every_status(vault, child):
    assert front_sheet.sheet(vault, child).opened is None
    add_concern(vault, child, "Quiet.")
    reviews.set_status(vault, child, "watching")
    reviews.set_status(vault, child, "early_help")
    sheet = front_sheet.sheet(vault, child)
    assert sheet.opened is not None
    assert [each.status for each in sheet.statuses] == ["early_help", "watching"]


def test_an_outward_copy_waits_until_what_stands_now_was_read(vault, child):
    assert desk.check_heeded(vault, [child], "") == ""
    line = desk.add_line(vault, child, "must_not_be_told", name="Sid", words="Risk")
    with pytest.raises(Refused, match=r"Must not be told: Sid\. Risk\. Nothing went out\.") as held:
        desk.check_heeded(vault, [child], "")
    code = held.value.hint.split()[-1].rstrip(".")
    assert desk.check_heeded(vault, [child, child], code.upper()) == code
    desk.change_line(vault, line, words="Greater risk")
    with pytest.raises(Refused, match="has changed since you read it"):
        desk.check_heeded(vault, [child], code)


def test_the_views_come_out_the_same_from_a_replay(vault, child):
    line = desk.add_line(vault, child, "household", name="Jo")
    desk.change_line(vault, line, role="mother")
    desk.end_line(vault, line, "Moved")
    assert vault.verify(rebuild=True).problems == []
