"""Say whether two records are one child's: what machines apart took in twice is put together by a person."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from practice.acts import ChildChanged, ChildrenCompared, build
from practice.errors import Refused
from practice.names import match_key
from practice.same_child import APART, MORE, Known, Pair, pairs
from storage import ledger
from storage.desk import concerns, one_record
from storage.ids import new_id
from storage.keys import hkdf
from storage.views import children, record
from storage.views.children import ChildRow

if TYPE_CHECKING:
    from storage.vault import Vault

FILLED = ("upn", "mis_id", "admission_number", "date_of_birth", "year_group", "reg_group", "sex", "middle_names")
"""What the record that stays takes over from the other one, where it is blank."""


@dataclass(frozen=True)
class Twice:
    """Two records that may be one child's, with how many entries each holds and on what the question rests."""

    first: ChildRow
    second: ChildRow
    entries: tuple[int, int]
    why: str


@dataclass(frozen=True)
class Joined:
    """What came of putting two records together.

    How many entries moved, how many of their shares were withheld, which partners hold some, and whose list of children
    still names only the closed record.
    """

    entries: int
    withheld: int
    partners: tuple[str, ...]
    readers: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was done and what is left to do, in sentences."""
        said = [f"{self.entries} {'entry was' if self.entries == 1 else 'entries were'} moved."]
        if self.withheld:
            shares = "share that had not left is" if self.withheld == 1 else "shares that had not left are"
            said.append(f"{self.withheld} {shares} withheld: propose again what should go.")
        if self.partners:
            said.append(f"Of these some went already to {', '.join(self.partners)}.")
        if self.readers:
            said.append(f"{', '.join(self.readers)} can read only the closed record: the DSL can give them this one.")
        return " ".join(said)


def id_from_roll(vault: Vault, connection: Connection, upn: str, mis_id: str, name: str, born: date | None) -> str:
    """Return the id of a child who joins by a roll: the same on every machine of the school for the same row.

    So a roll that was taken in on two machines apart makes one record of each child. It rests on a number, the name and
    the date of birth together; without a number, or where the id was used already, it is a fresh one.
    """
    number = upn or mis_id
    if not number:
        return new_id()
    key = hkdf(vault.author.audit_key, "children", "roll")
    digest = hmac.digest(key, "\0".join((number, match_key(name), str(born or ""))).encode(), "sha256")
    made = str(UUID(bytes=digest[:16], version=4))
    used = connection.exec_driver_sql("SELECT 1 FROM acts WHERE child = ? LIMIT 1", (made,)).first()
    return new_id() if used else made


def waiting(vault: Vault) -> list[Twice]:
    """Return the pairs of records that may be one child's and that nobody has answered."""
    rows = {row.id: row for row in children.all_children(vault, include_left=True)}
    with vault.read() as connection:
        acts = ledger.acts_where(connection, "kind", [], [ChildrenCompared.act_kind])
        answered = {
            frozenset((act.child or "", act.body.other)) for act in acts if isinstance(act.body, ChildrenCompared)
        }
    apart = one_record.closed_each_other(vault)
    again = [Pair(min(both), max(both), APART) for both in apart]
    again += [
        Pair(keep, goes, MORE) for keep, goes in one_record.more_came(vault) if frozenset((keep, goes)) not in apart
    ]
    again = [pair for pair in again if {pair.first, pair.second} <= rows.keys()]
    known = [
        Known(
            ident,
            f"{fields['legal_forename']} {fields['legal_surname']}",
            children.day_or_none(fields.get("date_of_birth")),
            fields.get("upn") or "",
            fields.get("mis_id") or "",
            provisional,
        )
        for ident, fields, _on_roll, provisional, _version in children.everything(vault)
        if ident in rows
    ]
    return [
        Twice(
            rows[pair.first],
            rows[pair.second],
            (len(record.entry_ids(vault, pair.first)), len(record.entry_ids(vault, pair.second))),
            pair.why,
        )
        for pair in [*again, *pairs(known, answered)]
    ]


def question(vault: Vault) -> str:
    """Return how many pairs wait for an answer, in a sentence; blank where none does."""
    count = len(waiting(vault))
    where = "Ctrl+P, One child or two"
    return f"{count} pair{'s' if count != 1 else ''} of records may be one child's: {where}." if count else ""


def two_children(vault: Vault, one: str, other: str, reason: str) -> None:
    """Say that two records are those of two children; they are not proposed again."""
    _check(vault, one, other)
    with vault.write() as unit:
        unit.record(build(ChildrenCompared, {"other": other, "same": False, "reason": reason}), child=one)
        for child, stays in ((one, other), (other, one)):
            if one_record.closed_into(vault, child) == stays:  # it was closed, and was another child's after all
                unit.record(build(ChildrenCompared, {"other": stays, "same": False, "reason": reason}), child=child)
                unit.record(build(ChildChanged, {"changes": {"on_roll": True}, "reason": reason}), child=child)


def one_child(vault: Vault, keep: str, other: str, reason: str) -> Joined:
    """Say that two records are one child's: the entries of `other` move to `keep`.

    With them goes what is under way (`one_record.follow`). The other record is closed: it leaves the roll, and what it
    alone still tells is shown with the one that stays. Cut short, it is done again: what has moved is there. Raises
    NotFound, Refused.
    """
    _check(vault, keep, other)
    apart = one_record.closed_each_other(vault)
    moved = [concerns.move(vault, entry, keep, reason) for entry in record.entry_ids(vault, other)]
    one_record.follow(vault, keep, other, reason)
    stays, goes = (children.fields_of(vault, each) for each in (keep, other))
    changes = {name: goes[name] for name in FILLED if goes.get(name) and not stays.get(name)}
    left = {"changes": {"on_roll": False}, "reason": "The same child has another record, in which the entries are."}
    if not children.get(vault, keep).on_roll and one_record.closed_into(vault, keep):
        changes["on_roll"] = children.get(vault, other).on_roll or frozenset((keep, other)) in apart
    with vault.write() as unit:
        if changes:
            unit.record(
                build(ChildChanged, {"changes": changes, "reason": "From the child's other record."}), child=keep
            )
        unit.record(build(ChildChanged, left), child=other)
        said = {"other": other, "same": True, "reason": reason, "stays": bool(one_record.closed_into(vault, keep))}
        unit.record(build(ChildrenCompared, said), child=keep)
        closed = {"other": keep, "same": True, "reason": reason, "closes": True}
        closed["held"] = one_record.still_tells(vault, other)
        unit.record(build(ChildrenCompared, closed), child=other)
    told = tuple(sorted({partner for each in moved for partner in each.already_with}))
    readers = tuple(row.name for row in one_record.readers_missing(vault, keep, other))
    return Joined(len(moved), sum(each.withheld for each in moved), told, readers)


def _check(vault: Vault, one: str, other: str) -> None:
    if one == other:
        raise Refused("That is one record already. Nothing was changed.")
    for each in (one, other):
        children.get(vault, each)
