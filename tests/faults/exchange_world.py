"""Two organisations with real vaults and a real hub in one process, and every fault that can befall them.

Nothing of the product is replaced: faults come from outside, on the line to the hub, at the edges of a transaction and
where a file takes its name. A run has a clock of its own, which can be wrong by another amount on each machine.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from practice.acts import SchoolSet
from practice.errors import HubUnreachable
from storage import compartment, restore
from storage.desk.children import add_child
from storage.keys import FLOOR
from storage.ledger import plain_rows
from storage.unlocking import Unlocked, unlock
from storage.vault import Vault, create, open_vault
from sync import agreements, contracts, identity, partners, renewing, run, spool, taking, unattended
from sync.carriers import hub as hub_client
from sync.hub import jose, keys, store_sqlite
from sync.hub.api import Hub, application
from sync.hub.invites import invite, new_epoch
from sync.hub.limits import Limits

ORGS = ("urn:scx:gb:urn:100123", "urn:scx:gb:la:301")
NAMES = ("Northfield Invented Primary", "Northfield Invented Council")
KINDS = ("school", "social_care")
PASSPHRASE = "four plain invented words"
URL = "http://127.0.0.1:1"
BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC).timestamp()
REVIEW_DAYS = 30


class Killed(BaseException):
    """The process ends here: no `except Exception` of the product may notice."""


class Now:
    """The time of a run, which goes on by a little whenever somebody looks; each machine may be wrong about it."""

    def __init__(self) -> None:
        self.seconds, self.ahead, self.whose = BEGAN, [0.0, 0.0, 0.0], 2

    def __call__(self) -> float:
        self.seconds += 0.001
        return self.seconds + self.ahead[self.whose]

    def of(self, whose: int) -> float:
        self.seconds += 0.001
        return self.seconds + self.ahead[whose]


class Fault:
    """What befalls one piece of work: the process ends at a boundary, or the line fails at a request."""

    def __init__(self, kind: str = "", at: int = 0) -> None:
        self.kind, self.left, self.struck = kind, at, False

    def boundary(self) -> None:
        """Called wherever what is durable changes, before and after it."""
        if self.kind == "killed" and self._now():
            raise Killed

    def line(self, kind: str) -> bool:
        """Say whether the line fails so at this request."""
        return self.kind == kind and self._now()

    def _now(self) -> bool:
        if self.struck:
            return False
        self.left -= 1
        self.struck = self.left < 0
        return self.struck


class Inline(store_sqlite.Writer):
    """The hub's writer without its threads: the same jobs in the same transactions, one after the other."""

    async def write(self, job):  # type: ignore[no-untyped-def]
        from concurrent.futures import Future

        done: Future = Future()
        self._commit([(job, done)])
        return done.result()

    async def read(self, job):  # type: ignore[no-untyped-def]
        return self._read(job)


