"""`/metrics`: how the hub does, in counts alone, for this machine's own monitoring (protocol: §6)."""

from __future__ import annotations

import mmap
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.hub.limits import Problem

FORM = "text/plain; version=0.0.4; charset=utf-8"
STATUSES = 600
HERE = ("127.0.0.1", "::1")


class Tally:
    """Answers by their status, in memory that the workers of one hub share: each counts in a row of its own."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.worker = 0
        self._cells = memoryview(mmap.mmap(-1, 8 * workers * STATUSES)).cast("Q")

    def add(self, status: int) -> None:
        """Count one answer."""
        if 0 <= status < STATUSES:
            self._cells[self.worker * STATUSES + status] += 1

    def totals(self) -> dict[int, int]:
        """What all workers counted."""
        sums = {status: sum(self._cells[status::STATUSES]) for status in range(STATUSES)}
        return {status: count for status, count in sums.items() if count}


class Counting:
    """Counts answers by their status; it sees nothing else of a request."""

    def __init__(self, app: ASGIApp, answers: Tally) -> None:
        self.app = app
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers.add(int(message["status"]))
            await send(message)

        await self.app(scope, receive, counted)


def check_from_here(request: Request) -> None:
    """Raise a Problem 404 unless this machine itself asks, and not a proxy on behalf of another."""
    host = request.client.host if request.client else ""
    if host not in HERE or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        raise Problem(404, "not-found", "The hub does not answer that.")


def page(counts: Mapping[str, int | None], states: Mapping[str, int], answers: Mapping[int, int]) -> Response:
    """Write the counts as Prometheus reads them; no organisation, id or address is among them."""
    lines = []
    for name, value in counts.items():
        lines += [f"# TYPE scx_{name} gauge", f"scx_{name} {value or 0}"]
    lines.append("# TYPE scx_messages gauge")
    lines += [f'scx_messages{{state="{state}"}} {count}' for state, count in sorted(states.items())]
    lines.append("# TYPE scx_answers_total counter")
    lines += [f'scx_answers_total{{status="{status}"}} {count}' for status, count in sorted(answers.items())]
    return Response("\n".join(lines) + "\n", media_type=FORM, headers={"cache-control": "no-store"})
