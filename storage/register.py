"""The adults' register: the vault's second compartment, for concerns about adults who work with children (R-40).

It has its own database, key, recovery code, unlock, anchor and audit. It is opened beside the children's record by
those who hold its key, and only they let somebody in, take them out, make its keys anew or recover it.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import PersonAdded, PersonKeyChanged, PersonRemoved, RecoveryReplaced, Restored, build
from practice.compartments import ADULTS, CHILDREN
from practice.errors import ConsoleError, NotAllowed, NotFound, Refused
from practice.roles import check_may_hold_register, check_may_let_in, check_may_make_register
from practice.vocabulary import Role
from storage import ledger, register_travel, reserve, rotation, secrets_table, shape
from storage.anchor import Head
from storage.atomic import private_file
from storage.compartment import OpenCompartment
from storage.engine import check_database_file, plain_errors
from storage.header import Compartment, Header, reread_header
from storage.ids import new_id
from storage.keys import PersonKeys, Slot, b64, new_key
from storage.ledger import Draft
from storage.opening import compartment_key, recovery_slot_id, wrap
from storage.people import editing, find, new_recovery, write_header
from storage.sealed import XWingPrivate
from storage.tries import Tries
from storage.unit import Unit
from storage.unlocking import unlock

if TYPE_CHECKING:
    from storage.vault import Vault

_BESIDE = "beside"
"""The secret that names the device of the children's record beside which the register was last written."""


def not_held() -> NotAllowed:
    """Return the one sentence for everybody who does not hold the key, whatever the register holds (R-40)."""
    return NotAllowed(
        "The adults' register was not opened: you do not hold its key.",
        title="Not opened",
        hint="The headteacher holds it, and says who else does.",
    )


class Register(OpenCompartment):
    """The open register, beside the open vault that it belongs to."""

    def __init__(self, vault: Vault, header: Header, slot: Slot, keys: PersonKeys, key: bytes) -> None:
        super().__init__(ADULTS, vault.folder, header, slot, keys, key, vault.clock, vault._lock)
        self.vault = vault

    def keys_held(self) -> dict[str, bytes]:
        """Return the keys of the compartments that are open here, each of which signs the header."""
        return {CHILDREN: self.vault.compartment_key, ADULTS: self.compartment_key}

    def former_keys(self) -> dict[str, bytes]:
        """Return the key of before, so that a copy on another machine can follow it to the next."""
        name = hashlib.sha256(b"dsl-console/register/past\0" + self.compartment_key).hexdigest()[:16]
        return {register_travel.PAST + name: self.compartment_key}

    def close(self) -> None:
        """Lay out what travels to other machines, where the headteacher said that it does; then let go of it."""
        register_travel.closing(self)
        super().close()

    def take_in_spool(self) -> None:
        """Take in what waits in the spool for this compartment, before its inbox gets another key."""
        register_travel.check_home(self)  # the first step of a rotation, which a copy follows and never makes
        from storage.desk.adult_reports import take_in

        take_in(self)

    def take_header(self, header: Header) -> None:
        """Go on with a header that was written meanwhile, and let the children's anchor know of it as well."""
        super().take_header(header)
        self.vault.take_header(header)
        with contextlib.suppress(ConsoleError):
            self.vault.anchor_header()

    def before_commit(self, connection: Connection) -> None:
        """Keep the file at a whole number of steps."""
        reserve.fill_step(connection)

    def after_commit(self) -> None:
        """Empty the log at once, since its size would tell how much was just recorded."""
        with contextlib.suppress(ConsoleError):
            self.checkpoint()

    def _migrate(self) -> None:
        """Take the database to the present shape, after a backup of the vault as it is; raises Refused without one."""
        from storage.backup import before_update

        if shape.pending(self._writer, ADULTS):  # another process may have done it meanwhile
            before_update(self.folder, self.vault.compartment_key, self.clock())
            super()._migrate()

    def _late_name(self) -> str:
        return f"{ADULTS}-{self.person.id}"

    def _let_go(self) -> None:
        """Leave the lock to the vault, which is still open."""

    def begin(self) -> None:
        """Make the register ready; where the vault was restored since, its acts go on as those of a new device."""
        super().begin()
        if self.alarm is None:
            with self.read() as connection:
                beside = secrets_table.get(connection, _BESIDE)
            if beside != self.vault.device.encode():
                self._go_on_elsewhere()
            self.after_commit()

    def _go_on_elsewhere(self) -> None:
        with self.read() as connection:
            before, device = self.device, ledger.head(connection, self.device)
        with self.vault.read() as connection:
            restored = list(ledger.acts_where(connection, "kind", [], [Restored.act_kind]))
        newest = max(restored, key=lambda act: act.order).body if restored else None
        sha256, made_at = (newest.sha256, newest.made_at) if isinstance(newest, Restored) else ("", "")
        self.device = new_id()
        self.author = ledger.Author(self.person.id, self.device, self.person_keys.signing, self.author.audit_key)
        said = Restored(sha256=sha256, made_at=made_at, device=before, seq=device.seq, mac=device.mac.hex())
        with self.write() as unit:
            secrets_table.put(unit.connection, secrets_table.DEVICE, self.device.encode())
            secrets_table.put(unit.connection, _BESIDE, self.vault.device.encode())
            unit.record(said)

    def rotation_due(self) -> bool:
        """Say whether somebody who may not open it any more still knows its key."""
        return rotation_due(self.vault)

    @property
    def phones(self) -> dict[str, str]:
        """The telephone numbers that the vault's header says to anybody."""
        return dict(self._header.public)


