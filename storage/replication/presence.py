"""Who works where just now, without a server: one small sealed file for each machine in the folder that they share.

It says when the machine was last there, and whose record a person has open on it, so that two do not work on one child
without knowing. The file's name is the machine's id; everything else is sealed to the school's other machines.
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
    here = {"at": utc_text(vault.clock()), "person": vault.person.id if child else "", "child": child}
    said = json.dumps(here)
    proof = own.signing.sign(canonical(_PURPOSE, vault.id, own.machine, hashlib.sha256(said.encode()).hexdigest()))
    content = canonical(said, b64(proof))
    info = canonical(_PURPOSE, vault.id, own.machine)
    sealed = {reader.machine: b64(seal(content, XWingPublic(reader.encryption), info)) for reader in readers}
    write_atomic(folder / f"{own.machine}{SUFFIX}", json.dumps({"vault": vault.id, "to": sealed}).encode())


def read(vault: Vault, own: Identity, senders: Iterable[Reader], folder: Path) -> list[Here]:
    """Return what the other machines said last; a file that is damaged, strange or not for this one says nothing."""
    return [found for sender in senders if (found := _read(vault, own, sender, folder)) is not None]


def _read(vault: Vault, own: Identity, sender: Reader, folder: Path) -> Here | None:
    try:
        with (folder / f"{sender.machine}{SUFFIX}").open("rb") as file:
            stored = json.loads(file.read(_LIMIT))
        info = canonical(_PURPOSE, vault.id, sender.machine)
        keys = {own.encryption.public().key_id: own.encryption}
        said, proof = json.loads(unseal(unb64(stored["to"][own.machine]), keys, info))
        message = canonical(_PURPOSE, vault.id, sender.machine, hashlib.sha256(said.encode()).hexdigest())
        Ed25519PublicKey.from_public_bytes(sender.signing).verify(unb64(proof), message)
        here = json.loads(said)
        return Here(sender.machine, from_utc_text(here["at"]), str(here["person"]), str(here["child"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidSignature, IntegrityAlarm, RecursionError):
        return None
