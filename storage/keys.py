"""Who may open a vault: passphrases, recovery codes and the keys that they unlock (storage: §9)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.resources import files

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from practice.errors import IntegrityAlarm, WrongPassphrase
from storage.sealed import XWingPrivate, XWingPublic, canonical

KEY_SIZE = 32
SALT_SIZE = 16
_MIB = 1024
_RECOVERY_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RECOVERY_LENGTH = 32
_SHORTEST = 12
_BESIDE_A_NAME = 8  # letters that a passphrase needs beside the school's or the person's name
_WORDS = 4


def b64(data: bytes) -> str:
    """Return the bytes as base64 text."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Return the bytes of base64 text; raises ValueError."""
    return base64.b64decode(text, validate=True)


@dataclass(frozen=True)
class Kdf:
    """The cost of Argon2id: memory in KiB, passes and lanes."""

    memory_kib: int = 64 * _MIB
    iterations: int = 3
    lanes: int = 4

    def check(self) -> None:
        """Refuse a cost outside the floor and the ceiling before anything is computed (RFC 9106, second choice)."""
        cost = (self.memory_kib, self.iterations, self.lanes)
        fits = all(type(value) is int for value in cost) and (
            64 * _MIB <= self.memory_kib <= 1024 * _MIB and 3 <= self.iterations <= 10 and 1 <= self.lanes <= 8
        )
        if not fits:
            raise IntegrityAlarm(
                "The vault's header was changed: it asks for a cost outside what this program uses.",
                hint="Nothing was opened. Put back the header from a backup.",
            )

    def derive(self, passphrase: str, salt: bytes) -> bytes:
        """Return 32 bytes from a passphrase, however its characters were composed (NFKC)."""
        self.check()
        secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
        return Argon2id(
            salt=salt, length=KEY_SIZE, iterations=self.iterations, lanes=self.lanes, memory_cost=self.memory_kib
        ).derive(secret)


FLOOR = Kdf()


def calibrate(target_seconds: float = 0.85, wall: Callable[[], float] = time.perf_counter) -> Kdf:
    """Return the cost that takes this machine about 0.7 to 1.0 seconds, between the floor and the ceiling.

    Where the machine is busy, the processor's time counts: a busy moment must not leave a weak setting for good.
    """
    started, worked = wall(), time.process_time()
    FLOOR.derive("calibration", bytes(16))
    took = max(min(wall() - started, time.process_time() - worked), 0.001)
    memory = FLOOR.memory_kib
    while took * 2 <= target_seconds * 1.2 and memory < 1024 * _MIB:
        memory, took = memory * 2, took * 2
    return Kdf(memory_kib=memory)


def hkdf(secret: bytes, *info: object) -> bytes:
    """Return a 32-byte key for one purpose, from a key that has full strength."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_SIZE, salt=None, info=canonical("dsl-console/v1", *info)).derive(
        secret
    )


def new_key() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(KEY_SIZE)


# -- passphrases and recovery codes ------------------------------------------------------------------------------------


def passphrase_faults(text: str, *known: str) -> list[str]:
    """Return what stands against a passphrase, in plain sentences; empty when it will do (design: §4).

    `known` are names that a colleague would try first, such as the school's and the person's own.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    faults = []
    if len(folded) < _SHORTEST and len(folded.split()) < _WORDS:
        faults.append("Use at least 12 characters, or four words.")
    denied = set(files("storage").joinpath("data", "denied_passphrases.txt").read_text("utf-8").split("\n"))
    squeezed = "".join(character for character in folded if character.isalnum())
    once = _said_once(squeezed)
    if folded in denied or squeezed in denied or once in denied or (squeezed and len(set(squeezed)) < 5):
        faults.append("This passphrase is among the first that anyone would try.")
    elif once != squeezed and len(once) < _SHORTEST:
        faults.append("This passphrase is one short piece over and over.")
    rest = "".join(character for character in squeezed if not character.isdigit())
    names = {word for name in known for word in unicodedata.normalize("NFKC", name).casefold().split() if len(word) > 3}
    for word in sorted(names, key=len, reverse=True):
        rest = rest.replace(word, "")
    if any(word in squeezed for word in names) and len(rest) < _BESIDE_A_NAME:
        faults.append("This passphrase is little more than a name that everybody here knows.")
    return faults


def _said_once(text: str) -> str:
    """Return the piece of which a text is nothing but repetitions, or the text itself."""
    size = (text + text).find(text, 1)
    return text[:size]


def new_recovery_code() -> str:
    """Return 160 random bits as eight groups of four characters."""
    text = "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))


def recovery_secret(code: str) -> bytes:
    """Return the 160 bits that a recovery code stands for, however it was typed; raises WrongPassphrase."""
    letters = [character for character in code.upper() if character.isalnum()]
    if len(letters) != _RECOVERY_LENGTH or any(letter not in _RECOVERY_ALPHABET for letter in letters):
        raise WrongPassphrase("That is not a recovery code: it has eight groups of four letters and figures.")
    number = 0
    for letter in letters:
        number = number << 5 | _RECOVERY_ALPHABET.index(letter)
    return number.to_bytes(20, "big")


