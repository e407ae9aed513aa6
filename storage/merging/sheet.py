"""A workbook's cells as text, read without trusting it: bombs, entities and outside references are refused.

The archive's own list says how large it unpacks to, and no more than that is ever read; each part is looked at for a
document type before openpyxl sees it, which reads with defusedxml.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from practice.errors import Refused

UNPACKED = 256 * 1024 * 1024
"""The most bytes that a workbook may unpack to."""
RATIO = 300
"""A part that unpacks to more than so many times its size, and over a megabyte, is a bomb."""
PARTS = 2000
_NOTHING = "Nothing was imported."
_HINT = "Open it, save it as a plain .xlsx or CSV, and look at it before importing."

Rows = Iterator[tuple[int, list[str], bool]]
"""Line, cells, and whether one of them holds a formula."""
FORMULA = "a cell holds a formula: what it last came to is kept, and it never runs"


def is_workbook(data: bytes) -> bool:
    """Say whether the file is a ZIP archive, as an .xlsx is."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes, sheet: str = "") -> Rows:
    """Yield the rows of a workbook's first sheet, or of the one that is named; raises Refused for what is unsafe."""
    _check_archive(data)
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        results = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if sheet and sheet not in book.sheetnames:
            raise Refused(
                f"The workbook has no sheet of that name. {_NOTHING}", hint=f"It has {', '.join(book.sheetnames)}."
            )
        name = sheet or book.sheetnames[0]
        written, worked_out = book[name], results[name]
        written.reset_dimensions()
        worked_out.reset_dimensions()
        pairs = zip(written.iter_rows(), worked_out.iter_rows(values_only=True), strict=True)
        for number, (cells, values) in enumerate(pairs, start=1):
            formula = any(getattr(cell, "data_type", "") == "f" for cell in cells)
            yield number, [_text(cell, value) for cell, value in zip(cells, values, strict=True)], formula
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - a parser's faults are many, and each means that the file is not usable
        raise Refused(f"The workbook cannot be read ({type(error).__name__}). {_NOTHING}", hint=_HINT) from None


def _text(cell: Any, value: Any) -> str:
    """Return a cell as a person reads it; a formula's last result, or the formula itself where none was kept."""
    if value is None:
        return str(cell.value) if getattr(cell, "data_type", "") == "f" else ""
    if isinstance(value, datetime):
        text = value.date().isoformat() if value.time() == time() else value.strftime("%Y-%m-%d %H:%M")
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, time):
        text = value.strftime("%H:%M")
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text


def _check_archive(data: bytes) -> None:
    """Raise Refused for an archive that unpacks to too much, is locked, or holds a document type or macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_size(parts)
            if any(part.flag_bits & 1 for part in parts):
                raise Refused(f"The workbook is locked with a password. {_NOTHING}", hint="Save a copy without one.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Refused(f"The workbook cannot be opened ({type(error).__name__}). {_NOTHING}", hint=_HINT) from None


def _check_size(parts: list[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    bomb = any(part.file_size > 1024**2 and part.file_size > RATIO * max(part.compress_size, 1) for part in parts)
    if len(parts) > PARTS or total > UNPACKED or bomb:
        raise Refused(
            f"The workbook unpacks to far more than it should, as a file made to do harm does. {_NOTHING}", hint=_HINT
        )


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part up to its first element: a document type, with its entities and references, stands before it."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        with archive.open(part) as stream:
            next(iter(iterparse(stream, events=("start",), forbid_dtd=True)), None)
    except DefusedXmlException:
        raise Refused(
            f"The workbook defines entities or refers to something outside itself. {_NOTHING}", hint=_HINT
        ) from None
    except (ParseError, ValueError) as error:
        raise Refused(f"The workbook cannot be read ({type(error).__name__}). {_NOTHING}", hint=_HINT) from None
