"""After our own restore: partners are asked what they hold of ours, and both sides are compared (protocol: rule 8).

What a partner gives back is our own signed word, so nobody can make any up. It is adopted as known to have been sent;
whether it goes into the record again is for a person, who sees both texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from practice.acts import ItemArrived, ItemCorrected, ItemWithdrawn, RecoveredSettled, ShareRecovered, build
from practice.dates import Occurred
from practice.errors import Refused
from practice.received import received_entry
from practice.text import visible
from storage import ledger, outbox
from storage.desk.concerns import amend, check_codes
from storage.erasing import was_erased
from storage.ids import new_id
from storage.restore import INVENTORY
from storage.views import arrivals, children, record, sharing
from sync import again, agreements, inbox, outgoing, plan, renewing
from sync.bodies import EntryBody, InventoryAskedBody, InventoryBody
from sync.envelope import SIGNED_TYPE, EnvelopeRefused
from sync.hub import jose
from sync.hub.jose import JoseFault
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.vault import Unit, Vault
    from storage.views.sharing import ShareRow
    from sync.envelope import Opened
    from sync.identity import KeySet, OrgKeys

AT_ONCE = 1500
ROOM = 90_000
"""So many characters of signed words go into one message: twice encoded they stay under an envelope's 256 KiB."""


def ask(vault: Vault) -> int:
    """Ask every partner what they hold of ours, where this vault was put back and nobody asked yet; how many."""
    with vault.read() as connection:
        if outbox.exchange(connection, INVENTORY) != "due":
            return 0
    keys, asked = own_keys(vault), 0
    with vault.write() as unit:
        for row in sharing.partners(vault):
            reader = inbox.reader_of(row)
            if reader is not None:
                ask_one(vault, unit, keys, reader)
                asked += 1
        outbox.set_exchange(unit.connection, INVENTORY, "asked")
    return asked


def ask_one(vault: Vault, unit: Unit, keys: OrgKeys, reader: KeySet) -> None:
    """Ask one partner what they hold of ours."""
    outgoing.overtake_words(vault, unit, reader.org, ("inventory?",))
    body = {"have": _sent(vault, reader.org), "role": outgoing.own_role(vault)}
    outgoing.queue_control(vault, unit, keys, reader, "inventory?", body)


def ask_of_unknown(vault: Vault, unit: Unit, entry: str, reader: KeySet) -> bool:
    """Ask a partner what they hold, since they answer a message that this vault does not know: it was put back.

    `entry` is what it was about, blank for a word about none, such as the end of an agreement. Not about what was
    erased here, and not again while they were asked and have not answered.
    """
    known = any(row.org == reader.org for row in sharing.partners(vault))
    waiting = outbox.messages(unit.connection, *outbox.OPEN) if known else []
    asked = any((each.type, each.org) == ("inventory?", reader.org) for each in waiting)
    if not known or asked or was_erased(unit.connection, entry):
        return False
    ask_one(vault, unit, own_keys(vault), reader)
    return True


def came_back(vault: Vault, org: str, entry: str, rev: int) -> bool:
    """Say whether a partner gave back this revision of our entry, or a higher one, after a restore."""
    mine = [each for each in sharing.shares(vault, entry_id=entry) if each.org == org and each.recovered]
    return any(each.rev >= rev for each in mine)


def _sent(vault: Vault, org: str) -> dict[str, int]:
    """Return the highest revision that we know to have sent to a partner, by entry; at most 1,500 of them."""
    found: dict[str, int] = {}
    with vault.read() as connection:
        for message in outbox.messages(connection):
            if message.org == org and message.eid and message.type in (*outgoing.DATA, "withdrawal"):
                found[message.eid] = max(found.get(message.eid, 0), message.rev or 0)
    for share in sharing.shares(vault):
        if share.org == org and share.rev and share.state not in ("proposed", "held", "not_shared"):
            found[share.entry_id] = max(found.get(share.entry_id, 0), share.rev)
    return dict(list(found.items())[-AT_ONCE:])


# -- what arrives ------------------------------------------------------------------------------------------------------


