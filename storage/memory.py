"""Giving memory back: what was freed is not kept for later, neither its room nor, longer than it must, its text."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable


def _trim() -> Callable[[int], int] | None:
    """Return glibc's `malloc_trim`, which returns freed pages of every thread to the system; None where there is none.

    Elsewhere the C library does so by itself, or offers no way to ask.
    """
    if sys.platform != "linux":
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


def give_back() -> bool:
    """Return freed memory to the system; say whether any was. Takes some milliseconds."""
    trim = _trim()
    return trim is not None and bool(trim(0))
