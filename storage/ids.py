"""Identifiers: UUIDv7, so that they sort by the time they were made and say nothing else (RFC 9562, §5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = (0, 0)


def new_id() -> str:
    """Return a fresh UUIDv7; within a process each one sorts after the one before it."""
    global _last  # noqa: PLW0603  (the counter that keeps ids of one millisecond in order)
    with _lock:
        now = time.time_ns() // 1_000_000
        millisecond, counter = _last
        if now > millisecond:
            millisecond, counter = now, int.from_bytes(os.urandom(2), "big") & 0x3FF
        else:
            counter += 1
            if counter > 0xFFF:
                millisecond, counter = millisecond + 1, 0
        _last = (millisecond, counter)
    value = (millisecond & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62
    value |= int.from_bytes(os.urandom(8), "big") & 0x3FFFFFFFFFFFFFFF
    return str(uuid.UUID(int=value))
