"""New keys for a compartment, and its database encrypted again, interruptible at every step (storage: §9).

The new database and its anchor are made beside the old ones and checked; writing the header is the one step that
counts. Killed before it, the new files are thrown away at the next opening; killed after it, they are put in place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from practice.acts import KeysRotated
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm
from practice.roles import check_may_record
from storage import ledger, secrets_table
from storage.anchor import Anchor, Head
from storage.atomic import private_file, replace, sync_folder
from storage.engine import PAGE_SIZE, connect, make_engine, plain_errors
from storage.header import Compartment, Header
from storage.keys import hkdf, new_key
from storage.opening import wrap
from storage.sealed import XWingPrivate

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment

NEXT = ".next"
FOLLOWED = ".followed"


def reached(_step: str) -> None:
    """Do nothing: a place where a test may end the process."""


def rotate(vault: OpenCompartment, reason: str, progress: Callable[[str], None] = lambda _text: None) -> int:
    """Make new keys for an open compartment, for everyone who still holds it, without their passphrases.

    What waits in the spool is taken in first; what comes late, sealed to the inbox key of before, is still read, since
    that key is kept. Returns the generation of the new key.

    Raises Refused where the vault is open elsewhere, NotAllowed by role; then nothing was changed.
    """
    from storage.people import editing

    check_may_record(vault.person.role, "keys_rotated")
    progress("Taking in sealed reports")
    vault.take_in_spool()
    with vault.alone(), editing(vault.folder) as header:
        database, anchor = _paths(vault.folder, vault.name)
        _discard(vault.folder, vault.name)
        key = new_key()
        inbox = XWingPrivate.generate()
        generation = header.compartments[vault.name].generation + 1
        progress("Encrypting the record under the new key")
        _export(database, vault.compartment_key, key)
        reached("exported")
        progress("Checking the new copy")
        head = _finish_copy(vault, database, key, inbox, KeysRotated(generation=generation, reason=reason))
        reached("checked")
        _rewrap(header, vault.name, key, inbox, generation)
        Anchor(anchor.with_name(anchor.name + NEXT), key).create(
            Head(head.device, head.seq, head.mac, header.revision(vault.name), header.digest(vault.name))
        )
        reached("anchored")
        header.write(vault.folder, vault.keys_held() | {vault.name: key})
        reached("committed")
        _put_in_place(vault.folder, vault.name)
        vault.take_key(key, header)
    return generation


def follow(vault: OpenCompartment, header: Header, key: bytes) -> None:
    """Encrypt this machine's database again under a key that another machine of the school made, with its header.

    Interruptible at every step, as `rotate` is. Raises Refused where the vault is open elsewhere.
    """
    from storage.people import editing

    with vault.alone(), editing(vault.folder):
        database, anchor = _paths(vault.folder, vault.name)
        _discard(vault.folder, vault.name)
        _export(database, vault.compartment_key, key)
        reached("exported")
        head = _check_copy(database.with_name(database.name + NEXT), key, vault.device)
        reached("checked")
        Anchor(anchor.with_name(anchor.name + NEXT), key).create(
            Head(head.device, head.seq, head.mac, header.revision(vault.name), header.digest(vault.name))
        )
        reached("anchored")
        header.write(vault.folder, {vault.name: key})
        reached("committed")
        _put_in_place(vault.folder, vault.name)
        vault.take_key(key, header)


def follow_file(folder: Path, compartment: str, header: Header, old: bytes, key: bytes) -> None:
    """Encrypt a closed compartment's database again under the header's key, which was made on another machine.

    Interruptible at every step: until the database has taken its name, the one under the old key is whole and this is
    done again. The caller holds the vault alone. Raises IntegrityAlarm.
    """
    database, anchor = _paths(folder, compartment)
    made = database.with_name(database.name + FOLLOWED)
    for left in (made, *_side_files(made)):
        left.unlink(missing_ok=True)
    connection = connect(database, hkdf(old, "database"))
    try:
        device = bytes(connection.execute("SELECT value FROM secrets WHERE name = 'device'").fetchone()[0]).decode()
    finally:
        connection.close()
    _export(database, old, key, made)
    reached("exported")
    head = _check_copy(made, key, device)
    Anchor(anchor, key).create(
        Head(head.device, head.seq, head.mac, header.revision(compartment), header.digest(compartment))
    )
    reached("anchored")
    for path in _side_files(database):
        path.unlink(missing_ok=True)
    replace(made, database)
    sync_folder(folder)


def _check_copy(made: Path, key: bytes, device: str) -> Head:
    """Check every page of a new copy; return the head of this machine's chain in it."""
    engine = make_engine(made, hkdf(key, "database"))
    try:
        with plain_errors(), engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            if plain.exec_driver_sql("PRAGMA cipher_integrity_check").fetchall():
                raise IntegrityAlarm("The new copy of the record did not come out whole. Nothing was changed.")
            end = ledger.head(connection, device)
    finally:
        engine.dispose()
    return Head(device, end.seq, end.mac, 0, bytes(32))


