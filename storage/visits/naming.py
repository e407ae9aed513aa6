"""Finding the names of children who were not chosen in what was written about those who were, and masking them.

Whole names of every child are found, and single names of the children to whom something ties the chosen ones: a shared
event, a line of a front sheet, a whole name in the same record. Accents, case, apostrophes, hyphens
and what is invisible make no difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from practice.names import fold
from practice.text import INVISIBLE

MASK = "[another child]"
_WORD = re.compile(rf"[^\W_](?:[{INVISIBLE}]*[^\W_])*")
_SHORTEST = 2


def words_of(name: str) -> tuple[str, ...]:
    """Return a name as the words that are compared."""
    return tuple(fold(word) for word in _WORD.findall(name))


@dataclass
class Names:
    """Names to mask, by their first word; the longest that fits is taken."""

    _by_first: dict[str, set[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(set))
    _whose: dict[tuple[str, ...], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, child_id: str, name: str) -> None:
        """Mask a name; one of a single letter is left, since it would mask half the text."""
        words = words_of(name)
        if words and sum(map(len, words)) >= _SHORTEST:
            self._by_first[words[0]].add(words)
            self._whose[words].add(child_id)

    def drop(self, name: str) -> None:
        """Leave a name as it is, such as a chosen child's own."""
        words = words_of(name)
        self._by_first.get(words[0] if words else "", set()).discard(words)

    def _found(self, text: str) -> list[tuple[int, int, tuple[str, ...]]]:
        places = [(fold(found.group()), found.start(), found.end()) for found in _WORD.finditer(text)]
        hits, at = [], 0
        while at < len(places):
            longest: tuple[str, ...] = ()
            for words in self._by_first.get(places[at][0], ()):
                if len(words) > len(longest) and tuple(place[0] for place in places[at : at + len(words)]) == words:
                    longest = words
            if longest:
                hits.append((places[at][1], places[at + len(longest) - 1][2], longest))
            at += len(longest) or 1
        return hits

    def named(self, text: str) -> set[str]:
        """Return the children whose names stand in a text."""
        return {child for _start, _end, words in self._found(text) for child in self._whose[words]}

    def mask(self, text: str, mask: str = MASK) -> str:
        """Return the text with every name replaced."""
        for start, end, _words in reversed(self._found(text)):
            text = text[:start] + mask + text[end:]
        return text


def texts_in(value: Any) -> Iterable[str]:
    """Yield every text in lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts_in(key)
            yield from texts_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_in(each)
