"""Taking one envelope in during a sync: whose it is, whether it holds, what it does, and what we answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.errors import Refused
from practice.text import visible
from storage import outbox
from storage.outbox import Message
from storage.views import sharing
from storage.views.sharing import PartnerRow
from sync import envelope, inbox, outgoing, partners, spool
from sync.envelope import EnvelopeRefused, Opened, Routing
from sync.identity import KeySet, read_key_set
from sync.inbox import Effect
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.vault import Unit, Vault
    from sync.partners import KeySource

CODES = {"bad-signature": "schema", "too-large": "schema", "algorithm": "schema"}
"""Our own words for a fault, as the protocol's receipts know them."""


UNREAD = "unread"
"""Where the exchange keeps the partners whose word, no entry, was sealed or signed with a key that is not known: they
are asked to say it again."""


class Taking:
    """The reading side of one sync."""

    def __init__(self, vault: Vault, client: KeySource) -> None:
        self.vault = vault
        self.client = client
        self.keys = own_keys(vault)
        self._asked: set[str] = set()
        self._answered: set[str] = set()

    def partner(self, org: str) -> PartnerRow | None:
        """Return the partner as now known, also one that was removed."""
        return next((row for row in sharing.partners(self.vault, removed=True) if row.org == org), None)

    def refresh_keys(self) -> list[str]:
        """Read every partner's key set anew and return what a person must know of it."""
        beside = sharing.ways(self.vault)
        rows = [row for row in sharing.partners(self.vault) if row.org not in beside]
        return [sentence for row in rows if (sentence := self.refresh(row))]

    def refresh(self, row: PartnerRow) -> str:
        """Fetch one partner's keys, at most once in a sync; HubUnreachable is let through."""
        if row.org in self._asked:
            return ""
        self._asked.add(row.org)
        try:
            change = partners.refresh(self.vault, self.client, row)
        except Refused as fault:
            return f"{visible(row.name)}: {fault.message}"
        if change == "changed":
            return (
                f"The identity key of {visible(row.name)} has changed: nothing is sent to them until you compare the "
                "words over the telephone."
            )
        return f"The hub sent older keys of {visible(row.name)} than those kept here." if change == "older" else ""

    # -- one message -------------------------------------------------------------------------------------------------

    def take(self, position: int, token: str) -> Effect:
        """Take one envelope in and move past it, in one transaction; a bad one is refused and never blocks the rest."""
        try:
            opened, sender, row = self._open(token)
        except EnvelopeRefused as fault:
            return self._refuse(position, token, fault, None)
        name = row.name if row else sender.name or sender.org
        try:
            with self.vault.write() as unit, self.vault.read():  # all that is asked of the record, in one look
                effect = inbox.take(self.vault, unit, opened, sender, name)
                if row is None and effect.received:
                    unit.record(partners.by_message(sender))
                answer = self._answer(unit, opened, sender, effect)
                self._move_past(unit.connection, position)
        except EnvelopeRefused as fault:
            return self._refuse(position, token, fault, opened)
        if answer is not None:
            spool.keep(self.vault, answer.mid, answer.envelope)
        return effect

    def _open(self, token: str) -> tuple[Opened, KeySet, PartnerRow | None]:
        """Return the opened message, its sender's keys, and the sender as a partner, if it is one."""
        header = envelope.read_header(token)
        row = self.partner(header.sender)
        sender = self._stranger(header.sender) if row is None else self._known(row)
        try:
            return self._opened(token, sender), sender, row
        except EnvelopeRefused as fault:
            if fault.code != "unknown-key" or row is None:
                raise
            self.refresh(row)
            row = self.partner(row.org) or row
            renewed = self._known(row)
            if renewed.serial == sender.serial:
                raise
        return self._opened(token, renewed), renewed, row

    def _opened(self, token: str, sender: KeySet) -> Opened:
        return envelope.open_(token, reader=self.keys, sender_keys={sender.org: sender}.__getitem__)

    def _known(self, row: PartnerRow) -> KeySet:
        if row.removed:
            raise EnvelopeRefused("contract-revoked", "That partner was removed here.")
        if row.changed:
            raise EnvelopeRefused("unknown-key", "Their identity key has changed and was not compared.")
        try:
            return partners.key_set_of(row)
        except Refused as fault:
            raise EnvelopeRefused("unknown-key", "Their keys that are kept here do not hold.") from fault

    def _stranger(self, org: str) -> KeySet:
        """Fetch the keys of a sender we have not heard of; HubUnreachable is let through."""
        try:
            found = read_key_set(self.client.key_set(org), None)
        except Refused as fault:
            raise EnvelopeRefused("unknown-key", "Its sender's keys are not at the hub.") from fault
        return found

    # -- answering ---------------------------------------------------------------------------------------------------

    def _answer(self, unit: Unit, opened: Opened, sender: KeySet, effect: Effect) -> Message | None:
        """Queue our receipt, once for each message in a sync, however often a hub shows it."""
        if effect.answer is None or opened.header.mid in self._answered:
            return None
        self._answered.add(opened.header.mid)
        return inbox.queue_answer(self.vault, unit, self.keys, sender, opened, effect.answer)

    def _refuse(self, position: int, token: str, fault: EnvelopeRefused, opened: Opened | None) -> Effect:
        """Move past a message that cannot be taken in; its sender is told, if it is a partner whose key we trust."""
        header = _address(token)
        row = self.partner(header.sender) if header else None
        answer = None
        with self.vault.write() as unit:
            reader = inbox.reader_of(row)
            if header and reader and header.class_ == "data" and header.mid not in self._answered:
                self._answered.add(header.mid)
                answer = self._refusal(unit, header, reader, fault, opened)
            if header and reader and header.class_ == "control" and fault.code == "unknown-key":
                unread = json.loads(outbox.exchange(unit.connection, UNREAD) or "[]")
                outbox.set_exchange(unit.connection, UNREAD, json.dumps(sorted({*unread, header.sender})))
            self._move_past(unit.connection, position)
        if answer is not None:
            spool.keep(self.vault, answer.mid, answer.envelope)
        who = visible(row.name) if row else "an organisation that is no partner"
        return Effect(error=f"A message from {who} was not taken in: {fault.message}")

    def _refusal(
        self, unit: Unit, header: Routing, reader: KeySet, fault: EnvelopeRefused, opened: Opened | None
    ) -> Message:
        eid, rev = (str(opened.claims["eid"]), int(opened.claims["rev"])) if opened else ("", 0)
        about = outgoing.Address(header.mid, header.ctr, "refused", eid, rev)
        code = CODES.get(fault.code, fault.code)
        return outgoing.queue_receipt(self.vault, unit, self.keys, reader, about, "refused", code)

    def _move_past(self, connection: Connection, position: int) -> None:
        """Note in the same transaction that this position was dealt with and is still to be acknowledged."""
        waiting = json.loads(outbox.exchange(connection, "unacked") or "[]")
        outbox.set_exchange(connection, "unacked", json.dumps([*waiting, position]))
        outbox.set_exchange(connection, "pos", str(position))


def _address(token: str) -> Routing | None:
    try:
        return envelope.read_header(token)
    except EnvelopeRefused:
        return None
