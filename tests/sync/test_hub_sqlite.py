"""The hub on one file: what SQLite alone does, or does in its own way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from running_hub import RunningHub

from practice.errors import NotFound, Refused
from sync.carriers.hub import EpochChanged, HubClient
from sync.hub.invites import backup
from sync.hub.server import make_server, new_epoch, serve, status
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
