"""A hub that really serves on loopback, for the tests of what talks to it."""

from __future__ import annotations

import subprocess
import threading
import time
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from uuid import UUID

import httpx

from benchmarks.postgres import name_of
from sync.carriers.hub import HubClient
from sync.hub import jose
from sync.hub.invites import backup
from sync.hub.limits import Limits
from sync.hub.server import HubServer, invite, make_server
from sync.identity import OrgKeys

# One client for all plain requests: each would read the machine's certificates again, for a tenth of a second.
HTTP = httpx.Client(trust_env=False)
CTR = "b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"


class RunningHub:
    """A hub served by uvicorn in a thread; stop and start again on the same database."""

    def __init__(self, folder: Path, limits: Limits | None = None, database: str | None = None) -> None:
        self.database = database or str(folder / "hub.db")
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


def everything(database: str) -> bytes:
    """Every byte of the hub's database on the disk (tables, writes, what the server logged), and of its backup."""
    if not database.startswith("postgresql:"):
        copy = Path(database + ".copy")
        copy.unlink(missing_ok=True)
        backup(database, copy)
        return b"".join(path.read_bytes() for path in sorted(Path(database).parent.iterdir()))
    name, folder = name_of(database), Path(database.split("host=")[1])
    ask = ["psql", "-qAt", "-U", "hub", "-h", str(folder), "-d", name, "-c", "CHECKPOINT", "-c"]
    number = subprocess.run(
        [*ask, "SELECT oid FROM pg_database WHERE datname = current_database()"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    places = (folder / "data" / "base" / number, folder / "data" / "pg_wal")
    paths = [folder / "log", *(path for place in places for path in sorted(place.iterdir()) if path.is_file())]
    dump = ["pg_dump", "-U", "hub", "-h", str(folder), "--schema=scx", name]
    dumped = subprocess.run(dump, check=True, capture_output=True).stdout
    return b"".join([*(path.read_bytes() for path in paths), dumped])


def signature(client: HubClient, keys: OrgKeys, method: str, path: str, body: bytes) -> str:
    """What says that the signing key asked exactly this."""
    claims = {"aud": client.pin.hub_id, "htm": method, "htu": path, "iat": int(time.time()), "jti": token_urlsafe(18)}
    claims |= {"sha256": jose.b64u(sha256(body).digest())}
    return jose.sign(jose.canonical(claims), keys.signing, "scx-request+jws")


def mid_of(number: int) -> str:
    return str(UUID(int=(0x01932F7E7B1C << 80) | (7 << 76) | (2 << 62) | number))
