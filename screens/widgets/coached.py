"""A text with the wording coach beside it: questions as one writes, never a bar to recording (practice: §9).

A key costs nothing more than in a plain field: the text is looked at once the keys pause, in a thread that stands back
between small steps and gives up when a key comes; only the paragraph that changed is looked at again, and only what
changed is drawn again. What was found is drawn by looking a line up, not by searching it.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.cache import LRUCache
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Static, TextArea

from practice.text import visible
from screens.base import Calls
from screens.pausing import Pause
from screens.widgets.area import NoteArea

if TYPE_CHECKING:
    from practice.wording import Coach, Finding, Reading, Steps
    from screens.console import Console

PAUSE = 0.4
"""Seconds after a key before the text is looked at."""
BREATH = 0.001
"""Seconds that a look stands back after each small step."""
SHOWN = 30
FEW = 100
LONGEST = 200
"""Characters before what is in sight in which a mark may begin that reaches into it."""
_MARK = Style(underline=True, bold=True)
QUIET = "Wording: nothing to ask."
Marks = dict[tuple[int, str], list[tuple[int, int]]]


class CoachedArea(NoteArea):
    """A text whose findings are underlined; a line that was changed since is drawn plain."""

    marks: Marks = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._still: LRUCache[Hashable, tuple[list[tuple[int, int]], Strip]] = LRUCache(256)
        """Lines as they were drawn with their marks, away from the cursor: a key changes no other line."""
        super().__init__(*args, **kwargs)

    def notify_style_update(self) -> None:
        self._still.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        found = self._line_at(int(self.scroll_offset.y) + y)
        start, end = self.selection
        if found is None or found[0] == end[0] or start != end or self.matching_bracket_location is not None:
            return super().render_line(y)
        line = self.document.get_line(found[0])
        places = self._places(found[0], line)
        # A line may be drawn between a new size and its folding anew: the width it was folded to tells the two apart.
        key = (self.size, self.scrollable_content_region.width, self.wrapped_document._width, line, found[1])
        drawn = self._still.get(key)
        if drawn is None or drawn[0] != places:
            drawn = self._still[key] = places, super().render_line(y)
        return drawn[1]

    def _places(self, line_index: int, line: str) -> list[tuple[int, int]]:
        return self.marks.get((line_index, line), [])

    def _line_at(self, row: int) -> tuple[int, int] | None:
        """Return the text's line that this row shows, and which part of it; None below the text."""
        rows = self.wrapped_document._offset_to_line_info
        return rows[row] if self.soft_wrap and 0 <= row < len(rows) else None

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        places = self._places(line_index, line.plain)
        if len(places) > FEW:
            # A paragraph of many pages is one line: only what is in sight of it is worth marking.
            start, end = self._in_sight(line_index, len(line))
            places = places[bisect_left(places, (start, start)) : bisect_left(places, (end, end))]
        for start, end in places:
            line.stylize(_MARK, start, end)
        return line

    def _in_sight(self, line_index: int, length: int) -> tuple[int, int]:
        """Return the part of a line that is in sight, and a little before it."""
        top = int(self.scroll_offset.y)
        ends = [0, *self.wrapped_document.get_offsets(line_index), length]
        above, below = self._line_at(top), self._line_at(top + self.size.height)
        start = ends[above[1]] - LONGEST if above and above[0] == line_index else 0
        return max(start, 0), ends[below[1]] if below and below[0] == line_index else length

    def show_marks(self, marks: Marks) -> None:
        """Underline these places, by line and the line's text."""
        before, self.marks = self.marks, marks
        self._line_cache.clear()
        top = int(self.scroll_offset.y)
        rows = [self._line_at(row) for row in range(top, top + self.size.height)]
        shown = [(row[0], self.document.get_line(row[0])) for row in rows if row is not None]
        if not self.soft_wrap or any(before.get(line, []) != marks.get(line, []) for line in shown):
            self.refresh()


def marks_of(text: str, findings: list[Finding]) -> Marks:
    """Return where the findings stand, by line and the line's text; a question about the whole text has no place."""
    marks: Marks = {}
    lines, at, number = text.split("\n"), 0, 0
    for found in findings:
        while number < len(lines) - 1 and found.start > at + len(lines[number]):
            at, number = at + len(lines[number]) + 1, number + 1
        if not found.whole:
            places = marks.setdefault((number, lines[number]), [])
            places.append((found.start - at, min(found.end - at, len(lines[number]))))
    return marks