# -- a person's keys ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class PersonKeys:
    """What a slot opens: an X-Wing pair, to which compartment keys are wrapped, and an Ed25519 key that signs acts."""

    xwing: XWingPrivate
    signing: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> PersonKeys:
        """Make fresh keys."""
        return cls(XWingPrivate.generate(), Ed25519PrivateKey.generate())

    @property
    def signing_public(self) -> bytes:
        """The public half of the signing key, 32 bytes."""
        return self.signing.public_key().public_bytes_raw()

    def to_bytes(self) -> bytes:
        """Return both private keys for sealing into a slot."""
        return self.xwing.raw + self.signing.private_bytes_raw()

    @classmethod
    def from_bytes(cls, raw: bytes) -> PersonKeys:
        """Read what `to_bytes` wrote."""
        return cls(XWingPrivate(raw[:96]), Ed25519PrivateKey.from_private_bytes(raw[96:]))


@dataclass(frozen=True)
class Slot:
    """One way into the vault: a person's, or the recovery code's. All but `sealed` is bound into the encryption."""

    id: str
    name: str
    role: str
    salt: bytes
    kdf: Kdf | None
    xwing: XWingPublic
    signing_key: bytes
    sealed: bytes = field(default=b"", repr=False)
    commitment: bytes = b""
    device: str = ""
    """The name of the secret in a machine's keyring that it needs beside the passphrase; blank for none."""

    def bound(self, vault: str) -> bytes:
        """Return the fields that the slot's encryption authenticates."""
        cost = list(asdict(self.kdf).values()) if self.kdf else None
        public = (b64(self.salt), cost, b64(self.xwing.raw), b64(self.signing_key))
        return canonical(vault, self.id, self.name, self.role, *public, *([self.device] if self.device else []))

    def _keys(self, secret: bytes, vault: str) -> tuple[bytes, bytes]:
        return hkdf(secret, "slot", vault, self.id), hkdf(secret, "slot commitment", vault, self.id)

    def _secret(self, passphrase: str, device: bytes) -> bytes:
        if self.kdf is None:
            return recovery_secret(passphrase)
        return self.kdf.derive(passphrase, self.salt) + hashlib.sha256(device).digest()

    def sealed_with(self, passphrase: str, keys: PersonKeys, vault: str, device: bytes = b"") -> Slot:
        """Return this slot with the person's private keys sealed under the passphrase or recovery code.

        With `device` it needs that secret too; `self.device` is then its name.
        """
        key, commitment = self._keys(self._secret(passphrase, device), vault)
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(key).encrypt(nonce, keys.to_bytes(), self.bound(vault))
        return Slot(**{**self.__dict__, "sealed": sealed, "commitment": commitment})

    def open(self, passphrase: str, vault: str, device: bytes = b"") -> PersonKeys:
        """Return the private keys; raises WrongPassphrase, or IntegrityAlarm where the slot itself was changed.

        `device` is the secret that the slot names (storage.device_secret.fetch), empty where it names none.
        """
        key, commitment = self._keys(self._secret(passphrase, device), vault)
        if not secrets.compare_digest(commitment, self.commitment):
            if self.kdf is None:  # a recovery code needs no slow derivation: 160 random bits are not guessed
                raise WrongPassphrase(
                    "That recovery code does not open this vault.",
                    hint="Read every group again; where a newer code was made, only the newest one opens it.",
                )
            raise WrongPassphrase("That passphrase does not open this vault.", hint="Check Caps Lock and try again.")
        try:
            return PersonKeys.from_bytes(AESGCM(key).decrypt(self.sealed[:12], self.sealed[12:], self.bound(vault)))
        except (InvalidTag, ValueError):
            raise IntegrityAlarm(
                "The vault's header was changed: this person's entry is not as it was written.",
                hint="Nothing was opened. Put back the header from a backup.",
            ) from None

    def to_json(self) -> dict[str, object]:
        """Return the slot as the header writes it."""
        return {
            "id": self.id,
            "name": self.name,
            "role": self.role,
            "salt": b64(self.salt),
            "kdf": asdict(self.kdf) if self.kdf else None,
            "xwing": b64(self.xwing.raw),
            "signing_key": b64(self.signing_key),
            "sealed": b64(self.sealed),
            "commitment": b64(self.commitment),
            **({"device": self.device} if self.device else {}),
        }

    @classmethod
    def from_json(cls, fields: dict[str, object]) -> Slot:
        """Read a slot from the header; raises KeyError, TypeError or ValueError."""
        kdf = fields["kdf"]
        salt = unb64(str(fields["salt"]))
        if len(salt) != SALT_SIZE:
            raise ValueError("a salt has 16 bytes")
        return cls(
            id=str(fields["id"]),
            name=str(fields["name"]),
            role=str(fields["role"]),
            salt=salt,
            kdf=Kdf(**json.loads(json.dumps(kdf))) if kdf is not None else None,
            xwing=XWingPublic(unb64(str(fields["xwing"]))),
            signing_key=unb64(str(fields["signing_key"])),
            sealed=unb64(str(fields["sealed"])),
            commitment=unb64(str(fields["commitment"])),
            device=_device_name(fields.get("device", "")),
        )


def _device_name(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"([0-9a-f]{16})?", text):
        raise ValueError("the name of a device secret has 16 hexadecimal figures")
    return text


def new_slot(
    person: str, name: str, role: str, passphrase: str, kdf: Kdf | None, vault: str
) -> tuple[Slot, PersonKeys]:
    """Make keys for a person (or, without a KDF, for a recovery code) and the slot that holds them."""
    keys = PersonKeys.generate()
    slot = Slot(person, name, role, secrets.token_bytes(SALT_SIZE), kdf, keys.xwing.public(), keys.signing_public)
    return slot.sealed_with(passphrase, keys, vault), keys
