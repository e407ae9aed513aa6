"""Move an entry that was logged under the wrong child, at once, with a reason (R-14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from screens.actions import bindings
from screens.entry_form import EntryForm
from screens.widgets.area import NoteArea
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.fields import Field

if TYPE_CHECKING:
    from storage.desk.concerns import Moved
    from storage.vault import Vault


@dataclass(frozen=True)
class Reach:
    """How far an entry has gone: shares that would be withheld, and who has it already."""

    waiting: int
    already_with: tuple[str, ...]


def reach_of(vault: Vault, entry_id: str) -> Reach:
    """Return how far an entry has gone; blocks."""
    from storage.views.sharing import shares

    rows = shares(vault, entry_id=entry_id)
    gone = tuple(row.partner for row in rows if row.state in ("offered", "delivered", "acknowledged"))
    return Reach(sum(row.state in ("proposed", "held", "agreed", "queued") for row in rows), gone)


def shares_words(count: int, verb: str) -> str:
    """Return how many shares are withheld, as a sentence, or nothing."""
    return f"{count} share{'s' if count != 1 else ''} that had not left {verb} withheld. " if count else ""


class MoveScreen(EntryForm):
    """The right child, the reason, and a question that names what follows."""

    NAME = "move"
    HEADING = "Move"
    HELP = (
        "For an entry that stands under the wrong child. Choose the right one and write why. Its text leaves the wrong "
        "child's record, search and exports at once; both records keep a trace without words."
    )
    HINT = "Ctrl+S asks once more before it is moved."
    CSS_PATH = "entry_form.tcss"
    BINDINGS = bindings("move")

    def form(self) -> ComposeResult:
        """Yield the child and the reason."""
        yield Field("To which child", ChildPicker(provisional=False, id="to"))
        hint = "How it came to stand under the wrong child"
        yield Field("Reason", NoteArea(id="reason", compact=True, tab_behavior="focus", placeholder=hint))

    @property
    def picker(self) -> ChildPicker:
        """The field for the right child."""
        return self.query_one("#to", ChildPicker)

    def begin(self) -> None:
        """Begin with the child."""
        self.picker.query_one(Input).focus()

    def draft_fields(self) -> dict[str, Any]:
        """Return the reason and the child."""
        reason = self.query_one("#reason", TextArea).text
        if not reason.strip():
            return {}
        return {"reason": reason} | ({"to": self.picker.child.id} if self.picker.child else {})

    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft."""
        from screens.log_concern import known_children

        self.query_one("#reason", TextArea).load_text(str(fields.get("reason", "")))
        to = str(fields.get("to", ""))
        self.fetch(
            known_children,
            self.vault,
            to,
            then=lambda known: self.picker.choose(known[to]) if to in known else None,
            group="child",
        )
        self.picker.query_one(Input).focus()

    def act_record(self) -> None:
        """Read how far the entry has gone, then ask once more."""
        reason = self.query_one("#reason", TextArea)
        if self.picker.child is None:
            self.say("To which child does it belong? Two letters find them.", "warn")
            self.picker.query_one(Input).focus()
        elif self.entry is not None and self.picker.child.id == self.entry.child_id:
            self.say("It is under that child already.", "warn")
            self.picker.query_one(Input).focus()
        elif not reason.text.strip():
            self.say("A reason is needed: both records keep that the entry was moved, and why.", "warn")
            reason.focus()
        else:
            self.fetch_to_ask(reach_of, self.vault, self.entry_id, ask=self._ask)

    def _ask(self, reach: Reach) -> None:
        assert self.entry is not None
        child = self.picker.child
        if child is None:
            return
        names = ", ".join(reach.already_with)
        told = f"{names} has it already and must be told. " if names else ""
        consequence = (
            f"From {self.entry.child} to {child.told_apart}. Its text leaves the record of {self.entry.child}, the "
            f"search and the exports; both records keep a trace without words. "
            f"{shares_words(reach.waiting, 'will be')}{told}"
        )
        self.app.push_screen(ConfirmDialog("Move this entry?", consequence, verb="Move it"), self._answered)

    def _answered(self, sure: bool | None) -> None:
        child = self.picker.child
        if sure and child is not None:
            self.record(
                self._move,
                child.id,
                self.query_one("#reason", TextArea).text.strip(),
                then=self._moved,
                failed=self.refused,
            )

    def _move(self, child_id: str, reason: str) -> Moved:
        from storage.desk.concerns import move

        moved = move(self.vault, self.entry_id, child_id, reason)
        self.keeper.drop()
        return moved

    def _moved(self, moved: Moved) -> None:
        child = self.picker.child
        names = ", ".join(moved.already_with)
        told = f"{names} has it already: tell them that it was about another child." if names else ""
        self.finish()
        where = f"Moved to {child.name}. " if child else "Moved. "
        self.console.say(
            f"{where}{shares_words(moved.withheld, 'were' if moved.withheld != 1 else 'was')}{told}".strip(),
            severity="warning" if names else "information",
        )
