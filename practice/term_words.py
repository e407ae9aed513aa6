"""What a line of a school's published dates means: a term, days closed, or the day on which a term begins or ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from practice.calendars import Closure, Term
from practice.errors import Refused

TERM_LIMIT_DAYS = 160
"""A term longer than this is a slip of the year, not a term."""
_CLOSED = re.compile(
    r"half[ -]?term|holiday|vacation|\binset\b|\binstep\b|training|non[ -]?pupil|staff day|closed|closure|\bbreak\b"
    r"|\bbank\b|\bpd day|occasional day",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"\b(start|begin|open|return|first day|commence|end|finish|close|last day|break up)(?:s|es|ing)?\b", re.IGNORECASE
)
_BEGIN = ("start", "begin", "open", "return", "first day", "commence")
_TERM = re.compile(r"\bterm\b|\bautumn\b|\bspring\b|\bsummer\b|\bmichaelmas\b|\blent\b|\btrinity\b", re.IGNORECASE)


@dataclass(frozen=True)
class DatedLine:
    """One line of a file: where it stands, what it is called, and its days, both included."""

    line: int
    name: str
    start: date
    end: date
    kind: str = ""


@dataclass(frozen=True)
class SchoolDates:
    """The terms and closures that a file holds, and the lines that were not understood, with the reason."""

    terms: tuple[Term, ...]
    closures: tuple[Closure, ...]
    skipped: tuple[tuple[int, str], ...]


def meaning(name: str, start: date, end: date) -> str:
    """Return `term`, `closure`, `begins`, `ends`, or an empty text where the words do not say."""
    if _TERM.search(name) and (edge := _EDGE.search(name)) and start == end and not re.search("half", name, re.I):
        return "begins" if edge[1].casefold() in _BEGIN else "ends"
    if _CLOSED.search(name):
        return "closure"
    if _TERM.search(name) and end > start:
        return "term"
    return ""


def kind_of(word: str) -> str:
    """Return what a column for the kind of line says, in one of our words; empty where it is not known."""
    folded = word.strip().casefold()
    if folded in {"term", "terms"}:
        return "term"
    return "closure" if folded and _CLOSED.search(folded) else ""


def assemble(lines: Iterable[DatedLine]) -> SchoolDates:
    """Return the terms and closures of a file's lines; raises Refused where terms overlap or one is far too long.

    A term may stand as one line, or as two: the day on which it begins and the day on which it ends.
    """
    terms, closures, skipped = [], [], []
    open_term: DatedLine | None = None
    for each in sorted(lines, key=lambda line: (line.start, line.line)):
        what = each.kind or meaning(each.name, each.start, each.end)
        if what == "term":
            terms.append(_term(each.name, each.start, each.end, each.line))
        elif what == "closure":
            closures.append(Closure(name=each.name, start=each.start, end=each.end))
        elif what == "begins":
            if open_term is not None:
                skipped.append((open_term.line, f"«{open_term.name}» begins a term whose end is not in the file"))
            open_term = each
        elif what == "ends" and open_term is not None:
            terms.append(_term(_joint_name(open_term.name), open_term.start, each.end, each.line))
            open_term = None
        elif what == "ends":
            skipped.append((each.line, f"«{each.name}» ends a term whose beginning is not in the file"))
        else:
            skipped.append((each.line, f"«{each.name}» is neither a term nor days on which the school is closed"))
    if open_term is not None:
        skipped.append((open_term.line, f"«{open_term.name}» begins a term whose end is not in the file"))
    terms.sort(key=lambda term: term.start)
    for before, after in pairwise(terms):
        if after.start <= before.end:
            raise Refused(
                f"The terms «{before.name}» and «{after.name}» overlap in the file. Nothing was changed.",
                hint="Correct the dates in the file and import it again.",
            )
    return SchoolDates(tuple(terms), tuple(closures), tuple(sorted(skipped)))


def _term(name: str, start: date, end: date, line: int) -> Term:
    if end < start or (end - start).days > TERM_LIMIT_DAYS:
        raise Refused(
            f"Line {line} gives a term from {start.isoformat()} to {end.isoformat()}. Nothing was changed.",
            hint=f"A term is at most {TERM_LIMIT_DAYS} days long: look at the year in the file.",
        )
    return Term(name=name, start=start, end=end)


def _joint_name(name: str) -> str:
    """Return a term's name without the words that it begins: «Autumn term starts» → «Autumn term»."""
    return " ".join(_EDGE.sub("", name).replace(" of ", " ").strip(" :-").split()) or name


def merged(own: Iterable[Term], added: Iterable[Term]) -> tuple[list[Term], list[Term]]:
    """Return the school's terms with a file's in the place of those that they overlap, and those that went."""
    new = list(added)
    gone = [term for term in own if any(term.start <= each.end and each.start <= term.end for each in new)]
    return sorted([*(term for term in own if term not in gone), *new], key=lambda term: term.start), gone
