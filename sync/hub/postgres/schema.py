"""The hub's tables in PostgreSQL, made and upgraded by the program itself, and the weekly partitions of the bodies.

The ledger stays for 400 days and is small; the bodies are most of the bytes and go after 30. So they lie in a partition
for each week, which is dropped whole: a DELETE of as much would leave as much for VACUUM to do. `STORAGE EXTERNAL`
keeps PostgreSQL from trying to compress what is encrypted, and lets it read a length without reading the text.
"""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from practice.errors import Refused
from sync.hub.store import DAY

SCHEMA = "scx"
OLDEST_SERVER = 13
WEEKS_AHEAD = 3
# Two whole numbers that no other program is likely to lock.
UPGRADING, SWEEPING = 7_221_001, 7_221_002

# Positions are `(transaction + shift) << 10 | number within it`: see cursor order in store.py.
FIRST = """
CREATE TABLE hub (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch text NOT NULL, place text NOT NULL,
  shift bigint NOT NULL DEFAULT 0);
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE orgs (
  org text PRIMARY KEY, key_set text NOT NULL, serial bigint NOT NULL, identity text NOT NULL,
  transport text NOT NULL, enrolled_at bigint NOT NULL, closed_at bigint);
CREATE TABLE invites (hash text PRIMARY KEY, org text NOT NULL, expires_at bigint NOT NULL, used_by text);
CREATE TABLE ledger (
  pos bigint PRIMARY KEY, sender text NOT NULL, mid uuid NOT NULL, recipient text NOT NULL, ctr text NOT NULL,
  class text NOT NULL, sha256 text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'collected', 'closed', 'expired', 'cancelled')),
  expires_at bigint NOT NULL, stored_at bigint NOT NULL, week integer NOT NULL, UNIQUE (sender, mid));
CREATE INDEX waiting ON ledger (recipient, pos) WHERE state IN ('queued', 'collected');
CREATE INDEX by_contract ON ledger (ctr) WHERE state = 'queued';
CREATE INDEX by_expiry ON ledger (expires_at) WHERE state IN ('queued', 'collected');
CREATE INDEX by_age ON ledger USING brin (stored_at);
CREATE TABLE body (week integer NOT NULL, pos bigint NOT NULL, jose text NOT NULL, PRIMARY KEY (pos, week))
  PARTITION BY RANGE (week);
ALTER TABLE body ALTER COLUMN jose SET STORAGE EXTERNAL;
CREATE TABLE revocations (
  ctr text NOT NULL, org text NOT NULL, revoked_at bigint NOT NULL, jws text NOT NULL, PRIMARY KEY (ctr, org));
CREATE TABLE acked (org text PRIMARY KEY, through bigint NOT NULL);
CREATE TABLE seen (org text NOT NULL, jti bytea NOT NULL, expires_at bigint NOT NULL, PRIMARY KEY (org, jti));
CREATE UNLOGGED TABLE tokens (hash text PRIMARY KEY, org text NOT NULL, expires_at bigint NOT NULL);
"""
# Each step is run once, in order; a change of a table is a further step at the end.
STEPS = (FIRST,)


async def upgrade(connection: asyncpg.Connection) -> None:
    """Bring the tables to this program's version, in one transaction, one program at a time.

    Raises Refused of an older PostgreSQL, or of tables that a newer version made.
    """
    if connection.get_server_version().major < OLDEST_SERVER:
        raise Refused(f"The hub needs PostgreSQL {OLDEST_SERVER} or newer. Nothing was changed.")
    known = await _version(connection)
    if known == len(STEPS):
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", UPGRADING)
        known = await _version(connection)
        if known > len(STEPS):
            raise Refused(
                "This database was made by a newer version of the hub. Nothing was changed.",
                hint="Install the newer version here too.",
            )
        if known == 0:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await connection.execute("CREATE TABLE schema_version (version integer NOT NULL)")
            await connection.execute("INSERT INTO schema_version VALUES (0)")
        for step in STEPS[known:]:
            await connection.execute(step)
        await connection.execute("UPDATE schema_version SET version = $1", len(STEPS))


async def _version(connection: asyncpg.Connection) -> int:
    # Read from the catalogue itself: what to_regclass remembers may be from before whoever held the lock.
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_version'"
    if not await connection.fetchval(tables, SCHEMA):
        return 0
    return int(await connection.fetchval("SELECT version FROM schema_version"))


def week_of(seconds: float) -> int:
    """The week of a time in unix seconds; weeks begin on Mondays, UTC."""
    return (int(seconds) + 3 * DAY) // (7 * DAY)


def monday(week: int) -> datetime:
    """When a week begins."""
    return datetime.fromtimestamp(week * 7 * DAY - 3 * DAY, UTC)


def partition(week: int) -> str:
    """The name of a week's partition, which says when it begins."""
    return f"body_{monday(week):%Y%m%d}"


async def partitions(connection: asyncpg.Connection) -> set[str]:
    """The partitions that there are."""
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass",
        f"{SCHEMA}.body",
    )
    return {str(row["relname"]) for row in rows}


async def make_ahead(connection: asyncpg.Connection, now: float) -> None:
    """Make the partitions of this week and the next ones, so that no message ever waits for one."""
    wanted = range(week_of(now), week_of(now) + WEEKS_AHEAD + 1)
    if {partition(week) for week in wanted} <= await partitions(connection):
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", UPGRADING)
        there = await partitions(connection)
        for week in wanted:
            if partition(week) not in there:
                name = partition(week)
                await connection.execute(
                    f"CREATE TABLE {name} PARTITION OF body FOR VALUES FROM ({week}) TO ({week + 1})"
                )


async def drop_past(connection: asyncpg.Connection, now: float, retention_days: int) -> list[str]:
    """Drop the partitions whose last message is past its retention; their names."""
    oldest = week_of(now - retention_days * DAY)
    past = sorted(name for name in await partitions(connection) if name < partition(oldest))
    for name in past:
        await connection.execute(f"DROP TABLE IF EXISTS {name}")
    return past
