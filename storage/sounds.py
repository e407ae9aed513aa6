"""Names that sound alike however they are spelt, and names with one letter mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from practice.names import fold

LEAST = 3
"""A word of fewer letters sounds like too many names."""
_TYPED_WRONG = 5
"""From so many letters on, one letter mistyped, missing or swapped still finds the name."""


@lru_cache(maxsize=50_000)
def _codes(word: str) -> tuple[str, str]:
    import jellyfish

    return jellyfish.metaphone(word), jellyfish.nysiis(word)


def _alike(wanted: str, word: str) -> bool:
    import jellyfish

    if word.startswith(wanted):
        return True
    if len(wanted) < LEAST:
        return False
    ours, theirs = _codes(wanted), _codes(word)
    if len(ours[0]) > 1 and ours[0] == theirs[0]:
        return True
    if len(ours[1]) > 2 and ours[1] == theirs[1]:
        return True
    near = abs(len(wanted) - len(word)) < 2 and len(wanted) >= _TYPED_WRONG
    return near and jellyfish.damerau_levenshtein_distance(wanted, word) == 1


def sounds_like(query: str, names: Iterable[str]) -> bool:
    """Say whether each word of the query sounds like a word of one of the names."""
    wanted = fold(query).split()
    if not wanted or not all(word.isalpha() for word in wanted) or max(map(len, wanted)) < LEAST:
        return False
    return any(all(any(_alike(each, word) for word in fold(name).split()) for each in wanted) for name in names)
