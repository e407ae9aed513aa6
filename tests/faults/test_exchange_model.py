"""Hypothesis drives two real vaults and the real hub through whatever may befall them (protocol: §5, F17).

A run is any sequence of steps: entries shared, corrected, taken back; syncs that are killed at any boundary or whose
line fails; a hub, a school or a partner put back from a copy; messages shown again, in another order; keys made anew;
the agreement ended; clocks put wrong; days gone by. After each step nothing that was promised may be broken, and once
the faults end both records must come to what was approved. Each rule taken out must be found missing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.faults.exchange_mutants import HEALED, MUTANTS, REDUNDANT, SHARED, tried
from tests.faults.exchange_rules import Broken, Exchange, Step
from tests.faults.exchange_world import World
from tests.faults.sizes import SIZE, say, size

PARTS, RUNS = size(4, 10, 50), size(50, 1_000, 1_000)
"""So many parts, which may run beside each other and have their figures each for itself, of so many runs."""
LONGEST = size(8, 14, 40)
TRIES = size(0, 200, 4000)
OFTEN = {"share": 6, "sync": 10, "answer": 3, "withdraw": 2, "locked": 2, "copy": 2, "put_back": 2, "show_again": 2}
SELDOM = ("end", "renew", "shuffle", "clock", "wait", "spool", "look_at")
NAMES = [name for name, times in OFTEN.items() for _ in range(times)] + list(SELDOM)
STEP = st.tuples(st.sampled_from(NAMES), st.sampled_from((0, 0, 1)), st.integers(0, 11), st.integers(0, 59))
QUIET = settings(
    max_examples=RUNS,
    deadline=None,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if SIZE == "suite" else [Phase.generate, Phase.shrink],
)


SCHOOL, COUNCIL = 0, 1
STOLEN = 1
"""Every other number makes the keys anew because they were stolen."""
BROKE_ONCE: dict[str, tuple[Step, ...]] = {
    "a login page answers where keys are put": (("renew", SCHOOL, 9, 3), ("sync", SCHOOL, 0, 0)),
    "the hub is put back to before keys were made anew": (
        *(("copy", SCHOOL, 2, 0), ("renew", SCHOOL, 0, 0), ("put_back", SCHOOL, 2, 0)),
        *(("sync", SCHOOL, 0, 0), ("share", SCHOOL, 0, 0)),
    ),
    "the vault is put back to before its keys were stolen": (
        *(("share", SCHOOL, 0, 0), ("copy", SCHOOL, 0, 0), ("renew", SCHOOL, 0, STOLEN)),
        *(("put_back", SCHOOL, 0, 1), ("sync", SCHOOL, 0, 0)),
    ),
    "the answer is lost where stolen keys are made anew": (
        *(("share", COUNCIL, 0, 0), ("sync", COUNCIL, 0, 0), ("renew", SCHOOL, 6, 3), ("sync", SCHOOL, 0, 0)),
    ),
    "what takes an entry back is sealed for a stolen key": (
        *(("share", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("sync", COUNCIL, 0, 0), ("sync", SCHOOL, 0, 0)),
        *(("withdraw", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("renew", COUNCIL, 0, STOLEN)),
    ),
    "a hub that is put back shows what an ended agreement had purged": (
        *(("sync", COUNCIL, 0, 0), ("share", SCHOOL, 1, 0), ("sync", SCHOOL, 0, 0), ("copy", SCHOOL, 2, 0)),
        *(("end", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("sync", COUNCIL, 0, 0), ("put_back", SCHOOL, 2, 0)),
        ("sync", COUNCIL, 0, 0),
    ),
    "who knew that an agreement had ended is put back": (
        *(("copy", COUNCIL, 0, 0), ("end", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("sync", COUNCIL, 0, 0)),
        ("put_back", COUNCIL, 0, 0),
    ),
    "who ended an agreement is put back, and has only the answer to that": (
        *(("copy", SCHOOL, 0, 0), ("end", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("put_back", SCHOOL, 0, 0)),
    ),
    "an end that waits was signed with a stolen key": (("end", SCHOOL, 0, 0), ("renew", SCHOOL, 0, STOLEN)),
    "the partner's receipt expires at the hub": (*SHARED, ("wait", SCHOOL, 2, 0)),
    "what a partner fetched is lost beside its locked vault, and at the hub": (
        *(*SHARED[:2], ("locked", COUNCIL, 0, 0), ("spool", COUNCIL, 0, 0), ("wait", SCHOOL, 2, 0)),
    ),
    "an entry is sealed anew while its receipt is on its way": (
        *(("renew", COUNCIL, 8, 37), ("share", COUNCIL, 6, 0), ("locked", COUNCIL, 0, 0)),
    ),
    "who lost the keys that partners seal for cannot say so": (
        *(("copy", COUNCIL, 0, 0), ("renew", COUNCIL, 5, 53), ("put_back", COUNCIL, 1, 1), ("share", SCHOOL, 1, 0)),
    ),
    "a folder is copied back, and nothing had been acknowledged since": (
        *(("copy", SCHOOL, 0, 0), *SHARED[:2], ("put_back", SCHOOL, 0, 0)),
    ),
    "what takes an entry back comes while its receipt is lost with stolen keys": (
        *(*SHARED[:2], ("sync", COUNCIL, 2, 11), ("withdraw", SCHOOL, 0, 0), ("renew", COUNCIL, 0, STOLEN)),
    ),
    "the hub and the partner are put back together": MUTANTS["no-epoch-resync"][1],
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


def once(world: World, steps: list[Step] | tuple[Step, ...]) -> Exchange:
    """Do these steps in a world laid out anew, then let it come to rest."""
    with world.run():
        exchange = Exchange(world)
        for step in steps:
            exchange.step(step)
        exchange.settle()
    return exchange


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_befalls_them_both_records_come_to_what_was_approved(world: World, part: int) -> None:
    did: Counter[str] = Counter()

    @seed(random.SystemRandom().getrandbits(32) if SIZE != "suite" else 17 + part)
    @QUIET
    @given(st.lists(STEP, min_size=2, max_size=LONGEST))
    def runs(steps: list[Step]) -> None:
        exchange = once(world, steps)
        did.update(exchange.done)
        did["runs"] += 1
        did["faults"] += exchange.struck

    runs()
    say(
        f"the exchange: sequences on two real vaults and the real hub, part {part + 1} of {PARTS}",
        f"{did['runs']} runs, {did['sync'] + did['locked']} syncs, {did['faults']} struck by a fault,"
        f" {did['put_back']} copies put back, 0 promises broken",
    )
    assert did["share"] > RUNS // 4
    assert did["faults"] > RUNS // 20


@pytest.mark.parametrize("name", BROKE_ONCE)
def test_what_broke_once_holds(world: World, name: str) -> None:
    once(world, BROKE_ONCE[name])


QUICK = ("done-at-hub", "partner-no-dedupe", "last-arrival-wins", "no-resync", "revoke-keeps-queue", "ack-first")


@pytest.mark.parametrize("name", QUICK if SIZE == "suite" else MUTANTS)
def test_a_rule_that_is_taken_out_is_found_missing(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fewest steps that show it; on the true rules the same steps hold."""
    all_of(world, tried(name))
    MUTANTS[name][0](monkeypatch)
    if name in HEALED or name in REDUNDANT:
        all_of(world, tried(name))
        said = "lives: another rule heals it" if name in HEALED else "lives: the product keeps it twice"
    else:
        with pytest.raises(Broken) as broken:
            all_of(world, tried(name))
        said = "found: " + str(broken.value).partition(": [")[0]
    say(f"the exchange without its rule, at the fewest steps: {name}", said)


