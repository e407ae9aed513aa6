"""The bank holidays of the four nations, from a list that `scripts/make_bank_holidays.py` writes.

The library that knows them takes 16 MB of memory and a fifth of a second to load, for every country of the world; it is
asked only about years that are not in the list.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files

NATIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}
"""The nations, as the list and the library call them."""
FIRST_YEAR, LAST_YEAR = 2000, 2060
"""The years that are in the list, both included."""


@cache
def _listed() -> tuple[tuple[int, str, str, str], ...]:
    """Return (year, day, nations, name) of every line."""
    text = files("practice").joinpath("data/bank_holidays.txt").read_text(encoding="utf-8")
    lines = (line.split(" ", 2) for line in text.splitlines() if not line.startswith("#"))
    return tuple((int(day[:4]), day, nations, name) for day, nations, name in lines)


@cache
def named(first: int, last: int, nation: str) -> dict[date, str] | None:
    """Return a nation's bank holidays of these years with their names; None where a year is not in the list."""
    if first < FIRST_YEAR or last > LAST_YEAR:
        return None
    code = NATIONS[nation]
    return {
        date.fromisoformat(day): name
        for year, day, nations, name in _listed()
        if first <= year <= last and code in nations
    }
