"""Connections to PostgreSQL: how they are set, what is refused, and how a database that was put back is noticed.

Where the database lies is written down in it: the cluster's identifier, its timeline, the database's and the ledger's
own numbers. A restore from a dump or a copy, to a point in time or a failing-over to a replica changes one of them, so
every new connection compares, and the first that finds another begins a new epoch (rule 5). A disk put back as it was,
under a hub that stood still, changes none: then `hub new-epoch` is run by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any, TypeVar

import asyncpg

from practice.errors import ConsoleError, Refused
from sync.hub.postgres.schema import SCHEMA, make_ahead, upgrade

T = TypeVar("T")
SECONDS = 30
CONNECT_SECONDS = 10
SETTINGS = {
    "application_name": "dsl-console hub",
    "search_path": SCHEMA,
    "lock_timeout": "10s",
    "statement_timeout": f"{SECONDS}s",
    "idle_in_transaction_session_timeout": "30s",
    # A plan kept from when a table was small reads all of it when it is large: pages took four times as long by then.
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "jit": "off",
}
# Where only what needs no other plan is asked, ever: planning it each time took a twelfth of the server's time.
PLANNED_ONCE = SETTINGS | {"plan_cache_mode": "force_generic_plan"}
FAULTS: tuple[type[Exception], ...] = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
UNUSABLE: tuple[type[Exception], ...] = (*FAULTS, ValueError)
PLACE = """
SELECT (SELECT system_identifier FROM pg_control_system())::text
    || '.' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    || '.' || (SELECT oid FROM pg_database WHERE datname = current_database())::text
    || '.' || 'ledger'::regclass::oid::text
"""
# Positions go on above every one there is, whatever the numbers of transactions do in the cluster it was put back into.
BEGIN_EPOCH = """
INSERT INTO hub (epoch, place) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, place = excluded.place,
  shift = greatest(hub.shift, (SELECT coalesce(max(pos), 0) FROM ledger) / 1024 + 1
                              - pg_current_xact_id()::text::bigint)
"""


async def set_up(connection: asyncpg.Connection) -> None:
    """Hold a new connection to durable commits; Refused where the server itself does not write durably."""
    server = await connection.fetchrow(
        "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS whole,"
        " current_setting('synchronous_commit') AS commits"
    )
    if server["fsync"] != "on" or server["whole"] != "on":
        raise Refused(
            "This PostgreSQL is set not to write durably, so the hub does not use it. Nothing was changed.",
            hint="Set fsync and full_page_writes to on.",
        )
    # `local` and `remote_apply` are its operator's choice between replicas; `off` would answer before the disk has it.
    if server["commits"] == "off":
        await connection.execute("SET synchronous_commit = on")


async def connect(database: str) -> asyncpg.Connection:
    """One connection, to the server that may write where several are named."""
    connection = await asyncpg.connect(
        database,
        timeout=CONNECT_SECONDS,
        command_timeout=SECONDS,
        server_settings=SETTINGS,
        target_session_attrs="read-write",
    )
    try:
        await set_up(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


async def epoch_here(connection: asyncpg.Connection) -> str:
    """The epoch, a new one where the database lies elsewhere than it did."""
    place = await connection.fetchval(PLACE)
    row = await connection.fetchrow("SELECT epoch, place FROM hub")
    if row is not None and row["place"] == place:
        return str(row["epoch"])
    async with connection.transaction():
        await connection.execute("LOCK TABLE hub IN EXCLUSIVE MODE")
        row = await connection.fetchrow("SELECT epoch, place FROM hub")
        if row is None or row["place"] != place:
            await connection.execute(BEGIN_EPOCH, token_hex(8), place)
        return str(await connection.fetchval("SELECT epoch FROM hub"))


async def begin_epoch(connection: asyncpg.Connection) -> str:
    """A new epoch, by hand; hubs that serve meanwhile take it up with their next answer."""
    epoch = token_hex(8)
    async with connection.transaction():
        await connection.execute("LOCK TABLE hub IN EXCLUSIVE MODE")
        await connection.execute(BEGIN_EPOCH, epoch, await connection.fetchval(PLACE))
    return epoch


def at_once(database: str, job: Callable[[asyncpg.Connection], Awaitable[T]], now: float) -> T:
    """Run one job on a connection of its own, with tables of this version, beside hubs that serve.

    Raises Refused where the database cannot be used; the address, which may hold a password, is never repeated.
    """

    async def run() -> T:
        connection = await connect(database)
        try:
            await upgrade(connection)
            await make_ahead(connection, now)
            return await job(connection)
        finally:
            await connection.close(timeout=5)

    try:
        return asyncio.run(run())
    except ConsoleError:
        raise
    except UNUSABLE as fault:
        raise Refused(
            f"The hub's PostgreSQL database cannot be used ({type(fault).__name__}). Nothing was changed.",
            hint="Check its address, that it runs, and that the hub's role may use it and make a schema in it.",
        ) from fault


async def counts(connection: asyncpg.Connection, now: int) -> dict[str, Any]:
    """Count what a hub holds, as the SQLite store does."""
    rows = await connection.fetch("SELECT state, count(*) AS number FROM ledger GROUP BY state")
    states = {str(row["state"]): int(row["number"]) for row in rows}
    rest = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM orgs WHERE closed_at IS NULL) AS organisations,"
        " (SELECT min(stored_at) FROM ledger WHERE state = 'queued') AS oldest_waiting,"
        " (SELECT count(*) FROM invites WHERE used_by IS NULL AND expires_at > $1) AS open_invites,"
        " (SELECT coalesce(sum(octet_length(jose)), 0)::bigint FROM body) AS bytes",
        now,
    )
    return {
        "organisations": rest["organisations"],
        "waiting": states.get("queued", 0),
        "oldest_waiting": rest["oldest_waiting"],
        "states": states,
        "open_invites": rest["open_invites"],
        "bytes": rest["bytes"],
    }
