"""What partners sent: each entry with every revision and withdrawal of it that arrived, as the acts tell (R-67)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select
from sqlmodel import Field

from practice.acts import Act, ItemAccepted, ItemArrived, ItemCorrected, ItemRefused, ItemWithdrawn
from practice.dates import Occurred
from practice.errors import NotFound
from practice.received import read_payload, received_occurred
from storage.types import UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class ItemTable(ViewTable, table=True):
    """An entry that a partner sent."""

    __tablename__ = "items"
    id: str = string(primary_key=True)
    org: str = string()
    name: str = string()
    eid: str = string(index=True)
    rev: int = Field(default=0)
    mid: str = string()
    ctr: str = string()
    payload: str = string()
    state: str = string()
    reason: str = string()
    child_id: str | None = optional_string()
    arrived_at: datetime = typed(UtcText)


def _fold_items(key: str, acts: Sequence[Act]) -> Rows:
    """The newest revision stands, whatever the order of arrival; a withdrawal newer than it takes it back (rule 3)."""
    began = next((act for act in acts if isinstance(act.body, ItemArrived | ItemWithdrawn)), None)
    if began is None:
        return {}
    revisions = [act.body for act in acts if isinstance(act.body, ItemArrived | ItemCorrected)]
    taken_back = [act.body for act in acts if isinstance(act.body, ItemWithdrawn)]
    newest: ItemArrived | ItemCorrected | ItemWithdrawn = max(revisions or taken_back, key=lambda body: body.rev)
    state, reason, child = "waiting", "", None
    for act in acts:
        if isinstance(act.body, ItemAccepted):
            state, child = "accepted", act.child
        elif isinstance(act.body, ItemRefused):
            state, reason = "refused", act.body.reason
    rev = newest.rev
    for last in taken_back:
        if last.rev >= rev:
            rev, state, reason = last.rev, "withdrawn", why_withdrawn(last.payload)
    body = began.body
    assert isinstance(body, ItemArrived | ItemWithdrawn)
    row = body.model_dump(include={"org", "name", "eid"}) | newest.model_dump(include={"mid", "ctr", "payload"})
    row |= {"id": key, "rev": rev, "state": state, "reason": reason, "child_id": child, "arrived_at": began.recorded_at}
    return {"items": [row]}


def why_withdrawn(payload: str) -> str:
    """Return the reason that a partner gave for taking an entry back."""
    return str(read_payload(payload)["body"].get("reason") or "")


view(
    View(
        name="items",
        kinds=frozenset({"item_arrived", "item_corrected", "item_withdrawn", "item_accepted", "item_refused"}),
        column="entry",
        tables=((ItemTable, "id"),),
        fold=_fold_items,
    )
)


@dataclass(frozen=True)
class ItemRow:
    """An entry that a partner sent, and the identity it carries as a hint (never a match)."""

    id: str
    org: str
    sender: str
    eid: str
    rev: int
    state: str
    reason: str
    child_id: str | None
    arrived_at: datetime
    hint_name: str
    hint_date_of_birth: str
    occurred: Occurred
    text: str
    childs_words: str
    payload: str
    corrected: str = ""
    """Why the partner corrected it; blank where they did not."""


@dataclass(frozen=True)
class Arrived:
    """One revision of a partner's entry that is here already."""

    id: str
    rev: int
    state: str
    payload: str
    child_id: str | None


def arrived(connection: Connection, org: str, eid: str) -> list[Arrived]:
    """Return every revision of a partner's entry, as the open transaction sees them."""
    table = table_of(ItemTable)
    statement = select(table.c.id, table.c.rev, table.c.state, table.c.payload, table.c.child_id)
    statement = statement.where(table.c.eid == eid, table.c.org == org).order_by(table.c.rev, table.c.id)
    return [Arrived(**row._mapping) for row in connection.execute(statement)]


def items(vault: Vault, *, item_id: str | None = None, states: Sequence[str] = ()) -> list[ItemRow]:
    """Return what partners sent, newest first."""
    table = table_of(ItemTable)
    statement = select(table).order_by(table.c.arrived_at.desc(), table.c.id.desc())
    if item_id is not None:
        statement = statement.where(table.c.id == item_id)
    if states:
        statement = statement.where(table.c.state.in_(list(states)))
    with vault.read() as connection:
        return [_item(row) for row in connection.execute(statement)]


def _item(row: Any) -> ItemRow:
    claims = read_payload(row.payload)
    body = claims["body"]
    child = body.get("child") if isinstance(body.get("child"), dict) else {}
    return ItemRow(
        id=row.id,
        org=row.org,
        sender=row.name,
        eid=row.eid,
        rev=row.rev,
        state=row.state,
        reason=row.reason,
        child_id=row.child_id,
        arrived_at=row.arrived_at,
        hint_name=str(child.get("name") or "")[:400],
        hint_date_of_birth=str(child.get("date_of_birth") or "")[:10],
        occurred=received_occurred(body),
        text=str(body.get("event") or ""),
        childs_words=str(body.get("childs_voice") or ""),
        payload=row.payload,
        corrected=str(body.get("reason") or "no reason was given") if claims.get("type") == "correction" else "",
    )


def item(vault: Vault, item_id: str) -> ItemRow:
    """Return one received item; raises NotFound."""
    found = items(vault, item_id=item_id)
    if not found:
        raise NotFound("There is no such item in the inbox.", hint="dsl-console inbox list shows what arrived.")
    return found[0]
