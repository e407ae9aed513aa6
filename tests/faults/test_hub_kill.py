"""The hub is killed in mid-batch, again and again: whatever it acknowledged is still there, once (protocol: F3).

On both stores. On PostgreSQL the database itself is ended too, as a power cut would. Controls kill a hub that answers
before its commit, and a database told not to wait for its disk: if the count did not catch these, it could not fail.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from benchmarks.exchange import readdressed
from benchmarks.postgres import Server
from practice.errors import HubUnreachable
from sync import envelope, identity
from sync.carriers.hub import HubClient
from sync.hub.server import invite
from sync.identity import HubPin, OrgKeys, read_key_set
from tests.faults.sizes import say, size

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from sync.hub.server import serve
workers = 2 if sys.argv[1].startswith("postgresql:") else 1
serve(sys.argv[1], "127.0.0.1", 0, lambda url: print(url, flush=True), workers=workers)
"""
# Each commit waits, and its answer does not: what a hub would do that answers from memory.
HASTY = """
import time
from sync.hub import sqlite_writer
class Hasty(sqlite_writer.Writer):
    def _commit(self, group):
        self._connection.execute("BEGIN IMMEDIATE")
        for job, future in group:
            future.set_result(job(self._connection))
        time.sleep(0.02)
        self._connection.execute("COMMIT")
        if self._committed is not None:
            self._committed(self._connection)
import sync.hub.store_sqlite
sync.hub.store_sqlite.Writer = Hasty
"""
HASTY_POSTGRES = """
import asyncio
from sync.hub.postgres.store import PostgresStore
from sync.hub.store import Stored
put, kept = PostgresStore.put, set()
async def later(store, offered):
    await asyncio.sleep(0.02)
    await put(store, offered)
async def hasty(store, offered):
    kept.add(asyncio.create_task(later(store, offered)))
    return [Stored(item.routing.mid, 201, item.sha256, 1) for item in offered]
PostgresStore.put = hasty
"""
# A database that answers before its disk has the commit, in spite of what the hub asks.
FORGETFUL = """
from sync.hub.postgres import connecting
async def forgetful(connection):
    await connection.execute("SET synchronous_commit = off")
connecting.set_up = forgetful
"""
SCHOOL, COUNCIL = identity.generate("urn:scx:gb:urn:100123"), identity.generate("urn:scx:gb:la:301")
BATCH, SENDERS = size(4, 25, 50), size(3, 16, 16)
ROUNDS = size(4, 50, 100)
EACH = size(60, 3_000, 6_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "hub.db")
    server = request.getfixturevalue("postgres")
    return server.database("made")


class KilledHub:
    """A hub as a process of its own, killed without a word."""

    def __init__(self, database: str, program: str, before: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [*before, sys.executable, "-c", program, database],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:")

    def kill(self) -> None:
        # With all its workers, at once.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def messages(count: int) -> list[tuple[str, str]]:
    """Sealed messages from the school to the council."""
    known, ctr = read_key_set(COUNCIL.public_key_set(1, name="x", kind="social_care"), None), "c" * 32
    ids = [str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number)) for number in range(count)]
    about = {"mid": ids[0], "from_": SCHOOL.org, "to": COUNCIL.org, "ctr": ctr, "type_": "entry", "eid": "e1"}
    payload = envelope.build_payload(**about, rev=1, prev=None, body={"event": "x"}, iat=1_790_000_000)
    sealed = {"sender": SCHOOL, "recipient": known, "mid": ids[0], "ctr": ctr, "class_": "data"}
    token = envelope.seal(payload, **sealed, exp=4_000_000_000)
    return [(mid, readdressed(token, mid=mid)) for mid in ids]


def enrolled(hub: KilledHub, database: str, keys: OrgKeys) -> HubPin:
    with HubClient(hub.url, keys) as client:
        code = invite(database, keys.org)
        return client.enrol(code, keys.public_key_set(1, name="x", kind="school"))


