"""Two lists of the adults' register: patterns with their entries, and who read what (R-44, R-114)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.adults import AdultEntryKind, Pattern
from practice.text import visible
from practice.vocabulary import label_of
from screens.actions import bindings
from screens.adults_frame import RegisterScreen
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from storage.desk.register import Reading
    from storage.register import Register
    from storage.views.register import EntryRow, ReviewRow


@dataclass(frozen=True)
class Line:
    """A line of the list of patterns: a pattern's sentence, one of its entries, or a review that was recorded."""

    words: str
    entry_id: str = ""
    muted: bool = False


def found_in(register: Register) -> tuple[list[Pattern], dict[str, EntryRow], list[ReviewRow]]:
    """Read the patterns, their entries and the reviews. Blocks."""
    from storage.desk.register import found_patterns
    from storage.views.register import entries, pattern_reviews

    return found_patterns(register), {row.id: row for row in entries(register)}, pattern_reviews(register)


def lines_of(found: tuple[list[Pattern], dict[str, EntryRow], list[ReviewRow]]) -> list[Line]:
    """Return each pattern with its entries under it, then the reviews."""
    patterns, entries, reviews = found
    lines: list[Line] = []
    for pattern in patterns:
        lines.append(Line(pattern.sentence))
        for entry_id in pattern.entries:
            row = entries[entry_id]
            kind = label_of(AdultEntryKind, row.entry_kind)
            lines.append(Line(f"{row.adult.name} · {row.occurred.text or 'no date'} · {kind} · {row.text}", entry_id))
    for review in reviews:
        about = f"about {review.adult}" if review.adult else "the whole school"
        lines.append(
            Line(f"Reviewed {review.at.astimezone():%d %b %Y} by {review.by}, {about}: {review.finding}", muted=True)
        )
    return lines


def draw(line: Line, width: int) -> list[Content]:
    """Draw a line; an entry stands under its pattern."""
    words = visible(" ".join(line.words.split()))
    if line.entry_id:
        return [Content("      " + cut(words, max(width - 7, 10)))]
    if line.muted:  # what somebody found stands nowhere else: it is shown whole
        return _folded(line.words, width, "$text-muted")
    return [Content.styled("  " + cut(words, max(width - 3, 10)), "bold")]


def _folded(words: str, width: int, style: str) -> list[Content]:
    """Return words in as many lines as they need, the further ones set in."""
    lines = Content(visible(" ".join(words.split()))).wrap(max(width - 5, 10))
    return [Content.styled(("    " if number else "  ") + line.plain, style) for number, line in enumerate(lines)]


class AdultPatternsScreen(RegisterScreen):
    """What entries have in common; a person says whether it means anything."""

    NAME = "adult_patterns"
    HEADING = "Adults' register: patterns"
    HELP = (
        "What entries have in common: the person, the place, the activity, the weekday, the time of day, each with its "
        "entries. Enter opens the entry. r records that you looked, what you were shown and what you found."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_patterns")

    def content(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield RecordList[Line](draw, id="entries", empty="Nothing has enough in common to be shown.")

    def on_mount(self) -> None:
        self.query_one("#entries").focus()
        self.read("patterns")

    def refresh_record(self) -> None:
        """Read the patterns."""
        if self.console.register is not None:
            self.fetch(found_in, self.register, then=self._show)

    def _show(self, found: tuple[list[Pattern], dict[str, EntryRow], list[ReviewRow]]) -> None:
        count, reviews = len(found[0]), found[2]
        last = (
            f" Last looked at {reviews[0].at.astimezone():%d %b %Y}." if reviews else " Nobody has recorded a look yet."
        )
        said = (
            f"{count} pattern{'' if count == 1 else 's'}. A person says whether one means anything; r records it.{last}"
        )
        self.query_one("#said", StateLine).say(said)
        self.query_one("#entries", RecordList).show(lines_of(found), keep=lambda line: (line.words, line.entry_id))
        self.refresh_bindings()

    def _chosen(self) -> str:
        line = self.query_one("#entries", RecordList).current
        return line.entry_id if isinstance(line, Line) else ""

    def why_not(self, action_id: str) -> str:
        if action_id == "adult_patterns.open" and not self._chosen():
            return "Put the cursor on an entry."
        return ""

    def act_open(self) -> None:
        """Open the entry under the cursor."""
        if entry_id := self._chosen():
            self.console.open("adult_entry", entry_id=entry_id)

    @on(RecordList.Opened, "#entries")
    def _clicked(self) -> None:
        self.act_open()

    @on(RecordList.Moved, "#entries")
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_review(self) -> None:
        """Record that the patterns were looked at, and what was found."""
        sentence = "What you were shown is kept with it. Write what you found, and what follows from it."
        self.app.push_screen(
            ReasonDialog("Record this look", sentence, verb="Record", asks="What you found"), self._reviewed
        )

    def _reviewed(self, finding: str | None) -> None:
        from storage.desk.register import patterns_reviewed

        if finding:
            self.run(patterns_reviewed, self.register, finding, then=lambda _id: self.refresh_record())


def draw_reading(row: Reading, width: int) -> list[Content]:
    """Draw one line of the audit."""
    about = f": {row.about}" if row.about else ""
    words = f"{row.at.astimezone():%d %b %Y %H:%M}  {row.person} {row.what}{about}"
    return _folded(words, width, "")


class AdultTrailScreen(RegisterScreen):
    """Who read what, whom they let in and which keys they made; reading this list is recorded too."""

    NAME = "adult_trail"
    HEADING = "Adults' register: who read what"
    HELP = "Everything that was read in the register, by whom and when, the newest first. That you read it is recorded."
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adult_trail")

    def __init__(self) -> None:
        super().__init__()
        self._asked = False

    def content(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield RecordList["Reading"](draw_reading, id="entries")

    def on_mount(self) -> None:
        self.query_one("#entries").focus()

    def refresh_record(self) -> None:
        """Read the list, once: each time is recorded."""
        from storage.desk.register import trail

        if self.console.register is not None and not self._asked:
            self._asked = True
            self.fetch(trail, self.register, then=self._show)

    def _show(self, rows: list[Reading]) -> None:
        self.query_one("#said", StateLine).say(f"{len(rows)} lines. That you read them is recorded.")
        self.query_one("#entries", RecordList).show(rows)
