"""The frame of the benchmarks: runs both sides of a row in turn, and writes the table of medians."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table: written by make bench -->", "<!-- end of table -->"

Measure = Callable[[], float]
"""One measure of one side: does the work once and returns the seconds that count."""


@dataclass(frozen=True)
class Pair:
    """Both sides of a row, ready to be measured."""

    ours: Measure
    reference: Measure


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `prepare(folder, size)` sets both sides up in an empty folder, for a store of `size` entries, outside the measured
    time. `sizes` is `(0,)` where the number of entries plays no part.
    """

    key: str
    what: str
    reference: str
    bound: float
    prepare: Callable[[Path, int], AbstractContextManager[Pair]]
    sizes: tuple[int, ...] = (1_000, 10_000)
    rounds: int = 30
    warm_up: int = 2
    note: str = ""
    most: float = 0.0
    """What our side may come to at most, whatever the reference takes; 0 for no such bound."""
    missing: Callable[[], str] = str
    """Why this row cannot be measured here; nothing where it can."""
    elapsed: bool = False
    """Whether it can be measured by elapsed time alone, since it waits for what a terminal shows."""
    unit: str = "s"
    """`s`: `bound` is a ratio. `MB`: both sides measure megabytes, and `bound` is by how many ours may be more."""


@dataclass(frozen=True)
class Result:
    """What one row came to, in seconds or megabytes."""

    row: Row
    size: int
    ours: float
    reference: float
    spread: float
    """The middle half of our side's measures: third quartile less first."""
    processor: bool = False
    """Whether it is processor time, measured while other programs kept the machine busy."""

    @property
    def ratio(self) -> float:
        return self.ours / self.reference

    @property
    def held(self) -> bool:
        if self.row.unit == "MB":
            return self.ours - self.reference <= self.row.bound
        return self.ratio <= self.row.bound and not 0 < self.row.most < self.ours


clock: Callable[[], float] = perf_counter
outer_clock: Callable[[], float] = perf_counter
"""The clock by which a row times the programs that it runs and waits for."""


def timed(work: Callable[[], object], beside: Callable[[], float] = float) -> float:
    """Seconds that the work took, by the clock that was chosen.

    `beside` says how much processor time other programs that work on it have had; by processor it is added.
    """
    others = beside() if clock is process_time else 0.0
    start = clock()
    work()
    taken = clock() - start
    return taken + beside() - others if clock is process_time else taken


def by_processor() -> None:
    """Measure processor time from now on, this process's or that of those it ran: on a busy machine only that tells
    anything."""
    global clock, outer_clock
    clock, outer_clock = process_time, _childrens_time


def _childrens_time() -> float:
    """Return the processor time of every process that was run and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def run(row: Row, size: int, folder: Path, rounds: int | None = None) -> Result:
    """Measure both sides in turn, so that what slows the machine slows both; the order changes every round."""
    ours: list[float] = []
    reference: list[float] = []
    with row.prepare(folder, size) as pair:
        for _ in range(row.warm_up):
            pair.ours()
            pair.reference()
        for number in range(rounds or row.rounds):
            sides = [(ours, pair.ours), (reference, pair.reference)]
            for taken, measure in sides if number % 2 else reversed(sides):
                taken.append(measure())
    first, _, third = statistics.quantiles(ours, n=4) if len(ours) > 1 else (ours[0],) * 3
    processor = clock is process_time and not row.elapsed
    return Result(row, size, statistics.median(ours), statistics.median(reference), third - first, processor)


def milliseconds(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.3f} ms"


def line(result: Result) -> list[str]:
    row = result.row
    if row.unit == "MB":
        figures = [f"{result.ours:.0f} MB", f"±{result.spread / 2:.1f} MB", row.reference, f"{result.reference:.0f} MB"]
        bounds = [f"+{result.ours - result.reference:.0f} MB", f"+{row.bound:g} MB"]
    else:
        ours, spread = milliseconds(result.ours), f"±{milliseconds(result.spread / 2)}"
        of = " cpu" if result.processor else ""
        figures = [ours + of, spread, row.reference, milliseconds(result.reference) + of]
        most = f", and {milliseconds(row.most)}" if row.most else ""
        bounds = [f"×{result.ratio:.2f}", f"×{row.bound:g}{most}"]
    return [
        row.what,
        f"{result.size:,}" if result.size else "",
        *figures,
        *bounds,
        "held" if result.held else "not held",
    ]


HEAD = ["what", "entries", "ours", "", "reference in the same run", "reference took", "ratio", "at most", ""]


def table(results: list[Result]) -> str:
    """The results as a Markdown table, followed by the rows' notes."""
    rows = [HEAD, ["---"] * len(HEAD), *map(line, results)]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    notes = dict.fromkeys(result.row.note for result in results if result.row.note)
    return "\n".join([*lines, *(["", *(f"- {note}" for note in notes)] if notes else [])])


def printed(results: list[Result]) -> str:
    """The results in columns, for a terminal."""
    rows = [HEAD, *map(line, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def machine() -> str:
    """What the figures were measured on, without a name that tells one machine from another."""
    cores = os.cpu_count() or 1
    return (
        f"Measured on {date.today():%Y-%m-%d}, {platform.system()} on {platform.machine()}, {cores} cores, "  # noqa: DTZ011
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} beside SQLCipher's own. Trust the ratios."
    )


def _parts(page: Path) -> tuple[str, str, str]:
    """Return what stands before the page's table, the table, and what stands after it."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    inside, closed, after = rest.partition(END)
    if not (found and closed):
        sys.exit(f"{page.name} has lost its markers; put back {BEGIN} and {END}.")
    return before, inside, after


def write_page(results: list[Result], page: Path = PAGE) -> None:
    """Put the table between the page's markers; what stands around them is kept."""
    before, _, after = _parts(page)
    page.write_text(f"{before}{BEGIN}\n{machine()}\n\n{table(results)}\n{END}{after}", encoding="utf-8")


def splice(results: list[Result], page: Path = PAGE) -> None:
    """Put these rows in the place of their older ones, or below the last; every other row and remark is kept."""
    before, inside, after = _parts(page)
    lines = inside.split("\n")
    for result in results:
        cells = line(result)
        made = f"| {' | '.join(cells)} |"
        rows = [place for place, each in enumerate(lines) if each.startswith("|")]
        same = f"| {cells[0]} | {cells[1]} |"
        place = next((place for place in rows if lines[place].startswith(same)), None)
        if place is None:
            lines.insert(rows[-1] + 1, made)
        else:
            lines[place] = made
    inside = "\n".join(lines)
    page.write_text(f"{before}{BEGIN}{inside}{END}{after}", encoding="utf-8")
