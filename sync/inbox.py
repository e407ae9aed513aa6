"""What arrives: opened, checked, taken in once, and answered, in one transaction per message (protocol: §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from practice.acts import ItemAccepted, ItemArrived, ItemCorrected, ItemRefused, ItemSeen, ItemWithdrawn, build
from practice.day_words import day_words, time_words
from practice.errors import ConsoleError, Refused
from practice.received import received_entry
from practice.text import counted, visible
from storage import ledger, outbox
from storage.ids import new_id
from storage.ledger import Draft
from storage.types import from_utc_text
from storage.views import arrivals, children, sharing
from storage.views.arrivals import Arrived, ItemRow, case_of
from storage.views.sharing import PartnerRow
from sync import agreements, cases, outgoing, partners, plan, spool
from sync.bodies import EntryBody, KeyUpdateBody, ReceiptBody, ResyncBody, WithdrawalBody
from sync.envelope import EnvelopeRefused, Opened
from sync.identity import KeySet, OrgKeys
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.vault import Unit, Vault

ANSWERED = {
    "waiting": ("stored", None),
    "accepted": ("shown", None),
    "refused": ("refused", "unmatched-case"),
    "withdrawn": ("stored", None),
}
"""What we answer to an entry that is here already, by where its item stands."""


def answer_for(item: Arrived | ItemRow) -> tuple[str, str | None]:
    """Return what we answer to an entry that is here; one that landed by itself is shown once a person has read it."""
    return ("stored", None) if item.landed == "unseen" else ANSWERED.get(item.state, ("stored", None))


@dataclass(frozen=True)
class Effect:
    """What one message did: entries taken in, our message that it acknowledged, our shares that were refused, and a
    sentence if it was strange."""

    received: int = 0
    acknowledged: str = ""
    refused: int = 0
    error: str = ""
    answer: tuple[str, str | None] | None = None


# -- taking in ---------------------------------------------------------------------------------------------------------


def take(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> Effect:
    """Take one verified message in, in the open transaction; raises EnvelopeRefused for one of the wrong form."""
    kind = opened.claims["type"]
    if kind in outgoing.DATA and opened.header.class_ == "data":
        return _take_entry(vault, unit, opened, sender, name)
    if opened.header.class_ == "control":
        if kind == "withdrawal":
            return _take_withdrawal(unit, opened, sender, name)
        if kind == "receipt":
            return _take_receipt(vault, unit, opened, sender, name)
        said = _take_word(vault, unit, opened, sender, name)
        if said is not None:
            return said
    raise EnvelopeRefused("schema", "It is of a kind that this program does not know.")


def _take_word(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> Effect | None:
    """Take in a message that is about no entry; None for a kind that is none of these."""
    from sync import inventory

    kind = opened.claims["type"]
    if kind in cases.KINDS:
        return Effect(error=cases.take(vault, unit, opened, sender, name), answer=("stored", None))
    if kind in agreements.KINDS:
        return Effect(error=agreements.take(vault, unit, opened, sender, name), answer=("stored", None))
    if kind in ("inventory?", "inventory"):
        return Effect(error=inventory.take(vault, unit, opened, sender, name), answer=("stored", None))
    if kind == "key-update":
        return Effect(error=_take_keys(vault, unit, opened, sender), answer=("stored", None))
    return _take_resync(vault, unit, opened, name) if kind == "resync?" else None


def check_in_force(vault: Vault, org: str, ctr: str) -> None:
    """Raise EnvelopeRefused for what comes under an agreement that has ended, however late or often it is shown."""
    if any(row.id == ctr and row.org == org and row.ended for row in sharing.contracts(vault)):
        raise EnvelopeRefused("contract-revoked", "It came under an agreement that has ended.")


def _take_entry(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> Effect:
    claims = opened.claims
    known = arrivals.arrived(unit.connection, sender.org, claims["eid"])
    contents = [(each.rev, plan.content(partners_claims(each.payload))) for each in known]
    arrival = plan.arrival(contents, claims["rev"], plan.content(claims))
    if arrival == "duplicate":
        here = next(each for each in known if each.rev == claims["rev"])
        return Effect(answer=answer_for(here))
    if arrival == "stale":
        return Effect(answer=("stored", None))
    check_in_force(vault, sender.org, opened.header.ctr)
    if arrival == "conflict":
        item = _arrived(opened, sender, name)
        unit.record(item, entry=item.item)
        error = f"{visible(name)} sent two different texts as one revision of an entry; both are in the inbox."
        return Effect(received=1, answer=("refused", "revision-conflict"), error=error)
    earlier = [each for each in known if each.state in ("waiting", "accepted")]
    if not earlier:
        item = _arrived(opened, sender, name)
        unit.record(item, entry=item.item)
        child = cases.lands_under(unit, sender.org, item.payload)
        if child:
            unit.record(
                build(ItemAccepted, {"item": item.item, "case": case_of(item.payload)}), child=child, entry=item.item
            )
        return Effect(received=1, answer=("stored", None))
    here = earlier[-1]
    unit.record(_corrected(here.id, opened), child=here.child_id, entry=here.id)
    return Effect(
        received=1,
        answer=("stored", None) if here.landed else ANSWERED[here.state],
        error=f"{visible(name)} corrected an entry that they had sent; both versions are kept.",
    )


def _take_keys(vault: Vault, unit: Unit, opened: Opened, sender: KeySet) -> str:
    from sync import renewing

    try:
        body = KeyUpdateBody.model_validate(opened.claims["body"])
        return renewing.take(vault, unit, body.key_set, sender.org)
    except (ValidationError, Refused) as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault


def _take_resync(vault: Vault, unit: Unit, opened: Opened, name: str) -> Effect:
    """A partner lost what it had: everything is offered again (rule 6)."""
    from sync.again import answer_all_again, send_all_again, send_lacking

    try:
        asked = ResyncBody.model_validate(opened.claims["body"])
    except ValidationError as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    if asked.why == "epoch":
        answer_all_again(vault, unit, opened.header.sender)
        count = send_lacking(vault, unit, opened.header.sender, asked.have) if asked.have is not None else 0
    else:
        count = send_all_again(vault, unit, opened.header.sender)
    error = f"{visible(name)} has lost part of its record and asked for everything again: {counted(count, 'message')}."
    return Effect(error=error if count else "", answer=("stored", None))


def _take_withdrawal(unit: Unit, opened: Opened, sender: KeySet, name: str) -> Effect:
    """Take back what a partner sent; where it has not arrived yet, it stays out when it does (rule 3)."""
    claims, payload = opened.claims, opened.payload.decode()
    known = arrivals.arrived(unit.connection, sender.org, claims["eid"])
    if any(each.rev >= claims["rev"] for each in known):
        return Effect(answer=("stored", None))
    here = [(each.id, each.child_id) for each in known if each.state != "withdrawn"] or [(new_id(), None)]
    for item, child in here:
        fields = {"item": item, "org": sender.org, "name": name, "eid": claims["eid"], "rev": claims["rev"]}
        fields |= {"mid": opened.header.mid, "ctr": opened.header.ctr, "payload": payload, "jws": opened.jws}
        try:
            WithdrawalBody.model_validate(claims["body"])
            taken: ItemWithdrawn = build(ItemWithdrawn, fields)
        except (ValidationError, Refused) as fault:
            raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
        unit.record(taken, child=child, entry=item)
    said = f"{visible(name)} took back an entry that they had sent; the inbox says why."
    return Effect(answer=("stored", None), error=said)


def _corrected(item: str, opened: Opened) -> ItemCorrected:
    """The act for a newer revision of an item, after its body was read by the very reader that will show it."""
    payload = _readable(opened)
    fields = {"item": item, "rev": opened.claims["rev"], "mid": opened.header.mid, "ctr": opened.header.ctr}
    try:
        corrected: ItemCorrected = build(ItemCorrected, fields | {"payload": payload, "jws": opened.jws})
    except Refused as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    return corrected


def _readable(opened: Opened) -> str:
    """Return the payload of an entry whose body is of the agreed form; raises EnvelopeRefused."""
    payload = opened.payload.decode()
    try:
        EntryBody.model_validate(opened.claims["body"])
        received_entry(payload)
    except (ValidationError, Refused) as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    return payload


def partners_claims(payload: str) -> dict[str, object]:
    """Return the claims of a payload that was checked when it arrived."""
    import json

    found: dict[str, object] = json.loads(payload)
    return found


def _arrived(opened: Opened, sender: KeySet, name: str) -> ItemArrived:
    """The act for a new item, after its body was read by the very reader that will show it."""
    claims, payload = opened.claims, _readable(opened)
    try:
        item: ItemArrived = build(
            ItemArrived,
            {
                "item": new_id(),
                "org": sender.org,
                "name": name,
                "eid": claims["eid"],
                "rev": claims["rev"],
                "mid": opened.header.mid,
                "ctr": opened.header.ctr,
                "payload": payload,
                "jws": opened.jws,
            },
        )
    except Refused as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    return item


def _take_receipt(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> Effect:
    """Bring a partner's word about one of our messages to it, and to the older open ones of the same entry (rule 7)."""
    try:
        body = ReceiptBody.model_validate(opened.claims["body"])
    except ValidationError as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    message = outbox.message(unit.connection, body.re)
    ours = message is not None and message.org == opened.header.sender and message.type != "receipt"
    if message is None or not ours or (body.eid and (body.eid, body.rev) != (message.eid, message.rev)):
        return _about_unknown(vault, unit, body, sender, name, lost=message is None)
    left = message.attempts
    if body.status != "refused" or body.code in plan.PERSONS_NO:
        same = outbox.of_entry(unit.connection, message.org, message.eid or "", message.class_)
        message = plan.standing_for(message, same)
    left = max(left, message.attempts)
    step = plan.after_receipt(message.state, message.detail, left, body.status, body.code)
    if step is None:
        return Effect()
    moment = outgoing.now(vault)
    drafts: list[Draft] = outgoing.moved(unit.connection, message, step.state, step.detail, moment, receipt=opened.jws)
    if step.state == "acknowledged":
        same = outbox.of_entry(unit.connection, message.org, message.eid or "", "data")
        for older in plan.closed_by(message, same):
            drafts += outgoing.moved(unit.connection, older, "acknowledged", "stored", moment, receipt=opened.jws)
    if drafts:
        unit.record_many(drafts)
    good = step.state == "acknowledged"
    if message.type not in outgoing.DATA:
        return Effect(refused=int(not good))
    return Effect(acknowledged=message.mid if good else "", refused=int(not good))


