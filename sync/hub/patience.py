"""HTTP/1.1 as uvicorn speaks it with httptools, but with an end to what a client may hold a place and memory with.

uvicorn waits for ever for the first request of a connection, and again once a byte of the next one came; llhttp, which
reads for it, limits no head; and what is left of a body that was refused is read to its end, however long that takes. A
body's own time and length are kept in `web.body_of`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 16 * 1024


class HeadTooLong(Exception):
    """The head of a request, or the trailer of a body, is longer than is read."""


class PatientProtocol(HttpToolsProtocol):
    """A connection whose next request has no whole head in time, or too long a one, is cut."""

    head_seconds: float = 20

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._waiting: asyncio.TimerHandle | None = None
        # Whether a request has begun and its head, or all of it, has not come yet.
        self._in_head = self._in_message = False
        # Bytes of its fields, and bytes that came for it since a part of its body began or ended.
        self._fields = self._beside = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        self._beside += len(data)
        super().data_received(data)
        if self._in_message and self._beside > MAX_HEAD:
            self._cut()
        else:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    # What the parser says

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        self._fields = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        # What is said behind a body is not heard.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._beside = 0

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._beside = 0
        super().on_message_complete()

    def _count(self, length: int) -> None:
        """Raise HeadTooLong, which the parser turns into a 400, where there are too many fields, or too long ones."""
        self._fields += length
        if self._fields > MAX_HEAD:
            raise HeadTooLong

    # How long it waits

    def _look(self) -> None:
        """Begin to wait where the head of a request has not come whole, and stop where it has; each has its time from
        its start. What is left of a body that was answered before it came whole has no more time than a head.
        """
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self._in_head:
            self._stop()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.head_seconds, self._cut)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _cut(self) -> None:
        self._stop()
        self.transport.abort()


def patient(seconds: float) -> type[PatientProtocol]:
    """Return the protocol that waits so long for a request's head."""
    return type("Patient", (PatientProtocol,), {"head_seconds": seconds})
