"""What the hub's operator does beside the serving hub: invite, close, look, back up, and start a new epoch."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from secrets import choice, token_hex
from typing import Any

from practice.errors import ConsoleError, NotFound, Refused
from sync.hub.opening import is_postgres
from sync.hub.routing import is_org
from sync.hub.sqlite_writer import at_once, connect, counts, database_path

# Crockford's letters: nothing that is misread on paper or misheard on the telephone.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 4, 5
SHORTEST, LONGEST, USUAL = timedelta(minutes=15), timedelta(days=14), timedelta(days=7)


def hash_of(code: str) -> str:
    """How a code is kept: hashed, after the slips of a typing hand are taken out. A code holds 100 random bits."""
    typed = code.upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    return sha256(b"scx invite v1:" + typed.encode("utf-8", "replace")).hexdigest()


def invite(database: str, org: str, lifetime: timedelta = USUAL) -> str:
    """A one-time code with which this organisation may enrol its keys; the database keeps only its hash."""
    if not is_org(org):
        raise Refused("That is not written as an organisation's code. No invite was made.")
    if not SHORTEST <= lifetime <= LONGEST:
        raise Refused("An invite lasts from 15 minutes to 14 days. No invite was made.")
    code = "-".join("".join(choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    row = (hash_of(code), org, int(time.time() + lifetime.total_seconds()))
    if is_postgres(database):
        from sync.hub.postgres import operating

        operating.invite(database, row)
        return code
    at_once(database_path(database), lambda db: db.execute("INSERT INTO invites VALUES (?, ?, ?, NULL)", row))
    return code


def close(database: str, org: str) -> None:
    """Take no more messages for an organisation; what waits can still be fetched."""

    if is_postgres(database):
        from sync.hub.postgres import operating

        operating.close(database, org, int(time.time()))
        return

    def job(db: sqlite3.Connection) -> None:
        now = int(time.time())
        if not db.execute("UPDATE orgs SET closed_at = ? WHERE org = ?", (now, org)).rowcount:
            raise NotFound("No such organisation is enrolled at this hub.")

    at_once(database_path(database), job, create=False)


def new_epoch(database: str) -> str:
    """Start a new epoch, after this database was put back together with everything beside it.

    On SQLite the hub must not serve; hubs on PostgreSQL take it up while they do.
    """
    if is_postgres(database):
        from sync.hub.postgres import operating

        return operating.new_epoch(database)

    def job(db: sqlite3.Connection) -> str:
        epoch = token_hex(8)
        db.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))
        return epoch

    return at_once(database_path(database), job, create=False)


def status(database: str) -> dict[str, Any]:
    """Counts only: organisations, what waits and since when (unix seconds), open invites, bytes of ciphertext held."""
    if is_postgres(database):
        from sync.hub.postgres import operating

        return operating.status(database)
    with closing(connect(database_path(database), create=False)) as db:
        epoch = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        return {"epoch": epoch[0] if epoch else None, **counts(db)}


def backup(database: str, target: Path) -> int:
    """Copy the hub's database while it serves, and check the copy; its size in bytes.

    It holds the hub's signing key, so only its owner reads it. Raises Refused where the file is there already or the
    copy is not whole, and of PostgreSQL, which is backed up with its own tools.
    """
    if is_postgres(database):
        raise Refused(
            "A hub on PostgreSQL is backed up with PostgreSQL's own tools. No backup was made.",
            hint="Use pg_dump --format=custom --schema=scx, or pg_basebackup with archived WAL; see docs/hub.md.",
        )
    try:
        private = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("That file is there already. No backup was made.", hint="Give another name.") from None
    except OSError:
        raise Refused("No backup was made: that folder cannot be written.", hint="Check the folder.") from None
    os.close(private)
    try:
        with closing(connect(database_path(database), create=False)) as db, closing(sqlite3.connect(target)) as copy:
            db.backup(copy)
            whole = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except (sqlite3.Error, ConsoleError):
        target.unlink(missing_ok=True)
        raise
    if not whole:
        target.unlink(missing_ok=True)
        raise Refused("The copy was not whole, so it was removed. The hub goes on as it was.", hint="Try again.")
    return target.stat().st_size
