"""Compartments and their keys: which there are, how a key is wrapped to a slot and unwrapped from it."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from practice.compartments import ADULTS, CHILDREN
from practice.errors import IntegrityAlarm
from storage.header import Header
from storage.keys import PersonKeys, Slot
from storage.sealed import canonical

RECOVERY = "recovery"
NAMES = {CHILDREN: "children's record", ADULTS: "adults' register"}
"""What a compartment is called in a sentence, after its article."""


def recovery_slot_id(compartment: str) -> str:
    """Return the name of the slot that a compartment's recovery code opens."""
    return f"{RECOVERY}-{compartment}"


def _info(vault: str, compartment: str, generation: int) -> bytes:
    return canonical("dsl-console/compartment/v1", vault, compartment, generation)


def wrap(header: Header, compartment: str, key: bytes, slot: Slot) -> None:
    """Give a slot the compartment's key, under the slot's own public key."""
    found = header.compartments[compartment]
    found.wrapped[slot.id] = slot.xwing.encrypt(key, _info(header.vault, compartment, found.generation))
    if compartment != CHILDREN:
        found.holders[slot.id] = slot.xwing


def compartment_key(header: Header, compartment: str, slot: Slot, keys: PersonKeys) -> bytes:
    """Return a compartment's key as it was wrapped to a slot; raises IntegrityAlarm where that does not hold."""
    try:
        found = header.compartments[compartment]
        return keys.xwing.decrypt(found.wrapped[slot.id], _info(header.vault, compartment, found.generation))
    except (KeyError, InvalidTag, ValueError):
        raise IntegrityAlarm(
            "The vault's header was changed: its keys are not as they were written. Nothing was opened.",
            hint="Put back header.json.prev or the header from a backup.",
        ) from None
