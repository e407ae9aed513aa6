"""The vault: create and open it, and the children's record within. The one way in (design: §4)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import PersonAdded, SchoolSet, build
from practice.compartments import CHILDREN
from practice.errors import ConsoleError, Refused, WrongPassphrase
from practice.roles import STRANGER
from storage import failures, notes, rotation, scope, secrets_table, shape
from storage.anchor import Head
from storage.atomic import private_file, private_folder
from storage.compartment import Clock, OpenCompartment, VerifyReport, utc_now
from storage.drafts import PLACE, inbox_info
from storage.engine import Prepare, check_database_file, plain_errors
from storage.header import FILE_NAME, Compartment, Header, SlotPerson, public_settings, read_header
from storage.ids import new_id
from storage.keys import Kdf, PersonKeys, Slot, b64, calibrate, new_key, new_recovery_code, new_slot, passphrase_faults
from storage.ledger import Author, Draft
from storage.locks import OpenLock
from storage.look import Look
from storage.opening import RECOVERY, compartment_key, recovery_slot_id, wrap
from storage.places import check_open, check_place
from storage.sealed import XWingPrivate, XWingPublic
from storage.unit import Unit
from storage.unlocking import Unlocked, unlock
from storage.visits.terms import check_open as check_visit
from storage.visits.terms import ended, terms_of

if TYPE_CHECKING:
    from practice.calendars import SchoolCalendar
    from storage.visits.opened import Visit
    from storage.visits.sealing import Sealer

__all__ = [
    "Clock",
    "SlotPerson",
    "Unit",
    "Vault",
    "VerifyReport",
    "create",
    "exists",
    "open_vault",
    "people_of",
    "utc_now",
]


class Vault(OpenCompartment):
    """An open vault: its children's record, and what the vault knows of itself."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        slot: Slot,
        keys: PersonKeys,
        key: bytes,
        clock: Clock,
        lock: OpenLock,
    ) -> None:
        self.visit: Visit | None = None
        super().__init__(CHILDREN, folder, header, slot, keys, key, clock, lock)
        self.caution = ""
        self._sealer: Sealer | None = None

    def _reading(self) -> Prepare | None:
        return scope.scoped(self)

    def _start(self) -> None:
        super()._start()
        terms = terms_of(self._header)
        if terms is None or self.visit is not None:
            return
        from storage.visits.opened import Visit
        from storage.visits.sealing import Sealer

        visit = Visit(self, terms)
        if visit.over:
            raise ended()
        self.visit, self._sealer = visit, Sealer(self.folder, terms)
        if self.alarm is None:
            with self.write() as unit:
                self._sealer.settle(unit.connection)

    def read(self) -> Look:
        """Open one consistent, read-only look at the record; raises Refused once a visit has ended."""
        if self.visit is not None:
            self.visit.check()
        return super().read()

    @contextlib.contextmanager
    def write(self) -> Iterator[Unit]:
        """Open one transaction, as a compartment does; raises Refused once a visit has ended."""
        if self.visit is not None:
            self.visit.check()
        with super().write() as unit:
            yield unit

    def check_drafts(self, drafts: Sequence[Draft]) -> None:
        """On a visit, raise Refused for what waits for the school."""
        if self.visit is not None:
            self.visit.check_drafts(drafts)

    def before_commit(self, connection: Connection) -> None:
        """On a visit, seal for the school what is about to be committed."""
        if self.visit is not None and self._sealer is not None:
            self.visit.keep_time(connection)
            self._sealer.before_commit(connection)

    def after_commit(self) -> None:
        """On a visit, let what was sealed stand."""
        if self._sealer is not None:
            self._sealer.after_commit()

    def keep_draft(self, name: str, content: bytes) -> None:
        """On a visit, keep a draft sealed for the school too: it comes home with the rest."""
        if self.visit is not None and not name.startswith(PLACE):
            from storage.visits.sealing import keep_draft

            terms = self.visit.terms
            keep_draft(self.folder, terms, name, content, inbox_info(terms.school, CHILDREN))

    def keep_time(self) -> None:
        """On a visit, keep how far time has gone, so that a clock that is turned back wins nothing."""
        if self.visit is not None and self.alarm is None:
            with self.write():
                pass

    def chain_keys(self, people: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
        """Return the keys of visit sets; on a visit, the one under which the school's acts were packed."""
        from storage.views import visits

        found = visits.signing_keys(self, people)
        if self.visit is not None:
            found |= self.visit.chain_keys()
        return found

    def take_in_spool(self) -> None:
        """Take in what waits in the spool for this compartment, before its inbox gets another key."""
        from storage.desk.triage import take_in

        take_in(self)

    def _migrate(self) -> None:
        """Take the database to the present shape, after a backup of it as it is; raises Refused without one.

        A visit set is not backed up: the copy would outlast its key, and all of it is at school or sealed for it.
        """
        from storage.backup import before_update

        if shape.pending(self._writer):  # another process may have done it meanwhile
            if terms_of(self._header) is None:
                before_update(self.folder, self.compartment_key, self.clock())
            super()._migrate()

    @property
    def school(self) -> SchoolSet:
        """The organisation that holds this vault, with its telephone numbers."""
        from storage.views import organisation

        return organisation.school(self)

    @property
    def inbox(self) -> XWingPublic:
        """The public key to which anyone seals what is for this vault."""
        return self._header.compartments[CHILDREN].inbox

    @property
    def own_kdf(self) -> Kdf:
        """The cost at which the passphrase of the person who opened the vault is derived."""
        return self._slot.kdf or Kdf()

    def calendar(self) -> SchoolCalendar:
        """Return the school's calendar: its own terms and closures, or the default of its nation."""
        from storage.calendars import school_calendar
        from storage.views import organisation

        return school_calendar(organisation.calendar(self), self.clock().year)


def people_of(folder: Path) -> list[SlotPerson]:
    """Return who may open the vault in this folder; raises NotFound, or IntegrityAlarm for a damaged header."""
    header = read_header(folder)
    return [SlotPerson(slot.id, slot.name, header.role_of(slot)) for slot in header.slots]


def exists(folder: Path) -> bool:
    """Say whether there is a vault in this folder."""
    return (folder / FILE_NAME).exists()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise Refused(
            "The folder for the vault cannot be written, or its drive is full. No vault was made.",
            hint="Choose another folder, or free some room there.",
        ) from None


@_writing()
def create(
    folder: Path,
    *,
    school: SchoolSet,
    user: str,
    passphrase: str,
    role: str = "dsl",
    kdf: Kdf | None = None,
    clock: Clock = utc_now,
) -> tuple[Vault, str]:
    """Make a vault for a school and its first person; return it open, with the recovery code that is shown once.

    Raises Refused where there is one already, the passphrase is weak or the place is not fit for a live vault, or
    cannot be written.
    """
    if exists(folder):
        raise Refused("There is a vault in this folder already. Nothing was changed.")
    if faults := passphrase_faults(passphrase, school.name, user):
        raise Refused(" ".join(faults))
    if not user.strip() or not school.name:
        raise Refused("A vault needs the school's name and the person's name.")
    check_place(folder)
    private_folder(folder)
    kdf = kdf or calibrate()
    vault_id, person, device = new_id(), new_id(), new_id()
    slot, keys = new_slot(person, user.strip(), role, passphrase, kdf, vault_id)
    code = new_recovery_code()
    recovery, _ = new_slot(recovery_slot_id(CHILDREN), RECOVERY, RECOVERY, code, None, vault_id)
    key = new_key()
    inbox = XWingPrivate.generate()
    header = Header(vault_id, 1, [slot], [recovery], {CHILDREN: Compartment(1, {}, inbox.public())})
    header.public = public_settings(school)
    for each in (slot, recovery):
        wrap(header, CHILDREN, key, each)
    for left in ("", "-wal", "-shm"):  # by a set-up that was cut short before its header
        (folder / f"{CHILDREN}.db{left}").unlink(missing_ok=True)
    private_file(folder / f"{CHILDREN}.db")  # its log takes the same permissions
    lock = OpenLock(folder)
    lock.share()
    vault = Vault(folder, header, slot, keys, key, clock, lock)
    with plain_errors():
        shape.migrate(vault._writer, fresh=True)
    audit = new_key()
    vault.device = device
    vault.author = Author(person, device, keys.signing, audit)
    with plain_errors(), vault._writer.begin() as connection:
        secrets_table.put(connection, secrets_table.AUDIT, audit)
        secrets_table.put(connection, secrets_table.DEVICE, device.encode())
        secrets_table.put(connection, secrets_table.INBOX_PREFIX + inbox.public().key_id.hex(), inbox.raw)
        unit = Unit(vault, connection)
        added = build(
            PersonAdded,
            {"person": person, "name": user.strip(), "role": role, "signing_key": b64(keys.signing_public)},
        )
        unit.record_many([Draft(school), Draft(added)])
    assert unit.head is not None
    vault._anchor.create(Head(device, unit.head.seq, unit.head.mac, 1, header.digest()))
    for name in ("spool", "spool/reports", "spool/outbox", "spool/inbox", "drafts"):
        private_folder(folder / name)
    header.write(folder, {CHILDREN: key})
    vault._start()
    return vault, code


def open_vault(
    folder: Path, *, passphrase: str = "", user: str = "", clock: Clock = utc_now, unlocked: Unlocked | None = None
) -> Vault:
    """Open the vault in this folder for a person; `unlocked` is the first half, where the caller has done it.

    Raises NotFound without a vault, WrongPassphrase, and IntegrityAlarm for a damaged or changed one. Where the record
    is older than its anchor it still opens for reading, with `alarm` set; in a folder that a cloud copies it opens with
    `caution` set; on a network drive it is Refused.
    """
    caution = check_open(folder)
    check_visit(folder, clock())
    unlocked = unlocked or unlock(folder, passphrase, user)
    lock = OpenLock(folder)
    lock.share()
    try:
        vault = _open(folder, unlocked, clock, lock)
        vault.caution = caution
        return vault
    except BaseException:
        lock.close()
        raise


def _open(folder: Path, unlocked: Unlocked, clock: Clock, lock: OpenLock) -> Vault:
    header = read_header(folder)  # read again under the lock: the keys may have been rotated meanwhile
    slot = next((slot for slot in header.slots if slot.id == unlocked.slot.id), None)
    if slot is None or slot.commitment != unlocked.slot.commitment:
        raise WrongPassphrase("Your way into this vault was changed just now. Nothing was opened.", hint="Try again.")
    keys = unlocked.keys
    key = compartment_key(header, CHILDREN, slot, keys)
    header.check(CHILDREN, key)
    if rotation.unsettled(folder, CHILDREN):
        with lock.alone():
            rotation.settle(folder, CHILDREN, key)
    check_database_file(folder, CHILDREN)
    vault = Vault(folder, header, slot, keys, key, clock, lock)
    try:
        vault.begin()
        failures.record(vault, {STRANGER, *(each.id for each in (*header.slots, *header.recovery))})
        _finish_erasure(vault)
    except BaseException:
        vault.close()
        raise
    return vault


def _finish_erasure(vault: Vault) -> None:
    """Remove what an erasure that was cut short left beside the database; what cannot be removed yet waits."""
    with vault.read() as connection:
        unfinished = connection.exec_driver_sql(
            "SELECT 1 FROM machine_notes WHERE name = ? AND value <> ''", (notes.FINISH,)
        ).first()
    if unfinished and vault.alarm is None:
        from storage.desk.erasure import finish

        with contextlib.suppress(ConsoleError):
            finish(vault)
