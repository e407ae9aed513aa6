"""What has left and is not settled: asked after, sealed anew, sent again to who lost it (protocol: rules 5 to 10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from practice.acts import ShareProgressed, build
from practice.errors import ConsoleError
from practice.text import visible
from storage import outbox
from storage.desk.front_sheet import HELD, recheck
from storage.ids import new_id
from storage.ledger import Draft
from storage.outbox import Message
from storage.types import utc_text
from storage.views import arrivals, sharing
from storage.views.sharing_tables import OVERTAKEN
from storage.views.unanswered import COLLECTED
from sync import agreements, cases, contracts, corrections, envelope, inbox, outgoing, spool
from sync.identity import KeySet
from sync.membership import own_keys
from sync.taking import UNREAD

if TYPE_CHECKING:
    from storage.vault import Unit, Vault
    from storage.views.sharing import ShareRow
    from sync.carriers.hub import HubClient

ASKED_AT_ONCE = 500
MOST_NAMED = 1500
"""So many entries may be named in one message."""
ENDED = "The agreement has ended."
CHANGES = ("cancelled", "unknown", "expired")
"""What a hub may say of a message that then takes another way."""
LEAST_DAYS, MOST_DAYS = 7, 90
"""For how long at least, and at most, an answer is waited for, whatever a hub says of how long it keeps anything."""


def tell_ended(vault: Vault, client: HubClient) -> None:
    """End at the hub what was ended here: what nobody has collected is purged there (rule 10)."""
    with vault.read() as connection:
        waiting: list[str] = json.loads(outbox.exchange(connection, contracts.ENDED) or "[]")
    for ctr in waiting:
        client.revoke(ctr)
    if waiting:
        with vault.write() as unit:
            later = [
                each for each in json.loads(outbox.exchange(unit.connection, contracts.ENDED)) if each not in waiting
            ]
            outbox.set_exchange(unit.connection, contracts.ENDED, json.dumps(later))


def ask_after(vault: Vault, client: HubClient) -> list[str]:
    """Ask the hub what became of what it has, and return what a person must know.

    What nobody collected in time is sealed anew and sent again; what was purged with its agreement is withheld; what a
    hub that was restored does not know any more is offered again. Receipts are not asked after: whoever misses one
    sends the entry again.
    """
    there = _at_the_hub(vault)
    said: list[str] = []
    for at in range(0, len(there), ASKED_AT_ONCE):
        group = {each.mid: each for each in there[at : at + ASKED_AT_ONCE]}
        states = client.status(list(group))
        _collected(vault, [group[mid] for mid, state in states.items() if state == "collected"])
        said += [_became(vault, group[mid], state) for mid, state in states.items() if state in CHANGES]
    return [each for each in said if each]


def _collected(vault: Vault, messages: Sequence[Message]) -> None:
    """Note what was fetched, all of it in one transaction: of a day's batch that is nearly every message."""
    fresh = [message for message in messages if message.detail != COLLECTED]
    if fresh:
        with vault.write() as unit:
            for message in fresh:
                outbox.mark(unit.connection, message.mid, "delivered", message.changed_at, COLLECTED)


def _at_the_hub(vault: Vault) -> list[Message]:
    """Return what the hub has and no partner has answered: entries, what takes them back, and words."""
    beside = sharing.ways(vault)
    with vault.read() as connection:
        there = outbox.messages(connection, "delivered")
    return [each for each in there if each.type != "receipt" and each.org not in beside]


def _became(vault: Vault, message: Message, state: str) -> str:
    with vault.write() as unit:
        if state == "cancelled":
            _moved(vault, unit, message, "withheld", ENDED)
        elif state == "unknown":
            _moved(vault, unit, message, "queued", "offered again")
        elif state == "expired":
            return _once_more(vault, unit, message, "did not collect an entry in time", "")
    return ""


def send_unanswered(vault: Vault, kept_days: int) -> list[str]:
    """Send once more what a partner collected longer ago than a hub keeps anything, and never answered.

    Their answer is lost, or what they fetched is; they take it in once, and answer again (rule 2). Returns what a
    person must know.
    """
    days = max(LEAST_DAYS, min(kept_days, MOST_DAYS))
    before = utc_text(vault.clock() - timedelta(days=days))
    said = []
    for message in _at_the_hub(vault):
        if message.detail == COLLECTED and message.changed_at < before:
            with vault.write() as unit:
                said.append(
                    _once_more(vault, unit, message, f"collected an entry and said nothing for {days} days", COLLECTED)
                )
    return [each for each in said if each]


def _once_more(vault: Vault, unit: Unit, message: Message, why: str, detail: str) -> str:
    """Send what is lost again, and return what a person must know of an entry; a word is said anew by itself."""
    if message.share is None:
        outbox.mark(unit.connection, message.mid, "expired", outgoing.now(vault), detail)
        say_anew(vault, unit, message)
        return ""
    _moved(vault, unit, message, "expired", detail)
    again = seal_anew(vault, unit, message)
    then = "It is sent again" if again else "It is not sent again"
    return f"{_name(vault, message.org)} {why}. {then}; telephone them, sync is not a referral."


def say_anew(vault: Vault, unit: Unit, message: Message) -> None:
    """Say a word that is about no entry once more, as it stands today; one that is known already changes nothing.

    Key sets are read at the hub with each sync, and so need no saying.
    """
    from sync import inventory

    reader = _reader(vault, message.org)
    if reader is None:
        return
    if message.type in agreements.KINDS:
        agreements.say_again(vault, unit, message.org, message.ctr)
    elif message.type in cases.KINDS:
        cases.say_again(vault, unit, message.org, message.ctr, changed=message.type == cases.CHANGED)
    elif message.type == "resync?":
        body = {"role": outgoing.own_role(vault), "why": ""}
        outgoing.queue_control(vault, unit, own_keys(vault), reader, "resync?", body)
    elif message.type == "inventory?":
        inventory.ask_one(vault, unit, own_keys(vault), reader)
    elif message.type == "inventory":
        inventory.tell_all(vault, unit, reader)


def _moved(vault: Vault, unit: Unit, message: Message, state: str, detail: str) -> None:
    drafts: Sequence[Draft] = outgoing.moved(unit.connection, message, state, detail, outgoing.now(vault))
    if drafts:
        unit.record_many(drafts)


def _name(vault: Vault, org: str) -> str:
    return next((visible(row.name) for row in sharing.partners(vault, removed=True) if row.org == org), org)


def open_with_new_keys(vault: Vault) -> None:
    """Seal anew what a partner could not open, once they, or we, have other keys (rule 9).

    That is what they refused for it, and what waits here or was collected and never answered, where it is sealed for a
    key that they show no longer: who lost their keys could not say so with a signature that counts.
    """
    from sync.renewing import RENEWED_AT

    with vault.read() as connection:
        ours = outbox.exchange(connection, RENEWED_AT)
        found = outbox.messages(connection, "refused", "delivered", *outbox.WAITING)
    readers = {row.org: inbox.reader_of(row) for row in sharing.partners(vault)}
    for message in [each for each in found if each.share]:
        waits = message.state in outbox.WAITING
        silent = waits or (message.state, message.detail) == ("delivered", COLLECTED)
        reader = readers.get(message.org) if silent or message.detail == "unknown-key" else None
        if reader is None:
            continue
        same = {each.thumbprint() for each in reader.encryption} & set(_sealed_for(message))
        if same and (silent or message.made_at >= ours):
            continue
        with vault.write() as unit:
            fresh = seal_anew(vault, unit, message)
        if waits and fresh is not None:
            spool.discard(vault, message.mid)
            spool.keep(vault, fresh.mid, fresh.envelope)


def _sealed_for(message: Message) -> tuple[str, ...]:
    return envelope.read_header(message.envelope).kids


def _reader(vault: Vault, org: str) -> KeySet | None:
    """Return whom we may still write to: a partner here, whose identity key is not in doubt."""
    row = next((each for each in sharing.partners(vault) if each.org == org), None)
    return inbox.reader_of(row)


def seal_anew(vault: Vault, unit: Unit, message: Message) -> Message | None:
    """Queue the same approved words under a new id, for the reader's keys of today; None where nothing may leave.

    A person approved the words; only their envelope is another, and its receiver takes them in once (rules 2 and 9).
    """
    reader = _reader(vault, message.org)
    if message.share is None or reader is None:
        return None
    share = sharing.share(vault, message.share)
    contract = contracts.get(vault, share.contract) if share.contract else None
    data = message.type in outgoing.DATA
    if data and contract is not None and contracts.fault(contract, contracts.today(vault)):
        return None
    keys, mid = own_keys(vault), new_id()
    if data:
        claims = json.loads(share.payload)
        parts = {name: claims[name] for name in ("to", "ctr", "eid", "rev", "prev", "body", "iat")}
        payload = envelope.build_payload(mid=mid, from_=keys.org, type_=claims["type"], **parts)
    else:
        payload = corrections.payload_of_withdrawal(vault, share, message, mid)
    until = contracts.ends(contract) if data and contract else None
    address = outgoing.Address(
        mid, message.ctr, message.type, message.eid or "", message.rev or 0, message.share, until
    )
    fresh = outgoing.queue(vault, unit, payload, address, keys, reader)
    outbox.mark(unit.connection, message.mid, "superseded", outgoing.now(vault))
    if data and share.state not in OVERTAKEN:
        fields = {"share": share.id, "mid": mid, "state": "queued", "detail": "sealed anew"}
        unit.record(build(ShareProgressed, fields), child=share.child_id or None, entry=share.entry_id)
    return fresh


# -- who lost something ------------------------------------------------------------------------------------------------


