"""One SQLite file, one thread that writes: whatever waits is committed together, and answered only after the commit.

`synchronous=FULL` in WAL mode syncs at each commit, so what a client was told is stored survives a power cut;
committing in groups makes that affordable, and with a single writer no client ever meets a locked database.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from practice.errors import NotFound, Refused

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
GROUP = 512
BUSY_SECONDS = 20
# After so many changed rows what was committed is copied from the log into the file, and at the latest in the commit
# that leaves so many pages in the log (SQLite's own way, at 1,000 pages, would hold every eighth batch's answer up).
COPY_ROWS, COPY_PAGES = 1800, 8000

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orgs (
  org TEXT PRIMARY KEY, key_set TEXT NOT NULL, serial INTEGER NOT NULL, identity TEXT NOT NULL,
  transport TEXT NOT NULL, enrolled_at INTEGER NOT NULL, closed_at INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invites (
  hash TEXT PRIMARY KEY, org TEXT NOT NULL, expires_at INTEGER NOT NULL, used_by TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
  pos INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, mid TEXT NOT NULL, recipient TEXT NOT NULL,
  ctr TEXT NOT NULL, class TEXT NOT NULL, sha256 TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'collected', 'closed', 'expired', 'cancelled')),
  expires_at INTEGER NOT NULL, stored_at INTEGER NOT NULL, UNIQUE (sender, mid)) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON ledger (recipient, pos) WHERE state IN ('queued', 'collected');
CREATE INDEX IF NOT EXISTS by_contract ON ledger (ctr) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS by_expiry ON ledger (expires_at) WHERE state IN ('queued', 'collected');
CREATE TABLE IF NOT EXISTS bodies (pos INTEGER PRIMARY KEY, jose TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS revocations (
  ctr TEXT NOT NULL, org TEXT NOT NULL, revoked_at INTEGER NOT NULL, jws TEXT NOT NULL,
  PRIMARY KEY (ctr, org)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acked (org TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
  org TEXT NOT NULL, jti TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (org, jti)) STRICT, WITHOUT ROWID;
"""


def database_path(database: str) -> Path:
    """The file of `sqlite:///path` or of a plain path; other kinds of database are Refused."""
    if database.startswith("sqlite:///"):
        database = database.removeprefix("sqlite:///")
    if not database or "://" in database:
        raise Refused(
            "The hub cannot use that kind of database. Nothing was changed.",
            hint="Give a file, as sqlite:///path or a plain path.",
        )
    return Path(database).expanduser()


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """Open the hub's file, made for its owner only; durable at each commit, and what is deleted is overwritten."""
    if not path.exists():
        if not create:
            raise NotFound("There is no hub database there.", hint="Name the file that `hub serve` was given.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        # What a savepoint may have to put back is kept in memory, or every page that changes is written to /var/tmp.
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.executescript(SCHEMA)
    except sqlite3.DatabaseError as fault:
        raise Refused("The hub's database cannot be opened. Nothing was changed.") from fault
    return connection


def at_once(path: Path, job: Job[T], *, create: bool = True) -> T:
    """Run one job in a transaction of its own, beside a serving hub if there is one."""
    with closing(connect(path, create=create)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = job(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return found


class Writer:
    """The thread that writes, and two connections that read beside it: one in a thread, one for single rows."""

    def __init__(self, path: Path, committed: Callable[[sqlite3.Connection], None] | None = None) -> None:
        self.path = path
        self._connection = connect(path)
        self._connection.execute(f"PRAGMA wal_autocheckpoint={COPY_PAGES}")
        self._copied = 0
        self._reader = connect(path)
        self._reader.execute("PRAGMA query_only=ON")
        self._reading = threading.Lock()
        self._looker = connect(path)
        self._looker.execute("PRAGMA query_only=ON")
        self._committed = committed
        self._jobs: queue.SimpleQueue[tuple[Job[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hub-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Job[T]) -> T:
        """Run a job in the next commit; it returns once that commit is on the disk."""
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return await asyncio.wrap_future(future)

    async def read(self, job: Job[T]) -> T:
        """Run a job that only reads, in a thread."""
        return await asyncio.to_thread(self._read, job)

    def look(self, job: Job[T]) -> T:
        """Run a job that looks up a row by its key: a thread would cost ten times as much as the row."""
        return job(self._looker)

    def close(self) -> None:
        """Finish what waits, then close the file."""
        self._jobs.put(None)
        self._thread.join()
        with self._reading:
            self._reader.close()
        self._looker.close()
        self._connection.close()

    def _read(self, job: Job[T]) -> T:
        with self._reading:
            return job(self._reader)

    def _run(self) -> None:
        ended = False
        while not ended:
            group = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(group) < GROUP:
                    group.append(self._jobs.get_nowait())
            ended = None in group
            running = [item for item in group if item is not None and item[1].set_running_or_notify_cancel()]
            if running:
                self._commit(running)

    def _commit(self, group: list[tuple[Job[Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job, future in group:
                outcomes.append((future, *(self._one(job) if len(group) > 1 else self._alone(job))))
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error as fault:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, future in group:
                future.set_exception(fault)
            return
        if self._committed is not None:
            self._committed(self._connection)
        for future, found, fault_of_one in outcomes:
            if fault_of_one is not None:
                future.set_exception(fault_of_one)
            else:
                future.set_result(found)
        self._copy()

    def _copy(self) -> None:
        """Copy from the log into the file, after the answer, while the next is read.

        On the connection that writes: beside it, SQLite before 3.51.3 may lose what is written meanwhile (its "WAL
        reset" fault). Where it fails, nothing is lost, and the log only goes on growing until the next time.
        """
        changed = self._connection.total_changes
        if changed - self._copied >= COPY_ROWS:
            self._copied = changed
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _alone(self, job: Job[Any]) -> tuple[Any, Exception | None]:
        """A job that is its group: if it fails, the whole transaction is taken back."""
        try:
            return job(self._connection), None
        except Exception as fault:
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError("the transaction was rolled back") from fault
            self._connection.execute("ROLLBACK")
            return None, fault

    def _one(self, job: Job[Any]) -> tuple[Any, Exception | None]:
        """One job in a savepoint: if it fails, the others of its group stand, and its asker is told why."""
        self._connection.execute("SAVEPOINT one")
        try:
            found = job(self._connection)
        except Exception as fault:
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError("the transaction was rolled back") from fault
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return None, fault
        self._connection.execute("RELEASE one")
        return found, None


def counts(db: sqlite3.Connection) -> dict[str, Any]:
    """Count what a hub holds: organisations, messages by state, what waits and since when, invites, bytes."""
    states = dict(tuple(row) for row in db.execute("SELECT state, count(*) FROM ledger GROUP BY state"))
    oldest = db.execute("SELECT min(stored_at) FROM ledger WHERE state = 'queued'").fetchone()[0]
    open_invites = "SELECT count(*) FROM invites WHERE used_by IS NULL AND expires_at > ?"
    return {
        "organisations": db.execute("SELECT count(*) FROM orgs WHERE closed_at IS NULL").fetchone()[0],
        "waiting": states.get("queued", 0),
        "oldest_waiting": oldest,
        "states": states,
        "open_invites": db.execute(open_invites, (int(time.time()),)).fetchone()[0],
        "bytes": db.execute("SELECT coalesce(sum(length(jose)), 0) FROM bodies").fetchone()[0],
    }
