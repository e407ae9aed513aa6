"""Initials written out in every outward copy, so that it is understood decades later (R-111)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from practice.wording import shipped


@lru_cache(maxsize=4)
def _finder(names: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])")


def known() -> Mapping[str, str]:
    """Return the initials that the program writes out, each with its words."""
    return shipped().initials.expansions


def written_out(text: str, used: dict[str, str], expansions: Mapping[str, str] | None = None) -> str:
    """Return the text with the words behind each initials' first occurrence, in square brackets.

    What a person wrote stays whole; `used` gains the initials that were met. A child's own words never pass here.
    """
    table = known() if expansions is None else expansions
    if not table:
        return text
    met: set[str] = set()

    def bracket(found: re.Match[str]) -> str:
        name = found.group()
        used[name] = table[name]
        if name in met or text.startswith((" (", f" [{table[name]}"), found.end()):
            return name
        met.add(name)
        return f"{name} [{table[name]}]"

    return _finder(tuple(table)).sub(bracket, text)
