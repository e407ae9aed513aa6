"""What every screen of the console shares, and how to write one.

A screen is `screens/<name>.py` with `screens/<name>.tcss` beside it:

    class LogScreen(ConsoleScreen):
        NAME = "log"                         # the name that actions and `console.open("log", child_id=…)` use
        HEADING = "Log a concern"            # stands in the header
        HELP = "What this screen is for."    # one to three plain sentences, shown by F1
        CSS_PATH = "log.tcss"                # semantic variables only; classes -narrow, -usual, -wide are on the screen
        BINDINGS = bindings("log")           # its lines in screens/actions, `ON_SCREEN["log"]`

        def __init__(self, child_id: str = "") -> None: ...     # what `console.open` passes
        def body(self) -> ComposeResult: ...                    # the widgets between the emergency line and the footer
        def refresh_record(self) -> None: ...                   # fetch and show again; called on every change
        def act_record(self) -> None: ...                       # does the action "log.record" of the table
        def why_not(self, action_id: str) -> str: ...           # "" or the reason why an action is greyed now
        def act_back(self) -> None: ...                         # Escape; by default leaves the screen
        def before_lock(self) -> Callable[[], None] | None: ... # read the widgets, return the call that seals

What screens take: `report(folder)` before unlock, `triage(report_id)`, `log(child_id="")`,
`child(child_id, entry_id="")`, `children()`, `review(child_id="")`,
`share(share_id="", entry_id="")`, `sync(item="")`, `partners()`.

The app mounts it: `dsl_console.screen_list` names its module and class, which are imported when it is first opened; add
a line there. `console.open(name, **params)` puts it on top, Escape takes it away, F6 returns to Today.

`on_mount` of a screen never calls super: Textual calls each class's own, and `refresh_record` follows it.

Nothing blocks the event loop: `fetch` reads (the latest call wins, an older result is dropped), `run` writes (one at a
time). Both call a plain function in a thread and hand its result to `then` on the event loop; a ConsoleError becomes a
notice of one sentence, or goes to `failed`. The open vault is `self.vault`:

    self.fetch(children.find, self.vault, text, then=self.show_matches)
    self.run(concerns.decide, self.vault, entry, decision, reason, then=self.decided)

A result may come after the person went on: `leave` takes away this screen and no other, `fetch_to_ask` asks nobody who
is elsewhere, and `awaits_read` lets keys wait where what is read first moves the focus or fills a field.

Import `storage` and `sync` inside the function that uses them, or a helper module that only screens behind unlock
import: the first paint must not wait for them.

Stored text is shown only by `PlainText`, `plain(text)` or `RecordList`: never as markup. Shared widgets live in
`screens.widgets`: `PlainText`, `StateLine`, `MessageBar`, `ChildPicker`, `WhenField`, `ChoiceField`, `RecordList`,
`ReasonDialog`, `ConfirmDialog`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from practice.errors import ConsoleError
from screens.actions import TABLE, bindings
from screens.widgets.chrome import EmergencyLine, HeaderLine, KeyBar

if TYPE_CHECKING:
    from screens.console import Console
    from storage.compartment import OpenCompartment
    from storage.vault import Vault

Result = TypeVar("Result")


class RecordChanged(Message, bubble=False):
    """Something was committed to the record: by this screen, another one, or a command beside the console.

    The app hands it down to the screen on top; were it to bubble, it would come back to the app for ever.
    """


@dataclass
class CallEnded(Message):
    """A blocking call came back: its result or its error, and whom to tell."""

    result: Any
    error: BaseException | None
    then: Callable[[Any], None] | None
    failed: Callable[[ConsoleError], None] | None
    key: str


def fault_place(error: BaseException) -> str:
    """Return an exception's class, file and line: never its message, which may hold a value."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 2)
        place = f", {'/'.join(name[-2:])} line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


def as_told(error: BaseException) -> ConsoleError:
    """Return what a person is told of an error: itself where it is said in words, or that the program has a fault."""
    if isinstance(error, ConsoleError):
        return error
    return ConsoleError(
        f"Something in the program went wrong ({fault_place(error)}).",
        title="A fault in the program",
        hint="What was recorded is kept. Try again; if it happens again, lock and unlock.",
    )


