"""A school's own machines carry by a hub that really serves: once, beside folder and stick, and unseen by it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from exchange import Hub

from practice.errors import HubUnreachable, Refused
from storage import carrying, machines, whereabouts
from storage.header import read_header
from storage.replication import presence, waiting
from storage.unlocking import Unlocked
from storage.vault import open_vault
from storage.views import base
from sync import machines as own
from sync import mailbox as boxes
from sync.hub import jose
from sync.hub.invites import new_epoch
from sync.hub.server import invite
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.storage.machines import Clock, joined

ORG = "urn:scx:gb:urn:100123-machines"
TEXT = "She said [he hit me] by the kiln"


def contents(vault):
    with vault.read() as connection:
        return base.contents(connection)


def long_ones(vault, child):
    """Concerns that no single envelope holds; the entry of the last one."""
    return [add_concern(vault, child, TEXT * 2000) for _ in range(4)][-1]


def count_of(vault, entry):
    with vault.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM acts WHERE entry = ?", (entry,)).scalar()


@pytest.fixture(scope="module")
def pair_template(vault_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("by-hub")
    clock = Clock(datetime.now(UTC))
    shutil.copytree(vault_template, folder / "office")
    with open_vault(folder / "office", passphrase=PASSPHRASE, clock=clock) as first:
        add_concern(first, add_child(first), "Before the laptop came")
        joined(first, folder, folder / "laptop", "Laptop", clock).close()
        return folder, first.person_keys


@pytest.fixture
def pair(pair_template, tmp_path, post: Hub):
    """Two machines that know of their mailbox: one opened it, the other heard of it by the folder."""
    folder, keys = pair_template
    vaults, shared = [], tmp_path / "shared"
    shared.mkdir()
    for name in ("office", "laptop"):
        place = shutil.copytree(folder / name, tmp_path / name)
        header = read_header(place)
        unlocked = Unlocked(header, header.slots[0], keys)
        vaults.append(open_vault(place, unlocked=unlocked, clock=Clock(datetime.now(UTC))))
    office, laptop = vaults
    assert boxes.open_mailbox(office, post.url, invite(post.database, ORG)) == ORG
    for each in (office, laptop, office):
        carrying.sync(each, shared)
    yield office, laptop
    for each in vaults:
        each.close()


def hub_rows(post, sql):
    with closing(sqlite3.connect(post.database)) as db:
        return db.execute(sql).fetchall()


def test_what_is_written_on_each_comes_to_the_other_once_and_the_hub_learns_sizes_and_times(post, pair, tmp_path):
    office, laptop = pair
    entry = add_concern(office, add_child(office, "Beatrix", "Moss"), TEXT)
    there = long_ones(laptop, add_child(laptop, "Cy", "Reed"))
    assert own.carry(office).handed_on > 0
    assert own.sync(laptop).taken > 0
    for each in (office, laptop, office, laptop):
        own.carry(each)  # by the folder too, beside the hub
    assert [count_of(each, one) for each in pair for one in (entry, there)] == [1, 1, 1, 1]
    assert contents(office) == contents(laptop)
    assert laptop.verify(rebuild=True, signatures=True).ok
    assert (own.sync(office).handed_on, own.sync(laptop).taken) == (0, 0)
    assert not list((laptop.folder / "spool" / "machines").iterdir())
    post.stop()
    seen = b"".join(path.read_bytes() for path in (tmp_path / "hub").iterdir())
    known = [row.id for row in machines.others(office)] + [row.name for row in machines.states(office)]
    for word in (office.id, office.device, laptop.device, *known, "Beatrix", " by the kiln", "dsl-console"):
        assert word.encode() not in seen, word
    rows = hub_rows(post, "SELECT sender, recipient, length(jose), jose FROM ledger JOIN bodies USING (pos)")
    assert {(sender, recipient) for sender, recipient, _size, _jose in rows} == {(ORG, ORG)}
    assert len({size // 1024 for _sender, _recipient, size, _jose in rows}) <= len(boxes.SIZES)
    assert max(size for _sender, _recipient, size, _jose in rows) > 200_000, "none was cut into parts"
    for *_rest, token in rows:
        header = jose.strict_json(jose.unb64u(token.split(".")[0]))
        assert set(header) == {"alg", "enc", "kid", "epk", "typ", "cty", "scx"}
        assert header["scx"]["from"] == header["scx"]["to"]
    post.start()


def test_a_sync_that_is_cut_short_anywhere_loses_and_doubles_nothing(post, pair):
    office, laptop = pair
    entry = long_ones(office, add_child(office, "Beatrix", "Moss"))
    inner = httpx.HTTPTransport()
    asked = 0

    def cut_after(calls):
        left = iter(range(calls))

        def answer(request: httpx.Request) -> httpx.Response:
            nonlocal asked
            asked += 1
            if next(left, None) is None:
                raise httpx.ConnectError("cut")
            found = inner.handle_request(request)
            if asked % 2:  # the answer is lost, what was asked is done
                return httpx.Response(found.status_code, headers=found.headers, content=found.read())
            found.read()
            raise httpx.ReadError("cut")

        return httpx.MockTransport(answer)

    for calls in range(1, 9):
        for each in pair:
            with pytest.raises(HubUnreachable):
                own.sync(each, transport=cut_after(calls))
    for each in (office, laptop, office):
        own.sync(each)
    assert [count_of(each, entry) for each in pair] == [1, 1]
    assert contents(office) == contents(laptop)


def test_what_expired_or_went_with_a_restored_hub_is_laid_there_again(post, pair):
    office, laptop = pair
    own.sync(laptop)
    own.sync(office)
    entry = add_concern(office, add_child(office, "Beatrix", "Moss"), TEXT)
    own.sync(office)
    assert own.sync(office).handed_on == 0
    post.stop()
    with closing(sqlite3.connect(post.database)) as db:
        db.execute("DELETE FROM bodies")
        db.commit()
    new_epoch(post.database)
    post.start()
    assert own.sync(office).handed_on > 0
    for each in pair:
        each.clock.at += timedelta(days=30)
    assert own.sync(office).handed_on > 0, "it has expired by now"
    assert own.sync(laptop).taken > 0
    assert count_of(laptop, entry) == 1


def test_what_a_stranger_laid_there_stops_nothing_and_a_removed_machine_is_shut_out(post, pair, keys):
    office, laptop = pair
    box = boxes.mailbox(office)
    from sync.carriers.hub import HubClient
    from sync.machines import new_id

    until = int(office.clock().timestamp()) + 86_400
    bad = []
    for part in (b"\0" * 4096, boxes.in_parts("x" * 36, b"no bundle")[0], boxes.in_parts(new_id(), b"no bundle")[0]):
        mid = new_id()
        bad.append((mid, boxes.seal(part, mid, until, box)))
    with HubClient(box.url, box.keys) as client:
        client.send_batch(bad)
    entry = add_concern(office, add_child(office, "Beatrix", "Moss"), TEXT)
    own.sync(office)
    done = own.sync(laptop)
    assert count_of(laptop, entry) == 1
    assert list(done.refused.values()) == [
        "That file does not come from a machine of dsl-console. Nothing was taken from it."
    ]
    assert own.sync(laptop).refused == {}, "told once"

    with pytest.raises(Refused, match="not valid"):
        boxes.open_mailbox(office, post.url, "WRONG-CODE-WRONG-CODE")
    machines.remove(office, "Laptop", "left on a bus")
    boxes.open_mailbox(office, post.url, invite(post.database, ORG))
    with pytest.raises((Refused, HubUnreachable)):
        own.sync(laptop)
    boxes.close_mailbox(office)
    assert boxes.standing(office) is None


def test_who_works_where_is_heard_by_the_hub_too(post, pair):
    """Without the folder: when a machine was there, and whose record is open on it; until it is left."""
    office, laptop = pair
    child = add_child(office, "Beatrix", "Moss")
    own.sync(office)
    own.sync(laptop)
    for each in pair:
        with each.write() as unit:
            waiting.set_note(unit.connection, whereabouts.FOLDER, "")
    for each in pair:
        each.clock.at += timedelta(hours=2)
    assert whereabouts.meeting(laptop, child) == ""
    own.beat(laptop)
    assert whereabouts.meeting(office, child) == ""
    own.beat(office)
    assert "This record is open on «Laptop» too" in whereabouts.also_open(office, child)
    own.beat(laptop)
    assert "This record is open on «Office» too" in whereabouts.also_open(laptop, child)
    ((row, words),) = whereabouts.at_work(office)
    assert (row.name, words) == ("Laptop", "Robin Vale has Beatrix Moss's record open there")
    heard = {row.name: row.last_heard for row in whereabouts.states(office)}
    acts = {row.name: row.last_heard for row in machines.states(office)}
    assert heard["Laptop"] - acts["Laptop"] > timedelta(hours=1), "it was there, though it wrote nothing"
    assert not whereabouts.left(laptop, "another child")
    assert whereabouts.left(laptop, child)
    own.beat(laptop)
    own.beat(office)
    assert whereabouts.also_open(office, child) == ""
    before = whereabouts.elsewhere(office)
    assert not presence.keep(office, machines.known(office), [], b"[1]")
    post.stop()
    own.beat(office)  # the hub is away: no error, and what was heard stands
    assert whereabouts.elsewhere(office) == before
    post.start()
