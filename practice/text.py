"""Text as people type it: kept whole, made safe to store and to show (design: §7)."""

from __future__ import annotations

import re

NOTE_LIMIT = 64 * 1024
"""A note's limit in bytes of UTF-8."""
LINE_LIMIT = 400
"""A single-line field's limit in characters."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIRECTION = {
    "\u202a": "⟦LRE⟧",
    "\u202b": "⟦RLE⟧",
    "\u202c": "⟦PDF⟧",
    "\u202d": "⟦LRO⟧",
    "\u202e": "⟦RLO⟧",
    "\u2066": "⟦LRI⟧",
    "\u2067": "⟦RLI⟧",
    "\u2068": "⟦FSI⟧",
    "\u2069": "⟦PDI⟧",
    "\u200e": "⟦LRM⟧",
    "\u200f": "⟦RLM⟧",
}
_DIRECTIONS = re.compile("[" + "".join(_DIRECTION) + "]")
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that nothing is drawn for, as a set is written (Unicode: Default_Ignorable_Code_Point)."""
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")


def tidy(text: str) -> str:
    """Return the text with one kind of line end and nothing that a store or an encoder cannot hold.

    A NUL becomes its visible picture and a lone surrogate the replacement character; every other character stays.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\u2400")
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def tidy_line(text: str) -> str:
    """Return the text on one line, its ends stripped."""
    return " ".join(tidy(text).split())


def visible(text: str) -> str:
    """Return the text for showing: control characters and direction marks as marks that can be seen."""
    if text.isascii() and text.isprintable():
        return text
    text = _CONTROL.sub(lambda found: _picture(found.group()), text)
    return _DIRECTIONS.sub(lambda found: _DIRECTION[found.group()], text)


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟦{code:02X}⟧"


def has_control(text: str) -> bool:
    """Say whether the text holds a control character other than newline and tab, or a direction override."""
    return bool(_CONTROL.search(text) or _DIRECTIONS.search(text))


def drawn(text: str) -> str:
    """Return the text without the characters that nothing is drawn for: what a reader sees, for comparing."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def pieces(text: str) -> str:
    """Return the words that such characters cut, each as its pieces: `black<zero width space>bruise` as two words."""
    if text.isascii():
        return ""
    return " ".join(_INVISIBLE.sub(" ", word) for word in text.split() if _INVISIBLE.search(word))


def year_words(year: str) -> str:
    """Return a year group as it is said: `Year 4` of `4`, and `Nursery` or `Year 4` as somebody wrote them out."""
    return f"Year {year}" if len(year.strip()) in (1, 2) else year


def unreadable(error: Exception) -> str:
    """Return in plain words why a file could not be read, without its name."""
    if isinstance(error, FileNotFoundError):
        return "there is none of that name"
    if isinstance(error, (IsADirectoryError, NotADirectoryError)):
        return "it is a folder, or its path leads through a file"
    if isinstance(error, PermissionError):
        return "the computer does not let you"
    return "it is no text" if isinstance(error, UnicodeError) else "the drive or the network failed"


def counted(count: int, one: str, many: str = "") -> str:
    """Return how many there are, in words that fit the number."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
