"""One kind of fault at a time, on two real vaults and the real hub, and a control that must be noticed (protocol: §8).

`test_exchange_model.py` mixes all that can go wrong. Here each fault that the protocol numbers stands alone, at the
places where it can strike, with its own figure: F1, F8, F10 to F12 and F23.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from storage.views import record
from storage.views.unanswered import unanswered
from sync import again, corrections, plan, run, shares
from tests.faults.exchange_mutants import cursor_first, last_arrival_wins, revoke_keeps_queue
from tests.faults.exchange_rules import Broken, Exchange
from tests.faults.exchange_steps import COUNCIL, DAY, HOUR, SCHOOL, arrived, held, share, there_and_back
from tests.faults.exchange_world import FAULTS, NAMES, Fault, Side, World
from tests.faults.sizes import say, size

EVERY = size(12, 1, 1)
"""Every so many boundaries a process is killed."""
MESSAGES = size(4, 40, 100)
IN_FLIGHT = size(6, 100, 100)
MOST = FAULTS["killed"]
"""No sync of a few entries has more boundaries."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


# -- F1: killed at every boundary --------------------------------------------------------------------------------------

Work = Callable[[Side, Fault], object]
PHASES: dict[str, tuple[tuple[int, ...], int, Work]] = {
    "pushing": ((), SCHOOL, Side.sync),
    "pulling": ((SCHOOL,), COUNCIL, Side.sync),
    "taking receipts in": ((SCHOOL, COUNCIL), SCHOOL, Side.sync),
    "pushing while locked": ((), SCHOOL, Side.locked),
    "pulling while locked": ((SCHOOL,), COUNCIL, Side.locked),
}
"""Who synced before, who is killed, and in the middle of what."""


def killed_at(world: World, phase: str, at: int) -> bool:
    """Kill one sync with three entries at a boundary, and see them arrive; False where it has no such boundary."""
    before, who, work = PHASES[phase]
    with world.run():
        exchange, fault = Exchange(world), Fault("killed", at)
        share(exchange, range(3))
        for other in before:
            exchange.step(("sync", other, 0, 0))
        work(exchange.sides[who], fault)
        exchange.look()
        exchange.settle()
        assert arrived(exchange) == 3
    return fault.struck


@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_at_any_boundary_loses_and_doubles_nothing(world: World, phase: str) -> None:
    """F1."""
    kills, at = 0, EVERY // 3
    while killed_at(world, phase, at):
        kills, at = kills + 1, at + EVERY
    say(f"F1: killed while {phase}", f"{kills} kills, one at each boundary, 0 lost, 0 shown twice")
    assert kills > size(0, 5, 5)


def test_a_place_that_is_kept_too_early_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F1: the place in the inbox moves on before what stands there was taken in."""
    cursor_first(monkeypatch)
    with pytest.raises(Broken):
        all(killed_at(world, "pulling", at) for at in (*range(MOST // 5, MOST), *range(MOST // 5)))


# -- F8: shown again, in another order, three times --------------------------------------------------------------------


def everything_shown_again(world: World) -> int:
    """Show every message that ever went three times more, in another order; how many of them. Broken where it shows."""
    with world.run():
        exchange = Exchange(world)
        share(exchange, range(MESSAGES))
        there_and_back(exchange)
        share(exchange, range(0, MESSAGES, 2))
        exchange.step(("withdraw", SCHOOL, 0, 0))
        for _ in range(2):
            exchange.step(("answer", COUNCIL, 0, 0))
        exchange.settle()
        before, shown = chronologies(exchange), 0
        for side in exchange.sides:
            numbers = [number for number, (to, _) in enumerate(world.office.seen) if to == side.org] * 3
            Random(8).shuffle(numbers)
            shown += len(numbers)
            for number in range(len(numbers)):
                world.office.show_again(side.org, numbers[number])
            world.office.shuffle(side.org)
            exchange.look()
        exchange.settle()
        if chronologies(exchange) != before:
            raise Broken("a chronology has changed")
        return shown


def chronologies(exchange: Exchange) -> list[object]:
    """All that stands in both records of what was exchanged, in its order."""
    found: list[object] = []
    for side in exchange.sides:
        children = [ident for (ident,) in side.sql("SELECT id FROM children ORDER BY id")]
        rows = [row for child in children for row in record.chronology(side.vault, child)]
        found += [held(side), [(row.text, row.occurred.start) for row in rows]]
    return found


def test_what_is_shown_again_in_any_order_changes_nothing(world: World) -> None:
    """F8."""
    shown = everything_shown_again(world)
    say("F8: every stored message shown three times more, in another order", f"{shown} shown, 0 chronologies changed")
    assert shown > MESSAGES


def test_a_reader_that_believes_the_last_word_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F8."""
    last_arrival_wins(monkeypatch)
    with pytest.raises(Broken):
        everything_shown_again(world)


