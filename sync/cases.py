"""Which child: offered with the least identity, confirmed by a named person, taken back at both ends (protocol: §3).

Never matched by a program, also where every identifier is equal. Until a person has confirmed, entries wait outside
every chronology; afterwards those of the case stand in the confirmed child's record as they come.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from practice import cases as rules
from practice.acts import (
    CaseAnswered,
    CaseDeclined,
    CaseMatched,
    CaseOffered,
    CaseReceived,
    CaseUnlinked,
    Identity,
    IdentityHeard,
    IdentityLookedAt,
    IdentityTold,
    ItemAccepted,
    ItemReturned,
    build,
)
from practice.errors import Refused
from practice.text import visible
from storage.desk.front_sheet import check_heeded
from storage.views import arrivals, children, sharing
from storage.views import cases as rows
from storage.views.cases import CaseRow
from sync import contracts, outgoing, partners, spool
from sync.bodies import CaseAnswerBody, CaseOfferBody, IdentityBody
from sync.envelope import EnvelopeRefused
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.outbox import Message
    from storage.vault import Unit, Vault
    from storage.views.sharing import ContractRow, PartnerRow, ShareRow
    from sync.envelope import Opened
    from sync.identity import KeySet

CHANGED = "identifier-changed"
KINDS = ("case-offer", "case-accept", "case-decline", "case-unlink", CHANGED)
TAKEN_BACK = "The match of the child was taken back."


# -- what a person does ------------------------------------------------------------------------------------------------


def identity_of(vault: Vault, child_id: str, partner: PartnerRow) -> Identity:
    """Return the least identity by which this partner can tell the child (nothing is sent)."""
    child = children.get(vault, child_id)
    return rules.identity_for(partner.kind, child.name, child.names, child.date_of_birth, child.upn)


def offer(vault: Vault, child_id: str, to: str, contract: str = "", *, heeded: str = "") -> str:
    """Tell a partner which child is meant, under an agreement in force, and return the new case number.

    It leaves with the next sync. Raises Refused without such an agreement, where a live case is there already, and
    where the child's front sheet says who must not be told and `heeded` is not the code of it (R-08).
    """
    partner = sharing.partner(vault, to)
    partners.check_may_share(partner)
    child = children.get(vault, child_id)
    agreement = _agreement(vault, partner, contract)
    live = rows.cases(vault, org=partner.org, child_id=child.id, states=("received", *rows.LIVE))
    if any(row.contract == agreement.id for row in live):
        raise Refused(f"{visible(partner.name)} was told which child this is already. Nothing was changed.")
    check_heeded(vault, [child.id], heeded, "Nothing was offered.")
    identity, number = identity_of(vault, child.id, partner), secrets.token_hex(16)
    with vault.write() as unit:
        body = {"case": number, "child": identity.model_dump(mode="json")}
        message = _queue(vault, unit, partner, agreement.id, "case-offer", body)
        fields = {"case": number, "org": partner.org, "contract": agreement.id, "identity": identity}
        unit.record(build(CaseOffered, fields | {"mid": message.mid}), child=child.id, entry=number)
    spool.keep(vault, message.mid, message.envelope)
    return number


def _agreement(vault: Vault, partner: PartnerRow, contract: str) -> ContractRow:
    """Return the agreement under which a child is named to a partner: the given one, or the only one in force."""
    today = contracts.today(vault)
    if contract:
        row = contracts.get(vault, contract)
        if row.org != partner.org:
            raise Refused("That agreement is with another partner. Nothing was changed.")
        if fault := contracts.fault(row, today):
            raise Refused(f"{fault} Nothing was offered.")
        return row
    mine = [each for each in sharing.contracts(vault) if each.org == partner.org and not contracts.fault(each, today)]
    if len(mine) != 1:
        why = "No agreement with them is" if not mine else "More than one agreement with them is"
        raise Refused(
            f"{why} in force, so the child was not named to {visible(partner.name)}. Nothing was changed.",
            hint="Name one, or add it first: dsl-console contract add. A single share needs no case.",
        )
    return mine[0]


def match(vault: Vault, case: str, child_id: str) -> int:
    """Confirm which child of ours a partner means; return how many waiting entries now stand in that record."""
    child = children.get(vault, child_id)
    with vault.write() as unit:
        row = _waits(vault, case)
        unit.record(build(CaseMatched, {"case": row.id}), child=child.id, entry=row.id)
        message = _answer(vault, unit, row, "case-accept", "")
        waiting = arrivals.items(vault, states=["waiting"], case=(row.org, row.id))
        landing = [each for each in waiting if not _contradicts(row.identity.date_of_birth, each.hint_date_of_birth)]
        for item in reversed(landing):
            unit.record(build(ItemAccepted, {"item": item.id, "case": row.id}), child=child.id, entry=item.id)
    _keep(vault, message)
    return len(landing)


def caution(vault: Vault, case: str, child_id: str) -> str:
    """Return why this match should be thought over: another child of the same partner is matched to this one."""
    row = rows.get(vault, case)
    others = [each for each in rows.cases(vault, org=row.org, child_id=child_id, states=rows.LIVE) if each.id != row.id]
    told = next((each for each in others if not each.ours), None)
    if told is None:
        return ""
    return (
        f"{visible(row.partner)} has another case for this child already: {visible(rules.told_words(told.identity))}."
    )


def decline(vault: Vault, case: str, reason: str) -> None:
    """Say that nobody here is meant; the partner is told that, never the reason."""
    if not reason.strip():
        raise Refused("Declining needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    with vault.write() as unit:
        row = _waits(vault, case)
        unit.record(build(CaseDeclined, {"case": row.id, "reason": reason}), entry=row.id)
        message = _answer(vault, unit, row, "case-decline", "")
    _keep(vault, message)


def unlink(vault: Vault, case: str, reason: str) -> tuple[int, int]:
    """Take a match back at both ends; return how many of their entries left the record, and how many of ours are
    taken back.

    Their entries wait in the tray again; ours that have not left are withheld, and a withdrawal of each that has left
    goes with the next sync.
    """
    if not reason.strip():
        raise Refused("Taking a match back needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    messages: list[Message | None] = []
    with vault.write() as unit:
        row = rows.get(vault, case)
        if row.state not in rows.LIVE:
            raise Refused("That case is not a live match. Nothing was changed.")
        unit.record(
            build(CaseUnlinked, {"case": row.id, "by": "us", "reason": reason}), child=row.child_id, entry=row.id
        )
        messages.append(_answer(vault, unit, row, "case-unlink", reason))
        returned = _return_items(vault, unit, row, reason)
        ours, taken = _take_ours_back(vault, unit, row, reason)
        messages += taken
    for message in messages:
        _keep(vault, message)
    return returned, ours


def _take_ours_back(vault: Vault, unit: Unit, row: CaseRow, reason: str) -> tuple[int, list[Message]]:
    """Withhold what has not left under a case, and queue a withdrawal of what has."""
    from sync.corrections import LEFT, withdraw_in

    mine = [share for share in sharing.shares(vault) if share.org == row.org and _under(share, row.id)]
    count = _withhold_queued(vault, unit, mine)
    messages = [withdraw_in(vault, unit, share, reason) for share in mine if share.state in LEFT]
    return count + len(messages), messages


def _withhold_queued(vault: Vault, unit: Unit, shares: list[ShareRow]) -> int:
    from storage.desk.concerns import withhold

    waiting = [share for share in shares if share.state == "queued"]
    for share in waiting:
        withhold(vault, unit, share, TAKEN_BACK)
    return len(waiting)


def _under(share: ShareRow, case: str) -> bool:
    return bool(share.payload) and arrivals.case_of(share.payload) == case


def _return_items(vault: Vault, unit: Unit, row: CaseRow, reason: str) -> int:
    """Let what landed under a case leave the chronology for the tray; how many entries."""
    landed = [each for each in arrivals.items(vault, states=["accepted"], case=(row.org, row.id)) if each.landed]
    for item in landed:
        fields = {"item": item.id, "case": row.id, "reason": reason or TAKEN_BACK}
        unit.record(build(ItemReturned, fields), child=item.child_id, entry=item.id)
    return len(landed)


def tell_changed(vault: Vault, case: str, *, heeded: str = "") -> tuple[str, ...]:
    """Tell the partner what of the child's identity has changed since they were told, and return what that is."""
    with vault.write() as unit:
        row = rows.get(vault, case)
        partner = sharing.partner(vault, row.org)
        partners.check_may_share(partner)
        now = identity_of(vault, row.child_id or "", partner) if row.ours and row.state in rows.LIVE else row.identity
        said = rules.changed(row.identity, now)
        if not said:
            raise Refused("Nothing that they were told has changed. Nothing was sent.")
        check_heeded(vault, [row.child_id or ""], heeded, "Nothing was told.")
        body = {"case": row.id, "child": now.model_dump(mode="json")}
        message = _queue(vault, unit, partner, row.contract, CHANGED, body)
        fields = {"case": row.id, "identity": now, "mid": message.mid}
        unit.record(build(IdentityTold, fields), child=row.child_id, entry=row.id)
    _keep(vault, message)
    return said


def look_at(vault: Vault, case: str) -> None:
    """Record that a person looked at a changed identity and lets the match stand."""
    row = rows.get(vault, case)
    if not row.changed:
        raise Refused("Nothing about that child has changed since you looked. Nothing was recorded.")
    vault.record(build(IdentityLookedAt, {"case": row.id}), child=row.child_id, entry=row.id)


def _waits(vault: Vault, case: str) -> CaseRow:
    row = rows.get(vault, case)
    if row.ours or row.state != "received":
        raise Refused("That case does not wait for your answer. Nothing was changed.")
    return row


def _answer(vault: Vault, unit: Unit, row: CaseRow, kind: str, reason: str) -> Message | None:
    """Queue our word about a case; a partner whose key is in doubt learns it once that was compared."""
    partner = next((each for each in sharing.partners(vault) if each.org == row.org), None)
    if partner is None or partner.changed:
        return None
    return _queue(vault, unit, partner, row.contract, kind, {"case": row.id, "reason": reason})


def _queue(vault: Vault, unit: Unit, partner: PartnerRow, ctr: str, kind: str, body: dict[str, Any]) -> Message:
    said = body | {"role": outgoing.own_role(vault)}
    return outgoing.queue_control(vault, unit, own_keys(vault), partners.key_set_of(partner), kind, said, ctr)


def _keep(vault: Vault, message: Message | None) -> None:
    if message is not None:
        spool.keep(vault, message.mid, message.envelope)


def say_again(vault: Vault, unit: Unit, org: str, ctr: str = "", *, changed: bool = False) -> int:
    """Queue all that we said about cases, or about those under one agreement, once more, for a partner that lost it;
    `changed` says a child's newer identity too. Returns how many messages."""
    count = 0
    changed = CHANGED in outgoing.overtake_words(vault, unit, org, KINDS, ctr) or changed
    for row in rows.cases(vault, org=org):
        if ctr and row.contract != ctr:
            continue
        kind = {"offered": "case-offer", "accepted": "case-accept", "declined": "case-decline"}.get(row.state, "")
        if row.state == "unlinked" and row.unlinked_by == "us":
            kind = "case-unlink"
        elif row.ours:
            kind = "case-offer" if row.state in rows.LIVE else ""
        partner = next((each for each in sharing.partners(vault) if each.org == org and not each.changed), None)
        if not kind or partner is None:
            continue
        told = {"child": row.identity.model_dump(mode="json")} if kind == "case-offer" else {"reason": ""}
        for each in (kind, CHANGED) if changed and kind == "case-offer" else (kind,):
            _queue(vault, unit, partner, row.contract, each, {"case": row.id, **told})
            count += 1
    return count


# -- what arrives ------------------------------------------------------------------------------------------------------


def lands_under(unit: Unit, org: str, payload: str) -> str:
    """Return the child in whose record an entry stands by itself, because a person confirmed its case; else blank.

    One whose own date of birth is another than the one that was confirmed waits for a person all the same.
    """
    found = rows.here(unit.connection, arrivals.case_of(payload))
    if found is None or found.org != org or found.state != "accepted" or not found.child_id:
        return ""
    return "" if _contradicts(found.date_of_birth, arrivals.hint_of(payload)[1]) else found.child_id


def _contradicts(confirmed: str | None, stated: str) -> bool:
    return bool(confirmed and stated and confirmed != stated)


def take(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> str:
    """Take a partner's word about a case in, and return what a person must know; a repeated one is nothing.

    Raises EnvelopeRefused for one of the wrong form, or about a case of others.
    """
    kind = opened.claims["type"]
    try:
        if kind in ("case-offer", CHANGED):
            told = CaseOfferBody.model_validate(opened.claims["body"])
            identity = _identity(told.child)
            if kind == "case-offer":
                return _take_offer(vault, unit, opened, sender, name, told, identity)
            return _take_changed(vault, unit, opened, sender, name, told.case, identity)
        return _take_answer(vault, unit, opened, sender, name, CaseAnswerBody.model_validate(opened.claims["body"]))
    except (ValidationError, Refused) as fault:
        if isinstance(fault, EnvelopeRefused):
            raise
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault


def _identity(body: IdentityBody) -> Identity:
    fields = body.model_dump() | {"date_of_birth": body.date_of_birth or None}
    made: Identity = Identity.model_validate(fields)
    return made


def _take_offer(
    vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str, told: CaseOfferBody, identity: Identity
) -> str:
    if all(each.org != sender.org for each in sharing.partners(vault)):
        raise EnvelopeRefused("unknown-key", "It comes from an organisation that is no partner here.")
    ctr = opened.header.ctr
    if any(each.id == ctr and (each.ended or each.org != sender.org) for each in sharing.contracts(vault)):
        raise EnvelopeRefused("contract-revoked", "It names a child under an agreement that has ended.")
    known = rows.here(unit.connection, told.case)
    if known is not None:
        if known.org != sender.org:
            raise EnvelopeRefused("schema", "It is about a case with another organisation.")
        row = rows.get(vault, told.case)
        again = {"accepted": "case-accept", "declined": "case-decline"}.get(row.state, "")
        if again and not row.ours:  # they lost our answer
            _answer(vault, unit, row, again, "")
        return ""
    fields = {"case": told.case, "org": sender.org, "name": name, "contract": ctr, "identity": identity}
    fields |= {"by_role": told.role, "mid": opened.header.mid, "jws": opened.jws}
    unit.record(build(CaseReceived, fields), entry=told.case)
    return f"{visible(name)} asks which child they mean; Today shows it."


def _take_changed(
    vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str, case: str, identity: Identity
) -> str:
    known = rows.here(unit.connection, case)
    if known is None or known.org != sender.org or known.ours or rows.get(vault, case).identity == identity:
        return ""
    fields = {"case": case, "identity": identity, "mid": opened.header.mid, "jws": opened.jws}
    unit.record(build(IdentityHeard, fields), child=known.child_id, entry=case)
    return f"{visible(name)} says that a child's name, date of birth or UPN has changed; Today shows it."


def _take_answer(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str, body: CaseAnswerBody) -> str:
    known = rows.here(unit.connection, body.case)
    if known is None or known.org != sender.org or known.state == "unlinked":
        return ""
    kind = opened.claims["type"]
    if kind == "case-unlink":
        return _take_unlink(vault, unit, opened, name, body)
    answer = "accepted" if kind == "case-accept" else "declined"
    if not known.ours or known.state == answer:
        return ""
    fields = {"case": body.case, "answer": answer, "reason": body.reason, "by_role": body.role, "jws": opened.jws}
    unit.record(build(CaseAnswered, fields), child=known.child_id, entry=body.case)
    who = (
        f"{visible(name)} has {'confirmed which child is meant' if answer == 'accepted' else 'no child whom you mean'}"
    )
    return f"{who}; Partners shows it."


def _take_unlink(vault: Vault, unit: Unit, opened: Opened, name: str, body: CaseAnswerBody) -> str:
    row = rows.get(vault, body.case)
    reason = body.reason.strip() or "no reason was given"
    fields = {"case": row.id, "by": "them", "reason": reason, "jws": opened.jws}
    unit.record(build(CaseUnlinked, fields), child=row.child_id, entry=row.id)
    returned = _return_items(vault, unit, row, TAKEN_BACK)
    mine = [share for share in sharing.shares(vault) if share.org == row.org and _under(share, row.id)]
    withheld = _withhold_queued(vault, unit, mine)
    more = f" {withheld} of yours that had not left were withheld." if withheld else ""
    count = f"{returned} of their entries {'is' if returned == 1 else 'are'} in the tray again."
    return f"{visible(name)} took the match of a child back: {count}{more}"
