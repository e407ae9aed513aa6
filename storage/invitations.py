"""What an invitation is made of: its code, the files that the code alone names and opens, and the words of both sides.

Nothing of it is believed before a person compared the words, and everything in the files may come from anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from practice.errors import IntegrityAlarm, Refused
from practice.words import spoken
from storage.atomic import private_folder, write_atomic
from storage.keys import hkdf
from storage.replication import exchange
from storage.sealed import XWingPublic, canonical

PURPOSE = "dsl-console/machines/join"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 20
_MAGIC = b"DSLJOIN\x01"
_LIMIT = 4 * 1024 * 1024


def new_code() -> str:
    """Return 100 random bits as five groups of four characters."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, _LENGTH, 4))


def _secret(code: str) -> bytes:
    letters = [character for character in code.upper() if character.isalnum()]
    if len(letters) != _LENGTH or any(letter not in _LETTERS for letter in letters):
        raise Refused("That is not a machine's code: it has five groups of four letters and figures.")
    return hashlib.sha256(b"dsl-console/join\0" + "".join(letters).encode()).digest()


def path_of(folder: Path, code: str, what: str) -> Path:
    """Return where a file of an invitation lies: its name follows from the code alone."""
    return folder / f"{hkdf(_secret(code), 'machines', 'name', what)[:16].hex()}.dslj"


def put(folder: Path, code: str, what: str, said: dict[str, Any]) -> None:
    """Lay a file of an invitation into a folder, encrypted under its code; raises Refused where it cannot be."""
    nonce = secrets.token_bytes(12)
    key = hkdf(_secret(code), "machines", "join", what)
    sealed = AESGCM(key).encrypt(nonce, json.dumps(said).encode(), _MAGIC)
    try:
        private_folder(folder) if not folder.exists() else None
        write_atomic(path_of(folder, code, what), _MAGIC + nonce + sealed)
    except OSError:
        raise Refused(
            "The folder cannot be written. Nothing was changed.", hint="Check that the stick or the share is there."
        ) from None


def get(folder: Path, code: str, what: str) -> dict[str, Any] | None:
    """Return what the other side laid there; None where nothing is, IntegrityAlarm for anything else."""
    try:
        with path_of(folder, code, what).open("rb") as file:
            stored = file.read(_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError:
        raise Refused("The folder cannot be read. Nothing was changed.") from None
    start = len(_MAGIC)
    try:
        if len(stored) > _LIMIT or not stored.startswith(_MAGIC):
            raise damaged()
        key = hkdf(_secret(code), "machines", "join", what)
        said = json.loads(AESGCM(key).decrypt(stored[start : start + 12], stored[start + 12 :], _MAGIC))
    except (InvalidTag, ValueError, RecursionError):
        raise damaged() from None
    if type(said) is not dict:
        raise damaged()
    return said


def check_words(shown: str, compared: str) -> None:
    """Raise Refused unless somebody read the same words on the other screen, however they typed them."""
    if shown.casefold().split() != compared.casefold().split():
        raise Refused(
            "The words differ: another machine answered, or one was misread. Nothing was handed over.",
            title="The words differ",
            hint="Read them again. If they still differ, begin again with a new code.",
        )


def damaged() -> IntegrityAlarm:
    """Return what is said of anything that does not hold."""
    return IntegrityAlarm(
        "A file of this invitation is damaged or was changed. Nothing was handed over.",
        hint="Begin again with a new code: dsl-console machine add NAME",
    )


def words_of(vault: str, first: dict[str, str], second: dict[str, str], device: str) -> str:
    """Return the eight words that stand for all public keys of both sides."""
    parts = [[public[name] for name in ("machine", "signing", "encryption", "transport")] for public in (first, second)]
    return spoken(hashlib.sha256(canonical(PURPOSE, vault, parts, device)).hexdigest(), PURPOSE)


def public_of(said: object) -> dict[str, str]:
    """Return a machine's public keys; raises IntegrityAlarm for anything else."""
    try:
        assert isinstance(said, dict)
        public = {name: str(said[name]) for name in ("machine", "signing", "encryption", "transport")}
        reader = exchange.public_reader(public)
        XWingPublic(reader.encryption)
        for key in (reader.signing, reader.transport):
            Ed25519PublicKey.from_public_bytes(key)
    except (AssertionError, KeyError, ValueError):
        raise damaged() from None
    return public
