"""The vault: create, open, record, read, verify, lock. The one way in (design: §4)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from practice.acts import Act, Body, PersonAdded, SchoolSet, build
from practice.calendars import SchoolCalendar
from practice.errors import ConsoleError, IntegrityAlarm, Refused, WrongPassphrase
from practice.roles import check_may_record
from storage import failures, ledger, migrations, rotation, scope, secrets_table, views
from storage.anchor import Anchor, Head
from storage.atomic import private_file, private_folder
from storage.drafts import Drafts
from storage.engine import PAGE_SIZE, looks_plain, make_engine, plain_errors
from storage.header import FILE_NAME, Compartment, Header, public_settings, read_header
from storage.ids import new_id
from storage.keys import (
    Kdf,
    PersonKeys,
    Slot,
    b64,
    calibrate,
    hkdf,
    new_key,
    new_recovery_code,
    new_slot,
    passphrase_faults,
)
from storage.late import Late
from storage.ledger import Draft, Link, Problem
from storage.locks import OpenLock
from storage.opening import CHILDREN, RECOVERY, compartment_key, recovery_slot_id, wrap
from storage.places import check_open, check_place
from storage.sealed import XWingPrivate
from storage.tries import Tries
from storage.unlocking import Unlocked, unlock
from storage.views.base import apply

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class SlotPerson:
    """Somebody who may open a vault, as its header names them."""

    id: str
    name: str
    role: str


@dataclass
class VerifyReport:
    """What a verification found."""

    acts: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is as it was recorded."""
        return not self.problems


class Unit:
    """One transaction: acts recorded together, with whatever else must stand or fall with them."""

    def __init__(self, vault: Vault, connection: Connection) -> None:
        self._vault = vault
        self.connection = connection
        self.head: Link | None = None

    def record(
        self,
        body: Body,
        *,
        child: str | None = None,
        entry: str | None = None,
        event: str | None = None,
        captured_at: datetime | None = None,
    ) -> Act:
        """Append one act and bring the views up to date."""
        return self.record_many([Draft(body, child, entry, event, captured_at)])[0]

    def record_many(self, drafts: Sequence[Draft]) -> list[Act]:
        """Append several acts in their order; the views are brought up to date once. Raises NotAllowed by role."""
        for kind in {draft.body.act_kind for draft in drafts}:
            check_may_record(self._vault.person.role, kind)
        acts, self.head = ledger.append(self.connection, self._vault.author, drafts, self._vault.clock())
        apply(self.connection, acts)
        return acts


