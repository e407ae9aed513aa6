"""A term of many schools and a few authorities at one hub, on both stores: nothing lost, and a sync's time (F22)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from benchmarks.exchange import readdressed
from sync import envelope, identity
from sync.carriers.hub import HubClient
from sync.identity import OrgKeys
from tests.faults.sizes import say, size
from tests.faults.test_hub_kill import SERVE, KilledHub, enrolled, messages

SCHOOLS, AUTHORITIES, DAYS = size(6, 200, 200), size(2, 5, 5), size(2, 65, 65)
AT_ONCE, MOST = size(4, 16, 16), 6


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "hub.db")
    server = request.getfixturevalue("postgres")
    return server.database("made")


class Term:
    """Everybody's clients, what was acknowledged to each sender, and what each reader took in."""

    def __init__(self, database: str) -> None:
        self.hub = KilledHub(database, SERVE)
        self.random, self.numbers = Random(22), iter(range(1, 10**7))
        self.token = messages(1)[0][1]
        self.authorities = [self.joined(database, f"urn:scx:gb:la:{301 + at}") for at in range(AUTHORITIES)]
        self.schools = [self.joined(database, f"urn:scx:gb:urn:{100_000 + at}") for at in range(SCHOOLS)]
        self.acknowledged: set[str] = set()
        self.taken: list[str] = []
        self.seconds: list[float] = []

    def joined(self, database: str, org: str) -> HubClient:
        keys: OrgKeys = identity.generate(org)
        return HubClient(self.hub.url, keys, pin=enrolled(self.hub, database, keys))

    def send(self, sender: HubClient, readers: list[str]) -> None:
        """Offer a message to each of these; what the hub says that it holds, it must hand out."""
        items = []
        for reader in readers:
            mid = str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | next(self.numbers)))
            items.append((mid, readdressed(self.token, **{"mid": mid, "from": sender.keys.org, "to": reader})))
        if items:
            outcomes = sender.send_batch(items).outcomes
            self.acknowledged.update(mid for mid, outcome in outcomes.items() if outcome.status == 201)

    def fetch(self, reader: HubClient) -> list[str]:
        """Take everything in and acknowledge it; from whom it came."""
        senders, cursor = [], ""
        while (page := reader.inbox(cursor)).items:
            heads = [envelope.read_header(item.jose) for item in page.items]
            assert {head.recipient for head in heads} == {reader.keys.org}
            self.taken += [head.mid for head in heads]
            senders += [head.sender for head in heads]
            reader.ack([item.pos for item in page.items], page.epoch)
            cursor = page.next
        return senders

    def day(self, pool: ThreadPoolExecutor) -> None:
        amounts = {id(school): self.random.randint(0, MOST) for school in self.schools}

        def at_the_end_of_the_day(at: int) -> None:
            school, authority = self.schools[at], self.authorities[at % AUTHORITIES]
            began = time.monotonic()
            self.send(school, [authority.keys.org] * amounts[id(school)])
            self.fetch(school)
            self.seconds.append(time.monotonic() - began)

        def answered(authority: HubClient) -> None:
            senders = self.fetch(authority)
            for at in range(0, len(senders), 100):
                self.send(authority, senders[at : at + 100])

        list(pool.map(at_the_end_of_the_day, range(SCHOOLS)))
        list(pool.map(answered, self.authorities))


def test_a_term_of_many_schools_loses_nothing(database: str) -> None:
    term = Term(database)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in range(DAYS):
                term.day(pool)
            for client in (*term.schools, *term.authorities):
                term.fetch(client)
    finally:
        for client in (*term.schools, *term.authorities):
            client.close()
        term.hub.kill()
    lost = term.acknowledged - set(term.taken)
    ordered = sorted(term.seconds)
    store = "PostgreSQL, two workers" if database.startswith("postgresql:") else "SQLite"
    half, slowest = ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000
    who = f"{SCHOOLS} schools and {AUTHORITIES} authorities over {DAYS} school days, {AT_ONCE} at once"
    took = f"a sync took {half:.0f} ms, and of 100 the slowest {slowest:.0f} ms"
    say(f"{who}, the hub on {store}", f"{len(term.acknowledged):,} messages, {len(lost)} lost; {took}")
    assert len(term.acknowledged) > SCHOOLS
    assert not lost
    assert len(term.taken) == len(set(term.taken)) == len(term.acknowledged)
