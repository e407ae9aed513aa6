"""The hub on PostgreSQL: several processes, a database that restarts, fails over or was put back, its partitions."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from running_hub import HTTP, RunningHub, mid_of

from benchmarks.postgres import Server, name_of
from practice.errors import HubUnreachable, NotFound, Refused
from sync import envelope
from sync.carriers.answers import Page
from sync.carriers.hub import EpochChanged, HubClient, HubRefused
from sync.hub.invites import backup, close, invite, new_epoch, status
from sync.hub.limits import Limits
from sync.hub.postgres import connecting, schema, statements
from sync.hub.postgres.store import PostgresStore
from sync.hub.server import make_server
from sync.identity import OrgKeys

Sealed = Callable[..., tuple[str, str]]
Keys = dict[str, OrgKeys]
ROOT = Path(__file__).parents[2]
MONTHS = 60 * 86_400


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("made")


@pytest.fixture
def second(tmp_path: Path, hub: RunningHub) -> Iterator[RunningHub]:
    """Another hub on the same database, as on another machine."""
    running = RunningHub(tmp_path / "second", database=hub.database)
    yield running
    running.stop()


def mids(page: Page) -> list[str]:
    return [envelope.read_header(item.jose).mid for item in page.items]


def at(url: str, client: HubClient) -> HubClient:
    """The same organisation, talking to the hub at another address."""
    return HubClient(url, client.keys, pin=client.pin)


def test_hubs_on_one_database_are_one_hub(
    hub: RunningHub, second: RunningHub, keys: Keys, sealed: Sealed, postgres: Server
) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    elsewhere = at(second.url, council)
    assert elsewhere.well_known().epoch == school.well_known().epoch
    second.server.hub.store.look_again = 60.0
    found: list[tuple[list[str], float]] = []
    poll = threading.Thread(target=lambda: found.append((mids(elsewhere.inbox(wait=25)), time.monotonic())))
    poll.start()
    while keys["council"].org not in second.server.hub._arrivals:
        threading.Event().wait(0.01)
    sent = time.monotonic()
    school.send_batch([sealed(1)])
    poll.join(30)
    assert [(one, seen - sent < 10) for one, seen in found] == [([mid_of(1)], True)]
    token = council._bearer()
    asked = HTTP.get(second.url + "/v1/inbox", headers={"authorization": f"Bearer {token}"})
    assert asked.status_code == 200, "a token that one gave out, the other takes"
    close(hub.database, keys["council"].org)
    refused = at(second.url, school).send_batch([sealed(2)]).outcomes[mid_of(2)]
    assert (refused.status, refused.problem) == (410, "recipient-closed")
    postgres.sql(name_of(hub.database), f"DELETE FROM scx.orgs WHERE org = '{school.keys.org}'")
    with pytest.raises(HubRefused) as unknown:
        school.send_batch([sealed(3)])
    assert unknown.value.http_status == 401
    assert status(hub.database)["states"] == {"collected": 1}


def test_the_same_message_at_the_same_moment_is_stored_once(
    hub: RunningHub, second: RunningHub, keys: Keys, sealed: Sealed
) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    other = at(second.url, school)
    items = [sealed(number) for number in range(20)]
    with ThreadPoolExecutor(2) as both:
        for _ in range(3):
            results = list(both.map(lambda client: client.send_batch(items), (school, other)))
            positions = [{mid: result.receipt.items[mid][1] for mid, _ in items} for result in results]
            assert positions[0] == positions[1]
    assert sorted(mids(council.inbox())) == sorted(mid for mid, _ in items)


def test_a_database_that_restarts_loses_nothing_and_keeps_its_epoch(
    hub: RunningHub, keys: Keys, sealed: Sealed, postgres: Server
) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    school.send_batch([sealed(1)])
    epoch = council.inbox().epoch
    assert HTTP.get(hub.url + "/healthz").status_code == 200
    postgres.stop("immediate")
    try:
        with pytest.raises(HubUnreachable) as caught:
            school.send_batch([sealed(2)])
        assert caught.value.retry_after == 5
        assert HTTP.get(hub.url + "/healthz").status_code == 503
    finally:
        postgres.start()
    assert HTTP.get(hub.url + "/healthz").json() == {"ok": True}
    school.send_batch([sealed(2)])
    page = council.inbox()
    assert (page.epoch, mids(page)) == (epoch, [mid_of(1), mid_of(2)])


def test_a_restored_dump_starts_a_new_epoch(
    hub: RunningHub, keys: Keys, sealed: Sealed, postgres: Server, tmp_path: Path
) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    school.send_batch([sealed(1)])
    dump = str(postgres.folder / f"{name_of(hub.database)}.dump")
    postgres.run("pg_dump", "--format=custom", "--schema=scx", "--file", dump, name_of(hub.database))
    school.send_batch([sealed(2)])
    cursor = council.inbox().next
    copy = postgres.database()
    postgres.run("pg_restore", "--dbname", name_of(copy), dump)
    # As in a cluster whose transactions are numbered from the start: what was stored stands higher than what will be.
    postgres.sql(name_of(copy), "UPDATE scx.ledger SET pos = pos + (10 ^ 9)::bigint * 1024")
    postgres.sql(name_of(copy), "UPDATE scx.body SET pos = pos + (10 ^ 9)::bigint * 1024")
    restored = RunningHub(tmp_path / "restored", database=copy)
    try:
        school, council = at(restored.url, school), at(restored.url, council)
        with pytest.raises(EpochChanged):
            council.inbox(cursor)
        first = council.inbox()
        assert mids(first) == [mid_of(1)]
        school.send_batch([sealed(2), sealed(3)])
        assert mids(council.inbox(first.next)) == [mid_of(2), mid_of(3)], "after what had been there"
    finally:
        restored.stop()


def test_a_new_epoch_by_hand_reaches_hubs_that_serve(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    council = hub.client(keys["council"])
    school = hub.client(keys["school"])
    school.send_batch([sealed(1)])
    page = council.inbox()
    epoch = new_epoch(hub.database)
    with pytest.raises(HubUnreachable):
        council.inbox(page.next)
    with pytest.raises(EpochChanged) as caught:
        council.inbox(page.next)
    assert caught.value.epoch == epoch == status(hub.database)["epoch"]
    assert mids(council.inbox()) == [mid_of(1)]


def test_a_hub_follows_its_database_to_a_replica(keys: Keys, sealed: Sealed, postgres: Server, tmp_path: Path) -> None:
    url = postgres.database("made")
    replica = postgres.replica()
    hub = RunningHub(tmp_path, database=f"{url},{replica.folder}")
    try:
        school, council = hub.client(keys["school"]), hub.client(keys["council"])
        school.send_batch([sealed(1)])
        epoch = council.inbox().epoch
        name = name_of(url)
        while replica.sql(name, "SELECT count(*) FROM scx.ledger").strip() != "1":
            time.sleep(0.02)
        postgres.stop("immediate")
        with pytest.raises(HubUnreachable):
            school.send_batch([sealed(2)])
        replica.promote()
        school.send_batch([sealed(2)])
        page = council.inbox()
        assert mids(page) == [mid_of(1), mid_of(2)]
        assert page.epoch != epoch, "a replica may lack what was acknowledged last, so all of it is offered again"
    finally:
        hub.stop()
        replica.remove()
        postgres.start()


def test_what_is_asked_of_the_server(postgres: Server) -> None:
    """Commits wait for the disk, whatever is set for the database; a server that never writes durably is refused."""
    url = postgres.database("made")
    postgres.sql("template1", f"ALTER DATABASE {name_of(url)} SET synchronous_commit = off")

    async def shown() -> str:
        connection = await connecting.connect(url)
        try:
            return str(await connection.fetchval("SHOW synchronous_commit"))
        finally:
            await connection.close()

    assert postgres.sql(name_of(url), "SHOW synchronous_commit").strip() == "off"
    assert asyncio.run(shown()) == "on"
    postgres.sql("template1", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    try:
        while postgres.sql("template1", "SHOW fsync").strip() != "off":
            time.sleep(0.01)
        with pytest.raises(Refused, match="durably"):
            make_server(url)
    finally:
        postgres.sql("template1", "ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
        while postgres.sql("template1", "SHOW fsync").strip() != "on":
            time.sleep(0.01)
    postgres.sql(name_of(url), "UPDATE scx.schema_version SET version = 99")
    with pytest.raises(Refused, match="newer version"):
        make_server(url)


def test_the_tables_are_made_once_by_whoever_comes_first(postgres: Server) -> None:
    url = postgres.database()
    with ThreadPoolExecutor(4) as four:
        codes = set(four.map(lambda number: invite(url, f"urn:scx:demo:place{number}"), range(4)))
    assert len(codes) == status(url)["open_invites"] == 4
    storage = "SELECT DISTINCT attstorage FROM pg_attribute WHERE attname = 'jose' AND attnum > 0"
    assert postgres.sql(name_of(url), storage).strip() == "e", "ciphertext is not compressed, in no partition"
    with pytest.raises(NotFound):
        close(url, "urn:scx:demo:nobody")
    with pytest.raises(Refused, match="own tools") as caught:
        backup(url, Path("never-made"))
    assert "pg_dump" in caught.value.hint


FILL = """
INSERT INTO scx.hub (epoch, place) SELECT 'e', 'p' WHERE NOT EXISTS (SELECT FROM scx.hub);
INSERT INTO scx.ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at, week)
  SELECT n, 'urn:scx:demo:a', gen_random_uuid(), 'urn:scx:demo:b', 'c', 'data', 's', 'queued', 9e9, 0, {week}
  FROM generate_series(1, 300) n;
