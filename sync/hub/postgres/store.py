"""The hub's store on PostgreSQL: a pool of connections in each worker, one statement for each batch (protocol: §6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from practice.errors import Refused
from sync.hub.limits import Limits
from sync.hub.postgres import connecting, schema, statements
from sync.hub.postgres.waking import Waking
from sync.hub.routing import is_mid, is_org
from sync.hub.store import (
    DAY,
    SHOWN,
    Member,
    Offered,
    Page,
    StorageFault,
    Stored,
    check_enrolment,
    check_new_keys,
    refusal,
)

T = TypeVar("T")
Job = Callable[[asyncpg.Connection], Awaitable[T]]
# Of its connections, so many only store what comes fresh.
CONNECTIONS, STORING = 10, 4
TRIES = 3
RETRY_SECONDS = 5
# The loser of two transactions that waited for each other did nothing, and may simply try again.
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class PostgresStore:
    """The PostgreSQL store. Each method is one statement or one transaction."""

    look_again = 5.0

    def __init__(self, database: str, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self.clock = clock
        self.epoch = ""
        self.arrived: Callable[[str | None], None] = lambda _: None
        self._database = database
        self._pool: asyncpg.Pool | None = None
        self._storing: asyncpg.Pool | None = None
        self._waking = Waking(database, self._heard)
        self._tokens: dict[str, tuple[str, int]] = {}
        self._reached = 0

    async def start(self) -> None:
        try:
            first = await connecting.connect(self._database)
            try:
                await schema.upgrade(first)
                await schema.make_ahead(first, self.clock())
                self.epoch = await connecting.epoch_here(first)
            finally:
                await first.close()
            self._pool = await self._open(connecting.SETTINGS, CONNECTIONS - STORING)
            self._storing = await self._open(connecting.PLANNED_ONCE, STORING)
        except connecting.FAULTS as fault:
            raise StorageFault(type(fault).__name__, RETRY_SECONDS) from fault
        self._waking.start()
        await self.sweep()

    async def _open(self, settings: dict[str, str], most: int) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self._database,
            min_size=1,
            max_size=most,
            timeout=connecting.CONNECT_SECONDS,
            command_timeout=connecting.SECONDS,
            server_settings=settings,
            target_session_attrs="read-write",
            init=self._begin,
            # Nothing of ours outlives a transaction, so there is nothing to clear away after each.
            reset=_as_it_is,
        )

    async def close(self) -> None:
        await self._waking.stop()
        for pool in (self._pool, self._storing):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), connecting.CONNECT_SECONDS)
                except connecting.FAULTS:
                    pool.terminate()

    async def _begin(self, connection: asyncpg.Connection) -> None:
        """Look at each new connection of the pool: it may lead to a database that was put back, or to a replica."""
        try:
            await connecting.set_up(connection)
        except Refused as refused:
            raise StorageFault("NotDurable", RETRY_SECONDS) from refused
        epoch = await connecting.epoch_here(connection)
        reached = int(await connection.fetchval("SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn"))
        if reached < self._reached and epoch == self.epoch:
            epoch = await connecting.begin_epoch(connection)
        self._reached = reached
        self._take_up(epoch)

    def _take_up(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.epoch = epoch
            self.arrived(None)

    def _heard(self, org: str | None) -> None:
        self.arrived(org)

    async def _run(self, job: Job[T], pool: asyncpg.Pool | None = None) -> T:
        """Run a job on a connection of the pool; a StorageFault where the database does not answer."""
        pool = pool or self._pool
        assert pool is not None
        for left in reversed(range(TRIES)):
            try:
                async with pool.acquire(timeout=connecting.CONNECT_SECONDS) as connection:
                    return await job(connection)
            except AGAIN as fault:
                if not left:
                    raise StorageFault(type(fault).__name__, 1) from fault
            except connecting.FAULTS as fault:
                raise StorageFault(type(fault).__name__, RETRY_SECONDS) from fault
        raise AssertionError("unreachable")

    async def _transaction(self, job: Job[T]) -> T:
        async def run(connection: asyncpg.Connection) -> T:
            async with connection.transaction():
                return await job(connection)

        return await self._run(run)

    def _of_this_epoch(self, epoch: str) -> None:
        """Raise a StorageFault where the database has begun another epoch: the client asks again, under that one."""
        if epoch != self.epoch:
            self._take_up(epoch)
            raise StorageFault("EpochChanged", 1)

    async def check(self) -> None:
        await self._run(lambda db: db.fetchval("SELECT epoch FROM hub"))

    def announce(self, orgs: set[str]) -> None:
        for org in orgs:
            self.arrived(org)
        self._waking.tell(orgs)

    async def set_meta_once(self, key: str, value: str) -> str:
        async def job(db: asyncpg.Connection) -> str:
            await db.execute("INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING", key, value)
            return str(await db.fetchval("SELECT value FROM meta WHERE key = $1", key))

        return await self._run(job)

    # Organisations

    async def member(self, org: str) -> Member | None:
        return await self._run(lambda db: _member(db, org)) if is_org(org) else None

    async def keep_token(self, token_hash: str, org: str, expires_at: int) -> None:
        await self._run(lambda db: db.execute("INSERT INTO tokens VALUES ($1, $2, $3)", token_hash, org, expires_at))

    async def token_holder(self, token_hash: str) -> tuple[str, int] | None:
        """Asked of the database once: another worker may have given the token out."""
        held = self._tokens.get(token_hash)
        if held is None:
            query = "SELECT org, expires_at FROM tokens WHERE hash = $1"
            row = await self._run(lambda db: db.fetchrow(query, token_hash))
            if row is None:
                return None
            held = self._tokens[token_hash] = (str(row["org"]), int(row["expires_at"]))
        return held

    async def first_use(self, org: str, jti: str, expires_at: int) -> bool:
        query = "INSERT INTO seen VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        return bool(await self._run(lambda db: db.execute(query, org, jti.encode(), expires_at)) == "INSERT 0 1")

    async def invited(self, code_hash: str) -> str | None:
        query, now = "SELECT org FROM invites WHERE hash = $1 AND expires_at > $2", int(self.clock())
        found = await self._run(lambda db: db.fetchval(query, code_hash, now))
        return None if found is None else str(found)

    async def enrol(self, code_hash: str, member: Member) -> None:
        async def job(db: asyncpg.Connection) -> None:
            query = "SELECT org, expires_at, used_by FROM invites WHERE hash = $1 FOR UPDATE"
            row, now = await db.fetchrow(query, code_hash), int(self.clock())
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", member.org)
            user = check_enrolment(member, now, tuple(row) if row else None, await _member(db, member.org))
            if user is None:
                return
            await db.execute("UPDATE invites SET used_by = $1 WHERE hash = $2", user, code_hash)
            await db.execute(
                "INSERT INTO orgs VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT (org) DO UPDATE SET"
                " key_set = excluded.key_set, serial = excluded.serial, identity = excluded.identity,"
                " transport = excluded.transport, enrolled_at = excluded.enrolled_at, closed_at = NULL",
                *(member.org, member.key_set, member.serial, member.identity, member.transport, now),
            )

        await self._transaction(job)

    async def put_keys(self, org: str, key_set: str, serial: int, identity: str, expected: int) -> None:
        async def job(db: asyncpg.Connection) -> None:
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", org)
            if check_new_keys(await _member(db, org), key_set, serial, identity, expected):
                await db.execute("UPDATE orgs SET key_set = $1, serial = $2 WHERE org = $3", key_set, serial, org)

        await self._transaction(job)

    # Messages

    async def put(self, offered: Sequence[Offered]) -> list[Stored]:
        now, routings = int(self.clock()), [item.routing for item in offered]
        last, week = now + self.limits.retention_days * DAY, schema.week_of(now)
        values = (
            [routing.mid for routing in routings],
            [routing.recipient for routing in routings],
            [routing.ctr for routing in routings],
            [routing.class_ for routing in routings],
            [item.sha256 for item in offered],
            [min(routing.exp, last) for routing in routings],
            [item.jose for item in offered],
        )
        sender = routings[0].sender
        if min(values[5]) > now and (row := await self._put_fresh(sender, values, now, week)):
            self._of_this_epoch(row["epoch"])
            first = int(row["first"])
            return [
                Stored(mid, 201, sha256, first | n)
                for n, (mid, sha256) in enumerate(zip(values[0], values[4], strict=True), 1)
            ]
        rows = await self._run(lambda db: db.fetch(statements.PUT, sender, *values, now, week))
        if not rows[0]["member"]:
            raise refusal("invalid-token")
        found = []
        for n, verdict, pos, *_ in rows:
            item = offered[n - 1]
            lost = verdict == "new" and pos is None
            found.append(await self._conflict(item) if lost else _stored(item, verdict, pos))
        self._of_this_epoch(rows[0]["epoch"])
        return found

    async def _put_fresh(
        self, sender: str, values: tuple[list[Any], ...], now: int, week: int
    ) -> asyncpg.Record | None:
        """Store a batch against which nothing stands; None, and nothing stored, where something does."""
        *short, exp, jose = values
        columns = [",".join(column) for column in short]
        columns.append(",".join(map(str, exp)))
        pairs = zip(*{(ctr, recipient) for recipient, ctr in zip(values[1], values[2], strict=True)}, strict=True)

        async def job(db: asyncpg.Connection) -> asyncpg.Record | None:
            try:
                return await db.fetchrow(statements.PUT_FRESH, sender, *columns, jose, now, week, *pairs)
            except asyncpg.UniqueViolationError:
                return None

        row = await self._run(job, self._storing)
        return row if row and row["fresh"] else None

    async def _conflict(self, item: Offered) -> Stored:
        """Another request stored it at the same moment: it is committed now, and was not seen before."""
        routing = item.routing
        row = await self._run(lambda db: db.fetchrow(statements.AFTER_CONFLICT, routing.sender, routing.mid))
        if row and row["sha256"] == item.sha256:
            return _stored(item, "known", row["pos"])
        return _stored(item, "other-bytes", None)

    async def page(self, org: str, after: int, limit: int) -> Page:
        bytes_, now = self.limits.page_bytes * 3 // 4, int(self.clock())
        rows = await self._run(lambda db: db.fetch(statements.PAGE, org, after, limit, now, bytes_))
        self._of_this_epoch(rows[0]["epoch"])
        served = [row for row in rows if row["pos"] is not None]
        fresh = {int(row["pos"]) for row in served if row["state"] == "queued"}
        if fresh:
            collected = await self._run(lambda db: db.fetch(statements.COLLECT, org, sorted(fresh)))
            taken_back = fresh - {int(row["pos"]) for row in collected}
            served = [row for row in served if row["pos"] not in taken_back]
        items = [(int(row["pos"]), str(row["jose"])) for row in served]
        return Page(items, int(rows[0]["through"]), held_back=bool(rows[0]["held_back"]))

    async def ack(self, org: str, positions: Sequence[int]) -> int:
        return int(await self._run(lambda db: db.fetchval(statements.ACK, org, sorted(positions))))

    async def status(self, org: str, mids: Sequence[str]) -> dict[str, str]:
        query = "SELECT mid::text, state FROM ledger WHERE sender = $1 AND mid = ANY($2::uuid[])"
        asked = [mid for mid in mids if is_mid(mid)]
        rows = await self._run(lambda db: db.fetch(query, org, asked))
        states = {row["mid"]: SHOWN.get(row["state"], row["state"]) for row in rows}
        return {mid: states.get(mid, "unknown") for mid in mids}

    async def cancel(self, org: str, mid: str) -> None:
        async def job(db: asyncpg.Connection) -> None:
            query = "SELECT pos, week, state FROM ledger WHERE sender = $1 AND mid = $2::uuid FOR UPDATE"
            row = await db.fetchrow(query, org, mid) if is_mid(mid) else None
            if row is None:
                raise refusal("unknown-message")
            if row["state"] in ("collected", "closed"):
                raise refusal("collected")
            await db.execute("DELETE FROM body WHERE week = $1 AND pos = $2", row["week"], row["pos"])
            query = "UPDATE ledger SET state = 'cancelled' WHERE pos = $1 AND state = 'queued'"
            await db.execute(query, row["pos"])

        await self._transaction(job)

    async def revoke(self, org: str, ctr: str, jws: str) -> int:
        async def job(db: asyncpg.Connection) -> int:
            query = "INSERT INTO revocations VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
            await db.execute(query, ctr, org, int(self.clock()), jws)
            return int(await db.fetchval(statements.PURGE, ctr, org))

        return await self._transaction(job)

    async def counts(self) -> dict[str, Any]:
        return await self._run(lambda db: connecting.counts(db, int(self.clock())))

    async def sweep(self) -> None:
        now = int(self.clock())
        self._tokens = {token: held for token, held in self._tokens.items() if held[1] > now}

        async def job(db: asyncpg.Connection) -> None:
            if not await db.fetchval("SELECT pg_try_advisory_xact_lock($1)", schema.SWEEPING):
                return
            await db.execute(statements.SWEEP_EXPIRED, now)
            await db.execute(statements.SWEEP_ENDED)
            await db.execute("DELETE FROM ledger WHERE stored_at < $1", now - self.limits.ledger_days * DAY)
            for table in ("seen", "tokens"):
                await db.execute(f"DELETE FROM {table} WHERE expires_at < $1", now)  # noqa: S608
            await db.execute("DELETE FROM invites WHERE expires_at < $1", now - 30 * DAY)

        async def partitions(db: asyncpg.Connection) -> None:
            # Each waits at most a little for whoever reads; what was not done now is done the next time.
            await schema.make_ahead(db, now)
            with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                await schema.drop_past(db, now, self.limits.retention_days)

        await self._transaction(job)
        await self._run(partitions)


def _stored(item: Offered, verdict: str, pos: int | None) -> Stored:
    mid = item.routing.mid
    if verdict in ("new", "known"):
        return Stored(mid, 201 if verdict == "new" else 200, item.sha256, int(pos or 0))
    problem = refusal(verdict)
    return Stored(mid, problem.status, item.sha256, 0, problem)


async def _as_it_is(_: asyncpg.Connection) -> None:
    return


async def _member(db: asyncpg.Connection, org: str) -> Member | None:
    query = "SELECT org, key_set, serial, identity, transport, closed_at IS NOT NULL AS closed FROM orgs WHERE org = $1"
    row = await db.fetchrow(query, org)
    return Member(*row) if row else None