class PostOffice:
    """The hub in this process, on a file that can be put back."""

    def __init__(self, folder: Path, now: Now) -> None:
        self.folder, self.now, self.loop = folder, now, asyncio.new_event_loop()
        self.seen: list[tuple[str, str]] = []
        """Every envelope that was ever taken: (recipient, envelope)."""
        self.stored: set[str] = set()
        folder.mkdir(exist_ok=True)
        self.open()

    @property
    def database(self) -> str:
        return str(self.folder / "hub.db")

    def open(self) -> None:
        self.store = store_sqlite.SqliteStore(Path(self.database), Limits(), lambda: self.now.of(2))
        self.store._marker._written = float("-inf")
        self.hub = Hub(self.store, Limits())
        self.app = application(self.hub)
        self.loop.run_until_complete(self.hub.start())
        self.stored |= {mid for (mid,) in self.sql("SELECT mid FROM ledger")}

    def close(self) -> None:
        self.loop.run_until_complete(self.store.close())

    def end(self) -> None:
        self.close()
        self.loop.close()

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Put one request to the application and return its whole answer."""
        self.store._marker._written = float("-inf")  # a run takes no second, so each commit is marked
        body = request.read()
        self._note(request, body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
            "root_path": "",
        }
        said: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            said.append(message)

        self.loop.run_until_complete(self.app(scope, receive, send))
        headers = [(name.decode(), value.decode()) for name, value in said[0]["headers"]]
        content = b"".join(each.get("body", b"") for each in said[1:])
        date = formatdate(self.now.of(2), usegmt=True)
        return httpx.Response(said[0]["status"], headers=[*headers, ("date", date)], content=content)

    def _note(self, request: httpx.Request, body: bytes) -> None:
        if request.url.path == "/v1/messages:batch":
            from sync.hub.routing import routing_of

            for item in json.loads(body)["items"]:
                with suppress(jose.JoseFault):  # what was damaged on its way is not stored
                    self.seen.append((routing_of(item["jose"]).recipient, item["jose"]))
                    self.stored.add(item["mid"])

    def sql(self, statement: str, *values: object) -> list[tuple]:
        """Look into, or meddle with, what the hub keeps."""
        return [tuple(row) for row in self.store._writer._connection.execute(statement, values).fetchall()]

    def sweep(self) -> None:
        """What a serving hub does every ten minutes."""
        self.loop.run_until_complete(self.store.sweep())

    def waiting(self) -> int:
        """Return how many sealed messages nobody has acknowledged."""
        return int(self.sql("SELECT count(*) FROM bodies")[0][0])

    def put_back(self, copy: Path, *, by_operator: bool) -> None:
        """Put an older copy in the place of what is there: by the operator, who says so, or behind the hub's back."""
        self.close()
        if by_operator:
            shutil.rmtree(self.folder)
            shutil.copytree(copy, self.folder)
            new_epoch(self.database)
        else:
            for each in self.folder.glob("hub.db*"):
                if not each.name.endswith(".epoch"):
                    each.unlink()
            for each in copy.glob("hub.db*"):
                if not each.name.endswith(".epoch"):
                    shutil.copy(each, self.folder / each.name)
        self.open()

    def show_again(self, recipient: str, number: int) -> None:
        """Show somebody an old envelope as if it were new, as a hostile or a broken hub would."""
        old = [token for to, token in self.seen if to == recipient]
        if old:
            (top,) = self.sql("SELECT max((SELECT coalesce(max(pos), 0) FROM ledger), seq) FROM sqlite_sequence")
            pos = int(top[0]) + 1
            row = (pos, f"replayed-{pos}", recipient, "x", int(self.now.of(2)) + 86_400)
            self.sql("INSERT INTO ledger VALUES (?1, 'nobody', ?2, ?3, 'none', 'control', ?4, 'queued', ?5, 1)", *row)
            self.sql("INSERT INTO bodies VALUES (?, ?)", pos, old[number % len(old)])

    def shuffle(self, recipient: str) -> None:
        """Turn the order of what waits for somebody round."""
        places = [
            row[0]
            for row in self.sql(
                "SELECT pos FROM ledger WHERE recipient = ? AND state = 'queued' ORDER BY pos", recipient
            )
        ]
        for table in ("ledger", "bodies"):
            for pos in places:
                self.sql(f"UPDATE {table} SET pos = -pos WHERE pos = ?", pos)
            for old, new in zip(places, reversed(places), strict=True):
                self.sql(f"UPDATE {table} SET pos = ? WHERE pos = ?", new, -old)


class Line(httpx.BaseTransport):
    """One organisation's way to the hub."""

    def __init__(self, office: PostOffice) -> None:
        self.office, self.fault = office, Fault()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.fault
        fault.boundary()
        if fault.line("unheard"):
            raise httpx.ConnectError("cut")
        if fault.line("login-page"):
            return httpx.Response(200, html="<html>Sign in to the guest network</html>")
        answer = self.office.answer(request)
        if fault.line("twice"):
            self.office.answer(request)
        fault.boundary()
        if fault.line("unanswered"):
            raise httpx.ReadError("cut")
        if fault.line("cut-short"):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content[:-7])
        return answer


