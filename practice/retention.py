"""How long a child's record is kept, when it is to be looked at, and what stands in the way of erasing it (R-110).

Nothing is erased by a date: what falls due is listed, and two people decide.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from practice.dates import day_words
from practice.profile import RetentionPeriod
from practice.vocabulary import ReviewStatus, label_of

HOLD_WORDS = {"inquiry": "an inquiry", "claim": "a claim", "police": "the police", "other": "another reason"}
BASES = {
    "retention": "its retention period has ended",
    "order": "a court or the Information Commissioner orders it",
    "request": "a request for erasure was upheld",
}
"""Why a record may be erased, by the code of the basis."""
_CLOSED = frozenset({"", ReviewStatus.CLOSED_HELD})


@dataclass(frozen=True)
class Facts:
    """What the rules may know of a child's record; days are local, `newest` is when its newest entry was recorded."""

    born: date | None = None
    newest: date | None = None
    entries: int = 0
    categories: frozenset[str] = frozenset()
    on_roll: bool = False
    status: str = ""
    open_actions: int = 0
    undecided: int = 0
    transfers: int = 0
    """File transfers that are written down and not closed: whether the file arrived is not known."""
    shares_waiting: int = 0
    visits: int = 0
    """Visit sets that are out with this record."""
    cases: int = 0
    """Partners who mean this child under an agreement, and send or are sent what is new."""
    holds: tuple[str, ...] = ()
    """Why each hold in force stands, its own and those over every record."""


@dataclass(frozen=True)
class Due:
    """When a record is to be looked at, and why then; `on` is None where nothing tells from which day to count."""

    on: date | None
    sentence: str


def due(periods: Sequence[RetentionPeriod], facts: Facts) -> Due:
    """Return the latest end of the periods that fit a record."""
    found: list[Due] = []
    for period in periods:
        if period.categories and not facts.categories & set(period.categories):
            continue
        by_birth = period.counts_from == "birth" and facts.born is not None
        start = facts.born if by_birth else facts.newest
        if start is None:
            continue
        what = "date of birth" if by_birth else "newest entry"
        unknown = " (its date of birth is not known)" if period.counts_from == "birth" and not by_birth else ""
        years = f"{period.years} year{'s' if period.years > 1 else ''}"
        sentence = f"{period.label}: {what} {day_words(start)} + {years}{unknown}"
        found.append(Due(years_after(start, period.years), sentence))
    blank = Due(None, "No date of birth and no entry: nothing tells from which day to count")
    return max(found, key=lambda each: each.on or date.min, default=blank)


def years_after(day: date, years: int) -> date:
    """Return the same day so many years later; 1 March for 29 February in a year without one."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def obstacles(facts: Facts, basis: str) -> list[str]:
    """Return what forbids the erasure of a record, in sentences; the period itself is looked at apart.

    An order or an upheld request overrides what is merely unfinished; a hold stands against all of them until somebody
    lifts it.
    """
    found = [f"A hold is in force: {why}." for why in facts.holds]
    if basis != "retention":
        return found
    if facts.on_roll:
        found.append("The child is on the roll.")
    if facts.status not in _CLOSED:
        found.append(f"A review is open: {label_of(ReviewStatus, facts.status)}.")
    for count, one, many in (
        (facts.undecided, "1 concern has no decision.", "concerns have no decision."),
        (facts.open_actions, "1 action is open.", "actions are open."),
        (facts.transfers, "1 file transfer is not confirmed.", "file transfers are not confirmed."),
        (facts.shares_waiting, "1 share waits to leave.", "shares wait to leave."),
        (facts.visits, "1 visit set is out with it.", "visit sets are out with it."),
        (facts.cases, "1 partner still exchanges about this child.", "partners still exchange about this child."),
    ):
        if count:
            found.append(one if count == 1 else f"{count} {many}")
    return found


def not_yet(found: Due, today: date, basis: str) -> str:
    """Return why a record is not erased for its age yet, blank where it may be."""
    if basis != "retention" or (found.on is not None and found.on <= today):
        return ""
    if found.on is None:
        return f"{found.sentence}."
    return f"It is kept until {day_words(found.on)}. {found.sentence}."


def periods_of(
    defaults: Collection[RetentionPeriod], years: int | None, abuse_years: int | None
) -> tuple[RetentionPeriod, ...]:
    """Return the nation's periods with the school's own years in their place, where it set any."""
    own = {"record": years, "abuse": abuse_years}
    return tuple(each.model_copy(update={"years": own.get(each.code) or each.years}) for each in defaults)
