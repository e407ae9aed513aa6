"""One transaction of an open compartment: what is recorded in it, and the views that follow (design: §1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import Act, Body
from practice.roles import check_may_record
from storage import ledger
from storage.ledger import Draft, Link
from storage.views.base import apply

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment


class Unit:
    """One transaction: acts recorded together, with whatever else must stand or fall with them."""

    def __init__(self, vault: OpenCompartment, connection: Connection) -> None:
        self._vault = vault
        self.connection = connection
        self.head: Link | None = None

    def record(
        self,
        body: Body,
        *,
        child: str | None = None,
        entry: str | None = None,
        event: str | None = None,
        captured_at: datetime | None = None,
    ) -> Act:
        """Append one act and bring the views up to date."""
        return self.record_many([Draft(body, child, entry, event, captured_at)])[0]

    def record_many(self, drafts: Sequence[Draft]) -> list[Act]:
        """Append several acts in their order; the views are brought up to date once. Raises NotAllowed by role."""
        for kind in {type(draft.body) for draft in drafts}:
            kind.check_belongs(self._vault.name)
            check_may_record(self._vault.person.role, kind.act_kind)
        self._vault.check_drafts(drafts)
        acts, self.head = ledger.append(self.connection, self._vault.author, drafts, self._vault.clock())
        apply(self.connection, acts, self._vault.name)
        return acts
