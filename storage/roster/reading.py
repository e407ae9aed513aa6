"""Reading a roll from CSV: every line becomes a row, or is rejected with its reason (practice: §10)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from practice.errors import Refused
from practice.names import match_key
from practice.upn import check_upn
from storage.merging.sheet import FORMULA, is_workbook, read_workbook
from storage.roster.ctf import COLUMNS, is_xml, pupils
from storage.roster.headers import HEADER_WITHIN, Layout, find_layout
from storage.roster.model import Rejected, Roster, RosterRow, Warning_
from storage.roster.table import decode, read_record, split_lines
from storage.roster.values import (
    EARLIEST_BIRTH,
    Unusable,
    clean,
    has_too_large,
    is_plain,
    looks_garbled,
    read_date,
    read_upn,
    read_year_group,
)

ROW_LIMIT = 100_000
"""The most rows that one file may hold (design: §7)."""

_MAY_SPAN_LINES = frozenset({"parental_responsibility"})


def read_roster(data: bytes, mapping: Mapping[str, str] | None = None, *, today: date | None = None) -> Roster:
    """Return what the file says of the roll: CSV, the first sheet of a workbook, or a Common Transfer File.

    `mapping` is header → field for headers that are not known; `today` lets a date of birth in the future be noticed.
    Raises Refused where the file as a whole cannot be used: too large, not text, no columns of names, an unknown field.
    """
    if is_xml(data):
        if mapping:
            raise Refused("A Common Transfer File has no columns to map. Nothing was imported.")
        fields = {name: place for place, name in enumerate(COLUMNS)}
        layout = Layout(",", -1, 0, len(fields), fields, dict(COLUMNS), [], counts="pupil")
        reader = _read(layout, pupils(data), today)
    else:
        lines, formulas = _lines_of_workbook(data) if is_workbook(data) else (split_lines(decode(data)), [])
        layout = find_layout(lines, mapping or {})
        reader = _read(layout, ((index + 1, cells) for index, cells in _records(lines, layout)), today)
        reader.warnings += [Warning_(number, FORMULA) for number in formulas]
    return Roster(
        rows=reader.rows,
        rejected=reader.rejected,
        warnings=reader.warnings,
        columns=layout.columns,
        ignored_headers=layout.ignored,
        header_line=layout.header_index + 1,
        counts=layout.counts,
    )


def _read(layout: Layout, records: Iterable[tuple[int, list[str] | None]], today: date | None) -> _Reader:
    reader = _Reader(layout, today)
    for line, cells in records:
        if len(reader.rows) + len(reader.rejected) >= ROW_LIMIT:
            raise Refused(
                f"The file has more than {ROW_LIMIT:,} rows. Nothing was imported.", hint="Export this school only."
            )
        reader.take(line, cells)
    return reader


def _lines_of_workbook(data: bytes) -> tuple[list[str], list[int]]:
    """Return the rows of a workbook's first sheet as lines of CSV, so that a row keeps its number, and whose cells
    hold a formula.
    """
    lines, formulas = [], []
    for number, cells, formula in read_workbook(data):
        if number > ROW_LIMIT + HEADER_WITHIN:
            raise Refused(f"The workbook has more than {ROW_LIMIT:,} rows. Nothing was imported.")
        out = io.StringIO(newline="")
        csv.writer(out).writerow([" ".join(cell.split()) for cell in cells])
        lines.append(out.getvalue())
        if formula:
            formulas.append(number)
    return lines, formulas


def _records(lines: Sequence[str], layout: Layout) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the index of each record's first line and its cells, None where it cannot be split.

    A record over several lines that does not fit the headers began with a stray quotation mark: only its first line
    is given up, and reading goes on with the second, so that no other child is swallowed.
    """
    one_line = [column for name, column in layout.fields.items() if name not in _MAY_SPAN_LINES]
    at = layout.first_row
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        cells, taken = read_record(lines, at, layout.delimiter)
        if taken > 1 and cells is not None and not _fits(cells, layout.width, one_line):
            cells, taken = None, 1
        if cells is None or any(map(str.strip, cells)):
            yield at, cells
        at += taken


def _fits(cells: Sequence[str], width: int, one_line: Sequence[int]) -> bool:
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        return False
    return not any("\n" in cells[column] or "\r" in cells[column] for column in one_line)


