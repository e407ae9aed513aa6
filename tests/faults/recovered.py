"""Which states of a disk are one and the same to a program that opens them: thousands are told apart in seconds.

SQLCipher itself brings each write-ahead log in; what it makes of the database is compared to the byte. Anchors are
compared as the program reads them, a rotation's new database as the program judges whether it is one, every other file
to the byte. So two states of one group differ only in what SQLite leaves out of a log, in its shared memory, which it
makes anew, in a slot of an anchor that is not whole, in a database that the program throws away, in locks, and in
hidden work files, which take a name of their own once they are whole. Who uses this opens a sample of each group too.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher

from practice.errors import ConsoleError
from storage.anchor import Anchor
from storage.engine import PAGE_SIZE
from storage.header import FILE_NAME
from storage.keys import hkdf
from storage.opening import compartment_key
from storage.rotation import is_record
from storage.unlocking import unlock
from tests.conftest import PASSPHRASE, PERSON
from tests.faults.operations import NEW
from tests.faults.power_cut import Left, Remains, digest


def _digest_of(parts: list[tuple[str, bytes]]) -> bytes:
    return digest(b"".join(path.encode() + b"\0" + each + b"\0" for path, each in parts))


_OURS = {"db", "db-wal", "anchor", "db.next", "db.next-wal", "db.next-journal"}


class Groups:
    """Tells states apart; `scratch` is a folder of its own."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._keys: dict[tuple[bytes, str], bytes | None] = {}
        self._known: dict[tuple[bytes, ...], bytes] = {}

    def of(self, remains: Remains) -> tuple[bytes, bytes]:
        """Return what all states have in common that are the same to a program, and that of their databases alone."""
        parts = sorted(self._parts(remains))
        databases = [part for part in parts if part[0].endswith(".db")]
        return _digest_of(parts), _digest_of(databases)

    def _parts(self, remains: Remains) -> Iterator[tuple[str, bytes]]:
        for path, left in remains.items():
            if path.endswith(("-shm", "lock")) or any(part.startswith(".") for part in path.split("/")):
                continue
            yield path, b"folder" if left is None else self._part(remains, path, left)

    def _part(self, remains: Remains, path: str, left: Left) -> bytes:
        folder, _, name = path.rpartition("/")
        compartment, _, ending = name.partition(".")
        beside = f"{folder}/{compartment}."
        header = remains.get(f"{folder}/{FILE_NAME}")
        key = self._key(header, compartment) if header and ending in _OURS else None
        if key is None:
            return left.digest
        if ending == "anchor":
            return self._anchor(left, key)
        if ending.startswith("db.next"):
            return self._next(remains, f"{beside}db.next", key)
        log = remains.get(f"{beside}db-wal")
        if ending == "db-wal":
            return b"brought in" if f"{beside}db" in remains else left.digest
        if log is None or not log.content:
            return left.digest
        # What the program looks at before it opens a database is told apart too.
        return bytes(left.content[:16]) + bytes([len(left.content) < PAGE_SIZE]) + self._recovered(left, log, key)

    def _next(self, remains: Remains, path: str, key: bytes) -> bytes:
        """Return whether a rotation's new database is one, and then what SQLCipher makes of it."""
        files = [(ending, left) for ending in ("", "-wal", "-journal") if (left := remains.get(path + ending))]
        asked = (key, *(ending.encode() + left.digest for ending, left in files))
        if asked not in self._known:
            made = self._fresh() / "x.db.next"
            for ending, left in files:
                made.with_name(made.name + ending).write_bytes(left.content)
            self._known[asked] = digest(made.read_bytes()) if is_record(made, key) else b"none"
        return self._known[asked]

    def _fresh(self) -> Path:
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        return self._scratch

    def _key(self, header: Left, compartment: str) -> bytes | None:
        """Return a compartment's key as the program unwraps it; None where it does not."""
        asked = header.digest, compartment
        if asked not in self._keys:
            folder = self._fresh()
            (folder / FILE_NAME).write_bytes(header.content)
            self._keys[asked] = None
            for passphrase in (PASSPHRASE, NEW):
                with contextlib.suppress(ConsoleError):
                    found = unlock(folder, passphrase, PERSON)
                    self._keys[asked] = compartment_key(found.header, compartment, found.slot, found.keys)
                    break
        return self._keys[asked]

    def _anchor(self, left: Left, key: bytes) -> bytes:
        asked = left.digest, key
        if asked not in self._known:
            path = self._fresh() / "x.anchor"
            path.write_bytes(left.content)
            self._known[asked] = f"{len(left.content)} {Anchor(path, key)._slots()}".encode()
        return self._known[asked]

    def _recovered(self, database: Left, log: Left, key: bytes) -> bytes:
        asked = database.digest, log.digest, key
        if asked not in self._known:
            path = self._fresh() / "x.db"
            path.write_bytes(database.content)
            path.with_name("x.db-wal").write_bytes(log.content)
            connection = sqlcipher.connect(str(path))
            try:
                connection.execute("PRAGMA cipher_log_level=NONE")
                connection.set_key(bytearray(b"x'" + hkdf(key, "database").hex().encode() + b"'"))
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.close()
                self._known[asked] = digest(path.read_bytes())
            except sqlcipher.DatabaseError:
                connection.close()
                self._known[asked] = database.digest + log.digest
        return self._known[asked]
