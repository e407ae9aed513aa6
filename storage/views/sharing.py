"""Partners, contracts and shares, as a reader asks for them (R-60 to R-69)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import ContractAnswered
from practice.dates import Occurred
from practice.errors import NotFound
from practice.share_words import REFUSALS
from storage import ledger, outbox
from storage.views import organisation
from storage.views.base import table_of
from storage.views.reading import among, columns, rows, where
from storage.views.sharing_tables import ContractTable, PartnerTable, ShareTable, WayTable

if TYPE_CHECKING:
    from storage.vault import Vault


_WHOSE = "coalesce(entries.child_id, shares.child_id)"
"""Whose share it is: an entry that was moved is the right child's (R-14)."""


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
    declined_reason: str = ""
    """Why the side that was asked said no, as it wrote it; blank where nobody declined."""


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
    version_now: str = ""
    """The entry's version as it stands in the record; blank where the entry is not here."""
    heeded: str = ""
    """The code of what was read of the front sheet when it was approved."""
    kept: str = ""
    """Why the last sync did not send it, in a sentence; blank where nothing is in its way."""


DECIDED = {
    "share_agreed": "Said the first yes",
    "share_approved": "Approved it",
    "share_held": "Held it",
    "share_refused": "Decided not to share it",
    "share_cancelled": "Withheld it",
    "share_withdrawn": "Took it back",
}
"""What a person decides about a share, by the kind of the act."""


@dataclass(frozen=True)
class Decided:
    """One decision about a share."""

    what: str
    by: str
    at: datetime
    reason: str


def partners(vault: Vault, *, removed: bool = False) -> list[PartnerRow]:
    """Return the partner agencies by name."""
    clause = "" if removed else " WHERE partners.removed = 0"
    statement = f"SELECT {columns(PartnerTable)} FROM partners{clause} ORDER BY partners.name, partners.org"  # noqa: S608
    with vault.read() as connection:
        return [PartnerRow(**vars(row)) for row in rows(connection, PartnerTable, statement)]


def ways(vault: Vault) -> dict[str, WayRow]:
    """Return by organisation the ways that are not the hub."""
    statement = f"SELECT {columns(WayTable)} FROM partner_ways WHERE partner_ways.way <> 'hub'"  # noqa: S608
    with vault.read() as connection:
        return {row.org: WayRow(**vars(row)) for row in rows(connection, WayTable, statement)}


def partner(vault: Vault, wanted: str) -> PartnerRow:
    """Return the one partner whom an identifier or a name fits; raises NotFound."""
    folded = wanted.strip().casefold()
    known = partners(vault)
    found = [row for row in known if row.org.casefold() == folded]
    found = found or [
        row for row in known if row.name.casefold() == folded or row.org.casefold().endswith(":" + folded)
    ]
    if len(found) != 1:
        raise NotFound(
            f"{'No partner' if not found else 'More than one partner'} here is called «{wanted}».",
            hint="dsl-console partner list shows them; partner add adds one.",
        )
    return found[0]


def contracts(vault: Vault) -> list[ContractRow]:
    """Return the sharing agreements."""
    statement = f"SELECT {columns(ContractTable)} FROM contracts ORDER BY contracts.review, contracts.id"  # noqa: S608
    with vault.read() as connection:
        found = list(rows(connection, ContractTable, statement))
        declined = _declined(connection) if any(row.standing == "declined" for row in found) else {}
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
                declined.get(row.id, "") if row.standing == "declined" else "",
            )
            for row in found
        ]


