"""Names and texts written from right to left, made ready for a page that is drawn from left to right.

A PDF's page is a row of glyphs: Arabic letters must be joined, and Hebrew and Arabic put in the order in which they are
seen, by the Unicode bidirectional algorithm. The libraries are imported where a text holds such letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from typing import Any

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTERS = frozenset({"R", "AL", "L"})
_JOINED = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")


def right_to_left(text: str) -> bool:
    """Say whether a text holds a letter that is written from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def begins_right(text: str) -> bool:
    """Say whether a paragraph's first letter of either direction is one from right to left."""
    first = next((kind for each in text if (kind := unicodedata.bidirectional(each)) in _LETTERS), "L")
    return first != "L"


@lru_cache
def _reshaper() -> Any:
    from arabic_reshaper import ArabicReshaper

    return ArabicReshaper({"delete_harakat": False, "delete_tatweel": False, "ARABIC LIGATURE ALLAH": False})


def joined(text: str, drawn: Container[int]) -> str:
    """Return the text with Arabic letters in the shapes that they take beside each other; `drawn` are the font's.

    A word of which the font lacks a shape keeps its single letters.
    """
    return " ".join(_word(word, drawn) for word in text.split(" "))


def _word(word: str, drawn: Container[int]) -> str:
    if not right_to_left(word):
        return word
    shaped = str(_reshaper().reshape(word))
    return shaped if all(ord(each) in drawn for each in shaped) else word


def as_seen(line: str, *, right: bool) -> str:
    """Return a line in the order in which it is seen from the left; `right` says that its paragraph begins right.

    A mark comes to stand before its letter, where these fonts draw it.
    """
    from bidi import get_display

    return str(get_display(line, base_dir="R" if right else "L"))


def as_written(line: str) -> str:
    """Return a line whose letters were joined with the letters that were written: what a reader copies or hears."""
    return _JOINED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), line)
