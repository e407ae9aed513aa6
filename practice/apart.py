"""What was made in two places: which versions, decisions or reviews stand beside each other until a person chooses.

Each names what its author had before them. What nobody after it had seen stands; where several stand, they were made
apart, and none of them is overwritten. A person's choice keeps one or both; choices made apart are themselves shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from practice.vocabulary import Decision, ReviewStatus

ABOUT = ("text", "decision", "status", "review")
"""What can be made in two places: a version's text, a decision, a review status, a review with its next date."""
PROTECTIVE_DECISIONS = (
    Decision.EMERGENCY_999,
    Decision.POLICE,
    Decision.REFERRAL_SOCIAL_CARE,
    Decision.LADO,
    Decision.CHANNEL,
    Decision.CHALLENGE,
    Decision.ADVICE_CALL,
    Decision.EARLY_HELP,
    Decision.IN_SCHOOL_SUPPORT,
    Decision.MONITOR_WITH_REVIEW_DATE,
    Decision.NO_FURTHER_ACTION,
)
"""The decisions, the more protective first: which of two made apart is in force until a person chooses."""


@dataclass(frozen=True)
class Made:
    """Something that a person made; `sees` are those that they had before them, None for all that came before it.

    `value` is what it says: where all that stand say the same, there is nothing to choose.
    """

    id: str
    sees: frozenset[str] | None
    value: Hashable


@dataclass(frozen=True)
class Choice:
    """A person's choice among what was made apart; `sees` are the choices that they had before them."""

    id: str
    kept: frozenset[str]
    set_aside: frozenset[str]
    sees: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Standing:
    """Which stand, in the order in which they were made, and whether a person has still to choose among them."""

    ids: tuple[str, ...]
    apart: bool


def standing(made: Sequence[Made], choices: Iterable[Choice] = ()) -> Standing:
    """Return what stands of what was made; `made` is in its order, whatever comes after what it sees."""
    if not made:
        return Standing((), False)
    before = _ancestors(made)
    seen = frozenset[str]().union(*before.values())
    chosen = list(choices)
    replaced = frozenset[str]().union(*(choice.sees for choice in chosen))
    live = [choice for choice in chosen if choice.id not in replaced]
    kept = frozenset[str]().union(*(choice.kept for choice in live))
    aside = frozenset[str]().union(*(choice.set_aside for choice in live)) - kept
    heads = [each for each in made if each.id not in seen and each.id not in aside] or [made[-1]]
    differ = len({each.value for each in heads}) > 1
    settled = any(_covers(choice, heads, before) for choice in live)
    return Standing(tuple(each.id for each in heads), differ and not settled)


def _ancestors(made: Sequence[Made]) -> dict[str, frozenset[str]]:
    """Return, for each, all that its author had before them, through any number of steps."""
    known = {each.id for each in made}
    before: dict[str, frozenset[str]] = {}
    for each in made:
        direct = frozenset(before) if each.sees is None else each.sees & known
        if each.sees and not direct:  # it names what is not here: as if it had seen all before it
            direct = frozenset(before)
        before[each.id] = direct.union(*(before.get(one, frozenset()) for one in direct)) - {each.id}
    return before


def _covers(choice: Choice, heads: Sequence[Made], before: dict[str, frozenset[str]]) -> bool:
    """Say whether a choice kept all that stand, or what each of them was made from, one for one."""
    roots = [choice.kept & (before[each.id] | {each.id}) for each in heads]
    return all(roots) and len(frozenset[str]().union(*roots)) >= len(heads)


def more_protective_decision(codes: Iterable[tuple[str, str]]) -> str:
    """Return the id of the more protective of some decisions, given as (id, code); the last of equal ones."""
    order = {str(code): rank for rank, code in enumerate(PROTECTIVE_DECISIONS)}
    return min(reversed(list(codes)), key=lambda each: order.get(each[1], -1))[0]


def more_protective_status(codes: Iterable[tuple[str, str]]) -> str:
    """Return the id of the more pressing of some review statuses, given as (id, code); the last of equal ones."""
    order = {str(code): rank for rank, code in enumerate(ReviewStatus)}
    return min(reversed(list(codes)), key=lambda each: order.get(each[1], -1))[0]
