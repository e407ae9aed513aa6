"""Find a child by any name, or an entry by its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from practice.errors import Refused
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.held_roll import HeldRoll
from screens.pausing import Pause
from screens.widgets.child_picker import child_line
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.record_rows import Hit

HINT = (
    'Two letters find a child; three search the record: words, "a phrase", names, dates, category:neglect, '
    "agency:police, kind:strength, from:1/9/25 to:31/10/25."
)
PAUSE = 0.15
"""Seconds after a key before the words are searched."""


@dataclass(frozen=True)
class Found:
    """One line of the list: a heading, a child, or an entry."""

    heading: str = ""
    child: ChildRow | None = None
    hit: Hit | None = None
    second: bool = False


def key_of(found: Found) -> tuple[str, str, str]:
    """Return what a line is about, so that the cursor stays on it while the record is read again."""
    return found.heading, found.child.id if found.child else "", found.hit.entry_id if found.hit else ""


def found_in(vault: Vault, text: str, roll: HeldRoll, changes: int = 0) -> list[Found]:
    """Return the children and the entries that fit the text, each under its heading."""
    from storage.views import children
    from storage.views.search import find

    text = text.strip()
    if len(text) < 2:
        return []
    matches = children.find_among(roll.rows(vault, changes), text, 20)
    said = ""
    hits: list[Hit] = []
    try:
        hits = find(vault, text, limit=50) if len(text) >= 3 else []
    except Refused as refused:  # a filter that is still being typed
        said = refused.message
    lines = []
    if matches:
        lines += [Found(heading=f"Children ({len(matches)})"), *(Found(child=child) for child in matches)]
    if said:
        lines.append(Found(heading=said))
    if hits:
        words = "the newest 50" if len(hits) == 50 else str(len(hits))
        lines += [Found(heading=f"Entries ({words})", second=bool(lines)), *(Found(hit=hit) for hit in hits)]
    return lines


def _to(text: str, width: int) -> str:
    return text + " " * max(width - cell_len(text), 1)


def _marked(snippet: str) -> Iterator[str | tuple[str, str]]:
    """Yield a snippet's parts, the words that were found standing out."""
    for place, part in enumerate(re.split("[⟪⟫]", snippet)):
        yield (part, "bold underline") if place % 2 else part


def around(snippet: str, room: int) -> str:
    """Return a snippet in at most `room` cells and its marks, with the first word that was found in sight."""
    before, mark, after = snippet.partition("⟪")
    word, close, rest = after.partition("⟫")
    behind = min(cell_len(rest), room // 3)
    kept = max(room - cell_len(word) - behind - 1, 0)
    if mark and cell_len(before) > kept:
        before = "…" + before[len(before) - kept :].partition(" ")[2] if kept else "…"
    return before + mark + word + close + cut(rest, max(room - cell_len(before) - cell_len(word), 0))


def draw(found: Found, width: int) -> list[Content]:
    """Draw a line of the list."""
    if found.child is not None:
        return [Content("  ") + child_line(found.child, width - 2)]
    if found.hit is not None:
        from practice.dates import in_words

        narrow = width < 90
        when = (
            cut(in_words(found.hit.occurred).partition(",")[0], 17) if narrow else cut(in_words(found.hit.occurred), 24)
        )
        name = cut(visible(found.hit.child), 14 if narrow else 22)
        room = max(width - (36 if narrow else 52), 10)
        shown = Content.assemble(*_marked(around(" ".join(visible(found.hit.snippet).split()), room)))
        return [
            Content.assemble(
                "  ", (_to(when, 18 if narrow else 25), "$text-muted"), _to(name, 16 if narrow else 24), shown
            )
        ]
    above = [Content("")] if found.second else []
    return [*above, Content.styled(found.heading, "bold $text-primary")]


class FindScreen(ConsoleScreen):
    """One field, and what fits it underneath."""

    NAME = "find"
    HEADING = "Find"
    FIELD_ENTER = "find.open"
    HELP = (
        "Type two letters of any name a child is known by, or three letters of a word in the record. "
        "The arrows move to what was found, and Enter opens it."
    )
    CSS_PATH = "find.tcss"
    BINDINGS = bindings("find")

    def __init__(self) -> None:
        super().__init__()
        self._pause = Pause(self, PAUSE, self._search)
        self._found_for = ""
        self._roll = HeldRoll()

    def body(self) -> ComposeResult:
        yield Input(placeholder="A child's name, or words from the record", id="words", max_length=200)
        yield StateLine(HINT, id="count", classes="muted")
        yield RecordList[Found](draw, skip=lambda found: bool(found.heading), id="found")

    def on_mount(self) -> None:
        self.query_one("#words").focus()

    def refresh_record(self) -> None:
        """Search again."""
        self._search()

    @on(Input.Changed, "#words")
    def _typed(self) -> None:
        self._pause.touch()

    def _search(self) -> None:
        text = self.query_one("#words", Input).value
        if self.console.vault is not None:
            changes = self.console.changes
            self.fetch(found_in, self.vault, text, self._roll, changes, then=partial(self._show, text))

    def _show(self, found_for: str, lines: list[Found]) -> None:
        again, self._found_for = self._found_for == found_for, found_for
        text = self.query_one("#words", Input).value.strip()
        count = len([line for line in lines if not line.heading])
        said = HINT
        if len(text) >= 2:
            said = f"{count:,} found" if count else "Nothing fits. Try another spelling, a shorter word, or part of it."
        self.query_one("#count", StateLine).say(said)
        self.query_one("#found", RecordList).show(lines, keep=key_of if again else None)
        self.refresh_bindings()

    @on(Input.Submitted, "#words")
    def _submitted(self) -> None:
        """Open the line under the cursor, or go to the list where what stands there is of fewer letters."""
        if self._found_for == self.query_one("#words", Input).value:
            self.action_do("find.open")
        else:
            self.query_one("#found", RecordList).focus()

    def on_key(self, event: events.Key) -> None:
        """While the field has the focus, the arrows move in the list."""
        listed = self.query_one("#found", RecordList)
        if self.focused is not listed and listed.count:
            listed.steered(event)

    def why_not(self, action_id: str) -> str:
        if action_id == "find.open" and self.query_one("#found", RecordList).current is None:
            return "Nothing is found yet."
        return ""

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the child, or the child's record at the entry."""
        found = self.query_one("#found", RecordList).current
        if found is None:
            return
        if found.child is not None:
            self.console.open("child", child_id=found.child.id)
        elif found.hit is not None:
            self.console.open("child", child_id=found.hit.child_id, entry_id=found.hit.entry_id)
