"""What a machine is to the others: its id and its three key pairs, kept inside its own encrypted database."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from storage import secrets_table
from storage.ids import new_id
from storage.keys import b64
from storage.sealed import XWingPrivate

PREFIX = "machine/"


@dataclass(frozen=True, repr=False)
class Identity:
    """A machine's own keys: one signs what it hands on, one opens what is sealed to it, one delivers."""

    machine: str
    signing: Ed25519PrivateKey
    encryption: XWingPrivate
    transport: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> Identity:
        """Make a new machine's keys."""
        return cls(new_id(), Ed25519PrivateKey.generate(), XWingPrivate.generate(), Ed25519PrivateKey.generate())

    def public(self) -> dict[str, str]:
        """Return the id and the public halves in base64, named as in the act that adds the machine."""
        return {
            "machine": self.machine,
            "signing": b64(self.signing.public_key().public_bytes_raw()),
            "encryption": b64(self.encryption.public().raw),
            "transport": b64(self.transport.public_key().public_bytes_raw()),
        }

    def keep(self, connection: Connection) -> None:
        """Keep the keys in the open transaction."""
        secrets_table.put(connection, PREFIX + "id", self.machine.encode())
        secrets_table.put(connection, PREFIX + "signing", self.signing.private_bytes_raw())
        secrets_table.put(connection, PREFIX + "encryption", self.encryption.raw)
        secrets_table.put(connection, PREFIX + "transport", self.transport.private_bytes_raw())


def kept(connection: Connection) -> Identity | None:
    """Return this machine's keys; None where it has never met another."""
    held = secrets_table.under(connection, PREFIX)
    if "id" not in held:
        return None
    return Identity(
        held["id"].decode(),
        Ed25519PrivateKey.from_private_bytes(held["signing"]),
        XWingPrivate(held["encryption"]),
        Ed25519PrivateKey.from_private_bytes(held["transport"]),
    )
