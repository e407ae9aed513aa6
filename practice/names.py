"""Finding a child by a few letters of any of their names, as people type them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from practice.text import drawn

_BREAKS = str.maketrans(dict.fromkeys("'\u2019\u2018\u02bc`-\u2010\u2011\u2013.,/()_", " "))
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


@lru_cache(maxsize=50_000)
def fold(name: str) -> str:
    """Return a name for comparing: as it is seen, in one case, no accents, apostrophes and hyphens as spaces."""
    folded = drawn(name).casefold().translate(_BREAKS)
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded.translate(_PLAIN)).casefold().translate(_BREAKS)
        folded = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(folded.split())


def match_key(name: str) -> str:
    """Return a name without any breaks, so that `O'Brien`, `O Brien` and `Obrien` are one."""
    return fold(name).replace(" ", "")


def matches(query: str, names: Iterable[str]) -> int | None:
    """Return how well a query fits any of a child's names, 0 the best, or None where it does not.

    0 the whole name · 1 the name begins with it · 2 its words begin the name's words, in order · 3 in any order, or
    with the breaks left out · 4 initials (two letters or more).
    """
    wanted = fold(query)
    if not wanted:
        return None
    ranks = [rank for name in names if (rank := _rank(wanted, fold(name))) is not None]
    return min(ranks, default=None)


def _rank(wanted: str, name: str) -> int | None:
    if name.startswith(wanted):
        return 0 if name == wanted else 1
    wanted_words, words = wanted.split(), name.split()
    if _in_order(wanted_words, words):
        return 2
    squeezed = wanted.replace(" ", "")
    if _in_any_order(wanted_words, words) or any(
        "".join(words[start:]).startswith(squeezed) for start in range(len(words)) if len(squeezed) > 1
    ):
        return 3
    initials = "".join(word[0] for word in words)
    return 4 if len(squeezed) > 1 and len(wanted_words) in {1, len(squeezed)} and squeezed in initials else None


def _in_order(wanted: list[str], words: list[str]) -> bool:
    remaining = iter(words)
    return all(any(word.startswith(each) for word in remaining) for each in wanted)


def _in_any_order(wanted: list[str], words: list[str]) -> bool:
    """Give each wanted word a name's word of its own, the longest first so that `Jo Joan` finds `Joan Jones`."""
    left = list(words)
    for each in sorted(wanted, key=len, reverse=True):
        found = next((word for word in left if word.startswith(each)), None)
        if found is None:
            return False
        left.remove(found)
    return True
