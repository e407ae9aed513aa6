"""What the hub's operator does beside the serving hubs, on PostgreSQL: invite, close, look, and start a new epoch."""

from __future__ import annotations

import time
from typing import Any

import asyncpg

from practice.errors import NotFound
from sync.hub.postgres.connecting import at_once, begin_epoch, counts
from sync.hub.routing import is_org


def invite(database: str, row: tuple[str, str, int]) -> None:
    """Keep an invite: the hash of its code, for whom, until when."""

    async def job(db: asyncpg.Connection) -> None:
        await db.execute("INSERT INTO invites VALUES ($1, $2, $3, NULL)", *row)

    at_once(database, job, time.time())


def close(database: str, org: str, now: int) -> None:
    """Take no more messages for an organisation; NotFound of one that is not enrolled."""

    async def job(db: asyncpg.Connection) -> None:
        found = await db.execute("UPDATE orgs SET closed_at = $1 WHERE org = $2", now, org) if is_org(org) else ""
        if found != "UPDATE 1":
            raise NotFound("No such organisation is enrolled at this hub.")

    at_once(database, job, now)


def new_epoch(database: str) -> str:
    """Start a new epoch, after the database was put back in a way that it cannot see itself."""
    return at_once(database, begin_epoch, time.time())


def status(database: str) -> dict[str, Any]:
    """Counts only, as of the SQLite store."""

    async def job(db: asyncpg.Connection) -> dict[str, Any]:
        epoch = await db.fetchval("SELECT epoch FROM hub")
        return {"epoch": epoch, **await counts(db, int(time.time()))}

    return at_once(database, job, time.time())
