"""The second factor: 256 random bits in the operating system's keyring, without which a passphrase opens nothing.

It is optional, for one person on one machine (storage: §8, §9). What can go wrong with a keyring is met here: there is
none, one that stores nothing and says nothing, one that carries its entries to other machines, one that waits for a
person. A secret that is lost is answered by the recovery code, never by a way around it.
"""

from __future__ import annotations

import hashlib
import queue
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from practice.errors import NotAllowed, Refused
from storage.keys import KEY_SIZE

if TYPE_CHECKING:
    from storage.keys import Slot

WAIT_SECONDS = 30.0
"""A keyring may ask somebody for its own password first."""
_USER = "second factor"
_LOST = "If it is lost, or this is another machine, use the recovery code: dsl-console recover, or Ctrl+R when locked."


class NoAnswer(Exception):
    """The keyring cannot be reached, or did not answer in time; its words say which."""


def name_of(secret: bytes) -> str:
    """Return the name by which a slot knows its secret; it tells nothing about it."""
    return hashlib.sha256(b"dsl-console/device-secret\0" + secret).hexdigest()[:16]


def _asked(call: Callable[[], str | None], seconds: float) -> str | None:
    """Return what the keyring says; raises NoAnswer. It is asked in a thread, since it may wait for a person."""
    answers: queue.Queue[str | NoAnswer | None] = queue.Queue()

    def run() -> None:
        try:
            from keyring.errors import NoKeyringError
        except ImportError:
            answers.put(NoAnswer("This machine has no keyring."))
            return
        try:
            answers.put(call())
        except NoKeyringError:
            answers.put(NoAnswer("This machine has no keyring."))
        except Exception:  # noqa: BLE001  (a keyring's backend is another program's, and raises what it likes)
            answers.put(NoAnswer("This machine's keyring is locked, or refused to answer."))

    threading.Thread(target=run, daemon=True, name="keyring").start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswer("This machine's keyring did not answer: it may be asking for its own password.") from None
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def _service(vault: str, name: str) -> str:
    return f"dsl-console {vault} {name}"  # one for each secret: Windows renames entries where several share one


def keep(vault: str, seconds: float = WAIT_SECONDS) -> bytes:
    """Make a secret, lay it into the keyring, read it back from there and return it; raises Refused."""
    secret = secrets.token_bytes(KEY_SIZE)
    service = _service(vault, name_of(secret))

    def put() -> str | None:
        import keyring

        backend = keyring.get_keyring()
        if hasattr(backend, "persist"):
            backend.persist = "local machine"  # Windows would carry it along with a roaming profile
        keyring.set_password(service, _USER, secret.hex())
        return keyring.get_password(service, _USER)

    hint = "The passphrase alone opens the vault, as before. Encrypt the machine's disk instead."
    try:
        found = _asked(put, seconds)
    except NoAnswer as error:
        raise Refused(f"{error} The second factor was not switched on, and nothing was changed.", hint=hint) from None
    if found != secret.hex():
        forget(vault, name_of(secret), seconds)
        raise Refused(
            "This machine's keyring does not keep what it is given. The second factor was not switched on, and nothing "
            "was changed.",
            hint=hint,
        )
    return secret


def fetch(vault: str, slot: Slot, seconds: float = WAIT_SECONDS) -> bytes:
    """Return the secret that a slot needs, empty where it needs none; raises NotAllowed, saying what to do."""
    if not slot.device:
        return b""
    service = _service(vault, slot.device)

    def get() -> str | None:
        import keyring

        return keyring.get_password(service, _USER)

    try:
        found = _asked(get, seconds)
    except NoAnswer as error:
        raise _missing(str(error), slot) from None
    try:
        secret = bytes.fromhex(found or "")
    except ValueError:
        secret = b""
    if len(secret) != KEY_SIZE or name_of(secret) != slot.device:
        raise _missing("This machine's keyring does not hold the second factor.", slot)
    return secret


def _missing(why: str, slot: Slot) -> NotAllowed:
    return NotAllowed(
        f"{why} The passphrase of {slot.name} alone does not open this vault. Nothing was lost.",
        title="The second factor is missing",
        hint=f"Unlock the machine's keyring and try again. {_LOST}",
    )


def forget(vault: str, name: str, seconds: float = WAIT_SECONDS) -> bool:
    """Take a secret that opens nothing any more out of the keyring; say whether that could be done."""

    def drop() -> str | None:
        import keyring

        keyring.delete_password(_service(vault, name), _USER)
        return "gone"

    try:
        return bool(name) and _asked(drop, seconds) == "gone"
    except NoAnswer:
        return False
