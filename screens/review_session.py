"""The dialog that begins a review session: over whom it goes (R-81)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Select

from practice.minutes import SCOPES
from practice.vocabulary import ReviewStatus
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.sessions import SessionRow  # noqa: F401 - named by the class below


def counted(vault: Vault, scope: str, about: str) -> int:
    """Return how many children are in a scope."""
    from storage.desk.sessions import in_scope

    return len(in_scope(vault, scope, about))


class ScopeDialog(FormDialog["SessionRow"]):
    """Asks for the scope and says how many children are in it."""

    VERB = "Begin"

    def __init__(self) -> None:
        super().__init__(
            "Begin a review session",
            "It may be paused, and gone on with on another day by another person; it ends with a minute.",
        )

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = cast("Console", self.app).vault
        assert vault is not None
        return vault

    def fields(self) -> ComposeResult:
        yield Field(
            "Over whom", ChoiceField([(words, code) for code, words in SCOPES.items()], value="due", id="scope")
        )
        yield Field("Status", ChoiceField(ReviewStatus.choices(), prompt="Choose", id="status"))
        yield Field("Worker", Input(placeholder="a name on the front sheet, or of an action", id="worker"))
        yield StateLine("", id="count")

    def on_mount(self) -> None:
        self._scope_chosen()
        self.query_one("#scope").focus()

    @property
    def scope(self) -> tuple[str, str]:
        """The scope, and what it asks for beside."""
        code = self.query_one("#scope", ChoiceField).code or "due"
        if code == "status":
            return code, self.query_one("#status", ChoiceField).code
        return code, self.query_one("#worker", Input).value.strip() if code == "worker" else ""

    @on(Select.Changed)
    @on(Input.Changed)
    def _scope_chosen(self) -> None:
        code, about = self.scope
        for name in ("status", "worker"):
            field = self.query_one(f"#{name}").parent
            if field is not None:
                field.display = code == name
        if code in ("status", "worker") and not about:
            self.query_one("#count", StateLine).say("")
            return
        self.fetch(counted, self.vault, code, about, then=partial(self._counted, (code, about)), failed=self.failed)

    def _counted(self, scope: tuple[str, str], count: int) -> None:
        if scope != self.scope:
            return
        words = f"{count} child{'ren' if count != 1 else ''} in this scope." if count else "Nobody is in this scope."
        self.query_one("#count", StateLine).say(words, "" if count else "warn")

    def confirm(self) -> None:
        from storage.desk.sessions import begin

        code, about = self.scope
        if code in ("status", "worker") and not about:
            self.ask("Which status?" if code == "status" else "Which worker?", f"#{code}")
            return
        self.busy("One moment.")
        self.run(begin, self.vault, code, about, then=self.finish, failed=self.failed)