INSERT INTO scx.body (week, pos, jose) SELECT week, pos, 'e' FROM scx.ledger
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_a_page_looks_once_for_what_is_held_back(postgres: Server) -> None:
    """For each message of a page it read the whole rest of a long inbox: 120,000 that waited took minutes to fetch."""
    url, now = postgres.database("made"), time.time()
    postgres.sql(name_of(url), FILL.format(week=schema.week_of(now)))

    async def explained() -> dict[str, Any]:
        connection = await connecting.connect(url)
        try:
            asked = "EXPLAIN (ANALYZE, FORMAT JSON) " + statements.PAGE
            found = await connection.fetchval(asked, "urn:scx:demo:b", 0, 100, int(now), 4_000_000)
        finally:
            await connection.close()
        return dict(json.loads(found)[0]["Plan"])

    plan = asyncio.run(explained())
    looks = [node["Actual Loops"] for node in nodes(plan) if node.get("Relation Name") == "ledger"]
    assert plan["Actual Rows"] == 100
    assert max(looks) == 1


def test_storing_looks_everything_up_by_its_key_though_it_was_planned_when_nothing_was_there(postgres: Server) -> None:
    url = postgres.database("made")

    async def explained() -> dict[str, Any]:
        connection = await asyncpg.connect(url, server_settings=connecting.PLANNED_ONCE)
        try:
            kinds = ["text"] * 7 + ["text[]", "bigint", "int", "text[]", "text[]"]
            await connection.execute(f"PREPARE storing ({', '.join(kinds)}) AS {statements.PUT_FRESH}")
            found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE storing ({', '.join(['NULL'] * 12)})")
        finally:
            await connection.close()
        return dict(json.loads(found)[0]["Plan"])

    keys = {"ledger": "mid = ", "orgs": "org = ", "revocations": "ctr = "}
    found = [node for node in nodes(asyncio.run(explained())) if "Operation" not in node]
    looks = [(name, node.get("Index Cond", "")) for node in found if (name := node.get("Relation Name")) in keys]
    assert {name for name, _ in looks} == set(keys)
    assert all(keys[name] in by for name, by in looks), looks


