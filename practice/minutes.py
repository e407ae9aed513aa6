"""The minute of a review session: what was decided of each child, by whom, and who was not reached (R-81)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from practice.dates import day_words, time_words
from practice.text import NOTE_LIMIT, visible
from practice.vocabulary import Decision, ReviewStatus, label_of

SCOPES = {
    "due": "All who were due",
    "overdue": "Only who were overdue",
    "status": "One status",
    "worker": "One worker",
    "before_holiday": "Before the holiday",
}

ERASED = "(a child whose record was erased)"
_NOT_REVIEWED = "Not reviewed in this session:"
_HEAD = re.compile(r"(?P<number>\d+)\. (?P<who>.+)\nDecision: ")


@dataclass(frozen=True)
class Reviewed:
    """One child of a session, as the review was recorded."""

    child: str
    born: date | None
    decision: str
    reason: str
    next: date | None
    held_on: date
    by: str


def scope_words(scope: str, about: str) -> str:
    """Say what a session's scope was."""
    words = SCOPES.get(scope, scope)
    named = label_of(ReviewStatus, about) if scope == "status" else about
    return f"{words}: {visible(named)}" if named else words


def minute_text(
    school: str, scope: str, about: str, begun: datetime, by: str, reviewed: Sequence[Reviewed], left: Sequence[str]
) -> str:
    """Return the minute in plain lines; it names every child of the session once."""
    start = begun.astimezone()
    lines = [
        f"Review session, {visible(school)}",
        f"Begun {day_words(start.date())}, {time_words(start)}, by {visible(by)}",
        f"{scope_words(scope, about)}. Reviewed: {len(reviewed)}. Not reviewed: {len(left)}.",
    ]
    for number, each in enumerate(reviewed, start=1):
        born = f", born {day_words(each.born)}" if each.born else ""
        following = day_words(each.next) if each.next else "none"
        lines += [
            "",
            f"{number}. {visible(each.child)}{born}",
            f"Decision: {label_of(Decision, each.decision)}",
            f"Reason: {visible(each.reason)}",
            f"Next review: {following}. Held {day_words(each.held_on)} by {visible(each.by)}.",
        ]
    if left:
        lines += ["", _NOT_REVIEWED, *(visible(each) for each in left)]
    return "\n".join(lines)


def pages_of(text: str) -> list[str]:
    """Return a minute in pieces that an act's note can hold, cut between lines; joined by line ends they are it."""
    pages: list[str] = []
    size = 0
    for line in text.split("\n"):
        length = len(line.encode()) + 1
        if not pages or size + length > NOTE_LIMIT - 100:
            pages.append(line)
            size = length
        else:
            pages[-1] += "\n" + line
            size += length
    return pages


def without_child(text: str, names: Collection[str], born: date | None) -> str:
    """Return a minute without what it says of a child, who is known by these names; unchanged where it names nobody."""
    shown = {visible(name) for name in names}
    kept: list[str] = []
    theirs = False
    for part in text.split("\n\n"):
        head = _HEAD.match(part)
        if head is not None:
            who, _, said = head["who"].partition(", born ")
            theirs = who in shown and (not said or born is None or said == day_words(born))
            kept.append(f"{head['number']}. {ERASED}" if theirs else part)
        elif part.startswith(_NOT_REVIEWED):
            theirs = False
            kept.append("\n".join(ERASED if line in shown else line for line in part.split("\n")))
        elif not theirs:  # a reason may hold a blank line
            kept.append(part)
    return "\n\n".join(kept)
