"""At most ten tries in five minutes, across restarts, clock changes and processes (design: §4).

A try is counted before the costly derivation, so that parallel processes share one count; the right passphrase clears
it. Whoever can delete the file can also copy the vault and try elsewhere: this slows hands, Argon2id slows machines.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from practice.errors import NotAllowed, WrongPassphrase
from storage import failures, room

LIMIT = 10
WINDOW_SECONDS = 300.0
_FILE_LIMIT = 16 * 1024
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class _Try:
    """When a try was made: by the wall clock, and by the clock that runs from the start of the machine."""

    wall: float
    running: float
    boot: str


def _boot() -> str:
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_text().strip()
    return ""


class Tries:
    """The count of one vault's tries."""

    def __init__(
        self,
        folder: Path,
        wall: Callable[[], float] = time.time,
        running: Callable[[], float] = time.monotonic,
        boot: Callable[[], str] = _boot,
    ) -> None:
        self._path = folder / "tries.json"
        self._lock = FileLock(str(folder / "tries.lock"), timeout=5, mode=0o600)
        self._wall, self._running, self._boot = wall, running, boot

    @contextlib.contextmanager
    def attempt(self, slot: str = "") -> Iterator[None]:
        """Count a try around the check of a passphrase; raises NotAllowed without checking after ten wrong ones.

        A wrong try at a slot is remembered until it can be recorded.
        """
        with contextlib.suppress(OSError, Timeout), self._lock:
            counted = self._counted()
            if len(counted) >= LIMIT:
                minutes = max(1, math.ceil(self._left(counted[-LIMIT]) / 60))
                raise NotAllowed(
                    f"Too many wrong passphrases. Wait {minutes} minute{'s' if minutes > 1 else ''}; nothing was lost.",
                    title="Wait a little",
                    hint="The right passphrase will work again after that. Check Caps Lock meanwhile.",
                )
            self._write([*counted, _Try(self._wall(), self._running(), self._boot())])
        try:
            yield
        except WrongPassphrase:
            if slot:
                failures.note(self._path.parent, slot)
            raise
        except BaseException:
            self._forget_last()
            raise
        self._clear()

    def standing(self) -> tuple[int, float]:
        """Return how many tries are left and, where none is, in how many seconds the next one is possible."""
        with contextlib.suppress(OSError, Timeout), self._lock:
            counted = self._counted()
            left = max(LIMIT - len(counted), 0)
            return left, 0.0 if left else max(self._left(counted[-LIMIT]), 1.0)
        return LIMIT, 0.0

    def _left(self, since: _Try) -> float:
        return WINDOW_SECONDS - self._age(since)

    def _age(self, since: _Try) -> float:
        """Return how long ago a try was, never more than surely passed: a wall clock set forward does not help."""
        passed = self._wall() - since.wall
        ran = self._running() - since.running
        if since.boot == self._boot() and ran >= 0:
            return ran
        return passed

    def _counted(self) -> list[_Try]:
        try:
            stored = self._path.read_bytes()
        except FileNotFoundError:
            return []
        try:
            tries = [_Try(float(each[0]), float(each[1]), str(each[2])) for each in json.loads(stored[:_FILE_LIMIT])]
        except (ValueError, TypeError, IndexError, RecursionError):
            return []
        now = _Try(self._wall(), self._running(), self._boot())
        # A clock that was set back would hold a try for ever: it is counted from now.
        kept = [now if self._age(each) < 0 else each for each in tries if self._age(each) < WINDOW_SECONDS]
        if now in kept:
            self._write(kept)
        return kept

    def _write(self, tries: list[_Try]) -> None:
        # A full disk does not set a try free: the count takes the room that the vault keeps.
        stored = json.dumps([[each.wall, each.running, each.boot] for each in tries]).encode()
        room.write(self._path.parent, self._path, stored)

    def _forget_last(self) -> None:
        with contextlib.suppress(OSError, Timeout), self._lock:
            self._write(self._counted()[:-1])

    def _clear(self) -> None:
        with contextlib.suppress(OSError, Timeout), self._lock:
            self._path.unlink(missing_ok=True)
