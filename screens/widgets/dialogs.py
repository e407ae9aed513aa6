"""Questions that stand over a screen: each names what will happen, and Escape leaves it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, TextArea

from screens.widgets.text import MessageBar, PlainText

DIALOG_CSS = """
ReasonDialog, ConfirmDialog { align: center middle; background: $background 30%; }
.dialog {
    width: 72; max-width: 96%; height: auto; max-height: 88%; margin: 2 0 0 0; background: $surface;
    border: round $border; padding: 1 2; overflow-y: auto; scrollbar-size-vertical: 1;
}
.dialog .dialog--title { text-style: bold; color: $text-primary; height: auto; }
.dialog .dialog--sentence { height: auto; margin: 1 0; }
.dialog TextArea { height: 5; }
.dialog .dialog--buttons { height: auto; margin: 1 0 0 0; align-horizontal: right; }
.dialog .dialog--buttons Button { margin: 0 0 0 2; }
"""


class ReasonDialog(ModalScreen[str | None]):
    """Asks why: dismissed with the reason, never blank, or with None on Escape."""

    CSS = DIALOG_CSS
    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Confirm", tooltip="Go on with this reason"),
    ]

    def __init__(self, title: str, sentence: str = "", *, verb: str = "Go on", reason: str = "") -> None:
        super().__init__()
        self._heading, self._sentence, self._verb, self._first = title, sentence, verb, reason

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield PlainText(self._heading, classes="dialog--title")
            if self._sentence:
                yield PlainText(self._sentence, classes="dialog--sentence")
            yield TextArea(
                self._first, compact=True, tab_behavior="focus", placeholder="The reason, as it should be read later"
            )
            yield MessageBar()
            with Horizontal(classes="dialog--buttons"):
                yield Button("Back  Esc", id="back", compact=True)
                yield Button(f"{self._verb}  Ctrl+S", id="confirm", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Take the reason, unless it is blank."""
        reason = self.query_one(TextArea).text.strip()
        if reason:
            self.dismiss(reason)
        else:
            self.query_one(MessageBar).say("A reason is needed: it is read with the record.", "warn")
            self.query_one(TextArea).focus()


class ConfirmDialog(ModalScreen[bool]):
    """Asks once more, naming the consequence: dismissed with True, or with False on Escape."""

    CSS = DIALOG_CSS
    BINDINGS = [Binding("escape", "dismiss(False)", "Back", tooltip="Leave; nothing is changed")]

    def __init__(self, title: str, consequence: str, *, verb: str, back: str = "Back") -> None:
        super().__init__()
        self._heading, self._consequence, self._verb, self._leave = title, consequence, verb, back

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield PlainText(self._heading, classes="dialog--title")
            yield PlainText(self._consequence, classes="dialog--sentence")
            with Horizontal(classes="dialog--buttons"):
                yield Button(f"{self._leave}  Esc", id="back", compact=True)
                yield Button(self._verb, id="confirm", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#back").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")
