"""No small number can be had from the governors' report, neither from a line nor by subtraction."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from practice.small_numbers import LEAST, Table, without_small


def solved(equations: list[tuple[list[int], int]], unknowns: int) -> dict[int, Fraction]:
    """Return every unknown that a set of linear equations fixes, by elimination over the rationals."""
    rows = [[Fraction(value) for value in (*left, right)] for left, right in equations]
    pivots: list[int] = []
    done = 0
    for column in range(unknowns):
        pivot = next((place for place in range(done, len(rows)) if rows[place][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for place, row in enumerate(rows):
            if place != done and row[column]:
                rows[place] = [a - row[column] * b for a, b in zip(row, rows[done], strict=True)]
        pivots.append(column)
        done += 1
    return {
        column: rows[place][-1]
        for place, column in enumerate(pivots)
        if not any(rows[place][other] for other in range(unknowns) if other != column)
    }


def equations_of(tables: list[tuple[dict[str, int], Table]]) -> tuple[list[tuple[list[int], int]], list[int]]:
    """Everything that is published about the cells of several tables of the same concerns, totals among it."""
    names = [(number, name) for number, (cells, _) in enumerate(tables) for name in cells]
    truth = [tables[number][0][name] for number, name in names]
    equations = []
    total = next((table.total for _, table in tables if not table.withheld), None)
    for number, (cells, table) in enumerate(tables):
        shown = dict(table.lines)
        for place, (where, name) in enumerate(names):
            if where == number and name in shown:
                equations.append(([int(each == place) for each in range(len(names))], shown[name]))
        if table.pooled:
            pooled = [int(where == number and name not in shown) for where, name in names]
            equations.append((pooled, table.pooled))
        if total is not None and cells:
            equations.append(([int(where == number) for where, _ in names], total))
    return equations, truth


def split(total: int, cuts: list[int]) -> dict[str, int]:
    """Cut the same concerns into cells of another kind."""
    edges = sorted({0, total, *(cut % (total + 1) for cut in cuts)})
    return {f"cell {place}": high - low for place, (low, high) in enumerate(pairwise(edges))}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 120), st.lists(st.lists(st.integers(0, 500), max_size=9), min_size=1, max_size=4))
@example(9, [[4]])
@example(8, [[4, 8]])
@example(5, [[5]])
def test_no_cell_under_five_is_shown_or_can_be_solved_for(total: int, kinds: list[list[int]]) -> None:
    tables = [(cells, without_small(cells)) for cells in (split(total, cuts) for cuts in kinds)]
    for cells, table in tables:
        assert all(count >= LEAST for _, count in table.lines)
        assert not table.pooled or table.pooled >= LEAST
        assert table.withheld or table.total == sum(cells.values())
    equations, truth = equations_of(tables)
    for unknown, value in solved(equations, len(truth)).items():
        assert value == truth[unknown]
        assert value >= LEAST, "a small cell can be worked out"


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12)))
def test_a_pool_of_small_cells_leaves_each_of_them_open(cells: dict[str, int]) -> None:
    table = without_small(cells)
    pool = [count for name, count in cells.items() if name not in dict(table.lines)]
    if table.pooled and all(count < LEAST for count in pool):
        lowest = max(0, table.pooled - (LEAST - 1) * (len(pool) - 1))
        assert min(LEAST - 1, table.pooled) > lowest


def test_what_is_shown_keeps_its_order_and_small_schools_publish_nothing() -> None:
    found = without_small({"a": 20, "b": 3, "c": 7, "d": 4, "e": 1})
    assert found.lines == (("a", 20), ("c", 7))
    assert (found.pooled, found.pooled_cells) == (8, 3)
    assert without_small({"a": 20, "b": 3}).lines == ()
    assert without_small({"a": 2, "b": 2}).withheld
    assert without_small({}).withheld
    assert without_small({"a": 20, "b": 7}).lines == (("a", 20), ("b", 7))