def test_weeks_are_made_ahead_and_dropped_after_their_retention(postgres: Server) -> None:
    url, now = postgres.database("made"), time.time()
    names = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'scx.body'::regclass"

    async def swept(when: float) -> None:
        store = PostgresStore(url, Limits(), lambda: when)
        await store.start()
        await store.close()

    def there() -> set[str]:
        return {name.removeprefix("scx.") for name in postgres.sql(name_of(url), names).split()}

    def weeks(first: float, last: float) -> set[str]:
        return {schema.partition(week) for week in range(schema.week_of(first), schema.week_of(last) + 1)}

    asyncio.run(swept(now))
    assert there() == weeks(now, now + 3 * 7 * 86_400)
    asyncio.run(swept(now + MONTHS))
    later = weeks(now + MONTHS - 30 * 86_400, now + 3 * 7 * 86_400) | weeks(now + MONTHS, now + MONTHS + 21 * 86_400)
    assert there() == later
    assert schema.monday(schema.week_of(now)).weekday() == 0


SERVE = """
import sys
from sync.hub.server import serve
serve(sys.argv[1], "127.0.0.1", 0, lambda url: print(url, flush=True), workers=2)
"""


def children(parent: int) -> list[int]:
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], check=False, capture_output=True, text=True)
    return [int(pid) for pid in said.stdout.split()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="several workers need fork")
def test_workers_share_one_address_and_one_that_dies_is_replaced(postgres: Server, keys: Keys) -> None:
    url = postgres.database("made")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    process = subprocess.Popen([sys.executable, "-c", SERVE, url], **pipes)
    try:
        address = process.stdout.readline().strip()
        first = children(process.pid)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        while not (len(children(process.pid)) == 2 and first[0] not in children(process.pid)):
            time.sleep(0.05)
        for _ in range(20):
            assert HTTP.get(address + "/healthz", headers={"connection": "close"}).json() == {"ok": True}
        said = HTTP.get(address + "/metrics").text
        assert re.search(r'scx_answers_total\{status="200"\} 2[0-9]\b', said), "counted over all of them"
        process.send_signal(signal.SIGTERM)
        out, complained = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert [line.split('"text": ')[1] for line in complained.splitlines()] == ['"worker ended"}']
    finally:
        process.kill()
        process.communicate()
