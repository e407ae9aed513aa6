"""What leaves: a message is signed, sealed and queued in the transaction of the act that caused it (protocol: §4)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import ShareProgressed, build
from practice.organisations import role_words
from storage import outbox
from storage.ids import new_id
from storage.ledger import Draft
from storage.outbox import Message
from storage.types import utc_text
from storage.views import sharing
from sync import envelope
from sync.identity import KeySet, OrgKeys

if TYPE_CHECKING:
    from storage.vault import Unit, Vault

LIFETIME = timedelta(days=400)
"""How long an envelope may be offered again; the hub keeps its own, shorter time."""
RECEIPT_LIMIT = 16 * 1024
DATA = ("entry", "correction")
"""The kinds of message that carry an entry; the others are control, which flows also when an agreement has ended."""


def now(vault: Vault) -> str:
    """Return the present as the store writes it."""
    return utc_text(vault.clock())


def seconds(vault: Vault) -> int:
    """Return the present in unix seconds."""
    return int(vault.clock().timestamp())


def own_role(vault: Vault) -> str:
    """Return the role that speaks, in words."""
    return role_words(vault.person.role, vault.school.organisation)


@dataclass(frozen=True)
class Address:
    """Which message this is: its id, its contract's number, its kind and what it is about."""

    mid: str
    ctr: str
    type: str
    eid: str
    rev: int
    share: str | None = None
    until: datetime | None = None
    """The end of its agreement's review day: nothing leaves past it, also from a locked machine (R-66)."""


def queue(vault: Vault, unit: Unit, payload: bytes, address: Address, keys: OrgKeys, reader: KeySet) -> Message:
    """Sign and seal these exact bytes and add them to the outbox in the open transaction."""
    data = address.type in DATA
    moment = vault.clock()
    token = envelope.seal(
        payload,
        sender=keys,
        recipient=reader,
        mid=address.mid,
        ctr=address.ctr,
        class_="data" if data else "control",
        exp=int(min(moment + LIFETIME, address.until or moment + LIFETIME).timestamp()),
    )
    made = utc_text(moment)
    message = Message(
        mid=address.mid,
        share=address.share,
        org=reader.org,
        ctr=address.ctr,
        class_="data" if data else "control",
        type=address.type,
        eid=address.eid,
        rev=address.rev,
        state="queued",
        detail="",
        made_at=made,
        changed_at=made,
        attempts=0,
        envelope=token,
    )
    outbox.add(unit.connection, message)
    return message


def queue_receipt(
    vault: Vault, unit: Unit, keys: OrgKeys, reader: KeySet, about: Address, status: str, code: str | None = None
) -> Message:
    """Queue our receipt for a partner's message `about`; an earlier one that it replaces is not offered again."""
    for older in outbox.of_entry(unit.connection, reader.org, about.eid, "control") if about.eid else []:
        if older.type == "receipt" and older.rev == about.rev and older.state in outbox.OPEN:
            outbox.mark(unit.connection, older.mid, "superseded", now(vault))
    mid = new_id()
    body: dict[str, Any] = {
        "status": status,
        "code": code,
        "re": about.mid,
        "eid": about.eid[:64],
        "rev": about.rev,
        "role": own_role(vault),
        "at": now(vault),
    }
    payload = envelope.build_payload(
        mid=mid,
        from_=keys.org,
        to=reader.org,
        ctr=about.ctr,
        type_="receipt",
        eid=about.eid,
        rev=about.rev,
        prev=None,
        body=body,
        iat=seconds(vault),
    )
    return queue(vault, unit, payload, Address(mid, about.ctr, "receipt", about.eid, about.rev), keys, reader)


def queue_control(
    vault: Vault, unit: Unit, keys: OrgKeys, reader: KeySet, kind: str, body: dict[str, Any], ctr: str = ""
) -> Message:
    """Queue a message that is about no entry; without an agreement it goes under a number of its own."""
    mid, number = new_id(), ctr or secrets.token_hex(16)
    payload = envelope.build_payload(
        mid=mid,
        from_=keys.org,
        to=reader.org,
        ctr=number,
        type_=kind,
        eid="",
        rev=0,
        prev=None,
        body=body,
        iat=seconds(vault),
    )
    return queue(vault, unit, payload, Address(mid, number, kind, "", 0), keys, reader)


def overtake_words(vault: Vault, unit: Unit, org: str, kinds: Collection[str], ctr: str = "") -> set[str]:
    """Stop offering words of these kinds to a partner, about one agreement or all, since they are said anew; return
    the kinds that were still on their way. Otherwise one that a partner cannot open would come with every bundle."""
    found = [
        each
        for each in outbox.messages(unit.connection, *outbox.OPEN)
        if each.org == org and each.type in kinds and (not ctr or each.ctr == ctr)
    ]
    for message in found:
        outbox.mark(unit.connection, message.mid, "superseded", now(vault))
    return {each.type for each in found}


def overtaken(vault: Vault, unit: Unit, share: str) -> None:
    """Stop offering what a correction or a withdrawal has overtaken; its sealed copies go with the next sync."""
    for message in outbox.of_share(unit.connection, share):
        if message.type in DATA and message.state in outbox.OPEN:
            outbox.mark(unit.connection, message.mid, "superseded", now(vault))


def moved(
    connection: Connection, message: Message, state: str, detail: str, moment: str, receipt: str = ""
) -> list[Draft]:
    """Move a message to a state and return the acts that say so; a message that is no share's needs none."""
    outbox.mark(connection, message.mid, state, moment, detail)
    place = sharing.places(connection, [message.share]).get(message.share) if message.share else None
    if place is None:
        return []
    fields = {
        "share": message.share,
        "mid": message.mid,
        "state": state,
        "detail": detail,
        "receipt": receipt if len(receipt) <= RECEIPT_LIMIT else "",
    }
    entry, child, _ = place
    return [Draft(build(ShareProgressed, fields), child or None, entry)]
