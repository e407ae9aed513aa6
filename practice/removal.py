"""When an entry counts as removed: a reason, and the agreement of somebody else than who proposed it (R-05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from practice.acts import Act, RemovalAgreed, RemovalEnded, RemovalProposed


@dataclass(frozen=True)
class Removal:
    """One proposal to remove an entry, and what became of it; people are named by their ids."""

    proposal: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    agreed_by: str = ""
    agreed_at: datetime | None = None
    ended_by: str = ""
    ended_at: datetime | None = None
    end_reason: str = ""

    @property
    def state(self) -> str:
        """Return proposed, removed, taken_back or restored."""
        if self.ended_at is not None:
            return "restored" if self.agreed_at is not None else "taken_back"
        return "removed" if self.agreed_at is not None else "proposed"


def removals(acts: Iterable[Act]) -> list[Removal]:
    """Return the proposals among an entry's acts, given in their order; who proposed cannot agree."""
    found: dict[str, Removal] = {}
    for act in acts:
        body = act.body
        if isinstance(body, RemovalProposed):
            found[act.id] = Removal(act.id, body.reason, act.author, act.recorded_at)
        elif isinstance(body, RemovalAgreed | RemovalEnded) and (known := found.get(body.proposal)) is not None:
            if isinstance(body, RemovalEnded) and known.ended_at is None:
                found[body.proposal] = replace(
                    known, ended_by=act.author, ended_at=act.recorded_at, end_reason=body.reason
                )
            elif isinstance(body, RemovalAgreed) and known.state == "proposed" and act.author != known.proposed_by:
                found[body.proposal] = replace(known, agreed_by=act.author, agreed_at=act.recorded_at)
    return list(found.values())


def is_removed(found: Iterable[Removal]) -> bool:
    """Say whether an entry stands in no view any more."""
    return any(each.state == "removed" for each in found)
