"""Keys that come before the screen they were meant for: they wait, in their order, until it stands."""

from __future__ import annotations

from collections import deque

from textual import events
from textual.dom import DOMNode
from textual.timer import Timer

from dsl_console.keeping import Keeping

LONGEST_WAIT = 10.0
"""Seconds after which keys wait no longer, whatever the screen says."""
EXIT = "do('exit')"
ROUNDS = 2
"""How often a key's way is gone after it: what it made, such as a button's press, goes that way once more."""


class TypeAhead(Keeping):
    """The app as far as keys go that a person types on before a screen is there: none is lost, none goes elsewhere."""

    _held: deque[events.Event] | None = None
    _held_timer: Timer | None = None
    _entering = False
    """Whether the record was opened and its first screen is on its way."""
    _one_goes = False
    """Whether a key that waited was handed on and is not dealt with yet."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded or not self.screen_stack:
            await super().on_event(event)
        elif self._must_wait() and not self._leads_out(event):
            self._hold(event)
        elif isinstance(event, events.Key) and event.key == "enter" and getattr(self.screen, "UNLOCKS", False):
            # What comes behind it is for the unlocked console: whether it unlocks is known once it was dealt with.
            self._hold(event)
            self.screen_stands()
        else:
            await super().on_event(event)

    def _must_wait(self) -> bool:
        """Say whether a key waits: the screen does not stand yet, or an earlier key is not dealt with."""
        return self._one_goes or bool(self._held) or not self._stands

    def _leads_out(self, event: events.Event) -> bool:
        """Say whether a key ends the console while the record is being opened: that waits for nothing."""
        if not self._trying or not isinstance(event, events.Key):
            return False
        bound = self.screen.active_bindings.get(event.key)
        return bound is not None and bound.binding.action == EXIT

    @property
    def _trying(self) -> bool:
        return bool(self.screen_stack) and bool(getattr(self.screen, "trying", False))

    @property
    def _stands(self) -> bool:
        return not self._entering and bool(getattr(self.screen, "stands", True))

    def _hold(self, event: events.Event) -> None:
        if self._held is None:
            self._held = deque()
        self._held.append(event)
        if self._held_timer is None:
            self._held_timer = self.set_timer(LONGEST_WAIT, self._replay_all)

    def screen_stands(self) -> None:
        # Behind what the screen has asked of the app already, such as where the focus goes.
        self.call_later(self._replay_one)

    async def _replay_one(self) -> None:
        """Hand on the first key that waits; the next one follows once all that saw this one have dealt with it."""
        if self._one_goes or not self._stands:
            return
        if not self._held:
            self._stop_timer()
            return
        self._one_goes = True
        target = self.focused or self.screen
        await super().on_event(self._held.popleft())
        self._follow([*target.ancestors_with_self] * ROUNDS)

    def _follow(self, way: list[DOMNode]) -> None:
        """Go the way of a key behind it, through each one's messages, and then take the next."""
        for place, node in enumerate(way):
            if node.call_later(self._follow, way[place + 1 :]):
                return
        self._one_goes = False
        self.call_later(self._replay_one)

    async def _replay_all(self) -> None:
        """Hand on every key that waits, and let those that follow come: no screen may keep them for ever."""
        if hasattr(self.screen, "stands"):
            self.screen.stands = True
        self._held_timer = None
        if self._trying:  # it ends by itself, and they are not for the lock screen
            self._held_timer = self.set_timer(LONGEST_WAIT, self._replay_all)
            return
        self._one_goes = False
        while self._held:
            await super().on_event(self._held.popleft())

    def drop_typed(self) -> bool:
        had = bool(self._held)
        if self._held:
            self._held.clear()
        self._stop_timer()
        return had

    def _stop_timer(self) -> None:
        if self._held_timer is not None:
            self._held_timer.stop()
            self._held_timer = None
