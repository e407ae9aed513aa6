"""Work that waits for the keys to pause."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer


class Pause:
    """Calls something once nothing was touched for a while.

    A touch costs a look at the clock: a timer that is stopped and started anew at every key would cost a task each.
    """

    def __init__(self, owner: MessagePump, seconds: float, then: Callable[[], object]) -> None:
        self._owner, self._seconds, self._then = owner, seconds, then
        self._due = 0.0
        self._timer: Timer | None = None

    def touch(self) -> None:
        """Begin the wait anew."""
        self._due = monotonic() + self._seconds
        if self._timer is None:
            self._timer = self._owner.set_timer(self._seconds, self._passed)

    def stop(self) -> None:
        """Let go of the call that is waited for."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _passed(self) -> None:
        self._timer = None
        left = self._due - monotonic()
        if left > 0:
            self._timer = self._owner.set_timer(left, self._passed)
        else:
            self._then()
