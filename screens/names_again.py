"""An anonymised text named again on screen, with the reason, by the masks of the copy that it is from (R-64, R-75)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from textual.app import ComposeResult
from textual.widgets import Button

from practice.dates import day_words
from screens.widgets.answer import AnswerField
from screens.widgets.area import NoteArea
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault


class Named(NamedTuple):
    """A text with its names, and what is to be said of masks that may stand for two people."""

    text: str
    doubts: tuple[str, ...]


def name_again(vault: Vault, child_id: str, text: str, reason: str, copy: str) -> Named:
    """Name a text again, which is recorded; blocks."""
    from storage.desk.glossary import doubts, unmask

    named = unmask(vault, child_id, text, reason, copy=copy)
    return Named(named, () if copy else tuple(each.words for each in doubts(vault, child_id, text)))


def copies_out(vault: Vault, child_id: str) -> list[tuple[str, str]]:
    """Return the copies that went out with names masked, the newest first, as (words, id); blocks."""
    from storage.views.glossary import masked_copies

    return [
        (f"{each.what}, {each.form}, {day_words(each.at.astimezone().date())}, {each.hashes[0][:8]}", each.act)
        for each in reversed(masked_copies(vault, child_id))
    ]


class NameAgainDialog(FormDialog[bool]):
    """The masked text, which copy it is from, and why; the text with its names takes the masked one's place."""

    VERB = "Name it again"
    awaits_read = True

    def __init__(self, child_id: str) -> None:
        super().__init__(
            "Name a text again",
            "The masks in it become names again. That it was done, by whom and why, is recorded.",
        )
        self.child_id = child_id
        self.named = False

    def fields(self) -> ComposeResult:
        """Yield the form's fields."""
        text = NoteArea(id="again-text", compact=True, tab_behavior="focus", placeholder="Type or paste it here")
        yield Field("Masked text", text)
        yield Field("From which copy", ChoiceField([], prompt="From no copy: what stands today", id="again-copy"))
        yield Field("Reason", AnswerField(placeholder="Why it is named again", id="again-reason"))

    def on_mount(self) -> None:
        self.query_one("#again-text").focus()
        self.fetch(copies_out, self._vault, self.child_id, then=self._offer)

    @property
    def _vault(self) -> Vault:
        return cast("Vault", cast("Console", self.app).vault)

    def _offer(self, copies: list[tuple[str, str]]) -> None:
        self.query_one("#again-copy", ChoiceField).set_options(copies)
        self.now_read()

    def confirm(self) -> None:
        """Name it again, once there is a text and a reason."""
        text, reason = self.query_one("#again-text", NoteArea), self.query_one("#again-reason", AnswerField)
        if self.named:
            self.dismiss(True)
        elif not text.text.strip():
            self.ask("Which text is it? Type it, or paste it.", text)
        elif not reason.text.strip():
            self.ask("Why is it named again? The reason is recorded.", reason)
        else:
            self.busy("Naming it again…")
            copy = self.query_one("#again-copy", ChoiceField).code
            self.run(
                name_again,
                self._vault,
                self.child_id,
                text.text,
                reason.text,
                copy,
                then=self._show,
                failed=self.failed,
            )

    def _show(self, found: Named) -> None:
        self.named = True
        self.free()
        area = self.query_one("#again-text", NoteArea)
        area.load_text(found.text)
        area.read_only = True
        area.focus()
        self.query_one("#confirm", Button).label = "Done  Ctrl+S"
        said = " ".join(found.doubts)
        hint = " If the text is from a copy, name it again and choose which." if said else ""
        self.say(f"Named again, and recorded. {said}{hint}".strip(), "warn" if said else "good")
