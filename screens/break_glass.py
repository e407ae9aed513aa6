"""The question before a read-only person opens a child who was not given to them: who, and why (R-114)."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.widgets import Input

from practice.roles import GLASS_HOURS
from practice.text import LINE_LIMIT
from screens.console import Console
from screens.widgets.answer import AnswerField
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog


class GlassDialog(FormDialog[str]):
    """Asks for the whole name or UPN and the reason; dismissed with the child's id once it is recorded."""

    VERB = "Open"

    def __init__(self, name: str = "") -> None:
        super().__init__(
            "Open a child who was not given to you",
            f"The record opens for {GLASS_HOURS} hours. Your name, the time and the reason are recorded, and the DSL "
            "sees them on Today. Write the whole name or the UPN: nothing is suggested.",
        )
        self._first = name

    def fields(self) -> ComposeResult:
        """Yield the child as written, and the reason."""
        yield Field("Child", Input(self._first, placeholder="Whole name or UPN", max_length=LINE_LIMIT, id="child"))
        yield Field("Reason", AnswerField(placeholder="Why you must see this record now", id="reason"))

    def on_mount(self) -> None:
        self.query_one("#child").focus()

    def confirm(self) -> None:
        """Record it and open the child, once both are there."""
        from storage.desk.granting import break_glass

        child, reason = self.query_one("#child", Input), self.query_one("#reason", AnswerField)
        vault = cast("Console", self.app).vault
        if not child.value.strip():
            self.ask("Which child? Write the whole name or the UPN.", child)
        elif not reason.text.strip():
            self.ask("A reason is needed: the DSL reads it on Today.", reason)
        elif vault is not None:
            self.busy("Recording…")
            said = child.value.strip(), reason.text.strip()
            self.run(break_glass, vault, *said, then=self.finish, failed=self.failed)
