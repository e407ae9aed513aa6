"""Sealing to a public key: anyone may put something in, only the key's holder reads it (storage: §7a).

HPKE in base mode with X-Wing (ML-KEM-768 and X25519), HKDF-SHA256 and AES-256-GCM. A sealed file is
`magic ‖ version ‖ suite ‖ key id ‖ enc ‖ ciphertext`, its content padded so that its size tells little.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from practice.errors import IntegrityAlarm

SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_MAGIC = b"DSLSEAL\x01" + bytes.fromhex("647a00010002")
_KEY_ID_SIZE = 8
_SIZES = (1024, 4096, 16384, 65536, 131072, 262144)
SEALED_LIMIT = 300 * 1024


def canonical(*parts: object) -> bytes:
    """Return the one byte string that stands for these parts: a JSON array without spaces."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class XWingPublic:
    """The public half of an X-Wing key pair, 1,216 bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 1184 + 32:
            raise IntegrityAlarm("A public key in the vault's header has the wrong length.")

    @property
    def key_id(self) -> bytes:
        """Eight bytes that name the key."""
        return hashlib.sha256(b"dsl-console/key\0" + self.raw).digest()[:_KEY_ID_SIZE]

    def encrypt(self, plaintext: bytes, info: bytes) -> bytes:
        """Return `enc ‖ ciphertext` for the holder of the private half."""
        key = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(self.raw[:1184]),
            x25519.X25519PublicKey.from_public_bytes(self.raw[1184:]),
        )
        return SUITE.encrypt(plaintext, key, info=info)


@dataclass(frozen=True, repr=False)
class XWingPrivate:
    """An X-Wing key pair, kept as its ML-KEM seed and its X25519 scalar (96 bytes)."""

    raw: bytes

    @classmethod
    def generate(cls) -> XWingPrivate:
        """Make a fresh pair."""
        seed = mlkem.MLKEM768PrivateKey.generate().private_bytes_raw()
        return cls(seed + x25519.X25519PrivateKey.generate().private_bytes_raw())

    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(self.raw[:64]),
            x25519.X25519PrivateKey.from_private_bytes(self.raw[64:]),
        )

    def public(self) -> XWingPublic:
        """Return the public half."""
        kem, curve = self._halves()
        raw = kem.public_key().public_bytes_raw() + curve.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return XWingPublic(raw)

    def decrypt(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was encrypted to the public half; raises InvalidTag."""
        return SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*self._halves()), info=info)


def _pad(data: bytes) -> bytes:
    framed = len(data).to_bytes(4, "big") + data
    size = next((size for size in _SIZES if len(framed) <= size), len(framed))
    return framed.ljust(size, b"\0")


def seal(data: bytes, to: XWingPublic, info: bytes) -> bytes:
    """Return the bytes of a sealed file."""
    return _MAGIC + to.key_id + to.encrypt(_pad(data), info)


def key_id_of(sealed: bytes) -> bytes:
    """Return the id of the key that a sealed file, or its beginning, names; blank for other bytes."""
    head = len(_MAGIC)
    return sealed[head : head + _KEY_ID_SIZE] if sealed.startswith(_MAGIC) else b""


HEAD_SIZE = len(_MAGIC) + _KEY_ID_SIZE
"""How many bytes of a sealed file say for which key it is."""


def unseal(sealed: bytes, keys: dict[bytes, XWingPrivate], info: bytes) -> bytes:
    """Return what a sealed file holds, with the key it names; raises IntegrityAlarm for any other bytes."""
    head = len(_MAGIC)
    key = keys.get(sealed[head : head + _KEY_ID_SIZE])
    if len(sealed) > SEALED_LIMIT or not sealed.startswith(_MAGIC) or key is None:
        raise IntegrityAlarm("A sealed file in the vault is damaged or was sealed for another key.")
    try:
        framed = key.decrypt(sealed[head + _KEY_ID_SIZE :], info)
    except (InvalidTag, ValueError):
        raise IntegrityAlarm("A sealed file in the vault is damaged or was changed.") from None
    return framed[4 : 4 + int.from_bytes(framed[:4], "big")]
