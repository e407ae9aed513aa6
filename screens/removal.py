"""Removing an entry on screen: proposed with a reason, agreed by another person, undone with a reason (R-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from practice.text import visible
from screens.widgets.answer import AnswerField
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.removals import RemovalRow

PROPOSE = (
    "Nothing is removed yet: the entry stands until another person agrees. Then its words leave every list, search and "
    "copy; a tombstone with your reason stays, and it can be restored."
)
AGREE = (
    "Its words leave every list, search and copy, and shares that have not left are withheld. A tombstone with both "
    "names stays, and it can be restored."
)


def open_of(found: list[RemovalRow]) -> RemovalRow | None:
    """Return the proposal that waits for a second person, if there is one."""
    return next((row for row in found if row.state == "proposed"), None)


def propose(vault: Vault, entry_id: str, reason: str) -> str:
    """Propose it; blocks."""
    from storage.desk import removal

    proposed: str = removal.propose(vault, entry_id, reason)
    return proposed


def agree(vault: Vault, entry_id: str) -> str:
    """Agree to it, and return what is to be said; blocks."""
    from storage.desk import removal

    done = removal.agree(vault, entry_id)
    said = "Removed. A tombstone stands in the child's history."
    if done.already_with:
        said += f" Tell them: {', '.join(done.already_with)} have it already."
    return said


def restore(vault: Vault, entry_id: str, reason: str) -> str:
    """Bring it back, or take the proposal back; blocks."""
    from storage.desk import removal

    restored: str = removal.restore(vault, entry_id, reason)
    return restored


def history_parts(found: list[RemovalRow]) -> list[Any]:
    """Return what was proposed, removed and restored, for the child's history; no word of an entry."""
    from storage.views.removals import words

    if not found:
        return []
    return ["\n", ("Removals", "bold $text-primary"), "\n", *(f"{visible(words(row))}\n" for row in found)]


class RestoreDialog(FormDialog[str]):
    """Which removed entry comes back, and why."""

    VERB = "Restore it"
    DEFAULT_CSS = "RestoreDialog OptionList { height: auto; max-height: 10; }"

    def __init__(self, vault: Vault, found: list[RemovalRow]) -> None:
        super().__init__("Restore a removed entry", "It stands in the record again, with every version and decision.")
        self.vault, self.rows = vault, found

    def fields(self) -> ComposeResult:
        """Yield the tombstones and the reason."""
        from storage.views.removals import words

        yield OptionList(*(Option(Content(visible(words(row))), id=row.entry_id) for row in self.rows), compact=True)
        yield Field("Reason", AnswerField(placeholder="Why it is brought back", id="reason"))

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = 0
        (listed if len(self.rows) > 1 else self.query_one("#reason")).focus()

    def on_option_list_option_selected(self) -> None:
        """Enter on a tombstone goes on to the reason."""
        self.focus_next()

    def confirm(self) -> None:
        """Restore it, once there is a reason."""
        reason, at = self.query_one("#reason", AnswerField), self.query_one(OptionList).highlighted
        if at is None:
            self.ask("Which one?", self.query_one(OptionList))
        elif not reason.text.strip():
            self.ask("Why is it brought back?", reason)
        else:
            self.busy("Restoring…")
            self.run(restore, self.vault, self.rows[at].entry_id, reason.text, then=self.finish, failed=self.failed)
