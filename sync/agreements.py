"""Agreements that both sides sign: offered, accepted or declined, and ended by either (R-66, protocol: §3)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from practice.acts import ContractAnswered, ContractOffered, ContractReceived, build
from practice.errors import Refused
from practice.text import visible
from storage.views import sharing
from sync import contracts, outgoing, partners, spool
from sync.bodies import AgreementBody, AnswerBody
from sync.envelope import EnvelopeRefused
from sync.hub import jose
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.outbox import Message
    from storage.vault import Unit, Vault
    from storage.views.sharing import ContractRow, PartnerRow
    from sync.envelope import Opened
    from sync.identity import KeySet

KINDS = ("contract-offer", "contract-accept", "contract-decline", "contract-revoke")


def document(vault: Vault, row: ContractRow, partner: PartnerRow) -> dict[str, Any]:
    """Return the document of an agreement of ours: its terms, and both identity keys."""
    keys = own_keys(vault)
    return {
        "v": 1,
        "ctr": row.id,
        "offerer": keys.org,
        "accepter": partner.org,
        "identities": {keys.org: keys.identity_thumbprint, partner.org: partner.identity},
        "purpose": row.purpose,
        "basis": row.basis,
        "categories": list(row.categories),
        "retention": row.retention,
        "review": row.review.isoformat(),
    }


def digest_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document in hex."""
    return hashlib.sha256(jose.canonical(document)).hexdigest()


# -- what a person does ------------------------------------------------------------------------------------------------


def offer(vault: Vault, contract: str) -> str:
    """Offer an agreement of ours to its partner and return the document's digest; it leaves with the next sync.

    From now on nothing leaves under it before they have accepted. Raises Refused where it was offered already, has
    ended, or the partner's key was never compared by telephone: a signature under an unknown key binds nobody.
    """
    row = contracts.get(vault, contract)
    partner = _partner(vault, row)
    if row.standing:
        raise Refused("That agreement was offered already. Nothing was changed.")
    if fault := contracts.fault(row, contracts.today(vault)):
        raise Refused(f"{fault} Nothing was offered.")
    if not partner.verified:
        raise Refused(
            f"The key of {visible(partner.name)} was not compared by telephone yet. Nothing was offered.",
            hint="Ring them on a number you already have: dsl-console partner verify.",
        )
    terms = document(vault, row, partner)
    digest = digest_of(terms)
    with vault.write() as unit:
        message = _queue(vault, unit, partner, row.id, "contract-offer", terms)
        unit.record(build(ContractOffered, {"contract": row.id, "digest": digest, "mid": message.mid}))
    spool.keep(vault, message.mid, message.envelope)
    return digest


def accept(vault: Vault, contract: str) -> None:
    """Accept a partner's agreement: our signature over its digest goes back with the next sync."""
    _answer(vault, contract, "accepted", "")


def decline(vault: Vault, contract: str, reason: str) -> None:
    """Decline a partner's agreement, with the reason, which they read."""
    if not reason.strip():
        raise Refused("Declining an agreement needs its reason. Nothing was changed.", hint="One sentence will do.")
    _answer(vault, contract, "declined", reason)


def _answer(vault: Vault, contract: str, answer: str, reason: str) -> None:
    row = contracts.get(vault, contract)
    partner = _partner(vault, row)
    if row.standing != "received" or row.ended:
        raise Refused("That agreement does not wait for your answer. Nothing was changed.")
    kind = "contract-accept" if answer == "accepted" else "contract-decline"
    fields = {"contract": row.id, "digest": row.digest, "answer": answer, "by": "us", "reason": reason}
    with vault.write() as unit:
        unit.record(build(ContractAnswered, fields))
        message = _queue(vault, unit, partner, row.id, kind, {"digest": row.digest, "reason": reason})
    spool.keep(vault, message.mid, message.envelope)


def tell_end(vault: Vault, unit: Unit, row: ContractRow) -> None:
    """Queue the end of an agreement for the partner who knows it; without a key to be trusted it is not told."""
    partner = next((each for each in sharing.partners(vault) if each.org == row.org), None)
    if partner is not None and not partner.changed:
        _queue(vault, unit, partner, row.id, "contract-revoke", {"digest": row.digest, "reason": ""})


