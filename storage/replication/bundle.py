"""The file that carries acts between a school's machines: signed by one, sealed to the others (storage: §7a).

    magic ‖ length (4 bytes) ‖ cover (JSON) ‖ front ‖ back ‖ transport signature (64 bytes)

The cover names no person and no school: random ids, and for each receiving machine a secret sealed to its X-Wing key.
The **front** (what the vault's header is, who may open it) opens with that secret; the **back** (the acts) opens with
the secret and the compartment's present carrying key together. So a machine that was removed opens neither, and a
person who was removed opens no back on a machine that does not know of it yet. Reading believes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from practice.errors import IntegrityAlarm, Refused
from storage.ids import new_id
from storage.keys import b64, hkdf, unb64
from storage.replication.identity import Identity
from storage.replication.wire import ACTS_LIMIT, BYTES_LIMIT, Line, damaged, read_line
from storage.sealed import XWingPublic, canonical, seal, unseal

MAGIC = b"DSLMACH\x01"
COVER_LIMIT = 1024 * 1024
FRONT_LIMIT = 4 * 1024 * 1024
FILE_LIMIT = BYTES_LIMIT + COVER_LIMIT + FRONT_LIMIT + 1024
READERS_LIMIT = 64
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIGNATURE = 64
_NONCE = 12


@dataclass(frozen=True)
class Reader:
    """A machine for which a bundle is sealed, or by which one was written: its id and public keys."""

    machine: str
    signing: bytes
    encryption: bytes
    transport: bytes


@dataclass(frozen=True)
class Front:
    """What a bundle says before its acts: the header and its past, the carrying key's id, and what the back holds."""

    made_at: str
    header: bytes
    trail: list[tuple[int, str]]
    carry: str
    ranges: dict[str, list[tuple[int, int]]]
    heads: dict[str, int]


@dataclass(frozen=True)
class Cover:
    """A bundle whose outside was read: who wrote it, for whom, and where its parts lie. Nothing of it is proved yet."""

    id: str
    vault: str
    machine: str
    readers: tuple[str, ...]
    sealed: dict[str, bytes] = field(repr=False)
    bound: bytes = field(repr=False)
    front: bytes = field(repr=False)
    back: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, repr=False)
class Back:
    """What a bundle hands on: acts, and the keys that every machine of the school holds."""

    keys: dict[str, bytes]
    lines: list[Line]
    register: bytes = b""
    """The adults' register, sealed under its own key for the one machine that reads this; blank as a rule."""


def _info(vault: str, ident: str, machine: str) -> bytes:
    return canonical("dsl-console/machines/v1", vault, ident, machine)


def _encrypt(key: bytes, data: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, bound)


