"""What is masked in a copy before it leaves: the names that were marked, or every name (R-64, R-75)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from practice.acts import ConcernLogged
from practice.glossary import SOMEBODY, Glossary
from storage.desk.glossary import nameless

if TYPE_CHECKING:
    from storage.documents.gather import Copy, EntryCopy
    from storage.views.body_maps import BodyMap

_ROW = ("text", "childs_words", "action", "outcome", "source", "agency")
_CONCERN = (
    *(
        "text",
        "childs_words",
        "opinion",
        "opinion_grounds",
        "place",
        "seen_by",
        "questions_asked",
        "demeanour",
        "present",
    ),
    *("immediate_action", "not_told_reason", "original_kept", "child_as_written", "reported_by"),
)
_LINE = ("name", "role", "agency", "contact", "words")


def place_words(count: int) -> str:
    """Return how many places, in words."""
    return f"{count} places" if count != 1 else "one place"


def mask_copy(
    made: Copy, glossary: Glossary, *, anonymous: bool, progress: Callable[[int, int], None] | None = None
) -> None:
    """Mask the names of a glossary in every text of a copy; an anonymous one also loses who the child is.

    `progress` hears how many of how many entries are masked.
    """
    count = 0

    def masked(text: str) -> str:
        nonlocal count
        if not text:
            return text
        text, found = glossary.masked(text)
        count += found
        return text

    for place, entry in enumerate(made.entries):
        made.entries[place] = _entry(entry, masked, anonymous)
        if progress:
            progress(place + 1, len(made.entries))
    lines = []
    for line in made.front.lines:
        texts: dict[str, Any] = {name: masked(getattr(line, name)) for name in _LINE}
        lines.append(replace(line, **texts, by=SOMEBODY if anonymous else line.by))
    statuses = [replace(each, by=SOMEBODY) if anonymous else each for each in made.front.statuses]
    made.front = replace(made.front, lines=lines, statuses=statuses)
    if anonymous:
        made.child = nameless(made.child)
        made.left_out.append(
            f"Names are masked by this child's glossary, in {place_words(count)}. A name that nobody marked is not "
            "masked: read it through before it leaves."
        )
    elif count:
        said = f"Reporters, addresses and third parties that were marked are masked, in {place_words(count)}."
        made.left_out.append(said)


def _entry(entry: EntryCopy, masked: Any, anonymous: bool) -> EntryCopy:
    row = entry.row._replace(**{name: masked(getattr(entry.row, name)) for name in _ROW})
    if anonymous:
        row = row._replace(recorded_by=SOMEBODY, child="Child 1")
    versions = [
        replace(
            each,
            text=masked(each.text),
            childs_words=masked(each.childs_words),
            reason=masked(each.reason),
            recorded_by=SOMEBODY if anonymous else each.recorded_by,
        )
        for each in entry.versions
    ]
    decisions = [
        replace(
            each,
            reason=masked(each.reason),
            outcome=masked(each.outcome),
            by=SOMEBODY if anonymous else each.by,
            advice={name: masked(text) for name, text in each.advice.items()} if each.advice else None,
        )
        for each in entry.decisions
    ]
    choices = [
        each._replace(reason=masked(each.reason), by=SOMEBODY if anonymous else each.by) for each in entry.choices
    ]
    return replace(
        entry,
        row=row,
        choices=tuple(choices),
        concern=_concern(entry.concern, masked) if entry.concern else None,
        versions=tuple(versions),
        decisions=tuple(decisions),
        maps=tuple(_map(each, masked, anonymous) for each in entry.maps),
    )


def _map(each: BodyMap, masked: Any, anonymous: bool) -> BodyMap:
    marks = tuple(
        mark.model_copy(update={name: masked(getattr(mark, name)) for name in ("words", "shape", "movement")})
        for mark in each.marks
    )
    changed: dict[str, Any] = {"child": "", "by": "", "role": ""} if anonymous else {}
    return replace(each, marks=marks, **changed)


def _concern(concern: ConcernLogged, masked: Any) -> ConcernLogged:
    changed: dict[str, Any] = {name: masked(getattr(concern, name)) for name in _CONCERN}
    changed["told"] = tuple(each.model_copy(update={"name": masked(each.name)}) for each in concern.told)
    if concern.caller:
        names = {name: masked(getattr(concern.caller, name)) for name in ("name", "role", "agency")}
        changed["caller"] = concern.caller.model_copy(update=names)
    if concern.imported:
        cells = tuple((header, masked(value)) for header, value in concern.imported.cells)
        changed["imported"] = concern.imported.model_copy(update={"cells": cells})
    return concern.model_copy(update=changed)
