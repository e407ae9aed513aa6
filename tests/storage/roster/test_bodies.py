"""What a roll says fits the acts that keep it."""

from __future__ import annotations

from datetime import date

from practice.acts import ChildAdded, ChildChanged, read_body
from scripts.make_demo_school import school
from storage.roster.bodies import change_fields, child_fields
from storage.roster.model import RosterRow
from storage.roster.reading import read_roster

ROW = RosterRow(
    2, "Larbi", "Nia", date_of_birth=date(2016, 3, 4), leaving_date=date(2027, 7, 20), year_group="5", house="Wren"
)


def test_a_row_becomes_the_fields_of_a_child() -> None:
    assert child_fields(ROW) == {
        "legal_surname": "Larbi",
        "legal_forename": "Nia",
        "year_group": "5",
        "date_of_birth": "2016-03-04",
        "leaving_date": "2027-07-20",
        "other": {"house": "Wren"},
    }


def test_every_child_of_the_demo_school_makes_an_act_that_reads_back() -> None:
    for row in read_roster(school()).rows:
        added = ChildAdded(**child_fields(row))
        assert read_body("child_added", added.to_bytes()) == added
        assert added.date_of_birth == str(row.date_of_birth)


def test_changes_become_what_an_act_keeps() -> None:
    changes = change_fields({"house": "Heron", "year_group": "6", "date_of_birth": date(2016, 4, 3), "on_roll": True})
    assert changes == {
        "other": {"house": "Heron"},
        "year_group": "6",
        "date_of_birth": "2016-04-03",
        "on_roll": True,
    }
    assert read_body("child_changed", ChildChanged(changes=changes).to_bytes()) == ChildChanged(changes=changes)
