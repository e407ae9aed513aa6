"""Reading a backup: its header and manifest, its own key, and every page and act of the database that it holds.

Used before a backup counts as made, by a restore, and by the drill that proves one.
"""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, Refused
from storage import chain, container, erasing, ledger, secrets_table
from storage.container import Container
from storage.engine import connect, make_engine, plain_errors
from storage.header import FILE_NAME, HEADER_LIMIT, Header, read_header
from storage.keys import KEY_SIZE, PersonKeys, Slot, b64, hkdf, unb64
from storage.sealed import canonical

FORMAT = "dsl-console/backup"
VERSION = 1


@dataclass(frozen=True)
class Held:
    """What a checked database holds: how many acts, and the head of its own device's chain."""

    acts: int
    device: str
    seq: int
    mac: str


def key_info(vault: str, ident: str) -> bytes:
    """Return the context to which a backup's wrapped key is bound."""
    return canonical("dsl-console/backup/v1", vault, CHILDREN, ident)


def manifest_mac(manifest: dict[str, Any], key: bytes) -> str:
    """Return the MAC of a manifest under the compartment's key, so that nobody else can write one."""
    signed = {name: value for name, value in manifest.items() if name != "mac"}
    return b64(hmac.digest(hkdf(key, "backup"), canonical(sorted(signed.items())), "sha256"))


def _held(connection: Connection, acts: int) -> Held:
    device = secrets_table.get(connection, secrets_table.DEVICE)
    if device is None:
        raise container.damaged()
    head = ledger.head(connection, device.decode())
    return Held(acts, device.decode(), head.seq, head.mac.hex())


def look(database: Path, key: bytes) -> Held:
    """Return what a copy says that it holds, unchecked."""
    engine = make_engine(database, key)
    try:
        with engine.connect() as connection:
            acts = int(connection.exec_driver_sql("SELECT count(*) FROM acts").scalar_one())
            return _held(connection, acts)
    finally:
        engine.dispose()
        drop_side_files(database)


def check_database(database: Path, key: bytes) -> Held:
    """Check every page and every act of a copied database and return what it holds; raises IntegrityAlarm.

    The pages are checked in a thread meanwhile, so that two cores share the work.
    """
    engine = make_engine(database, key)
    try:
        with plain_errors(), engine.connect() as connection, ThreadPoolExecutor(1) as beside:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # from here on two may read it at once
            pages = beside.submit(_check_pages, database, key)
            try:
                audit = secrets_table.get(connection, secrets_table.AUDIT)
                acts, problems = chain.verify_chain(connection, audit or b"", erased=erasing.erased(connection))
            finally:
                pages.result()  # a damaged page is told of as such, whatever came of reading it
            if audit is None or problems:
                said = problems[0].text if problems else "The vault's own keys are missing."
                raise IntegrityAlarm(
                    f"The record in the backup is not as it was recorded. {said}",
                    hint="Run dsl-console verify on the vault itself, and keep an older backup.",
                )
            return _held(connection, acts)
    finally:
        engine.dispose()
        drop_side_files(database)


def _check_pages(database: Path, key: bytes) -> None:
    """Raise IntegrityAlarm unless every page's MAC is right."""
    connection = connect(database, key)
    try:
        with plain_errors():
            if connection.execute("PRAGMA cipher_integrity_check").fetchall():
                raise container.damaged()
    finally:
        connection.close()


def drop_side_files(database: Path) -> None:
    """Remove the log and the index that SQLite keeps beside a database that was just closed."""
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def header_of(found: Container, work: Path) -> Header:
    """Return the header within a backup, read with all the care that a vault's own gets."""
    inner = work / "header"
    inner.mkdir(mode=0o700, exist_ok=True)
    (inner / FILE_NAME).write_bytes(container.content(found, FILE_NAME, HEADER_LIMIT))
    return read_header(inner)


def check_manifest(found: Container, header: Header, key: bytes) -> None:
    """Raise unless header and manifest belong together and were written by a holder of the compartment's key."""
    manifest = found.manifest
    try:
        if manifest["format"] != FORMAT or manifest["v"] != VERSION:
            raise Refused("This backup was made by a newer dsl-console.", hint="Update dsl-console here.")
        right = manifest["vault"] == header.vault and manifest_mac(manifest, key) == manifest["mac"]
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise container.damaged()
    header.check(CHILDREN, key)


def unwrap(found: Container, slot: Slot, keys: PersonKeys) -> bytes:
    """Return the backup's own key as it was wrapped to a slot; raises IntegrityAlarm."""
    manifest = found.manifest
    try:
        key = keys.xwing.decrypt(unb64(manifest["keys"][slot.id]), key_info(manifest["vault"], manifest["id"]))
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise container.damaged() from None
    if len(key) != KEY_SIZE:
        raise container.damaged()
    return key