def _declined(connection: Connection) -> dict[str, str]:
    """Return why agreements were declined, by their numbers, as the ledger holds it."""
    acts = ledger.acts_where(connection, "kind", (), ["contract_answered"])
    answers = [act.body for act in acts if isinstance(act.body, ContractAnswered)]
    return {body.contract: body.reason for body in answers if body.answer == "declined"}


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
    conditions, parameters = [], list[str]()
    narrowed = (("shares.id", share_id), ("shares.entry_id", entry_id or None), (_WHOSE, child_id or None))
    for what, value in narrowed:
        if value is not None:
            conditions.append(f"{what} = ?")
            parameters.append(value)
    if states:
        wanted = sorted({"queued" if state == "offered" else state for state in states})
        conditions.append(among("shares.state", wanted))
        parameters += wanted
    statement = (
        f"SELECT {columns(ShareTable)}, {_WHOSE}, partners.name, children.name, entries.text, entries.occurred,"  # noqa: S608
        " entries.version, people.name, firsts.name FROM shares LEFT JOIN partners ON partners.org = shares.org"
        f" LEFT JOIN entries ON entries.id = shares.entry_id LEFT JOIN children ON children.id = {_WHOSE}"
        " LEFT JOIN people ON people.id = shares.approved_by LEFT JOIN people AS firsts ON firsts.id = shares.agreed_by"
        f" {where(conditions)} ORDER BY shares.proposed_at DESC, shares.id DESC"
    )
    more = ("now_child", "partner", "child", "entry_text", "occurred", "version_now", "approver", "first")
    with vault.read() as connection:
        waiting = outbox.waiting_shares(connection)
        taken_back = outbox.withdrawals(connection)
        found = [
            _share(vars(row), waiting, taken_back) for row in rows(connection, ShareTable, statement, parameters, more)
        ]
    asked = {*states, "offered"} if "queued" in states else set(states)
    return [row for row in found if not states or row.state in asked]


def _share(fields: dict[str, Any], waiting: dict[str, tuple[str, str]], taken_back: dict[str, str]) -> ShareRow:
    fields["taken_back"] = taken_back.get(fields["id"], "")
    if fields["state"] == "queued" and fields["id"] in waiting:
        fields["state"], kept = waiting[fields["id"]]
        fields["kept"] = "" if kept in REFUSALS else kept
    fields["child_id"] = fields.pop("now_child")
    fields["approved_by"] = fields.pop("approver") or ""
    fields["agreed_by_id"], fields["agreed_by"] = fields["agreed_by"], fields.pop("first") or ""
    fields["version_now"] = fields["version_now"] or ""
    fields["partner"] = fields["partner"] or fields["org"]
    lost = _given_back(fields["payload"]) if fields["recovered"] else ("", "")
    fields["child"] = fields["child"] or lost[0]
    fields["entry_text"] = fields["entry_text"] or lost[1]
    fields["occurred"] = Occurred.model_construct(**json.loads(fields["occurred"])) if fields["occurred"] else None
    return ShareRow(**fields)


def _given_back(payload: str) -> tuple[str, str]:
    """Return the name of the child and the text in what came back of an entry that is lost here."""
    from storage.views.arrivals import hint_of

    return hint_of(payload)[0], str(json.loads(payload)["body"].get("event", ""))


def decisions(vault: Vault, row: ShareRow) -> list[Decided]:
    """Return what was decided about a share, the first first: by whom, when and why (R-60)."""
    with vault.read() as connection:
        acts = [
            act
            for act in ledger.acts_where(connection, "entry", [row.entry_id], DECIDED)
            if getattr(act.body, "share", "") == row.id
        ]
        names = organisation.names(connection)
    acts.sort(key=lambda act: act.recorded_at)
    return [
        Decided(DECIDED[act.kind], names.get(act.author, ""), act.recorded_at, getattr(act.body, "reason", ""))
        for act in acts
    ]


def share(vault: Vault, share_id: str) -> ShareRow:
    """Return one share; raises NotFound."""
    found = shares(vault, share_id=share_id)
    if not found:
        raise NotFound("There is no share with that id in this vault.", hint="dsl-console share list shows them.")
    return found[0]


def recovered(vault: Vault) -> list[ShareRow]:
    """Return what came back from partners after a restore and nobody has looked at yet."""
    with vault.read() as connection:
        ids = list(ledger.plain_rows(connection, "SELECT id FROM shares WHERE recovered = 'open'"))
    return [share(vault, each[0]) for each in ids]


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
