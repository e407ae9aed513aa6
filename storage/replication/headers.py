"""Who may open the vault travels too: the newest header wins where it descends from the one here, and only then.

Each machine keeps the digests of the headers that it had, its trail, and signs it with what it hands on. A header that
comes is taken where its trail names the one here. Two that were changed apart are a conflict, which a person settles.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, NotAllowed
from practice.vocabulary import Role, label_of
from storage import ledger, rotation
from storage.header import HEADER_LIMIT, Header, header_from, reread_header
from storage.keys import b64, unb64
from storage.opening import compartment_key, recovery_slot_id
from storage.replication import waiting
from storage.replication.wire import damaged

if TYPE_CHECKING:
    from storage.replication.bundle import Front
    from storage.vault import Vault

TRAIL = "trail"
CONFLICT = "header-conflict"
TRAIL_LIMIT = 5000
Trail = list[tuple[int, str]]
Progress = Callable[[str], None]


def trail(vault: Vault) -> Trail:
    """Return the digests of the headers that this vault had, the present one last; it is noted where it is new."""
    header = reread_header(vault.folder)
    now = (header.generation, header.digest().hex())
    with vault.read() as connection:
        found = _noted(waiting.note(connection, TRAIL))
    if now not in found:
        found = [*found, now][-TRAIL_LIMIT:]
        with vault.write() as unit:
            waiting.set_note(unit.connection, TRAIL, json.dumps(found))
    return found


def _noted(stored: str) -> Trail:
    return [(int(generation), str(digest)) for generation, digest in json.loads(stored or "[]")]


def parse(stored: bytes) -> Header:
    """Return the header in these bytes, read with all the care that a vault's own gets; raises IntegrityAlarm."""
    if len(stored) > HEADER_LIMIT:
        raise damaged()
    return header_from(stored)


def take(vault: Vault, front: Front | Apart, progress: Progress, *, chosen: bool = False) -> str:
    """Take a header over where it descends from the one here; return `same`, `older`, `taken` or `conflict`.

    With `chosen` a person decided that it stands although both were changed. Raises NotAllowed where the person who
    opened the vault has no way in by it: then somebody else must open this machine.
    """
    came = parse(front.header)
    if came.vault != vault.id:
        raise damaged()
    here = reread_header(vault.folder)
    mine, theirs = (here.generation, here.digest().hex()), (came.generation, came.digest().hex())
    if mine == theirs:
        return "same"
    own = trail(vault)
    if theirs in own and not chosen:
        return "older"
    if mine not in front.trail and not chosen:
        return "conflict"
    theirs = _adopt(vault, came, progress, above=here.generation if chosen else 0)
    with vault.write() as unit:
        whole = [*(each for each in front.trail if each not in own), *own]
        whole = [*(each for each in whole if each != theirs), theirs]
        waiting.set_note(unit.connection, TRAIL, json.dumps(whole[-TRAIL_LIMIT:]))
        waiting.set_note(unit.connection, CONFLICT, "")
    return "taken"


def _adopt(vault: Vault, came: Header, progress: Progress, above: int) -> tuple[int, str]:
    """Go on with a header that another machine wrote, under its key where that is a new one; return its mark.

    With `above` it gets a generation beyond that one, so that it stands over both that were changed apart.
    """
    slot = next((each for each in came.slots if each.id == vault.person.id), None)
    if slot is None:
        raise NotAllowed(
            "You were taken out of those who open this vault, on another machine. Nothing was taken in here.",
            title="No way in any more",
            hint="Somebody who still opens the vault must open this machine and take it in.",
        )
    before = reread_header(vault.folder).compartments[CHILDREN].generation
    key = vault.compartment_key
    if came.compartments[CHILDREN].generation != before or not _checks(came, key):
        try:
            key = compartment_key(came, CHILDREN, slot, vault.person_keys)
        except IntegrityAlarm:
            raise NotAllowed(
                "Your keys were made anew on another machine, so your old passphrase does not open what came since."
                " Nothing was taken in here.",
                hint="Somebody else who opens the vault must open this machine and take it in once.",
            ) from None
    came.check(CHILDREN, key)
    kept = _keep_beside(vault, came)
    if above or kept:
        came.generation = max(above, came.generation, reread_header(vault.folder).generation) + 1
    if key == vault.compartment_key:
        _write(vault, came)
    else:
        progress("Encrypting the record under the school's new key")
        rotation.follow(vault, came, key)
    return came.generation, came.digest().hex()


