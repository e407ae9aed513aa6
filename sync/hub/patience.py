"""For how long the hub waits for the head of a request, so that who sends it byte by byte holds no place for long.

uvicorn waits for ever for the first request of a connection, and again once a byte of the next one came; a body's time
is kept in `web.body_of`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but a connection whose next request has no whole head in time is cut."""

    head_seconds: float = 20

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Begin to wait where a request has not come whole, and stop where it has; each has its time from its start."""
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.head_seconds, self._cut)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _cut(self) -> None:
        self._waiting = None
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()


def patient(seconds: float) -> type[PatientProtocol]:
    """Return the protocol that waits so long for a request's head."""
    return type("Patient", (PatientProtocol,), {"head_seconds": seconds})
