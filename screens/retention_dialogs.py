"""The dialogs of Retention: propose an erasure, agree to it with the name typed, set a hold (R-110)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input

from practice.text import counted, visible
from screens.widgets.answer import AnswerField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from storage.desk.erasure import Left
    from storage.desk.retention import Standing
    from storage.vault import Vault

BASES = [
    ("Its retention period has ended", "retention"),
    ("A court or the Information Commissioner orders it", "order"),
    ("A request for erasure was upheld", "request"),
]
HOLDS = [("An inquiry", "inquiry"), ("A claim", "claim"), ("The police", "police"), ("Another reason", "other")]


def propose(vault: Vault, child_id: str, basis: str, reason: str) -> str:
    """Propose it; blocks."""
    from storage.desk import erasure

    proposed: str = erasure.propose(vault, child_id, basis, reason)
    return proposed


def left_of(vault: Vault, child_id: str) -> Left:
    """Return what an erasure would not reach; blocks."""
    from storage.desk import erasure

    return erasure.what_is_left(vault, child_id)


def agree(vault: Vault, child_id: str, typed: str) -> str:
    """Agree and erase, and return what is to be said; blocks."""
    from storage.desk import erasure

    done = erasure.agree(vault, child_id, typed)
    said = f"Erased: {counted(done.acts, 'act lost its', 'acts lost their')} words for good."
    if done.left.copies:
        said += " Backups made before still hold them."
    return said


def keep(vault: Vault, child_id: str, reason: str) -> str:
    """Take a proposal back; blocks."""
    from storage.desk import erasure

    kept: str = erasure.keep(vault, child_id, reason)
    return kept


def repeat(vault: Vault) -> int:
    """Erase again what an older backup brought back; blocks."""
    from storage.desk import erasure

    done: int = erasure.repeat(vault)
    return done


def hold(vault: Vault, why: str, reason: str, child_id: str) -> str:
    """Set a hold; blocks."""
    from storage.desk import retention

    made: str = retention.hold(vault, why, reason, child_id=child_id)
    return made


def lift(vault: Vault, hold_id: str, reason: str) -> str:
    """Lift a hold; blocks."""
    from storage.desk import retention

    lifted: str = retention.lift(vault, hold_id, reason)
    return lifted


def left_lines(left: Left) -> list[str]:
    """Return what an erasure does not reach, a line for each thing."""
    lines = [f"The name stays in {where} ({count})." for where, count in left.named]
    if left.already_with:
        lines.append(f"Partners have parts of it: {', '.join(left.already_with)}. Theirs is not erased.")
    if left.copies:
        lines.append("These backups still hold it, and copies of yours may too:")
        lines += [f"  {copy.place}{'' if copy.there else ' (cannot be looked at now)'}" for copy in left.copies]
    lines.append("What was printed or exported is not reached.")
    return lines


class ProposeDialog(FormDialog[str]):
    """On what basis, and why; refused with every obstacle where it may not be erased."""

    VERB = "Propose"

    def __init__(self, vault: Vault, standing: Standing) -> None:
        super().__init__(
            f"Propose to erase the record of {visible(standing.child.name)}",
            "Nothing is erased yet: it stands whole until another person agrees. Your reason stays when the record is "
            "gone, so write it without the child's name.",
        )
        self.vault, self.standing = vault, standing

    def fields(self) -> ComposeResult:
        """Yield the basis and the reason."""
        yield PlainText(f"{self.standing.due.sentence}.")
        yield Field("Basis", ChoiceField(BASES, id="basis", prompt="Choose", value="retention"))
        yield Field("Reason", AnswerField(placeholder="Who looked at it, and why it need not be kept", id="reason"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#reason").focus()

    def confirm(self) -> None:
        """Propose it, once there is a reason."""
        reason = self.query_one("#reason", AnswerField)
        if not reason.text.strip():
            self.ask("Why need it not be kept?", reason)
            return
        self.busy("Proposing…")
        basis = self.query_one("#basis", ChoiceField).code
        self.run(propose, self.vault, self.standing.child.id, basis, reason.text, then=self.finish, failed=self.failed)


class AgreeDialog(FormDialog[str]):
    """What was proposed, what is not reached, and the child's name to be typed."""

    VERB = "Erase for good"
    DEFAULT_CSS = "AgreeDialog PlainText { margin: 0 0 1 0; }"

    def __init__(self, vault: Vault, standing: Standing, left: Left) -> None:
        super().__init__(
            "Erase this record for good",
            f"Everything written about {visible(standing.child.name)} goes, on every machine of the school. That there "
            "was a record, and who decided this, stays. It cannot be undone.",
        )
        self.vault, self.standing, self.left = vault, standing, left

    def fields(self) -> ComposeResult:
        """Yield the proposal, what stays, and the name."""
        from storage.views.erasures import words

        if self.standing.proposal:
            yield PlainText(visible(words(self.standing.proposal)))
        yield PlainText("\n".join(visible(line) for line in left_lines(self.left)))
        yield Field("Child's name", Input(placeholder="Type the whole name", id="name", max_length=400))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#name").focus()

    def confirm(self) -> None:
        """Erase it, once the name was typed."""
        name = self.query_one("#name", Input)
        if not name.value.strip():
            self.ask("Type the child's whole name, as it stands above.", name)
            return
        self.busy("Erasing…")
        self.run(agree, self.vault, self.standing.child.id, name.value, then=self.finish, failed=self.failed)


class HoldDialog(FormDialog[str]):
    """Who needs it, over which records, and what was asked for."""

    VERB = "Hold"

    def __init__(self, vault: Vault, standing: Standing | None) -> None:
        super().__init__("Set a hold", "What is held cannot be erased until somebody lifts the hold.")
        self.vault, self.standing = vault, standing

    def fields(self) -> ComposeResult:
        """Yield who, which and why."""
        over = [("Every record", "every")]
        if self.standing:
            over.insert(0, (visible(self.standing.child.name), self.standing.child.id))
        yield Field("Who needs it", ChoiceField(HOLDS, id="why", prompt="Choose", value="inquiry"))
        yield Field("Over", ChoiceField(over, id="over", prompt="Every record", value=over[0][1]))
        yield Field("Reason", AnswerField(placeholder="Whose hold it is, and what it asks for", id="reason"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#why").focus()

    def confirm(self) -> None:
        """Set it, once there is a reason."""
        reason = self.query_one("#reason", AnswerField)
        if not reason.text.strip():
            self.ask("Whose hold is it, and what does it ask for?", reason)
            return
        self.busy("Recording…")
        why = self.query_one("#why", ChoiceField).code or "other"
        over = self.query_one("#over", ChoiceField).code.removeprefix("every")
        self.run(hold, self.vault, why, reason.text, over, then=self.finish, failed=self.failed)