def _about_unknown(vault: Vault, unit: Unit, body: ReceiptBody, sender: KeySet, name: str, *, lost: bool) -> Effect:
    """Take in a partner's word about no message of ours: where it was `lost`, this vault was put back."""
    from sync import inventory

    if lost and body.eid and inventory.came_back(vault, sender.org, body.eid, body.rev):
        return Effect()  # about an envelope that was lost; its words are here again
    if lost and inventory.ask_of_unknown(vault, unit, body.eid, sender):
        return Effect(error=f"{visible(name)} answers what this vault does not know any more: they are asked for it.")
    if lost and not body.eid and body.status == "stored":
        return Effect()  # about a word, and they are asked already
    return Effect(error=f"{visible(name)} sent a receipt for a message that is not known here; it changed nothing.")


# -- a person's answer -------------------------------------------------------------------------------------------------


def accept(vault: Vault, item_id: str, child_id: str) -> str:
    """Match a partner's entry to a child: it stands in that chronology from now on, and the partner is told so.

    Returns the entry's id. Raises NotFound, and Refused where the item was answered already or a newer revision of it
    is here.
    """
    child = children.get(vault, child_id)
    with vault.write() as unit:
        item = _waiting(vault, item_id)
        newer = [each for each in arrivals.arrived(unit.connection, item.org, item.eid) if each.rev > item.rev]
        if newer:
            raise Refused(
                f"{visible(item.sender)} has sent a newer version of this entry. Nothing was taken in.",
                hint="Accept the newer one in the inbox, and refuse this one.",
            )
        unit.record(build(ItemAccepted, {"item": item.id}), child=child.id, entry=item.id)
        receipt = _answer(vault, unit, item, "shown", None)
    if receipt is not None:
        spool.keep(vault, receipt.mid, receipt.envelope)
    return item.id


