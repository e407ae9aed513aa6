"""A file of separated values as records with the line on which each starts: decoding, and quotes that go wrong."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from practice.errors import Refused

FILE_LIMIT = 50 * 1024 * 1024
"""The largest file in bytes (design: §7)."""
LINES_IN_RECORD = 20
"""A quoted value over more lines than this is a quotation mark that was never closed."""

LINE_LIMIT = 1024 * 1024
"""The longest line in characters; a longer one is not split."""

_NOTHING = "Nothing was imported."


def decode(data: bytes) -> str:
    """Return the text of UTF-8 (with or without a byte-order mark), UTF-16 with one, or else Windows-1252.

    Raises Refused where the file is too large, empty, a spreadsheet, or not text.
    """
    if len(data) > FILE_LIMIT:
        raise Refused(f"The file is larger than {FILE_LIMIT // 1024**2} MiB. {_NOTHING}", hint="Export pupils only.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Refused(f"The file is a spreadsheet, not CSV. {_NOTHING}", hint="Open it and save a copy as CSV UTF-8.")
    text = _decoded(data)
    if text is None or "\x00" in text:
        raise Refused(f"The file is not text that can be read. {_NOTHING}", hint="Export it again as CSV UTF-8.")
    if not text.strip():
        raise Refused(f"The file is empty. {_NOTHING}", hint="Export it again and look at it before importing.")
    return text


def _decoded(data: bytes) -> str | None:
    encodings = ["utf-8", "cp1252"]
    if data.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def split_lines(text: str) -> list[str]:
    """Return the physical lines, line ends kept; only carriage return and line feed end a line."""
    return list(io.StringIO(text, newline=""))


class _Feed:
    """Lines for one record; remembers whether the reader asked for more than there are."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self._lines = lines
        self._at = start
        self._end = min(len(lines), start + LINES_IN_RECORD)
        self.exhausted = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._at >= self._end:
            self.exhausted = True
            raise StopIteration
        self._at += 1
        return self._lines[self._at - 1]


def read_record(lines: Sequence[str], start: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the cells of the record that starts at index `start`, and how many lines it takes.

    The cells are None where its quotation marks make no sense or the line is too long; it then takes one line.
    """
    line = lines[start]
    if len(line) > LINE_LIMIT:
        return None, 1
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter), 1
    feed = _Feed(lines, start)
    reader = csv.reader(feed, delimiter=delimiter)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return None, 1
    if feed.exhausted:
        return None, 1
    return cells, reader.line_num
