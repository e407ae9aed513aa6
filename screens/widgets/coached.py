"""A text with the wording coach beside it: questions as one writes, never a bar to recording (practice: §9).

A key costs nothing more than in a plain field: the text is looked at in a thread once the keys pause, and what was
found is drawn by looking a line up, not by searching it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from practice.text import visible
from screens.base import Calls
from screens.widgets.area import NoteArea

if TYPE_CHECKING:
    from practice.wording import Coach, Finding
    from screens.console import Console

PAUSE = 0.4
"""Seconds after a key before the text is looked at."""
SHOWN = 30
_MARK = Style(underline=True, bold=True)
QUIET = "Wording: nothing to ask."
Marks = dict[tuple[int, str], list[tuple[int, int]]]


class CoachedArea(NoteArea):
    """A text whose findings are underlined; a line that was changed since is drawn plain."""

    marks: Marks = {}

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for start, end in self.marks.get((line_index, line.plain), ()):
            line.stylize(_MARK, start, end)
        return line

    def show_marks(self, marks: Marks) -> None:
        """Underline these places, by line and the line's text."""
        if marks != self.marks:
            self.marks = marks
            self._line_cache.clear()
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


class CoachedText(Calls, Container):
    """A text of the form, and beside it what the coach asks; `voice` is the field that holds the child's words."""

    DEFAULT_CSS = """
    CoachedText { layout: horizontal; width: 1fr; height: 9; }
    CoachedText > CoachedArea { width: 1fr; height: 1fr; }
    CoachedText > VerticalScroll { width: 36; height: 1fr; padding: 0 1; margin: 0 0 0 1; scrollbar-size: 1 1; }
    CoachedText > VerticalScroll > Static { height: auto; color: $text-muted; }
    """

    def __init__(self, area: CoachedArea, *, voice: str = "childs_words") -> None:
        super().__init__()
        self.area, self.voice = area, voice
        self.findings: list[Finding] = []
        self._coach: Coach | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.area
        with VerticalScroll(can_focus=False, classes="-quiet"):
            yield Static(QUIET, markup=False)

    def on_mount(self) -> None:
        from storage.desk.wording import coach

        vault = cast("Console", self.app).vault
        if vault is not None:
            self.fetch(coach, vault, then=self._take, group="coach")

    def _take(self, coach: Coach) -> None:
        self._coach = coach
        self._look()

    @on(TextArea.Changed)
    def _typed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._look)

    def _look(self) -> None:
        if self._coach is not None:
            text = self.area.text
            found = self.screen.query(f"#{self.voice}").first(TextArea) if self.voice else None
            words = found.text if found else ""
            self.fetch(self._findings, self._coach, text, words, then=self._show, group="wording")

    @staticmethod
    def _findings(coach: Coach, text: str, childs_words: str) -> tuple[str, list[Finding]]:
        return text, coach.check(text, childs_words=childs_words)

    def _show(self, looked: tuple[str, list[Finding]]) -> None:
        text, findings = looked
        if text != self.area.text:
            return  # a key was pressed meanwhile: the next look shows it
        self.findings = findings
        self.area.show_marks(marks_of(text, findings))
        pane = self.query_one(VerticalScroll)
        pane.set_class(not findings, "-quiet")
        pane.query_one(Static).update(self._asked(findings))
        pane.scroll_home(animate=False)

    def _asked(self, findings: list[Finding]) -> Content | str:
        """Return the questions, those nearest to the cursor first."""
        if not findings:
            return QUIET
        row, column = self.area.cursor_location
        at = sum(len(line) + 1 for line in self.area.document.lines[:row]) + column
        near = sorted(findings, key=lambda found: (found.whole, abs(found.end - at), found.start))
        asked: dict[str, list[str]] = {}
        for found in near:
            words = "The whole text" if found.whole else f"«{visible(' '.join(found.text.split()))}»"
            if words not in asked.setdefault(found.question, []):
                asked[found.question].append(words)
        parts: list[str | tuple[str, str]] = []
        for question, about in list(asked.items())[:SHOWN]:
            parts += ["\n" if parts else "", (" ".join(about[:SHOWN]), "bold"), f" {visible(question)}"]
        if len(asked) > SHOWN:
            parts.append(f"\nand {len(asked) - SHOWN} more questions")
        return Content.assemble(*parts)
