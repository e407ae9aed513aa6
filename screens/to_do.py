"""Actions: what I am to do, what I asked others to do, and the rest; closed with what came of it (R-02, R-03)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible
from screens.action_dialogs import AddActionDialog, ChangeActionDialog, CloseActionDialog
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.actions import ActionRow


@dataclass(frozen=True)
class Row:
    """A heading, or an action as of a day."""

    heading: str = ""
    action: ActionRow | None = None
    today: date | None = None

    @property
    def key(self) -> object:
        """What the row is, so that the cursor stays on it."""
        return self.action.id if self.action else self.heading


def due_words(action: ActionRow, today: date) -> tuple[str, str]:
    """Say when it is or was due, and the tone."""
    from practice.dates import day_words

    if action.state != "open":
        return "done", "$text-success"
    if action.due is None:
        return "no day set", "$text-muted"
    if action.due < today:
        days = action.late_school_days
        late = f"{days} school day{'s' if days != 1 else ''} late" if days else f"was due {day_words(action.due)}"
        return late, "$text-error"
    return ("due today", "$text-warning") if action.due == today else (f"due {day_words(action.due)}", "")


def draw(row: Row, width: int) -> list[Content]:
    """Draw an action: the child, who does it, when, and in whole what is to be done."""
    if row.action is None or row.today is None:
        return [Content(""), Content.styled(row.heading, "bold $text-primary")]
    action = row.action
    when, tone = due_words(action, row.today)
    who = f" · {visible(action.owner)}" if action.owner else ""
    left = cut(f"  {visible(action.child)}{who}", max(width - cell_len(when) - 3, 12))
    space = " " * max(width - 1 - cell_len(left) - cell_len(when), 1)
    lines = [Content.assemble((left, "bold"), space, (when, tone))]
    lines += [Content("    ") + line for line in plain(" ".join(action.what.split())).wrap(max(width - 6, 10))]
    if action.outcome:
        words = f"Outcome: {' '.join(action.outcome.split())} Follows: {' '.join(action.follow_up.split())}"
        lines += [Content("    ") + line for line in plain(words, "$text-muted").wrap(max(width - 6, 10))]
    return lines


def read(vault: Vault, today: date, done: bool) -> tuple[list[ActionRow], str]:
    """Return the actions, and whose console this is."""
    from storage.views.actions import actions

    return actions(vault, today, done=done), vault.person.id


def rows_of(found: list[ActionRow], me: str, today: date) -> list[Row]:
    """Return the lines: mine, what I asked others to do, the rest, and what was closed."""
    is_open = [row for row in found if row.state == "open"]
    mine = [row for row in is_open if row.owner_id == me]
    asked = [row for row in is_open if row.owner_id != me and row.asked_by_id == me]
    parts = [
        ("Mine", mine),
        ("What I asked others to do", asked),
        ("Others", [row for row in is_open if row not in mine and row not in asked]),
        ("Closed", [row for row in found if row.state != "open"]),
    ]
    rows: list[Row] = []
    for heading, some in parts:
        if some:
            rows.append(Row(f"{heading} ({len(some)})"))
            rows += [Row(action=row, today=today) for row in some]
    return rows


def is_wanted(action: ActionRow | None, wanted: str) -> bool:
    """Say whether an action is the one that is looked for; what a decision asks for is known by its entry too."""
    return action is not None and wanted in (action.id, action.about if action.kind == "decision" else "")


class ToDoScreen(ConsoleScreen):
    """What is to be done."""

    NAME = "actions"
    HEADING = "Actions"
    HELP = (
        "What is to be done, by whom and by when; what decisions asked for by a day is among it. n asks for something, "
        "c closes the one under the cursor with what came of it, e gives it to somebody else or another day, Enter "
        "opens the child's record. Nothing closes without follow-up, outcome and reason."
    )
    CSS_PATH = "to_do.tcss"
    BINDINGS = bindings("actions")
    awaits_read = True

    def __init__(self, action_id: str = "") -> None:
        super().__init__()
        self.wanted = action_id
        self.everything = False

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.action is None, id="to-do")

    def on_mount(self) -> None:
        self.query_one("#to-do").focus()

    def refresh_record(self) -> None:
        """Read the actions."""
        self.fetch(read, self.vault, self.console.now().date(), self.everything, then=self._show)

    def _show(self, result: tuple[list[ActionRow], str]) -> None:
        found, me = result
        rows = rows_of(found, me, self.console.now().date())
        late = sum(1 for row in found if row.state == "open" and row.late_school_days)
        count = sum(1 for row in found if row.state == "open")
        words = f"{count} to be done" + (f", {late} of them late." if late else ".")
        self.query_one("#said", StateLine).say(words if count else "Nothing is to be done.")
        listed: RecordList[Row] = self.query_one("#to-do", RecordList)
        listed.empty = "n asks for something to be done about a child, by you or by somebody else."
        listed.show(rows, keep=lambda row: row.key)
        if self.wanted:
            places = [place for place, row in enumerate(rows) if is_wanted(row.action, self.wanted)]
            self.wanted = ""
            if places:
                listed.cursor = places[0]
        self.refresh_bindings()
        self.now_read()

    def _current(self) -> ActionRow | None:
        row: Row | None = self.query_one("#to-do", RecordList).current
        return row.action if row else None

    def why_not(self, action_id: str) -> str:
        row = self._current()
        if action_id in {"actions.new", "actions.everything"}:
            return ""
        if row is None:
            return "" if action_id == "back" else "Nothing is chosen."
        if action_id in {"actions.close", "actions.change"} and row.state != "open":
            return "It is closed already."
        if action_id == "actions.change" and row.kind == "decision":
            return "A decision asked for it: a new decision changes it."
        return ""

    # -- what can be done ----------------------------------------------------------------------------------------------

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the child's record, at the entry where there is one."""
        row = self._current()
        if row is not None:
            self.console.open("child", child_id=row.child_id, **({"entry_id": row.about} if row.about else {}))

    def act_new(self) -> None:
        """Ask for something to be done."""
        self.console.push_screen(AddActionDialog(), self._changed("It stands on the list."))

    def act_close(self) -> None:
        """Close the action under the cursor."""
        if (row := self._current()) is not None:
            self.console.push_screen(CloseActionDialog(row), self._changed("Closed, with what came of it."))

    def act_change(self) -> None:
        """Give the action under the cursor to somebody else, or another day."""
        if (row := self._current()) is not None:
            self.console.push_screen(ChangeActionDialog(row), self._changed("Changed."))

    def act_everything(self) -> None:
        """Show what was closed too, or hide it again."""
        self.everything = not self.everything
        self.refresh_record()

    def _changed(self, words: str) -> Callable[[ActionRow | None], None]:
        def told(row: ActionRow | None) -> None:
            if row is not None:
                self.query_one("#done", MessageBar).say(words, "good")
                self.refresh_record()

        return told
