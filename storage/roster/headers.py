"""Which column holds what: the line of headers, the delimiter, and the meaning of each column (practice: §10)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from practice.errors import Refused
from storage.roster.table import read_record

DELIMITERS = (",", ";", "\t")
HEADER_WITHIN = 50
"""The header is looked for in so many lines: exports put a title above it."""
IGNORE = "ignore"
"""The field that a mapping names to leave a column out."""

_LONGEST_HEADER_LINE = 64 * 1024
_STANDS_IN = {"legal_surname": "preferred_surname", "legal_forename": "preferred_forename"}
_SYNONYMS = {"dob": "date_of_birth", "surname": "legal_surname", "forename": "legal_forename"}


@dataclass(slots=True)
class Layout:
    """How the file is laid out; indexes count from 0, and `first_row` is the index of the line after the headers."""

    delimiter: str
    header_index: int
    first_row: int
    width: int
    fields: dict[str, int]
    columns: dict[str, str]
    ignored: list[str]
    warnings: list[str] = field(default_factory=list)
    counts: str = "line"
    """What a row's number counts: the lines of a table, the pupils of a Common Transfer File."""


@cache
def aliases() -> dict[str, list[str]]:
    """Return the known headers of each field, the best first."""
    text = files("storage.roster").joinpath("headers.json").read_text(encoding="utf-8")
    known: dict[str, list[str]] = json.loads(text)
    return known


@cache
def _fields_by_header() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for name, headers in aliases().items():
        for rank, header in enumerate(headers):
            found.setdefault(fold_header(header), (name, rank))
    return found


def fold_header(header: str) -> str:
    """Return a header without case, spaces and punctuation, so that `Date of birth` and `DateOfBirth` are one."""
    return "".join(character for character in header.casefold() if character.isalnum()) or header.strip()


def find_layout(lines: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Return the layout of the file, by the line and the delimiter that give the most known headers.

    `mapping` gives fields to headers by hand. Raises Refused where no line names a surname and a forename, where a
    mapped header is not in the file, or where a field is not one of ours.
    """
    mapped = _checked(mapping)
    best: tuple[int, str, list[str], int, int] | None = None
    for index, line in enumerate(lines[:HEADER_WITHIN]):
        if len(line) > _LONGEST_HEADER_LINE:
            continue
        for delimiter in DELIMITERS:
            cells, taken = read_record(lines, index, delimiter)
            score = _score(cells or [], mapped)
            if cells and score and (best is None or score > best[0]):
                best = (score, delimiter, cells, index, index + taken)
    if best is None:
        raise _no_names()
    _, delimiter, cells, header_index, first_row = best
    headers = [" ".join(cell.split()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    fields, warnings = _assign(headers, mapped)
    if not _names_children(fields):
        raise _no_names()
    used = set(fields.values())
    return Layout(
        delimiter=delimiter,
        header_index=header_index,
        first_row=first_row,
        width=len(headers),
        fields=fields,
        columns={name: headers[column] for name, column in fields.items()},
        ignored=[header for column, header in enumerate(headers) if header and column not in used],
        warnings=warnings,
    )


def _checked(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return folded header → field, with every field known."""
    mapped: dict[str, str] = {}
    for header, name in mapping.items():
        wanted = name.strip().lower().replace(" ", "_").replace("-", "_")
        wanted = _SYNONYMS.get(wanted, wanted)
        if wanted != IGNORE and wanted not in aliases():
            raise Refused(
                "A column was mapped to a field that there is not. Nothing was imported.",
                hint=f"The fields are {', '.join(sorted(aliases()))}; or {IGNORE}.",
            )
        if wanted != IGNORE and wanted in mapped.values():
            raise Refused(
                f"Two columns were mapped to {wanted}. Nothing was imported.", hint="Map one column to each field."
            )
        mapped[fold_header(header)] = wanted
    return mapped


def _score(cells: Iterable[str], mapped: Mapping[str, str]) -> int:
    known = _fields_by_header()
    found = set()
    for cell in cells:
        folded = fold_header(cell[:200])
        if folded in mapped:
            found.add(mapped[folded])
        elif folded in known:
            found.add(known[folded][0])
    return len(found)


def _assign(headers: Sequence[str], mapped: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Return field → column, and what to warn of; the best alias wins, and a mapping wins over every alias."""
    known = _fields_by_header()
    fields: dict[str, int] = {}
    candidates: dict[str, list[tuple[int, int]]] = {}
    seen = set()
    for column, header in enumerate(headers):
        folded = fold_header(header)
        if folded in mapped:
            if folded not in seen and mapped[folded] != IGNORE:
                fields[mapped[folded]] = column
            seen.add(folded)
        elif folded in known:
            name, rank = known[folded]
            candidates.setdefault(name, []).append((rank, column))
    if set(mapped) - seen:
        raise Refused(
            "A mapped column is not in the file. Nothing was imported.",
            hint=f"The file's columns are {', '.join(header for header in headers[:60] if header)}.",
        )
    return _settle(headers, fields, candidates)


def _settle(
    headers: Sequence[str], fields: dict[str, int], candidates: Mapping[str, list[tuple[int, int]]]
) -> tuple[dict[str, int], list[str]]:
    warnings = []
    for name, ranked in candidates.items():
        columns = [column for _, column in sorted(ranked)]
        if name not in fields:
            fields[name] = columns.pop(0)
        stand_in = _STANDS_IN.get(name, "")
        # Beside a column of legal names, a plain "Surname" or "Forename" is the name in use.
        if columns and stand_in and stand_in not in fields and stand_in not in candidates:
            fields[stand_in] = columns.pop(0)
        words, used = name.replace("_", " "), headers[fields[name]]
        warnings += [
            f"two columns hold the {words}; “{used}” is used and “{headers[column]}” is not" for column in columns
        ]
    return fields, warnings


def _names_children(fields: Mapping[str, int]) -> bool:
    if "full_name" in fields:
        return True
    return all(name in fields or stand_in in fields for name, stand_in in _STANDS_IN.items())


def _no_names() -> Refused:
    return Refused(
        "No line of the file names a surname and a forename column. Nothing was imported.",
        hint="Export surname, forename, date of birth and UPN with their headers, or name the columns: "
        "--map HEADER=legal_surname --map HEADER=legal_forename.",
    )
