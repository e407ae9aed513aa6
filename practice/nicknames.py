"""By what other names a child is called: the usual short forms, and names written as they sound."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from practice.names import fold


@cache
def _groups() -> dict[str, frozenset[str]]:
    text = files("practice").joinpath("data/nicknames.txt").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        names = [fold(name) for name in line.split()]
        for name in names:
            found.setdefault(name, set()).update(other for other in names if other != name)
    return {name: frozenset(others) for name, others in found.items()}


@lru_cache(maxsize=20_000)
def also_called(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names again with the first word of each in its other forms: `Katharine Lowe` → `kit lowe`, …"""
    made: dict[str, None] = {}
    for name in names:
        first, _, rest = fold(name).partition(" ")
        for other in sorted(_groups().get(first, ())):
            made[f"{other} {rest}".strip()] = None
    return tuple(made)
