"""Several processes that serve one hub: forked behind one listener, started again when one dies, stopped together."""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from practice.errors import ConsoleError, Refused

if TYPE_CHECKING:
    from sync.hub.server import HubServer

LOG = logging.getLogger("sync.hub")
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 0.2
FAILED = 1


class Together:
    """The parent of the workers. It touches no request and no database."""

    def __init__(self, make: Callable[[int], HubServer]) -> None:
        self._make = make
        self._workers: dict[int, int] = {}
        self._stopping = self._stopped = False
        # Its writing end closes with this process, however it ends, and then each worker stops too.
        self._alive, self._held = os.pipe()
        self._ready, self._say_ready = os.pipe()

    def run(self, count: int, ready: Callable[[str], None]) -> None:
        """Serve with so many workers until told to stop; `ready` gets the address once all of them answer."""
        previous = {kind: signal.signal(kind, self._asked_to_stop) for kind in (signal.SIGTERM, signal.SIGINT)}
        try:
            for number in range(count):
                self._fork(number)
            os.close(self._say_ready)
            self._say_ready = -1
            url = self._all_ready(count)
            if url:
                ready(url)
            self._watch()
            if not url and not self._stopped:
                raise Refused("A worker of the hub could not start, so none serves.", hint="See what was logged.")
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)

    def _all_ready(self, count: int) -> str:
        """The address, once every worker answers; nothing, and the others told to stop, if one ends before."""
        said = b""
        while said.count(b"\n") < count and not self._stopping:
            readable, _, _ = select.select([self._ready], [], [], LOOK_SECONDS)
            said += os.read(self._ready, 4096) if readable else b""
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                self._workers.pop(pid, None)
                self._stop()
        return "" if self._stopping else said.split(b"\n", 1)[0].decode()

    def _watch(self) -> None:
        while self._workers:
            pid, _ = os.wait()
            number = self._workers.pop(pid, None)
            if number is not None and not self._stopping:
                LOG.error("worker ended")
                time.sleep(PAUSE_SECONDS)
                self._fork(number)

    def _asked_to_stop(self, *_: object) -> None:
        self._stopped = True
        self._stop()

    def _stop(self) -> None:
        self._stopping = True
        for pid in list(self._workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _fork(self, number: int) -> None:
        if self._stopping:
            return
        pid = os.fork()
        if pid:
            self._workers[pid] = number
            if self._stopping:
                self._stop()
            return
        status = FAILED
        try:
            os.close(self._held)
            self._serve(number)
            status = 0
        except ConsoleError as refused:
            LOG.error("worker %s", type(refused).__name__)
        finally:
            # Straight out: what the parent would do at its end is not the worker's to do.
            os._exit(status)

    def _serve(self, number: int) -> None:
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: None)
        server = self._make(number)

        def say(url: str) -> None:
            # A worker that was started again finds the parent's ear closed.
            with suppress(OSError):
                os.write(self._say_ready, url.encode() + b"\n")

        def end_with_parent() -> None:
            os.read(self._alive, 1)
            server.should_exit = True

        server.ready = say
        threading.Thread(target=end_with_parent, daemon=True).start()
        server.serve_until_stopped()


def serve_together(count: int, make: Callable[[int], HubServer], ready: Callable[[str], None]) -> None:
    """Serve with so many workers, each made by `make(number)` in a process of its own."""
    Together(make).run(count, ready)
