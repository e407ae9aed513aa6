"""Copying what a backup holds, as of one moment: the database under another key, and what goes along as it is."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from practice.compartments import CHILDREN
from practice.errors import Refused
from storage import container
from storage.atomic import private_file
from storage.engine import connect
from storage.header import Header

CARRIED = ("drafts", "spool/reports", "spool/outbox", "spool/inbox", "spool/visits")
_STABLE_TRIES = 5
_OPS = 20_000
"""SQLite instructions between two looks at whether to stop: about a millisecond."""

Stop = Callable[[], bool]


class Stopped(Refused):
    """Somebody stopped the work; nothing of it was kept."""


def never() -> bool:
    """Go on."""
    return False


def copy_database(database: Path, key: bytes, made: Path, made_key: bytes, stop: Stop = never) -> None:
    """Copy every row as of one moment into a new database under another key, which goes in as a bound value."""
    private_file(made)
    connection = connect(database, key)
    try:
        connection.set_progress_handler(lambda: int(stop()), _OPS)
        connection.execute("ATTACH DATABASE ? AS made KEY ?", (str(made), "x'" + made_key.hex() + "'"))
        # A copy that is cut short is thrown away, so it needs no journal.
        connection.execute("PRAGMA made.journal_mode=OFF")
        connection.execute("PRAGMA made.synchronous=OFF")
        connection.execute("BEGIN")
        try:
            version = int(connection.execute("PRAGMA main.user_version").fetchone()[0])
            connection.execute("SELECT sqlcipher_export('made')").fetchone()
            connection.execute(f"PRAGMA made.user_version={version}")
            connection.execute("COMMIT")
        except BaseException:
            if stop():
                raise Stopped("The backup was stopped; nothing of it was kept, and the record is as it was.") from None
            raise
        connection.execute("DETACH DATABASE made")
    finally:
        connection.close()


def carry_compartments(folder: Path, work: Path, header: Header) -> dict[str, Path]:
    """Copy the other compartments as the ciphertext that they are; return where each copy lies."""
    others = [name for name in header.compartments if name != CHILDREN and (folder / f"{name}.db").exists()]
    return {each: work / each for name in others for each in _stable_copies(folder, work, name)}


def carry_along(folder: Path, work: Path) -> dict[str, Path]:
    """Copy what goes along as it is: drafts, the spool; return where each copy lies."""
    sources: dict[str, Path] = {}
    for part in CARRIED:
        for path in sorted((folder / part).glob("*")):
            name = f"{part}/{path.name}"
            if path.is_symlink() or not path.is_file() or not container.NAME.fullmatch(name):
                continue
            copied = work / f"file-{len(sources)}"
            with contextlib.suppress(FileNotFoundError):  # delivered or dropped in this moment
                shutil.copyfile(path, copied)
                sources[name] = copied
    return sources


def _stable_copies(folder: Path, work: Path, name: str) -> list[str]:
    """Copy a compartment that is not ours to open: again until neither its database nor its log moved meanwhile."""
    wanted = [f"{name}.db", f"{name}.db-wal", f"{name}.anchor"]
    for _ in range(_STABLE_TRIES):
        before = [_stamp(folder / each) for each in wanted]
        there = [each for each, stamp in zip(wanted, before, strict=True) if stamp is not None]
        for each in there:
            shutil.copyfile(folder / each, work / each)
        if before == [_stamp(folder / each) for each in wanted]:
            return there
    raise Refused("Another part of this vault is being written without a pause. No backup was made.", hint="Try again.")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns
