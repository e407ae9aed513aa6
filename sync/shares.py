"""Sharing an entry with a partner: proposed, previewed as exact bytes, approved by a person, queued (R-60 to R-67)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.acts import (
    ShareAgreed,
    ShareApproved,
    ShareCorrected,
    SharePreviewed,
    ShareProposed,
    build,
)
from practice.errors import Refused
from practice.front_sheet import heed_code
from practice.sharing import basis_fault, needs_second
from practice.text import visible
from practice.vocabulary import PartnerKind
from storage import outbox
from storage.desk.front_sheet import check_heeded
from storage.ids import new_id
from storage.views import arrivals, cases, front_sheet, links, organisation, record, sharing
from storage.views.entries import NOTICE
from storage.views.record_rows import EntryRow
from storage.views.sharing import ContractRow, PartnerRow, ShareRow
from sync import contracts, envelope, outgoing, partners, spool
from sync import preview as pages
from sync.membership import own_keys
from sync.not_sharing import OPEN, check_state
from sync.plan import next_rev

if TYPE_CHECKING:
    from storage.vault import Unit, Vault

UNDER_WAY = ("queued", "offered", "delivered")


@dataclass(frozen=True)
class Preview:
    """What was frozen: `payload` is the exact bytes as text, `digest` their SHA-256 in hex, `page` the same for a
    person; `caution` is a sentence to be heeded, or blank. `read_first` is what the child's front sheet says of who
    must not be told, and `heed` the code of those sentences (R-08)."""

    share_id: str
    digest: str
    payload: str
    page: str
    caution: str
    read_first: tuple[str, ...] = ()
    heed: str = ""


@dataclass(frozen=True)
class Approved:
    """A share that is signed, sealed and queued."""

    share_id: str
    mid: str
    state: str
    caution: str


def propose(
    vault: Vault, entry_id: str, to: str, contract: str = "", *, owner_agrees: bool = False, on_share: str = ""
) -> str:
    """Propose an entry to a partner, under an agreement or as a single share, and return the share's id.

    A police notice, and what came from another agency by its owner's rule, is not shared on unless they agreed to it,
    and never where the rule says so (R-67, R-68). `on_share` is our own rule for what the partner may do: never, ask
    or yes; what another agency owns keeps theirs. Raises NotFound, and Refused also where the entry is on its way
    already, or nothing has changed.
    """
    entry = record.get(vault, entry_id)
    partner = sharing.partner(vault, to)
    partners.check_may_share(partner)
    with vault.write() as unit:
        rule = _check_may_share_on(vault, entry, agreed=owner_agrees)
        _check_not_open(vault, entry, partner)
        if contract:
            check_contract(vault, contracts.get(vault, contract), partner, entry)
        fields = {"share": new_id(), "org": partner.org, "contract": contract, "on_share": rule or on_share or "ask"}
        body = build(ShareProposed, fields)
        unit.record(body, child=entry.child_id, entry=entry.id)
    return str(body.share)


def owner_of(vault: Vault, entry: EntryRow) -> tuple[str, str]:
    """Return (owner, rule) of an entry that is another agency's: never, ask or yes; blank for one of our own (R-67)."""
    for source in arrivals.items(vault, item_id=entry.id, states=("accepted", "withdrawn")):
        if source.state == "withdrawn":
            return source.sender, "never"
        return source.sender, "ask" if entry.kind == NOTICE and source.on_share == "yes" else source.on_share
    if entry.kind == NOTICE and vault.school.organisation != PartnerKind.POLICE:
        return "the police", "ask"
    return links.on_share(vault, entry.id) or ("", "")


