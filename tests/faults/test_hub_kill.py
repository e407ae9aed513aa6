"""The hub is killed in mid-batch, again and again: whatever it acknowledged is still there, once (protocol: F3).

A control kills a hub that answers before its commit: if the count did not catch that, this test could not fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from uuid import UUID

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
serve(sys.argv[1], "127.0.0.1", 0, lambda url: print(url, flush=True))
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
SCHOOL, COUNCIL = identity.generate("urn:scx:gb:urn:100123"), identity.generate("urn:scx:gb:la:301")
BATCH, SENDERS = 4, 3


class KilledHub:
    """A hub as a process of its own, killed without a word."""

    def __init__(self, database: Path, program: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, str(database)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def messages(count: int) -> list[tuple[str, str]]:
    """Sealed messages from the school to the council."""
    known = read_key_set(COUNCIL.public_key_set(1, name="x", kind="social_care"), None)
    made = []
    for number in range(count):
        mid, ctr = str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number)), "c" * 32
        payload = envelope.build_payload(
            mid=mid,
            from_=SCHOOL.org,
            to=COUNCIL.org,
            ctr=ctr,
            type_="entry",
            eid=f"e{number}",
            rev=1,
            prev=None,
            body={"event": "x"},
            iat=1_790_000_000,
        )
        token = envelope.seal(
            payload, sender=SCHOOL, recipient=known, mid=mid, ctr=ctr, class_="data", exp=4_000_000_000
        )
        made.append((mid, token))
    return made


def enrolled(hub: KilledHub, database: Path, keys: OrgKeys) -> HubPin:
    with HubClient(hub.url, keys) as client:
        code = invite(str(database), keys.org)
        return client.enrol(code, keys.public_key_set(1, name="x", kind="school"))


def send_until_killed(
    hub: KilledHub, pin: HubPin, queues: list[list[tuple[str, str]]], acknowledged: set[str], answers: int
) -> None:
    """Each sender offers its queue in batches; after so many answers in all, the hub is killed under them."""
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
    assert enough.wait(30)
    hub.kill()
    for thread in threads:
        thread.join(30)


def lost_after_kills(database: Path, program: str, rounds: int) -> tuple[set[str], int]:
    """The acknowledged messages that were gone, over so many kills, and how many were acknowledged."""
    random = Random(7)
    hub = KilledHub(database, SERVE)
    pin = enrolled(hub, database, SCHOOL)
    enrolled(hub, database, COUNCIL)
    hub.kill()
    waiting, acknowledged = messages(rounds * 60), set[str]()
    for _ in range(rounds):
        hub = KilledHub(database, program)
        queues = [[item for item in waiting[index::SENDERS] if item[0] not in acknowledged] for index in range(SENDERS)]
        send_until_killed(hub, pin, queues, acknowledged, random.randint(3, 9))
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


def test_nothing_acknowledged_is_lost_when_the_hub_is_killed(tmp_path: Path) -> None:
    rounds = size(8, 100, 500)
    lost, acknowledged = lost_after_kills(tmp_path / "hub.db", SERVE, rounds)
    say("kill -9 of the hub in mid-batch", f"{rounds} kills, {acknowledged} acknowledged messages, {len(lost)} lost")
    assert acknowledged > rounds * BATCH
    assert lost == set()


def test_the_count_catches_a_hub_that_answers_too_early(tmp_path: Path) -> None:
    lost, _ = lost_after_kills(tmp_path / "hub.db", HASTY + SERVE, rounds=4)
    say("control: a hub that answers before its commit", f"4 kills, {len(lost)} lost (must not be 0)")
    assert lost
