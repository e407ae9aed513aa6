"""Names that sound alike however they are spelt, and names with one letter mistyped."""

from __future__ import annotations

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


@lru_cache(maxsize=20_000)
def _heard(names: tuple[str, ...]) -> tuple[tuple[tuple[str, str, str], ...], ...]:
    """Return each name's words with their codes."""
    return tuple(tuple((word, *_codes(word)) for word in fold(name).split()) for name in names)


def _alike(wanted: str, codes: tuple[str, str], heard: tuple[str, str, str]) -> bool:
    word, metaphone, nysiis = heard
    if word.startswith(wanted):
        return True
    if len(wanted) < LEAST:
        return False
    if (len(metaphone) > 1 and codes[0] == metaphone) or (len(nysiis) > 2 and codes[1] == nysiis):
        return True
    if len(wanted) < _TYPED_WRONG or abs(len(wanted) - len(word)) > 1:
        return False
    if wanted[0] != word[0] and wanted[-1] != word[-1]:
        return False  # one letter mistyped leaves one of its ends as it was
    import jellyfish

    return jellyfish.damerau_levenshtein_distance(wanted, word) == 1


def sounds_like(query: str, names: tuple[str, ...]) -> bool:
    """Say whether each word of the query sounds like a word of one of the names."""
    wanted = fold(query).split()
    if not wanted or not all(word.isalpha() for word in wanted) or max(map(len, wanted)) < LEAST:
        return False
    asked = [(word, _codes(word)) for word in wanted]
    return any(
        all(any(_alike(word, codes, each) for each in heard) for word, codes in asked) for heard in _heard(names)
    )
