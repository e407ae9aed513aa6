"""Acts of review: patterns that were considered, and a school's own rules for them (R-85)."""

from __future__ import annotations

from typing import Any

from practice.acts.base import Body, Identifier, Line, Reason, kind


@kind("flag_answered")
class FlagAnswered(Body):
    """A flag was considered: which one, the entries that it listed, and why it is answered so."""

    flag: Identifier
    rule: Line
    sentence: Line = ""
    entries: tuple[Identifier, ...]
    reason: Reason


@kind("pattern_rules_set")
class PatternRulesSet(Body):
    """The school's own pattern rules, whole, and the shipped ones that it silenced."""

    rules: tuple[dict[str, Any], ...] = ()
    silenced: tuple[Line, ...] = ()
