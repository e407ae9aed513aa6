"""A form dialog that reads its own fields and the open vault: what the dialogs of lists have in common."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from textual.widgets import Input

from screens.widgets.answer import AnswerField
from screens.widgets.due_field import DueField
from screens.widgets.fields import WhenField
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault

Answer = TypeVar("Answer")


class VaultForm(FormDialog[Answer], Generic[Answer]):
    """A form on the open vault."""

    VERB = "Record"
    DEFAULT_CSS = """
    VaultForm Field Input { width: 1fr; }
    VaultForm Field { margin: 0; }
    """

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = cast("Console", self.app).vault
        assert vault is not None
        return vault

    def today(self) -> date:
        """Return the day."""
        return cast("Console", self.app).now().date()

    def text(self, name: str) -> str:
        """Return what was typed into a field."""
        widget = self.query_one(f"#{name}")
        return (widget.value if isinstance(widget, Input) else cast("AnswerField", widget).text).strip()

    def ahead(self, name: str) -> tuple[date | None, bool]:
        """Return a day still to come, and whether it can be read; asks where it cannot."""
        field = self.query_one(f"#{name}", DueField)
        day, question = field.read()
        if question:
            self.ask(question, field.query_one(Input))
        return day, not question

    def past(self, name: str) -> tuple[date | None, bool]:
        """Return a day that has been, None where it is left blank; asks where it cannot be read."""
        field = self.query_one(f"#{name}", WhenField)
        if not field.text.strip():
            return None, True
        start = field.occurred.start
        if start is None:
            self.ask("Which day? Write it as 3 Mar 2027.", field.query_one(Input))
            return None, False
        return date.fromisoformat(start[:10]), True
