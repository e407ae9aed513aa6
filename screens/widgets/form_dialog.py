"""A dialog that holds a form: it stays, with what was typed, until what it asks for is done or left."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from screens.base import Calls
from screens.widgets.dialogs import Dialog, back_button, confirm_button

Answer = TypeVar("Answer")


class FormDialog(Calls, Dialog[Answer | None], Generic[Answer]):
    """Title, sentence, fields, two buttons; a subclass yields `fields` and does `confirm`."""

    DEFAULT_CSS = """
    FormDialog { background: $background 60%; }
    FormDialog .dialog { width: 84; }
    """
    BINDINGS = [
        Binding("escape", "leave", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Go on", tooltip="Do what the dialog says", priority=True),
    ]
    VERB: ClassVar[str] = "Go on"

    def __init__(self, heading: str, sentence: str = "") -> None:
        super().__init__()
        self.heading_text, self.sentence_text = heading, sentence
        self._busy = False

    def fields(self) -> ComposeResult:
        """Yield the form's widgets."""
        yield from ()

    def confirm(self) -> None:
        """Check what was typed and do it, or `ask` for what is missing."""

    def compose(self) -> ComposeResult:
        buttons = back_button(), confirm_button(self.VERB)
        yield from self.framed(self.heading_text, self.sentence_text, self.fields(), *buttons)

    def busy(self, sentence: str) -> None:
        """Say that the work goes on, and take no second one meanwhile."""
        self._busy = True
        self.stands = False  # what is typed from now on is meant for the screen below
        self.say(sentence)

    def free(self) -> None:
        """Take keys again, the work being done."""
        self._busy = False
        self.call_after_refresh(self._now_stands)

    def failed(self, error: ConsoleError) -> None:
        """Say why it was not done; the form stays."""
        self.free()
        self.say(f"{error.message} {error.hint}".strip(), "bad")

    def finish(self, answer: Answer) -> None:
        """Leave the dialog with its answer."""
        self.dismiss(answer)

    def action_leave(self) -> None:
        """Leave the dialog."""
        self.dismiss(None)

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Do what the dialog says."""
        if not self._busy:
            self.confirm()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()