def say_again(vault: Vault, unit: Unit, org: str, ctr: str = "") -> int:
    """Queue all that we said about signed agreements, or about one, once more, for a partner that lost it; how many
    messages."""
    partner = next((each for each in sharing.partners(vault) if each.org == org and not each.changed), None)
    count = 0
    for row in sharing.contracts(vault):
        if partner is None or row.org != org or not row.standing or (ctr and row.id != ctr):
            continue
        said = {"digest": row.digest, "reason": ""}
        terms = document(vault, row, partner)
        words = [("contract-revoke", said)] if row.ended else []
        if digest_of(terms) == row.digest:  # it was ours, and both keys are those that it names
            words.insert(0, ("contract-offer", terms))
        elif row.standing in ("accepted", "declined"):
            words.insert(0, ("contract-accept" if row.standing == "accepted" else "contract-decline", said))
        outgoing.overtake_words(vault, unit, org, KINDS, row.id)
        for kind, body in words:
            _queue(vault, unit, partner, row.id, kind, body)
            count += 1
    return count


def _partner(vault: Vault, row: ContractRow) -> PartnerRow:
    partner = sharing.partner(vault, row.org)
    partners.check_may_share(partner)
    return partner


def _queue(vault: Vault, unit: Unit, partner: PartnerRow, ctr: str, kind: str, body: dict[str, Any]) -> Message:
    keys, reader = own_keys(vault), partners.key_set_of(partner)
    return outgoing.queue_control(vault, unit, keys, reader, kind, body, ctr)


# -- what arrives ------------------------------------------------------------------------------------------------------


def take(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> str:
    """Take a partner's word about an agreement in, and return what a person must know; a repeated one is nothing.

    Raises EnvelopeRefused for one of the wrong form, or about other keys than those that are known.
    """
    try:
        if opened.claims["type"] == "contract-offer":
            return _take_offer(vault, unit, opened, sender, name)
        body = AnswerBody.model_validate(opened.claims["body"])
    except ValidationError as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    row = next((each for each in sharing.contracts(vault) if each.id == opened.header.ctr), None)
    if row is None or row.org != sender.org or row.digest != body.digest or row.ended:
        return ""
    if opened.claims["type"] == "contract-revoke":
        count = contracts.record_end(vault, unit, row.id, f"Ended by {name}")
        return f"{visible(name)} has ended an agreement; {count} queued entries were withheld."
    if row.standing != "offered":
        return ""
    answer = "accepted" if opened.claims["type"] == "contract-accept" else "declined"
    fields = {"contract": row.id, "digest": row.digest, "answer": answer, "by": "them", "reason": body.reason}
    unit.record(build(ContractAnswered, fields | {"jws": opened.jws}))
    return f"{visible(name)} has {answer} an agreement; Partners shows it."


def _take_offer(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> str:
    terms = opened.claims["body"]
    body = AgreementBody.model_validate(terms)
    keys = own_keys(vault)
    parties = {keys.org: keys.identity_thumbprint, sender.org: sender.identity_thumbprint}
    if (body.ctr, body.offerer, body.accepter) != (opened.header.ctr, sender.org, keys.org):
        raise EnvelopeRefused("schema", "It offers an agreement between others.")
    if all(each.org != sender.org for each in sharing.partners(vault)):
        raise EnvelopeRefused("unknown-key", "It comes from an organisation that is no partner here.")
    if body.identities != parties:
        raise EnvelopeRefused("unknown-key", "It names other identity keys than ours and theirs.")
    if any(row.id == body.ctr for row in sharing.contracts(vault)):
        return ""
    fields = body.model_dump(include={"purpose", "basis", "review", "retention"})
    fields |= {"contract": body.ctr, "org": sender.org, "categories": tuple(body.categories)}
    try:
        unit.record(build(ContractReceived, fields | {"digest": digest_of(terms), "jws": opened.jws}))
    except Refused as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault
    return f"{visible(name)} offers an agreement; Partners shows it."
