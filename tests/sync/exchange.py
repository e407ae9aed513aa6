"""A school and a council with vaults of their own, joined to a hub that really serves on loopback."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx

from practice.acts import SchoolSet
from storage import outbox
from storage.desk.children import add_child
from storage.desk.concerns import log_concern
from storage.keys import FLOOR
from storage.outbox import Message
from storage.vault import Vault, create, open_vault, utc_now
from storage.views import arrivals, sharing
from sync import inbox, partners, run, shares
from sync.carriers.wire import trusted
from sync.hub.server import HubServer, invite, make_server

SCHOOL, COUNCIL, POLICE = "urn:scx:gb:urn:100123", "urn:scx:gb:la:301", "urn:scx:demo:police"
PASSPHRASE = "four plain invented words"
TEXT = "She said [he hit me] and showed a mark on her arm."
WORDS = "[he hit me]"


class Hub:
    """A hub in a thread that keeps its address when it stops and starts again."""

    def __init__(self, folder: Path) -> None:
        self.database = str(folder / "hub.db")
        self.port = 0
        self.server: HubServer
        self.start()

    def start(self) -> None:
        self.server = make_server(self.database, port=self.port)
        ready = threading.Event()
        self.server.ready = lambda _url: ready.set()
        self.thread = threading.Thread(target=self.server.serve_until_stopped, daemon=True)
        self.thread.start()
        assert ready.wait(10)
        self.url = self.server.url
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(15)
        assert not self.thread.is_alive()


class Clock:
    """The true time, and as far ahead of it as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self):
        return utc_now() + self.ahead


@functools.cache
def _templates() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))


@functools.cache
def closed_vault(name: str, kind: str) -> Path:
    """Return the folder of an organisation's vault, made once and copied for each test."""
    folder = Path(_templates().name) / str(closed_vault.cache_info().currsize)
    school = SchoolSet(name=name, organisation=kind)
    vault, _ = create(folder, school=school, user="Pat Example", passphrase=PASSPHRASE, kdf=FLOOR)
    vault.close()
    return folder


class Place:
    """One organisation: its vault, and what its people do with it.

    Two places of one name and kind have the same keys in their vaults, as a machine and its backup would.
    """

    def __init__(self, folder: Path, org: str, name: str, kind: str) -> None:
        self.org, self.clock = org, Clock()
        copied = shutil.copytree(closed_vault(name, kind), folder)
        self.vault: Vault = open_vault(copied, passphrase=PASSPHRASE, clock=self.clock)

    def join(self, hub: Hub) -> None:
        partners.enrol(self.vault, hub.url, invite(hub.database, self.org))

    def child(self, forename: str = "Aisha", surname: str = "Example", born: str = "2014-03-03") -> str:
        fields = {"legal_forename": forename, "legal_surname": surname, "date_of_birth": born}
        return add_child(self.vault, **fields)[0]

    def entry(self, child: str, text: str = TEXT, words: str = WORDS) -> str:
        fields = {"text": text, "childs_words": words, "when": "21/11/2026", "category": "physical"}
        return log_concern(self.vault, fields, child_id=child)[0]

    def approve(self, share: str, digest: str = "") -> shares.Approved:
        digest = digest or shares.preview(self.vault, share).digest
        return shares.approve(self.vault, share, digest, "public_task", "told", "not_safe", "She needs to be seen.")

    def share(self, entry: str, to: str, contract: str = "") -> str:
        """Propose, preview and approve, as one person does."""
        share = shares.propose(self.vault, entry, to, contract)
        self.approve(share)
        return share

    def sync(self, **more) -> run.SyncReport:
        return run.sync(self.vault, **more)

    def state(self, share: str) -> str:
        return sharing.share(self.vault, share).state

    def reason(self, share: str) -> str:
        return sharing.share(self.vault, share).reason

    def items(self, *states: str) -> list[arrivals.ItemRow]:
        return arrivals.items(self.vault, states=states)

    def outbox(self, *states: str) -> list[Message]:
        with self.vault.read() as connection:
            return outbox.messages(connection, *states)

    def exchange(self, name: str) -> str:
        with self.vault.read() as connection:
            return outbox.exchange(connection, name)

    def set_exchange(self, name: str, value: str) -> None:
        with self.vault.write() as unit:
            outbox.set_exchange(unit.connection, name, value)

    def accept(self, item: str, child: str) -> str:
        return inbox.accept(self.vault, item, child)

    def spooled(self) -> set[str]:
        return {path.name for path in (self.vault.folder / "spool" / "outbox").iterdir()}


class Meddling(httpx.BaseTransport):
    """The real way to the hub, with a hand on it: `answer` may put another answer in the place of the true one."""

    def __init__(self, answer: Callable[[httpx.Request, httpx.Response], httpx.Response | None]) -> None:
        self.real = httpx.HTTPTransport(trust_env=False, verify=trusted(trust_env=False))
        self.answer = answer
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        true = self.real.handle_request(request)
        true.read()
        headers = {key: value for key, value in true.headers.items() if key != "transfer-encoding"}
        whole = httpx.Response(true.status_code, headers=headers, content=true.content)
        true.close()
        return self.answer(request, whole) or whole

    def close(self) -> None:
        self.real.close()


class Killed(BaseException):
    """The process ends here."""


def kill_at(point: str, monkeypatch, times: int = 1) -> None:
    """Let the next sync end at a point between two durable steps."""
    left = [times]

    def reached(name: str) -> None:
        if name == point and left[0]:
            left[0] -= 1
            raise Killed(point)

    monkeypatch.setattr(run, "reached", reached)