class _Reader:
    """Turns records into rows, remembering which children the file has had."""

    def __init__(self, layout: Layout, today: date | None) -> None:
        self.rows: list[RosterRow] = []
        self.rejected: list[Rejected] = []
        self.warnings = [Warning_(layout.header_index + 1, text) for text in layout.warnings]
        self._fields = list(layout.fields.items())
        self._width = layout.width
        self._counts = layout.counts
        self._today = today
        self._upns: dict[str, int] = {}
        self._people: dict[tuple[str, str, date | None], list[RosterRow]] = {}

    def take(self, line: int, cells: list[str] | None) -> None:
        """Add one record to the rows or to the rejected."""
        if cells is None:
            self._reject(
                line, "it cannot be split into values: a quotation mark is not closed, or the line is over 1 MiB"
            )
            return
        if self._width > 2 and sum(map(bool, map(str.strip, cells))) == 1:
            self._reject(line, "it holds one value, not a child", hides_child=False)
            return
        fault = self._shape_fault(cells)
        if fault:
            self._reject(line, fault)
            return
        if is_plain(cells):
            self._take_values(line, {name: cells[column].strip() for name, column in self._fields})
            return
        values = {}
        for name, column in self._fields:
            try:
                values[name] = clean(cells[column])
            except Unusable as error:
                self._reject(line, f"the {_words(name)} {error}")
                return
        self._take_values(line, values)

    def _shape_fault(self, cells: list[str]) -> str:
        """Return why the cells do not fit the headers, or an empty text; values are never shifted to make them fit."""
        extra = [cell for cell in cells[self._width :] if cell.strip()]
        if extra or len(cells) < self._width:
            return f"it has {len(cells)} values under {self._width} headers"
        return "a value is larger than 4 KiB" if has_too_large(cells) else ""

    def _take_values(self, line: int, values: dict[str, str]) -> None:
        noted: list[str] = []
        fault = _settle_names(values, noted)
        if fault:
            self._reject(line, fault)
            return
        row = self._row(line, values, noted)
        twin = self._seen_before(row, noted)
        if twin:
            self._reject(line, twin, hides_child=False)
            return
        self.rows.append(row)
        self.warnings += [Warning_(line, text) for text in noted]

    def _row(self, line: int, values: dict[str, str], noted: list[str]) -> RosterRow:
        born = self._birth(values.pop("date_of_birth", ""), noted)
        leaving_text = values.pop("leaving_date", "")
        leaving = read_date(leaving_text)
        if leaving_text and leaving is None:
            noted.append("the leaving date cannot be read and is left out")
        if values.get("upn"):
            upn = values["upn"] = read_upn(values["upn"])
            fault = check_upn(upn) if upn else None
            if fault:
                noted.append(f"{fault[:1].lower()}{fault[1:].rstrip('.')}; the child is kept")
        if values.get("former_upn"):
            values["former_upn"] = read_upn(values["former_upn"])
        if values.get("year_group"):
            values["year_group"] = read_year_group(values["year_group"])
        return RosterRow(line=line, date_of_birth=born, leaving_date=leaving, **values)

    def _birth(self, text: str, noted: list[str]) -> date | None:
        if not text:
            noted.append("there is no date of birth; the child is kept")
            return None
        born = read_date(text)
        if born is None:
            noted.append("the date of birth is neither day/month/year nor year-month-day; the child is kept without it")
        elif born.year < EARLIEST_BIRTH or (self._today is not None and born > self._today):
            noted.append("the date of birth cannot be that of a child on the roll; the child is kept without it")
            born = None
        return born

    def _seen_before(self, row: RosterRow, noted: list[str]) -> str:
        """Return why the row repeats an earlier one, or an empty text; twins differ in their forename and are kept."""
        if row.upn and row.upn in self._upns:
            return f"it has the same UPN as {self._counts} {self._upns[row.upn]}"
        person = (match_key(row.legal_surname), match_key(row.legal_forename), row.date_of_birth)
        same = self._people.setdefault(person, [])
        for other in same:
            if not _told_apart(row, other):
                return f"it names the same child as {self._counts} {other.line}"
        if same and row.date_of_birth:
            twin = f"{self._counts} {same[0].line}"
            noted.append(f"it has the name and date of birth of {twin} but other numbers; both are kept")
        same.append(row)
        if row.upn:
            self._upns[row.upn] = row.line
        return ""

    def _reject(self, line: int, reason: str, *, hides_child: bool = True) -> None:
        self.rejected.append(Rejected(line, reason, hides_child))


def _told_apart(row: RosterRow, other: RosterRow) -> bool:
    """Say whether two rows of one name and birthday carry numbers that differ."""
    pairs = (
        (row.upn, other.upn),
        (row.mis_id, other.mis_id),
        (row.admission_number, other.admission_number),
    )
    given = [(ours, theirs) for ours, theirs in pairs if ours and theirs]
    return bool(given) and all(ours != theirs for ours, theirs in given)


def _settle_names(values: dict[str, str], noted: list[str]) -> str:
    """Bring the names into their own fields; return why there is no usable name, or an empty text."""
    whole = values.pop("full_name", "")
    if whole and not (values.get("legal_surname") and values.get("legal_forename")):
        surname, comma, forename = whole.partition(",")
        if not comma:
            return "surname and forename are in one value without a comma between them"
        values["legal_surname"] = values.get("legal_surname") or surname.strip()
        values["legal_forename"] = values.get("legal_forename") or forename.strip()
    surname, comma, forename = values.get("legal_surname", "").partition(",")
    if comma and surname.strip():
        values["legal_surname"] = surname.strip()
        values["legal_forename"] = values.get("legal_forename") or forename.strip()
        noted.append("the surname held “surname, forename”; it was split at the comma")
    for legal, preferred in (("legal_surname", "preferred_surname"), ("legal_forename", "preferred_forename")):
        if not values.get(legal):
            values[legal] = values.get(preferred, "")
        if not any(map(str.isalnum, values[legal])):
            return f"it has no {_words(legal).removeprefix('legal ')}"
    if looks_garbled(values["legal_surname"]) or looks_garbled(values["legal_forename"]):
        noted.append("the name seems to have been garbled by another program; the child is kept")
    return ""


def _words(name: str) -> str:
    return name.replace("_", " ").replace("upn", "UPN").replace("mis id", "MIS id")
