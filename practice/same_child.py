"""Two records that may be one child's: proposed with the reason, decided by a person alone (design: §5).

Where two machines took a child in while they were apart, the union may hold the child twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from practice.names import match_key

UPN = "the same UPN"
NUMBER = "the same number in the school's system"
NAME_AND_BIRTH = "the same name and date of birth"
APART = "each was closed into the other, on two machines apart: say which stays"
MORE = "more came into the record that was closed: say again that they are one"
PROVISIONAL = "the same name, one of them noted while logging"


@dataclass(frozen=True)
class Known:
    """What is compared of a child's record; `name` is the legal name."""

    id: str
    name: str
    date_of_birth: date | None = None
    upn: str = ""
    mis_id: str = ""
    provisional: bool = False


@dataclass(frozen=True)
class Pair:
    """Two records that may be one child's, by their ids in order, and on what that rests."""

    first: str
    second: str
    why: str


def pairs(children: Iterable[Known], answered: Collection[frozenset[str]] = ()) -> list[Pair]:
    """Return the pairs that nobody has answered yet, each with its strongest reason."""
    buckets: dict[tuple[str, object], list[Known]] = defaultdict(list)
    for child in children:
        for why, value in (
            (UPN, child.upn),
            (NUMBER, child.mis_id),
            (NAME_AND_BIRTH, child.date_of_birth and (match_key(child.name), child.date_of_birth)),
            (PROVISIONAL, match_key(child.name)),
        ):
            if value:
                buckets[why, value].append(child)
    found: dict[frozenset[str], Pair] = {}
    for (why, _value), own in sorted(buckets.items(), key=lambda item: _ORDER[item[0][0]]):
        for number, one in enumerate(own):
            for other in own[number + 1 :]:
                both = frozenset((one.id, other.id))
                if both in found or both in answered or (why == PROVISIONAL and not _one_is_provisional(one, other)):
                    continue
                first, second = sorted(both)
                found[both] = Pair(first, second, why)
    return sorted(found.values(), key=lambda pair: (_ORDER[pair.why], pair.first, pair.second))


_ORDER = {why: number for number, why in enumerate((UPN, NUMBER, NAME_AND_BIRTH, PROVISIONAL))}


def _one_is_provisional(one: Known, other: Known) -> bool:
    births = {one.date_of_birth, other.date_of_birth} - {None}
    return (one.provisional or other.provisional) and len(births) < 2
