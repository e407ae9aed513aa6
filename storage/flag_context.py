"""What working out flags rests on, kept while a console is open: rules, school days, and what was read of children.

So that an act about a child with thousands of entries costs what the act itself changes: `Known` is brought up to date
entry by entry (R-85).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from practice.pattern_facts import Day, Facts, SchoolDays
from practice.pattern_rules import Rule, rules_in_force
from practice.patterns import Duty
from storage.flag_facts import Answers, all_siblings, facts_of

if TYPE_CHECKING:
    from storage.vault import Vault

KEPT_FACTS = 20_000
"""How many facts of children, in all, are kept while the console is open."""
Written = dict[str, tuple[tuple[Any, ...], frozenset[Day]]]
"""By rule: the flag's row, and the days of the entries that stand under it."""


@dataclass
class Known:
    """What is kept of a child between two acts; None where it must be read again."""

    facts: Facts
    duties: list[Duty] | None = None
    answers: Answers | None = None
    written: Written | None = None


@dataclass
class Context:
    """What a day's evaluation rests on; the school days worked out, and what was read of children, stay with it.

    `taken` is the number of the last act that `children` and `siblings` agree with, `forgotten` how often children were
    taken out of the cache.
    """

    rules: tuple[Rule, ...]
    days: SchoolDays
    today: int
    rests_on: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    children: OrderedDict[str, Known] = field(default_factory=OrderedDict)
    siblings: dict[str, set[str]] | None = None
    taken: int = -1
    forgotten: str = ""

    def __post_init__(self) -> None:
        self.labels = {rule.code: rule.label for rule in self.rules}

    def forget(self) -> None:
        """Read every child anew from now on."""
        self.children.clear()
        self.siblings, self.taken = None, -1

    def known(self, connection: Connection, children: Sequence[str]) -> list[Known]:
        """Return what is known of these children, read where it is not kept."""
        missing = [child for child in children if child not in self.children]
        for child, facts in facts_of(connection, missing).items():
            self.children[child] = Known(Facts(facts))
        for child in children:
            self.children.move_to_end(child)
        return [self.children[child] for child in children]

    def tidy(self) -> None:
        """Let go of the children who were looked at longest ago, where more is kept than may be."""
        count = sum(len(known.facts) for known in self.children.values())
        while count > KEPT_FACTS and len(self.children) > 1:
            _, known = self.children.popitem(last=False)
            count -= len(known.facts)

    def siblings_of(self, connection: Connection, children: Iterable[str]) -> set[str]:
        """Return the brothers and sisters of these children."""
        if self.siblings is None:
            self.siblings = all_siblings(connection)
        return {each for child in children for each in self.siblings.get(child, ())}


CONTEXTS: WeakKeyDictionary[Vault, Context] = WeakKeyDictionary()
"""Of each open vault what its console knows; used and changed only inside a transaction that writes."""


def context(vault: Vault) -> Context:
    """Return the rules in force, the school days and the day."""
    from storage.views import organisation

    own = organisation.pattern_rules(vault)
    today = vault.clock().astimezone().date()
    return Context(rules_in_force(own.rules, own.silenced), SchoolDays(vault.calendar()), today.toordinal())


def context_of(vault: Vault, rests_on: str, today: date) -> Context:
    """Return what is kept of this vault, where it rests on the same rules, calendar and day."""
    kept = CONTEXTS.get(vault)
    if kept is None or kept.rests_on != rests_on:
        kept = context(vault)
        kept.rests_on = rests_on
        CONTEXTS[vault] = kept
    kept.today = today.toordinal()
    return kept