def _check_may_share_on(vault: Vault, entry: EntryRow, *, agreed: bool) -> str:
    """Return the owner's rule, which goes with the entry; raises Refused where it may not be shared on."""
    owner, rule = owner_of(vault, entry)
    signed = bool(arrivals.items(vault, item_id=entry.id))  # of an imported file the rule is what we noted ourselves
    if rule == "never" and (signed or not agreed):
        raise Refused(
            f"This entry is {visible(owner)}'s and may not be shared on. Nothing was proposed.",
            hint="Ask them; they can share it themselves with whoever needs it.",
        )
    if rule == "ask" and not agreed:
        hint = "Ask them; if they agree, propose it again and say so (--owner-agrees)."
        if entry.kind == NOTICE:
            raise Refused(
                "A police notice of a domestic incident is not shared on by default. Nothing was proposed.", hint=hint
            )
        raise Refused(
            f"This entry is {visible(owner)}'s and is shared on only when they were asked. Nothing was proposed.",
            hint=hint,
        )
    return rule


def _check_not_open(vault: Vault, entry: EntryRow, partner: PartnerRow) -> None:
    name = visible(partner.name)
    for share in sharing.shares(vault, entry_id=entry.id):
        if share.org != partner.org:
            continue
        if share.state in OPEN:
            raise Refused(
                f"This entry is proposed to {name} already. Nothing was changed.", hint=f"Its share is {share.id}."
            )
        if share.state in UNDER_WAY:
            raise Refused(
                f"This entry is on its way to {name} already. Nothing was changed.", hint=f"Its share is {share.id}."
            )
        if share.state == "acknowledged" and share.version_seen == entry.version:
            raise Refused(f"{name} has this version of the entry already. Nothing was changed.")


def check_contract(vault: Vault, contract: ContractRow, partner: PartnerRow, entry: EntryRow) -> None:
    """Raise Refused unless this agreement is with the partner, in force, and covers the entry (R-66).

    An entry whose category is still to be written is left to the person who approves it.
    """
    if contract.org != partner.org:
        raise Refused("That agreement is with another partner. Nothing was changed.")
    if fault := contracts.fault(contract, contracts.today(vault)):
        raise Refused(
            f"{fault} Nothing leaves under it.",
            hint="Review the agreement with the partner and add it again, or share this entry singly.",
        )
    about = {each for each in (entry.category, *entry.further_categories) if each}
    if contract.categories and about and not about & set(contract.categories):
        raise Refused(
            "The agreement does not cover what this entry is about. Nothing leaves under it.",
            hint="Share this entry singly, or agree with the partner on more.",
        )


def preview(vault: Vault, share_id: str) -> Preview:
    """Freeze the bytes that would be signed, and return them with the page that a person reads (R-65)."""
    keys = own_keys(vault)
    share = sharing.share(vault, share_id)
    check_state(share, *OPEN)
    partner = sharing.partner(vault, share.org)
    contract = contracts.get(vault, share.contract) if share.contract else None
    entry = record.get(vault, share.entry_id)
    body = _body(vault, share, entry) | ({"reason": share.reason} if share.corrects else {})
    with vault.write() as unit:
        previous = _last_revision(unit, partner.org, entry.id)
        rev = next_rev(max(previous or 0, share.rev) or None, outgoing.seconds(vault))
        mid = new_id()
        payload = envelope.build_payload(
            mid=mid,
            from_=keys.org,
            to=partner.org,
            ctr=_ctr(share),
            type_=kind_of(share),
            eid=entry.id,
            rev=rev,
            prev=previous,
            body=body,
            iat=outgoing.seconds(vault),
        )
        pages.check_size(payload)
        fields = {
            "share": share.id,
            "digest": digest_of(payload.decode()),
            "payload": payload.decode(),
            "mid": mid,
            "rev": rev,
            "version_seen": entry.version,
        }
        frozen: SharePreviewed = build(SharePreviewed, fields)
        unit.record(frozen, child=share.child_id, entry=share.entry_id)
    caution = partners.caution(partner)
    said = tuple(front_sheet.read_out(vault, share.child_id))
    page = pages.page(frozen.payload, partner, contract, caution, said)
    return Preview(share.id, frozen.digest, frozen.payload, page, caution, said, heed_code(said))


def _body(vault: Vault, share: ShareRow, entry: EntryRow) -> dict[str, Any]:
    case = cases.number_for(vault, share.org, entry.child_id, share.contract)
    return pages.entry_body(vault, entry, case, to=share.org, on_share=share.on_share)


