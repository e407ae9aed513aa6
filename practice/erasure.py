"""When a child's record counts as erased: a reason, and the agreement of somebody else than who proposed it (R-110)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from practice.acts import Act, Erased, ErasureEnded, ErasureProposed, ErasureRepeated, HoldLifted, HoldSet

KEPT = frozenset({"record_opened", "audit_read", "erasure_proposed", "erasure_ended", "erased", "erasure_repeated"})
"""Acts about a child whose bodies an erasure leaves: who opened the record, and the erasure itself."""

STAYS = KEPT | {
    *("person_added", "person_removed", "person_key_changed", "person_role_changed", "keys_rotated"),
    *("machine_added", "machine_removed", "machine_renewed", "machine_heard", "restored", "backup_made"),
    *("visit_packed", "visit_returned", "visit_lost", "visit_settled"),
}
"""Acts that no erasure may name: what holds the ledger together is not anybody's record."""


@dataclass(frozen=True)
class Erasure:
    """One proposal to erase a child's record, and what became of it; people are named by their ids."""

    proposal: str
    basis: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    agreed_by: str = ""
    agreed_at: datetime | None = None
    ended_by: str = ""
    ended_at: datetime | None = None
    end_reason: str = ""
    acts: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    """The acts that carried it out, each of which names some of those that are gone."""

    @property
    def state(self) -> str:
        """Return proposed, erased or kept."""
        if self.agreed_at is not None:
            return "erased"
        return "kept" if self.ended_at is not None else "proposed"


def erasures(acts: Iterable[Act]) -> list[Erasure]:
    """Return the proposals among acts given in their order; who proposed cannot agree, and nothing undoes an erasure.

    Not even that somebody had taken the proposal back on another machine: where it was agreed to, the words are gone.
    One that was repeated after an older backup was restored stands as the first decision had it.
    """
    found: dict[str, Erasure] = {}
    for act in acts:
        body = act.body
        if isinstance(body, ErasureProposed):
            found[act.id] = Erasure(act.id, body.basis, body.reason, act.author, act.recorded_at)
        elif isinstance(body, Erased) and (known := found.get(body.proposal)) is not None:
            if act.author == known.proposed_by:
                continue
            first = known.agreed_at is None
            found[body.proposal] = replace(
                known,
                agreed_by=act.author if first else known.agreed_by,
                agreed_at=act.recorded_at if first else known.agreed_at,
                acts=(*known.acts, *body.acts),
                erased=(*known.erased, act.id),
            )
        elif isinstance(body, ErasureEnded) and (known := found.get(body.proposal)) is not None:
            if known.state == "proposed":
                found[body.proposal] = replace(
                    known, ended_by=act.author, ended_at=act.recorded_at, end_reason=body.reason
                )
        elif isinstance(body, ErasureRepeated) and body.proposed_by != body.agreed_by:
            found.setdefault(
                body.erased,
                Erasure(
                    body.erased,
                    "retention",
                    "Erased before, and erased again after an older backup was restored.",
                    body.proposed_by,
                    act.recorded_at,
                    body.agreed_by,
                    act.recorded_at,
                    acts=body.acts,
                    erased=(act.id,),
                ),
            )
    return list(found.values())


def covered(acts: Iterable[Act]) -> set[str]:
    """Return the acts whose bodies are to be gone, by the acts of erasure among these, given in their order."""
    return {each for erasure in erasures(acts) if erasure.state == "erased" for each in erasure.acts}


@dataclass(frozen=True)
class Hold:
    """What forbids the erasure of a child's record, or of every record where `child` is blank."""

    id: str
    child: str
    why: str
    reason: str
    until: str | None
    set_by: str
    set_at: datetime


def holds(acts: Iterable[Act]) -> list[Hold]:
    """Return the holds that stand, from acts given in their order."""
    found: dict[str, Hold] = {}
    for act in acts:
        body = act.body
        if isinstance(body, HoldSet):
            found[body.hold] = Hold(
                body.hold, act.child or "", body.why, body.reason, body.until, act.author, act.recorded_at
            )
        elif isinstance(body, HoldLifted):
            found.pop(body.hold, None)
    return list(found.values())
