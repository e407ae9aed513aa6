"""Joining from a machine that holds no record yet: a code, words compared on both screens, and the first copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.chrome import ROLES
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from storage.replication.exchange import Result
    from storage.vault import Vault

LOOKS_EVERY = 2.0
"""Seconds between two looks into the folder whether the other machine has answered."""
WAITING = "Waiting until the words are confirmed there. With a stick: carry it over, and bring it back."


def asked(folder: Path, code: str, target: Path, clock: Any) -> str:
    """Lay the request into the folder; return the words to compare. Blocks."""
    from storage.joining import ask

    return ask(folder, code, target, clock())


def looked(folder: Path, code: str, target: Path, clock: Any) -> list[tuple[str, str, str]]:
    """Return who may open the vault, once the other machine has let this one in. Blocks."""
    from storage.joining import answered

    return answered(folder, code, target, clock())


def joined(
    folder: Path, code: str, target: Path, user: str, passphrase: str, clock: Any, progress: Any
) -> tuple[Vault, Result]:
    """Make the vault and take the record in; blocks, for long where the record is large."""
    from storage.joining import join

    return join(folder, code, target, passphrase=passphrase, user=user, clock=clock, progress=progress)


class JoinScreen(ConsoleScreen):
    """Asks for the code, shows the words, and takes the first copy."""

    NAME = "join"
    HEADING = "Join this school's record"
    HELP = (
        "Another machine of the school lets this one in: there on Machines, n makes a one-time code. Type it here, "
        "compare the words on both screens, and open the record with the passphrase that you have. Nothing is handed "
        "over before the words were confirmed there."
    )
    CSS_PATH = "join.tcss"
    BINDINGS = bindings("join")

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.step = "code"
        self.shared, self.code, self.words = "", "", ""
        self.people: list[tuple[str, str, str]] = []
        self._busy = False

    def body(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield VerticalScroll(id="step", can_focus=False)
            with Vertical(id="foot"):
                yield MessageBar(id="fault")
                with Horizontal(id="buttons"):
                    yield Button("Back  Esc", id="previous", compact=True)
                    yield Button("Ask to join", id="continue", variant="primary", compact=True)

    async def on_mount(self) -> None:
        self.set_interval(LOOKS_EVERY, self._look)
        await self._show("code")

    async def _show(self, step: str) -> None:
        self.step = step
        holder = self.query_one("#step", VerticalScroll)
        await holder.remove_children()
        await holder.mount(*getattr(self, f"_step_{step}")())
        self._say("")
        go_on = self.query_one("#continue", Button)
        go_on.label = "Join" if step == "person" else "Ask to join"
        go_on.display = step != "words"
        first = next(iter(holder.query("Input, Select").results(Widget)), self.query_one("#previous"))
        first.focus()
        self.refresh_chrome()

    # -- the steps -----------------------------------------------------------------------------------------------------

    def _step_code(self) -> Iterator[Widget]:
        yield PlainText("Which machine lets this one in?", classes="question")
        yield PlainText(
            "On a machine that has the record, somebody opens Machines (Ctrl+P) and presses n: that makes a one-time "
            "code, and leaves an invitation in a folder that both machines reach, or on a stick.",
            classes="note",
        )
        yield Field("Folder", Input(self.shared, id="shared", placeholder="A share or a stick", max_length=4096))
        yield Field("Code", Input(self.code, id="code", placeholder="Five groups of four", max_length=40))
        yield PlainText(f"The record will lie in {self.folder}", classes="note")

    def _step_words(self) -> Iterator[Widget]:
        yield PlainText("Are these words on the other screen too?", classes="question")
        yield PlainText(self.words, id="words")
        yield PlainText(
            "On the other machine c on Machines shows its words. Read them to each other. If one differs, somebody "
            "else answered: go back, and make a new code there.",
            classes="note",
        )

    def _step_person(self) -> Iterator[Widget]:
        choices = [(f"{visible(name)}, {ROLES.get(role, role)}", ident) for ident, name, role in self.people]
        yield PlainText("The words were confirmed there. Who opens the record here?", classes="question")
        yield PlainText(self.words, id="words")
        yield PlainText(
            "If the other screen showed other words than these, go back: then it was not your school that answered.",
            classes="note",
        )
        only = choices[0][1] if len(choices) == 1 else ""
        yield Field("Who", ChoiceField(choices, value=only, prompt="Choose", id="who"))
        yield Field("Passphrase", Input(password=True, id="passphrase", max_length=1000))
        yield PlainText("The one with which you open it on the other machine.", classes="note")

    # -- forward -------------------------------------------------------------------------------------------------------

    def _say(self, text: str, tone: str = "bad") -> None:
        self.query_one("#fault", MessageBar).say(text, tone)

    def _failed(self, error: ConsoleError) -> None:
        self._set_busy(False)
        self._say(f"{error.message} {error.hint}".strip())

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.query_one("#continue", Button).disabled = busy
        self.refresh_bindings()

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        fields = list(self.query("#step Input").results(Input))
        if event.input is fields[-1]:
            self._continue()
        else:
            self.focus_next()

    @on(Button.Pressed, "#continue")
    def _continue(self) -> None:
        if self._busy:
            return
        if self.step == "code":
            self._ask()
        elif self.step == "person":
            self._join()

    def _ask(self) -> None:
        typed = self.query_one("#shared", Input).value.strip().strip("'\"")
        self.shared, self.code = typed, self.query_one("#code", Input).value.strip()
        if not self.shared or not self.code:
            self._say("Both are needed: the folder and the code.", "warn")
            self.query_one("#code" if self.shared else "#shared").focus()
            return
        self.shared = str(Path(self.shared).expanduser())
        self._set_busy(True)
        self._say("Asking…", "")
        self.run(
            asked, Path(self.shared), self.code, self.folder, self.console.clock, then=self._asked, failed=self._failed
        )

    def _asked(self, words: str) -> None:
        self.words = words
        self._set_busy(False)
        self.call_later(self._show_words)

    async def _show_words(self) -> None:
        await self._show("words")
        self._say(WAITING, "")
        self._look()

    def _look(self) -> None:
        if self.step == "words" and not self._busy:
            place = Path(self.shared)
            self.fetch(
                looked, place, self.code, self.folder, self.console.clock, then=self._looked, failed=self._not_found
            )

    def _not_found(self, error: ConsoleError) -> None:
        if self.step == "words":  # a stick that is on its way to the other machine and back
            self._say(f"{error.message} {WAITING}", "warn")

    def _looked(self, people: list[tuple[str, str, str]]) -> None:
        if self.step == "words" and people:
            self.people = people
            self.call_later(self._show, "person")
        elif self.step == "words":
            self._say(WAITING, "")

    def _join(self) -> None:
        who = self.query_one("#who", ChoiceField).code
        field = self.query_one("#passphrase", Input)
        if not who or not field.value:
            self._say("Say who you are, and type your passphrase.", "warn")
            self.query_one("#passphrase" if who else "#who").focus()
            return
        passphrase = field.value
        field.clear()
        self._set_busy(True)
        self._say("Opening your keys. This takes a few seconds…", "")
        place, clock = Path(self.shared), self.console.clock
        self.run(
            joined,
            place,
            self.code,
            self.folder,
            who,
            passphrase,
            clock,
            self._progress,
            then=self._joined,
            failed=self._failed,
        )

    def _progress(self, words: str) -> None:
        if self.is_mounted:
            self.console.call_from_thread(self._say, f"{words}…", "")

    def _joined(self, found: tuple[Vault, Result]) -> None:
        vault, result = found
        self.console.entered(vault)
        said = f"This machine holds the record: {counted(result.taken.applied, 'act was', 'acts were')} taken in."
        if result.refused or result.waits:
            said += " Some files could not be read yet: Machines, s takes them in again."
        self.console.say(said, title="Joined")

    # -- back ----------------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#previous")
    def act_back(self) -> None:
        """Go back to the code, or to the first run; nothing was handed over."""
        if self._busy:
            return
        if self.step == "code":
            self.console.back()
        else:
            self.call_later(self._show, "code")

    def why_not(self, action_id: str) -> str:
        if action_id == "back" and self._busy:
            return "One moment: it is being done."
        return ""