def kind_of(share: ShareRow) -> str:
    """Return the kind of message that carries a share."""
    return "correction" if share.corrects else "entry"


def digest_of(payload: str) -> str:
    """Return the SHA-256 of the frozen bytes, in hex."""
    return hashlib.sha256(payload.encode()).hexdigest()


def _last_revision(unit: Unit, org: str, eid: str) -> int | None:
    sent = [each.rev or 0 for each in outbox.of_entry(unit.connection, org, eid, "data")]
    return max(sent) if sent else None


def _ctr(share: ShareRow) -> str:
    """Return the random number of the share's agreement, or one of its own that stays with a single share."""
    if share.contract:
        return share.contract
    return str(json.loads(share.payload)["ctr"]) if share.payload else secrets.token_hex(16)


def approve(
    vault: Vault,
    share_id: str,
    digest: str,
    basis: str,
    child_told: str,
    parent_told: str,
    reason: str,
    *,
    heeded: str = "",
    urgent: bool = False,
) -> Approved:
    """Approve the frozen bytes: they are signed, sealed for the partner and queued in the transaction of the act.

    Where the school asks for a second approver and one is here, the share waits for that yes: its state is `agreed`.
    Raises Refused where they are not the bytes that were previewed, the record or the child has changed since, the
    basis is not open to this organisation, the agreement is past its review, something that R-60 asks is missing, or
    the front sheet says who must not be told and `heeded` is not the code of what it says now (R-08).
    """
    fields: dict[str, Any] = {"share": share_id, "digest": digest, "basis": basis, "reason": reason}
    fields |= {"child_told": child_told, "parent_told": parent_told, "urgent": urgent}
    with vault.write() as unit, vault.read():  # all that is asked of the record is asked in one look
        _check_answers(vault, fields)
        share = sharing.share(vault, share_id)
        check_state(share, "proposed", "held")
        ready = _ready(vault, share, digest)
        fields["heeded"] = check_heeded(vault, [share.child_id], heeded, "Nothing was approved.")
        due, others = _second_due(vault, ready.entry, basis)
        if due and others:
            unit.record(build(ShareAgreed, fields), child=share.child_id, entry=share.entry_id)
            return Approved(share.id, share.mid, "agreed", f"It leaves once one of these says yes too: {others}.")
        fields["alone"] = NOBODY_ELSE if due else ""
        message = _queue(vault, unit, share, ready, fields)
    spool.keep(vault, message.mid, message.envelope)
    return Approved(share.id, message.mid, message.state, partners.caution(ready.partner))


NOBODY_ELSE = "Nobody else who approves was here: away, or nobody has that role."


def _second_due(vault: Vault, entry: EntryRow, basis: str) -> tuple[bool, str]:
    """Return whether the school asks for a second approver of an entry, and the names of those who are here."""
    rules = organisation.sharing_rules(vault)
    due = needs_second(rules, (entry.category, *entry.further_categories), basis)
    return due, _others(vault) if due else ""


def _others(vault: Vault) -> str:
    return ", ".join(organisation.others_who_approve(vault, contracts.today(vault)))


def second(vault: Vault, share_id: str, digest: str, *, heeded: str = "") -> Approved:
    """Say yes as the second approver to the very bytes that the first one approved; they are queued with it.

    Whoever approved it first says it alone where everybody else is away by now: else raises Refused for them; also
    for other bytes, and for all that `approve` raises it for.
    """
    with vault.write() as unit, vault.read():
        share = sharing.share(vault, share_id)
        check_state(share, "agreed")
        mine, others = share.agreed_by_id == vault.person.id, _others(vault)
        if mine and others:
            raise Refused(f"You approved this share first: another person says the second yes ({others}).")
        ready = _ready(vault, share, digest)
        read = check_heeded(vault, [share.child_id], heeded, "Nothing was approved.")
        fields = {name: getattr(share, name) for name in ("basis", "child_told", "parent_told", "reason", "urgent")}
        fields |= {"share": share.id, "digest": share.digest, "heeded": read}
        fields |= {"alone": NOBODY_ELSE} if mine else {"first": share.agreed_by_id}
        message = _queue(vault, unit, share, ready, fields)
    spool.keep(vault, message.mid, message.envelope)
    return Approved(share.id, message.mid, message.state, partners.caution(ready.partner))


