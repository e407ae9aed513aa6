"""Retention: which records fall due, what forbids their erasure, holds, and what was erased (R-110)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.dates import day_words
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.retention_dialogs import AgreeDialog, HoldDialog, ProposeDialog, keep, left_of, lift, repeat
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.desk.erasure import Again, Left
    from storage.desk.retention import Standing
    from storage.vault import Vault
    from storage.views.erasures import ErasureRow, HoldRow

EMPTY = "No record is due. Nothing is ever erased by itself: what falls due stands here, and two people decide."


@dataclass(frozen=True)
class Row:
    """One line of the list: a heading, a record, a hold, one to be erased again, one that was erased, or words."""

    key: str
    heading: str = ""
    standing: Standing | None = None
    hold: HoldRow | None = None
    again: Again | None = None
    erased: ErasureRow | None = None
    said: str = ""


@dataclass(frozen=True)
class Found:
    """What the screen shows."""

    about: str
    rows: list[Row]
    again: int


def retention_view(vault: Vault, everyone: bool) -> Found:
    """Read what is due, what is held and what was erased; blocks. Raises NotAllowed."""
    from storage.desk import erasure, retention
    from storage.views import erasures

    due = retention.all_due(vault, everyone=everyone)
    again = erasure.to_repeat(vault)
    held = erasures.holds_in_force(vault)
    erased = erasures.rows(vault, states=["erased"])
    parts = [
        ("Erased before, and here again from a backup", [Row(f"again/{one.child_id}", again=one) for one in again]),
        ("Due" if not everyone else "Every record", [Row(one.child.id, standing=one) for one in due]),
        ("Holds", [Row(one.id, hold=one) for one in held]),
        ("Erased", [Row(one.proposal, erased=one) for one in erased]),
    ]
    rows = [row for title, found in parts if found for row in (Row(title, heading=title), *found)]
    told = (retention.defaults(vault).notice, f"The periods: {retention.source(vault)}")
    rows += [Row("about", heading="Before anything is erased"), *(Row(each, said=each) for each in told)]
    periods = " · ".join(f"{each.label}: {each.years} years" for each in retention.periods(vault))
    return Found(periods if due else f"{periods}\n{EMPTY}", rows, len(again))


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line of the list."""
    from storage.desk.retention import hold_words
    from storage.views.erasures import words

    if row.heading:
        return [Content(""), Content.assemble((row.heading, "bold $text-primary"))]
    if row.said:
        return wrapped(row.said, width, "$text-muted", indent=2)
    if row.again:
        said = f"Erased on {day_words(row.again.agreed_at.astimezone().date())}; an older backup brought it back"
        return [Content.assemble("  ", (visible(row.again.child), "bold")), *wrapped(said, width, "$text-error")]
    if row.hold:
        name = visible(row.hold.child) if row.hold.child_id else "Every record"
        return [Content.assemble("  ", (name, "bold")), *wrapped(capital(hold_words(row.hold)), width)]
    if row.erased:
        return [*wrapped(words(row.erased), width, "$text-muted", indent=2)]
    standing = row.standing
    assert standing is not None
    count = f"{standing.entries} {'entry' if standing.entries == 1 else 'entries'}"
    when = f"{standing.due.sentence}: {day_words(standing.due.on)}" if standing.due.on else standing.due.sentence
    lines = [
        Content.assemble("  ", (visible(standing.child.told_apart), "bold"), (f"  {count}", "$text-muted")),
        *wrapped(when, width, "$text-muted"),
    ]
    for each in standing.obstacles:
        lines += wrapped(f"Not now: {each}", width, "$text-warning")
    if standing.proposal:
        lines += wrapped(words(standing.proposal), width, "$text-accent")
    if standing.came_after:
        lines += wrapped(
            f"{counted(standing.came_after, 'act')} came after its erasure: decide, then erase that too", width
        )
    return lines


def capital(text: str) -> str:
    """Return a sentence with a capital letter."""
    return text[:1].upper() + text[1:]


def wrapped(text: str, width: int, style: str = "", indent: int = 4) -> list[Content]:
    """Return a text whole, in as many lines as it takes."""
    room = max(20, width - indent)
    lines = Content.styled(visible(text), style).wrap(room)
    return [Content.assemble(" " * indent, line) for line in lines]


