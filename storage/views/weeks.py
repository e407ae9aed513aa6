"""How many concerns were recorded week by week, for the chart on Today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from storage.types import utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

WEEKS = 12
_WEEK = timedelta(days=7)


def concerns_by_week(vault: Vault, on: date) -> tuple[list[int], list[tuple[str, list[int]]]]:
    """Return how many concerns were recorded in each of the last twelve weeks, this one last; and by category."""
    monday = on - timedelta(days=on.weekday())
    starts = [monday - _WEEK * back for back in range(WEEKS - 1, -1, -1)]
    edges = [datetime.combine(start, datetime.min.time()).astimezone() for start in (*starts, monday + _WEEK)]
    borders = [utc_text(edge) for edge in edges]
    statement = (
        "SELECT category, count(*) FROM entries WHERE kind IN ('concern', 'operation_encompass')"
        " AND recorded_at >= ? AND recorded_at < ? GROUP BY category"
    )
    weeks = [0] * WEEKS
    categories: dict[str, list[int]] = {}
    with vault.read() as connection:
        for place, week in enumerate(pairwise(borders)):
            for category, count in connection.exec_driver_sql(statement, week):
                weeks[place] += count
                categories.setdefault(category, [0] * WEEKS)[place] = count
    return weeks, sorted(categories.items(), key=lambda each: (-sum(each[1]), each[0]))
