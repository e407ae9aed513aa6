"""Who may open a vault: add, remove, change role and passphrase, recover, rotate (storage: §9).

Each change edits the header under its own lock, together with the act that says who did it. Removing somebody rotates
the keys of every compartment that the remover holds, so that a leaver cannot open what is written afterwards.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from practice.acts import (
    Body,
    PersonAdded,
    PersonKeyChanged,
    PersonRemoved,
    PersonRoleChanged,
    RecoveryReplaced,
    build,
)
from practice.compartments import ADULTS, CHILDREN
from practice.errors import NotFound, Refused
from practice.roles import MANAGES_PEOPLE, check_may_record, check_may_replace_recovery
from practice.vocabulary import Role
from storage import device_secret, secrets_table
from storage.header import Header, forget_before, read_header, reread_header
from storage.ids import new_id
from storage.keys import Kdf, Slot, b64, calibrate, new_recovery_code, new_slot, passphrase_faults
from storage.opening import RECOVERY, compartment_key, recovery_slot_id, wrap

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.vault import Vault

_WAIT_SECONDS = 10.0
Progress = Callable[[str], None]


@contextlib.contextmanager
def editing(folder: Path) -> Iterator[Header]:
    """Hold the header alone and yield it as it stands on the disk."""
    try:
        with FileLock(str(folder / "header.lock"), timeout=_WAIT_SECONDS, mode=0o600):
            yield read_header(folder)
    except Timeout:
        raise Refused("Somebody else is changing who may open this vault. Nothing was changed; try again.") from None


def write_header(vault: OpenCompartment, header: Header, *bodies: Body) -> None:
    """Write the header one generation on, in the transaction of the acts that say what was changed."""
    header.generation += 1
    if vault.name != CHILDREN:
        header.compartments[vault.name].revision += 1
    with vault.write() as unit:
        for body in bodies:
            unit.record(body)
        if vault.name == CHILDREN:
            secrets_table.note_revision(unit.connection, header.generation)
        header.write(vault.folder, vault.keys_held())
        vault.take_header(header)


@dataclass(frozen=True)
class Holder:
    """Somebody who may open this vault, what they hold the key of, and which of those keys are to be made anew."""

    id: str
    name: str
    role: str
    compartments: tuple[str, ...]
    rotation_due: tuple[str, ...]
    second_factor: bool = False


def people(vault: Vault) -> list[Holder]:
    """Return who may open this vault now, in the order in which they were added."""
    header = reread_header(vault.folder)
    found = []
    for slot in header.slots:
        held = tuple(name for name in header.compartments if header.holds(name, slot))
        due = tuple(name for name in held if name in header.due())
        found.append(Holder(slot.id, slot.name, header.role_of(slot), held, due, bool(slot.device)))
    return found


def rotation_due(vault: Vault) -> list[str]:
    """Return the compartments whose keys somebody who was removed still knows."""
    return reread_header(vault.folder).due()


def find(header: Header, wanted: str) -> Slot:
    """Return the slot of a person by name or id; raises NotFound."""
    folded = wanted.strip().casefold()
    for slot in header.slots:
        if folded in (slot.id, slot.name.casefold()):
            return slot
    names = ", ".join(slot.name for slot in header.slots)
    raise NotFound(f"Nobody of that name can open this vault. Those who can: {names}.")


def _school_name(vault: Vault) -> str:
    from storage.views import organisation  # mapped only where somebody's passphrase is set

    return organisation.school(vault).name


def _check_passphrase(folder: Path, passphrase: str, *known: str) -> None:
    """Raise Refused for a passphrase that a colleague would try first: everybody knows who else opens the vault."""
    header = read_header(folder)
    names = [slot.name for slot in header.slots]
    if faults := passphrase_faults(passphrase, header.public.get("school", ""), *names, *known):
        raise Refused(" ".join(faults))


def add_person(vault: Vault, name: str, role: str, passphrase: str, kdf: Kdf | None = None) -> str:
    """Let somebody open this vault with a passphrase of their own; return their id.

    They get the keys of the compartments that this vault object holds, no others. Raises Refused, NotAllowed.
    """
    check_may_record(vault.person.role, "person_added")
    name = " ".join(name.split())
    _check_passphrase(vault.folder, passphrase, name, _school_name(vault))
    kdf = kdf or calibrate()
    with editing(vault.folder) as header:
        if any(slot.name.casefold() == name.casefold() for slot in header.slots):
            raise Refused("Somebody of that name can open this vault already. Nothing was changed.")
        slot, keys = new_slot(new_id(), name, role, passphrase, kdf, vault.id)
        fields = {"person": slot.id, "name": name, "role": role, "signing_key": b64(keys.signing_public)}
        added = build(PersonAdded, fields)
        header.slots.append(slot)
        wrap(header, CHILDREN, vault.compartment_key, slot)
        write_header(vault, header, added)
    return slot.id


def change_role(vault: Vault, wanted: str, role: str) -> str:
    """Give somebody another role and return their id; the last one who manages people stays that."""
    check_may_record(vault.person.role, "person_role_changed")
    with editing(vault.folder) as header:
        slot = find(header, wanted)
        changed = build(PersonRoleChanged, {"person": slot.id, "role": role})
        header.roles[slot.id] = role
        _check_managed(header)
        write_header(vault, header, changed)
    return slot.id


def _check_managed(header: Header) -> None:
    if not any(header.role_of(slot) in MANAGES_PEOPLE for slot in header.slots):
        raise Refused(
            "Then nobody could manage who opens this vault. Nothing was changed.",
            hint="Make somebody else the DSL first.",
        )


def change_passphrase(vault: Vault, old: str, new: str, kdf: Kdf | None = None) -> None:
    """Change the passphrase of the person who opened the vault; raises WrongPassphrase for a wrong old one."""
    from practice.errors import WrongPassphrase

    if not vault.check_passphrase(old):
        raise WrongPassphrase("That is not your present passphrase. Nothing was changed.")
    _check_passphrase(vault.folder, new, vault.person.name, _school_name(vault))
    kdf = kdf or calibrate()
    with editing(vault.folder) as header:
        slot = find(header, vault.person.id)
        device = device_secret.fetch(vault.id, slot)
        changed = replace(slot, kdf=kdf, role=header.role_of(slot))
        resealed = changed.sealed_with(new, vault.person_keys, vault.id, device)
        header.slots[header.slots.index(slot)] = resealed
        header.roles.pop(slot.id, None)
        write_header(vault, header)
        forget_before(vault.folder)


def set_second_factor(vault: Vault, passphrase: str, *, on: bool) -> None:
    """Let the passphrase of the person who opened the vault need this machine's keyring too, or not any more.

    Switched on again it takes another secret. The new secret is in the keyring before the header names it, and the old
    one goes after, so that a person is never locked out in between. Raises WrongPassphrase; Refused without a keyring
    that keeps what it is given.
    """
    from practice.errors import WrongPassphrase

    if not vault.check_passphrase(passphrase):
        raise WrongPassphrase("That is not your present passphrase. Nothing was changed.")
    secret = device_secret.keep(vault.id) if on else b""
    name = device_secret.name_of(secret) if on else ""
    before = ""
    try:
        with editing(vault.folder) as header:
            slot = find(header, vault.person.id)
            before = slot.device
            changed = replace(slot, role=header.role_of(slot), device=name)
            header.slots[header.slots.index(slot)] = changed.sealed_with(
                passphrase, vault.person_keys, vault.id, secret
            )
            header.roles.pop(slot.id, None)
            write_header(vault, header)
            forget_before(vault.folder)
    except BaseException:
        if reread_header(vault.folder).slot_device(vault.person.id) != name:
            device_secret.forget(vault.id, name)
        raise
    device_secret.forget(vault.id, before)


@dataclass(frozen=True)
class Removed:
    """Who was removed, which keys are still to be made anew, and what stood in the way."""

    id: str
    name: str
    rotation_due: tuple[str, ...] = ()
    waits: str = ""
    unheld: bool = False
    """Whether nobody who can open the vault holds the adults' register's key now."""

    def follows(self, again: str) -> str:
        """Return what is still to be done, in sentences; blank where nothing is. `again` is how keys are made anew."""
        said = []
        if CHILDREN in self.rotation_due:
            said.append(
                f"{self.name} can no longer open it, but its keys could not be made anew now, so a copy that they kept "
                f"may still open what follows. {self.waits} Then {again}."
            )
        if self.unheld:
            said.append(
                "Nobody who can open this vault holds the key of the adults' register now. Its own recovery code gives "
                "the key to the next headteacher: dsl-console adults recover. Then the key is made anew."
            )
        elif ADULTS in self.rotation_due:
            said.append(
                "The key of the adults' register was known to them too: somebody who holds it makes it anew, in the "
                "register or by dsl-console adults rotate."
            )
        return " ".join(said)


def remove_person(vault: Vault, wanted: str, reason: str, progress: Progress = lambda _text: None) -> Removed:
    """Take somebody's way in away and rotate the keys, so that they cannot open what is written afterwards.

    Their slot goes first. Where the keys cannot be rotated now, they stay marked as due, and the answer says why.
    """
    from storage.register import holds_register, open_with
    from storage.rotation import rotate

    check_may_record(vault.person.role, "person_removed")
    with editing(vault.folder) as header:
        slot = find(header, wanted)
        if slot.id == vault.person.id:
            raise Refused("You cannot remove yourself. Nothing was changed.", hint="Ask another DSL or the head to.")
        removed = build(PersonRemoved, {"person": slot.id, "reason": reason})
        header.slots.remove(slot)
        _check_managed(header)
        header.roles.pop(slot.id, None)
        held = [name for name, compartment in header.compartments.items() if slot.id in compartment.wrapped]
        header.rotation_due += [name for name in held if name not in header.rotation_due]
        # Only its own holders may write the record of another compartment; without the slot its key opens nothing.
        header.compartments[CHILDREN].wrapped.pop(slot.id, None)
        write_header(vault, header, removed)
        forget_before(vault.folder)
    waits = ""
    try:
        rotate(vault, f"{slot.name} was removed.", progress)
        if ADULTS in held and holds_register(vault):
            with open_with(vault, vault.person_keys) as register:
                rotate(register, f"{slot.name} was removed.", progress)
    except Refused as error:
        waits = error.hint or error.message
    unheld = ADULTS in held and all(ADULTS not in each.compartments for each in people(vault))
    return Removed(slot.id, slot.name, tuple(rotation_due(vault)), waits, unheld)


def replace_recovery_code(vault: OpenCompartment) -> str:
    """Make a new recovery code for this compartment; the one before opens nothing any more. Raises NotAllowed."""
    check_may_replace_recovery(vault.person.role)
    with editing(vault.folder) as header:
        code = new_recovery(header, vault.name, vault.compartment_key)
        write_header(vault, header, RecoveryReplaced())
        forget_before(vault.folder)
    return code


def new_recovery(header: Header, compartment: str, key: bytes) -> str:
    """Put a new recovery slot for a compartment into the header; return the code that opens it, shown once."""
    code = new_recovery_code()
    slot, _keys = new_slot(recovery_slot_id(compartment), RECOVERY, RECOVERY, code, None, header.vault)
    header.recovery = [each for each in header.recovery if each.id != slot.id] + [slot]
    wrap(header, compartment, key, slot)
    return code


def recover(folder: Path, *, code: str, user: str, passphrase: str, kdf: Kdf | None = None) -> tuple[Vault, str]:
    """Open a vault with its recovery code, give somebody a new passphrase, and return it with the next code.

    The person's keys are made anew, since their old ones lie under the forgotten passphrase; what they signed before
    stays theirs. Raises WrongPassphrase for a wrong code, NotFound for an unknown name.
    """
    from storage.tries import Tries
    from storage.vault import open_vault

    _check_passphrase(folder, passphrase, user)
    kdf = kdf or calibrate()
    with editing(folder) as header:
        old = find(header, user) if user or len(header.slots) != 1 else header.slots[0]
        recovery = next(slot for slot in header.recovery if slot.id == recovery_slot_id(CHILDREN))
        with Tries(folder).attempt(recovery.id):
            keys = recovery.open(code, header.vault)
        key = compartment_key(header, CHILDREN, recovery, keys)
        header.check(CHILDREN, key)
        slot, person_keys = new_slot(old.id, old.name, header.role_of(old), passphrase, kdf, header.vault)
        header.slots[header.slots.index(old)] = slot
        header.roles.pop(old.id, None)
        wrap(header, CHILDREN, key, slot)
        next_code = new_recovery(header, CHILDREN, key)
        header.generation += 1
        header.write(folder, {CHILDREN: key})
        forget_before(folder)
    vault = open_vault(folder, passphrase=passphrase, user=old.id)
    changed = build(PersonKeyChanged, {"person": old.id, "signing_key": b64(person_keys.signing_public)})
    with vault.write() as unit:
        unit.record(changed)
        unit.record(RecoveryReplaced())
    return vault, next_code


ROLES = tuple(Role)