def all_of(world: World, sequences: list[tuple[Step, ...]]) -> None:
    for steps in sequences:
        once(world, steps)


def test_each_rule_can_be_taken_out_of_the_code_as_it_is() -> None:
    """The suite tries the fewest of them; a name that is no more would keep the others from being tried."""
    for take_out, _ in MUTANTS.values():
        with pytest.MonkeyPatch.context() as patch:
            take_out(patch)


@pytest.mark.skipif(not TRIES, reason="the suite knows the fewest steps; make prove searches")
@pytest.mark.parametrize("name", MUTANTS)
def test_the_search_itself_finds_a_rule_missing(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random sequences, until one breaks a promise."""
    MUTANTS[name][0](monkeypatch)
    drawn, runs, broke = random.Random(17), 0, ""
    while runs < TRIES and not broke:
        runs += 1
        count = drawn.randrange(2, LONGEST)
        steps = [
            (drawn.choice(NAMES), drawn.choice((0, 0, 1)), drawn.randrange(12), drawn.randrange(60))
            for _ in range(count)
        ]
        try:
            once(world, steps)
        except Broken as broken:
            broke = str(broken)
    lives = name in HEALED or name in REDUNDANT
    say(
        f"the exchange without its rule: {name}",
        f"found after {runs} runs" if broke else f"not found by luck in {runs} runs",
    )
    if lives:
        assert not broke  # that the others can be found does not rest on luck: their fewest steps are tried above
