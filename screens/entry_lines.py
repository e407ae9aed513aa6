"""How an entry of the record is drawn: its words whole and wrapped, the child's own words marked as theirs (R-70)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from practice.dates import in_words
from practice.text import visible
from screens.received_words import TAKEN_BACK
from screens.widgets.chrome import cut
from screens.wording import chosen_words, recorded_words, state_words, what_words

if TYPE_CHECKING:
    from storage.views.record_rows import EntryRow

WIDEST = 116
"""Cells: a longer line of prose is hard to read."""
HERE = "this organisation"


@dataclass(frozen=True)
class Line:
    """An entry in the chronology, where its shares stand, and where it is a partner's what they did since."""

    entry: EntryRow
    shares: tuple[str, ...] = ()
    theirs: str | None = None


def quoted(words: str) -> str:
    """Return a child's own words in quotation marks."""
    return f"“{visible(words)}”"


def marks_of(line: Line) -> list[str]:
    """Return what else is to be known of an entry at a glance."""
    entry = line.entry
    marks = [recorded_words(entry, "Recorded" if line.theirs is None else "Taken in")]
    if line.theirs:
        marks.append(line.theirs)
    elif entry.versions > 1:
        marks.append(f"amended, {entry.versions} versions")
    if entry.conflict:
        marks.append("made in two places: read both")
    if entry.promoted:
        marks.append(chosen_words(entry))
    if entry.unfinished:
        count = len(entry.unfinished)
        marks.append(f"{count} thing{'s' if count != 1 else ''} still to be written")
    return marks


def _head(line: Line, width: int) -> list[Content]:
    """Draw when and what on the left, the decision on the right, in as many lines as they need."""
    entry = line.entry
    when = in_words(entry.occurred)
    state, waiting = state_words(entry)
    if waiting and line.theirs == TAKEN_BACK:
        state, waiting = "", False  # nothing of it waits to be decided
    style = "bold $text-warning" if waiting else "$text-muted"
    what = what_words(entry)
    if entry.source not in ("", HERE):
        what += f" · from {visible(entry.source)}"
    room = width - cell_len(when) - 2 - (cell_len(state) + 2 if state else 0)
    if cell_len(what) <= room:
        gap = " " * max(room - cell_len(what) + 2, 2)
        return [Content.assemble((when, "bold"), "  ", (what, "$text-primary"), gap if state else "", (state, style))]
    lines = [Content.assemble((cut(when, width), "bold"))]
    lines += Content.styled(what, "$text-primary").wrap(width)
    return lines + ([Content.styled(cut(state, width), style)] if state else [])


def draw_line(line: Line, width: int) -> list[Content]:
    """Draw an entry of the chronology; the last line is blank, so that entries stand apart."""
    entry = line.entry
    inner = max(min(width - 3, WIDEST), 20)
    lines = _head(line, inner)
    lines += Content(visible(entry.text)).wrap(inner)
    if entry.childs_words:
        said = Content.assemble(("In the child's words: ", "$text-accent"), quoted(entry.childs_words))
        lines += said.wrap(inner)
    if entry.action:
        lines += Content.assemble(("Done: ", "$text-muted"), visible(entry.action)).wrap(inner)
    if entry.outcome:
        lines += Content.assemble(("Outcome: ", "$text-muted"), visible(entry.outcome)).wrap(inner)
    for words in line.shares:
        lines += Content.styled(f"Share with {words}", "$text-muted").wrap(inner)
    lines += Content.styled(" · ".join(marks_of(line)), "$text-muted").wrap(inner)
    return [*(Content(" ") + each for each in lines), Content("")]


def entry_content(entry: EntryRow) -> Content:
    """Return an entry as it stands above a form: when, what, its words."""
    parts: list[str | Content | tuple[str, str]] = [
        (in_words(entry.occurred), "bold"),
        "  ",
        (what_words(entry), "$text-primary"),
        "\n",
        visible(entry.text),
    ]
    if entry.childs_words:
        parts += ["\n", ("In the child's words: ", "$text-accent"), quoted(entry.childs_words)]
    parts += ["\n", (recorded_words(entry), "$text-muted")]
    return Content.assemble(*parts)
