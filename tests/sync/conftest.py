"""A real hub on loopback, and invented organisations enrolled at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from sync import envelope, identity
from sync.carriers.hub import HubClient
from sync.hub.limits import Limits
from sync.hub.server import HubServer, invite, make_server
from sync.identity import OrgKeys, read_key_set

CTR = "b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"
LATE = 4_000_000_000
NAMES = ("urn:scx:gb:urn:100123", "urn:scx:gb:la:301", "urn:scx:demo:police")


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


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path / "hub")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def keys() -> dict[str, OrgKeys]:
    names = ("school", "council", "police")
    return {name: identity.generate(org) for name, org in zip(names, NAMES, strict=True)}


def mid_of(number: int) -> str:
    return str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))


@pytest.fixture
def sealed(keys: dict[str, OrgKeys]) -> Callable[..., tuple[str, str]]:
    """`sealed(1)` is (mid, jose) of a message from the school to the council."""

    def make(
        number: int,
        *,
        sender: str = "school",
        to: str = "council",
        event: str = "She said [he hit me]",
        class_: str = "data",
        ctr: str = CTR,
        exp: int = LATE,
    ) -> tuple[str, str]:
        mine, theirs = keys[sender], keys[to]
        known = read_key_set(theirs.public_key_set(1, name="x", kind="school"), None)
        mid = mid_of(number)
        payload = envelope.build_payload(
            mid=mid,
            from_=mine.org,
            to=theirs.org,
            ctr=ctr,
            type_="entry",
            eid=f"e{number}",
            rev=1,
            prev=None,
            body={"event": event},
            iat=1_790_000_000,
        )
        token = envelope.seal(payload, sender=mine, recipient=known, mid=mid, ctr=ctr, class_=class_, exp=exp)
        return mid, token

    return make
