"""The question of People & keys about who covers somebody who is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from practice.dates import day_words
from screens.widgets.due_field import DueField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from storage.vault import Vault


class CoverDialog(FormDialog[str]):
    """Who covers somebody who is away, and up to which day; dismissed with a sentence once it is recorded."""

    VERB = "Record"

    def __init__(self, vault: Vault, person: str, name: str, others: list[tuple[str, str]]) -> None:
        super().__init__(
            f"Who covers {name}?",
            "Today tells everybody until that day, so that nothing waits for who is away. Nobody's role, keys or "
            "children change by it.",
        )
        self._vault, self._person, self._name, self._others = vault, person, name, others

    def fields(self) -> ComposeResult:
        """Yield who, and up to which day."""
        first = self._others[0][1] if len(self._others) == 1 else ""
        yield Field("Covered by", ChoiceField(self._others, prompt="Choose", value=first, id="by"))
        yield Field("Until", DueField(empty="no day yet", id="until"))

    def on_mount(self) -> None:
        self.query_one("#until Input" if len(self._others) == 1 else "#by").focus()

    def confirm(self) -> None:
        """Record it, once both are there."""
        from storage.desk.granting import set_cover

        by = self.query_one("#by", ChoiceField).code
        until, question = self.query_one("#until", DueField).read()
        if not by:
            self.ask("Who covers them?", "#by")
        elif until is None:
            self.ask(question or "Up to and including which day?", "#until Input")
        else:
            covering = next(name for name, code in self._others if code == by)
            done = f"{covering} covers {self._name} until {day_words(until)}. Today says so."
            self.busy("Recording…")
            cover = self._person, by, until
            self.run(set_cover, self._vault, *cover, then=lambda _: self.finish(done), failed=self.failed)