def unsettled(folder: Path, compartment: str) -> bool:
    """Say whether a rotation of this compartment was cut short."""
    database, _anchor = _paths(folder, compartment)
    return database.with_name(database.name + NEXT).exists()


def settle(folder: Path, compartment: str, key: bytes) -> None:
    """Finish or forget a rotation that was cut short: the one whose database the header's key reads is the record.

    A copy that was only begun is an empty file, which any key reads: it never takes the place of the record. Where
    neither is the record, both stay as they are.
    """
    database, _anchor = _paths(folder, compartment)
    if is_record(database.with_name(database.name + NEXT), key):
        _put_in_place(folder, compartment)
    elif is_record(database, key):
        _discard(folder, compartment)


def is_record(database: Path, key: bytes) -> bool:
    """Say whether a file is a database that was made to its end, under a compartment's key."""
    if not database.exists() or database.stat().st_size < PAGE_SIZE:
        return False
    try:
        connection = connect(database, hkdf(key, "database"))
    except IntegrityAlarm:
        return False
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0]) > 0
    finally:
        connection.close()


def _paths(folder: Path, compartment: str) -> tuple[Path, Path]:
    return folder / f"{compartment}.db", folder / f"{compartment}.anchor"


def _export(database: Path, old: bytes, new: bytes, made: Path | None = None) -> None:
    """Copy every row of the database into a new file under the new key; beside it, where no other is named."""
    made = made or database.with_name(database.name + NEXT)
    private_file(made)
    reached("begun")
    with plain_errors():
        connection = connect(database, hkdf(old, "database"))
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            # The key goes in as a bound value: as SQL text it would stay in memory (storage: trap 2).
            secret = "x'" + hkdf(new, "database").hex() + "'"
            connection.execute("ATTACH DATABASE ? AS made KEY ?", (str(made), secret))
            connection.execute("SELECT sqlcipher_export('made')").fetchone()
            reached("half exported")
            connection.execute(f"PRAGMA made.user_version={version}")
            connection.execute("DETACH DATABASE made")
        finally:
            connection.close()


def _finish_copy(vault: OpenCompartment, database: Path, key: bytes, inbox: XWingPrivate, rotated: KeysRotated) -> Head:
    """Record the rotation in the new copy, give it the new inbox key, and check every page of it."""
    from storage.unit import Unit

    made = database.with_name(database.name + NEXT)
    engine = make_engine(made, hkdf(key, "database"))
    try:
        with plain_errors(), engine.begin() as connection:
            unit = Unit(vault, connection)
            unit.record(rotated)
            secrets_table.put(connection, secrets_table.INBOX_PREFIX + inbox.public().key_id.hex(), inbox.raw)
            for name, former in vault.former_keys().items():
                secrets_table.put(connection, name, former)
            vault.before_commit(connection)
        with plain_errors(), engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            if plain.exec_driver_sql("PRAGMA cipher_integrity_check").fetchall():
                raise IntegrityAlarm("The new copy of the record did not come out whole. Nothing was changed.")
    finally:
        engine.dispose()
    assert unit.head is not None
    return Head(vault.device, unit.head.seq, unit.head.mac, 0, bytes(32))


def _rewrap(header: Header, compartment: str, key: bytes, inbox: XWingPrivate, generation: int) -> None:
    """Give the new key to every slot that held the old one, under the very public key that its holders know."""
    before = header.compartments[compartment]
    holders = [slot for slot in (*header.slots, *header.recovery) if header.holds(compartment, slot)]
    made = Compartment(generation, {}, inbox.public())
    if compartment != CHILDREN:
        made.revision, made.former = before.revision + 1, [*before.former, before.inbox.key_id.hex()]
    header.compartments[compartment] = made
    for slot in holders:
        wrap(header, compartment, key, slot)
    header.rotation_due = [name for name in header.rotation_due if name != compartment]
    header.generation += 1


def _side_files(database: Path) -> list[Path]:
    return [database.with_name(database.name + suffix) for suffix in ("-wal", "-shm")]


def _discard(folder: Path, compartment: str) -> None:
    database, anchor = _paths(folder, compartment)
    made = database.with_name(database.name + NEXT)
    for path in (*_side_files(made), anchor.with_name(anchor.name + NEXT), made):
        path.unlink(missing_ok=True)


def _put_in_place(folder: Path, compartment: str) -> None:
    """Rename the anchor, then the database: while the new database's name stands, this can be done again."""
    database, anchor = _paths(folder, compartment)
    next_anchor = anchor.with_name(anchor.name + NEXT)
    if next_anchor.exists():
        replace(next_anchor, anchor)
        sync_folder(folder)  # the new database must not be there after a power cut without its anchor
    reached("anchor in place")
    for path in _side_files(database):
        path.unlink(missing_ok=True)
    replace(database.with_name(database.name + NEXT), database)
    sync_folder(folder)
    reached("in place")
