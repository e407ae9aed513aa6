"""A hub, a school or a partner that was put back from an older copy, each with its control (protocol: §8, F5 to F7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.views import record
from sync import inventory
from tests.faults.exchange_mutants import no_epoch, no_recover, no_resync
from tests.faults.exchange_rules import Broken, Exchange
from tests.faults.exchange_steps import COUNCIL, DAY, HOUR, SCHOOL, arrived, held, share, there_and_back
from tests.faults.exchange_world import World
from tests.faults.sizes import SIZE, say, size

MESSAGES = size(4, 40, 100)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


AGO = {"an hour": HOUR, "a day": DAY, "a term": 84 * DAY}


def hub_put_back(world: World, seconds: int, *, by_operator: bool) -> int:
    """Put a hub back to before entries that some had collected and some had not; how many arrive all the same."""
    with world.run():
        exchange = Exchange(world)
        share(exchange, range(1))
        there_and_back(exchange)
        exchange.step(("copy", SCHOOL, 2, 0))
        for number in range(1, MESSAGES):
            world.now.seconds += seconds / MESSAGES
            share(exchange, range(number, number + 1))
            for who in ((SCHOOL,), (SCHOOL, COUNCIL), ())[number % 3]:
                exchange.step(("sync", who, 0, 0))
        exchange.step(("put_back", SCHOOL, 2, int(by_operator)))
        exchange.settle()
        return arrived(exchange)


@pytest.mark.parametrize("ago", AGO)
def test_a_hub_that_was_put_back_loses_nothing(world: World, ago: str) -> None:
    """F5."""
    ways = (True, False) if SIZE != "suite" else (ago == "a day",)
    came = sum(hub_put_back(world, AGO[ago], by_operator=by_operator) for by_operator in ways)
    wanted = MESSAGES * len(ways)
    say(f"F5: the hub put back to {ago} ago, said and unsaid", f"{wanted} entries, {wanted - came} missing")
    assert came == wanted


def test_a_hub_that_goes_on_in_its_old_epoch_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F5."""
    no_epoch(monkeypatch)
    with pytest.raises(Broken):
        hub_put_back(world, HOUR, by_operator=True)


def school_put_back(world: World, seconds: int) -> tuple[int, int]:
    """Restore the school to before what it shared since; how many entries a person is shown, and how many conflict."""
    with world.run():
        exchange = Exchange(world)
        school, _ = exchange.sides
        share(exchange, range(2))
        there_and_back(exchange)
        exchange.step(("copy", SCHOOL, 0, 0))
        world.now.seconds += seconds
        share(exchange, range(MESSAGES))
        there_and_back(exchange)
        lost = {entry: text for entry, (_, _, text) in held(exchange.sides[COUNCIL]).items()}
        exchange.step(("put_back", SCHOOL, 0, 1))
        exchange.settle()
        back = inventory.open_shares(school.vault)
        conflicts = 0
        with school.at_work():
            for each in back:
                here = inventory.here_text(school.vault, each)
                conflicts += bool(here) and here != lost[each.entry_id]
                inventory.take_in(school.vault, each.id, school.sql("SELECT id FROM children")[0][0])
                assert record.get(school.vault, each.entry_id).text == lost[each.entry_id]
        return len(back), conflicts


@pytest.mark.parametrize("ago", {"a day": DAY, "a week": 7 * DAY})
def test_a_school_that_was_restored_gets_its_entries_back(world: World, ago: str) -> None:
    """F6: two of them were corrected since, and are here in their older words."""
    back, conflicts = school_put_back(world, {"a day": DAY, "a week": 7 * DAY}[ago])
    say(
        f"F6: the school restored to {ago} ago",
        f"{MESSAGES} lost, {back} given back by the partner, {conflicts} of them shown beside older words",
    )
    assert (back, conflicts) == (MESSAGES, 2)


def test_a_restored_school_that_compares_with_nobody_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F6."""
    no_recover(monkeypatch)
    with pytest.raises(Broken):
        school_put_back(world, DAY)


def partner_put_back(world: World, *, restored: bool) -> int:
    """Put the council back to before most of what it had; how many entries stand there in the end."""
    with world.run():
        exchange = Exchange(world)
        share(exchange, range(2))
        there_and_back(exchange)
        exchange.step(("copy", COUNCIL, 0, 0))
        share(exchange, range(2, MESSAGES))
        there_and_back(exchange)
        exchange.step(("put_back", COUNCIL, 0, int(restored)))
        exchange.settle()
        return arrived(exchange)


def test_a_partner_that_was_put_back_misses_nothing(world: World) -> None:
    """F7: restored as the program does it, and its folder copied back by hand."""
    found = [partner_put_back(world, restored=restored) for restored in (True, False)]
    say("F7: the partner restored, and its folder copied back", f"{sum(found)} of {2 * MESSAGES} entries, 0 missing")
    assert found == [MESSAGES] * 2


def test_a_partner_that_asks_nobody_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F7."""
    no_resync(monkeypatch)
    with pytest.raises(Broken):
        partner_put_back(world, restored=False)
