"""Patterns that were found: each with its evidence, considered with a reason (R-85)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain

if TYPE_CHECKING:
    from storage.flags import FlagRow
    from storage.vault import Vault
    from storage.views.record_rows import EntryRow

Found = list[tuple["FlagRow", list["EntryRow"]]]


@dataclass(frozen=True)
class Row:
    """A child's name, a flag, or an entry of its evidence."""

    child: str = ""
    flag: FlagRow | None = None
    entry: EntryRow | None = None

    @property
    def key(self) -> object:
        """What the row is, so that the cursor stays on it."""
        return (self.flag.id if self.flag else self.child, self.entry.id if self.entry else "")


def read(vault: Vault, child_id: str, considered: bool) -> Found:
    """Return the flags with the entries that each rests on."""
    from storage import flags
    from storage.views import record

    found = flags.flags(vault, child_id=child_id, considered=considered)
    wanted = {entry for flag in found for entry in flag.entries}
    entries = {entry.id: entry for entry in record.by_ids(vault, sorted(wanted))}
    return [
        (flag, sorted((entries[each] for each in flag.entries if each in entries), key=lambda row: row.occurred_sort))
        for flag in found
    ]


def rows_of(found: Found) -> list[Row]:
    """Return the lines: under each child the flags, under each flag its evidence."""
    rows: list[Row] = []
    child = ""
    for flag, entries in found:
        if flag.child_id != child:
            child = flag.child_id
            rows.append(Row(child=flag.child))
        rows.append(Row(flag=flag))
        rows += [Row(flag=flag, entry=entry) for entry in entries]
    return rows


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line: a name, a flag with its sentence, or an entry of the evidence."""
    if row.flag is None:
        return [Content(""), Content.styled(visible(row.child), "bold $text-primary")]
    if row.entry is not None:
        return [_entry_line(row, width)]
    flag = row.flag
    state = "considered" if flag.state != "open" else ""
    label = cut(visible(flag.label), max(width - 4 - len(state), 10))
    lines = [Content.assemble("  ", (label, "bold"), (f"  {state}", "$text-muted"))]
    lines += [Content("    ") + line for line in plain(flag.sentence).wrap(max(width - 6, 10))]
    if flag.reason:
        words = f"Considered, because {' '.join(flag.reason.split())}"
        lines += [Content("    ") + line for line in plain(words, "$text-muted").wrap(max(width - 6, 10))]
    return lines


def height(row: Row, width: int) -> int:
    """Return how many lines a row takes: only a flag with its sentence has to be drawn for it."""
    if row.flag is None:
        return 2
    return 1 if row.entry is not None else len(draw(row, width))


def _entry_line(row: Row, width: int) -> Content:
    from practice.dates import in_words
    from practice.vocabulary import ConcernCategory, EntryKind, label_of

    entry = row.entry
    assert entry is not None
    assert row.flag is not None
    other = f"{entry.child}: " if entry.child_id != row.flag.child_id else ""
    what = label_of(ConcernCategory, entry.category) or label_of(EntryKind, entry.kind)
    narrow = width < 100
    when = in_words(entry.occurred).partition(",")[0] if narrow else in_words(entry.occurred)
    cells = (16, 16) if narrow else (24, 28)
    head = f"    {cut(when, cells[0]):<{cells[0]}}  {cut(visible(other + what), cells[1]):<{cells[1]}}  "
    room = max(width - len(head) - 1, 0)
    words = cut(visible(" ".join(entry.text.split())), room) if room > 8 else ""
    return Content.assemble((cut(head, width - 1) if room <= 8 else head, "$text-muted"), words)


class FlagsScreen(ConsoleScreen):
    """The flags that ask to be considered, and on request those that were."""

    NAME = "flags"
    HEADING = "Patterns"
    HELP = (
        "Patterns that the school's rules found, each with why it was raised and the entries it rests on. A flag is no "
        "score: read the entries (Enter opens one), then c answers it: considered, because … It returns only on new "
        "evidence. a also shows what was considered before."
    )
    CSS_PATH = "flags.tcss"
    BINDINGS = bindings("flags")
    awaits_read = True

    def __init__(self, child_id: str = "") -> None:
        super().__init__()
        self.child_id = child_id
        self.everything = False
        self.found: Found = []

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.flag is None, height=height, id="flags")

    def on_mount(self) -> None:
        self.query_one("#flags").focus()

    def refresh_record(self) -> None:
        """Read the flags."""
        self.fetch(read, self.vault, self.child_id, self.everything, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        is_open = sum(flag.state == "open" for flag, _ in found)
        children = len({flag.child_id for flag, _ in found if flag.state == "open"})
        if is_open:
            patterns = f"{is_open} pattern{'s' if is_open != 1 else ''}"
            words = f"{patterns} to consider, about {children} child{'ren' if children != 1 else ''}."
        else:
            words = "No pattern asks to be considered."
        self.query_one("#said", StateLine).say(words)
        listed: RecordList[Row] = self.query_one("#flags", RecordList)
        listed.empty = "The rules look at every entry as it is recorded; what they find stands here with its evidence."
        listed.show(rows_of(found), keep=lambda row: row.key)
        self.refresh_bindings()
        self.now_read()

    def _current(self) -> Row | None:
        row: Row | None = self.query_one("#flags", RecordList).current
        return row if row is not None and row.flag is not None else None

    def why_not(self, action_id: str) -> str:
        row = self._current()
        if action_id == "flags.answer" and (row is None or row.flag is None or row.flag.state != "open"):
            return "Choose a pattern that is still to be considered."
        if action_id == "flags.open" and row is None:
            return "No pattern was found, so there is nothing to open."
        return ""

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the entry under the cursor, or the record of the flag's child."""
        row = self._current()
        if row is None or row.flag is None:
            return
        if row.entry is not None:
            self.console.open("child", child_id=row.entry.child_id, entry_id=row.entry.id)
        else:
            self.console.open("child", child_id=row.flag.child_id)

    def act_answer(self) -> None:
        """Answer the flag under the cursor with the reason."""
        row = self._current()
        if row is None or row.flag is None:
            return
        flag = row.flag

        def answered(reason: str | None) -> None:
            if reason is not None:
                from storage.desk.flags import answer

                self.run(answer, self.vault, flag.id, reason, then=self._answered)

        sentence = f"{flag.child}: {flag.sentence} It returns only with an entry that is not listed here."
        self.app.push_screen(ReasonDialog("Considered, because …", sentence, verb="Record", about=flag.id), answered)

    def _answered(self, flag: FlagRow) -> None:
        self.query_one("#done", MessageBar).say(f"{flag.child}, {flag.label.lower()}: considered.", "good")
        self.refresh_record()

    def act_everything(self) -> None:
        """Show also what was considered, or hide it again."""
        self.everything = not self.everything
        self.refresh_record()
