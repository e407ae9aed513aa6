"""Counts without small numbers: no cell under five, and none that subtraction gives back (governors' report).

Small cells are pooled into one line with others; the pool is at least five, holds at least two cells, and is never so
full that its cells could only have one size. So the lines still add up to the total, and nothing can be worked back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 5


@dataclass(frozen=True)
class Table:
    """What is published: lines that add up to the total, the pooled one apart; all blank where the total is small."""

    lines: tuple[tuple[str, int], ...]
    pooled: int = 0
    pooled_cells: int = 0

    @property
    def total(self) -> int:
        """The sum of what is published."""
        return sum(count for _, count in self.lines) + self.pooled

    @property
    def withheld(self) -> bool:
        """Whether nothing is published, because there were fewer than five in all, or no way to hide a small cell."""
        return not self.lines and not self.pooled


def without_small(cells: Mapping[str, int]) -> Table:
    """Return the cells as they may be published, in their order, with the small ones pooled."""
    if sum(cells.values()) < LEAST:
        return Table(())
    pool = {name: count for name, count in cells.items() if count < LEAST}
    rest = sorted(((count, name) for name, count in cells.items() if name not in pool), reverse=True)
    while pool and not _hides(pool) and rest:
        count, name = rest.pop()
        pool[name] = count
    if pool and not _hides(pool):
        return Table(())
    lines = tuple((name, count) for name, count in cells.items() if name not in pool)
    return Table(lines, sum(pool.values()), len(pool))


def _hides(pool: Mapping[str, int]) -> bool:
    """Say whether no cell of the pool can be known from the pool's sum, even by who knows that all are small."""
    total = sum(pool.values())
    if total < LEAST or len(pool) < 2:
        return False
    # Were every cell below five, each could still be at least two sizes: the pool is not full.
    return any(count >= LEAST for count in pool.values()) or total <= (LEAST - 1) * len(pool) - 2