def asked_of(findings: list[Finding], at: int) -> Content:
    """Return the questions, those nearest to the place `at` first."""
    near = sorted(findings, key=lambda found: (found.whole, abs(found.end - at), found.start))
    asked: dict[str, dict[str, None]] = {}
    for found in near:
        words = "The whole text" if found.whole else f"«{visible(' '.join(found.text.split()))}»"
        asked.setdefault(found.question, {})[words] = None
    parts: list[str | tuple[str, str]] = []
    for question, about in list(asked.items())[:SHOWN]:
        parts += ["\n" if parts else "", (" ".join(list(about)[:SHOWN]), "bold"), f" {visible(question)}"]
    if len(asked) > SHOWN:
        parts.append(f"\nand {len(asked) - SHOWN} more questions")
    return Content.assemble(*parts)


@dataclass(frozen=True)
class Looked:
    """What came of one look at a text, ready to be drawn; `keys` is how many were pressed when it began."""

    keys: int
    marks: Marks
    asked: Content
    count: int


class CoachedText(Calls, Container):
    """A text of the form, and beside it what the coach asks; `voice` is the field that holds the child's words."""

    DEFAULT_CSS = """
    CoachedText { layout: horizontal; width: 1fr; height: 9; }
    CoachedText > CoachedArea { width: 1fr; height: 1fr; }
    CoachedText > VerticalScroll { width: 36; height: 1fr; padding: 0 1; margin: 0 0 0 1; scrollbar-size: 1 1; }
    CoachedText > VerticalScroll > Static { height: auto; color: $text-muted; padding: 0 1 0 0; }
    CoachedText > VerticalScroll > #count { dock: bottom; height: 1; background: $background; color: $text; }
    CoachedText > VerticalScroll.-quiet > #count { display: none; }
    """

    def __init__(self, area: CoachedArea, *, voice: str = "childs_words") -> None:
        super().__init__()
        self.area, self.voice = area, voice
        self._reading: Reading | None = None
        self._asked, self._count = Content(QUIET), 0
        self._pause = Pause(self, PAUSE, self._look)
        self._keys = 0
        """How many keys were pressed: a look that a key overtook is given up."""

    def compose(self) -> ComposeResult:
        yield self.area
        with VerticalScroll(can_focus=False, classes="-quiet"):
            yield Static(QUIET, markup=False, id="asked")
            yield Static("", markup=False, id="count")

    def on_mount(self) -> None:
        from storage.desk.wording import coach

        vault = cast("Console", self.app).vault
        if vault is not None:
            self.fetch(coach, vault, then=self._take, group="coach")

    def _take(self, coach: Coach) -> None:
        from practice.wording import Reading

        self._reading = Reading(coach)
        self._look()

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._keys += 1
        self._pause.touch()

    def _look(self) -> None:
        if self._reading is not None:
            found = self.screen.query(f"#{self.voice}").first(TextArea) if self.voice else None
            words = found.text if found else ""
            row, column = self.area.cursor_location
            at = sum(len(line) + 1 for line in self.area.document.lines[:row]) + column
            self.fetch(self._looked, self._keys, self.area.text, words, at, then=self._show, group="wording")

    def _looked(self, keys: int, text: str, childs_words: str, at: int) -> Looked | None:
        """Look at the text in small steps, so that a key never waits for it; None where a key was pressed meanwhile."""
        steps = self._steps(keys, text, childs_words, at)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return cast("Looked", done.value)
            if keys != self._keys:
                return None
            time.sleep(BREATH)

    def _steps(self, keys: int, text: str, childs_words: str, at: int) -> Steps[Looked]:
        assert self._reading is not None
        findings = yield from self._reading.steps(text, childs_words=childs_words)
        yield
        marks = marks_of(text, findings)
        yield
        return Looked(keys, marks, asked_of(findings, at) if findings else Content(QUIET), len(findings))

    def _show(self, looked: Looked | None) -> None:
        if looked is None or looked.keys != self._keys:
            return  # a key was pressed meanwhile: the next look shows it
        self.area.show_marks(looked.marks)
        if looked.asked.is_same(self._asked) and looked.count == self._count:
            return
        self._asked, self._count = looked.asked, looked.count
        pane = self.query_one(VerticalScroll)
        pane.set_class(not looked.count, "-quiet")
        pane.query_one("#asked", Static).update(looked.asked)
        pane.query_one("#count", Static).update(f"Ctrl+T lists all {looked.count}" if looked.count else "")
        pane.scroll_home(animate=False)
