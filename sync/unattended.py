"""What a locked machine may do: deliver what was approved and fetch what came, all of it sealed (design: §1.4, §4).

It holds the transport key and nothing else: it reads no entry, signs nothing, acknowledges nothing, so the hub keeps
every message until a person has unlocked the vault and it was taken in. What it learns is laid beside the vault.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import ConsoleError, IntegrityAlarm, Refused
from storage.atomic import private_folder, write_atomic
from storage.header import read_header
from sync import spool, ways
from sync.hub import routing
from sync.hub.jose import MAX_ENVELOPE, JoseFault
from sync.identity import TransportKeys
from sync.membership import hub_pin, joined, own_keys
from sync.ways import Place

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.files import FileCarrier
    from sync.carriers.hub import BatchResult
    from sync.carriers.hub_carrier import HubCarrier

TRANSPORT = "transport.key"
WAYS = "ways.json"
SFTP = "sftp.key"
STATE = "exchange.json"
SMALL = 64 * 1024
ROOM = 10_000
"""How many fetched messages may lie beside a locked vault; the hub keeps the rest."""


@dataclass
class Moved:
    """What one run of a locked machine did: messages delivered and fetched, what still waits, and what was not to be
    reached."""

    sent: int = 0
    received: int = 0
    queued: int = 0
    errors: list[str] = field(default_factory=list)


def allow(vault: Vault) -> None:
    """Keep the transport key beside the vault, readable by its owner alone, for the runs of a locked machine."""
    found = ways.places(vault)
    kept = {
        TRANSPORT: own_keys(vault).transport_secret(hub_pin(vault) if joined(vault) else None),
        WAYS: json.dumps([[each.way, each.place, each.host_key, sorted(each.orgs)] for each in found]).encode(),
    }
    if any(each.way == "sftp" for each in found):
        kept[SFTP] = ways.sftp_secret(vault)
    for name, secret in kept.items():
        path = vault.folder / name
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
    from sync.carriers.hub_carrier import HubCarrier

    read_header(vault_folder)
    keys, beside = _keys(vault_folder), _places(vault_folder)
    if keys.hub is None and not beside:
        raise _not_allowed()
    moved = Moved()
    with spool.locked_folder(vault_folder):
        work = _Run(vault_folder, moved, {org for place in beside for org in place.orgs})
        try:
            for place in beside:
                _by_files(work, keys.org, place, progress)
            if keys.hub is not None:
                with HubClient(keys.hub.url, keys, transport) as client:
                    progress("Reaching the hub")
                    work.by_hub(HubCarrier(client))
        finally:
            moved.queued = len(work.waiting())
    return moved


def _by_files(work: _Run, org: str, place: Place, progress: Callable[[str], None]) -> None:
    """Deliver to and fetch from one folder or server; one that cannot be used now holds nobody else up."""
    where = "folder" if place.way == "folder" else "SFTP server"
    progress(f"Looking into a {where}")
    try:
        secret = (work.vault_folder / SFTP).read_bytes() if place.way == "sftp" else b""
        carrier = ways.carrier_of(place, org, secret)
        try:
            work.by_files(carrier, place)
        finally:
            carrier.close()
    except (ConsoleError, OSError) as fault:
        said = fault.message if isinstance(fault, ConsoleError) else "The key for the SFTP server cannot be read."
        work.moved.errors.append(said)


def _places(vault_folder: Path) -> list[Place]:
    """Return the folders and servers of which a person told this machine; what is not of that form is left out."""
    try:
        path = vault_folder / WAYS
        found = json.loads(path.read_bytes()) if path.stat().st_size <= 16 * SMALL else []
    except (OSError, ValueError, RecursionError):
        return []
    rows = found if isinstance(found, list) else []
    return [
        Place(row[0], row[1], row[2], frozenset(row[3]))
        for row in rows
        if isinstance(row, list) and len(row) == 4 and row[0] in ways.DONE_BY_US and isinstance(row[3], list)
    ]


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
    def __init__(self, vault_folder: Path, moved: Moved, beside: set[str]) -> None:
        self.folder = vault_folder / "spool"
        self.vault_folder = vault_folder
        self.moved = moved
        self.beside = beside
        self.epoch = ""
        self.laid: set[str] = set()

    def by_hub(self, carrier: HubCarrier) -> None:
        """Deliver to the hub, and fetch from it what did not come yet."""
        self.epoch = carrier.epoch
        carrier.cursor = self._cursor()
        self.deliver(carrier)
        self.fetch(carrier)

    def by_files(self, carrier: FileCarrier, place: Place) -> None:
        """Deliver to a folder or a server, and copy what lies there; only an unlocked sync takes it away."""
        outcomes = carrier.offer(self._sealed(place.orgs.__contains__))
        self.laid |= set(outcomes)
        self.moved.sent += len(outcomes)
        there = private_folder(self.folder / "files")
        room = ROOM - sum(1 for _ in there.iterdir())
        while room > 0 and (items := carrier.list(min(room, 100))):
            for item in items:
                path = there / hashlib.sha256(f"{place.key} {item.name}".encode()).hexdigest()
                token = carrier.fetch(item) if not path.exists() else None
                if token is not None:
                    write_atomic(path, json.dumps({"place": place.key, "name": item.name, "jose": token}).encode())
                    self.moved.received += 1
            room -= len(items)

    # -- out ---------------------------------------------------------------------------------------------------------

    def waiting(self) -> list[Path]:
        """Return the sealed copies that no receipt of this epoch covers and that may still leave, oldest first."""
        proved = {mid for _, found in receipts(self.folder) if found["epoch"] == self.epoch for mid in found["stored"]}
        paths = sorted(path for path in private_folder(self.folder / "outbox").iterdir() if routing.is_mid(path.name))
        gone = proved | self.laid
        return [path for path in paths if path.name not in gone and path.stat().st_size <= MAX_ENVELOPE]

    def _sealed(self, goes: Callable[[str], bool]) -> list[tuple[str, str]]:
        """Return the waiting envelopes to organisations that `goes` names."""
        ready = []
        for path in self.waiting():
            token = path.read_text("ascii", errors="replace")
            with suppress(JoseFault):
                found = routing.routing_of(token)
                # An agreement's review is its envelope's end.
                if found.mid == path.name and found.exp > time.time() and goes(found.recipient):
                    ready.append((path.name, token))
        return ready

    def deliver(self, carrier: HubCarrier) -> None:
        """Offer what waits; the hub's signed receipt is laid beside it, to be believed at the next unlock."""
        from sync.carriers.hub import batches

        for group in batches(self._sealed(lambda org: org not in self.beside)):
            proved = len(carrier.results)
            try:
                carrier.offer(group)
            finally:  # also of a line that broke half-way
                for result in carrier.results[proved:]:
                    self._lay_aside(result)

    def _lay_aside(self, result: BatchResult) -> None:
        stored = [mid for mid, outcome in result.outcomes.items() if outcome.stored]
        if stored:
            content = {"epoch": self.epoch, "stored": stored, "receipt": result.receipt.jws}
            write_atomic(private_folder(self.folder / "receipts") / stored[0], json.dumps(content).encode())
        self.moved.sent += len(stored)

    # -- in ----------------------------------------------------------------------------------------------------------

    def fetch(self, carrier: HubCarrier) -> None:
        """Lay what came into the spool, page by page, each durable before the place is moved past it."""
        there = private_folder(self.folder / "inbox")
        room = ROOM - sum(1 for _ in there.iterdir())
        while room > 0 and (items := carrier.list(min(room, 100))):
            for item in items:
                content = {"epoch": self.epoch, "pos": int(item.name), "jose": carrier.fetch(item)}
                write_atomic(there / f"{int(item.name):020d}", json.dumps(content).encode())
            self.moved.received += len(items)
            room -= len(items)
            keep_place(self.vault_folder, self.epoch, carrier.cursor)

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


def fetched_files(folder: Path, place: str) -> Iterator[tuple[Path, str, str]]:
    """Yield what a locked machine copied from one folder or server: its path here, its name there, the envelope."""
    there = folder / "files"
    for path in sorted(there.iterdir()) if there.is_dir() else ():
        found = _small_json(path, 2 * MAX_ENVELOPE)
        name, token = found.get("name"), found.get("jose")
        if found.get("place") == place and isinstance(name, str) and isinstance(token, str):
            yield path, name, token
