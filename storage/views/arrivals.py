"""What partners sent: each entry with every revision and withdrawal of it that arrived, as the acts tell (R-67)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Index, select, text
from sqlmodel import Field

from practice.acts import (
    Act,
    ItemAccepted,
    ItemArrived,
    ItemCorrected,
    ItemRefused,
    ItemReturned,
    ItemSeen,
    ItemWithdrawn,
)
from practice.dates import Occurred
from practice.errors import NotFound
from practice.received import answers_of, on_share_of, read_payload, received_occurred
from storage.types import UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view
from storage.views.reading import among, columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault


class ItemTable(ViewTable, table=True):
    """An entry that a partner sent."""

    __tablename__ = "items"
    __table_args__ = (  # type: ignore[assignment]
        Index("items_withdrawn", "id", sqlite_where=text("state = 'withdrawn'")),
        {"sqlite_strict": True},
    )
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
    case_number: str = string(index=True)
    landed: str = string()


def _fold_items(key: str, acts: Sequence[Act]) -> Rows:
    """The newest revision stands, whatever the order of arrival; a withdrawal newer than it takes it back (rule 3)."""
    began = next((act for act in acts if isinstance(act.body, ItemArrived | ItemWithdrawn)), None)
    if began is None:
        return {}
    revisions = [act.body for act in acts if isinstance(act.body, ItemArrived | ItemCorrected)]
    taken_back = [act.body for act in acts if isinstance(act.body, ItemWithdrawn)]
    newest: ItemArrived | ItemCorrected | ItemWithdrawn = max(revisions or taken_back, key=lambda body: body.rev)
    state, reason, child, landed, seen = "waiting", "", None, "", 0
    for act in acts:
        if isinstance(act.body, ItemAccepted):
            state, reason, child, landed = "accepted", "", act.child, act.body.case
        elif isinstance(act.body, ItemRefused):
            state, reason = "refused", act.body.reason
        elif isinstance(act.body, ItemReturned):
            state, reason, child, landed = "waiting", act.body.reason, None, ""
        elif isinstance(act.body, ItemSeen):
            seen = max(seen, act.body.rev)
    rev = newest.rev
    landed = ("seen" if seen >= rev else "unseen") if landed else ""
    for last in taken_back:
        if last.rev >= rev:
            rev, state, reason = last.rev, "withdrawn", why_withdrawn(last.payload)
            landed = ("seen" if seen >= rev else "unseen") if child else ""
    body = began.body
    assert isinstance(body, ItemArrived | ItemWithdrawn)
    row = body.model_dump(include={"org", "name", "eid"}) | newest.model_dump(include={"mid", "ctr", "payload"})
    row |= {"id": key, "rev": rev, "state": state, "reason": reason, "child_id": child, "arrived_at": began.recorded_at}
    row |= {"case_number": case_of(newest.payload), "landed": landed}
    return {"items": [row]}


def case_of(payload: str) -> str:
    """Return the case under which a partner sent an entry; blank without one of the agreed form."""
    found = read_payload(payload)["body"].get("case")
    return found if isinstance(found, str) and re.fullmatch("[0-9a-f]{32}", found) else ""


def hint_of(payload: str) -> tuple[str, str]:
    """Return the name and the date of birth that a partner gave with an entry: a hint, never a match."""
    child = read_payload(payload)["body"].get("child")
    stated = child if isinstance(child, dict) else {}
    return str(stated.get("name") or "")[:400], str(stated.get("date_of_birth") or "")[:10]


def why_withdrawn(payload: str) -> str:
    """Return the reason that a partner gave for taking an entry back."""
    return str(read_payload(payload)["body"].get("reason") or "")


ITEMS = view(
    View(
        name="items",
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
    case: str = ""
    """The case under which the partner sent it; blank for one that is matched by itself."""
    on_share: str = "ask"
    """Its owner's rule: whether it may be shared on never, when they agree, or freely (R-67)."""
    answers: str = ""
    """The entry of ours that it asks about or answers; blank where it stands alone."""
    kind: str = ""
    landed: str = ""
    """`unseen` where it landed under a confirmed match, or was taken back out of a child's record, and nobody has read
    that yet, then `seen`; else blank."""


@dataclass(frozen=True)
class Arrived:
    """One revision of a partner's entry that is here already."""

    id: str
    rev: int
    state: str
    payload: str
    child_id: str | None
    landed: str = ""


