"""A terminal of our own, to time a program from its start to its first painted frame (Linux and macOS)."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter


def until_painted(
    command: Sequence[str], marker: bytes, env: Mapping[str, str] | None = None, limit: float = 30.0
) -> float:
    """Seconds from exec until the program has written the marker to its 120×36 terminal; then it is ended.

    The marker must be a run of text that only the first finished frame holds. Raises RuntimeError when the program
    ends, or the limit passes, without it.
    """
    start = perf_counter()
    child, master = pty.fork()
    if child == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
            kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "NO_COLOR"))}
            os.execvpe(command[0], list(command), {**kept, "TERM": "xterm-256color", **(env or {})})
        finally:
            os._exit(127)
    seen = b""
    try:
        while (left := start + limit - perf_counter()) > 0:
            if not select.select([master], [], [], left)[0]:
                break
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
            if marker in seen:
                return perf_counter() - start
    finally:
        _end(child, master)
    tail = seen[-300:].decode("utf-8", "replace")
    raise RuntimeError(f"{command[0]} did not paint {marker.decode()!r}; it wrote {tail!r}")


@contextmanager
def kept_open(
    command: Sequence[str], steps: Sequence[tuple[bytes, str]], limit: float = 60.0, settle: float = 6.0
) -> Iterator[int]:
    """Run a program in the terminal, type each text once its marker was painted, and yield its process; then end it.

    `settle` is how many seconds it is left to itself before that: what follows its first picture counts too.
    Raises RuntimeError when the limit passes without a marker.
    """
    child, master = pty.fork()
    if child == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color"})
        finally:
            os._exit(127)
    try:
        for marker, typed in steps:
            seen, until = b"", perf_counter() + limit
            while marker not in seen:
                if not select.select([master], [], [], max(until - perf_counter(), 0))[0]:
                    raise RuntimeError(f"{command[0]} did not paint {marker.decode()!r}; it wrote {seen[-300:]!r}")
                seen += os.read(master, 65536)
            os.write(master, typed.encode())
        drained = perf_counter() + settle
        while (left := drained - perf_counter()) > 0:
            if select.select([master], [], [], left)[0]:
                os.read(master, 65536)
        yield child
    finally:
        _end(child, master)


def _end(child: int, master: int) -> None:
    """End the program and whatever it started in its session; nothing it holds is worth keeping."""
    try:
        os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError) as gone:
        print(f"already ended: {type(gone).__name__}", file=sys.stderr)
    os.close(master)
    os.waitpid(child, 0)
