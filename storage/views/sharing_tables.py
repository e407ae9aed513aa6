"""The tables of partners, agreements and shares, and how acts make their rows (R-60 to R-69)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, string, typed, view


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
    state: str = string(index=True)
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
