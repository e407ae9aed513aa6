"""Who waits for a message in one worker is woken by whoever stored it in another: LISTEN and NOTIFY, and no more.

A notification only wakes; it carries no message, and one that is lost costs a few seconds, since a long poll looks
again by itself. It is sent after the commit on a connection apart: inside the storing transaction it would make all of
them commit one after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from sync.hub.postgres import connecting

CHANNEL = "scx_arrivals"
TELL = f"SELECT pg_notify('{CHANNEL}', org) FROM unnest($1::text[]) AS org"  # noqa: S608
RETRY_SECONDS = 2.0
# After telling, whatever else arrives is gathered for so long: a stream of batches is told of a few times a second.
PAUSE_SECONDS = 0.05


class Waking:
    """One connection that hears and tells; made again whenever it is lost."""

    def __init__(self, database: str, heard: Callable[[str | None], None]) -> None:
        self._database = database
        self._heard = heard
        self._waiting: set[str] = set()
        self._to_tell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def tell(self, orgs: set[str]) -> None:
        """Wake the other workers soon; many at once become one statement."""
        self._waiting |= orgs
        self._to_tell.set()

    async def _run(self) -> None:
        while True:
            with suppress(*connecting.FAULTS):
                await self._connected()
            await asyncio.sleep(RETRY_SECONDS)

    async def _connected(self) -> None:
        connection = await connecting.connect(self._database)
        try:
            await connection.execute("SET synchronous_commit = off")
            connection.add_termination_listener(lambda _: self._to_tell.set())
            await connection.add_listener(CHANNEL, lambda *said: self._heard(str(said[3])))
            # Whatever was told while nothing was heard: everybody looks once.
            self._heard(None)
            while not connection.is_closed():
                await self._to_tell.wait()
                self._to_tell.clear()
                orgs, self._waiting = sorted(self._waiting), set()
                if orgs:
                    await connection.execute(TELL, orgs)
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            connection.terminate()
