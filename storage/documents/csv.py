"""A copy as CSV: one line for each entry, in the columns of a chronology; no cell is ever a formula (R-70, R-116)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from practice.body_words import map_words
from practice.dates import in_words
from practice.front_sheet import FrontSection
from practice.initials import written_out
from practice.text import visible
from practice.vocabulary import ConcernCategory, Decision, EntryKind, Impact, ShareState, Significance, label_of
from storage.documents.blocks import source_words
from storage.documents.gather import Copy, EntryCopy

COLUMNS = (
    "Date or period",
    "As written",
    "From",
    "To",
    "Source",
    "Kind",
    "Event",
    "Child's voice",
    "Category",
    "Impact on the child",
    "Action taken",
    "Outcome",
    "Significance",
    "Decision",
    "Shared",
    "Recorded at",
    "Recorded by",
    "Days after",
    "Entry",
    "Body map",
)
FRONT = ("Line", "Name", "Role", "Agency", "Contact", "Words", "From", "Until", "Recorded at", "Recorded by")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that begins like it gains an apostrophe in front."""
    return f"'{cell}" if cell.lstrip(" \ufeff\u200b\u00a0").startswith(_FORMULA) else cell


def render(made: Copy, progress: Callable[[int, int], None] | None = None) -> bytes:
    """Return the entries as UTF-8 with a byte-order mark, so that a spreadsheet reads every letter."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if made.wanted.what == "front_sheet":
        _front(made, writer)
        return written.getvalue().encode("utf-8-sig")
    writer.writerow(COLUMNS)
    for place, entry in enumerate(made.entries):
        writer.writerow([safe(visible(cell)) for cell in _cells(entry, made.school)])
        if progress and place % 100 == 0:
            progress(place, len(made.entries))
    return written.getvalue().encode("utf-8-sig")


def _front(made: Copy, writer: Any) -> None:
    """Write the front sheet's lines in columns of their own."""
    writer.writerow(FRONT)
    for line in made.front.lines:
        day = [each.isoformat() if each else "" for each in (line.since, line.until)]
        cells = [label_of(FrontSection, line.section), line.name, line.role, line.agency, line.contact, line.words]
        written = [line.recorded_at.astimezone().isoformat(timespec="minutes"), line.by]
        writer.writerow([safe(visible(cell)) for cell in (*cells, *day, *written)])


def _cells(entry: EntryCopy, school: str) -> tuple[str, ...]:
    row = entry.row
    used: dict[str, str] = {}
    return (
        in_words(row.occurred),
        row.occurred.text,
        row.occurred.start or "",
        row.occurred.end or "",
        source_words(entry, school),
        label_of(EntryKind, row.kind),
        written_out(row.text, used),
        row.childs_words,
        ", ".join(label_of(ConcernCategory, code) for code in (row.category, *row.further_categories) if code),
        label_of(Impact, row.impact),
        written_out(row.action, used),
        written_out(row.outcome, used),
        label_of(Significance, row.significance),
        label_of(Decision, row.decision),
        "; ".join(f"{partner}: {label_of(ShareState, state)}" for partner, state in entry.shares),
        row.recorded_at.astimezone().isoformat(timespec="minutes"),
        row.recorded_by,
        str(row.days_late),
        row.id,
        " ".join(words for each in entry.maps for words in map_words(each.marks)),
    )
