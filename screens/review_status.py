"""The dialog that sets how a child is reviewed: status, and how often where it differs (R-80)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from practice.vocabulary import ReviewEvery, ReviewStatus
from screens.base import Calls
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import DIALOG_CSS
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from storage.views.children import ChildRow


@dataclass(frozen=True)
class StatusSet:
    """What was chosen."""

    child_id: str
    status: str
    every: str


class StatusDialog(Calls, ModalScreen[StatusSet | None]):
    """Asks for the child, the status and, where it differs from the status's own, how often."""

    CSS = DIALOG_CSS.replace("ReasonDialog, ConfirmDialog", "StatusDialog")
    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Set", tooltip="Set this status"),
    ]

    def __init__(self, child: ChildRow | None) -> None:
        super().__init__()
        self._child = child

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield PlainText("Set the review status", classes="dialog--title")
            yield PlainText("The status gives the date of the next review.", classes="dialog--sentence")
            yield Field("Child", ChildPicker(provisional=False, id="child"))
            yield Field("Status", ChoiceField(ReviewStatus.choices(), prompt="Choose", id="status"))
            yield Field("How often", ChoiceField(ReviewEvery.choices(), prompt="As the status says", id="every"))
            yield MessageBar()
            with Horizontal(classes="dialog--buttons"):
                yield Button("Back  Esc", id="back", compact=True)
                yield Button("Set  Ctrl+S", id="confirm", variant="primary", compact=True)

    def on_mount(self) -> None:
        if self._child is None:
            self.query_one("#child Input").focus()
            return
        self.query_one(ChildPicker).choose(self._child)
        if self._child.status in set(ReviewStatus):
            self.query_one("#status", ChoiceField).code = self._child.status
        self.query_one("#status").focus()

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Take the choice, once it is whole."""
        child = self.query_one(ChildPicker).child
        status = self.query_one("#status", ChoiceField).code
        if child is None:
            self.query_one(MessageBar).say("Which child? Type two letters of the name and choose.", "warn")
            self.query_one("#child Input").focus()
        elif not status:
            self.query_one(MessageBar).say("Which status? It gives the date of the next review.", "warn")
            self.query_one("#status").focus()
        else:
            self.dismiss(StatusSet(child.id, status, self.query_one("#every", ChoiceField).code))
