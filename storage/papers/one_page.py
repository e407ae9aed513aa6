"""Lists that must stand on one page: the worst first, what is due by name, and of the others how many and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.documents.blocks import Block, Facts, Heading, Para

NAMES = 400
"""How many names stand at most in a part; a page holds fewer, so that more would only be tried in vain."""


@dataclass(frozen=True)
class Row:
    """A child and what is said of them; `due` is what must be dealt with today, which no page leaves out."""

    child: str
    text: str
    due: bool = False


@dataclass(frozen=True)
class Part:
    """A list under its heading, the worst first, and where all of it can be seen."""

    heading: str
    rows: Sequence[Row]
    where: str


def one_page(head: Sequence[Block], parts: Sequence[Part], foot: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with as many rows as one printed page holds, dealt to the parts in turn, what is due first.

    What is due and has no row is named. Only where the names alone fill more than a page are some left out, counted.
    """
    from storage.documents.pdf import page_count

    full = sorted((part for part in parts if part.rows), key=lambda part: not any(row.due for row in part.rows))
    with_due = sum(1 for part in full if any(row.due for row in part.rows))

    def made(rows: int, names: int = NAMES) -> list[Block]:
        told: list[Block] = []
        counted: list[tuple[str, str]] = []
        for part, count in zip(full, _dealt(full, rows), strict=True):
            if count or any(row.due for row in part.rows):
                told += _blocks(part, count, names)
            else:
                counted.append((part.heading, f"See {part.where}."))
        also: list[Block] = [Heading(2, "Also open")] if counted else []
        also += [Para(f"{heading}. {where}") for heading, where in counted]
        return [*head, *told, *also, *foot]

    def fits(rows: int, names: int = NAMES) -> bool:
        return page_count(made(rows, names)) == 1

    if fits(0):
        return tuple(made(_most(sum(len(part.rows) for part in full), fits)))
    worst = with_due if fits(with_due, 0) else 0
    return tuple(made(worst, _most(NAMES, lambda names: fits(worst, names))))


def _most(high: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number that fits, at least 0."""
    low = 0
    if fits(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _dealt(parts: Sequence[Part], rows: int) -> list[int]:
    """Deal a number of rows to the parts, one after the other, until each has all of its own."""
    shown = [0] * len(parts)
    while rows > 0 and (open_ := [place for place, part in enumerate(parts) if shown[place] < len(part.rows)]):
        for place in open_[:rows]:
            shown[place] += 1
        rows -= len(open_)
    return shown


def _blocks(part: Part, count: int, names: int) -> list[Block]:
    made: list[Block] = [Heading(2, part.heading)]
    if count:
        made.append(Facts(tuple((row.child, row.text) for row in part.rows[:count])))
    left = part.rows[count:]
    due = list(dict.fromkeys(row.child for row in left if row.due))
    named = due[:names]
    more = len(left) - sum(1 for row in left if row.due and row.child in set(named))
    said = [f"Due too: {', '.join(named)}."] if named else []
    said += [f"And {more:,} more: see {part.where}."] if more else []
    return [*made, Para(" ".join(said))] if said else made
