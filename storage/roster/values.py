"""Cells of a roll, brought to one form each: text, dates, year groups, UPNs (practice: §10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from practice.text import LINE_LIMIT
from practice.upn import normalise

CELL_LIMIT = 4096
"""The largest cell in bytes of UTF-8; a larger one rejects its row."""
EARLIEST_BIRTH = 1990

_DROPPED = frozenset("\u200b\u2060\ufeff\u00ad\u200e\u200f\u061c")
_JOINERS = frozenset("\u200c\u200d")
_BLANKS = frozenset("\t\r\n")
_KEPT_CATEGORIES = frozenset({"Cn", "Co"})

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?Z?)?")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4}|[0-9]{2})(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_WORDS = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[\s/.\-]([A-Za-z]{3,9})[\s/.\-,]+([0-9]{4}|[0-9]{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    "january february march april may june july august september october november december sept".split()  # noqa: SIM905
)

_YEAR_WORDS = re.compile(r"^(?:national )?(?:nc |curriculum )?(?:year group|year|yr|y)?[ .]*(.*)$")
_RECEPTION = frozenset({"r", "rec", "reception", "0", "00", "eyfs r"})
_NURSERY = {"n": "N", "nursery": "N", "n1": "N1", "nursery 1": "N1", "n2": "N2", "nursery 2": "N2"}
_NO_UPN = frozenset({"0", "N/A", "NA", "NONE", "NIL", "TBC", "UNKNOWN"})
_GARBLED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u2018-\u201d\u2020-\u203a\u20ac\u2122\u0152\u0153\u0160\u0161\u017d\u017e\u0178\u0192\u02c6\u02dc]|\ufffd"
)


class Unusable(Exception):
    """A cell's text cannot be kept; the message is the end of a reason."""


def clean(cell: str) -> str:
    """Return the cell's text on one line, composed (NFC), single-spaced; raises Unusable on what cannot be shown.

    A formula stays the text that it is.
    """
    if not (cell.isascii() and cell.isprintable()):
        cell = _without_hidden(unicodedata.normalize("NFC", cell))
    cell = " ".join(cell.split()) if "  " in cell else cell.strip()
    if len(cell) > LINE_LIMIT:
        raise Unusable(f"is longer than {LINE_LIMIT} characters")
    return cell


def is_plain(cells: Sequence[str]) -> bool:
    """Say whether stripping is all that `clean` would do to any of the cells: one look at a row instead of twenty."""
    whole = "".join(cells)
    return whole.isascii() and whole.isprintable() and "  " not in whole and max(map(len, cells)) <= LINE_LIMIT


def _without_hidden(cell: str) -> str:
    kept = []
    for character in cell:
        if character.isprintable() or character in _JOINERS:
            kept.append(character)
        elif character in _BLANKS or unicodedata.category(character) == "Zs":
            kept.append(" ")
        elif character in _DROPPED:
            continue
        elif unicodedata.category(character) in _KEPT_CATEGORIES:
            kept.append(character)
        else:
            raise Unusable("has a control character or a hidden change of direction")
    return "".join(kept)


def has_too_large(cells: Sequence[str]) -> bool:
    """Say whether a cell is over 4 KiB of UTF-8."""
    if max(map(len, cells)) <= CELL_LIMIT // 4:
        return False
    return any(len(cell.encode("utf-8", "surrogatepass")) > CELL_LIMIT for cell in cells)


def looks_garbled(name: str) -> bool:
    """Say whether a name seems to have been written in one encoding and read in another, as in `ZoÃ«`."""
    return not name.isascii() and _GARBLED.search(name) is not None


def read_date(text: str) -> date | None:
    """Return the date of an ISO or day-first text (`2015-09-01 00:00:00`, `01/09/2015`, `01-Sep-2015`), else None.

    A year of two digits is of this century.
    """
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(text):
            return date(_year(found[3]), int(found[2]), int(found[1]))
        if found := _WORDS.fullmatch(text):
            word = found[2].lower()
            if word in _MONTHS or word in _MONTH_NAMES:
                return date(_year(found[3]), _MONTHS.index(word[:3]) + 1, int(found[1]))
    except ValueError:
        return None
    return None


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def read_year_group(text: str) -> str:
    """Return a year group as it is shown (`7`, `R`, `N1`); a name that the school made up stays as it is."""
    if text.isdecimal() and text.isascii() and 0 < int(text) < 15:
        return str(int(text))
    found = _YEAR_WORDS.match(text.casefold().replace("-", " ").strip())
    core = found[1].strip() if found else ""
    if core in _RECEPTION:
        return "R"
    if core in _NURSERY:
        return _NURSERY[core]
    if core.isdecimal() and core.isascii() and 0 < int(core) < 15:
        return str(int(core))
    return text


def read_upn(text: str) -> str:
    """Return a UPN in capitals without spaces; blank where the cell only says that there is none."""
    upn = normalise(text)
    return "" if upn in _NO_UPN else upn
