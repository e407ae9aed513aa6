"""Propose, agree to and undo the removal of an entry (R-05)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.acts import RemovalAgreed, RemovalEnded, RemovalProposed, build
from practice.errors import NotAllowed, NotFound, Refused
from storage.desk.concerns import withhold
from storage.views import record, removals, sharing
from storage.views.removals import RemovalRow

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class Removed:
    """What a removal did to the entry's shares: how many were withheld, and which partners have it already."""

    withheld: int
    already_with: tuple[str, ...]


def propose(vault: Vault, entry_id: str, reason: str) -> str:
    """Propose that an entry be removed, with the reason; return the proposal's id. It stands until another agrees."""
    entry = record.get(vault, entry_id)
    if any(each.state == "proposed" for each in removals.of_entry(vault, entry.id)):
        raise Refused("Its removal is proposed already. Nothing was changed.", hint="Another person agrees, or not.")
    if not reason.strip():
        raise Refused("A removal needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    return vault.record(build(RemovalProposed, {"reason": reason}), child=entry.child_id, entry=entry.id).id


def agree(vault: Vault, entry_id: str, note: str = "") -> Removed:
    """Agree, as a second person, that an entry be removed; a tombstone stays, shares that have not left are withheld.

    Raises NotFound where no removal is proposed, NotAllowed for who proposed it.
    """
    row = _open(vault, entry_id)
    if row.state != "proposed":
        raise Refused("That entry was removed already. Nothing was changed.")
    if row.proposed_by_id == vault.person.id:
        raise NotAllowed(
            "You proposed this removal, so another person must agree to it. The entry stands.",
            hint="Ask the headteacher or a deputy to unlock with their own passphrase, and to agree.",
        )
    agreed = build(RemovalAgreed, {"proposal": row.proposal, "note": note})
    withheld, already = 0, []
    with vault.write() as unit:
        unit.record(agreed, child=row.child_id, entry=row.entry_id)
        for share in sharing.shares(vault, entry_id=row.entry_id):
            if share.state in ("proposed", "held", "agreed", "queued"):
                withhold(vault, unit, share, "The entry was removed.")
                withheld += 1
            elif share.state in ("offered", "delivered", "acknowledged"):
                already.append(share.partner)
    return Removed(withheld, tuple(already))


def restore(vault: Vault, entry_id: str, reason: str) -> str:
    """Take a proposal back, or bring a removed entry back whole, with the reason; return the entry's id."""
    row = _open(vault, entry_id)
    if not reason.strip():
        raise Refused("Why is it brought back? Nothing was changed.", hint="Write why in one sentence.")
    ended = build(RemovalEnded, {"proposal": row.proposal, "reason": reason})
    vault.record(ended, child=row.child_id, entry=row.entry_id)
    return row.entry_id


def _open(vault: Vault, entry_id: str) -> RemovalRow:
    """Return what is open about an entry's removal: one that stands removed before one that is proposed."""
    found = [each for each in removals.of_entry(vault, entry_id) if each.state in ("removed", "proposed")]
    if not found:
        raise NotFound(
            "No removal of that entry is proposed, and it was not removed. Nothing was changed.",
            hint="dsl-console entry removals lists them.",
        )
    return min(found, key=lambda each: each.state != "removed")
