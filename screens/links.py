"""Entries that may tell of the same event: a person confirms or declines, and each keeps its own words (R-74)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.dates import in_words
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.links_import import ImportDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.links import LinkRow
    from storage.views.record_rows import EntryRow

STATES = {"proposed": "May be the same event", "confirmed": "The same event", "declined": "Not the same event"}
STYLES = {"proposed": "bold $text-warning", "confirmed": "bold $text-success", "declined": "bold $text-muted"}


@dataclass(frozen=True)
class Pair:
    """A link and its two entries."""

    link: LinkRow
    one: EntryRow
    two: EntryRow


@dataclass(frozen=True)
class Found:
    """The child's name and the links of their entries."""

    child: str
    pairs: list[Pair]


def read_links(vault: Vault, child_id: str) -> Found:
    """Read a child's links with their entries; blocks."""
    from storage.views import children, links, record

    found = links.links(vault, child_id)
    known = {row.id: row for row in record.by_ids(vault, [each for link in found for each in link.entries])}
    pairs = [Pair(link, known[link.entries[0]], known[link.entries[1]]) for link in found]
    return Found(children.get(vault, child_id).name, pairs)


def _account(entry: EntryRow, width: int) -> list[Content]:
    source = entry.source or "this organisation"
    head = Content.assemble((visible(source), "$text-primary"), (f"  {in_words(entry.occurred)}", "$text-muted"))
    return [*head.wrap(width), *Content(visible(entry.text)).wrap(width)]


def draw(pair: Pair, width: int) -> list[Content]:
    """Draw a link: its state and what it rests on, then both accounts, side by side where there is room."""
    link = pair.link
    inner = max(width - 4, 20)
    by = f" ({visible(link.by)})" if link.by else ""
    head = Content.assemble((STATES[link.state] + by, STYLES[link.state]), f"  {visible(link.reason)}")
    lines = [Content(" ") + line for line in head.wrap(inner)]
    if inner >= 90:
        half = inner // 2 - 2
        one, two = _account(pair.one, half), _account(pair.two, half)
        for at in range(max(len(one), len(two))):
            left = one[at] if at < len(one) else Content("")
            right = two[at] if at < len(two) else Content("")
            gap = " " * (half - left.cell_length + 2)
            lines.append(Content.assemble("   ", left, gap, right))
    else:
        lines += [Content("   ") + line for line in (*_account(pair.one, inner), *_account(pair.two, inner))]
    return [*lines, Content("")]


class LinksScreen(ConsoleScreen):
    """The links of one child's entries."""

    NAME = "links"
    HEADING = "Same event"
    HELP = (
        "Entries of one child that may tell of the same event, with what that rests on. y says that they do, x that "
        "they do not; both keep their words. i takes in another agency's chronology."
    )
    BINDINGS = bindings("links")

    def __init__(self, child_id: str) -> None:
        super().__init__()
        self.child_id = child_id
        self.child = ""
        self._answered: tuple[str, str] | None = None
        """The pair that was just answered: the cursor does not go along with it, but to the next one."""

    @property
    def heading(self) -> str:
        """Say whose entries they are."""
        return f"{self.HEADING}: {self.child}" if self.child else self.HEADING

    def body(self) -> ComposeResult:
        yield StateLine("", id="said", classes="muted")
        yield RecordList(draw, id="links")

    def on_mount(self) -> None:
        self.query_one("#links").focus()

    def refresh_record(self) -> None:
        """Read the links again."""
        if self.console.vault is not None:
            self.fetch(read_links, self.vault, self.child_id, then=self._show)

    def _show(self, found: Found) -> None:
        self.child = found.child
        listed = self.query_one("#links", RecordList)
        listed.empty = (
            "No entries of this child look as if they told of the same event.\n\n"
            "i takes in another agency's chronology, from a CSV or XLSX file."
        )
        answered = any(p.link.entries == self._answered and p.link.state != "proposed" for p in found.pairs)
        listed.show(found.pairs, keep=None if answered else lambda pair: pair.link.entries)
        self._answered = None if answered else self._answered
        waiting = sum(pair.link.state == "proposed" for pair in found.pairs)
        said = f"{waiting} to look at. Nothing is joined: each source keeps its own words." if waiting else ""
        self.query_one("#said", StateLine).say(said)
        self.refresh_chrome()
        self.refresh_bindings()

    def _current(self) -> Pair | None:
        pair: Pair | None = self.query_one("#links", RecordList).current
        return pair

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        if action_id != "links.open" and not may_write(self.vault):
            return READ_ONLY
        pair = self._current()
        if action_id != "links.take_in" and pair is None:
            return "There is nothing to confirm."
        if pair and action_id == "links.same" and pair.link.state == "confirmed":
            return "That is confirmed already."
        if pair and action_id == "links.apart" and pair.link.state == "declined":
            return "That is declined already."
        return ""

    def _say(self, same: bool) -> None:
        from storage.desk.merging import link

        if pair := self._current():
            self._answered = pair.link.entries if pair.link.state == "proposed" else None
            self.run(link, self.vault, *pair.link.entries, same=same, reason=pair.link.reason)

    def act_same(self) -> None:
        """Say that both tell of the same event."""
        self._say(True)

    def act_apart(self) -> None:
        """Say that they do not."""
        self._say(False)

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the child's record at the first of the two."""
        if pair := self._current():
            self.console.open("child", child_id=self.child_id, entry_id=pair.one.id)

    def act_take_in(self) -> None:
        """Take in another agency's chronology."""
        self.app.push_screen(ImportDialog(self.child_id, self.child))
