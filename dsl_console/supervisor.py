"""Keeps the terminal while consoles come and go: locking ends the process that held plaintext (design: §4).

Only the standard library: this process lives as long as the terminal does, and never sees a passphrase.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

LOCKED = 75
"""The status by which a console says "I locked: start again at the unlock screen"."""
UNKEPT, NO_BACKUP = 1, 2
"""Added to it where the draft on screen could not be kept, and where today's backup was not made.

A text would need a file, and the disk may be full.
"""
LOCKS = range(LOCKED, LOCKED + UNKEPT + NO_BACKUP + 1)
AFTER = "--locked="
LEAST_LIFE = 1.0
"""A console that locks sooner than this, in seconds after its start, several times over, is not started again."""
MOST_QUICK_LOCKS = 5
RESET = (
    "\x1b[?1047l"  # leave the alternate screen; unlike 1049, the cursor stays where it is
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # no mouse reports
    "\x1b[?1004l\x1b[?2004l\x1b[?2026l"  # no focus reports, no bracketed paste, no held output
    "\x1b[<u"  # plain keys again
    "\x1b[0m\x1b[?7h\x1b[?25h"  # plain text, wrapping, a cursor
)


def command(folder: Path, *, after: int) -> list[str]:
    """Return the command line of one console; `after` is the status with which the one before it locked, or 0."""
    arguments = ["--vault", str(folder), "--console-process"]
    return [sys.executable, "-P", "-m", "dsl_console", *arguments, *([f"{AFTER}{after}"] if after else [])]


def environment() -> dict[str, str]:
    """Return the console's environment: ours, and the folder that this program was loaded from."""
    here = str(Path(__file__).resolve().parent.parent)
    rest = os.environ.get("PYTHONPATH", "")
    paths = [path for path in rest.split(os.pathsep) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths if here in paths else [here, *paths])}


class Terminal:
    """The terminal as it was before the first console, and how to bring that back."""

    def __init__(self) -> None:
        self.saved: list[Any] | None = None
        try:
            import termios

            self.saved = termios.tcgetattr(sys.stdin.fileno())
        except (ImportError, OSError, ValueError) as error:
            # No attributes to save: Windows, or not a terminal.
            self.missing = type(error).__name__
        except Exception as error:
            if type(error).__name__ != "error":
                raise
            self.missing = "termios.error"

    def restore(self) -> None:
        """Bring back the saved attributes and leave every mode that a console may have left on."""
        if sys.stdout.isatty():
            sys.stdout.write(RESET)
            sys.stdout.flush()
        if self.saved is not None:
            import termios

            # A background process that sets attributes is stopped by SIGTTOU; the terminal matters more.
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            try:
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, self.saved)
            finally:
                signal.signal(signal.SIGTTOU, before)


def locked_with(arguments: list[str]) -> int:
    """Return the status with which the console before this one locked, as its command line says; 0 for none."""
    said = next((each.removeprefix(AFTER) for each in arguments if each.startswith(AFTER)), "")
    return int(said) if said.isdecimal() and int(said) in LOCKS else 0


def locked_words(status: int) -> str:
    """Say how the console before this one locked; blank where there was none."""
    if status not in LOCKS:
        return ""
    said = "Locked. Nothing was lost."
    if (status - LOCKED) & UNKEPT:
        said = (
            "Locked. What was being written could not be kept: the disk did not take it. What was recorded is safe, "
            "and so is the last draft that was kept."
        )
    if (status - LOCKED) & NO_BACKUP:
        said += " Today's backup was not made: Backups makes it, or says what is in its way."
    return said


def _wait(child: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # Ctrl+C in a cooked terminal reaches both; it belongs to the console.
            continue


def _start(folder: Path, *, after: int) -> int:
    child = subprocess.Popen(command(folder, after=after), env=environment())  # noqa: S603 - our own interpreter

    heard: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        heard.append(number)
        child.send_signal(number)

    passed = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[int, Any] = {number: signal.signal(number, pass_on) for number in passed}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = _wait(child)
        # The terminal may go while a console locks: another one would find nobody there, and never end.
        return -heard[0] if heard and status in LOCKS else status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(folder: Path, start: Callable[..., int] = _start) -> int:
    """Run consoles on a vault's folder until one ends otherwise than by locking; returns the exit status."""
    terminal = Terminal()
    after, quick = 0, 0
    while True:
        began = time.monotonic()
        status = start(folder, after=after)
        quick = quick + 1 if time.monotonic() - began < LEAST_LIFE else 0
        terminal.restore()
        if status not in LOCKS or quick >= MOST_QUICK_LOCKS:
            break
        after = status
    if status < 0:
        sys.stderr.write(
            f"The console was ended by signal {-status}. What was recorded is kept, and a draft is sealed at every "
            "pause.\n"
        )
        return 128 - status
    if status in LOCKS:
        sys.stderr.write("The console locked itself again and again, so it was not started once more.\n")
        return 1
    return status
