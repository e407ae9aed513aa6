"""A program in a terminal of our own, left running, and the seconds from a key to what it paints (Linux and macOS)."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter, sleep

from benchmarks.frame import ROOT

LIMIT = 60.0
"""Seconds after which a program that did not paint what was awaited is given up."""
CONTROL = re.compile(rb"\x1b\[[0-9;?<>=:]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Typed:
    """A program in a 120x36 terminal that is typed to; a context manager that ends it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._child, self._master = pty.fork()
        if self._child == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
                kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "NO_"))}
                os.chdir(ROOT)
                os.execvpe(command[0], list(command), {**kept, "TERM": "xterm-256color"})
            finally:
                os._exit(127)

    def __enter__(self) -> Typed:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self._child, signal.SIGKILL)
        os.close(self._master)
        os.waitpid(self._child, 0)

    def key(self, keys: str, painted: str) -> float:
        """Press keys and return the seconds until the words were painted; what was painted before does not count."""
        self._drain()
        start = perf_counter()
        os.write(self._master, keys.encode())
        return self.wait(painted) - start

    def wait(self, painted: str) -> float:
        """Read until the words were painted and return that moment. Raises RuntimeError past the limit."""
        seen, until = b"", perf_counter() + LIMIT
        while painted.encode() not in CONTROL.sub(b"", seen):
            if not select.select([self._master], [], [], max(until - perf_counter(), 0))[0]:
                raise RuntimeError(f"{painted!r} was not painted; the program wrote {CONTROL.sub(b'', seen)[-300:]!r}")
            seen += os.read(self._master, 1 << 20)
        return perf_counter()

    def settle(self, seconds: float) -> None:
        """Leave the program to itself, as a person does who thinks."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            self._drain()
            sleep(min(left, 0.02))

    def _drain(self) -> None:
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 1 << 20)
