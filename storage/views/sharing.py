"""Partners, contracts, shares and what came in, as the acts tell (R-60 to R-69)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select
from sqlmodel import Field

from practice.acts import (
    Act,
    ContractAdded,
    ContractAnswered,
    ContractEnded,
    ContractOffered,
    ContractReceived,
    PartnerAdded,
    PartnerCarried,
    PartnerContactSet,
    PartnerRemoved,
    PartnerVerified,
    RecoveredSettled,
    ShareAgreed,
    ShareApproved,
    ShareCancelled,
    ShareCorrected,
    ShareHeld,
    SharePreviewed,
    ShareProgressed,
    ShareProposed,
    ShareRecovered,
    ShareRefused,
    ShareWithdrawn,
)
from practice.dates import Occurred
from practice.errors import NotFound
from storage import outbox
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class PartnerTable(ViewTable, table=True):
    """A partner agency; `identity` is the thumbprint of the identity key last seen, `changed` that it is another one
    than before and was not compared since."""

    __tablename__ = "partners"
    org: str = string(primary_key=True)
    name: str = string()
    kind: str = string()
    key_set: str = string()
    identity: str = string()
    verified: bool = typed(Flag)
    removed: bool = typed(Flag)
    by_message: bool = typed(Flag)
    changed: bool = typed(Flag)
    contact: str = string()
    telephone: str = string()


class WayTable(ViewTable, table=True):
    """Which way messages to and from a partner go, where it is not the hub."""

    __tablename__ = "partner_ways"
    org: str = string(primary_key=True)
    way: str = string()
    place: str = string()
    host_key: str = string()


class ContractTable(ViewTable, table=True):
    """A regular sharing agreement."""

    __tablename__ = "contracts"
    id: str = string(primary_key=True)
    org: str = string()
    purpose: str = string()
    basis: str = string()
    review: str = string()
    categories: Any = typed(Json)
    ended: bool = typed(Flag)
    ended_reason: str = string()
    retention: str = string()
    standing: str = string()
    digest: str = string()


class ShareTable(ViewTable, table=True):
    """One entry proposed to one partner, and how far it has come."""

    __tablename__ = "shares"
    id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    child_id: str = string()
    org: str = string()
    contract: str = string()
    state: str = string()
    reason: str = string()
    digest: str = string()
    payload: str = string()
    mid: str = string()
    rev: int = Field(default=0)
    version_seen: str = string()
    basis: str = string()
    child_told: str = string()
    parent_told: str = string()
    approved_by: str = string()
    approved_at: datetime | None = typed(UtcText, nullable=True)
    proposed_by: str = string()
    proposed_at: datetime = typed(UtcText)
    corrects: str = string()
    urgent: bool = typed(Flag)
    agreed_by: str = string()
    alone: str = string()
    on_share: str = string()
    heeded: str = string()
    recovered: str = string()


def _fold_partners(_key: str, acts: Sequence[Act]) -> Rows:
    partners: dict[str, dict[str, Any]] = {}
    contracts: dict[str, dict[str, Any]] = {}
    ways: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, PartnerCarried):
            ways[body.org] = {"org": body.org, "way": body.way, "place": body.place, "host_key": body.host_key}
        elif isinstance(body, PartnerAdded):
            before = partners.get(body.org)
            same_key = before is not None and before["identity"] == body.identity
            other_key = before is not None and bool(before["identity"]) and not same_key
            partners[body.org] = {
                "org": body.org,
                "name": body.name,
                "kind": body.organisation,
                "key_set": body.key_set,
                "identity": body.identity,
                "verified": bool(before and before["verified"] and same_key),
                "removed": False,
                "by_message": body.by_message,
                "changed": other_key or bool(before and before["changed"]),
                "contact": before["contact"] if before else "",
                "telephone": before["telephone"] if before else "",
            }
        elif isinstance(body, PartnerContactSet) and body.org in partners:
            partners[body.org] |= {"contact": body.contact, "telephone": body.telephone}
        elif isinstance(body, PartnerVerified) and body.org in partners:
            compared = partners[body.org]["identity"] == body.identity
            partners[body.org] |= {"verified": compared, "changed": partners[body.org]["changed"] and not compared}
        elif isinstance(body, PartnerRemoved) and body.org in partners:
            partners[body.org]["removed"] = True
        elif isinstance(body, ContractAdded | ContractReceived):
            contracts.setdefault(body.contract, _agreed(body))
        elif isinstance(body, ContractOffered) and body.contract in contracts:
            contracts[body.contract] |= {"standing": "offered", "digest": body.digest}
        elif isinstance(body, ContractAnswered) and contracts.get(body.contract, {}).get("digest") == body.digest:
            contracts[body.contract] |= {"standing": body.answer}
        elif isinstance(body, ContractEnded) and body.contract in contracts:
            contracts[body.contract] |= {"ended": True, "ended_reason": body.reason}
    return {
        "partners": list(partners.values()),
        "contracts": list(contracts.values()),
        "partner_ways": list(ways.values()),
    }


def _agreed(body: ContractAdded | ContractReceived) -> dict[str, Any]:
    digest = body.digest if isinstance(body, ContractReceived) else ""
    return {
        "id": body.contract,
        "org": body.org,
        "purpose": body.purpose,
        "basis": body.basis,
        "review": body.review,
        "categories": list(body.categories),
        "ended": False,
        "ended_reason": "",
        "retention": body.retention,
        "standing": "received" if digest else "",
        "digest": digest,
    }


PARTNERS = view(
    View(
        name="partners",
        column="kind",
        tables=((PartnerTable, "org"), (ContractTable, "id"), (WayTable, "org")),
        fold=_fold_partners,
    )
)


OVERTAKEN = ("corrected", "withdrawn")
"""States that a later word about an older message does not change."""


def _fold_shares(key: str, acts: Sequence[Act]) -> Rows:
    shares: dict[str, dict[str, Any]] = {}
    for act in acts:
        body: Any = act.body
        if isinstance(body, ShareProposed):
            shares[body.share] = _proposed(key, act, body)
        elif isinstance(body, ShareRecovered):
            shares[body.share] = _recovered(shares.get(body.share), key, act, body)
        share = shares.get(body.share)
        if share is None:
            continue
        if isinstance(body, SharePreviewed):
            if share["state"] == "agreed" and share["digest"] != body.digest:
                share |= {"state": "proposed", "agreed_by": ""}  # other bytes than the first person approved
            share |= {
                "digest": body.digest,
                "payload": body.payload,
                "mid": body.mid,
                "rev": body.rev,
                "version_seen": body.version_seen,
            }
        elif isinstance(body, ShareAgreed):
            share |= body.model_dump(include={"reason", "basis", "child_told", "parent_told", "urgent"})
            share |= {"state": "agreed", "agreed_by": act.author}
        elif isinstance(body, ShareApproved):
            share |= {
                "urgent": body.urgent,
                "agreed_by": body.first,
                "alone": body.alone,
                "heeded": body.heeded,
                "state": "queued",
                "reason": body.reason,
                "mid": body.mid,
                "basis": body.basis,
                "child_told": body.child_told,
                "parent_told": body.parent_told,
                "approved_by": act.author,
                "approved_at": act.recorded_at,
            }
        elif isinstance(body, (ShareHeld, ShareRefused, ShareCancelled)):
            state = {ShareHeld: "held", ShareRefused: "not_shared", ShareCancelled: "withheld"}[type(body)]
            share |= {"state": state, "reason": body.reason}
        elif isinstance(body, (RecoveredSettled, ShareCorrected, ShareWithdrawn)):
            share |= _afterwards(body)
        elif isinstance(body, ShareProgressed) and share["state"] not in OVERTAKEN:
            share |= {"state": body.state} | ({"reason": body.detail} if body.detail else {})
            share |= {"mid": body.mid} if body.state == "queued" else {}
    return {"shares": list(shares.values())}


def _proposed(key: str, act: Act, body: ShareProposed) -> dict[str, Any]:
    blank = dict.fromkeys(
        ("digest", "payload", "mid", "version_seen", "basis", "child_told", "parent_told", "approved_by", "agreed_by"),
        "",
    )
    return blank | {
        "id": body.share,
        "entry_id": key,
        "child_id": act.child or "",
        "org": body.org,
        "contract": body.contract,
        "state": "proposed",
        "reason": body.reason,
        "rev": 0,
        "approved_at": None,
        "proposed_by": act.author,
        "proposed_at": act.recorded_at,
        "corrects": body.corrects,
        "urgent": False,
        "alone": "",
        "heeded": "",
        "recovered": "",
        "on_share": body.on_share,
    }


def _afterwards(body: RecoveredSettled | ShareCorrected | ShareWithdrawn) -> dict[str, Any]:
    """Return what becomes of a share that had left."""
    if isinstance(body, RecoveredSettled):
        return {"recovered": body.how}
    return {"state": "corrected"} if isinstance(body, ShareCorrected) else {"state": "withdrawn", "reason": body.reason}


def _recovered(before: dict[str, Any] | None, key: str, act: Act, body: ShareRecovered) -> dict[str, Any]:
    """Return the row of a share whose newest revision came back from the partner who has it."""
    began = ShareProposed(share=body.share, org=body.org, contract=body.contract)
    return (before or _proposed(key, act, began)) | {
        "state": "withdrawn" if body.withdrawn else "acknowledged",
        "payload": body.payload,
        "mid": body.mid,
        "rev": body.rev,
        "recovered": "open",
    }


SHARES = view(
    View(
        name="shares",
        column="entry",
        tables=((ShareTable, "entry_id"),),
        fold=_fold_shares,
    )
)


# -- queries -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartnerRow:
    """A partner agency."""

    org: str
    name: str
    kind: str
    key_set: str
    identity: str
    verified: bool
    removed: bool
    by_message: bool
    changed: bool
    contact: str = ""
    telephone: str = ""


@dataclass(frozen=True)
class WayRow:
    """Which way messages to and from a partner go: `folder`, `sftp` or `hand`, and where that is."""

    org: str
    way: str
    place: str
    host_key: str


@dataclass(frozen=True)
class ContractRow:
    """A regular sharing agreement; nothing leaves under it past its review date (R-66)."""

    id: str
    org: str
    purpose: str
    basis: str
    review: date
    categories: tuple[str, ...]
    ended: bool
    ended_reason: str
    retention: str = ""
    standing: str = ""
    """Where the document stands that both sign: blank (never offered), offered, received, accepted, declined."""
    digest: str = ""


@dataclass(frozen=True)
class ShareRow:
    """One entry proposed to one partner."""

    id: str
    entry_id: str
    child_id: str
    org: str
    contract: str
    state: str
    reason: str
    digest: str
    payload: str
    mid: str
    rev: int
    version_seen: str
    basis: str
    child_told: str
    parent_told: str
    approved_by: str
    approved_at: datetime | None
    proposed_by: str
    proposed_at: datetime
    corrects: str = ""
    """The share that this one corrects; blank for a first one."""
    taken_back: str = ""
    """Where the message stands that tells the partner of a withdrawal; blank without one."""
    partner: str = ""
    child: str = ""
    entry_text: str = ""
    occurred: Occurred | None = None
    urgent: bool = False
    agreed_by: str = ""
    """Who approved it first, where a second person is asked; blank otherwise."""
    agreed_by_id: str = ""
    alone: str = ""
    on_share: str = "ask"
    recovered: str = ""
    """`open` where it came back from the partner after a restore and nobody has looked, then `taken` or `left`."""
    heeded: str = ""
    """The code of what was read of the front sheet when it was approved."""


def partners(vault: Vault, *, removed: bool = False) -> list[PartnerRow]:
    """Return the partner agencies by name."""
    table = table_of(PartnerTable)
    statement = select(table).order_by(table.c.name, table.c.org)
    if not removed:
        statement = statement.where(table.c.removed.is_(False))
    with vault.read() as connection:
        return [PartnerRow(**row._mapping) for row in connection.execute(statement)]


def ways(vault: Vault) -> dict[str, WayRow]:
    """Return by organisation the ways that are not the hub."""
    table = table_of(WayTable)
    with vault.read() as connection:
        found = [WayRow(**row._mapping) for row in connection.execute(select(table).where(table.c.way != "hub"))]
    return {row.org: row for row in found}


def partner(vault: Vault, wanted: str) -> PartnerRow:
    """Return the one partner whom an identifier or a name fits; raises NotFound."""
    folded = wanted.strip().casefold()
    rows = partners(vault)
    found = [row for row in rows if row.org.casefold() == folded]
    found = found or [row for row in rows if row.name.casefold() == folded or row.org.casefold().endswith(":" + folded)]
    if len(found) != 1:
        raise NotFound(
            f"{'No partner' if not found else 'More than one partner'} here is called «{wanted}».",
            hint="dsl-console partner list shows them; partner add adds one.",
        )
    return found[0]


def contracts(vault: Vault) -> list[ContractRow]:
    """Return the sharing agreements."""
    table = table_of(ContractTable)
    with vault.read() as connection:
        return [
            ContractRow(
                row.id,
                row.org,
                row.purpose,
                row.basis,
                date.fromisoformat(row.review),
                tuple(row.categories),
                row.ended,
                row.ended_reason,
                row.retention,
                row.standing,
                row.digest,
            )
            for row in connection.execute(select(table).order_by(table.c.review, table.c.id))
        ]


def shares(
    vault: Vault,
    *,
    share_id: str | None = None,
    entry_id: str | None = None,
    child_id: str | None = None,
    states: Sequence[str] = (),
) -> list[ShareRow]:
    """Return the shares, newest proposal first; any of the ids narrows them.

    A queued share that was offered to the hub, whose answer is not here, says `offered`; it is found under both.
    """
    from storage.views.children import ChildTable
    from storage.views.entries import EntryTable
    from storage.views.organisation import PersonTable

    table, children, entries = table_of(ShareTable), table_of(ChildTable), table_of(EntryTable)
    people, agencies = table_of(PersonTable), table_of(PartnerTable)
    firsts = people.alias()
    whose = func.coalesce(entries.c.child_id, table.c.child_id)  # an entry that was moved is the right child's
    statement = (
        select(
            table,
            whose.label("now_child"),
            agencies.c.name.label("partner"),
            children.c.name.label("child"),
            entries.c.text.label("entry_text"),
            entries.c.occurred,
            people.c.name.label("approver"),
            firsts.c.name.label("first"),
        )
        .outerjoin(agencies, agencies.c.org == table.c.org)
        .outerjoin(entries, entries.c.id == table.c.entry_id)
        .outerjoin(children, children.c.id == whose)
        .outerjoin(people, people.c.id == table.c.approved_by)
        .outerjoin(firsts, firsts.c.id == table.c.agreed_by)
        .order_by(table.c.proposed_at.desc(), table.c.id.desc())
    )
    if share_id is not None:
        statement = statement.where(table.c.id == share_id)
    if entry_id:
        statement = statement.where(table.c.entry_id == entry_id)
    if child_id:
        statement = statement.where(whose == child_id)
    if states:
        wanted = {"queued" if state == "offered" else state for state in states}
        statement = statement.where(table.c.state.in_(sorted(wanted)))
    with vault.read() as connection:
        offered = outbox.offered_shares(connection)
        taken_back = outbox.withdrawals(connection)
        found = [_share(row, offered, taken_back) for row in connection.execute(statement)]
    asked = {*states, "offered"} if "queued" in states else set(states)
    return [row for row in found if not states or row.state in asked]


def _share(row: Any, offered: set[str], taken_back: dict[str, str]) -> ShareRow:
    fields = dict(row._mapping)
    fields["taken_back"] = taken_back.get(fields["id"], "")
    if fields["state"] == "queued" and fields["id"] in offered:
        fields["state"] = "offered"
    fields["child_id"] = fields.pop("now_child")
    fields["approved_by"] = fields.pop("approver") or ""
    fields["agreed_by_id"], fields["agreed_by"] = fields["agreed_by"], fields.pop("first") or ""
    fields["partner"] = fields["partner"] or fields["org"]
    fields["child"] = fields["child"] or (_named(fields["payload"]) if fields["recovered"] else "")
    fields["entry_text"] = fields["entry_text"] or ""
    fields["occurred"] = Occurred.model_construct(**fields["occurred"]) if fields["occurred"] else None
    return ShareRow(**fields)


def _named(payload: str) -> str:
    """Return the name of the child in what came back of an entry that is lost here."""
    from storage.views.arrivals import hint_of

    return hint_of(payload)[0]


def share(vault: Vault, share_id: str) -> ShareRow:
    """Return one share; raises NotFound."""
    found = shares(vault, share_id=share_id)
    if not found:
        raise NotFound("There is no share with that id in this vault.", hint="dsl-console share list shows them.")
    return found[0]


def recovered(vault: Vault) -> list[ShareRow]:
    """Return what came back from partners after a restore and nobody has looked at yet."""
    table = table_of(ShareTable)
    with vault.read() as connection:
        ids = list(connection.execute(select(table.c.id).where(table.c.recovered == "open")).scalars())
    return [share(vault, each) for each in ids]


def entry_is_here(vault: Vault, entry_id: str) -> bool:
    """Say whether an entry stands in this record."""
    with vault.read() as connection:
        return connection.exec_driver_sql("SELECT 1 FROM entries WHERE id = ?", (entry_id,)).first() is not None


def places(connection: Connection, share_ids: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return (entry, child, state) of shares by id, as the open transaction sees them."""
    table = table_of(ShareTable)
    found: dict[str, tuple[str, str, str]] = {}
    for at in range(0, len(share_ids), 500):
        chosen = table.c.id.in_(list(share_ids[at : at + 500]))
        for row in connection.execute(
            select(table.c.id, table.c.entry_id, table.c.child_id, table.c.state).where(chosen)
        ):
            found[row.id] = (row.entry_id, row.child_id, row.state)
    return found
