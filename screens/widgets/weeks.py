"""Concerns by week as bars with their numbers: a picture never stands without its figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from rich.cells import cell_len
from textual.content import Content

from screens.widgets.chrome import cut

BARS = " ▁▂▃▄▅▆▇█"
LEAST = 5
"""What a full bar stands for at least, so that a single concern does not look like many."""


def bar(count: int, most: int, height: int) -> list[str]:
    """Return one bar from its top down, two cells wide."""
    eighths = round(count * height * 8 / most) if most else 0
    if count and not eighths:
        eighths = 1
    cells = []
    for row in range(height):
        filled = min(max(eighths - row * 8, 0), 8)
        cells.append(BARS[filled] * 2)
    return cells[::-1]


def weeks_chart(counts: Sequence[int], today: date, height: int = 5) -> Content:
    """Return the chart: bars, under each its number, and the Mondays at the ends; 36 cells wide for twelve weeks."""
    if not counts:
        return Content("")
    most = max(*counts, LEAST)
    bars = [bar(count, most, height) for count in counts]
    rows = [Content.styled(" ".join(each[row] for each in bars), "$primary") for row in range(height)]
    numbers = "".join(f"{count:>2} " if count < 100 else "99+" for count in counts).rstrip()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=len(counts) - 1)
    begin, end = f"{first.day} {first:%b}", "this week"
    width = len(counts) * 3 - 1
    rows.append(Content(numbers))
    rows.append(Content.styled(begin + " " * (width - len(begin) - len(end)) + end, "$text-muted"))
    return Content("\n").join(rows)


def weeks_line(counts: Sequence[int]) -> Content:
    """Return the same in one line, for a narrow screen."""
    if not counts:
        return Content("")
    most = max(*counts, LEAST)
    marks = "".join(BARS[max(round(count * 8 / most), 1)] if count else "·" for count in counts)
    numbers = " ".join(str(count) for count in counts)
    return Content.assemble(("Concerns, 12 weeks ", "$text-muted"), (marks, "$primary"), f" {numbers}")


def category_lines(categories: Sequence[tuple[str, Sequence[int]]], most: int = 6, width: int = 35) -> Content:
    """Return one line for each of the most frequent categories: its name, the weeks as marks, and their sum."""
    from practice.vocabulary import ConcernCategory, label_of

    lines = []
    highest = max((count for _, counts in categories for count in counts), default=0)
    for code, counts in categories[:most]:
        marks = "".join(BARS[max(round(count * 8 / max(highest, LEAST)), 1)] if count else "·" for count in counts)
        name = cut(label_of(ConcernCategory, code) or "No category", width - len(counts) - 6)
        space = " " * (width - len(counts) - 6 - cell_len(name))
        lines.append(Content.assemble((name + space, "$text-muted"), " ", (marks, "$primary"), f"{sum(counts):>5}"))
    if len(categories) > most:
        rest = sum(sum(counts) for _, counts in categories[most:])
        lines.append(
            Content.styled(f"{f'{len(categories) - most} more categories':<{width - 5}}{rest:>5}", "$text-muted")
        )
    return Content("\n").join(lines)
