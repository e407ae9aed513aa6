"""The SQLite store: one file, one writing thread, for a hub of one process (protocol: §6; store.py)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from practice.errors import NotFound
from sync.hub.limits import Limits, Problem
from sync.hub.sqlite_put import put
from sync.hub.sqlite_writer import Writer, connect, counts
from sync.hub.store import (
    DAY,
    SHOWN,
    Member,
    Offered,
    Page,
    Stored,
    check_enrolment,
    check_new_keys,
    refusal,
)

MAX_TOKENS = 100_000


class SqliteStore:
    """The SQLite store. Methods are coroutines; each is one job of the writer or of the reader.

    Tokens live in memory: one process serves a file, and after a restart clients ask for another.
    """

    look_again = 60.0

    def __init__(self, path: Path, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._marker = EpochMarker(path)
        self._writer = Writer(path, self._marker.committed)
        self.limits = limits
        self.clock = clock
        self.epoch = ""
        self.arrived: Callable[[str | None], None] = lambda _: None
        self._tokens: dict[str, tuple[str, int]] = {}

    async def start(self) -> None:
        self.epoch = await self._writer.write(self._marker.take_up)
        await self.sweep()

    async def close(self) -> None:
        with suppress(sqlite3.Error, NotFound), closing(connect(self._path, create=False)) as db:
            self._marker.settle(db)
        self._writer.close()

    async def check(self) -> None:
        await self._writer.read(lambda db: _meta(db, "epoch"))

    def announce(self, orgs: set[str]) -> None:
        for org in orgs:
            self.arrived(org)

    async def keep_token(self, token_hash: str, org: str, expires_at: int) -> None:
        now = self.clock()
        if len(self._tokens) >= MAX_TOKENS or len(self._tokens) % 256 == 255:
            self._tokens = {token: held for token, held in self._tokens.items() if held[1] > now}
        if len(self._tokens) >= MAX_TOKENS:
            raise Problem(503, "busy", "The hub is busy; try again shortly.", retry_after=30)
        self._tokens[token_hash] = (org, expires_at)

    async def token_holder(self, token_hash: str) -> tuple[str, int] | None:
        return self._tokens.get(token_hash)

    async def set_meta_once(self, key: str, value: str) -> str:
        def job(db: sqlite3.Connection) -> str:
            db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (key, value))
            return _meta(db, key) or value

        return await self._writer.write(job)

    async def member(self, org: str) -> Member | None:
        return self._writer.look(lambda db: _member(db, org))

    async def first_use(self, org: str, jti: str, expires_at: int) -> bool:
        def job(db: sqlite3.Connection) -> bool:
            found = db.execute("INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (org, jti, expires_at))
            return found.rowcount == 1

        return await self._writer.write(job)

    async def invited(self, code_hash: str) -> str | None:
        def job(db: sqlite3.Connection) -> str | None:
            where = (code_hash, int(self.clock()))
            row = db.execute("SELECT org FROM invites WHERE hash = ? AND expires_at > ?", where).fetchone()
            return str(row["org"]) if row else None

        return await self._writer.read(job)

    async def enrol(self, code_hash: str, member: Member) -> None:
        await self._writer.write(lambda db: self._enrol(db, code_hash, member))

    def _enrol(self, db: sqlite3.Connection, code_hash: str, member: Member) -> None:
        now = int(self.clock())
        row = db.execute("SELECT org, expires_at, used_by FROM invites WHERE hash = ?", (code_hash,)).fetchone()
        user = check_enrolment(member, now, tuple(row) if row else None, _member(db, member.org))
        if user is None:
            return
        db.execute("UPDATE invites SET used_by = ? WHERE hash = ?", (user, code_hash))
        row = (member.org, member.key_set, member.serial, member.identity, member.transport, now)
        db.execute("INSERT OR REPLACE INTO orgs VALUES (?, ?, ?, ?, ?, ?, NULL)", row)

    async def put_keys(self, org: str, key_set: str, serial: int, identity: str, expected: int) -> None:
        def job(db: sqlite3.Connection) -> None:
            known = _member(db, org)
            if check_new_keys(known, key_set, serial, identity, expected):
                db.execute("UPDATE orgs SET key_set = ?, serial = ? WHERE org = ?", (key_set, serial, org))

        await self._writer.write(job)

    async def put(self, offered: Sequence[Offered]) -> list[Stored]:
        return await self._writer.write(lambda db: put(db, offered, int(self.clock()), self.limits))

    async def page(self, org: str, after: int, limit: int) -> Page:
        page = await self._writer.read(lambda db: self._page(db, org, after, limit))
        return await self._writer.write(lambda db: self._collect(db, org, after, limit)) if page.fresh else page

    def _page(self, db: sqlite3.Connection, org: str, after: int, limit: int) -> Page:
        rows = db.execute(
            "SELECT pos, state, jose FROM ledger JOIN bodies USING (pos) WHERE recipient = ? AND pos > ?"
            " AND state IN ('queued', 'collected') AND expires_at > ? ORDER BY pos LIMIT ?",
            (org, after, int(self.clock()), limit),
        )
        items: list[tuple[int, str]] = []
        size, fresh = 0, False
        for row in rows:
            size += len(row["jose"]) + 100
            if items and size > self.limits.page_bytes * 3 // 4:
                break
            items.append((int(row["pos"]), str(row["jose"])))
            fresh = fresh or row["state"] == "queued"
        through = db.execute("SELECT through FROM acked WHERE org = ?", (org,)).fetchone()
        return Page(items, int(through["through"]) if through else 0, fresh)

    def _collect(self, db: sqlite3.Connection, org: str, after: int, limit: int) -> Page:
        page = self._page(db, org, after, limit)
        served = [(pos,) for pos, _ in page.items]
        db.executemany("UPDATE ledger SET state = 'collected' WHERE pos = ? AND state = 'queued'", served)
        return page

    async def ack(self, org: str, positions: Sequence[int]) -> int:
        def job(db: sqlite3.Connection) -> int:
            mine = [
                pos
                for pos in positions
                if db.execute("SELECT 1 FROM ledger WHERE pos = ? AND recipient = ?", (pos, org)).fetchone()
            ]
            for pos in mine:
                db.execute("DELETE FROM bodies WHERE pos = ?", (pos,))
                db.execute(
                    "UPDATE ledger SET state = 'closed' WHERE pos = ? AND state IN ('queued', 'collected')", (pos,)
                )
            if mine:
                db.execute(
                    "INSERT INTO acked VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET through = max(through, excluded.through)",
                    (org, max(mine)),
                )
            through = db.execute("SELECT through FROM acked WHERE org = ?", (org,)).fetchone()
            return int(through["through"]) if through else 0

        return await self._writer.write(job)

    async def status(self, org: str, mids: Sequence[str]) -> dict[str, str]:
        def job(db: sqlite3.Connection) -> dict[str, str]:
            found = {}
            for mid in mids:
                row = db.execute("SELECT state FROM ledger WHERE sender = ? AND mid = ?", (org, mid)).fetchone()
                state = str(row["state"]) if row else "unknown"
                found[mid] = SHOWN.get(state, state)
            return found

        return await self._writer.read(job)

    async def counts(self) -> dict[str, Any]:
        return await self._writer.read(counts)

    async def cancel(self, org: str, mid: str) -> None:
        def job(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT pos, state FROM ledger WHERE sender = ? AND mid = ?", (org, mid)).fetchone()
            if row is None:
                raise refusal("unknown-message")
            if row["state"] in ("collected", "closed"):
                raise refusal("collected")
            db.execute("DELETE FROM bodies WHERE pos = ?", (row["pos"],))
            db.execute("UPDATE ledger SET state = 'cancelled' WHERE pos = ? AND state = 'queued'", (row["pos"],))

        await self._writer.write(job)

    async def revoke(self, org: str, ctr: str, jws: str) -> int:
        def job(db: sqlite3.Connection) -> int:
            values = (ctr, org, int(self.clock()), jws)
            db.execute("INSERT INTO revocations VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
            rows = db.execute(
                "SELECT pos FROM ledger"
                " WHERE ctr = ? AND state = 'queued' AND class = 'data' AND (sender = ? OR recipient = ?)",
                (ctr, org, org),
            ).fetchall()
            for row in rows:
                db.execute("DELETE FROM bodies WHERE pos = ?", (row["pos"],))
                db.execute("UPDATE ledger SET state = 'cancelled' WHERE pos = ?", (row["pos"],))
            return len(rows)

        return await self._writer.write(job)

    async def sweep(self) -> None:
        def job(db: sqlite3.Connection) -> None:
            now = int(self.clock())
            db.execute(
                "DELETE FROM bodies WHERE pos IN"
                " (SELECT pos FROM ledger WHERE state IN ('queued', 'collected') AND expires_at <= ?)",
                (now,),
            )
            db.execute(
                "UPDATE ledger SET state = iif(state = 'queued', 'expired', 'closed')"
                " WHERE state IN ('queued', 'collected') AND expires_at <= ?",
                (now,),
            )
            old = (now - self.limits.ledger_days * DAY,)
            db.execute("DELETE FROM ledger WHERE stored_at < ? AND pos NOT IN (SELECT pos FROM bodies)", old)
            db.execute("DELETE FROM seen WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM invites WHERE expires_at < ?", (now - 30 * DAY,))

        await self._writer.write(job)


class EpochMarker:
    """A small file beside the database that knows how far it got, so that an older copy put back is noticed."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + ".epoch")
        self._boot = ""
        self._written = 0.0

    def take_up(self, db: sqlite3.Connection) -> str:
        """The epoch to serve under. A new one if the file is new, or not the one that was served last."""
        high = _high(db)
        marker = self._read()
        reached = marker.get("high")
        same = marker.get("boot") == _meta(db, "boot") and isinstance(reached, int) and reached <= high
        epoch = _meta(db, "epoch")
        if epoch is None or not same:
            epoch = token_hex(8)
        self._boot = token_hex(8)
        for key, value in (("epoch", epoch), ("boot", self._boot)):
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        return epoch

    def committed(self, db: sqlite3.Connection) -> None:
        """Write down, at most once a second, how far the ledger got; after a commit, so it never runs ahead of it.

        A marker that could not be written is only behind, and at worst brings a new epoch, which is always safe.
        """
        if time.monotonic() - self._written >= 1:
            self.settle(db)

    def settle(self, db: sqlite3.Connection) -> None:
        """Write down how far the ledger got; a hub that stops does so at once, or its last second were forgotten."""
        if not self._boot:
            return
        self._written = time.monotonic()
        fresh = self._file.with_name(self._file.name + ".new")
        with suppress(OSError, sqlite3.Error):
            fresh.write_text(json.dumps({"boot": self._boot, "high": _high(db)}), "utf-8")
            fresh.replace(self._file)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _high(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").fetchone()
    return int(row["seq"]) if row else 0


def _meta(db: sqlite3.Connection, key: str) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row["value"]) if row else None


def _member(db: sqlite3.Connection, org: str) -> Member | None:
    row = db.execute("SELECT * FROM orgs WHERE org = ?", (org,)).fetchone()
    if row is None:
        return None
    return Member(
        row["org"], row["key_set"], row["serial"], row["identity"], row["transport"], row["closed_at"] is not None
    )