class Side:
    """One organisation: its vault, its line to the hub, and the copies that somebody made of its folder."""

    def __init__(self, number: int, folder: Path, office: PostOffice, now: Now, unlocked: Unlocked | None) -> None:
        self.number, self.org, self.other = number, ORGS[number], ORGS[1 - number]
        self.folder, self.now, self.line, self.unlocked = folder, now, Line(office), unlocked
        self.copy: Path | None = None
        self.vault: Vault
        self.open()

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now.of(self.number), UTC)

    def open(self) -> None:
        self.unlocked = self.unlocked or unlock(self.folder, PASSPHRASE)
        self.vault = open_vault(self.folder, unlocked=self.unlocked, clock=self.clock)
        self.vault.before_commit = lambda _connection: self.line.fault.boundary()  # type: ignore[method-assign]
        self.vault.after_commit = self._boundary  # type: ignore[method-assign]

    def _boundary(self) -> None:
        self.line.fault.boundary()

    @contextmanager
    def at_work(self, fault: Fault | None = None) -> Iterator[None]:
        """Work on this machine, with its clock, while a fault may strike."""
        self.now.whose, self.line.fault = self.number, fault or Fault()
        STRIKES.append(self.line.fault)
        try:
            yield
        except Killed:
            self.vault.close()
            self.open()
        finally:
            STRIKES.pop()
            self.now.whose, self.line.fault = 2, Fault()

    def make_copy(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        self.copy = Path(shutil.copytree(self.folder, to))

    def put_back(self, *, restored: bool) -> None:
        """Go on from the copy: as a restore does it, or as a folder that was copied back by hand."""
        assert self.copy is not None
        self.vault.close()
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)
        self.open()
        if restored:
            with self.at_work():
                from storage import outbox

                with self.vault.write() as unit:
                    outbox.set_exchange(unit.connection, restore.HOLD, "2026-11-20T00:00:00Z")
                restore.confirm_old_machine_gone(self.vault)

    def sync(self, fault: Fault | None = None) -> run.SyncReport | None:
        """Sync once; None where the hub was not to be reached."""
        report = None
        with self.at_work(fault):
            try:
                report = run.sync(self.vault, transport=self.line)
            except HubUnreachable:
                assert self.line.fault.struck, "the hub was there"
        return report

    def locked(self, fault: Fault | None = None) -> None:
        """What a locked machine does at night."""
        with self.at_work(fault):
            try:
                unattended.run(self.folder, transport=self.line)
            except HubUnreachable:
                assert self.line.fault.struck, "the hub was there"

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with self.vault.read() as connection:
            return list(plain_rows(connection, statement, values))


# -- what every run begins with ----------------------------------------------------------------------------------------

STRIKES: list[Fault] = []
"""The fault that may strike now, for what knows of no side: a file that takes its name."""


def _files(real: Callable[..., None]) -> Callable[..., None]:
    def write(*arguments: object, **more: object) -> None:
        if STRIKES:
            STRIKES[-1].boundary()
        real(*arguments, **more)
        if STRIKES:
            STRIKES[-1].boundary()

    return write


def _once(function: Callable) -> Callable:
    """Remember what a pure function said, also of a dictionary."""
    kept: dict = {}

    def asked(value, *more):  # type: ignore[no-untyped-def]
        place = (tuple(sorted(value.items())) if isinstance(value, dict) else value, *more)
        if place not in kept:
            kept[place] = function(value, *more)
        return kept[place]

    return asked


def prepare(patch: pytest.MonkeyPatch, now: Now) -> None:
    """Let this process have the run's clock, keep what is costly and pure, and stop where a file takes its name."""
    engines: dict = {}
    real = compartment.make_engine

    def make_engine(path, key, *, query_only=False, prepare=None):  # type: ignore[no-untyped-def]
        place = (path, key, query_only)
        if prepare is not None or place not in engines:
            engines[place] = real(path, key, query_only=query_only, prepare=prepare)
        return engines[place]

    read, secret = functools.cache(identity.read_key_set), functools.cache(identity.OrgKeys.from_secret.__func__)
    patch.setattr(time, "time", now)
    patch.setattr(time, "time_ns", lambda: int(now() * 1e9))
    patch.setattr(compartment, "make_engine", make_engine)
    patch.setattr(store_sqlite, "Writer", Inline)
    patch.setattr(jose, "public_key", _once(jose.public_key))
    patch.setattr(keys, "read_key_set", _once(keys.read_key_set))
    patch.setattr(identity.OrgKeys, "from_secret", classmethod(secret))
    for module in (identity, partners, renewing, taking, hub_client):
        patch.setattr(module, "read_key_set", read)
    for module in (spool, unattended):
        patch.setattr(module, "write_atomic", _files(module.write_atomic))


