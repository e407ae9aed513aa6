"""Who works where just now, without a server: one small sealed file for each machine in the folder that they share.

It says when the machine was last there, and whose record a person has open on it, so that two do not work on one child
without knowing. The file's name is the machine's id; everything else is sealed to the school's other machines. Where
they have a mailbox at a hub, the same goes there, and what came of another one is kept in the notes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from practice.errors import IntegrityAlarm
from storage.atomic import write_atomic
from storage.keys import b64, unb64
from storage.replication import waiting
from storage.replication.bundle import Reader
from storage.replication.identity import Identity
from storage.sealed import XWingPublic, canonical, seal, unseal
from storage.types import from_utc_text, utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

SUFFIX = ".dslh"
STALE = timedelta(minutes=30)
"""After how long an open record counts as left: a machine may have been switched off."""
_LIMIT = 256 * 1024
_NOTE = "here/"
_PURPOSE = "dsl-console/machines/here/v1"


@dataclass(frozen=True)
class Here:
    """What a machine said last: when, and which child's record a person has open there; blank where none is."""

    machine: str
    at: datetime
    person: str = ""
    child: str = ""

    def open_at(self, now: datetime) -> bool:
        """Say whether a record is open there now, as far as anybody can tell."""
        return bool(self.child) and abs(now - self.at) < STALE


def write(vault: Vault, own: Identity, readers: Iterable[Reader], folder: Path, child: str = "") -> None:
    """Say that this machine is here, with the child whose record is open on it; raises OSError."""
    write_atomic(folder / f"{own.machine}{SUFFIX}", content(vault, own, readers, child))


def content(vault: Vault, own: Identity, readers: Iterable[Reader], child: str = "") -> bytes:
    """Return what says that this machine is here, sealed to the others."""
    here = {"at": utc_text(vault.clock()), "person": vault.person.id if child else "", "child": child}
    said = json.dumps(here)
    proof = own.signing.sign(canonical(_PURPOSE, vault.id, own.machine, hashlib.sha256(said.encode()).hexdigest()))
    signed = canonical(said, b64(proof))
    info = canonical(_PURPOSE, vault.id, own.machine)
    sealed = {reader.machine: b64(seal(signed, XWingPublic(reader.encryption), info)) for reader in readers}
    return json.dumps({"vault": vault.id, "from": own.machine, "to": sealed}).encode()


def read(vault: Vault, own: Identity, senders: Iterable[Reader], folder: Path | None) -> list[Here]:
    """Return what the other machines said last, in the folder or by the hub.

    What is damaged, strange or not for this machine says nothing.
    """
    found = []
    for sender in senders:
        said = [_in_folder(folder, sender.machine), _kept(vault, sender.machine)]
        here = [each for stored in said if stored and (each := opened(vault, own, sender, stored)) is not None]
        if here:
            found.append(max(here, key=lambda each: each.at))
    return found


def _in_folder(folder: Path | None, machine: str) -> bytes:
    try:
        if folder is None:
            return b""
        with (folder / f"{machine}{SUFFIX}").open("rb") as file:
            return file.read(_LIMIT)
    except OSError:
        return b""


def _kept(vault: Vault, machine: str) -> bytes:
    with vault.read() as connection:
        return waiting.note(connection, _NOTE + machine).encode()


def keep(vault: Vault, own: Identity, senders: Iterable[Reader], stored: bytes) -> bool:
    """Keep what came of another machine by the hub, where it is newer than what is known; say whether it is."""
    try:
        machine = str(json.loads(stored[:_LIMIT])["from"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    sender = next((each for each in senders if each.machine == machine), None)
    if sender is None or (here := opened(vault, own, sender, stored)) is None:
        return False
    before = opened(vault, own, sender, _kept(vault, machine))
    if before is not None and before.at >= here.at:
        return False
    with vault.write() as unit:
        waiting.set_note(unit.connection, _NOTE + machine, stored.decode("ascii"))
    return True


def opened(vault: Vault, own: Identity, sender: Reader, stored: bytes) -> Here | None:
    """Return what a machine said, if it did say so to this one."""
    try:
        told = json.loads(stored)
        info = canonical(_PURPOSE, vault.id, sender.machine)
        keys = {own.encryption.public().key_id: own.encryption}
        said, proof = json.loads(unseal(unb64(told["to"][own.machine]), keys, info))
        message = canonical(_PURPOSE, vault.id, sender.machine, hashlib.sha256(said.encode()).hexdigest())
        Ed25519PublicKey.from_public_bytes(sender.signing).verify(unb64(proof), message)
        here = json.loads(said)
        return Here(sender.machine, from_utc_text(here["at"]), str(here["person"]), str(here["child"]))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature, IntegrityAlarm, RecursionError):
        return None
