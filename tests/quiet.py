"""Wait until a Textual app has handled everything it was given, instead of until the processor rests a while.

Textual's own pilot sleeps in steps of 20 ms until the process uses little processor time, twice for each key: slow on
a quiet machine and fooled by a loaded one. An app is quiet when each of its message loops waits for a message and its
screen has nothing left to draw, which can be seen.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import textual.app
import textual.pilot
from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

LONGEST = 2.0
"""Seconds after which a key that is still being handled is waited for no longer, such as one that waits for another."""
IN_A_ROW = 3
"""How many turns of the event loop must find the app quiet: a task that a handler started may take one to begin."""


def waits(pump: MessagePump) -> bool:
    """Say whether a message loop stands still, waiting for its next message."""
    queue = pump._message_queue
    return (
        bool(queue.ready_event._waiters)
        and queue.empty()
        and pump._pending_message is None
        and not pump._next_callbacks
    )


def to_draw(screen: Screen) -> bool:
    """Say whether a screen has something left to lay out, draw or call after that."""
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


def threads_work() -> bool:
    """Say whether a call is under way in a thread, also one whose worker was cancelled and which ends by itself."""
    executor = asyncio.get_running_loop()._default_executor
    if executor is None:
        return False
    return executor._work_queue.qsize() > 0 or len(executor._threads) > executor._idle_semaphore._value


def is_quiet(app: App, *, workers: bool) -> bool:
    """Say whether nothing is on its way; where asked, in no worker either."""
    if not all(waits(pump) for pump in (app, *app._registry)):
        return False
    if app.animator._animations or app.animator._scheduled:
        return False
    if workers and (threads_work() or any(not worker.is_finished for worker in app.workers)):
        return False
    if app.screen_stack and to_draw(app.screen):
        app.screen._on_timer_update()
        return not to_draw(app.screen)
    return True


async def quiet(app: App, *, workers: bool = False, longest: float = LONGEST) -> bool:
    """Wait until the app is quiet; say whether it became so in the time it was given."""
    deadline = time.monotonic() + longest
    in_a_row = turns = 0
    while in_a_row < IN_A_ROW:
        if not app._running or app._exception is not None or app._exit:
            return True
        if time.monotonic() > deadline:
            return False
        in_a_row = in_a_row + 1 if is_quiet(app, workers=workers) else 0
        turns += 1
        # A thread of the app's needs the interpreter to itself now and then.
        await asyncio.sleep(0 if turns % 20 else 0.001)
    return True


async def _wait_for_idle(min_sleep: float = 0, max_sleep: float = LONGEST) -> None:
    del min_sleep
    with suppress(LookupError):
        await quiet(active_app.get(), longest=max_sleep)


async def _wait_for_screen(pilot: Pilot, timeout: float = 30.0) -> bool:
    del timeout
    return await quiet(pilot.app)


def use() -> None:
    """Let Textual's pilot wait in this way: after each key and at each pause."""
    assert callable(textual.app.wait_for_idle)
    assert callable(textual.pilot.wait_for_idle)
    assert callable(Pilot._wait_for_screen)
    textual.app.wait_for_idle = textual.pilot.wait_for_idle = _wait_for_idle
    Pilot._wait_for_screen = _wait_for_screen
