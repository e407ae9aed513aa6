"""What the screens of the adults' register share: the bar in its own colour, and the register that is open (R-40)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from practice.adults import LADO_STOP
from practice.errors import ConsoleError
from screens.base import ConsoleScreen
from screens.widgets.text import PlainText, plain

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.register import Register

BAR = "ADULTS' REGISTER · its own key · what you read here is recorded"


class RegisterScreen(ConsoleScreen):
    """A screen within the open register; it has no register any more once the list below it was left."""

    DEFAULT_CLASSES: ClassVar[str] = "register"

    @property
    def register(self) -> Register:
        """The open register."""
        register = self.console.register
        if register is None:
            raise ConsoleError("The adults' register is closed.", hint="Open it again with your passphrase.")
        return register

    @property
    def words_kept_in(self) -> OpenCompartment:
        """What is written over a screen of the register is sealed to it, never to the children's record."""
        return self.register

    def on_screen_resume(self) -> None:
        if self.is_mounted and self.console.register is not None:  # another screen may have changed it meanwhile
            self.refresh_record()

    def bar(self) -> ComposeResult:
        """Yield the bar that stands on every screen of the register."""
        yield PlainText(BAR, id="register-bar")

    def body(self) -> ComposeResult:
        yield from self.bar()
        yield from self.content()

    def content(self) -> ComposeResult:
        """Yield the screen's own widgets under the bar."""
        yield from ()

    def read(self, what: str, entry_id: str = "") -> None:
        """Record that something is read; where it cannot be, say so and go on (R-114)."""
        from storage.desk.register import opened

        self.run(opened, self.register, what, entry_id, then=self._unrecorded)

    def _unrecorded(self, sentence: str) -> None:
        if sentence:
            self.console.say(sentence, severity="warning")


def stop_words(register: Register) -> str:
    """Return the stop's sentence with the LADO's number."""
    number = register.phones.get("lado") or "no number is set (dsl-console report numbers)"
    return f"{LADO_STOP}\n\nLADO: {number}"


def labelled(pairs: Sequence[tuple[str, str]]) -> list[Content]:
    """Return a label and its text on a line of their own, for those that hold something; stored text shown whole."""
    lines: list[Content] = []
    for label, text in pairs:
        if text.strip():
            lines += [Content(""), plain(label, "$text-muted"), plain(text)]
    return lines
