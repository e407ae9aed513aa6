"""Organisations with vaults of their own, joined to a hub that runs in a process of its own."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.vaults import PASSPHRASE

if TYPE_CHECKING:
    from storage.vault import Vault
    from sync.carriers.hub import HubClient

ORGS = {
    "urn:scx:gb:urn:100123": ("Northfield Invented Primary", "school"),
    "urn:scx:gb:la:301": ("Northfield Invented Council", "social_care"),
    "urn:scx:demo:police": ("Northfield Invented Police", "police"),
    "urn:scx:demo:health": ("Northfield Invented Health Visitors", "health"),
}
TEXT = "She said that nobody was at home last night, and that she had put her brother to bed."


@dataclass
class Place:
    """One organisation with its open vault and one child."""

    org: str
    vault: Vault
    child: str
    hub: int
    """The process of the hub, which is the same for all."""

    def frozen(self, partners: Sequence[str]) -> list[tuple[str, str]]:
        """Log an entry and propose it to partners; return each share with the digest of its frozen bytes."""
        from storage.desk.concerns import log_concern
        from sync import shares

        fields = {"text": TEXT, "childs_words": "It was dark.", "when": "21/11/2026", "category": "neglect"}
        (entry,) = log_concern(self.vault, fields, child_id=self.child)
        made = [shares.propose(self.vault, entry, partner) for partner in partners]
        return [(share, shares.preview(self.vault, share).digest) for share in made]

    def approve(self, share: str, digest: str) -> None:
        """Approve a share as one person does."""
        from sync import shares

        shares.approve(self.vault, share, digest, "public_task", "told", "not_safe", "She needs to be seen.")


@contextmanager
def places(folder: Path, number: int, database: str = "", workers: int = 1) -> Iterator[tuple[Path, list[Place]]]:
    """The hub's database, and the first so many organisations; the first, a school, has all others as partners.

    The hub keeps what it holds in a file here, or in `database`.
    """
    from dsl_console.demo.hub import HubProcess
    from practice.acts import SchoolSet
    from storage.desk.children import add_child
    from storage.keys import FLOOR
    from storage.vault import create
    from sync import partners
    from sync.hub.server import invite

    held, made = folder / "hub" / "hub.db", []
    database = database or str(held)
    hub = HubProcess(database, workers)
    url = hub.start()
    with ExitStack() as ends:
        ends.callback(hub.stop)
        for place, (org, (name, kind)) in enumerate(list(ORGS.items())[:number]):
            school = SchoolSet(name=name, organisation=kind)
            vault, _ = create(
                folder / f"place-{place}", school=school, user="Pat Example", passphrase=PASSPHRASE, kdf=FLOOR
            )
            ends.callback(vault.close)
            partners.enrol(vault, url, invite(database, org))
            child, _ = add_child(vault, legal_forename="Aisha", legal_surname="Example", date_of_birth="2014-03-03")
            made.append(Place(org, vault, child, hub.pid))
        first, *others = made
        for other in others:
            partners.add_partner(first.vault, other.org)
            partners.add_partner(other.vault, first.org)
        yield held, made


class Line:
    """One client of a hub, as light as can be: it sends a request's bytes as they are and reads the whole answer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 80
        self._socket = socket.socket()

    def connect(self) -> None:
        """Connect anew: a hub closes a line on which nothing came for some seconds."""
        self._socket.close()
        self._socket = socket.create_connection(self._address, timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The body of the answer; stops at any other than a 200 with its length."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: ([0-9]+)", head.lower())
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise RuntimeError(f"the hub answered {head[:40]!r}")
        while len(body) < int(length[1]):
            body += self._more()
        return body

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        found = self._socket.recv(1 << 18)
        if not found:
            raise RuntimeError("the hub closed the line")
        return found


class Offers:
    """Batches offered to a vault's hub by several clients at once, each with a line of its own.

    Only what the hub does is to be timed: requests are made before, and the answers, with the hub's receipts in
    them, are checked after. A client sends its next batch when the hub answered the one before.
    """

    def __init__(self, client: HubClient, lines: list[Line], threads: ThreadPoolExecutor) -> None:
        self._client, self._lines, self._threads = client, lines, threads

    def requests(self, batches: list[list[tuple[str, str]]]) -> list[bytes]:
        """The bytes of the requests; every client has its line from now on."""
        from sync.carriers.hub import BATCH, batch_body

        head = f"POST {BATCH} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {self._client._bearer()}\r\n"
        head += "content-type: application/json\r\ncontent-length: "
        for line in self._lines:
            line.connect()
        bodies = map(batch_body, batches)
        return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]

    def send(self, requests: list[bytes]) -> list[bytes]:
        """Send them all; the answers, in the same order."""
        waiting, answers = iter(enumerate(requests)), [b""] * len(requests)

        def one(line: Line) -> None:
            for place, request in waiting:
                answers[place] = line.ask(request)

        list(self._threads.map(one, self._lines))
        return answers

    def check(self, batches: list[list[tuple[str, str]]], answers: list[bytes]) -> None:
        """Stop unless the hub signed that it holds every message."""
        from sync.carriers.wire import Answer

        for batch, body in zip(batches, answers, strict=True):
            result = self._client.batch_result(batch, Answer(200, {"content-type": "application/json"}, body))
            if [one.status for one in result.outcomes.values()] != [201] * len(batch):
                raise RuntimeError("the hub did not take every message")


@contextmanager
def offering(vault: Vault, clients: int) -> Iterator[Offers]:
    """So many clients of the vault's hub."""
    from sync import membership

    with ExitStack() as ends:
        client = ends.enter_context(membership.connect(vault))
        lines = [Line(membership.hub_pin(vault).url) for _ in range(clients)]
        for line in lines:
            ends.callback(line.close)
        yield Offers(client, lines, ends.enter_context(ThreadPoolExecutor(clients)))


def readdressed(token: str, **changed: str) -> str:
    """An envelope with another address on it, as the hub reads it: to its recipient it would not open any more."""
    head, _, rest = token.partition(".")
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    header["scx"] |= changed
    written = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=") + "." + rest


def envelope_of(sender: Place, recipient: Place) -> str:
    """One sealed message, as it lies in the sender's spool."""
    ((share, digest),) = sender.frozen([recipient.org])
    sender.approve(share, digest)
    spooled = (sender.vault.folder / "spool" / "outbox").iterdir()
    return max(spooled, key=lambda path: path.stat().st_mtime_ns).read_text(encoding="ascii")