def ask_for_all(vault: Vault, orgs: Collection[str] | None = None, *, why: str = "") -> int:
    """Ask every partner (or these) for what they sent before: all of it once this vault was put back (rule 6), and
    their word about ours where `why` is "epoch", since the hub was (rule 5); what of theirs is here goes with that,
    since this vault may have been put back too.
    """
    keys = own_keys(vault)
    asked = 0
    for row in sharing.partners(vault):
        reader = inbox.reader_of(row)
        if reader is None or (orgs is not None and row.org not in orgs):
            continue
        body: dict[str, Any] = {"role": outgoing.own_role(vault), "why": why}
        if why == "epoch":
            body |= _here(vault, row.org)
        with vault.write() as unit:
            if why != "epoch":
                outgoing.overtake_words(vault, unit, row.org, ("resync?",))
            outgoing.queue_control(vault, unit, keys, reader, "resync?", body)
        asked += 1
    return asked


def ask_unread(vault: Vault, goes: Callable[[str], bool]) -> None:
    """Ask those of the partners that `goes` names for everything whose words, no entries, could not be opened here;
    whoever reads this has keys that hold again."""
    with vault.read() as connection:
        unread = set(json.loads(outbox.exchange(connection, UNREAD) or "[]"))
    named = {org for org in unread if goes(org)}
    if named:
        ask_for_all(vault, named)
        with vault.write() as unit:
            outbox.set_exchange(unit.connection, UNREAD, json.dumps(sorted(unread - named)))


def _here(vault: Vault, org: str) -> dict[str, Any]:
    """Return the revisions that we hold of a partner's entries; of too many nothing is said, and all is asked for."""
    have: dict[str, int] = {}
    for item in arrivals.items(vault):
        if item.org == org:
            have[item.eid] = max(have.get(item.eid, 0), item.rev)
    return {"have": have} if len(have) <= MOST_NAMED else {"why": ""}


def answer_all_again(vault: Vault, unit: Unit, org: str) -> None:
    """Say our word about a partner's entries once more: the hub may have lost it. What of ours has no receipt is
    offered again by itself under the new epoch."""
    reader = _reader(vault, org)
    for item in arrivals.items(vault):
        if reader is not None and item.org == org and item.state in inbox.ANSWERED:
            inbox.answer_again(vault, unit, item, reader)


def send_lacking(vault: Vault, unit: Unit, org: str, have: Mapping[str, int]) -> int:
    """Offer a partner again what it has receipted and does not hold, by the revisions that it names; how many."""
    sent = 0
    for share in _newest(vault, org):
        last = _last_message(unit, share)
        if last is not None and last.state == "acknowledged" and have.get(share.entry_id, 0) < (last.rev or 0):
            sent += seal_anew(vault, unit, last) is not None
    return sent


def _newest(vault: Vault, org: str) -> list[ShareRow]:
    """Return the newest share of each entry that a partner should have."""
    newest: dict[str, ShareRow] = {}
    for share in sharing.shares(vault):
        if share.org == org and share.state in ("delivered", "acknowledged", "withdrawn"):
            here = newest.get(share.entry_id)
            newest[share.entry_id] = share if here is None or share.rev > here.rev else here
    return list(newest.values())


def _last_message(unit: Unit, share: ShareRow) -> Message | None:
    """Return the message by which a share stands with the partner: its entry, or what took it back."""
    kinds = ("withdrawal",) if share.state == "withdrawn" else outgoing.DATA
    messages = [each for each in outbox.of_share(unit.connection, share.id) if each.type in kinds]
    return messages[-1] if messages else None


def send_all_again(vault: Vault, unit: Unit, org: str) -> int:
    """Offer a partner that lost its record everything of ours again, and our word about theirs; how many messages.

    They take in once what they still have (rule 2).
    """
    sent = 0
    for share in _newest(vault, org):
        last = _last_message(unit, share)
        if last is not None and last.state in ("delivered", "acknowledged"):
            sent += seal_anew(vault, unit, last) is not None
    reader = _reader(vault, org)
    for item in arrivals.items(vault):
        if reader is not None and item.org == org and item.state in inbox.ANSWERED:
            inbox.answer_again(vault, unit, item, reader)
            sent += 1
    return sent + agreements.say_again(vault, unit, org) + cases.say_again(vault, unit, org)


def follow_up(vault: Vault, client: HubClient) -> list[str]:
    """Do all that the hub's answer may settle, before anything is offered; return what a person must know."""
    said: list[str] = []
    try:
        tell_ended(vault, client)
    except ConsoleError as fault:
        if fault.status == 5:
            raise
        said.append(f"An agreement could not be ended at the hub. {fault.message}")
    open_with_new_keys(vault)
    return said + ask_after(vault, client)


def before_any(vault: Vault) -> list[str]:
    """Do what comes before anything leaves by whichever way, and return what a person must know.

    Partners are asked what they hold once this vault was put back, and what was approved before a child's front sheet
    said who must not be told is held.
    """
    from sync import inventory

    said: list[str] = []
    if asked := inventory.ask(vault):
        said.append(
            f"This vault was put back: {asked} {'partner is' if asked == 1 else 'partners are'} asked what they hold."
        )
    if held := recheck(vault):
        said.append(f"{held} approved {'entry is' if held == 1 else 'entries are'} held. {HELD}")
    return said