class Vault:
    """An open vault. Safe to use from several threads; every call may block."""

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
        self.folder = folder
        self.id = header.vault
        self.clock = clock
        self.person = SlotPerson(slot.id, slot.name, header.role_of(slot))
        self.alarm: IntegrityAlarm | None = None
        self.caution = ""
        self.anchor_lags = False
        self._header = header
        self._header_digest = header.digest()
        self._slot = slot
        self._path = folder / f"{CHILDREN}.db"
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()
        self._lock = lock
        self.compartment_key: bytes
        self._anchor: Anchor
        self._writer: Engine
        self._reader: Engine
        self._connect(key)
        self._data_version = -1
        self.person_keys = keys
        self.device = ""
        self.author: ledger.Author
        self.drafts: Drafts
        self.late: Late

    # -- opening and closing -----------------------------------------------------------------------------------------

    def _connect(self, key: bytes) -> None:
        self.compartment_key = key
        self._anchor = Anchor(self.folder / f"{CHILDREN}.anchor", key)
        database_key = hkdf(key, "database")
        self._writer = make_engine(self._path, database_key)
        self._reader = make_engine(self._path, database_key, query_only=True, prepare=scope.scoped(self))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let go of the database and hold the vault alone while its files are rewritten; raises Refused."""
        with self._write_lock, self._read_lock, self._lock.alone():
            self._writer.dispose()
            self._reader.dispose()
            yield

    def take_key(self, key: bytes, header: Header) -> None:
        """Go on with the compartment's new key."""
        self._connect(key)
        self.take_header(header)

    def take_header(self, header: Header) -> None:
        """Go on with a header that was written meanwhile."""
        self._header = header
        self._header_digest = header.digest()
        self._slot = next(slot for slot in header.slots if slot.id == self._slot.id)
        self.person = SlotPerson(self._slot.id, self._slot.name, header.role_of(self._slot))
        self.drafts = Drafts(self, header.compartments[CHILDREN].inbox)

    def _start(self) -> None:
        """Bring the database to the present shape and read what the vault keeps for itself."""
        with plain_errors():
            if migrations.pending(self._writer):
                with self._lock.alone():
                    self._migrate()
        with self.read() as connection:
            audit = secrets_table.get(connection, secrets_table.AUDIT)
            device = secrets_table.get(connection, secrets_table.DEVICE)
        if audit is None or device is None:
            raise IntegrityAlarm("The vault's own keys are missing from its database. Nothing was changed.")
        self.device = device.decode()
        self.author = ledger.Author(self.person.id, self.device, self.person_keys.signing, audit)
        self.late = Late(self.folder, self.person.id, audit)
        self.drafts = Drafts(self, self._header.compartments[CHILDREN].inbox)

    def _migrate(self) -> None:
        """Take the database to the present shape, after a backup of it as it is; raises Refused without one."""
        from storage.backup import before_update

        if migrations.pending(self._writer):  # another process may have done it meanwhile
            before_update(self.folder, self.compartment_key, self.clock())
            migrations.migrate(self._writer)

    def _check_head(self, anchored: Head) -> None:
        """Compare the record with the head that was kept beside it; an alarm stops writing, never reading."""
        try:
            if anchored.device != self.device:
                raise IntegrityAlarm(
                    "The anchor beside the record belongs to another copy of this vault.",
                    hint="What is here can still be read. Restore the latest backup before writing.",
                )
            with self.read() as connection:
                ledger.check_head(connection, anchored.device, anchored.seq, anchored.mac)
            replaced = anchored.header_generation == self._header.generation
            replaced = replaced and anchored.header_digest != self._header_digest
            if anchored.header_generation > self._header.generation or replaced:
                raise IntegrityAlarm(
                    "The vault's header is not the one last used here: an older one was put back.",
                    hint="What is here can still be read. Put back the newest header.json before writing.",
                )
        except IntegrityAlarm as alarm:
            self.alarm = alarm

    def close(self) -> None:
        """Empty the write-ahead log into the database and let go of every key and file."""
        with self._write_lock, self._read_lock:
            self._reader.dispose()
            with contextlib.suppress(ConsoleError), plain_errors(), self._writer.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )
            self._writer.dispose()
            self._lock.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check_passphrase(self, passphrase: str) -> bool:
        """Say whether this is the passphrase of the person who opened the vault."""
        try:
            with Tries(self.folder).attempt(self._slot.id):
                self._slot.open(passphrase, self.id)
        except WrongPassphrase:
            return False
        return True

    # -- recording and reading ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def write(self) -> Iterator[Unit]:
        """Open one transaction; when it has been committed, the anchor moves to the new head.

        Raises IntegrityAlarm while the record does not agree with its anchor, and ConsoleError where the disk or
        another process stands in the way; then nothing of the transaction is kept.
        """
        if self.alarm is not None:
            raise self.alarm
        with self._write_lock, plain_errors():
            with self._writer.begin() as connection:
                unit = Unit(self, connection)
                late = len(unit.record_many(self.late.waiting)) if self.late.waiting else 0
                yield unit
            self.late.forget(late)
            if unit.head is not None:
                self._move_anchor(unit.head)

    def _move_anchor(self, head: Link) -> None:
        """Keep the new head beside the record. What was committed stands even where the disk refuses this.

        An anchor that lags alarms nobody and is brought up by the next act; until then `verify` says that it lags.
        """
        try:
            self._anchor.move(Head(self.device, head.seq, head.mac, self._header.generation, self._header_digest))
            self.anchor_lags = False
        except OSError:
            self.anchor_lags = True

    def record(
        self,
        body: Body,
        *,
        child: str | None = None,
        entry: str | None = None,
        event: str | None = None,
        captured_at: datetime | None = None,
    ) -> Act:
        """Record one act, durably; raises as `write`."""
        with self.write() as unit:
            return unit.record(body, child=child, entry=entry, event=event, captured_at=captured_at)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open one consistent, read-only look at the record."""
        with self._read_lock, plain_errors(), self._reader.begin() as connection:
            yield connection

    def changed(self) -> bool:
        """Say whether anything was committed since this was last asked, by this program or another."""
        with self._read_lock, plain_errors(), self._reader.connect() as connection:
            found = connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("PRAGMA data_version")
            version = int(found.scalar_one())
        before, self._data_version = self._data_version, version
        return before not in (-1, version)

    # -- what the vault knows of itself ------------------------------------------------------------------------------

    @property
    def school(self) -> SchoolSet:
        """The organisation that holds this vault, with its telephone numbers."""
        return views.organisation.school(self)

    def calendar(self) -> SchoolCalendar:
        """Return the school's calendar: its own terms and closures, or the default of its nation."""
        from storage.calendars import school_calendar

        return school_calendar(views.organisation.calendar(self), self.clock().year)

    # -- verifying ---------------------------------------------------------------------------------------------------

    def verify(
        self,
        *,
        rebuild: bool = False,
        signatures: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> VerifyReport:
        """Check every page, header, anchor and chain; with `rebuild` the views too, with `signatures` each act's."""
        from storage.verifying import verify

        return verify(self, rebuild=rebuild, signatures=signatures, progress=progress or (lambda _text: None))

    @contextlib.contextmanager
    def long_read(self, *, query_only: bool = True) -> Iterator[Connection]:
        """Open a look at the record on a connection of its own, so that long reading never holds up anybody."""
        engine = make_engine(self._path, hkdf(self.compartment_key, "database"), query_only=query_only)
        try:
            with plain_errors(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def signing_keys(self) -> dict[str, list[bytes]]:
        """Return every person's public keys: the ledger's, and the header's for those who have a slot."""
        keys = views.organisation.signing_keys(self)
        for slot in self._header.slots:
            keys.setdefault(slot.id, []).append(slot.signing_key)
        return keys

    def check_header(self) -> None:
        """Raise IntegrityAlarm unless the header on the disk is whole and made by a holder of the key."""
        read_header(self.folder).check(CHILDREN, self.compartment_key)

    def anchored(self) -> Head:
        """Return the head that is kept beside the record; raises IntegrityAlarm without a whole one."""
        return self._anchor.read()

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the database file."""
        with self._write_lock, plain_errors(), self._writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            )


def people_of(folder: Path) -> list[SlotPerson]:
    """Return who may open the vault in this folder; raises NotFound, or IntegrityAlarm for a damaged header."""
    header = read_header(folder)
    return [SlotPerson(slot.id, slot.name, header.role_of(slot)) for slot in header.slots]


def exists(folder: Path) -> bool:
    """Say whether there is a vault in this folder."""
    return (folder / FILE_NAME).exists()


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

    Raises Refused where there is one already, the passphrase is weak or the place is not fit for a live vault.
    """
    if exists(folder):
        raise Refused("There is a vault in this folder already. Nothing was changed.")
    if faults := passphrase_faults(passphrase):
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
        migrations.migrate(vault._writer, fresh=True)
    audit = new_key()
    vault.device = device
    vault.author = ledger.Author(person, device, keys.signing, audit)
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
    if rotation.unsettled(folder):
        with lock.alone():
            rotation.settle(folder, key)
    path = folder / f"{CHILDREN}.db"
    if not path.exists() or path.stat().st_size < PAGE_SIZE or looks_plain(path):
        raise IntegrityAlarm(
            "The children's database is missing from the vault, or is not the encrypted one.",
            hint="Nothing was created in its place. Put the file back, or restore the latest backup.",
        )
    vault = Vault(folder, header, slot, keys, key, clock, lock)
    try:
        anchored: Head | None = None
        try:
            anchored = vault.anchored()
        except IntegrityAlarm as alarm:
            vault.alarm = alarm
        vault._start()
        if anchored is not None:
            vault._check_head(anchored)
        failures.record(vault, {each.id for each in (*header.slots, *header.recovery)})
    except BaseException:
        vault.close()
        raise
    return vault
