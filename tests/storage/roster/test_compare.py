"""What an import would do: who joins, who left, what changed, and what only a person can decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.upn import check_letter
from storage.roster.compare import BACK, Difference, KnownChild, compare, leavers_need_confirmation
from storage.roster.model import NAME_FIELDS, OTHER_FIELDS, Rejected, Roster, RosterRow
from storage.roster.reading import read_roster
from tests.builder import as_csv, children, make_upn

TODAY = date(2026, 11, 20)
BORN = date(2016, 3, 4)
A, B = (make_upn(number, 20) for number in range(2))
TEMPORARY = check_letter("99920002000B") + "99920002000B"


def row(line: int = 2, surname: str = "Larbi", forename: str = "Nia", **fields: Any) -> RosterRow:
    fields.setdefault("date_of_birth", BORN)
    return RosterRow(line=line, legal_surname=surname, legal_forename=forename, **fields)


def child(name: str = "n", surname: str = "Larbi", forename: str = "Nia", **fields: Any) -> KnownChild:
    fields.setdefault("date_of_birth", BORN)
    return KnownChild(name, {"legal_surname": surname, "legal_forename": forename}, **fields)


def difference(rows: list[RosterRow], known: list[KnownChild], *, whole: bool = False, bad: int = 0) -> Difference:
    rejected = [Rejected(90 + number, "it has 9 values under 8 headers") for number in range(bad)]
    return compare(Roster(rows, rejected, [], {}, [], 1), known, whole, TODAY)


def as_known(one: RosterRow) -> KnownChild:
    return KnownChild(
        id=f"id{one.line}",
        names={name: getattr(one, name) for name in NAME_FIELDS},
        upn=one.upn,
        date_of_birth=one.date_of_birth,
        mis_id=one.mis_id,
        admission_number=one.admission_number,
        fields={name: getattr(one, name) for name in OTHER_FIELDS},
    )


def test_a_new_child_joins_and_the_same_file_again_changes_nothing() -> None:
    roster = read_roster(as_csv(children(300, 5)))
    first = compare(roster, [], True, TODAY)
    assert first.joined == roster.rows
    again = compare(roster, [as_known(one) for one in first.joined], True, TODAY)
    assert again.unchanged == [f"id{one.line}" for one in roster.rows]
    assert (again.joined, again.changed, again.left, again.not_in_file, again.rejected) == ([], [], [], [], [])


@pytest.mark.parametrize(
    ("in_file", "in_store"),
    [
        (row(upn=A), child(upn=A)),
        (row(upn=A, date_of_birth=None), child(upn=A)),
        (row(surname="Gyasi", forename="Imani", upn=A), child(upn=A)),
        (row(surname="Gyasi", upn=B), child(upn=A, former_upns=(B,))),
        (row(surname="Gyasi", upn=B, former_upn=A), child(upn=A)),
        (row(surname="Gyasi", mis_id="7"), child(mis_id="7")),
        (row(surname="Gyasi", admission_number="7"), child(admission_number="7")),
        (row(forename="nia", surname="LARBI"), child()),
        (row(surname="O’Brannigan", forename="Mary Jane"), child(surname="OBrannigan", forename="Mary-Jané")),
        (row(upn=A), child()),
        (row(upn=A), child(upn="A9992000200")),
        (row(upn=A), child(upn=TEMPORARY)),
        (row(mis_id="7"), child(mis_id="8")),
    ],
)
def test_a_number_or_name_with_birthday_finds_the_child(in_file: RosterRow, in_store: KnownChild) -> None:
    found = difference([in_file], [in_store, child("other", "Tembo", "Seun")])
    assert (found.joined, found.rejected, found.not_in_file) == ([], [], ["other"])


@pytest.mark.parametrize(
    ("in_file", "in_store"),
    [
        (row(), child(forename="Zuri")),
        (row(), child(date_of_birth=date(2016, 4, 3))),
        (row(surname="Gyasi", mis_id="7"), child(mis_id="7", date_of_birth=date(2015, 1, 1))),
        (row(surname="Gyasi", admission_number="7", date_of_birth=None), child(admission_number="7")),
        (row(surname="Gyasi", upn="A9992000200"), child(upn="A9992000200", date_of_birth=date(2015, 1, 1))),
        (row(surname="Gyasi", upn=TEMPORARY), child(upn=TEMPORARY, date_of_birth=date(2015, 1, 1))),
        (row(date_of_birth=None, upn=B), child(date_of_birth=None, upn=A)),
    ],
)
def test_less_than_that_is_another_child(in_file: RosterRow, in_store: KnownChild) -> None:
    found = difference([in_file], [in_store])
    assert (found.joined, found.not_in_file) == ([in_file], ["n"])


@pytest.mark.parametrize(
    ("in_file", "known", "reason"),
    [
        (row(), [child("1"), child("2")], "two children"),
        (row(upn=A, mis_id="7"), [child("1", upn=A), child("2", "Gyasi", mis_id="7")], "two children"),
        (row(upn=A), [child("1", forename="Zuri", upn=A), child("2", upn=B)], "one child's and its name another's"),
        (row(upn=A), [child("1", upn=B)], "another UPN"),
        (row(date_of_birth=None), [child("1")], "add the date of birth"),
        (row(), [child("1", date_of_birth=None)], "add the date of birth"),
        (row(upn=A), [child("1", "Gyasi", "Imani", upn=A, date_of_birth=date(2012, 1, 1))], "another name and another"),
    ],
)
def test_what_could_mean_two_children_is_left_to_a_person(
    in_file: RosterRow, known: list[KnownChild], reason: str
) -> None:
    found = difference([in_file], known, whole=True)
    assert [(line.line, reason in line.reason) for line in found.rejected] == [(2, True)]
    assert (found.joined, found.changed) == ([], [])
    # Whoever the row may mean is not taken for a leaver.
    assert found.left == []
    assert "Larbi" not in found.rejected[0].reason


def test_twins_with_their_own_upns_are_each_themselves() -> None:
    twins = [row(2, forename="Nia", upn=A), row(3, forename="Zuri", upn=B)]
    found = difference(twins, [child("z", forename="Zuri", upn=B), child("n", upn=A)])
    assert sorted(found.unchanged) == ["n", "z"]


def test_two_rows_of_one_child_the_better_evidence_stands() -> None:
    by_upn, by_name = row(2, surname="Gyasi", upn=A), row(3)
    found = difference([by_name, by_upn], [child(upn=A)])
    assert found.changed == [("n", {"legal_surname": "Gyasi"}, by_upn)]
    assert [line.line for line in found.rejected] == [3]
    equals = difference([row(2, "Gyasi", mis_id="7"), row(3, "Tembo", mis_id="7")], [child(mis_id="7")], whole=True)
    assert [line.line for line in equals.rejected] == [2, 3]
    assert (equals.changed, equals.left, equals.unchanged) == ([], [], ["n"])


def test_blanks_and_faulty_upns_erase_nothing() -> None:
    known = child(upn=A, mis_id="7", admission_number="8", fields={"house": "Wren", "leaving_date": "2027-07-20"})
    found = difference([row(upn="A9992000200")], [known])
    assert found.unchanged == ["n"]


def test_changes_name_the_new_values_only() -> None:
    new = row(
        upn=B, former_upn=A, house="Heron", year_group="5", leaving_date=date(2027, 7, 20), preferred_forename="Ni"
    )
    found = difference([new], [child(upn=A, fields={"house": "Wren", "year_group": "5"})])
    changes = {"preferred_forename": "Ni", "upn": B, "house": "Heron", "leaving_date": date(2027, 7, 20)}
    assert found.changed == [("n", changes, new)]
    known = child(upn=B, former_upns=(A,), fields={"house": "Heron", "year_group": "5", "leaving_date": "2027-07-20"})
    known = replace(known, names={**known.names, "preferred_forename": "Ni"})
    assert difference([new], [known]).unchanged == ["n"]


@pytest.mark.parametrize(
    ("fields", "leaves"),
    [
        ({"leaving_date": date(2026, 11, 19)}, True),
        ({"leaving_date": TODAY}, False),
        ({"leaving_date": date(2027, 7, 20)}, False),
        ({"enrol_status": "Left"}, True),
        ({"enrol_status": "Current"}, False),
        ({"enrol_status": "Current", "leaving_date": date(2024, 7, 20)}, False),
    ],
)
def test_a_row_itself_says_that_its_child_left(fields: dict[str, Any], leaves: bool) -> None:
    assert difference([row(**fields)], [child()]).left == (["n"] if leaves else [])
    # Who has left, and was never here, does not join.
    unknown = difference([row(**fields)], [])
    assert (len(unknown.joined), len(unknown.rejected)) == ((0, 1) if leaves else (1, 0))


def test_who_is_absent_leaves_only_from_a_file_of_the_whole_school() -> None:
    known = [
        child("here"),
        child("gone", "Tembo"),
        child("new", "Jama", provisional=True),
        child("old", "Bui", on_roll=False),
    ]
    part = difference([row()], known)
    assert (part.left, part.not_in_file) == ([], ["gone", "new"])
    whole = difference([row()], known, whole=True)
    assert (whole.left, whole.not_in_file, whole.unchanged) == (["gone"], ["new"], ["here"])


def test_a_rejected_line_that_may_hide_a_child_keeps_everyone_on_the_roll() -> None:
    known = [child("here"), child("gone", "Tembo")]
    found = difference([row()], known, whole=True, bad=1)
    assert (found.left, found.not_in_file) == ([], ["gone"])
    assert "1 rejected line may hold a child" in found.warnings[0].text
    footer = compare(Roster([row()], [Rejected(9, "a total", hides_child=False)], [], {}, [], 1), known, True, TODAY)
    assert footer.left == ["gone"]


def test_a_child_who_returns_and_a_provisional_one_are_taken_on_the_roll() -> None:
    found = difference(
        [row(2, upn=A), row(3, "Jama", "Hana")],
        [
            child("back", upn=A, on_roll=False),
            child("new", "Jama", "Hana", provisional=True),
        ],
    )
    assert [(one, changes) for one, changes, _ in found.changed] == [
        ("back", {"on_roll": True}),
        ("new", {"provisional": False}),
    ]
    assert [(warning.line, warning.text) for warning in found.warnings] == [(2, BACK)]


def test_a_provisional_child_with_only_a_name_is_matched_by_a_person() -> None:
    found = difference([row(upn=A)], [child(provisional=True, date_of_birth=None)])
    assert len(found.joined) == 1
    assert found.not_in_file == ["n"]
    assert [(warning.line, "match them by hand" in warning.text) for warning in found.warnings] == [(2, True)]


@pytest.mark.parametrize(("left", "roll", "asks"), [(0, 0, False), (21, 420, False), (22, 420, True), (1, 19, True)])
def test_more_than_one_in_twenty_leavers_must_be_confirmed(left: int, roll: int, asks: bool) -> None:
    assert leavers_need_confirmation(["id"] * left, roll) is asks


SMALL = {
    "forename": st.sampled_from(["Nia", "Zuri"]),
    "upn": st.sampled_from(["", "", A, B, "A9992000200"]),
    "mis_id": st.sampled_from(["", "7", "8"]),
    "date_of_birth": st.sampled_from([None, BORN, date(2017, 1, 1)]),
}
ROWS = st.lists(st.fixed_dictionaries({**SMALL, "enrol_status": st.sampled_from(["", "Left"])}), max_size=6)
KNOWN = st.lists(st.fixed_dictionaries({**SMALL, "on_roll": st.booleans(), "provisional": st.booleans()}), max_size=5)


@given(ROWS, KNOWN, st.booleans())
def test_every_row_and_every_child_is_accounted_for_once(
    rows: list[dict[str, Any]], known: list[dict[str, Any]], whole: bool
) -> None:
    in_file = [row(line, **fields) for line, fields in enumerate(rows, 2)]
    in_store = [child(str(number), **fields) for number, fields in enumerate(known)]
    found = difference(in_file, in_store, whole=whole)
    joined = [one.line for one in found.joined]
    rejected = [line.line for line in found.rejected]
    assert len(joined + rejected) == len(set(joined + rejected))
    changed = [one for one, _, _ in found.changed]
    groups = [set(found.unchanged), set(found.not_in_file), set(changed) | set(found.left)]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert set().union(*groups) >= {one.id for one in in_store if one.on_roll or one.provisional}
    matched_rows = len(in_file) - len(joined) - len(rejected)
    assert matched_rows <= len(set().union(*groups))
    on_roll = {one.id for one in in_store if one.on_roll}
    assert set(found.left) <= on_roll
    assert len(changed) == len(set(changed))