def take(vault: Vault, unit: Unit, opened: Opened, sender: KeySet, name: str) -> str:
    """Take a question or an answer in, and return what a person must know; raises EnvelopeRefused for a bad form."""
    try:
        if opened.claims["type"] == "inventory?":
            asked = InventoryAskedBody.model_validate(opened.claims["body"])
            return _answer(vault, unit, asked, sender, name)
        return _compare(vault, unit, InventoryBody.model_validate(opened.claims["body"]), sender, name)
    except ValidationError as fault:
        raise EnvelopeRefused("schema", "Its content is not written as it must be.") from fault


def _answer(vault: Vault, unit: Unit, asked: InventoryAskedBody, sender: KeySet, name: str) -> str:
    """Say what we hold of theirs, and give back their own signed words that they do not name."""
    count = _tell(vault, unit, asked.have, sender)
    agreements.say_again(vault, unit, sender.org)
    return f"{visible(name)} was put back from a backup and asked what we hold of theirs: {count} given back."


def tell_all(vault: Vault, unit: Unit, reader: KeySet) -> None:
    """Say all that we hold of a partner's, whose question we no longer have: they adopt once what they lack."""
    _tell(vault, unit, {}, reader)


def _tell(vault: Vault, unit: Unit, known: Mapping[str, int], sender: KeySet) -> int:
    mine = [each for each in arrivals.items(vault) if each.org == sender.org]
    newest: dict[str, arrivals.ItemRow] = {}
    for each in mine:
        if each.eid not in newest or newest[each.eid].rev < each.rev:
            newest[each.eid] = each
    listed = list(newest.values())[:AT_ONCE]
    have = {each.eid: {"rev": each.rev, "digest": plan.content(json.loads(each.payload))} for each in listed}
    lacking = [each.id for each in newest.values() if each.rev > known.get(each.eid, 0)]
    parts = _in_parts(_words_of(unit, lacking))
    keys = own_keys(vault)
    for place, back in enumerate(parts or [[]]):
        first = place == 0
        body: dict[str, Any] = {"have": have if first else {}, "whole": first and len(newest) <= AT_ONCE, "back": back}
        outgoing.queue_control(vault, unit, keys, sender, "inventory", body | {"role": outgoing.own_role(vault)})
    return len(lacking)


def _words_of(unit: Unit, items: list[str]) -> list[str]:
    """Return the signed proof of the newest revision of each of these items."""
    found: dict[str, tuple[int, str]] = {}
    for at in range(0, len(items), 400):
        kinds = ["item_arrived", "item_corrected", "item_withdrawn"]
        for act in ledger.acts_where(unit.connection, "entry", items[at : at + 400], kinds):
            body = act.body
            if isinstance(body, ItemArrived | ItemCorrected | ItemWithdrawn):
                before = found.get(act.entry or "", (-1, ""))
                found[act.entry or ""] = max(before, (body.rev, body.jws))
    return [jws for _, jws in found.values()]


def _in_parts(words: list[str]) -> list[list[str]]:
    parts: list[list[str]] = []
    size = ROOM + 1
    for each in words:
        if size + len(each) > ROOM or len(parts[-1]) >= 100:
            parts.append([])
            size = 0
        parts[-1].append(each)
        size += len(each)
    return parts


def _compare(vault: Vault, unit: Unit, answer: InventoryBody, sender: KeySet, name: str) -> str:
    """Adopt what is newer there, offer again what is older or missing there, and name what differs."""
    sent = _sent(vault, sender.org)
    adopted = sum(_adopt(vault, unit, jws, sender.org, sent) for jws in answer.back)
    offered, differs = 0, 0
    for share in _standing(vault, sender.org):
        held = answer.have.get(share.entry_id)
        if held is None and not answer.whole:
            continue
        if held is None or held.rev < share.rev:
            kinds = ("withdrawal",) if share.state == "withdrawn" else outgoing.DATA
            messages = [each for each in outbox.of_share(unit.connection, share.id) if each.type in kinds]
            offered += bool(messages) and again.seal_anew(vault, unit, messages[-1]) is not None
        elif held.rev == share.rev and share.payload and held.digest != plan.content(json.loads(share.payload)):
            differs += share.state != "withdrawn"
    said = [
        f"{adopted} newer than here, for you to look at on Today" if adopted else "",
        f"{offered} offered to them again" if offered else "",
        f"{differs} in other words under the same version: ring them" if differs else "",
    ]
    words = ", ".join(each for each in said if each)
    return f"Compared with what {visible(name)} holds: {words}." if words else ""


def _standing(vault: Vault, org: str) -> list[ShareRow]:
    """Return the newest share of each entry that this partner should have."""
    newest: dict[str, ShareRow] = {}
    for share in sharing.shares(vault):
        theirs = share.org == org and share.state in ("delivered", "acknowledged", "withdrawn") and not share.recovered
        if theirs and newest.get(share.entry_id, share).rev <= share.rev:
            newest[share.entry_id] = share
    return list(newest.values())


def _adopt(vault: Vault, unit: Unit, jws: str, org: str, sent: dict[str, int]) -> bool:
    """Adopt one of our own signed words that we had lost; False for what is known, or is not ours."""
    try:
        claimed = jose.verify(jws, renewing.own_signing(vault), SIGNED_TYPE)
        claims = jose.strict_json(claimed.payload)
        kind, eid, rev = claims["type"], str(claims["eid"]), int(claims["rev"])
        ours = claims["from"] == own_keys(vault).org and claims["to"] == org
        if not ours or kind not in (*outgoing.DATA, "withdrawal") or rev <= sent.get(eid, 0) or not 0 < len(eid) <= 64:
            return False
        if was_erased(unit.connection, eid):
            return False
        if kind in outgoing.DATA:
            EntryBody.model_validate(claims["body"])
    except (JoseFault, KeyError, ValueError, TypeError):
        return False
    there = next((each for each in sharing.shares(vault, entry_id=eid) if each.org == org), None)
    fields = {
        "share": there.id if there else new_id(),
        "org": org,
        "contract": there.contract if there else "",
        "mid": str(claims["mid"]),
        "rev": rev,
        "withdrawn": kind == "withdrawal",
        "payload": claimed.payload.decode(),
        "jws": jws,
    }
    unit.record(build(ShareRecovered, fields), child=there.child_id or None if there else None, entry=eid)
    return True


# -- a person's answer -------------------------------------------------------------------------------------------------


def open_shares(vault: Vault) -> list[ShareRow]:
    """Return what came back and nobody has looked at yet."""
    return sharing.recovered(vault)


def take_in(vault: Vault, share_id: str, child_id: str = "") -> str:
    """Take what came back into the record, and return the entry's id: a new version, or the entry itself where it is
    lost, under the child that a person names."""
    share = _open(vault, share_id)
    if share.state == "withdrawn":
        raise Refused("What came back is that it was taken back: there is no text to take in.", hint="Leave it.")
    fields = received_entry(share.payload)
    settled = build(RecoveredSettled, {"share": share.id, "how": "taken"})
    if not sharing.entry_is_here(vault, share.entry_id):
        child = children.get(vault, child_id) if child_id else None
        if child is None:
            raise Refused("Whose entry was it? Nothing was taken in.", hint="Name the child.")
        check_codes(category=fields.category)
        with vault.write() as unit:
            again_here = fields.model_copy(update={"how_known": "document", "answers": ""})
            unit.record(again_here, child=child.id, entry=share.entry_id)
            unit.record(settled, child=child.id, entry=share.entry_id)
        return share.entry_id
    when: Occurred = fields.occurred
    reason = f"As {visible(share.partner)} holds it; this record was put back from a backup."
    amend(vault, share.entry_id, fields.text, reason, childs_words=fields.childs_words, when=when)
    vault.record(settled, child=share.child_id or None, entry=share.entry_id)
    return share.entry_id


def leave(vault: Vault, share_id: str, reason: str) -> None:
    """Leave the record as it is, with the reason; what the partner holds stays known."""
    share = _open(vault, share_id)
    if not reason.strip():
        raise Refused("That needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    body = build(RecoveredSettled, {"share": share.id, "how": "left", "reason": reason})
    vault.record(body, child=share.child_id or None, entry=share.entry_id)


def _open(vault: Vault, share_id: str) -> ShareRow:
    share = sharing.share(vault, share_id)
    if share.recovered != "open":
        raise Refused("That did not come back from a partner, or was looked at already. Nothing was changed.")
    return share


def here_text(vault: Vault, share: ShareRow) -> str:
    """Return how the entry stands in this record now; blank where it is lost."""
    return record.get(vault, share.entry_id).text if sharing.entry_is_here(vault, share.entry_id) else ""