# -- F10: the agreement ends -------------------------------------------------------------------------------------------


def ended_in_flight(world: World, who: int) -> tuple[int, int]:
    """End an agreement with entries collected, with the hub and still here; how many had come, and how many came."""
    with world.run():
        exchange = Exchange(world)
        council, third = exchange.sides[COUNCIL], IN_FLIGHT // 3
        share(exchange, range(third), agreed=True)
        there_and_back(exchange)
        share(exchange, range(third, 2 * third), agreed=True)
        exchange.step(("sync", SCHOOL, 0, 0))
        share(exchange, range(2 * third, IN_FLIGHT), agreed=True)
        had = len(held(council))
        exchange.step(("end", who, 0, 0))
        exchange.settle()
        return had, len(held(council)) - had


@pytest.mark.parametrize("who", [SCHOOL, COUNCIL], ids=["the sender", "the receiver"])
def test_nothing_is_shown_after_an_agreement_has_ended(world: World, who: int) -> None:
    """F10."""
    had, came = ended_in_flight(world, who)
    ended_by = ("the sender", "the receiver")[who]
    say(
        f"F10: an agreement ended by {ended_by}",
        f"{IN_FLIGHT} shared, {had} of them taken in before, {IN_FLIGHT - had} in flight, {came} shown after",
    )
    assert (had, came) == (IN_FLIGHT // 3, 0)


def test_an_end_that_keeps_the_queue_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F10."""
    revoke_keeps_queue(monkeypatch)
    with pytest.raises(Broken):
        ended_in_flight(world, SCHOOL)


# -- F11: wrong clocks -------------------------------------------------------------------------------------------------

CLOCKS = (-DAY, -HOUR, HOUR, DAY)


def wrong_clock(world: World, whose: int, ahead: int, began: float | None = None) -> bool:
    """Correct and take back while a clock is wrong, and after it was put right; whether the last word stands."""
    with world.run():
        if began is not None:
            world.now.seconds = began
        exchange = Exchange(world)
        council = exchange.sides[COUNCIL]
        share(exchange, range(3))
        there_and_back(exchange)
        world.now.ahead[whose] = ahead
        share(exchange, range(2))
        there_and_back(exchange)
        world.now.seconds += HOUR
        world.now.ahead[whose] = 0
        share(exchange, range(1))
        exchange.step(("withdraw", SCHOOL, 4, 0))
        there_and_back(exchange)
        exchange.settle()
        last = record.get(exchange.sides[SCHOOL].vault, exchange.entries[SCHOOL, 0]).text
        there = held(council)
        return there[exchange.entries[SCHOOL, 0]][2] == last and there[exchange.entries[SCHOOL, 4]][1] == "withdrawn"


def test_a_wrong_clock_orders_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F11: each clock is wrong by an hour and a day, either way; once summer time ends in between."""
    tried = [
        wrong_clock(world, whose, ahead)
        for whose in range(3)
        for ahead in CLOCKS[whose % size(4, 1, 1) :: size(4, 1, 1)]
    ]
    if hasattr(time, "tzset"):
        with monkeypatch.context() as london:
            london.setenv("TZ", "Europe/London")
            time.tzset()
            night = datetime(2027, 10, 31, 0, 30, tzinfo=UTC).timestamp()
            tried += [wrong_clock(world, SCHOOL, 0, night)]
        time.tzset()
    say(
        "F11: clocks an hour and a day wrong, and the night they change",
        f"{len(tried)} tried, {tried.count(False)} wrong",
    )
    assert all(tried)


def test_a_revision_that_is_only_a_time_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F11."""
    for module in (plan, corrections, shares):
        monkeypatch.setattr(module, "next_rev", lambda _previous, seconds: seconds)
    with pytest.raises(AssertionError):
        assert wrong_clock(world, SCHOOL, DAY)


# -- F12: one bad message ----------------------------------------------------------------------------------------------


def one_bad(world: World, where: str) -> tuple[int, int]:
    """Damage one of a batch on its way to the hub, or at the hub; how many arrive, and how many sentences name it."""
    with world.run():
        exchange, answer = Exchange(world), world.office.answer
        school, council = exchange.sides
        share(exchange, range(IN_FLIGHT))

        def damaging(request: httpx.Request) -> httpx.Response:
            if request.url.path != "/v1/messages:batch":
                return answer(request)
            value = json.loads(request.read())
            value["items"][1]["jose"] = "e30" + value["items"][1]["jose"][3:]
            headers = {key: each for key, each in request.headers.items() if key != "content-length"}
            return answer(httpx.Request("POST", request.url, headers=headers, content=json.dumps(value)))

        if where == "on the way":
            world.office.answer = damaging  # type: ignore[method-assign]
        sent = school.sync()
        world.office.answer = answer  # type: ignore[method-assign]
        if where == "at the hub":
            (pos,) = world.office.sql("SELECT min(pos) + 1 FROM bodies")[0]
            world.office.sql("UPDATE bodies SET jose = replace(jose, substr(jose, 600, 3), 'AAA') WHERE pos = ?", pos)
        received = council.sync()
        exchange.look()
        assert sent is not None
        assert received is not None
        named = [each for each in (*sent.errors, *received.errors) if NAMES[SCHOOL] in each or NAMES[COUNCIL] in each]
        return len(held(council)), len(named)


@pytest.mark.parametrize("where", ["on the way", "at the hub"])
def test_one_bad_message_holds_up_no_other(world: World, where: str) -> None:
    """F12."""
    came, named = one_bad(world, where)
    say(f"F12: one of {IN_FLIGHT} damaged {where}", f"{came} delivered, {named} named")
    assert (came, named) == (IN_FLIGHT - 1, 1)


def test_a_batch_that_stands_or_falls_together_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F12: whatever is refused keeps the rest from being sent."""
    real = run._Run._take_outcomes

    def take_outcomes(self, result):  # type: ignore[no-untyped-def]
        return real(self, result) if all(each.stored for each in result.outcomes.values()) else []

    monkeypatch.setattr(run._Run, "_take_outcomes", take_outcomes)
    assert one_bad(world, "on the way")[1] == 0


# -- F23: nobody collects ----------------------------------------------------------------------------------------------


def away(world: World, days: int) -> tuple[int, int]:
    """Let the council be away for days; how many of the entries a person is told to ring about, and how many arrive."""
    with world.run():
        exchange = Exchange(world)
        school, _ = exchange.sides
        share(exchange, range(MESSAGES))
        exchange.step(("sync", SCHOOL, 0, 0))
        world.now.seconds += days * DAY
        world.office.sweep()
        report = school.sync()
        exchange.look()
        assert report is not None
        with school.at_work():
            warned = len(unanswered(school.vault, school.vault.clock()))
        if days > 30:
            assert any("did not collect an entry in time" in each for each in report.errors)
        exchange.settle()
        return warned, arrived(exchange)


@pytest.mark.parametrize("days", [9, 45])
def test_what_nobody_collects_is_offered_again_and_rung_about(world: World, days: int) -> None:
    """F23."""
    warned, came = away(world, days)
    say(
        f"F23: a partner away for {days} days",
        f"{MESSAGES} entries, {warned} on Today with the number to ring, {came} arrived once they were back",
    )
    assert (warned, came) == (MESSAGES, MESSAGES)


def test_a_school_that_asks_after_nothing_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F23."""
    monkeypatch.setattr(again, "ask_after", lambda *_: ["did not collect an entry in time"])
    with pytest.raises(Broken):
        away(world, 45)
