"""The dialog that sets how a child is reviewed: status, and how often where it differs (R-80)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button

from practice.vocabulary import ReviewEvery, ReviewStatus
from screens.base import Calls
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.fields import ChoiceField, Field

if TYPE_CHECKING:
    from storage.views.children import ChildRow


@dataclass(frozen=True)
class StatusSet:
    """What was chosen."""

    child_id: str
    status: str
    every: str


class StatusDialog(Calls, Dialog[StatusSet | None]):
    """Asks for the child, the status and, where it differs from the status's own, how often."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Set", tooltip="Set this status"),
    ]

    def __init__(self, child: ChildRow | None) -> None:
        super().__init__()
        self._child = child

    def compose(self) -> ComposeResult:
        fields = (
            Field("Child", ChildPicker(provisional=False, id="child")),
            Field("Status", ChoiceField(ReviewStatus.choices(), prompt="Choose", id="status")),
            Field("How often", ChoiceField(ReviewEvery.choices(), prompt="As the status says", id="every")),
        )
        said = "The status gives the date of the next review."
        yield from self.framed("Set the review status", said, fields, back_button(), confirm_button("Set"))

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
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
        elif not status:
            self.ask("Which status? It gives the date of the next review.", "#status")
        else:
            self.dismiss(StatusSet(child.id, status, self.query_one("#every", ChoiceField).code))
