"""What changed between two versions of a text, word by word: nothing is lost, and nothing is guessed (R-05)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORDS = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MOST = 3000
"""Words of a text beyond which whole lines are compared, so that a long note is compared at once too."""

Kind = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class Piece:
    """A run of text that is the same in both, or stands only in the old one (removed) or the new one (added)."""

    kind: Kind
    text: str


def changes(old: str, new: str) -> list[Piece]:
    """Return what changed: the same and removed pieces together are the old text, the same and added ones the new."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _MOST:
        before, after = _LINES.findall(old), _LINES.findall(new)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            pieces.append(Piece("removed", "".join(before[a:b])))
        if d > c:
            pieces.append(Piece("added", "".join(after[c:d])))
    return pieces


def in_words(pieces: Sequence[Piece]) -> str:
    """Return the pieces as one text in which what changed is marked without colour: {-gone-} {+new+}."""
    marks = {"same": ("", ""), "removed": ("{-", "-}"), "added": ("{+", "+}")}
    return "".join(f"{marks[piece.kind][0]}{piece.text}{marks[piece.kind][1]}" for piece in pieces)