class RetentionScreen(ConsoleScreen):
    """The list of what is due, held and erased; two people erase, each with a key and a name typed."""

    NAME = "retention"
    HEADING = "Retention"
    HELP = (
        "Records whose retention period has ended, and what forbids their erasure. Nothing is erased by itself: p "
        "proposes it with a reason, another person agrees with g and types the child's name, k takes it back. h sets a "
        "hold, u lifts it. Backups that were made before still hold what was erased; they are named before you agree."
    )
    CSS_PATH = "retention.tcss"
    BINDINGS = bindings("retention")

    def __init__(self) -> None:
        super().__init__()
        self.found: Found | None = None
        self.everyone = False

    def body(self) -> ComposeResult:
        yield StateLine("", id="about")
        yield RecordList["Row"](draw, skip=lambda row: bool(row.heading), empty=EMPTY, id="records")

    def on_mount(self) -> None:
        self.rows.focus()

    @property
    def rows(self) -> RecordList[Row]:
        """The list."""
        return self.query_one("#records", RecordList)

    @property
    def standing(self) -> Standing | None:
        """The record under the cursor."""
        row = self.rows.current
        return row.standing if row else None

    def refresh_record(self) -> None:
        """Read the list again."""
        if self.console.vault is not None:
            self.fetch(retention_view, self.vault, self.everyone, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        self.query_one("#about", StateLine).say(found.about)
        self.rows.show(found.rows, keep=lambda row: row.key)
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "" if action_id == "back" else "The list is still being read."
        if action_id == "retention.all":
            return ""
        if action_id.startswith("retention.") and action_id != "retention.child" and not may_write(self.vault):
            return READ_ONLY
        return self._why_not_row(action_id)

    def _why_not_row(self, action_id: str) -> str:
        """Return why an action does nothing for the line under the cursor."""
        row, one = self.rows.current, self.standing
        proposal = one.proposal if one else None
        own = proposal is not None and proposal.proposed_by_id == self.vault.person.id
        missing = "Nothing is proposed of the record that is chosen."
        reasons = {
            "repeat": (not (self.found and self.found.again), "No erasure is to be repeated."),
            "lift": (not (row and row.hold), "No hold is chosen."),
            "child": (one is None, "No record is chosen."),
            "propose": (one is None or proposal is not None, "No record is chosen that is not proposed already."),
            "agree": (proposal is None or own, "You proposed it, so another person must agree." if own else missing),
            "keep": (proposal is None, missing),
        }
        stops, why = reasons.get(action_id.removeprefix("retention."), (False, ""))
        return why if stops else ""

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("retention.child")

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_child(self) -> None:
        """Open the child's record."""
        if one := self.standing:
            self.console.open("child", child_id=one.child.id)

    def act_all(self) -> None:
        """Show every record with its day, or only those that are due."""
        self.everyone = not self.everyone
        self.refresh_record()

    def act_propose(self) -> None:
        """Propose the erasure of the record under the cursor."""
        if one := self.standing:
            self.app.push_screen(ProposeDialog(self.vault, one), self._told("Proposed. Another person must agree."))

    def act_agree(self) -> None:
        """Agree to it, after reading what it does not reach."""
        if one := self.standing:
            self.fetch_to_ask(left_of, self.vault, one.child.id, ask=lambda left: self._agree(one, left))

    def _agree(self, one: Standing, left: Left) -> None:
        self.app.push_screen(AgreeDialog(self.vault, one, left), self._told(""))

    def act_keep(self) -> None:
        """Take the proposal back, with the reason."""
        if one := self.standing:
            dialog = ReasonDialog(
                "Keep this record", "The proposal is taken back; the record stands.", verb="Keep it", about=one.child.id
            )
            self._with_reason(dialog, keep, one.child.id)

    def act_hold(self) -> None:
        """Set a hold over the record under the cursor, or over every record."""
        self.app.push_screen(HoldDialog(self.vault, self.standing), self._told("Held."))

    def act_lift(self) -> None:
        """Lift the hold under the cursor, with the reason."""
        if (row := self.rows.current) and row.hold:
            self._with_reason(
                ReasonDialog("Lift this hold", "What is due may be erased again.", verb="Lift it", about=row.hold.id),
                lift,
                row.hold.id,
            )

    def _with_reason(self, dialog: ReasonDialog, work: Any, ident: str) -> None:
        def decided(reason: str | None) -> None:
            if reason:
                self.run(work, self.vault, ident, reason, then=lambda _done: self.refresh_record())

        self.app.push_screen(dialog, decided)

    def act_repeat(self) -> None:
        """Erase again what an older backup brought back, once it was confirmed."""
        count = self.found.again if self.found else 0
        said = (
            f"{count} record{'s were' if count > 1 else ' was'} erased by two people before, and an older backup "
            "brought it back. It is erased again for good; this cannot be undone."
        )

        def decided(yes: bool | None) -> None:
            if yes:
                self.run(repeat, self.vault, then=lambda _done: self.refresh_record())

        self.app.push_screen(ConfirmDialog("Erase again", said, verb="Erase again"), decided)

    def _told(self, sentence: str) -> Any:
        def decided(answer: str | None) -> None:
            if answer is not None:
                self.console.say(sentence or answer, title="Retention")
                self.refresh_record()

        return decided
