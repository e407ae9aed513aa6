"""Column types that a STRICT table accepts and that keep a time's offset (storage: §1, traps 7 and 8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator


def utc_text(moment: datetime) -> str:
    """Return an aware time as fixed-width UTC text, `2026-11-21T16:42:03.000000Z`; raises ValueError when naive."""
    if moment.tzinfo is None:
        raise ValueError("a stored time needs its offset")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_utc_text(text: str) -> datetime:
    """Return the aware time that fixed-width UTC text stands for."""
    return datetime.fromisoformat(text)


_WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Made once: `json.dumps` makes an encoder for every value."""


def json_text(value: Any) -> str:
    """Return a value as canonical JSON text, with sorted keys, so that equal values are equal text."""
    return "[]" if value == [] else _WRITE(value)


class UtcText(TypeDecorator[datetime]):
    """An aware time, stored as fixed-width UTC text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse a naive time; bring the others to UTC."""
        return None if value is None else utc_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Read the text back."""
        return None if value is None else from_utc_text(value)


class Flag(TypeDecorator[bool]):
    """Yes or no, stored as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """Store 1 or 0."""
        return None if value is None else int(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> bool | None:
        """Read 1 or 0."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """Lists and small objects, stored as canonical JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Write with sorted keys, so that equal values are equal text."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        """Read the text back."""
        return None if value is None else json.loads(value)


STORED: dict[type, Callable[[Any], Any]] = {UtcText: utc_text, Flag: int, Json: json_text}
"""How a column of each of these types is stored; whatever else it is, it is stored as it is."""
READ: dict[type, Callable[[Any], Any]] = {UtcText: from_utc_text, Flag: bool, Json: json.loads}
"""How what is stored is read back."""
