"""One open compartment: an encrypted database with its key, its chain, its anchor and its audit key (design: §3, §4).

Everything that a compartment does by itself is here; which there are, and what each adds, is in `storage.vault` (the
children's record) and `storage.register` (the adults' register).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine

from practice.acts import Act, Body
from practice.errors import ConsoleError, IntegrityAlarm, WrongPassphrase
from storage import chain, device_secret, ledger, secrets_table, shape
from storage.anchor import Anchor, Head
from storage.drafts import Drafts
from storage.engine import DATABASE_ERRORS, Prepare, make_engine, plain_errors
from storage.header import Header, SlotPerson, reread_header
from storage.keys import PersonKeys, Slot, hkdf
from storage.late import Late
from storage.ledger import Draft, Link, Problem
from storage.locks import OpenLock
from storage.look import Look
from storage.tries import Tries
from storage.unit import Unit
from storage.way_in import WayIn

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)


@dataclass
class VerifyReport:
    """What a verification found."""

    acts: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is as it was recorded."""
        return not self.problems


class OpenCompartment:
    """An open compartment of a vault. Safe to use from several threads; every call may block."""

    def __init__(
        self,
        name: str,
        folder: Path,
        header: Header,
        slot: Slot,
        keys: PersonKeys,
        key: bytes,
        clock: Clock,
        lock: OpenLock,
    ) -> None:
        self.name = name
        """Which compartment it is: `children` or `adults`."""
        self.folder = folder
        self.id = header.vault
        self.clock = clock
        self.person = SlotPerson(slot.id, slot.name, header.role_of(slot))
        self.alarm: IntegrityAlarm | None = None
        self.found: IntegrityAlarm | None = None
        self.anchor_lags = False
        self._header = header
        self._header_digest = header.digest(name)
        self._slot = slot
        self.way_in = WayIn(folder, name, slot)
        self._path = folder / f"{name}.db"
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()
        self._lock = lock
        self.compartment_key: bytes
        self._anchor: Anchor
        self._writer: Engine
        self._reader: Engine
        self._connect(key)
        self._look: Connection | None = None
        self._reads: Connection | None = None
        self._data_version = -1
        self.person_keys = keys
        self.device = ""
        self.author: ledger.Author
        self.late: Late
        self.drafts: Drafts

    # -- opening and closing -----------------------------------------------------------------------------------------

    def _connect(self, key: bytes) -> None:
        self.compartment_key = key
        self._anchor = Anchor(self.folder / f"{self.name}.anchor", key)
        database_key = hkdf(key, "database")
        self._writer = make_engine(self._path, database_key)
        self._reader = make_engine(self._path, database_key, query_only=True, prepare=self._reading())

    def _reading(self) -> Prepare | None:
        """Return what makes a reading connection ready for the person, where anything does."""
        return None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let go of the database and hold the vault alone while its files are rewritten; raises Refused."""
        with self._write_lock, self._read_lock, self._lock.alone():
            self._stop_reading()
            self._writer.dispose()
            yield

    def take_in_spool(self) -> None:
        """Take in what waits in the spool for this compartment, before its inbox gets another key."""

    def keys_held(self) -> dict[str, bytes]:
        """Return the keys of the compartments that are open here, each of which signs the header."""
        return {self.name: self.compartment_key}

    def former_keys(self) -> dict[str, bytes]:
        """Return what a rotation keeps of the key before it, by the name of the secret; nothing by default."""
        return {}

    def take_key(self, key: bytes, header: Header) -> None:
        """Go on with the compartment's new key."""
        self._connect(key)
        self.take_header(header)

    def take_header(self, header: Header) -> None:
        """Go on with a header that was written meanwhile."""
        self._header = header
        self._header_digest = header.digest(self.name)
        self._slot = next(slot for slot in header.slots if slot.id == self._slot.id)
        self.person = SlotPerson(self._slot.id, self._slot.name, header.role_of(self._slot))
        self.drafts = Drafts(self, header.compartments[self.name].inbox)

    def begin(self) -> None:
        """Make an opened compartment ready: its shape, its own keys, and whether it agrees with its anchor."""
        anchored: Head | None = None
        try:
            anchored = self.anchored()
        except IntegrityAlarm as alarm:
            self.alarm = alarm
        self._start()
        if anchored is not None:
            self._check_head(anchored)

    def anchor_header(self) -> None:
        """Let the anchor know of a header that was written without an act of this compartment."""
        with self.read() as connection:
            self._move_anchor(ledger.head(connection, self.device))

    def _start(self) -> None:
        """Bring the database to the present shape and read what the vault keeps for itself."""
        with plain_errors():
            if shape.pending(self._writer, self.name):
                with self._lock.alone():
                    self._migrate()
        with self.read() as connection:
            audit = secrets_table.get(connection, secrets_table.AUDIT)
            device = secrets_table.get(connection, secrets_table.DEVICE)
        if audit is None or device is None:
            raise IntegrityAlarm("The vault's own keys are missing from its database. Nothing was changed.")
        self.device = device.decode()
        self.author = ledger.Author(self.person.id, self.device, self.person_keys.signing, audit)
        self.late = Late(self.folder, self._late_name(), audit)
        self.drafts = Drafts(self, self._header.compartments[self.name].inbox)

    def _late_name(self) -> str:
        return self.person.id

    def _migrate(self) -> None:
        """Take the database to the present shape; raises ConsoleError, and then it is as it was."""
        shape.migrate(self._writer, self.name)

    def _check_head(self, anchored: Head) -> None:
        """Compare the record with the head that was kept beside it; an alarm stops writing, never reading."""
        try:
            if anchored.device != self.device:
                self._check_went_on(anchored)
            with self.read() as connection:
                noted = secrets_table.noted_revision(connection)
                if anchored.device == self.device:
                    chain.check_head(connection, anchored.device, anchored.seq, anchored.mac)
            revision = self._header.revision(self.name)
            replaced = anchored.header_generation == revision and anchored.header_digest != self._header_digest
            older = noted > revision and noted > reread_header(self.folder).revision(self.name)  # not changed meanwhile
            if anchored.header_generation > revision or replaced or older:
                raise IntegrityAlarm(
                    "The vault's header is not the one last used here: an older one was put back.",
                    hint="What is here can still be read. Put back the newest header.json before writing.",
                )
        except IntegrityAlarm as alarm:
            self.alarm = alarm

    def _check_went_on(self, anchored: Head) -> None:
        """Raise IntegrityAlarm unless this chain took over from the anchored one; then the anchor catches up.

        A machine that is renewed commits first, and may be stopped before its anchor has moved.
        """
        from storage.renewed import goes_on

        was = anchored.device, anchored.seq, anchored.mac
        with self.read() as connection:
            if not goes_on(connection, self.author.audit_key, self.device, *was):
                raise IntegrityAlarm(
                    "The anchor beside the record belongs to another copy of this vault.",
                    hint="What is here can still be read. Restore the latest backup before writing.",
                )
            head = ledger.head(connection, self.device)
        self._move_anchor(head)

    def close(self) -> None:
        """Empty the write-ahead log into the database and let go of every key and file."""
        with self._write_lock, self._read_lock:
            self._stop_reading()
            with contextlib.suppress(ConsoleError), plain_errors(), self._writer.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )
            self._writer.dispose()
            self._let_go()

    def _let_go(self) -> None:
        """Let go of the vault's lock."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check_passphrase(self, passphrase: str) -> bool:
        """Say whether this is the passphrase of the person who opened the vault."""
        device = device_secret.fetch(self.id, self._slot)
        try:
            with Tries(self.folder).attempt(self._slot.id):
                self._slot.open(passphrase, self.id, device)
        except WrongPassphrase:
            return False
        return True

    # -- recording and reading ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def write(self) -> Iterator[Unit]:
        """Open one transaction; when it has been committed, the anchor moves to the new head.

        Raises IntegrityAlarm while the record does not agree with its anchor, NotAllowed once the person was removed,
        and ConsoleError where the disk or another process stands in the way; then nothing of the transaction is kept.
        """
        if self.alarm is not None:
            raise self.alarm
        with self._write_lock, plain_errors():
            with self._writer.begin() as connection:
                self.way_in.check()  # inside the transaction: who is removed is removed within one too
                unit = Unit(self, connection)
                late = len(unit.record_many(self.late.waiting)) if self.late.waiting else 0
                yield unit
                self.before_commit(connection)
            self.after_commit()
            self.late.forget(late)
            if unit.head is not None:
                self._move_anchor(unit.head)

    def check_drafts(self, drafts: Sequence[Draft]) -> None:
        """Raise Refused where these acts may not be recorded here, whatever the role."""

    def may_open(self) -> set[str]:
        """Return the ids of those who can open the vault, as the header says that was last read."""
        return {slot.id for slot in self._header.slots}

    def keep_draft(self, name: str, content: bytes) -> None:
        """Keep a draft elsewhere too, where it must be; blank content says that it is let go. Raises OSError."""

    def before_commit(self, connection: Connection) -> None:
        """Do what else belongs into the transaction that is about to be committed."""

    def after_commit(self) -> None:
        """Do what follows a commit; what was committed stands, whatever becomes of it."""

    def _move_anchor(self, head: Link) -> None:
        """Keep the new head beside the record. What was committed stands even where the disk refuses this.

        An anchor that lags alarms nobody and is brought up by the next act; until then `verify` says that it lags.
        """
        try:
            revision = self._header.revision(self.name)
            self._anchor.move(Head(self.device, head.seq, head.mac, revision, self._header_digest))
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

    def read(self) -> Look:
        """Open one consistent, read-only look at the record; within another of the same thread it is the same look."""
        return Look(self)

    def _open_reading(self) -> Connection:
        """Return the connection that every look is on."""
        if self._reads is None:
            self._reads = self._reader.connect()
        return self._reads

    def _stop_reading(self) -> None:
        """Let go of the connection that every look is on; the next look opens another."""
        reads, self._reads = self._reads, None
        if reads is not None:
            with contextlib.suppress(*DATABASE_ERRORS):
                reads.close()
        self._reader.dispose()

    def changed(self) -> bool:
        """Say whether anything was committed since this was last asked, by this program or another."""
        with self._read_lock, plain_errors():
            (version,) = next(ledger.plain_rows(self._open_reading(), "PRAGMA data_version"))
        before, self._data_version = self._data_version, version
        return before not in (-1, version)

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
                # It goes through the record once: pages that were read are not asked for again.
                connection.exec_driver_sql("PRAGMA cache_size=-2048")
                connection.rollback()
                yield connection
        finally:
            engine.dispose()

    def signing_keys(self) -> dict[str, list[bytes]]:
        """Return every person's public keys: the ledger's, and the header's for those who have a slot."""
        from storage.views import organisation

        keys = organisation.signing_keys(self)
        for slot in self._header.slots:
            keys.setdefault(slot.id, []).append(slot.signing_key)
        return keys | self.chain_keys(keys)

    def chain_keys(self, _people: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
        """Return the keys that sign in one chain alone, named as `ledger.chain_keys` says."""
        return {}

    def check_header(self) -> None:
        """Raise IntegrityAlarm unless the header on the disk is whole and made by a holder of the key."""
        reread_header(self.folder).check(self.name, self.compartment_key)

    def anchored(self) -> Head:
        """Return the head that is kept beside the record; raises IntegrityAlarm without a whole one."""
        return self._anchor.read()

    def rest(self) -> None:
        """Let go of the pages that are kept in memory; they are read again when they are asked for."""
        from storage import memory

        with self._read_lock, plain_errors():
            next(ledger.plain_rows(self._open_reading(), "PRAGMA shrink_memory"), None)
        with self._write_lock, plain_errors(), self._writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("PRAGMA shrink_memory")
        memory.give_back()

    def checkpoint(self) -> bool:
        """Bring the write-ahead log into the database file; say whether it is empty now, with nobody reading in it."""
        with self._write_lock, plain_errors(), self._writer.connect() as connection:
            done = connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            )
            return not done.scalar_one()

    def compact(self) -> None:
        """Write every page of the database anew: what was deleted leaves no trace in slack between rows either."""
        with self._write_lock, plain_errors(), self._writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