# -- who holds it ------------------------------------------------------------------------------------------------------


def exists(vault: Vault) -> bool:
    """Say whether the vault has a register; that is no secret."""
    return ADULTS in reread_header(vault.folder).compartments


def holds_register(vault: Vault) -> bool:
    """Say whether the person who opened the vault holds the register's key."""
    header = reread_header(vault.folder)
    return any(slot.id == vault.person.id and header.holds(ADULTS, slot) for slot in header.slots)


def way_in(vault: Vault) -> str:
    """Return how the person who opened the vault comes in: `open`, `make`, `recover`, or blank for who holds no key."""
    if holds_register(vault):
        return "open"
    if not exists(vault):
        return "make" if _may_make(vault) else ""
    return "recover" if _may_make(vault) else ""


def holders(vault: Vault) -> list[str]:
    """Return the names of those who hold the register's key; the header names them to everybody."""
    header = reread_header(vault.folder)
    return [slot.name for slot in header.slots if header.holds(ADULTS, slot)]


def rotation_due(vault: Vault) -> bool:
    """Say whether somebody who may not open the register any more still knows its key."""
    return ADULTS in reread_header(vault.folder).due()


# -- making and opening ------------------------------------------------------------------------------------------------


def create_register(vault: Vault, passphrase: str) -> tuple[Register, str]:
    """Make the register for the headteacher who opened the vault and gives their passphrase again; as `create_with`."""
    check_may_make_register(vault.person.role)
    return create_with(vault, unlock(vault.folder, passphrase, vault.person.id).keys)


def create_with(vault: Vault, keys: PersonKeys) -> tuple[Register, str]:
    """Make the register for the headteacher; return it open, with its recovery code, which is shown once.

    Raises NotAllowed for anybody else, WrongPassphrase, and Refused where there is one already.
    """
    check_may_make_register(vault.person.role)
    with editing(vault.folder) as header:
        if ADULTS in header.compartments:
            raise Refused("This vault has an adults' register already. Nothing was changed.")
        slot = find(header, vault.person.id)
        key, inbox = new_key(), XWingPrivate.generate()
        header.compartments[ADULTS] = Compartment(1, {}, inbox.public(), revision=1)
        wrap(header, ADULTS, key, slot)
        code = new_recovery(header, ADULTS, key)
        header.generation += 1
        for left in (".db", ".db-wal", ".db-shm", ".anchor"):  # by a set-up that was cut short before its header
            (vault.folder / f"{ADULTS}{left}").unlink(missing_ok=True)
        private_file(vault.folder / f"{ADULTS}.db")
        register = Register(vault, header, slot, keys, key)
        try:
            _first_acts(register, inbox, slot)
            header.write(vault.folder, register.keys_held())
            register.take_header(header)
            register.begin()
        except BaseException:
            register.close()
            raise
    return register, code


