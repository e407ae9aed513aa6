"""Hidden: nothing of the record on screen until the passphrase brings it back. Hiding is not locking (R-115)."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from practice.errors import ConsoleError
from screens.actions import bindings
from screens.unlock import UnlockScreen
from screens.unlocking import UnlockingScreen
from screens.widgets.fields import Field
from screens.widgets.text import MessageBar, PlainText, StateLine


class HideScreen(UnlockingScreen):
    """A plain screen with one field."""

    NAME = "hide"
    HEADING = "Hidden"
    HELP = "The screen was hidden. Your passphrase brings back what was on it, as it was."
    SHOWS_BACK = False
    CSS_PATH = "unlock.tcss"
    BINDINGS = bindings("hide")

    def __init__(self) -> None:
        super().__init__()
        self.wrong = 0

    def body(self) -> ComposeResult:
        with Vertical(id="card"):
            yield PlainText("Hidden. What you were doing is as you left it.", id="said")
            yield Field("Passphrase", Input(password=True, id="passphrase", max_length=1000))
            yield StateLine("Enter brings it back.", id="state")
            yield MessageBar(id="fault")

    def on_mount(self) -> None:
        self.query_one("#passphrase").focus()

    def act_back(self) -> None:
        """Empty the field; Escape never shows what is hidden."""
        self.query_one("#passphrase", Input).value = ""

    @on(Input.Submitted, "#passphrase")
    def _submitted(self, event: Input.Submitted) -> None:
        passphrase = event.value
        if not passphrase:
            return
        event.input.clear()
        event.input.disabled = True
        self.query_one("#fault", MessageBar).say("")
        self.query_one("#state", StateLine).say("One moment…")
        self.begin_trying()
        self.run(self.vault.check_passphrase, passphrase, then=self._checked, failed=self._failed)

    def _checked(self, right: bool) -> None:
        if right:
            self.console.reveal()
            self.console.screen_stands()
            return
        self.wrong += 1
        said = f"That is not your passphrase. Nothing was shown.{self.refused_words()}"
        self.query_one("#fault", MessageBar).say(said, "bad")
        pauses = UnlockScreen.PAUSES
        self.query_one("#state", StateLine).say("Wait a moment.")
        self.set_timer(pauses[min(self.wrong, len(pauses)) - 1], self._again)

    def _failed(self, error: ConsoleError) -> None:
        """Say why it was not tried at all, such as that no try is left for now."""
        said = f"{error.message} {error.hint}".strip() + self.refused_words()
        self.query_one("#fault", MessageBar).say(said, "bad")
        self._again()

    def _again(self) -> None:
        self.query_one("#state", StateLine).say("Enter brings it back.")
        field = self.query_one("#passphrase", Input)
        field.disabled = False
        field.focus()
