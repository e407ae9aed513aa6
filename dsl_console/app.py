"""The console's composition root: which screens there are, what is open, and when it hides and locks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import SystemCommand
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen

from dsl_console import config, daily, visiting
from dsl_console.behind import POLL_SECONDS, Behind
from dsl_console.frame import FrameState, frame_state, why_not_yours
from dsl_console.idle import Idle
from dsl_console.place import Place, keep_place, place_of, take_place
from dsl_console.screen_list import has_screen, screen_class
from dsl_console.supervisor import LOCKED, LOCKS, NO_BACKUP, UNKEPT, locked_with, locked_words
from dsl_console.type_ahead import TypeAhead
from practice.errors import ConsoleError
from practice.visits import NOT_HERE
from screens import themes
from screens.actions import EVERYWHERE, TABLE, actions_of, app_bindings
from screens.base import Calls, ConsoleScreen, RecordChanged, as_told
from screens.jump import JumpScreen, targets
from screens.palette import Palette

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.vault import Vault

ALWAYS = ("hide", "lock")
SEAL_SECONDS = 3.0
END_SECONDS = 8.0
"""How long the end may take once the terminal or the supervisor is gone."""
SEALED = "unlock.report"
"""What logging is at the lock screen: a sealed note."""
ASKED = "Answer what is asked first; Escape leaves it."
"""Why most keys are greyed while a dialog is open."""
TOUCHES = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp, events.Paste)


def _close(vault: OpenCompartment) -> None:
    """Lay the head into the keyring and close the record."""
    from storage import keyring_head

    if getattr(vault, "visit", None) is None:
        with contextlib.suppress(ConsoleError):  # a record that cannot be read any more must still be closed
            keyring_head.keep(vault)
    vault.close()


class DslConsole(TypeAhead):
    """The app: holds the vault, opens screens, hides and locks."""

    TITLE = "dsl-console"
    CSS_PATH = Path(sys.modules[ConsoleScreen.__module__].__file__ or "").parent / "console.tcss"
    BINDINGS = app_bindings()
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    NOTIFICATION_TIMEOUT = 6
    TOOLTIP_DELAY = 0.4

    def __init__(
        self,
        folder: Path,
        *,
        settings: config.Settings | None = None,
        settings_file: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        vault: Vault | None = None,
        locked: int = 0,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.settings = settings or config.Settings()
        self.settings_file = settings_file
        self.clock = clock
        self.vault = vault
        self._open_next: tuple[str, dict[str, Any]] | None = None
        self.after_lock = locked_words(locked)
        self.idle = Idle(clock, self.settings.hide_after, self.settings.lock_after)
        self.leaving = False
        self.supervisor = 0
        """The process that started this one and keeps the terminal; when it is gone, this one ends too."""
        self._sync_words = ""
        self._stop = threading.Event()
        self.behind = Behind(self, self._stop, self._taken_away)
        self._lock_words = ""
        self._when_shown: list[Callable[[], None]] = []
        self._visiting = visiting.Visiting(self)
        for theme in themes.THEMES.values():
            self.register_theme(theme)
        self._take_settings()

    # -- beginning and end ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(POLL_SECONDS, self._tick)
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            # Windows has no such signals, and a thread's loop cannot hear them.
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), self._ended_from_outside)
        if self.vault is not None:
            self.entered(self.vault)
        elif self.after_lock or any((self.folder / name).exists() for name in ("header.json", "visit.json")):
            # A vault that was open a moment ago is not to be set up anew where its drive was pulled out.
            self.push_screen(self._made("unlock", {"folder": self.folder, "after_lock": self.after_lock}))
        else:
            self.push_screen(self._made("first_run", {"folder": self.folder}))

    def entered(self, vault: Vault, then: Callable[[], None] | None = None) -> None:
        self.vault, self._entering, self._once_there = vault, True, then or (lambda: None)
        if vault.visit is None:  # on a visit nothing is left behind in the laptop's own keyring
            threading.Thread(target=self.behind.ask_keyring, args=(vault,), name="keyring head", daemon=True).start()
        self.idle.heard()
        self._fetch_state(first=True)

    def _fetch_state(self, *, first: bool = False) -> None:
        """Read in a thread what the frame of every screen shows; the first time, show Today with it."""
        vault = self.vault
        if vault is None:
            return

        def read() -> None:
            place: Place = []
            try:
                if first:
                    vault.changed()  # what is committed from here on is news
                    place = take_place(vault)
                state = frame_state(vault)
            except Exception as error:  # noqa: BLE001 - the roof over the thread: else "Opening…" would stand for ever
                self.call_from_thread(self.report, as_told(error))
                state = None
            self.call_from_thread(self._show_state, state, first, place)

        self.run_worker(read, thread=True, exclusive=True, group="frame", exit_on_error=False)

    def _show_state(self, state: FrameState | None, first: bool, place: Place) -> None:
        if self.vault is None or not self.screen_stack:
            return
        if state is not None:
            self.school, self._sync_words = state.school, state.sync_words
            self.register_way = state.register_way if self.vault.visit is None else ""
        if not first:
            self._refresh_chrome()
            return
        self.behind.begin(self.vault)
        self._visiting.tick(self.vault, time.monotonic())
        self._back_to(lambda _: False)
        if isinstance(self.screen, ConsoleScreen):
            self.switch_screen(self._made("today", {}))
        else:
            self.push_screen(self._made("today", {}))
        self._entering = False
        for name, params in place:
            self.call_later(self.open, name, **params)
        if self._open_next is None and self.register_way == "make":
            self._open_next = ("adults", {})  # the headteacher makes it in their first session
        if self._open_next is not None:
            (screen, params), self._open_next = self._open_next, None
            self.call_later(self.open, screen, **params)
        self.call_later(self._once_there)

    def on_unmount(self) -> None:
        self._stop.set()

    def on_record_changed(self) -> None:
        """Count the change and hand it to the screen on top; the others refresh when they come up."""
        if self.vault is None or not self.screen_stack:
            return
        self.changes += 1
        self._fetch_state()
        if isinstance(screen := self.screen, ConsoleScreen):
            screen.post_message(RecordChanged())

    async def _leave(self, status: int, *, hurried: bool = False) -> None:
        """Seal what is on screen, make today's backup unless hurried, close the record and end the process."""
        if self.leaving:
            return
        self.leaving = True
        self._stop.set()
        screens = [each for each in self.screen_stack if isinstance(each, Calls)]  # dialogs as well
        calls = [asyncio.to_thread(call) for each in screens if (call := each.before_lock()) is not None]
        drafts = len(calls)
        if status == LOCKED and self.vault is not None:
            calls.append(asyncio.to_thread(keep_place, self.vault, place_of(self.screen_stack)))
        vault, self.vault = self.vault, None
        register, self.register = self.register, None
        kept, backed = True, True
        if calls:
            try:
                async with asyncio.timeout(SEAL_SECONDS):
                    ended = await asyncio.gather(*calls, return_exceptions=True)
                kept = not any(isinstance(each, BaseException) for each in ended[:drafts])
                kept = kept and (vault is None or await asyncio.to_thread(vault.drafts.keep_unkept))
            except TimeoutError:
                kept = False
        messages = [] if kept else ["The draft on screen could not be sealed; the last one that was kept is safe."]
        if register is not None:
            await asyncio.to_thread(_close, register)
        if vault is not None:
            if not hurried:
                unmade = await daily.before_leaving(self, vault)
                backed = unmade in ("", daily.LATER)
                messages += [unmade] if unmade else []
            await asyncio.to_thread(_close, vault)
        if status == LOCKED:  # the next console's lock screen says it: this one's words are drawn over at once
            status += (0 if kept else UNKEPT) + (0 if backed else NO_BACKUP)
        self.exit(0 if status in LOCKS else status, return_code=status, message=" ".join(messages) or None)

    # -- screens -------------------------------------------------------------------------------------------------------

    def _made(self, name: str, params: dict[str, Any]) -> Screen[Any]:
        screen = screen_class(name)(**params)
        if isinstance(screen, ConsoleScreen):
            screen.params = params
        return screen

    def open(self, screen: str, **params: Any) -> None:
        if self._entering:
            self._open_next = (screen, params)  # a key pressed before Today is there is not lost
            return
        screen = visiting.place(self.vault, screen)
        if not screen:
            self.say(NOT_HERE, "On a visit")
            return
        if screen == "today":
            self._back_to(lambda each: getattr(each, "NAME", "") == "today")
            return
        if not has_screen(screen):
            self.say("This version has no such screen yet; the command line does it: dsl-console --help")
            return
        found = [each for each in self.screen_stack if isinstance(each, ConsoleScreen) and each.is_open_as(screen)]
        same = next((each for each in found if not params or each.params == params), None)
        if same is not None:
            self._back_to(lambda each: each is same)
            return
        self.push_screen(self._made(screen, params))

    def _back_to(self, wanted: Callable[[Screen[Any]], bool]) -> None:
        while len(self.screen_stack) > 2 and not wanted(self.screen):
            self._seal(self.screen)
            self.pop_screen()

    def _seal(self, screen: Screen[Any]) -> None:
        if isinstance(screen, ConsoleScreen) and (call := screen.before_lock()) is not None:
            self.run_worker(lambda: self.tried(call), thread=True, exit_on_error=False, group="seal")

    def back(self) -> None:
        if len(self.screen_stack) > 2:
            self._seal(self.screen)
            self.pop_screen()

    # -- actions -------------------------------------------------------------------------------------------------------

    @property
    def _shown(self) -> Screen[Any]:
        """The screen on top, or the one under the palette."""
        stack = self.screen_stack
        return stack[-2] if isinstance(stack[-1], CommandPalette) and len(stack) > 1 else stack[-1]

    def why_not(self, action_id: str) -> str:
        action = TABLE[action_id]
        if action not in EVERYWHERE:
            return visiting.why_not(self.vault, action) or self._why_not_here(action_id)
        if self.hidden and action_id not in {"lock", "exit"}:
            return "The screen is hidden: your passphrase brings it back."
        if not action.locked and self.vault is None:
            return self._why_not_here(SEALED) if self._at_lock(action_id) else "Unlock first."
        if why := why_not_yours(self.vault, self.register_way, action_id):
            return why
        if isinstance(self._shown, ModalScreen) and (action.opens or action_id in {"help", "commands"}):
            return ASKED
        return visiting.why_not(self.vault, action)

    def _at_lock(self, action_id: str) -> bool:
        """Say whether somebody who may read nothing wants to write it down: it becomes a sealed note."""
        return action_id == "log" and self.vault is None and getattr(self._shown, "NAME", "") == "unlock"

    def _why_not_here(self, action_id: str) -> str:
        """Return why an action of the screen on top cannot be done now."""
        shown = self._shown
        if isinstance(shown, ModalScreen):
            return "" if action_id == "back" else ASKED
        try:
            return shown.why_not(action_id) if isinstance(shown, ConsoleScreen) else ""
        except NoMatches:
            # The footer is drawn before the widgets inside the body are mounted.
            return "The screen is still being drawn."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do" and parameters:
            listed = TABLE.get(str(parameters[0]))
            if listed is not None and listed.opens and not has_screen(listed.opens):
                return False
            if self.screen_stack and getattr(self.screen, "TAKES_KEYS", False) and parameters[0] not in ALWAYS:
                return False  # a dialog that asks which key an action is to have takes the key itself
        return super().check_action(action, parameters)

    def action_do(self, action_id: str) -> None:
        """Do an action of the table from a key."""
        self.do(action_id)

    def do(self, action_id: str) -> None:
        reason = self.why_not(action_id)
        action = TABLE[action_id]
        if isinstance(self.screen, CommandPalette) and action_id != "commands":
            self.screen.dismiss()  # a key does what it does everywhere; the palette would lie under what it opens
        if reason:
            self.say(reason, title=action.label)
        elif action not in EVERYWHERE or self._at_lock(action_id):
            if isinstance(self._shown, ConsoleScreen):
                self._shown.action_do(SEALED if self._at_lock(action_id) else action_id)
        elif action.opens:
            there = any(action.opens == getattr(each, "NAME", "") for each in self.screen_stack)
            own = isinstance(self.screen, ConsoleScreen) and not there
            self.open(action.opens, **(cast("ConsoleScreen", self.screen).opening(action.opens) if own else {}))
        else:
            getattr(self, action.method)()

    def act_help(self) -> None:
        """Show what the screen on top is for."""
        if isinstance(self.screen, ConsoleScreen) and self.screen.NAME != "help":
            self.push_screen(self._made("help", {"about": self.screen}))

    def act_jump(self) -> None:
        """Put a letter on everything that can be gone to; pressing it goes there."""
        if found := targets(self.screen):
            self.push_screen(JumpScreen(found), lambda widget: widget.focus() if widget else None)

    def act_commands(self) -> None:
        """Show the palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def act_hide(self) -> None:
        """Hide everything behind the passphrase."""
        if self.vault is not None and not self.hidden:
            self.hidden = True
            self.clear_notifications()
            self.push_screen(self._made("hide", {}))

    def close_register(self) -> None:
        register, self.register = self.register, None
        if register is not None:
            threading.Thread(target=_close, args=(register,), name="closing the register").start()

    def reveal(self) -> None:
        if self.hidden:
            self.hidden = False
            self.idle.heard()
            self.pop_screen()
            self.show_held()
            for call in self._when_shown:
                self.call_later(call)
            self._when_shown.clear()

    def when_shown(self, call: Callable[[], None]) -> None:
        self._when_shown.append(call)

    def act_lock(self) -> None:
        """Lock, which ends this process."""
        self.run_worker(self._leave(LOCKED), group="leave", exit_on_error=False)

    def _taken_away(self) -> None:
        """End at once, without a backup that would keep the others from making the keys anew: the way in is gone."""
        self.run_worker(self._leave(LOCKED, hurried=True), group="leave", exit_on_error=False)

    def act_exit(self) -> None:
        """Lock and return to the shell; ask first where that would lose something for good."""
        loss = self.screen.may_exit() if isinstance(self.screen, ConsoleScreen) else ""
        if loss:
            from screens.widgets.dialogs import ConfirmDialog

            self.push_screen(ConfirmDialog("Leave now?", loss, verb="Leave without the code"), self._exit_if)
        else:
            self._exit_if(True)

    def _exit_if(self, sure: bool | None) -> None:
        if sure:
            self.run_worker(self._leave(0), group="leave", exit_on_error=False)

    def _ended_from_outside(self) -> None:
        """Leave at once: whoever ends the process from outside does not wait for a backup."""
        self.run_worker(self._leave(0, hurried=True), group="leave", exit_on_error=False)
        if self.supervisor:
            # A terminal that is gone can hold up the app's own end for ever; nothing of the record may stay in memory.
            timer = threading.Timer(END_SECONDS, os._exit, (1,))
            timer.daemon = True
            timer.start()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the palette's commands: this screen's, then those that work everywhere; nothing that leaves a file."""
        own = actions_of(screen.NAME) if isinstance(screen, ConsoleScreen) else ()
        for action in (*own, *EVERYWHERE):
            if action.id in {"commands", "back"} or (action.opens and not has_screen(action.opens)):
                continue
            if not self.why_not(action.id):
                yield SystemCommand(action.command, action.help, lambda chosen=action.id: self.do(chosen))

    # -- idle, lock, sync words ----------------------------------------------------------------------------------------

    def heard(self) -> None:
        self.idle.heard()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, TOUCHES):
            if self.vault is not None and self.idle.must_lock():
                # The machine slept past the time: the first touch locks, and does nothing else.
                self.act_lock()
                return
            self.idle.heard()
        await super().on_event(event)

    def _tick(self) -> None:
        if self.supervisor and not self.leaving and os.getppid() != self.supervisor:
            self._ended_from_outside()
            return
        if self.vault is None or self.leaving:
            return
        if self.idle.must_lock():
            self.act_lock()
            return
        if self.idle.must_hide() and not self.hidden:
            self.act_hide()
            daily.while_idle(self, self.vault, self._stop)
        words = self.idle.words()
        if self._visiting.tick(self.vault, time.monotonic()) or words != self._lock_words:
            self._lock_words = words
            self._refresh_chrome()

    def _refresh_chrome(self) -> None:
        for screen in reversed(self.screen_stack):  # also under a dialog: a visit's time goes on there
            if isinstance(screen, ConsoleScreen):
                screen.refresh_chrome()
                return

    @property
    def lock_words(self) -> str:
        return self._lock_words

    @property
    def sync_words(self) -> str:
        return self._sync_words

    @property
    def visit_words(self) -> str:
        return self._visiting.words if self.vault is not None else ""


def run_console(folder: Path, arguments: list[str]) -> int:
    """Run one console on a vault's folder until it exits or locks: the process that the supervisor starts."""
    settings, faults = config.load(config.settings_file())
    app = DslConsole(folder, settings=settings, settings_file=config.settings_file(), locked=locked_with(arguments))
    app.supervisor = os.getppid()
    for fault in faults:
        app.call_later(app.say, fault, "Settings", "warning")
    app.run()
    return app.return_code or 0
