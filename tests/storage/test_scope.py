"""A read-only person finds only the children they were given, whichever query asks; another needs a reason (R-114)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from practice.acts import ReviewSet, SchoolSet
from practice.errors import NotAllowed, NotFound, Refused
from storage import people, scope, vault
from storage.desk import children as roll
from storage.desk import concerns, granting
from storage.keys import FLOOR
from storage.vault import Vault
from storage.views import children, organisation, record, reviews, today
from storage.views.base import children_tables

ANN = "green lamp quiet river"
SEN = "seven tall paper boats"


class Clock:
    now = datetime(2026, 11, 21, 9, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ann(tmp_path: Path, clock: Clock) -> Vault:
    school = SchoolSet(name="Thornfield")
    made, _ = vault.create(tmp_path / "v", school=school, user="Ann Lee", passphrase=ANN, kdf=FLOOR, clock=clock)
    people.add_person(made, "Sue Sen", "read_only", SEN, FLOOR)
    return made


@pytest.fixture
def ids(ann: Vault) -> dict[str, str]:
    made = {}
    for name in ("Kit Ashdown", "Amal Vale"):
        made[name] = roll.add_child(ann, name=name, date_of_birth="2016-05-03")[0]
        entry = concerns.log_concern(ann, {"text": f"Canary of {name}"}, child_id=made[name])[0]
        made[name + " entry"] = entry
        concerns.decide(ann, entry, "advice_call", "To see", due=date(2026, 11, 20))
        ann.record(ReviewSet(status="watching", first_due="2026-11-20"), child=made[name])
    return made


@pytest.fixture
def sue(ann: Vault, ids: dict[str, str], clock: Clock) -> Any:
    granting.grant(ann, "Sue Sen", [ids["Kit Ashdown"]])
    opened = vault.open_vault(ann.folder, passphrase=SEN, user="Sue Sen", clock=clock)
    yield opened
    opened.close()


def everything_found(of: Vault, child: str, entry: str) -> list[Any]:
    """What each way of asking finds of one child."""
    asked: list[Callable[[], Any]] = [
        lambda: [row for row in children.all_children(of, include_left=True) if row.id == child],
        lambda: [row for row in children.find(of, "") if row.id == child],
        lambda: children.get(of, child),
        lambda: children.fields_of(of, child),
        lambda: children.resolve(of, child),
        lambda: record.chronology(of, child),
        lambda: record.chronology(of, child, as_known_on=date(2026, 11, 22)),
        lambda: record.entry_ids(of, child),
        lambda: record.count(of, child),
        lambda: record.get(of, entry),
        lambda: record.detail(of, entry),
        lambda: record.by_ids(of, [entry]),
        lambda: [hit for hit in record.search(of, "canary") if hit.child_id == child],
        lambda: [row for row in reviews.due(of, date(2026, 12, 1)) if row.child_id == child],
        lambda: reviews.plan(of, child),
        lambda: [line for line in _lines(of) if line.child_id == child],
    ]
    found = []
    for ask in asked:
        try:
            found.append(ask())
        except NotFound:
            found.append(None)
    return found


def _lines(of: Vault) -> list[today.Line]:
    view = today.today(of, of.clock())
    return [*view.act_today, *view.this_week, *view.later]


def test_whichever_way_is_asked_only_a_given_child_is_found(ann: Vault, sue: Vault, ids: dict[str, str]) -> None:
    given, other = ids["Kit Ashdown"], ids["Amal Vale"]
    assert all(everything_found(sue, given, ids["Kit Ashdown entry"]))
    assert not any(everything_found(sue, other, ids["Amal Vale entry"]))
    assert all(everything_found(ann, other, ids["Amal Vale entry"]))
    with pytest.raises(NotFound) as error:
        children.resolve(sue, "Amal Vale")
    assert "break-glass" in error.value.hint
    assert today.today(sue, sue.clock()).children == 1


def test_a_list_changes_while_the_person_has_the_record_open(ann: Vault, sue: Vault, ids: dict[str, str]) -> None:
    assert granting.grant(ann, "sue sen", [ids["Amal Vale"], ids["Kit Ashdown"]])[1] == 1
    assert {row.name for row in children.all_children(sue)} == {"Kit Ashdown", "Amal Vale"}
    assert granting.withdraw(ann, "Sue Sen", [ids["Kit Ashdown"]])[1] == 1
    assert {row.name for row in children.all_children(sue)} == {"Amal Vale"}
    with pytest.raises(NotAllowed):
        granting.grant(sue, "Sue Sen", [ids["Kit Ashdown"]])
    with pytest.raises(Refused, match="every child"):
        granting.grant(ann, "Ann Lee", [ids["Kit Ashdown"]])


def test_another_child_is_opened_with_a_reason_for_some_hours_and_the_dsl_sees_it(
    ann: Vault, sue: Vault, ids: dict[str, str], clock: Clock
) -> None:
    with pytest.raises(NotFound, match="exactly that name"):
        granting.break_glass(sue, "Amal", "Curious")
    with pytest.raises(Refused, match=r"The reason is missing\. Nothing was recorded\."):
        granting.break_glass(sue, "Amal Vale", "  ")
    assert granting.break_glass(sue, "amal vale", "She asked for me [red]") == ids["Amal Vale"]
    assert all(everything_found(sue, ids["Amal Vale"], ids["Amal Vale entry"]))
    (line,) = [line for line in _lines(ann) if line.kind == "glass"]
    assert (line.child, line.words) == ("Amal Vale", "Sue Sen: She asked for me [red]")
    assert not [line for line in _lines(sue) if line.kind == "glass"]
    clock.now += timedelta(hours=8, seconds=1)
    assert not any(everything_found(sue, ids["Amal Vale"], ids["Amal Vale entry"]))
    with pytest.raises(Refused, match="no reason is needed"):
        granting.break_glass(ann, "Amal Vale", "Me")
    assert ann.verify(rebuild=True, signatures=True).ok
    assert sue.verify(rebuild=True, signatures=True).ok


def test_every_view_is_kept_to_the_list_or_is_about_no_child() -> None:
    undecided = [
        table.name
        for table in children_tables().sorted_tables
        if table.name not in scope.OPEN and scope.clause_of(table) == "0"
    ]
    assert undecided == []
    assert not [
        table.name
        for table in children_tables().sorted_tables
        if table.name in scope.OPEN and "child_id" in table.columns
    ]


def test_a_draft_about_any_child_is_not_shown(ann: Vault, sue: Vault) -> None:
    ann.drafts.seal("log", {"text": "Canary of Amal Vale"})
    assert len(ann.drafts.all()) == 1
    assert sue.drafts.all() == []


def test_today_says_who_covers_whom_until_that_day(ann: Vault, sue: Vault, clock: Clock) -> None:
    people.add_person(ann, "Ben Ode", "deputy", "under the old stone bridge", FLOOR)
    with pytest.raises(Refused, match="themselves"):
        granting.set_cover(ann, "Ann Lee", "ann lee", date(2026, 11, 27))
    with pytest.raises(Refused, match="passed"):
        granting.set_cover(ann, "Ann Lee", "Ben Ode", date(2026, 11, 20))
    with pytest.raises(Refused, match="to read"):
        granting.set_cover(ann, "Ann Lee", "Sue Sen", date(2026, 11, 27))
    granting.set_cover(ann, "Ann Lee", "Ben Ode", date(2026, 11, 27))
    granting.set_cover(ann, "Ann Lee", "Ben Ode", date(2026, 11, 25))
    expected = organisation.CoverRow("Ann Lee", "Ben Ode", date(2026, 11, 25))
    assert today.today(ann, clock()).covers == [expected]
    clock.now += timedelta(days=5)
    assert today.today(ann, clock()).covers == []
    people.remove_person(ann, "Ben Ode", "Left.")
    assert organisation.covers(ann, date(2026, 11, 22)) == []