def _first_acts(register: Register, inbox: XWingPrivate, slot: Slot) -> None:
    """Make the database, with the keys that it keeps for itself and its first holder, and the anchor beside it."""
    with plain_errors():
        shape.migrate(register._writer, ADULTS, fresh=True)
    audit = new_key()
    register.device = new_id()
    register.author = ledger.Author(slot.id, register.device, register.person_keys.signing, audit)
    with plain_errors(), register._writer.begin() as connection:
        secrets_table.put(connection, secrets_table.AUDIT, audit)
        secrets_table.put(connection, secrets_table.DEVICE, register.device.encode())
        secrets_table.put(connection, _BESIDE, register.vault.device.encode())
        secrets_table.put(connection, secrets_table.INBOX_PREFIX + inbox.public().key_id.hex(), inbox.raw)
        unit = Unit(register, connection)
        unit.record_many([Draft(_added(slot, register._header))])
        register.before_commit(connection)
    register.after_commit()
    assert unit.head is not None
    digest = register._header.digest(ADULTS)
    register._anchor.create(Head(register.device, unit.head.seq, unit.head.mac, 1, digest))


def _added(slot: Slot, header: Header) -> PersonAdded:
    fields = {"person": slot.id, "name": slot.name, "role": header.role_of(slot), "signing_key": b64(slot.signing_key)}
    made: PersonAdded = build(PersonAdded, fields)
    return made


def open_register(vault: Vault, passphrase: str) -> Register:
    """Open the register for the person who opened the vault, who gives their passphrase again.

    Raises NotAllowed for whoever does not hold its key, NotFound for a headteacher who has not made it yet,
    WrongPassphrase, and IntegrityAlarm; with an older copy of it, it opens for reading with `alarm` set.
    """
    check_held(vault)
    return open_with(vault, unlock(vault.folder, passphrase, vault.person.id).keys)


def check_held(vault: Vault) -> None:
    """Raise NotAllowed for whoever does not hold the key, and NotFound for a headteacher who has not made it yet."""
    if not holds_register(vault):
        if not exists(vault) and _may_make(vault):
            raise NotFound(
                "There is no adults' register yet.", hint="Make it on People & keys, or: dsl-console adults create"
            )
        raise not_held()


def _may_make(vault: Vault) -> bool:
    try:
        check_may_make_register(vault.person.role)
    except NotAllowed:
        return False
    return True


def open_with(vault: Vault, keys: PersonKeys) -> Register:
    """Open the register with a person's own keys; raises as `open_register`."""
    header = reread_header(vault.folder)
    slot = find(header, vault.person.id)
    if not header.holds(ADULTS, slot):
        raise not_held()
    key = compartment_key(header, ADULTS, slot, keys)
    header.check(ADULTS, key)
    if rotation.unsettled(vault.folder, ADULTS):
        with vault._lock.alone():
            rotation.settle(vault.folder, ADULTS, key)
    register_travel.make_ready(vault, header, key)
    if not any((vault.folder / f"{ADULTS}{suffix}").exists() for suffix in (".db", ".anchor")):
        raise NotFound(
            "The adults' register stands on another machine of the school: it does not travel to this one.",
            hint="Open it there; the headteacher may let it travel. If it was made here, restore the latest backup.",
        )
    check_database_file(vault.folder, ADULTS)
    register = Register(vault, header, slot, keys, key)
    try:
        register.begin()
        if register.alarm is None:
            register_travel.take_in(register)
    except BaseException:
        register.close()
        raise
    return register


