"""A hub that really serves on loopback, for the tests of what talks to it."""

from __future__ import annotations

import threading
from pathlib import Path
from uuid import UUID

from sync.carriers.hub import HubClient
from sync.hub.limits import Limits
from sync.hub.server import HubServer, invite, make_server
from sync.identity import OrgKeys

CTR = "b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"


class RunningHub:
    """A hub served by uvicorn in a thread; stop and start again on the same file."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.database = str(folder / "hub.db")
        self.limits = limits
        self.server: HubServer
        self.start()

    def start(self) -> None:
        self.server = make_server(self.database, limits=self.limits)
        ready = threading.Event()
        self.server.ready = lambda _: ready.set()
        self._thread = threading.Thread(target=self.server.serve_until_stopped, daemon=True)
        self._thread.start()
        assert ready.wait(10)

    @property
    def url(self) -> str:
        return self.server.url

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()

    def client(self, keys: OrgKeys) -> HubClient:
        """A client of a newly enrolled organisation."""
        client = HubClient(self.url, keys)
        code = invite(self.database, keys.org)
        client.enrol(code, keys.public_key_set(1, name="An invented place", kind="school"))
        return client


def mid_of(number: int) -> str:
    return str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))
