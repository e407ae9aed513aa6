"""Another agency's chronology as prepared rows: the headers found, each column mapped, no cell lost or made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from practice.errors import Refused
from practice.merging import FIELDS, KEPT, Cell, Prepared, field_of, fold_header, prepare
from practice.text import NOTE_LIMIT, tidy
from storage.merging.sheet import FORMULA, is_workbook, read_workbook
from storage.roster.table import decode

ROW_LIMIT = 20_000
"""The most rows of one child's chronology."""
COLUMN_LIMIT = 200
HEADER_WITHIN = 30
DELIMITERS = (",", ";", "\t", "|")
_CELL = 8 * 1024 * 1024
_NOTHING = "Nothing was imported."

Row = tuple[int, list[str]]


@dataclass
class Chronology:
    """A file, read: its columns by field, its rows, and what a person should look at, by line."""

    columns: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    rows: list[Prepared] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def read_chronology(data: bytes, mapping: Mapping[str, str], now: datetime, sheet: str = "") -> Chronology:
    """Return what the file says; `mapping` gives fields to headers by hand.

    Raises Refused for a file that is unsafe, not text, over its limits, or without a column for date and event.
    """
    found = Chronology()
    rows = list(_limited(_workbook(data, sheet, found) if is_workbook(data) else _csv(data, mapping)))
    place, fields = _headers(rows, mapping)
    headers = [" ".join(cell.split()) for cell in rows[place][1]]
    found.columns = {name: headers[column] for name, column in fields.items()}
    found.kept = [header for column, header in enumerate(headers) if header and column not in fields.values()]
    for line, cells in rows[:place]:
        if any(cell.strip() for cell in cells):
            found.warnings.append((line, "it stands above the headers and is not taken in"))
    for line, cells in rows[place + 1 :]:
        if not any(cell.strip() for cell in cells):
            continue
        prepared = prepare(line, _under(headers, cells), fields, now)
        if not (prepared.text.strip() or prepared.childs_words.strip()):
            found.empty.append(line)
            continue
        found.rows.append(prepared)
        found.warnings += [(line, note) for note in prepared.notes]
    return found


def _under(headers: Sequence[str], cells: Sequence[str]) -> list[Cell]:
    """Return each cell with its header; one without a header is named by its column."""
    return [
        (headers[column] if column < len(headers) and headers[column] else f"column {column + 1}", tidy(cell))
        for column, cell in enumerate(cells)
    ]


def _workbook(data: bytes, sheet: str, found: Chronology) -> Iterator[Row]:
    for line, cells, formula in read_workbook(data, sheet):
        if formula:
            found.warnings.append((line, FORMULA))
        yield line, cells


def _csv(data: bytes, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Yield the records of a CSV file by the delimiter whose header names most columns; raises Refused."""
    text = decode(data)
    before = csv.field_size_limit(_CELL)
    try:
        best = max(DELIMITERS, key=lambda delimiter: _named(text, delimiter, mapping))
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=best, strict=True)
        line = 1
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        large = "field larger" in str(error)
        why = "has a cell that is too large" if large else "has a quotation mark that is never closed or stands wrongly"
        raise Refused(f"The file {why}, at line {line} or after it. {_NOTHING}", hint="Mend it there.") from None
    finally:
        csv.field_size_limit(before)


def _named(text: str, delimiter: str, mapping: Mapping[str, str]) -> int:
    best = 0
    reader = csv.reader(io.StringIO(text[: 256 * 1024], newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader):
            best = max(best, len(_assign(cells, mapping)))
            if number >= HEADER_WITHIN:
                break
    except csv.Error:
        return best
    return best


def _limited(rows: Iterable[Row]) -> Iterator[Row]:
    for number, (line, cells) in enumerate(rows):
        if number > ROW_LIMIT:
            raise Refused(f"The file has more than {ROW_LIMIT:,} rows. {_NOTHING}", hint="Import it in parts.")
        if len(cells) > COLUMN_LIMIT and any(cell.strip() for cell in cells[COLUMN_LIMIT:]):
            raise Refused(f"Line {line} has more than {COLUMN_LIMIT} columns. {_NOTHING}")
        if any(len(cell) > NOTE_LIMIT // 4 and len(cell.encode(errors="replace")) > NOTE_LIMIT for cell in cells):
            raise Refused(
                f"Line {line} has a cell larger than {NOTE_LIMIT // 1024} KiB. {_NOTHING}", hint="Divide it there."
            )
        yield line, cells[:COLUMN_LIMIT]


def _headers(rows: Sequence[Row], mapping: Mapping[str, str]) -> tuple[int, dict[str, int]]:
    """Return the place of the line of headers and the column of each field; raises Refused."""
    wanted = _checked(mapping)
    best = max(range(min(len(rows), HEADER_WITHIN)), key=lambda at: len(_assign(rows[at][1], wanted)), default=-1)
    fields = _assign(rows[best][1], wanted) if best >= 0 else {}
    if best >= 0 and wanted:
        there = {fold_header(cell) for cell in rows[best][1]}
        if set(wanted) - there:
            listed = ", ".join(" ".join(cell.split())[:40] for cell in rows[best][1][:40] if cell.strip())
            raise Refused(f"A mapped column is not in the file. {_NOTHING}", hint=f"The file's columns are {listed}.")
    if "date" not in fields or "event" not in fields:
        raise Refused(
            f"No line of the file names a column for the date and one for the event. {_NOTHING}",
            hint="Name them: --map HEADER=date --map HEADER=event.",
        )
    return best, fields


def _checked(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return folded header → field; raises Refused for a field that is none."""
    wanted = {fold_header(header): name.strip().casefold().replace(" ", "_") for header, name in mapping.items()}
    for name in wanted.values():
        if name not in FIELDS and name != KEPT:
            raise Refused(
                f"«{name}» is no field of a chronology. {_NOTHING}", hint=f"The fields are {', '.join(FIELDS)}, {KEPT}."
            )
    return wanted


def _assign(cells: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Return field → column: what was mapped by hand first, then the first header that means it."""
    fields: dict[str, int] = {}
    names = {fold_header(header): name for header, name in wanted.items()}
    for column, cell in enumerate(cells):
        if (name := names.get(fold_header(cell[:200]))) and name != KEPT:
            fields.setdefault(name, column)
    for column, cell in enumerate(cells):
        name = field_of(cell[:200])
        if name and fold_header(cell[:200]) not in names:
            fields.setdefault(name, column)
    return fields
