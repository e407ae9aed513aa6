"""How commands print: JSON for programs, plain lines for people, and nothing on standard output but the answer."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TextIO

from practice.text import visible

if TYPE_CHECKING:
    from practice.dates import Occurred
    from storage.views.record_rows import VersionRow

INDENT = "    "
_OBEYED = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def use_utf8() -> None:
    """Speak UTF-8 on every platform; what cannot be encoded is escaped, never a reason to stop."""
    for stream, errors in ((sys.stdin, "strict"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors=errors)


def _write(stream: TextIO, text: str) -> None:
    """Write whole lines; a reader that went away ends the output, not the command and its exit status."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def out(text: str = "") -> None:
    """Print lines of the answer, which hold stored text: what cannot be seen is shown as marks."""
    _write(sys.stdout, visible(text))


def say(text: str) -> None:
    """Print a message to the person, apart from the answer."""
    _write(sys.stderr, visible(text))


def _json(value: Any, indent: int | None = None) -> str:
    """Return JSON whose text is verbatim; what a terminal would obey or turn around is written as its escape."""
    return _OBEYED.sub(
        lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False, indent=indent)
    )


def print_json(value: Any) -> None:
    """Print the answer for a program; stored text stands in it verbatim."""
    _write(sys.stdout, _json(value, indent=2))


def print_json_error(message: str, hint: str, status: int) -> None:
    """Print an error for a program, on one line."""
    _write(sys.stderr, _json({"error": message, "hint": hint, "status": status}))


def indented(text: str, by: str = INDENT) -> str:
    """Return stored text with every line set in, so that no line of it can pass for one of ours."""
    return "\n".join(by + line for line in text.split("\n"))


def one_line(text: str) -> str:
    """Return stored text on one line, for lists."""
    return " ".join(text.split())


def joined(parts: Iterable[str], by: str = " · ") -> str:
    """Return the parts that hold something, in one line."""
    return by.join(part for part in parts if part)


def source_words(source: str, agency: str) -> str:
    """Return from where an entry came: the source, and the agency where that is another."""
    return joined(dict.fromkeys([source, agency]), ", ")


# -- the shapes of design.md §6 ----------------------------------------------------------------------------------------


def moment_json(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 with its local offset."""
    return moment.astimezone().isoformat(timespec="milliseconds") if moment else None


def day_json(day: date | None) -> str | None:
    """Return a date as `YYYY-MM-DD`."""
    return day.isoformat() if day else None


def _with_offset(local: str | None) -> str | None:
    if local is None or len(local) == len("2026-11-21"):
        return local
    return datetime.fromisoformat(local).astimezone().isoformat(timespec="seconds")


def occurred_json(occurred: Occurred) -> dict[str, Any]:
    """Return OCCURRED: as written and as read; a start with a time carries this machine's offset for that day."""
    return {
        "text": occurred.text,
        "start": _with_offset(occurred.start),
        "end": _with_offset(occurred.end),
        "precision": str(occurred.precision),
    }


def version_json(version: VersionRow) -> dict[str, Any]:
    """Return VERSION."""
    return {
        "version": version.version,
        "text": version.text,
        "childs_words": version.childs_words,
        "occurred": occurred_json(version.occurred),
        "recorded_at": moment_json(version.recorded_at),
        "recorded_by": version.recorded_by,
        "reason": version.reason,
    }
