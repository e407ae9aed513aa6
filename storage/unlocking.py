"""The first half of opening a vault: its header, who is asking, and the costly derivation of their key.

It needs neither the database nor its models, so that a program can load those in another thread meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from practice.errors import NotFound, WrongPassphrase
from practice.roles import STRANGER
from storage import device_secret, failures
from storage.header import Header, read_header
from storage.keys import PersonKeys, Slot
from storage.tries import Tries


@dataclass(frozen=True, repr=False)
class Unlocked:
    """A vault's header, the slot of the person who is asking, and the keys that their passphrase opened."""

    header: Header
    slot: Slot
    keys: PersonKeys


def choose_slot(header: Header, user: str) -> Slot:
    """Return the slot of a person, by name or id; raises NotFound where several people use it and none is named."""
    wanted = user.strip().casefold()
    if not wanted:
        if len(header.slots) == 1:
            return header.slots[0]
        names = ", ".join(slot.name for slot in header.slots)
        raise NotFound(f"Several people use this vault: {names}. Who are you?", hint="Name yourself with --as NAME.")
    for slot in header.slots:
        if wanted in (slot.id, slot.name.casefold()):
            return slot
    raise WrongPassphrase("That name and passphrase do not open this vault.", hint="Check the name and try again.")


def named(folder: Path, user: str) -> tuple[Header, Slot]:
    """Return the vault's header and a person's slot; a name that opens nothing is recorded at the next unlock."""
    header = read_header(folder)
    try:
        return header, choose_slot(header, user)
    except WrongPassphrase:
        failures.note(folder, STRANGER)  # such as somebody who was removed
        raise


def unlock(folder: Path, passphrase: str, user: str = "") -> Unlocked:
    """Open a person's slot; raises NotFound, NotAllowed after ten wrong tries or without the second factor,
    WrongPassphrase, and IntegrityAlarm.
    """
    header, slot = named(folder, user)
    if slot.kdf is not None:
        slot.kdf.check()  # before a try is counted: that waits for the disk, and nothing can be guessed here
    device = device_secret.fetch(header.vault, slot)
    with Tries(folder).attempt(slot.id):
        return Unlocked(header, slot, slot.open(passphrase, header.vault, device))
