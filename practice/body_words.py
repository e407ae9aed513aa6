"""The words of a body map's marks: they stand alone, for a screen reader and on paper (R-09)."""

from __future__ import annotations

from practice.acts.body import Mark
from practice.body import cell_words
from practice.text import visible

_ASKED = (
    ("skin_broken", "skin broken", "skin not broken"),
    ("swelling", "swollen", "not swollen"),
    ("scab", "scab", "no scab"),
    ("blister", "blister", "no blister"),
    ("bleeding", "bleeding", "not bleeding"),
    ("clean", "clean", "dirty"),
    ("heat", "hot to the touch", "not hot"),
    ("pain", "painful", "not painful"),
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz123456789"
"""How a map's marks are named on the figure, in their order."""


def _number(value: float) -> str:
    return f"{value:g}"


def mark_words(mark: Mark) -> str:
    """Return a mark in words: where, how large, its shape and colours, and what was looked for."""
    parts = [cell_words(mark.cell)]
    size = " × ".join(_number(each) for each in (mark.length_cm, mark.width_cm) if each)
    looks = ", ".join(each for each in (f"{size} cm" if size else "size not measured", visible(mark.shape)) if each)
    parts.append(looks)
    if mark.colours:
        parts.append("colour " + " and ".join(visible(each) for each in mark.colours))
    found = [yes if getattr(mark, name) == "yes" else no for name, yes, no in _ASKED if getattr(mark, name)]
    if found:
        parts.append(", ".join(found))
    if mark.movement:
        parts.append(f"movement: {visible(mark.movement)}")
    said = "; ".join(parts) + "."
    return f"{said} {' '.join(visible(mark.words).split())}" if mark.words else said


def map_words(marks: tuple[Mark, ...]) -> list[str]:
    """Return every mark in words, named by its letter on the figure."""
    return [f"{LETTERS[place]}: {mark_words(mark)}" for place, mark in enumerate(marks)] or ["No mark was seen."]
