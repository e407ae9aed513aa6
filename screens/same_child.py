"""One child or two: records that may be one child's, and a person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.answer import AnswerField
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.desk.same_child import Joined, Twice
    from storage.vault import Vault

NOBODY = "No two records look like one child's."


def waiting(vault: Vault) -> list[Twice]:
    """Return what waits for an answer; blocks."""
    from storage.desk.same_child import waiting as found

    return found(vault)


def side(row: Twice, number: int) -> str:
    """Return one of the two records in words."""
    child, count = (row.first, row.second)[number], row.entries[number]
    left = "" if child.on_roll else ", left the roll"
    return f"{visible(child.told_apart)}{left} · {count} {'entry' if count == 1 else 'entries'}"


def draw(row: Twice, width: int) -> list[Content]:
    """Draw the two records, and on what the question rests."""
    lines = [Content.assemble("  ", (cut(side(row, number), max(width - 4, 10)), "bold")) for number in (0, 1)]
    return [*lines, Content.styled(cut(f"    {row.why}", max(width - 2, 10)), "$text-muted")]


class OneDialog(FormDialog["Joined"]):
    """Which of the two records stays, and how one knows."""

    VERB = "They are one child"

    def __init__(self, vault: Vault, row: Twice) -> None:
        super().__init__(
            "One child: which record stays?",
            "The other one's entries, actions, meetings, file transfers and partners' numbers move to it, and the more "
            "pressing review status counts. The other one leaves the roll; what else it tells is shown with the one "
            "that stays. Nothing is deleted.",
        )
        self.vault, self.row = vault, row

    def fields(self) -> ComposeResult:
        choices = [(side(self.row, number), str(number)) for number in (0, 1)]
        yield Field("Stays", ChoiceField(choices, prompt="Choose", id="stays"))
        yield Field("How you know", AnswerField(placeholder="Such as: the office confirmed it", id="why"))

    def confirm(self) -> None:
        from storage.desk.same_child import one_child

        stays, why = self.query_one("#stays", ChoiceField).code, self.query_one("#why", AnswerField).text.strip()
        if not stays:
            self.ask("Which record stays?", "#stays")
        elif not why:
            self.ask("How do you know?", "#why")
        else:
            both = (self.row.first.id, self.row.second.id)
            keep, goes = both if stays == "0" else both[::-1]
            self.busy("The entries are being moved.")
            self.run(one_child, self.vault, keep, goes, why, then=self.finish, failed=self.failed)


class SameChildScreen(ConsoleScreen):
    """The pairs that wait for an answer."""

    NAME = "same_child"
    HEADING = "One child or two"
    HELP = (
        "Where two machines took a child in while they were apart, the record may hold the child twice. y says that "
        "the two are one and which record stays, x that they are two children. The program never decides it."
    )
    CSS_PATH = "same_child.tcss"
    BINDINGS = bindings("same_child")

    def body(self) -> ComposeResult:
        yield StateLine("One moment…", id="said")
        yield MessageBar(id="done")
        yield RecordList["Twice"](draw, empty=NOBODY, id="pairs")

    def on_mount(self) -> None:
        self.query_one("#pairs").focus()

    def refresh_record(self) -> None:
        """Read what waits."""
        if self.console.vault is not None:
            self.fetch(waiting, self.vault, then=self._show)

    def _show(self, rows: list[Twice]) -> None:
        self.query_one("#pairs", RecordList).show(rows, keep=lambda row: (row.first.id, row.second.id))
        count = len(rows)
        said = f"{count} pair{'s' if count != 1 else ''} of records may be one child's." if rows else ""
        self.query_one("#said", StateLine).say(said)
        self.refresh_bindings()

    @property
    def current(self) -> Twice | None:
        """The pair under the cursor."""
        row: Twice | None = self.query_one("#pairs", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        if self.current is None:
            return NOBODY
        return "" if may_write(self.vault) else READ_ONLY

    def act_one(self) -> None:
        """Say that they are one child."""
        if (row := self.current) is not None:
            self.app.push_screen(OneDialog(self.vault, row), self._put_together)

    def _put_together(self, joined: Joined | None) -> None:
        if joined is not None:
            words = f"{visible(joined.words)} The other record is closed; its history stands with this one's."
            self.query_one("#done", MessageBar).say(words, "good")
            self.refresh_record()

    def act_two(self) -> None:
        """Say that they are two."""
        if (row := self.current) is not None:
            both = f"{row.first.id} {row.second.id}"
            dialog = ReasonDialog("Two children?", "They are not proposed again.", verb="They are two", about=both)
            self.app.push_screen(dialog, lambda why: self._two(row, why))

    def _two(self, row: Twice, why: str | None) -> None:
        from storage.desk.same_child import two_children

        if why is not None:
            self.run(two_children, self.vault, row.first.id, row.second.id, why, then=lambda _: self.refresh_record())
