"""What may be done beside a review's questions without leaving the session (R-81)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input

from practice.dates import in_words
from practice.errors import ConsoleError
from practice.text import visible
from practice.vocabulary import EntryKind, label_of
from screens.action_dialogs import AddActionDialog
from screens.base import Calls
from screens.challenge_dialog import CHALLENGED, ChallengeDialog
from screens.review_evidence import excerpt
from screens.share_propose import ProposeDialog
from screens.widgets.answer import AnswerField
from screens.widgets.dialogs import Dialog, ReasonDialog, back_button
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.vault_form import VaultForm

if TYPE_CHECKING:
    from screens.console import Console
    from storage.views.children import ChildRow
    from storage.views.evidence import Evidence

CHOICES = (
    ("1", "action", "Something to be done"),
    ("2", "pattern", "A pattern: considered, because …"),
    ("3", "share", "Share an entry with a partner"),
    ("4", "referral", "A referral"),
    ("5", "challenge", "A professional challenge"),
)
NOTHING = {
    "pattern": "No pattern about this child asks to be considered.",
    "share": "Nothing is recorded about this child yet that could be shared.",
}
"""Why one of the five cannot be chosen now."""


class AlsoDialog(Calls, Dialog["str | None"]):
    """Offers the five by number; dismissed with what was done, in a sentence, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Back to the review"),
        *(Binding(key, f"choose('{name}')", words, show=False) for key, name, words in CHOICES),
    ]

    def __init__(self, found: Evidence, first: str = "action") -> None:
        super().__init__()
        self._found, self._first = found, first

    def compose(self) -> ComposeResult:
        buttons = [Button(f"{key}  {words}", id=f"also-{name}", compact=True) for key, name, words in CHOICES]
        yield from self.framed(
            "Beside the review", "What was typed stays. Choose by its number.", buttons, back_button()
        )

    def on_mount(self) -> None:
        self.query_one(f"#also-{self._first}").focus()
        self.query_one("#also-pattern", Button).disabled = not self._found.flags
        self.query_one("#also-share", Button).disabled = not self._found.entries

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        name = (event.button.id or "").removeprefix("also-")
        if name == "back":
            self.dismiss(None)
        else:
            self.action_choose(name)

    def action_choose(self, name: str) -> None:
        """Open the dialog that was chosen."""
        found = self._found
        if name == "action":
            self._ask(AddActionDialog(found.child), "It stands on the list of actions.")
        elif name == "pattern" and found.flags:
            flag = found.flags[0]
            sentence = f"{flag.label}. {flag.sentence} It returns only with an entry that is not listed."
            dialog = ReasonDialog("Considered, because …", sentence, verb="Record", about=flag.id)
            self.app.push_screen(dialog, lambda reason: self._consider(flag.id, reason))
        elif name == "share" and found.entries:
            self._ask(ChooseEntryDialog(found), "Proposed: it waits under Share for its approval.")
        elif name == "referral":
            self._ask(ReferDialog(found.child), "The referral is in the record, and its answer asked for.")
        elif name == "challenge":
            meeting = found.disagreements[0] if found.disagreements else None
            self._ask(ChallengeDialog(found.child, meeting), CHALLENGED)
        else:
            self.say(NOTHING[name], "warn")

    def _ask(self, dialog: FormDialog[Any], words: str) -> None:
        def answered(answer: object) -> None:
            if answer:
                self.dismiss(words)

        self.app.push_screen(dialog, answered)

    def _consider(self, flag: str, reason: str | None) -> None:
        if reason is None:
            return
        from storage.desk.flags import answer

        vault = cast("Console", self.app).vault
        assert vault is not None
        words = "Considered: it returns only on new evidence."
        self.run(answer, vault, flag, reason, then=lambda _row: self._leave(words), failed=self._failed)

    def _leave(self, words: str) -> None:
        self.dismiss(words)

    def _failed(self, error: ConsoleError) -> None:
        self.say(f"{error.message} {error.hint}".strip(), "bad")


class ChooseEntryDialog(FormDialog[str]):
    """Asks which entry is proposed to a partner, then to whom."""

    VERB = "Go on"

    def __init__(self, found: Evidence) -> None:
        super().__init__("Which entry?", "The newest first. Nothing leaves before its exact bytes were approved.")
        self._found = found

    def fields(self) -> ComposeResult:
        entries = self._found.newest
        listed = [(f"{in_words(entry.occurred)}: {visible(excerpt(entry.text, 60))}", entry.id) for entry in entries]
        yield Field("Entry", ChoiceField(listed, value=listed[0][1], id="entry"))

    def confirm(self) -> None:
        code = self.query_one("#entry", ChoiceField).code
        if code:
            self.app.push_screen(ProposeDialog(code), self._proposed)
        else:
            self.ask("Which entry?", "#entry")

    def _proposed(self, share: str | None) -> None:
        if share:
            self.dismiss(share)


class ReferDialog(VaultForm[str]):
    """Asks to whom a referral goes, and what it says."""

    def __init__(self, child: ChildRow) -> None:
        super().__init__(
            f"{label_of(EntryKind, EntryKind.REFERRAL)}: {visible(child.name)}",
            "By telephone at once, in writing after. The record asks on the next working day whether you have heard.",
        )
        self._child = child.id

    def fields(self) -> ComposeResult:
        yield Field("To whom", Input(placeholder="name, role, agency", max_length=200, id="to"))
        yield Field("What is asked for", AnswerField(id="words"))

    def confirm(self) -> None:
        from storage.desk.sessions import refer

        to, words = self.text("to"), self.text("words")
        if not to:
            self.ask("To whom?", "#to")
        elif not words:
            self.ask("What does it say?", "#words")
        else:
            self.busy("One moment.")
            self.run(refer, self.vault, self._child, to, words, then=self.finish, failed=self.failed)
