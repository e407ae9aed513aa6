"""Entries that may tell of the same event: the same child, the same days, the same words (R-74).

Proposed, never decided: each answer shows on what it rests, and there is no score.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from practice.dates import Occurred
from practice.vocabulary import Precision

_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and that this with from have has had was were been for not but are his her him she they them their there "
        "then when what who which said says told asked came went into about after before out all also one two our you "
        "your very would could did does because while where will can any some more than just over again today "
        "yesterday child pupil school class staff teacher member mum dad mother father parent home time day week "
        "morning afternoon",
    )
)
_SHARED = 3
"""So many words that matter must be in both."""
_PART = 0.3
"""And so much of the shorter text."""


@dataclass(frozen=True)
class Telling:
    """What is compared of an entry."""

    id: str
    text: str
    occurred: Occurred


@lru_cache(maxsize=5000)
def telling_words(text: str) -> dict[str, str]:
    """Return the words of a text that tell one event from another, by their stem."""
    return {_stem(word): word for word in _WORD.findall(text.casefold()) if word not in _COMMON}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.rstrip("e") if len(word) > 3 else word


def plain_words(text: str) -> str:
    """Return a text for comparing word by word: one case, single spaces, no punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def days_of(occurred: Occurred) -> tuple[date, date] | None:
    """Return the first and the last day on which it may have happened; about a date is a day either way."""
    if occurred.start is None:
        return None
    first, last = date.fromisoformat(occurred.start[:10]), date.fromisoformat((occurred.end or occurred.start)[:10])
    if occurred.precision == Precision.APPROXIMATE:
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    return first, last


def same_days(one: Occurred, two: Occurred) -> bool:
    """Say whether two entries may have happened on the same day; what has no date meets nothing."""
    ours, theirs = days_of(one), days_of(two)
    return ours is not None and theirs is not None and ours[0] <= theirs[1] and theirs[0] <= ours[1]


def why_alike(one: Telling, two: Telling) -> str:
    """Return in words why two entries may tell of the same event, or blank where they do not."""
    if not same_days(one.occurred, two.occurred):
        return ""
    if plain_words(one.text) == plain_words(two.text):
        return "The same days and the same words."
    ours, theirs = telling_words(one.text), telling_words(two.text)
    shared = ours.keys() & theirs.keys()
    if len(shared) < _SHARED or len(shared) < _PART * min(len(ours), len(theirs)):
        return ""
    both = (min(ours[stem], theirs[stem], key=lambda word: (len(word), word)) for stem in shared)
    words = ", ".join(sorted(both, key=lambda word: (-len(word), word))[:5])
    return f"The same days, and words in both: {words}."


def alike(one: Telling, others: Iterable[Telling]) -> list[tuple[str, str]]:
    """Return (id, why) of each of the others that may tell of the same event."""
    return [(other.id, why) for other in others if other.id != one.id and (why := why_alike(one, other))]