def send_until_killed(
    hub: KilledHub,
    pin: HubPin,
    queues: list[list[tuple[str, str]]],
    acknowledged: set[str],
    answers: int,
    crash: Callable[[], None] | None = None,
) -> None:
    """Each sender offers its queue in batches; after so many answers in all, the hub is killed under them.

    `crash` ends something else under them before it.
    """
    lock, enough = threading.Lock(), threading.Event()
    count = 0

    def sender(queue: list[tuple[str, str]]) -> None:
        nonlocal count
        with HubClient(hub.url, SCHOOL, pin=pin) as client:
            while queue:
                try:
                    result = client.send_batch(queue[:BATCH])
                except HubUnreachable:
                    return
                with lock:
                    acknowledged.update(mid for mid, outcome in result.outcomes.items() if outcome.stored)
                    count += 1
                    if count >= answers:
                        enough.set()
                queue[:] = [item for item in queue if item[0] not in acknowledged]

    threads = [threading.Thread(target=sender, args=(queue,)) for queue in queues]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    if crash is not None:
        crash()
    hub.kill()
    for thread in threads:
        thread.join(60)


def lost_after_kills(
    database: str, program: str, rounds: int, crash: Callable[[], None] | None = None
) -> tuple[set[str], int]:
    """The acknowledged messages that were gone, over so many kills, and how many were acknowledged."""
    random = Random(7)
    hub = KilledHub(database, SERVE)
    pin = enrolled(hub, database, SCHOOL)
    enrolled(hub, database, COUNCIL)
    hub.kill()
    waiting, acknowledged = messages(rounds * EACH), set[str]()
    each = max(1, EACH // BATCH * 9 // 10)
    for _ in range(rounds):
        hub = KilledHub(database, program)
        queues = [[item for item in waiting[index::SENDERS] if item[0] not in acknowledged] for index in range(SENDERS)]
        queues = [queue[: EACH * 2 // SENDERS] for queue in queues]
        send_until_killed(hub, pin, queues, acknowledged, random.randint(each * 3 // 4, each), crash)
    hub = KilledHub(database, SERVE)
    held: list[str] = []
    with HubClient(hub.url, COUNCIL, pin=pin) as client:
        cursor = ""
        while (page := client.inbox(cursor)).items:
            held += [envelope.read_header(item.jose).mid for item in page.items]
            cursor = page.next
    hub.kill()
    assert len(held) == len(set(held)), "no message stands twice in the inbox"
    return acknowledged - set(held), len(acknowledged)


def test_nothing_acknowledged_is_lost_when_the_hub_is_killed(database: str) -> None:
    lost, acknowledged = lost_after_kills(database, SERVE, ROUNDS)
    store = "PostgreSQL, two workers" if database.startswith("postgresql:") else "SQLite"
    said = f"killed {ROUNDS} times under {SENDERS} clients, {acknowledged:,} acknowledged, {len(lost)} of them lost"
    say(f"the hub on {store}, `kill -9`", said)
    assert acknowledged > ROUNDS * BATCH
    assert lost == set()


def test_the_count_catches_a_hub_that_answers_too_early(database: str) -> None:
    hasty = HASTY_POSTGRES if database.startswith("postgresql:") else HASTY
    lost, _ = lost_after_kills(database, hasty + SERVE, rounds=3)
    say("control: a hub that answers before its commit", f"3 kills, {len(lost)} lost (must not be 0)")
    assert lost


def test_nothing_acknowledged_is_lost_when_the_database_ends(postgres: Server) -> None:
    """As in a power cut: each process of the server ends at once, and what it had not yet written is gone."""

    def crash() -> None:
        postgres.stop("immediate")

    def lost(program: str, rounds: int) -> tuple[set[str], int]:
        def again() -> None:
            crash()
            postgres.start()

        return lost_after_kills(postgres.database("made"), program, rounds, again)

    rounds = size(1, 20, 50)
    gone, acknowledged = lost(SERVE, rounds)
    said = f"{rounds} times under {SENDERS} clients, {acknowledged:,} acknowledged, {len(gone)} of them lost"
    say("PostgreSQL under the hub ended as by a power cut", said)
    assert acknowledged > rounds * BATCH
    assert gone == set()
    assert any(lost(FORGETFUL + SERVE, 1)[0] for _ in range(4)), "without waiting for the disk, some are"