# -- letting in and taking out -----------------------------------------------------------------------------------------


def grant(register: Register, wanted: str) -> str:
    """Let somebody who can open the vault read the register too; return their name. Raises NotAllowed, Refused."""
    register_travel.check_home(register)
    with editing(register.folder) as header:
        slot = find(header, wanted)
        check_may_let_in(register.person.role, header.role_of(slot))
        if header.holds(ADULTS, slot):
            raise Refused(f"{slot.name} holds the register's key already. Nothing was changed.")
        wrap(header, ADULTS, register.compartment_key, slot)
        write_header(register, header, _added(slot, header))
    return slot.name


def let_dsl_read(register: Register) -> list[str]:
    """Let every DSL in, as the headteacher says when the register is made; return their names."""
    header = reread_header(register.folder)
    wanted = [slot.id for slot in header.slots if header.role_of(slot) == Role.DSL and not header.holds(ADULTS, slot)]
    return [grant(register, person) for person in wanted]


def revoke(register: Register, wanted: str, reason: str) -> tuple[str, str]:
    """Take the register's key from somebody and make a new one; return their name, and why the new one waits if so."""
    register_travel.check_home(register)
    with editing(register.folder) as header:
        check_may_make_register(register.person.role)
        slot = find(header, wanted)
        record = header.compartments[ADULTS]
        if slot.id == register.person.id:
            raise Refused("You cannot take the key from yourself. Nothing was changed.", hint="Let somebody else in.")
        if slot.id not in record.wrapped:
            raise Refused(f"{slot.name} does not hold the register's key. Nothing was changed.")
        removed = build(PersonRemoved, {"person": slot.id, "reason": reason})
        del record.wrapped[slot.id]
        record.holders.pop(slot.id, None)
        header.rotation_due = [*(name for name in header.rotation_due if name != ADULTS), ADULTS]
        write_header(register, header, removed)
    try:
        rotation.rotate(register, "Somebody's key was taken back.")
    except Refused as error:
        return slot.name, error.hint or error.message
    return slot.name, ""


def recover_register(vault: Vault, code: str, passphrase: str) -> tuple[Register, str]:
    """Give the register's key to the person who opened the vault and gives their passphrase; as `recover_with`."""
    return recover_with(vault, code, unlock(vault.folder, passphrase, vault.person.id).keys)


def recover_with(vault: Vault, code: str, keys: PersonKeys) -> tuple[Register, str]:
    """Give the register's key to the person who opened the vault and has its recovery code; return it and the next.

    Raises WrongPassphrase for a wrong code, NotFound without a register, NotAllowed by role.
    """
    check_may_hold_register(vault.person.role)
    with editing(vault.folder) as header:
        recovery = next((slot for slot in header.recovery if slot.id == recovery_slot_id(ADULTS)), None)
        if recovery is None:
            raise NotFound("There is no adults' register in this vault, so there is nothing to recover.")
        with Tries(vault.folder).attempt(recovery.id):
            recovered = recovery.open(code, header.vault)
        key = compartment_key(header, ADULTS, recovery, recovered)
        header.check(ADULTS, key)
        slot = find(header, vault.person.id)
        known = slot.id in header.compartments[ADULTS].holders
        wrap(header, ADULTS, key, slot)
        next_code = new_recovery(header, ADULTS, key)
        header.generation += 1
        header.compartments[ADULTS].revision += 1
        header.write(vault.folder, {CHILDREN: vault.compartment_key, ADULTS: key})
        vault.take_header(header)
        changed = {"person": slot.id, "signing_key": b64(slot.signing_key)}
        said = build(PersonKeyChanged, changed) if known else _added(slot, header)
    register = open_with(vault, keys)
    with register.write() as unit:
        unit.record(said)
        unit.record(RecoveryReplaced())
    return register, next_code
