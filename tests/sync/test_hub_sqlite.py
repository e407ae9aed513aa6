"""The hub on one file: what SQLite alone does, or does in its own way."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from running_hub import RunningHub

from practice.errors import NotFound, Refused
from sync.carriers.hub import EpochChanged, HubClient, HubRefused
from sync.hub.invites import backup
from sync.hub.server import make_server, new_epoch, serve, status
from sync.hub.sqlite_writer import Writer
from sync.identity import OrgKeys

Sealed = Callable[..., tuple[str, str]]
Keys = dict[str, OrgKeys]


def test_a_restored_hub_starts_a_new_epoch(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    """Its file is put back as it was a moment ago; what lies beside it knows better."""
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    copied = Path(hub.database + ".backup")
    assert backup(hub.database, copied) == copied.stat().st_size, "while it serves"
    with pytest.raises(Refused, match="there already"):
        backup(hub.database, copied)
    assert os.name == "nt" or copied.stat().st_mode & 0o077 == 0
    school.send_batch([sealed(1)])
    cursor = council.inbox().next
    hub.stop()
    shutil.copy(copied, hub.database)
    hub.start()
    school, council = (HubClient(hub.url, client.keys, pin=client.pin) for client in (school, council))
    with pytest.raises(EpochChanged) as caught:
        council.inbox(cursor)
    page = council.inbox()
    assert page.epoch == caught.value.epoch == council.well_known().epoch != cursor.split(".")[0]
    assert school.send_batch([sealed(1)]).outcomes[sealed(1)[0]].status == 201
    with pytest.raises(EpochChanged):
        council.ack([1], cursor.split(".")[0])
    hub.stop()
    assert new_epoch(hub.database) != page.epoch
    hub.start()


def test_one_database_has_one_hub(hub: RunningHub) -> None:
    with pytest.raises(Refused):
        make_server(hub.database)
    with pytest.raises(NotFound):
        status(hub.database + ".other")
    with pytest.raises(Refused, match="one process"):
        serve(hub.database + ".other", "127.0.0.1", 0, print, workers=2)


def test_who_is_enrolled_no_more_stores_nothing(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    """Their token still runs: whether they are enrolled is asked when something of theirs is stored."""
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    assert school.status([sealed(1)[0]]) == {sealed(1)[0]: "unknown"}
    with closing(sqlite3.connect(hub.database)) as db, db:
        db.execute("DELETE FROM orgs WHERE org = ?", (keys["school"].org,))
    for item in (sealed(1), sealed(2, sender="council", to="school")):
        with pytest.raises(HubRefused) as refused:
            school.send_batch([item])
        assert refused.value.http_status == 401
    assert status(hub.database)["states"] == {}


@pytest.mark.parametrize("others", [0, 3])
def test_a_write_that_fails_is_taken_back(tmp_path: Path, others: int) -> None:
    writer = Writer(tmp_path / "hub.db")

    def failing(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO meta VALUES ('half', 'done')")
        raise KeyError

    def good(number: int) -> Callable[[sqlite3.Connection], object]:
        return lambda db: db.execute("INSERT INTO meta VALUES (?, 'x')", (str(number),))

    async def run() -> list[object]:
        return await asyncio.gather(
            *(writer.write(good(number)) for number in range(others)), writer.write(failing), return_exceptions=True
        )

    *_, failed = asyncio.run(run())
    kept = writer.look(lambda db: [row[0] for row in db.execute("SELECT key FROM meta ORDER BY key")])
    writer.close()
    assert isinstance(failed, KeyError)
    assert kept == [str(number) for number in range(others)]
