"""A disk that is full at the hub, or at whoever receives: nothing counts as sent or taken in that is not (F13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

import pytest

from practice.errors import HubUnreachable, Refused
from storage.desk.concerns import log_concern
from sync import run, shares
from sync.hub.store import Stored
from sync.hub.store_sqlite import SqliteStore
from tests.faults.exchange_rules import Broken, Exchange
from tests.faults.exchange_world import Side, World
from tests.faults.sizes import say, size

SHARES = size(4, 60, 300)
LONG = "What she said, word for word. " * 900


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


def share_long(exchange: Exchange, side: Side, number: int) -> None:
    """Share an entry that needs several pages wherever it is kept."""
    with side.at_work():
        child = side.sql("SELECT id FROM children")[0][0]
        entry = log_concern(side.vault, {"text": f"{number} {LONG}", "category": "physical"}, child_id=child)[0]
        share = shares.propose(side.vault, entry, side.other)
        digest = shares.preview(side.vault, share).digest
        shares.approve(side.vault, share, digest, "public_task", "told", "not_safe", "She needs to be seen.")
    exchange.look()


def limit_hub(world: World, pages: int | None) -> None:
    """Let the hub's file grow no further, or again."""
    world.office.sql(f"PRAGMA max_page_count = {pages or 1_000_000_000}")


def until_full(world: World, exchange: Exchange) -> int:
    """Share and sync until the hub takes no more; return how many were delivered before."""
    school = world.sides[0]
    (pages,) = world.office.sql("PRAGMA page_count")[0]
    limit_hub(world, pages + SHARES * 10)
    for number in range(SHARES * 4):
        share_long(exchange, school, number)
        with school.at_work():
            try:
                run.sync(school.vault, transport=school.line)
            except HubUnreachable:
                return number
        exchange.look()
    raise Broken("the hub never said that it was full")


def unfounded(world: World) -> int:
    """Return how many messages count as delivered that the hub does not have."""
    has = {mid for (mid,) in world.office.sql("SELECT mid FROM ledger")}
    sent = world.sides[0].sql("SELECT mid FROM outbox WHERE state = 'delivered'")
    return sum(mid not in has for (mid,) in sent)


def test_a_hub_whose_disk_is_full_has_nothing_falsely(world: World) -> None:
    with world.run():
        exchange = Exchange(world)
        delivered = until_full(world, exchange)
        falsely = unfounded(world)
        limit_hub(world, None)
        exchange.settle()
        arrived = len(world.sides[1].sql("SELECT id FROM items"))
    say(
        "F13: a full disk at the hub",
        f"{delivered} delivered before, {falsely} falsely sent, {arrived} arrived afterwards",
    )
    assert (falsely, arrived) == (0, delivered + 1)


def test_a_hub_that_says_yes_to_what_it_cannot_keep_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    real = SqliteStore.put

    async def put(self, offered):  # type: ignore[no-untyped-def]
        try:
            return await real(self, offered)
        except sqlite3.Error:
            return [Stored(each.routing.mid, 201, each.sha256, 1) for each in offered]

    monkeypatch.setattr(SqliteStore, "put", put)
    with world.run():
        with suppress(Broken):  # it may say so where it cannot even keep who asked
            until_full(world, Exchange(world))
        assert unfounded(world) > 0


def test_a_receiver_whose_disk_is_full_loses_and_acknowledges_nothing(world: World) -> None:
    with world.run():
        exchange, (school, council) = Exchange(world), world.sides
        for number in range(SHARES):
            share_long(exchange, school, number)
        school.sync()
        with council.vault._writer.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + SHARES * 8}")
        with pytest.raises(Refused, match="disk is full"):
            council.sync()
        taken, waiting = len(council.sql("SELECT id FROM items")), world.office.waiting()
        exchange.look()
        with council.vault._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000000")
        exchange.settle()
        arrived = len(council.sql("SELECT id FROM items"))
    say(
        "F13: a full disk at the receiver",
        f"{taken} of {SHARES} taken in, {waiting} kept by the hub, {arrived} in the end",
    )
    assert taken < SHARES <= taken + waiting
    assert arrived == SHARES
