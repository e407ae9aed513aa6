"""What a locked machine may do: deliver what was approved and fetch what came, all of it sealed (design: §1.4, §4).

It holds the transport key and nothing else: it reads no entry, signs nothing, acknowledges nothing, so the hub keeps
every message until a person has unlocked the vault and it was taken in. What it learns is laid beside the vault.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import HubUnreachable, IntegrityAlarm, Refused
from storage.atomic import private_folder, write_atomic
from storage.header import read_header
from sync import spool
from sync.hub import routing
from sync.hub.jose import MAX_ENVELOPE, JoseFault
from sync.identity import TransportKeys
from sync.membership import hub_pin, own_keys

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.hub import HubClient

TRANSPORT = "transport.key"
STATE = "exchange.json"
SMALL = 64 * 1024
ROOM = 10_000
"""How many fetched messages may lie beside a locked vault; the hub keeps the rest."""
MAX_PAGES = 200


@dataclass
class Moved:
    """What one run of a locked machine did: messages delivered and fetched, and what still waits."""

    sent: int = 0
    received: int = 0
    queued: int = 0


def allow(vault: Vault) -> None:
    """Keep the transport key beside the vault, readable by its owner alone, for the runs of a locked machine."""
    secret = own_keys(vault).transport_secret(hub_pin(vault))
    path = vault.folder / TRANSPORT
    with suppress(OSError):  # without it only the runs of a locked machine are missed
        if not path.exists() or path.read_bytes() != secret:
            write_atomic(path, secret)


def keep_place(vault_folder: Path, epoch: str, cursor: str) -> None:
    """Note where the inbox was read to, for the next run of a locked machine."""
    with suppress(OSError):
        write_atomic(vault_folder / "spool" / STATE, json.dumps({"epoch": epoch, "cursor": cursor}).encode())


def run(
    vault_folder: Path,
    *,
    transport: httpx.BaseTransport | None = None,
    progress: Callable[[str], None] = lambda _text: None,
) -> Moved:
    """Deliver and fetch once, without a passphrase.

    Raises NotFound without a vault, Refused where no person has synced here yet or another sync is under way, and
    HubUnreachable where the hub gives no answer that can be used: then all that waits is kept.
    """
    from sync.carriers.hub import HubClient

    read_header(vault_folder)
    keys = _keys(vault_folder)
    if keys.hub is None:
        raise _not_allowed()
    with spool.locked_folder(vault_folder), HubClient(keys.hub.url, keys, transport) as client:
        progress("Reaching the hub")
        work = _Run(vault_folder, client, client.well_known().epoch)
        try:
            work.deliver()
            work.fetch()
        finally:
            work.moved.queued = len(work.waiting())
        return work.moved


def _keys(vault_folder: Path) -> TransportKeys:
    try:
        secret = (vault_folder / TRANSPORT).read_bytes()
    except FileNotFoundError:
        raise _not_allowed() from None
    except OSError:
        raise Refused("The vault's folder cannot be read. Nothing was sent, nothing was lost.") from None
    if len(secret) > SMALL:
        raise IntegrityAlarm("The transport key beside the vault was changed. Nothing was sent.")
    return TransportKeys.from_secret(secret)


def _not_allowed() -> Refused:
    return Refused(
        "This machine may not exchange while it is locked yet. Nothing was sent, nothing was lost.",
        hint="Unlock and sync once (dsl-console sync); from then on it may.",
    )


class _Run:
    def __init__(self, vault_folder: Path, client: HubClient, epoch: str) -> None:
        self.folder = vault_folder / "spool"
        self.vault_folder = vault_folder
        self.client = client
        self.epoch = epoch
        self.moved = Moved()

    def strange(self) -> HubUnreachable:
        return HubUnreachable("The hub was restored during this sync.", title="The hub could not be reached")

    # -- out ---------------------------------------------------------------------------------------------------------

    def waiting(self) -> list[Path]:
        """Return the sealed copies that no receipt of this epoch covers and that may still leave, oldest first."""
        proved = {mid for _, found in receipts(self.folder) if found["epoch"] == self.epoch for mid in found["stored"]}
        paths = sorted(path for path in private_folder(self.folder / "outbox").iterdir() if routing.is_mid(path.name))
        return [path for path in paths if path.name not in proved and path.stat().st_size <= MAX_ENVELOPE]

    def deliver(self) -> None:
        """Offer what waits; the hub's signed receipt is laid beside it, to be believed at the next unlock."""
        from sync.carriers.hub import batches

        ready = []
        for path in self.waiting():
            token = path.read_text("ascii", errors="replace")
            with suppress(JoseFault):
                found = routing.routing_of(token)
                if found.mid == path.name and found.exp > time.time():  # an agreement's review is its envelope's end
                    ready.append((path.name, token))
        for group in batches(ready):
            result = self.client.send_batch(group)
            if result.epoch != self.epoch:
                raise self.strange()
            stored = [mid for mid, outcome in result.outcomes.items() if outcome.stored]
            if stored:
                content = {"epoch": self.epoch, "stored": stored, "receipt": result.receipt.jws}
                write_atomic(private_folder(self.folder / "receipts") / stored[0], json.dumps(content).encode())
            self.moved.sent += len(stored)

    # -- in ----------------------------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Lay what came into the spool, page by page, each durable before the place is moved past it."""
        from sync.carriers.hub import EpochChanged

        there = private_folder(self.folder / "inbox")
        room = ROOM - sum(1 for _ in there.iterdir())
        cursor = self._cursor()
        for _ in range(MAX_PAGES):
            if room <= 0:
                return
            try:
                page = self.client.inbox(cursor, limit=min(room, 100))
            except EpochChanged:
                raise self.strange() from None
            if page.epoch != self.epoch:
                raise self.strange()
            for item in page.items:
                content = {"epoch": self.epoch, "pos": item.pos, "jose": item.jose}
                write_atomic(there / f"{item.pos:020d}", json.dumps(content).encode())
            self.moved.received += len(page.items)
            room -= len(page.items)
            keep_place(self.vault_folder, self.epoch, page.next)
            if not page.items or page.next == cursor:
                return
            cursor = page.next

    def _cursor(self) -> str:
        found = _small_json(self.folder / STATE)
        return str(found.get("cursor") or "") if found.get("epoch") == self.epoch else ""


