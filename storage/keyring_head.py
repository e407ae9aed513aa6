"""The chain's head in the operating system's keyring: a copy that lies outside the vault's folder (storage: §5, §8).

Whoever puts back an older copy of the whole folder, anchor and all, is found out by it. It is a witness and never a
key: without a keyring, or with one that stores nothing, everything works as before and nothing is claimed.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from practice.errors import IntegrityAlarm
from storage import chain, ledger
from storage.keys import b64, hkdf, unb64

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment

WAIT_SECONDS = 2.0
Result = TypeVar("Result")


def _within(seconds: float, call: Callable[[], Result]) -> Result | None:
    """Return what a call gives within some seconds, or None: a keyring may wait for a person who is not there."""
    answers: queue.Queue[Result | None] = queue.Queue()

    def run() -> None:
        from keyring.errors import KeyringError

        try:
            answers.put(call())
        except (KeyringError, OSError, RuntimeError, ValueError):
            answers.put(None)

    threading.Thread(target=run, daemon=True, name="keyring").start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return None


def _service(vault: OpenCompartment) -> str:
    return f"dsl-console {vault.id}"  # one service a vault: Windows renames entries where several share one


def _key(vault: OpenCompartment) -> AESGCM:
    return AESGCM(hkdf(vault.compartment_key, "keyring head"))


def _sealed(vault: OpenCompartment, head: dict[str, object]) -> str:
    """Return a head as the keyring keeps it: whoever may look into the keyring does not see how many acts there are."""
    nonce = secrets.token_bytes(12)
    return b64(nonce + _key(vault).encrypt(nonce, json.dumps(head).encode(), vault.name.encode()))


def _opened(vault: OpenCompartment, kept: str) -> Any:
    """Return the head of a keyring's entry; raises ValueError or InvalidTag for anything else."""
    sealed = unb64(kept)
    return json.loads(_key(vault).decrypt(sealed[:12], sealed[12:], vault.name.encode()))


def keep(vault: OpenCompartment, seconds: float = WAIT_SECONDS) -> bool:
    """Lay the present head into the keyring; say whether it can be read back from there."""
    with vault.read() as connection:
        end = ledger.head(connection, vault.device)
    value = _sealed(vault, {"device": vault.device, "seq": end.seq, "mac": end.mac.hex()})

    def put() -> bool:
        import keyring

        backend = keyring.get_keyring()
        if hasattr(backend, "persist"):
            backend.persist = "local machine"  # Windows would carry it along with a roaming profile
        keyring.set_password(_service(vault), vault.name, value)
        return keyring.get_password(_service(vault), vault.name) == value  # a null keyring stores nothing, silently

    return bool(_within(seconds, put))


def check(vault: OpenCompartment, seconds: float = WAIT_SECONDS) -> IntegrityAlarm | None:
    """Compare the record with the head that the keyring holds; return the alarm where they disagree.

    A keyring that holds nothing, or something else than a head of this device, says nothing.
    """

    def get() -> str | None:
        import keyring

        return keyring.get_password(_service(vault), vault.name)

    found = _within(seconds, get)
    try:
        kept = _opened(vault, found or "")
        device, seq, mac = str(kept["device"]), int(kept["seq"]), bytes.fromhex(kept["mac"])
    except (ValueError, KeyError, TypeError, InvalidTag):
        return None
    if device != vault.device:
        return None
    try:
        with vault.read() as connection:
            chain.check_head(connection, device, seq, mac)
    except IntegrityAlarm as alarm:
        return alarm
    return None
