"""Work that waits for the keys to pause."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer


class Pause:
    """Calls something once nothing was touched for a while.

    With `longest` it is called after so many seconds even while the touches go on.

    A touch costs a look at the clock: a timer that is stopped and started anew at every key would cost a task each.
    """

    def __init__(
        self, owner: MessagePump, seconds: float, then: Callable[[], object], *, longest: float = math.inf
    ) -> None:
        self._owner, self._seconds, self._then, self._longest = owner, seconds, then, longest
        self._due = self._last = 0.0
        self._timer: Timer | None = None

    def touch(self) -> None:
        """Begin the wait anew."""
        now = monotonic()
        if self._timer is None:
            self._last = now + self._longest
        self._due = min(now + self._seconds, self._last)
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
