"""A dialog that holds a form: it stays, with what was typed, until what it asks for is done or left."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from screens.base import Calls
from screens.widgets.text import MessageBar, PlainText

Answer = TypeVar("Answer")


class FormDialog(Calls, ModalScreen[Answer | None]):
    """Title, sentence, fields, two buttons; a subclass yields `fields` and does `confirm`."""

    DEFAULT_CSS = """
    FormDialog { align: center middle; background: $background 60%; }
    FormDialog > .form-dialog {
        width: 84; max-width: 96%; height: auto; max-height: 88%; margin: 2 0 0 0; background: $surface;
        border: round $border; padding: 1 2; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    FormDialog .form-dialog--title { text-style: bold; color: $text-primary; }
    FormDialog .form-dialog--sentence { margin: 1 0; }
    FormDialog Field { margin: 0 0 0 0; }
    FormDialog MessageBar { margin: 1 0 0 0; }
    FormDialog .form-dialog--buttons { height: auto; margin: 1 0 0 0; align-horizontal: right; }
    FormDialog .form-dialog--buttons Button { margin: 0 0 0 2; }
    FormDialog.-narrow > .form-dialog { padding: 0 1; }
    """
    BINDINGS = [
        Binding("escape", "leave", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Go on", tooltip="Do what the dialog says", priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-usual"), (160, "-wide")]
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
        with Vertical(classes="form-dialog"):
            yield PlainText(self.heading_text, classes="form-dialog--title")
            if self.sentence_text:
                yield PlainText(self.sentence_text, classes="form-dialog--sentence")
            yield from self.fields()
            yield MessageBar(id="dialog-message")
            with Horizontal(classes="form-dialog--buttons"):
                yield Button("Back  Esc", id="dialog-back", compact=True)
                yield Button(f"{self.VERB}  Ctrl+S", id="dialog-confirm", variant="primary", compact=True)

    def ask(self, sentence: str, widget: Widget | None = None) -> None:
        """Say what is missing and put the cursor there."""
        self.say(sentence, "warn")
        if widget is not None:
            widget.focus()

    def say(self, sentence: str, tone: str = "") -> None:
        """Say something under the form."""
        bar = self.query_one("#dialog-message", MessageBar)
        bar.say(sentence, tone)
        if sentence:
            self.call_after_refresh(bar.scroll_visible, animate=False)

    def busy(self, sentence: str) -> None:
        """Say that the work goes on, and take no second one meanwhile."""
        self._busy = True
        self.say(sentence)

    def failed(self, error: ConsoleError) -> None:
        """Say why it was not done; the form stays."""
        self._busy = False
        self.say(f"{error.message} {error.hint}".strip(), "bad")

    def finish(self, answer: Answer) -> None:
        """Leave the dialog with its answer."""
        self.dismiss(answer)

    def action_leave(self) -> None:
        """Leave the dialog."""
        self.dismiss(None)

    @on(Button.Pressed, "#dialog-back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#dialog-confirm")
    def action_confirm(self) -> None:
        """Do what the dialog says."""
        if not self._busy:
            self.confirm()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()