@dataclass(frozen=True)
class _Ready:
    partner: PartnerRow
    claims: dict[str, Any]
    entry: EntryRow
    until: datetime | None


def _ready(vault: Vault, share: ShareRow, digest: str) -> _Ready:
    """Return what an approval seals, once the partner, the bytes and the agreement hold."""
    partner = sharing.partner(vault, share.org)
    partners.check_may_share(partner)
    claims, entry = _check_frozen(vault, share, digest)
    until = None
    if share.contract:
        contract = contracts.get(vault, share.contract)
        check_contract(vault, contract, partner, entry)
        until = contracts.ends(contract)
    return _Ready(partner, claims, entry, until)


def _queue(vault: Vault, unit: Unit, share: ShareRow, ready: _Ready, fields: dict[str, Any]) -> outbox.Message:
    """Record the approval, and sign, seal and queue the bytes in its transaction."""
    approved = build(ShareApproved, fields | {"mid": share.mid})
    unit.record(approved, child=share.child_id, entry=share.entry_id)
    ctr, kind = ready.claims["ctr"], kind_of(share)
    address = outgoing.Address(share.mid, ctr, kind, share.entry_id, share.rev, share.id, ready.until)
    keys, reader = own_keys(vault), partners.key_set_of(ready.partner)
    message = outgoing.queue(vault, unit, share.payload.encode(), address, keys, reader)
    if share.corrects:
        corrected = build(ShareCorrected, {"share": share.corrects, "by": share.id})
        unit.record(corrected, child=share.child_id, entry=share.entry_id)
        outgoing.overtaken(vault, unit, share.corrects)
    return message


def _check_answers(vault: Vault, fields: dict[str, Any]) -> None:
    if not fields["reason"].strip():
        raise Refused("A share needs its reason. Nothing was approved.", hint="Write why in one sentence.")
    if fault := basis_fault(fields["basis"], vault.school.organisation, organisation.calendar(vault).nation):
        raise Refused(f"{fault} Nothing was approved.")
    for who, told in (("the child", fields["child_told"]), ("a parent", fields["parent_told"])):
        if told not in ("told", "not_yet", "not_safe"):
            raise Refused(
                f"Say whether {who} was told. Nothing was approved.", hint="Answer told, not_yet or not_safe."
            )


def _check_frozen(vault: Vault, share: ShareRow, digest: str) -> tuple[dict[str, Any], EntryRow]:
    """Return the frozen claims and the entry, if they are what was previewed and still what the record says."""
    if not share.payload:
        raise Refused("This share was not previewed yet. Nothing was approved.", hint="Preview it, then approve.")
    if digest.strip().lower() != share.digest or digest_of(share.payload) != share.digest:
        raise Refused(
            "Those are not the bytes that were last previewed. Nothing was approved.", hint="Preview the share again."
        )
    entry = record.get(vault, share.entry_id)
    claims: dict[str, Any] = json.loads(share.payload)
    if not still_so(vault, share):
        raise Refused(
            "The record has changed since it was previewed. Nothing was approved.", hint="Preview the share again."
        )
    return claims, entry


def still_so(vault: Vault, share: ShareRow) -> bool:
    """Say whether the frozen bytes are what the record would give now, masks of names among it."""
    entry = record.get(vault, share.entry_id)
    claims: dict[str, Any] = json.loads(share.payload)
    same = entry.version == share.version_seen and entry.child_id == share.child_id
    return same and _same_body(vault, share, entry, claims)


def _same_body(vault: Vault, share: ShareRow, entry: EntryRow, claims: dict[str, Any]) -> bool:
    """Say whether the record would give the same bytes now: a name, a date or a role may have changed beside it."""
    said = {name: value for name, value in claims["body"].items() if name != "reason"}
    now = _body(vault, share, entry)
    if share.state == "agreed":  # the bytes name the role of who approved them first
        now["approved_by_role"] = said.get("approved_by_role")
    return now == said
