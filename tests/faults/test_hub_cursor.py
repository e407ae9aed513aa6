"""Eight writers and one reader who follows them: no message is passed by (protocol: F14).

Transactions become visible in another order than they began. A control reads by position alone, without the mark below
which every transaction has ended: if it missed nothing, this test could not fail.
"""

from __future__ import annotations

import asyncio
import time
from random import Random
from uuid import UUID

import asyncpg
import pytest

from benchmarks.postgres import Server, name_of
from sync.hub.limits import Limits
from sync.hub.postgres import connecting, statements
from sync.hub.postgres.store import PostgresStore
from sync.hub.routing import Routing
from sync.hub.store import Offered
from tests.faults.sizes import say, size

WRITERS, LARGEST = 8, 12
SCHOOL, COUNCIL = "urn:scx:gb:urn:100123", "urn:scx:gb:la:301"
# Each commit comes a few milliseconds after its rows, and some overtake others: what a busy disk does by itself.
SLOW = """
CREATE FUNCTION scx.linger() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep(random() * 0.004); RETURN NULL; END $$;
CREATE TRIGGER linger AFTER INSERT ON scx.ledger FOR EACH STATEMENT EXECUTE FUNCTION scx.linger();
"""
MEMBERS = "INSERT INTO scx.orgs SELECT org, '', 1, '', '', 0, NULL FROM unnest(ARRAY['{}', '{}']) AS org"


def offered(number: int) -> Offered:
    """A message as the hub sees it; the store looks no further than its address."""
    mid = str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))
    return Offered(Routing(mid, SCHOOL, COUNCIL, "c" * 32, "data", 4_000_000_000, (), False), "x" * 43, mid)


async def race(url: str, messages: int) -> tuple[int, int]:
    """How many were stored, and how many of them the reader was never served."""
    store = PostgresStore(url, Limits())
    await store.start()
    numbers, random = iter(range(messages)), Random(14)
    stored: set[str] = set()
    seen: set[str] = set()

    async def writer() -> None:
        while batch := [offered(number) for _, number in zip(range(random.randint(1, LARGEST)), numbers, strict=False)]:
            stored.update(one.mid for one in await store.put(batch) if one.status == 201)

    async def reader(done: asyncio.Event) -> None:
        after, last = 0, False
        while True:
            page = await store.page(COUNCIL, after, 100)
            if page.items:
                seen.update(mid for _, mid in page.items)
                assert page.items == sorted(page.items)
                assert page.items[0][0] > after
                after = page.items[-1][0]
            elif last and not page.held_back:
                return
            last = done.is_set()

    done = asyncio.Event()
    reading = asyncio.create_task(reader(done))
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    done.set()
    await asyncio.wait_for(reading, 60 + messages / 100)
    await store.close()
    return len(stored), len(stored - seen)


@pytest.fixture
def busy(postgres: Server) -> str:
    url = postgres.database("made")
    postgres.sql(name_of(url), SLOW, MEMBERS.format(SCHOOL, COUNCIL))
    return url


def test_a_reader_who_follows_eight_writers_misses_nothing(busy: str) -> None:
    wanted, began = size(2_000, 100_000, 400_000), time.monotonic()
    stored, missed = asyncio.run(race(busy, wanted))
    say(
        "eight writers and a reader who follows them, on PostgreSQL",
        f"{stored:,} messages stored in {time.monotonic() - began:.0f} s, {missed} missed",
    )
    assert (stored, missed) == (wanted, 0)


class Held(PostgresStore):
    """A store whose transaction stays open: it began first, and is committed last."""

    held: asyncpg.Connection

    async def _run(self, job, pool=None):  # type: ignore[no-untyped-def]
        return await job(self.held)


async def overtaken(url: str) -> list[list[str]]:
    """What a reader is served, page by page, where an earlier transaction is committed after a later one."""
    store, early = PostgresStore(url, Limits()), Held(url, Limits())
    await store.start()
    early.epoch, early.held = store.epoch, await connecting.connect(url)
    transaction = early.held.transaction()
    await transaction.start()
    await early.put([offered(0)])
    await store.put([offered(1)])
    first = await store.page(COUNCIL, 0, 100)
    await transaction.commit()
    second = await store.page(COUNCIL, first.items[-1][0] if first.items else 0, 100)
    await early.held.close()
    await store.close()
    return [[mid for _, mid in page.items] for page in (first, second)]


def test_a_message_that_was_stored_first_and_committed_last_is_served(postgres: Server) -> None:
    url = postgres.database("made")
    postgres.sql(name_of(url), MEMBERS.format(SCHOOL, COUNCIL))
    assert asyncio.run(overtaken(url)) == [[], [offered(0).routing.mid, offered(1).routing.mid]]


def test_the_race_is_there_for_a_reader_by_position_alone(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.database("made")
    postgres.sql(name_of(url), MEMBERS.format(SCHOOL, COUNCIL))
    without = statements.PAGE.replace("AND pos < edge.pos ", "")
    assert without != statements.PAGE
    monkeypatch.setattr(statements, "PAGE", without)
    assert asyncio.run(overtaken(url)) == [[offered(1).routing.mid], []]
    say("the same reader by position alone (the control)", "the message that was committed last is missed")