def _keep_beside(vault: Vault, came: Header) -> bool:
    """Keep this machine's record of a compartment whose database lies here, where the other's is older.

    The adults' register is changed where it stands: a header that was written elsewhere must not take its key
    away. Says whether anything of what came was changed by it.
    """
    here, kept = reread_header(vault.folder), False
    for name, record in here.compartments.items():
        if name == CHILDREN or not (vault.folder / f"{name}.db").exists():
            continue
        other = came.compartments.get(name)
        if other is None or (other != record and other.revision <= record.revision):
            came.compartments[name], came.macs[name] = record, here.macs[name]
            own = [slot for slot in here.recovery if slot.id == recovery_slot_id(name)]
            came.recovery = [slot for slot in came.recovery if slot.id != recovery_slot_id(name)] + own
            kept = True
    return kept


def _checks(came: Header, key: bytes) -> bool:
    try:
        came.check(CHILDREN, key)
    except IntegrityAlarm:
        return False
    return True


def _write(vault: Vault, header: Header) -> None:
    from storage.people import editing

    with editing(vault.folder), vault.write() as unit:
        header.write(vault.folder, {CHILDREN: vault.compartment_key})
        vault.take_header(header)
        unit.head = ledger.head(unit.connection, vault.device)  # the anchor moves on to the header's generation


@dataclass(frozen=True)
class Apart:
    """A header that was changed on another machine while this one's was changed here."""

    machine: str
    header: bytes
    trail: Trail


def conflicting(vault: Vault) -> Apart | None:
    """Return the header that was changed apart from the one here and that nobody has settled; None without one."""
    with vault.read() as connection:
        stored = waiting.note(connection, CONFLICT)
    if not stored:
        return None
    machine, header, marks = json.loads(stored)
    return Apart(machine, unb64(header), _noted(json.dumps(marks)))


def names_apart(vault: Vault) -> tuple[list[str], list[str]]:
    """Return who opens the vault by the list here alone, and who by the one that was changed apart, each with the role.

    Both are empty where nothing is to be settled, and where the two name the same people: then a passphrase, a recovery
    code or the keys were made anew on both.
    """
    apart = conflicting(vault)
    if apart is None:
        return [], []
    here, there = _named(reread_header(vault.folder)), _named(parse(apart.header))
    return [each for each in here if each not in there], [each for each in there if each not in here]


def _named(header: Header) -> list[str]:
    return sorted(f"{slot.name} ({label_of(Role, header.role_of(slot))})" for slot in header.slots)


def refuse(vault: Vault, machine: str, front: Front) -> None:
    """Remember that a machine's header was changed apart from the one here."""
    with vault.write() as unit:
        waiting.set_note(unit.connection, CONFLICT, json.dumps([machine, b64(front.header), front.trail]))


def stand_by_own(vault: Vault, theirs: Trail) -> None:
    """Let the header here win over one that was changed apart: written anew, as a descendant of both."""
    own = trail(vault)
    header = reread_header(vault.folder)
    header.generation = max([header.generation, *(generation for generation, _digest in theirs)]) + 1
    _write(vault, header)
    with vault.write() as unit:
        whole = [*(each for each in theirs if each not in own), *own, (header.generation, header.digest().hex())]
        waiting.set_note(unit.connection, TRAIL, json.dumps(whole[-TRAIL_LIMIT:]))
        waiting.set_note(unit.connection, CONFLICT, "")