def arrived(connection: Connection, org: str, eid: str) -> list[Arrived]:
    """Return every revision of a partner's entry, as the open transaction sees them."""
    table = table_of(ItemTable)
    statement = select(table.c.id, table.c.rev, table.c.state, table.c.payload, table.c.child_id, table.c.landed)
    statement = statement.where(table.c.eid == eid, table.c.org == org).order_by(table.c.rev, table.c.id)
    return [Arrived(**row._mapping) for row in connection.execute(statement)]


def items(
    vault: Vault,
    *,
    item_id: str | None = None,
    states: Sequence[str] = (),
    case: tuple[str, str] | None = None,
    landed: str = "",
    child_id: str | None = None,
) -> list[ItemRow]:
    """Return what partners sent, newest first; `case` narrows it to (organisation, case number)."""
    conditions, parameters = [], list[str]()
    org, number = case or (None, None)
    narrowed = (("id", item_id), ("org", org), ("case_number", number), ("landed", landed or None))
    for column, value in (*narrowed, ("child_id", child_id)):
        if value is not None:
            conditions.append(f"items.{column} = ?")
            parameters.append(value)
    if states:
        conditions.append(among("items.state", states))
        parameters += states
    order = "ORDER BY items.arrived_at DESC, items.id DESC"
    statement = f"SELECT {columns(ItemTable)} FROM items {where(conditions)} {order}"  # noqa: S608
    with vault.read() as connection:
        return list(map(_item, rows(connection, ItemTable, statement, parameters)))


def _item(row: Any) -> ItemRow:
    claims = read_payload(row.payload)
    body = claims["body"]
    hint = hint_of(row.payload)
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
        hint_name=hint[0],
        hint_date_of_birth=hint[1],
        occurred=received_occurred(body),
        text=str(body.get("event") or ""),
        childs_words=str(body.get("childs_voice") or ""),
        payload=row.payload,
        corrected=str(body.get("reason") or "no reason was given") if claims.get("type") == "correction" else "",
        case=row.case_number,
        landed=row.landed,
        on_share=on_share_of(row.payload),
        answers=answers_of(row.payload),
        kind=str(body.get("kind") or "")[:60],
    )


STANDS = ("waiting", "accepted")
"""States of what a person has not refused and its sender not taken back."""


def contract_of(found: ItemRow) -> str:
    """Return the number of the agreement under which a partner sent an item."""
    return str(read_payload(found.payload).get("ctr") or "")


def rivals(vault: Vault, found: ItemRow) -> list[ItemRow]:
    """Return what stands beside it as the same revision of the same entry, in other words (rule 4)."""
    table = table_of(ItemTable)
    statement = select(table).where(table.c.org == found.org, table.c.eid == found.eid, table.c.rev == found.rev)
    statement = statement.where(table.c.state.in_(STANDS))
    with vault.read() as connection:
        return [_item(row) for row in connection.execute(statement.where(table.c.id != found.id))]


def with_rivals(vault: Vault) -> set[str]:
    """Return the ids of what partners sent as one revision of an entry in more than one text (rule 4)."""
    statement = (
        f"WITH standing AS (SELECT id, org, eid, rev FROM items WHERE state IN {STANDS})"  # noqa: S608
        " SELECT id FROM standing JOIN (SELECT org AS o, eid AS e, rev AS r FROM standing GROUP BY org, eid, rev"
        " HAVING count(*) > 1) ON org = o AND eid = e AND rev = r"
    )
    with vault.read() as connection:
        return {row[0] for row in connection.exec_driver_sql(statement)}


def answered(vault: Vault, found: ItemRow) -> tuple[str, str] | None:
    """Return (entry, child) of our entry that an item answers, where we had shared that entry with its sender."""
    from storage.views.entry_tables import EntryTable
    from storage.views.sharing_tables import ShareTable

    if not found.answers:
        return None
    shares, entries = table_of(ShareTable), table_of(EntryTable)
    statement = (
        select(entries.c.id, entries.c.child_id)
        .join(shares, shares.c.entry_id == entries.c.id)
        .where(entries.c.id == found.answers, shares.c.org == found.org, shares.c.approved_at.is_not(None))
    )
    with vault.read() as connection:
        row = connection.execute(statement).first()
    return (row[0], row[1]) if row else None


def item(vault: Vault, item_id: str) -> ItemRow:
    """Return one received item; raises NotFound."""
    found = items(vault, item_id=item_id)
    if not found:
        raise NotFound("There is no such item in the inbox.", hint="dsl-console inbox list shows what arrived.")
    return found[0]
