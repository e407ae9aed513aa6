"""Which child is meant: the least identity that is told, and what of it matches a child (protocol: §3).

The program compares and a person decides: equal identifiers are never a match by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from practice.acts import Identity
from practice.names import match_key
from practice.vocabulary import PartnerKind

HOLD_UPN = frozenset(
    {
        PartnerKind.SCHOOL,
        PartnerKind.SOCIAL_CARE,
        PartnerKind.EARLY_HELP,
        PartnerKind.VIRTUAL_SCHOOL,
        PartnerKind.CHILDREN_MISSING_EDUCATION,
        PartnerKind.ELECTIVE_HOME_EDUCATION,
    }
)
"""Who holds UPNs, and so may be told one; to police, health and the voluntary sector it would say nothing."""
OTHER_NAMES = 8
Verdict = Literal["same", "near", "differs", "unknown"]


@dataclass(frozen=True)
class Mark:
    """What of an identity matches or differs, in words."""

    verdict: Verdict
    words: str


def identity_for(kind: str, name: str, names: Iterable[str], born: date | None, upn: str) -> Identity:
    """Return the least identity by which an organisation of this kind can tell the child."""
    others = tuple(dict.fromkeys(each for each in names if match_key(each) != match_key(name)))[:OTHER_NAMES]
    return Identity(
        name=name,
        other_names=others,
        date_of_birth=born.isoformat() if born else None,
        upn=upn if kind in HOLD_UPN else "",
    )


def compare(told: Identity, names: Sequence[str], born: date | None, upn: str) -> tuple[Mark, ...]:
    """Return what of a told identity matches a child here and what differs: name, date of birth, UPN."""
    return tuple(mark for mark in (_name(told, names), _born(told, born), _upn(told, upn)) if mark is not None)


def _name(told: Identity, names: Sequence[str]) -> Mark:
    ours = {match_key(each) for each in names if each}
    if match_key(told.name) and match_key(told.name) in ours:
        return Mark("same", "same name")
    if any(match_key(each) in ours for each in told.other_names):
        return Mark("near", "a name they also had")
    return Mark("differs", "another name") if match_key(told.name) else Mark("unknown", "no name was sent")


def _born(told: Identity, born: date | None) -> Mark:
    if not told.date_of_birth:
        return Mark("unknown", "no date of birth was sent")
    if born is None:
        return Mark("unknown", "date of birth not known here")
    same = born.isoformat() == told.date_of_birth
    return Mark("same", "same date of birth") if same else Mark("differs", "another date of birth")


def _upn(told: Identity, upn: str) -> Mark | None:
    if not told.upn:
        return None
    if not upn:
        return Mark("unknown", "UPN not known here")
    return Mark("same", "same UPN") if told.upn == upn else Mark("differs", "another UPN")


def words_of(marks: Iterable[Mark]) -> str:
    """Return the marks in one line: what is the same first, then what differs."""
    order: tuple[Verdict, ...] = ("same", "near", "differs", "unknown")
    return ", ".join(mark.words for mark in sorted(marks, key=lambda mark: order.index(mark.verdict)))


def told_words(identity: Identity) -> str:
    """Return an identity as a person reads it."""
    from practice.dates import day_words

    parts = [identity.name or "no name"]
    if identity.other_names:
        parts.append(f"also {', '.join(identity.other_names)}")
    born = identity.date_of_birth
    parts.append(f"born {day_words(date.fromisoformat(born))}" if born else "no date of birth")
    if identity.upn:
        parts.append(f"UPN {identity.upn}")
    return ", ".join(parts)


def changed(before: Identity, now: Identity) -> tuple[str, ...]:
    """Return what of an identity is another one than before, in words; nothing where it is the same."""
    found = []
    if before.name != now.name or set(before.other_names) != set(now.other_names):
        found.append("name")
    if before.date_of_birth != now.date_of_birth:
        found.append("date of birth")
    if before.upn != now.upn:
        found.append("UPN")
    return tuple(found)