def _decrypt(key: bytes, data: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise damaged() from None


def _to_be_signed(cover: bytes, front: bytes, back: bytes) -> bytes:
    parts = [hashlib.sha256(part).hexdigest() for part in (cover, front, back)]
    return canonical("dsl-console/machines/signed/v1", *parts)


def write(
    vault: str,
    me: Identity,
    readers: Sequence[Reader],
    front: Front,
    carry: bytes,
    keys: Mapping[str, bytes],
    lines: Sequence[bytes],
    register: bytes = b"",
) -> tuple[str, bytes]:
    """Return a bundle's id and bytes. `lines` are acts as `Line.to_bytes` gives them, `keys` secrets by their names."""
    ident, secret = new_id(), secrets.token_bytes(32)
    sealed = {
        reader.machine: b64(
            seal(canonical(b64(secret)), XWingPublic(reader.encryption), _info(vault, ident, me.machine))
        )
        for reader in readers
    }
    outside = {"v": 1, "id": ident, "vault": vault, "from": me.machine, "to": sealed}
    named = json.dumps({**outside, "to": sorted(sealed)}, sort_keys=True).encode()
    first: dict[str, Any] = {"keys": {name: b64(key) for name, key in keys.items()}}
    if register:
        first["register"] = b64(register)
    back = _encrypt(_back_key(secret, carry), json.dumps(first).encode() + b"\n" + b"".join(lines), named)
    said = {
        "made_at": front.made_at,
        "header": b64(front.header),
        "trail": front.trail,
        "carry": front.carry,
        "ranges": front.ranges,
        "heads": front.heads,
    }
    written = json.dumps(said).encode()
    proof = me.signing.sign(_to_be_signed(named, written, back))
    front_bytes = _encrypt(hkdf(secret, "machines", "front"), proof + written, named)
    cover = json.dumps({**outside, "front": len(front_bytes), "back": len(back)}).encode()
    whole = MAGIC + len(cover).to_bytes(4, "big") + cover + front_bytes + back
    return ident, whole + me.transport.sign(hashlib.sha256(whole).digest())


def _back_key(secret: bytes, carry: bytes) -> bytes:
    return hkdf(secret + carry, "machines", "back")


def read(stored: bytes) -> Cover:
    """Read a bundle's outside, without any key; raises Refused for another file, IntegrityAlarm for a damaged one."""
    if not stored.startswith(MAGIC):
        if stored.startswith(MAGIC[:-1]):
            raise Refused("That file was written by a newer dsl-console.", hint="Update dsl-console here.")
        raise Refused("That file does not come from a machine of dsl-console. Nothing was taken from it.")
    if len(stored) > FILE_LIMIT:
        raise damaged()
    start = len(MAGIC) + 4
    length = int.from_bytes(stored[len(MAGIC) : start], "big")
    if length > COVER_LIMIT:
        raise damaged()
    try:
        cover = json.loads(stored[start : start + length])
        return _read(cover, stored, start + length)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged() from None


def _read(cover: dict[str, Any], stored: bytes, at: int) -> Cover:
    front, back, to = cover["front"], cover["back"], cover["to"]
    ids = [cover["id"], cover["vault"], cover["from"], *to]
    sizes_fit = type(front) is int and type(back) is int and 0 < front <= FRONT_LIMIT and 0 < back <= BYTES_LIMIT
    if not sizes_fit or cover["v"] != 1 or len(to) > READERS_LIMIT or not all(_ID.fullmatch(each) for each in ids):
        raise damaged()
    if at + front + back + _SIGNATURE != len(stored):
        raise damaged()
    named = json.dumps(
        {"v": 1, "id": cover["id"], "vault": cover["vault"], "from": cover["from"], "to": sorted(to)}, sort_keys=True
    ).encode()
    return Cover(
        id=cover["id"],
        vault=cover["vault"],
        machine=cover["from"],
        readers=tuple(sorted(to)),
        sealed={machine: unb64(key) for machine, key in to.items()},
        bound=named,
        front=stored[at : at + front],
        back=stored[at + front : at + front + back],
        signed=hashlib.sha256(stored[:-_SIGNATURE]).digest(),
        signature=stored[-_SIGNATURE:],
    )


def check_signature(cover: Cover, sender: Reader) -> None:
    """Raise IntegrityAlarm unless the bundle is as that machine sent it, whoever may open it."""
    try:
        Ed25519PublicKey.from_public_bytes(sender.transport).verify(cover.signature, cover.signed)
    except (InvalidSignature, ValueError):
        raise damaged() from None


def open_front(cover: Cover, me: Identity, sender: Reader) -> tuple[Front, bytes]:
    """Return what a bundle says of itself, proved to come from `sender`, and the secret that also opens its back.

    Raises IntegrityAlarm for anything that is not whole, or not by that machine; Refused where it is not for this one.
    """
    if me.machine not in cover.sealed:
        raise Refused("That file was written for other machines, not for this one. Nothing was taken from it.")
    check_signature(cover, sender)
    try:
        stated = unseal(
            cover.sealed[me.machine],
            {me.encryption.public().key_id: me.encryption},
            _info(cover.vault, cover.id, cover.machine),
        )
        secret = unb64(json.loads(stated)[0])
        opened = _decrypt(hkdf(secret, "machines", "front"), cover.front, cover.bound)
        proof, written = opened[:_SIGNATURE], opened[_SIGNATURE:]
        message = _to_be_signed(cover.bound, written, cover.back)
        Ed25519PublicKey.from_public_bytes(sender.signing).verify(proof, message)
        said = json.loads(written)
        front = Front(
            made_at=str(said["made_at"]),
            header=unb64(said["header"]),
            trail=[(int(generation), str(digest)) for generation, digest in said["trail"]],
            carry=str(said["carry"]),
            ranges={
                str(device): [(int(first), int(last)) for first, last in ranges]
                for device, ranges in said["ranges"].items()
            },
            heads={str(device): int(seq) for device, seq in said["heads"].items()},
        )
    except (InvalidSignature, IntegrityAlarm, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise damaged() from None
    return front, secret


def open_back(cover: Cover, secret: bytes, carry: bytes) -> Back:
    """Return what a bundle hands on, every line read and checked on its own; raises IntegrityAlarm."""
    first, _, rest = _decrypt(_back_key(secret, carry), cover.back, cover.bound).partition(b"\n")
    try:
        said = json.loads(first)
        keys = {str(name): unb64(key) for name, key in said["keys"].items()}
        register = unb64(said.get("register", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged() from None
    lines = rest.split(b"\n")
    if lines.pop() != b"" or len(lines) > ACTS_LIMIT:
        raise damaged()
    return Back(keys, [read_line(line) for line in lines], register)