def _quick_folder() -> str | None:
    """Return where files cost no disk, since a process that ends loses none of them; power cuts are tried elsewhere."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return str(memory) if roomy else os.environ.get("PYTEST_DEBUG_TEMPROOT")


class World:
    """Two sides and a hub, laid out from one template for each run."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="exchange-", dir=_quick_folder()))
        self.now, self.patch = Now(), pytest.MonkeyPatch()
        self.live, self.template = self.root / "live", self.root / "template"
        self.hub_copy: Path | None = None
        self.office: PostOffice
        self.sides: tuple[Side, Side]
        prepare(self.patch, self.now)
        self._make()

    def end(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.root, ignore_errors=True)

    def _make(self) -> None:
        self.live.mkdir()
        self.office = PostOffice(self.live / "hub", self.now)
        for number, place in enumerate(("school", "council")):
            school = SchoolSet(name=NAMES[number], organisation=KINDS[number])
            vault, _ = create(self.live / place, school=school, user="Pat Example", passphrase=PASSPHRASE, kdf=FLOOR)
            vault.close()
        self.sides = tuple(self._side(number) for number in (0, 1))  # type: ignore[assignment]
        for side in self.sides:
            with side.at_work():
                partners.enrol(side.vault, URL, invite(self.office.database, side.org), transport=side.line)
        for side, other in (self.sides, self.sides[::-1]):
            with side.at_work():
                partners.add_partner(side.vault, other.org, transport=side.line)
                partners.verify_partner(side.vault, other.org, partners.own_words(other.vault))
                add_child(side.vault, legal_forename="Aisha", legal_surname="Example", date_of_birth="2014-03-03")
        self.contract = self._agree()
        self.unlocked = [side.unlocked for side in self.sides]
        self._close()
        shutil.copytree(self.live, self.template)

    def _side(self, number: int, unlocked: Unlocked | None = None) -> Side:
        folder = self.live / ("school", "council")[number]
        return Side(number, folder, self.office, self.now, unlocked)

    def _agree(self) -> str:
        """An agreement that both sides have signed."""
        from datetime import timedelta

        school, council = self.sides
        with school.at_work():
            review = contracts.today(school.vault) + timedelta(days=REVIEW_DAYS)
            contract = contracts.add_contract(school.vault, council.org, "Early help", "public_task", review)
            agreements.offer(school.vault, contract)
        school.sync()
        council.sync()
        with council.at_work():
            agreements.accept(council.vault, contract)
        for side in (council, school, council):
            side.sync()
        return contract

    def _close(self) -> None:
        for side in self.sides:
            side.vault.close()
        self.office.end()

    @contextmanager
    def run(self) -> Iterator[World]:
        """Lay the world out anew for one run."""
        shutil.rmtree(self.live)
        shutil.copytree(self.template, self.live)
        began = self.now
        began.seconds, began.ahead, began.whose, self.hub_copy = BEGAN + 3600, [0.0, 0.0, 0.0], 2, None
        self.office = PostOffice(self.live / "hub", self.now)
        self.sides = tuple(self._side(number, self.unlocked[number]) for number in (0, 1))  # type: ignore[assignment]
        try:
            yield self
        finally:
            self._close()


FAULTS = MappingProxyType(
    {
        "killed": 45,
        "unheard": 12,
        "unanswered": 12,
        "twice": 12,
        "cut-short": 12,
        "login-page": 12,
    }
)
"""Each fault, and at how many places at most it may strike."""
