"""Keys that come before what they are meant for: they wait, in their order, until it is there.

A screen or a dialog that is not there yet keeps what is typed waiting until it stands. So does a key that may lead
elsewhere, such as Tab or Enter, until all that saw it have dealt with it: without that, a letter typed right behind Tab
goes to the field before, wherever the machine is slow or the hand is fast.
"""

from __future__ import annotations

from collections import deque

from textual import events
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widgets import Input, TextArea

from dsl_console.keeping import Keeping

LONGEST_WAIT = 10.0
"""Seconds after which keys wait no longer, whatever the screen says."""
LONGEST_WAY = 2.0
"""Seconds after which a key counts as dealt with, whoever has it still."""
ROUNDS = 2
"""How often a key's way is gone after it: what it made, such as a button's press, goes that way once more."""
EXIT = "do('exit')"
AT_ONCE = frozenset({EXIT, "do('hide')", "do('lock')"})
STAYING = frozenset(
    f"{with_}{key}"
    for key in ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "backspace", "delete")
    for with_ in ("", "shift+", "ctrl+", "ctrl+shift+")
)
"""Keys that move or rub out where the focus is: they lead nowhere else, and may come many a second."""


class TypeAhead(Keeping):
    """The app as far as keys go that a person types on before a screen is there: none is lost, none goes elsewhere."""

    _held: deque[events.Event] | None = None
    _held_timer: Timer | None = None
    _entering = False
    """Whether the record was opened and its first screen is on its way."""
    _going = 0
    """The number of the key that is on its way and not dealt with yet, or 0."""
    _gone = 0
    """How many keys have gone their way."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded or not self.screen_stack:
            await super().on_event(event)
        elif self._must_wait():
            if self._leads_out(event):
                await self._let_go(event)
            else:
                self._hold(event)
        elif not self._leads_on(event):
            await super().on_event(event)
        elif isinstance(self.focused, Input | TextArea) and self.focused.call_later(self.screen_stands):
            self._hold(event)  # until the field has taken the letters before it: Ctrl+S records what they made
        else:
            await self._let_go(event)

    def _must_wait(self) -> bool:
        """Say whether a key waits: the screen does not stand yet, or an earlier key is not dealt with."""
        return bool(self._going) or bool(self._held) or not self._stands

    def _leads_on(self, event: events.Event) -> bool:
        """Say whether what is typed behind a key may be for another place than what was typed before it."""
        if not isinstance(event, events.Key) or event.key in STAYING:
            return False
        return not (event.is_printable and isinstance(self.focused, Input | TextArea))

    def _leads_out(self, event: events.Event) -> bool:
        """Say whether a key waits for nothing: what ends the console, and what leaves or hides a screen that reads."""
        reads = not self._entering and not self._going and not self._held and getattr(self.screen, "holds_keys", False)
        if not isinstance(event, events.Key) or not (self._trying or reads):
            return False
        bound = self.screen.active_bindings.get(event.key)
        action = bound.binding.action if bound is not None else ""
        return action == EXIT if self._trying else event.key == "escape" or action in AT_ONCE

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
        if self._going or not self._stands:
            return
        if not self._held:
            self._stop_timer()
            return
        await self._let_go(self._held.popleft())

    async def _let_go(self, event: events.Event) -> None:
        """Hand on a key, and let the next one follow once it was dealt with."""
        self._gone += 1
        number = self._going = self._gone
        target = self.focused or self.screen
        late = self.set_timer(LONGEST_WAY, lambda: self._arrived(number))
        await super().on_event(event)
        self._follow(number, late, [*target.ancestors_with_self] * ROUNDS)

    def _follow(self, number: int, late: Timer, way: list[DOMNode]) -> None:
        """Go the way of a key behind it, through each one's messages, and then take the next."""
        for place, node in enumerate(way):
            if node.call_later(self._follow, number, late, way[place + 1 :]):
                return
        late.stop()
        self._arrived(number)

    def _arrived(self, number: int) -> None:
        if self._going == number:
            self._going = 0
            self.call_later(self._replay_one)

    async def _replay_all(self) -> None:
        """Hand on every key that waits, and let those that follow come: no screen may keep them for ever."""
        if hasattr(self.screen, "stands"):
            self.screen.stands = True
        self._held_timer = None
        if self._trying:  # it ends by itself, and they are not for the lock screen
            self._held_timer = self.set_timer(LONGEST_WAIT, self._replay_all)
            return
        self._going = 0
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