def _small_json(path: Path, limit: int = SMALL) -> dict[str, object]:
    """Return the object in a file beside the vault; an empty one where there is none, or it is not of that form."""
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size <= limit else None
    except (OSError, ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def receipts(folder: Path) -> Iterator[tuple[Path, dict[str, list[str] | str]]]:
    """Yield the hub's receipts that a locked machine laid into this spool; what is not of that form is left out."""
    there = folder / "receipts"
    for path in sorted(there.iterdir()) if there.is_dir() else ():
        found = _small_json(path, 1024 * 1024)
        stored = found.get("stored")
        if isinstance(stored, list) and all(isinstance(mid, str) for mid in stored):
            yield path, {"epoch": str(found.get("epoch")), "stored": stored, "receipt": str(found.get("receipt"))}


def fetched(folder: Path, epoch: str) -> Iterator[tuple[Path, int, str]]:
    """Yield what a locked machine fetched under an epoch, by its position; what is of another epoch is removed."""
    there = folder / "inbox"
    for path in sorted(there.iterdir()) if there.is_dir() else ():
        found = _small_json(path, 2 * MAX_ENVELOPE)
        position, token = found.get("pos"), found.get("jose")
        if found.get("epoch") == epoch and type(position) is int and isinstance(token, str):
            yield path, position, token
        else:  # the hub still has it, since nothing was acknowledged
            with suppress(OSError):
                path.unlink()
