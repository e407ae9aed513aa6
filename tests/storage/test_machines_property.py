"""Views are the same on every machine, whatever the order in which acts arrive, and however wrong the clocks are."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from practice import acts as kinds
from storage.desk import apart, concerns, reviews
from storage.ids import new_id
from storage.replication import incoming
from storage.views import apart as apart_view
from tests.conftest import on_day
from tests.faults.sizes import say, size
from tests.storage.in_memory import MemoryVault, pass_on, school, settle

HISTORIES = size(12, 2000, 10_000)
PARTS = 2
KINDS = (
    "child",
    "concern",
    "concern",
    "amend",
    "amend",
    "decide",
    "review",
    "status",
    "move",
    "contract",
    "end",
    "choose",
)


def record_something(machine: MemoryVault, draw: random.Random) -> None:
    """One act of a person who sees what this machine holds."""
    with machine.read() as connection:
        children = [row[0] for row in connection.exec_driver_sql("SELECT id FROM children ORDER BY id")]
        entries = list(connection.exec_driver_sql("SELECT id, child_id, version FROM entries ORDER BY id"))
        contracts = [row[0] for row in connection.exec_driver_sql("SELECT id FROM contracts ORDER BY id")]
    kind = draw.choice(KINDS)
    words = draw.choice(["one", "two [red]", "three é"])
    child = draw.choice(children) if children else ""
    entry, of, version = draw.choice(entries) if entries else ("", "", "")
    if kind == "decide" and entry:
        concerns.decide(machine, entry, draw.choice(["police", "no_further_action"]), words)
    elif kind == "status" and child:
        reviews.set_status(machine, child, draw.choice(["open", "child_protection"]))
    elif kind == "choose" and (waiting := apart_view.rows(machine)):
        row = draw.choice(waiting)
        acts = [option.act_id for option in row.options]
        apart.keep(machine, row.id, draw.sample(acts, draw.randint(1, len(acts))), words)
    else:
        with machine.write() as unit:
            if kind == "contract":
                fields = {"contract": new_id(), "org": "o", "purpose": "p", "basis": "consent", "review": "2027-01-01"}
                unit.record(kinds.ContractAdded(**fields))
            elif kind == "end" and contracts:
                unit.record(kinds.ContractEnded(contract=draw.choice(contracts), reason=words))
            elif kind == "review" and child:
                due = draw.choice(["2026-10-01", "2026-10-08"])
                with_them = tuple(apart_view.standing_reviews(unit.connection, child, kinds.ReviewHeld))
                body = kinds.ReviewHeld(decision="go on", reason=words, held_on="2026-09-20", next=due, sees=with_them)
                unit.record(body, child=child)
            elif kind == "amend" and entry:
                unit.record(kinds.Amended(sees=version, text=words, reason="clearer"), child=of, entry=entry)
            elif kind == "move" and entry:
                unit.record(kinds.EntryMoved(from_child=of, reason="wrong child"), child=child, entry=entry)
            elif kind == "concern" and child:
                body = kinds.ConcernLogged(text=words, occurred=on_day("2026-09-02"))
                unit.record(body, child=child, entry=new_id())
            else:
                unit.record(kinds.ChildAdded(legal_forename=words, legal_surname="Vale"), child=new_id())


def history(seed: int) -> None:
    """Machines record and carry in random turns; at the end all have the union, and every view agrees."""
    draw = random.Random(seed)
    MemoryVault.now = MemoryVault.now.replace(month=9, day=1)
    machines = school(draw.randint(2, 4), draw)
    for _turn in range(draw.randint(4, 14)):
        MemoryVault.now += timedelta(minutes=draw.choice([0, 1, 600]))
        source, target = draw.choice(machines), draw.choice(machines)
        if source is target or draw.random() < 0.55:
            record_something(source, draw)
        else:
            pass_on(source, target, draw)
    mine = {machine.device: machine.ends().get(machine.device, 0) for machine in machines}
    settle(machines)
    first = machines[0].contents()
    for machine in machines:
        ends = machine.ends()
        assert all(ends.get(device, 0) >= seq for device, seq in mine.items()), "the union of all that was recorded"
        assert machine.contents() == first
        assert machine.rebuilt(seed) == first
        assert machine.problems() == []
        machine._writer.dispose()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_machine_ends_with_the_same_views(part):
    seeds = range(part * HISTORIES // PARTS, (part + 1) * HISTORIES // PARTS)
    for seed in seeds:
        history(seed)
    say("several machines: histories with the same views everywhere", str(len(seeds)))


def test_nothing_stands_before_what_its_machine_had_heard():
    draw = random.Random(7)
    ahead, behind = school(2, draw)
    ahead.wrong_by, behind.wrong_by = timedelta(days=3), timedelta(days=-3)
    child, entry = new_id(), new_id()
    with ahead.write() as unit:
        unit.record(kinds.ChildAdded(legal_forename="Ada", legal_surname="Vale"), child=child)
        first = unit.record(kinds.ConcernLogged(text="1", occurred=on_day("2026-09-02")), child=child, entry=entry)
        second = unit.record(kinds.Amended(sees=first.id, text="2", reason="clearer"), child=child, entry=entry)
    incoming.take_in(behind, ahead.lines(ahead.device))
    with behind.write() as unit:
        third = unit.record(kinds.Amended(sees=second.id, text="3", reason="clearer"), child=child, entry=entry)
    assert third.recorded_at < second.recorded_at
    assert third.order > second.order
    settle([ahead, behind])
    for machine in (ahead, behind):
        with machine.read() as connection:
            row = connection.exec_driver_sql("SELECT text, version, versions, conflict FROM entries").one()
        assert tuple(row) == ("3", third.id, 3, 0)
