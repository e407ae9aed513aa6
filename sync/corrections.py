"""After something has left: corrected in full by a newer revision, or taken back (R-69; protocol: rules 3, 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from practice.acts import ShareProposed, ShareWithdrawn, build
from practice.errors import Refused
from practice.text import visible
from storage import outbox
from storage.ids import new_id
from storage.views import record, sharing
from sync import contracts, envelope, outgoing, partners, shares, spool
from sync import preview as pages
from sync.membership import own_keys
from sync.not_sharing import because, check_state
from sync.plan import next_rev

if TYPE_CHECKING:
    from storage.outbox import Message
    from storage.vault import Unit, Vault
    from storage.views.sharing import ShareRow

LEFT = ("offered", "delivered", "acknowledged", "refused", "expired")
"""States in which something may have reached the partner."""


def correct(vault: Vault, share_id: str, reason: str) -> str:
    """Propose the entry as it stands now in the place of what was sent, and return the new share's id.

    It is previewed and approved like any other (R-65). Raises Refused where nothing has left under the share, the
    record says what was sent, or a newer share of the entry is under way.
    """
    with vault.write() as unit:
        share = sharing.share(vault, share_id)
        check_state(share, *LEFT)
        fields = because(share, reason)
        partner = sharing.partner(vault, share.org)
        partners.check_may_share(partner)
        entry = record.get(vault, share.entry_id)
        if share.contract:
            shares.check_contract(vault, contracts.get(vault, share.contract), partner, entry)
        _check_newest(vault, share)
        if entry.version == share.version_seen:
            raise Refused(
                f"{visible(partner.name)} has the entry as it stands in the record. Nothing was changed.",
                hint="Amend the entry first, then correct the share.",
            )
        fields = {"share": new_id(), "org": share.org, "contract": share.contract, "reason": fields["reason"]}
        body = build(ShareProposed, fields | {"corrects": share.id, "on_share": share.on_share})
        unit.record(body, child=entry.child_id, entry=entry.id)
    return str(body.share)


def _check_newest(vault: Vault, share: ShareRow) -> None:
    for other in sharing.shares(vault, entry_id=share.entry_id):
        if other.org == share.org and other.corrects == share.id and other.state not in ("not_shared", "withheld"):
            raise Refused(
                "This share is being corrected already. Nothing was changed.", hint=f"The newer share is {other.id}."
            )


def withdraw(vault: Vault, share_id: str, reason: str) -> str:
    """Take back what left under a share, and return where the message stands that tells the partner so.

    It leaves with the next sync, also where the agreement has ended. The partner's record keeps that it was there:
    what was read cannot be unread, so a wrong disclosure also needs a telephone call. Raises Refused where nothing
    has left, or the partner's keys are in doubt.
    """
    with vault.write() as unit:
        share = sharing.share(vault, share_id)
        check_state(share, *LEFT)
        _check_newest(vault, share)
        partners.check_may_share(sharing.partner(vault, share.org))
        message = withdraw_in(vault, unit, share, reason)
    spool.keep(vault, message.mid, message.envelope)
    return message.state


def withdraw_in(vault: Vault, unit: Unit, share: ShareRow, reason: str) -> Message:
    """Take back what left under a share, in the open transaction, and return the message that says so."""
    keys, reader = own_keys(vault), partners.key_set_of(sharing.partner(vault, share.org))
    sent = outbox.of_entry(unit.connection, share.org, share.entry_id, "data")
    previous = max([share.rev, *(each.rev or 0 for each in sent)])
    rev = next_rev(previous, outgoing.seconds(vault))
    ctr = sent[-1].ctr if sent else str(json.loads(share.payload)["ctr"])  # what came back has no message here
    address = outgoing.Address(new_id(), ctr, "withdrawal", share.entry_id, rev, share.id)
    payload = _payload(vault, share, address, reason, previous)
    pages.check_size(payload)
    act = build(ShareWithdrawn, because(share, reason) | {"mid": address.mid, "rev": rev})
    unit.record(act, child=share.child_id, entry=share.entry_id)
    outgoing.overtaken(vault, unit, share.id)
    return outgoing.queue(vault, unit, payload, address, keys, reader)


def payload_of_withdrawal(vault: Vault, share: ShareRow, message: Message, mid: str) -> bytes:
    """Return a withdrawal that was queued before, to be sealed anew under another id."""
    address = outgoing.Address(mid, message.ctr, "withdrawal", share.entry_id, message.rev or 0, share.id)
    return _payload(vault, share, address, share.reason, share.rev)


def _payload(vault: Vault, share: ShareRow, address: outgoing.Address, reason: str, previous: int) -> bytes:
    return envelope.build_payload(
        mid=address.mid,
        from_=own_keys(vault).org,
        to=share.org,
        ctr=address.ctr,
        type_="withdrawal",
        eid=address.eid,
        rev=address.rev,
        prev=previous,
        body={"reason": reason, "re": share.mid, "role": outgoing.own_role(vault), "at": outgoing.now(vault)},
        iat=outgoing.seconds(vault),
    )