class Stands:
    """When keys may go to a screen or a dialog: until it stands, what is typed waits for it; mixed into a Screen."""

    stands = False
    """Whether it is there with its focus where it belongs, and, where `awaits_read`, with what it reads first."""
    awaits_read: ClassVar[bool] = False
    """Whether what it reads first fills its fields or moves the focus; it says `now_read` once that is done."""
    _was_read = False
    _drawn = False

    @property
    def holds_keys(self) -> bool:
        """Whether it is there, but keys wait for what it reads or does: what leaves or hides it need not wait."""
        return self._drawn and not self.stands

    def now_read(self) -> None:
        """Note that what it reads first is there, or will not come."""
        if not self._was_read:
            self._was_read = True
            cast("Screen[None]", self).call_after_refresh(self._now_stands)

    def await_read(self) -> None:
        """Let what is typed wait until something else is read and shown: `now_read` again."""
        self.stands = self._was_read = False

    def _now_stands(self) -> None:
        self._drawn = True
        if self._was_read or not self.awaits_read:
            self.stands = True
            if callable(heard := getattr(cast("Screen[None]", self).app, "screen_stands", None)):
                heard()


class Calls:
    """Blocking calls in threads, for a screen or a dialog: mixed into a Textual Screen."""

    _writing: set[str]

    def before_lock(self) -> Callable[[], None] | None:
        """Read what is unsaved and return the blocking call that seals it; it is given three seconds in a thread."""
        return None

    def fetch(
        self,
        fn: Callable[..., Result],
        *args: Any,
        then: Callable[[Result], None] | None = None,
        failed: Callable[[ConsoleError], None] | None = None,
        group: str = "",
        **kwargs: Any,
    ) -> None:
        """Read in a thread; a later call of the same group (by default of the same function) replaces this one."""
        name = group or getattr(fn, "__qualname__", "fetch")
        call = partial(self._call, partial(fn, *args, **kwargs), then, failed, "")
        cast("Screen[None]", self).run_worker(call, thread=True, exclusive=True, group=name, exit_on_error=False)

    def run(
        self,
        fn: Callable[..., Result],
        *args: Any,
        then: Callable[[Result], None] | None = None,
        failed: Callable[[ConsoleError], None] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Write in a thread; while one runs, the same function is not started again (returns False)."""
        key = getattr(fn, "__qualname__", "run")
        running = self.__dict__.setdefault("_writing", set())
        if key in running:
            return False
        running.add(key)
        call = partial(self._call, partial(fn, *args, **kwargs), then, failed, key)
        cast("Screen[None]", self).run_worker(call, thread=True, group=f"run {key}", exit_on_error=False)
        return True

    def _call(
        self,
        call: Callable[[], Any],
        then: Callable[[Any], None] | None,
        failed: Callable[[ConsoleError], None] | None,
        key: str,
    ) -> None:
        result, caught = None, None
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - the roof over every blocking call: the person is told below
            caught = error
        if key or not get_current_worker().is_cancelled:
            cast("Screen[None]", self).post_message(CallEnded(result, caught, then, failed, key))

    def on_call_ended(self, message: CallEnded) -> None:
        """Hand a result or an error to whoever asked for it; behind a hidden screen it waits until that is shown."""
        message.stop()
        console = cast("Console", cast("Screen[None]", self).app)
        if console.hidden and cast("Screen[None]", self).screen is not console.screen:
            console.when_shown(partial(self.on_call_ended, message))
            return
        if message.key:
            self._writing.discard(message.key)
        if message.error is None:
            if message.then is not None:
                message.then(message.result)
            return
        if isinstance(self, Stands):
            self.now_read()  # a read that failed keeps nobody's keys
        (message.failed or console.report)(as_told(message.error))


class ConsoleScreen(Stands, Calls, Screen[None]):
    """A screen with header, emergency line, body and footer."""

    NAME: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    FIELD_ENTER: ClassVar[str] = ""
    """The action that Enter does while the screen's field has the focus; the footer shows it then too."""
    SHOWS_BACK: ClassVar[bool] = True
    """Whether the footer names Escape: not where nothing lies under the screen."""
    BINDINGS = bindings("")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-usual"), (160, "-wide")]

    _listed: Any = None
    _seen_changes = 0
    leaves = False
    """Whether it is done and goes once what stands over it is left."""
    params: dict[str, Any] = {}

    @property
    def console(self) -> Console:
        """The app, by the type that screens know."""
        return cast("Console", self.app)

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = self.console.vault
        if vault is None:
            raise ConsoleError("The record is locked.", hint="Unlock it first.")
        return vault

    @property
    def words_kept_in(self) -> OpenCompartment:
        """The compartment to which what is written over this screen is sealed when the record locks."""
        return self.vault

    @property
    def heading(self) -> str:
        """What the header calls this screen now; a screen may say more than its HEADING."""
        return self.HEADING

    @property
    def place_words(self) -> str:
        """Where the cursor stands in the screen's list, where that is longer than what is seen: "12 of 4,312"."""
        return str(self._listed.place_words) if self._listed is not None and self._listed.is_attached else ""

    def tell_place(self, listed: Any) -> None:
        """Let the header tell where the cursor stands in this `RecordList`: the one with the focus, or the first."""
        if self._listed is None or not self._listed.has_focus or listed.has_focus:
            self._listed = listed
        if listed is self._listed:
            for header in self.query(HeaderLine):
                header.refresh()

    def body(self) -> ComposeResult:
        """Yield the screen's own widgets."""
        yield from ()

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield EmergencyLine()
        with Vertical(id="body"):
            yield from self.body()
        yield KeyBar()

    def _on_mount(self, event: events.Mount) -> None:
        self._seen_changes = self.console.changes
        self.refresh_record()
        self.call_after_refresh(self._now_stands)

    def hold_keys(self) -> None:
        """Let what is typed wait until what the screen shows now stands."""
        self.stands = False
        self.call_after_refresh(self._now_stands)

    def refresh_record(self) -> None:
        """Fetch what the screen shows and show it again."""

    def on_resize(self) -> None:
        # A form is laid out anew for another width: the field that is written in stays in sight.
        self.call_after_refresh(self._focus_into_sight)

    def _focus_into_sight(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def refresh_chrome(self) -> None:
        """Draw the header, the emergency line and the footer again."""
        for widget in self.query("HeaderLine, EmergencyLine, KeyBar"):
            widget.refresh(layout=True)

    @on(RecordChanged)
    def _record_changed(self) -> None:
        self._seen_changes = self.console.changes
        self.refresh_record()

    def on_screen_resume(self) -> None:
        if self.leaves:
            self.console.back()
            return
        if self.stands:
            self.console.screen_stands()  # what was typed while a dialog over this screen ended
        if self.is_mounted and self._seen_changes != self.console.changes:
            self._record_changed()

    def opening(self, screen: str) -> dict[str, Any]:
        """Return what another screen is opened with from here, such as the child that stands under the cursor."""
        del screen
        return {}

    def why_not(self, action_id: str) -> str:
        """Return why this screen's action cannot be done now, or an empty text where it can."""
        del action_id
        return ""

    def action_do(self, action_id: str) -> None:
        """Do an action of the table that this screen owns; where it cannot be done, say why."""
        reason = self.why_not(action_id)
        if reason:
            self.console.say(reason, title=TABLE[action_id].label)
            return
        getattr(self, TABLE[action_id].method)()
        self.refresh_bindings()

    def act_back(self) -> None:
        """Leave the screen, losing nothing."""
        self.console.back()

    def is_open_as(self, name: str) -> bool:
        """Whether it is the screen of that name, and is not done and about to go."""
        return name == self.NAME and not self.leaves

    def leave(self) -> None:
        """Leave this screen, its work being done: under another one it goes once that is left, and takes none along."""
        if self.is_active:
            self.console.back()
        else:
            self.leaves = True

    def fetch_to_ask(
        self,
        fn: Callable[..., Result],
        *args: Any,
        ask: Callable[[Result], object],
        failed: Callable[[ConsoleError], None] | None = None,
    ) -> None:
        """Read what a question rests on, then ask it: keys wait for it, and who went on meanwhile is not asked."""

        def read(result: Result) -> None:
            if self.is_active:
                ask(result)
            self.now_read()

        self.await_read()
        self.fetch(fn, *args, then=read, failed=failed)

    def may_exit(self) -> str:
        """Return what leaving the console now would lose for good, or an empty text: then nobody is asked."""
        return ""
