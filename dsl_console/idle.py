"""How long nobody has touched the console, by the wall clock, so that sleep counts too (design: §4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

WARN_SECONDS = 60


class Idle:
    """Says when to hide and when to lock; a clock that goes back counts as somebody at the keys."""

    def __init__(self, clock: Callable[[], datetime], hide_after: int, lock_after: int) -> None:
        self.clock = clock
        self.hide_after = timedelta(seconds=hide_after)
        self.lock_after = timedelta(seconds=lock_after)
        self.last = clock()

    def heard(self) -> None:
        """Note that somebody is there."""
        self.last = self.clock()

    def gone(self) -> timedelta:
        """Return how long nothing was heard."""
        now = self.clock()
        self.last = min(self.last, now)
        return now - self.last

    def must_hide(self) -> bool:
        """Say whether the screen must hide."""
        return self.gone() >= self.hide_after

    def must_lock(self) -> bool:
        """Say whether the record must lock."""
        return self.gone() >= self.lock_after

    def words(self) -> str:
        """Return "Locks in 0:42" in the last minute, otherwise nothing."""
        left = int((self.lock_after - self.gone()).total_seconds())
        return f"Locks in {max(left, 0) // 60}:{max(left, 0) % 60:02}" if left < WARN_SECONDS else ""