def seen(vault: Vault, item_id: str) -> None:
    """Record that a person has read an entry that landed by itself, or that one was taken back.

    The partner is told that the entry was read; that it was taken out they were told as their word came.
    """
    with vault.write() as unit:
        item = arrivals.item(vault, item_id)
        if item.landed != "unseen":
            raise Refused("That entry does not wait to be read. Nothing was changed.")
        unit.record(build(ItemSeen, {"item": item.id, "rev": item.rev}), child=item.child_id, entry=item.id)
        receipt = _answer(vault, unit, item, "shown", None) if item.state == "accepted" else None
    if receipt is not None:
        spool.keep(vault, receipt.mid, receipt.envelope)


def receipt_words(vault: Vault, item: ItemRow) -> str:
    """Say where our receipt for an item's last word stands; empty where none was made."""
    with vault.read() as connection:
        sent = outbox.of_entry(connection, item.org, item.eid, "control")
    ours = [each for each in sent if each.type == "receipt" and each.rev == item.rev]
    if not ours:
        return ""
    last = ours[-1]
    if last.state in outbox.WAITING:
        return "Our receipt leaves with the next sync."
    at = from_utc_text(last.changed_at).astimezone()
    left = f"{day_words(at.date())}, {time_words(at)}"
    return f"Our receipt left {left}." if last.state == "delivered" else f"Our receipt: {last.state}, {left}."


