"""Organisations with vaults of their own, joined to a hub that runs in a process of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


@contextmanager
def offering(vault: Vault, clients: int) -> Iterator[Callable[[list[list[tuple[str, str]]]], None]]:
    """A function that offers batches to the vault's hub by so many clients at once, each with a line of its own.

    A client sends its next batch when the hub answered the one before and its receipt was checked.
    """
    from sync import membership

    with ExitStack() as ends:
        lines = [ends.enter_context(membership.connect(vault)) for _ in range(clients)]
        threads = ends.enter_context(ThreadPoolExecutor(clients))

        def offer(batches: list[list[tuple[str, str]]]) -> None:
            waiting = iter(batches)

            def one(line: HubClient) -> None:
                for batch in waiting:
                    if not all(one.status == 201 for one in line.send_batch(batch).outcomes.values()):
                        raise RuntimeError("the hub did not take every message")

            list(threads.map(one, lines))

        yield offer


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
