"""Text from outside, made safe to look at without changing what is stored (design: §7)."""

from __future__ import annotations

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str, *, keep: str = "\n\t") -> str:
    """Return the text with control characters, lone surrogates and direction overrides shown as marks such as
    `␛` or `[U+202E]`; characters in `keep` stay."""
    return "".join(char if char in keep or not _hidden(char) else _mark(char) for char in text)


def _hidden(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in {"Cc", "Cs"}


def _mark(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"