def refuse(vault: Vault, item_id: str, reason: str) -> None:
    """Do not take a partner's entry in; the partner is told that it was not matched, never the reason."""
    if not reason.strip():
        raise Refused("Refusing an entry needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    with vault.write() as unit:
        item = _waiting(vault, item_id)
        unit.record(build(ItemRefused, {"item": item.id, "reason": reason}), entry=item.id)
        receipt = _answer(vault, unit, item, "refused", "unmatched-case")
    if receipt is not None:
        spool.keep(vault, receipt.mid, receipt.envelope)


def _waiting(vault: Vault, item_id: str) -> ItemRow:
    item = arrivals.item(vault, item_id)
    if item.state != "waiting":
        said = {"accepted": "was accepted already", "withdrawn": "was taken back by its sender"}
        raise Refused(f"That entry {said.get(item.state, 'was refused already')}. Nothing was changed.")
    return item


def _answer(vault: Vault, unit: Unit, item: ItemRow, status: str, code: str | None) -> outbox.Message | None:
    """Queue the receipt; a partner whose key is in doubt gets none, and asks again once it was compared."""
    row = next((each for each in sharing.partners(vault, removed=True) if each.org == item.org), None)
    reader = reader_of(row)
    if reader is None:
        return None
    claims = partners_claims(item.payload)
    about = outgoing.Address(str(claims["mid"]), str(claims["ctr"]), "entry", item.eid, item.rev)
    return outgoing.queue_receipt(vault, unit, own_keys(vault), reader, about, status, code)


def answer_again(vault: Vault, unit: Unit, item: ItemRow, reader: KeySet) -> None:
    """Queue our receipt for an item once more, for a partner that lost it: for its last word about the entry, which
    closes the earlier ones (rule 7).
    """
    claims = partners_claims(item.payload)
    about = outgoing.Address(str(claims["mid"]), str(claims["ctr"]), "entry", item.eid, item.rev)
    acts = ledger.acts_where(unit.connection, "entry", [item.id], ["item_withdrawn"])
    for body in (act.body for act in acts):
        if isinstance(body, ItemWithdrawn) and body.rev == item.rev:
            about = outgoing.Address(body.mid, body.ctr, "withdrawal", item.eid, item.rev)
    outgoing.queue_receipt(vault, unit, own_keys(vault), reader, about, *answer_for(item))


def reader_of(row: PartnerRow | None) -> KeySet | None:
    """Return the key set to which a receipt may be sealed, or None where there is none to be trusted."""
    if row is None or row.changed:
        return None
    try:
        return partners.key_set_of(row)
    except ConsoleError:
        return None


def queue_answer(
    vault: Vault, unit: Unit, keys: OrgKeys, reader: KeySet, opened: Opened, answer: tuple[str, str | None]
) -> outbox.Message:
    """Queue our receipt for a message that was just taken in."""
    header, claims = opened.header, opened.claims
    about = outgoing.Address(header.mid, header.ctr, claims["type"], claims["eid"], claims["rev"])
    return outgoing.queue_receipt(vault, unit, keys, reader, about, *answer)
