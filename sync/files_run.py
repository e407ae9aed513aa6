"""One sync by folders and servers: keys, what lies there, what leaves, each step durable before the next (§7).

A folder proves nothing: `delivered` says here that the sealed file was written whole and read back. What a partner took
away is `collected`; only their receipt is the end, and what has none is laid down again after some days. They take it
in once (rule 2). A folder that is new or was put back counts as a hub's new epoch (rule 5); our own note in it tells
when this vault was put back (rule 6).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.errors import ConsoleError, HubUnreachable
from storage import outbox
from storage.outbox import Message
from storage.types import from_utc_text
from storage.views import sharing
from sync import again, envelope, outgoing, partners, plan, renewing, sending, spool, unattended, ways
from sync.carriers.contract import Carrier, Lying
from sync.carriers.files import FileCarrier, Stand
from sync.envelope import EnvelopeRefused
from sync.hub import jose
from sync.identity import KeySet, read_key_set
from sync.inbox import Effect
from sync.membership import own_keys
from sync.report import SyncReport
from sync.taking import Taking
from sync.ways import Place

if TYPE_CHECKING:
    from storage.ledger import Draft
    from storage.vault import Vault

LAID_AGAIN = timedelta(days=3)
"""How long after it went a message without a receipt is laid down again: long enough for a stick to come back."""
WORDS_KEPT = timedelta(days=90)
"""For how long a word about no entry, such as an answer about an agreement, is still carried without a receipt."""
KNOWN_PLACES = 20
COLLECTED = "collected"


def reached(_point: str) -> None:
    """Called between durable steps; a test puts a function in its place that stops the work there."""


def exchange(vault: Vault, report: SyncReport, progress: Callable[[str], None]) -> bool:
    """Exchange with every partner whose messages go by a folder or a server; return whether there are such ways.

    A place that cannot be used now is said in the report and holds nobody else up.
    """
    found = sharing.ways(vault)
    for place in ways.places(vault):
        names = ways.names(vault, place.orgs)
        progress(f"{'Looking into the folder for' if place.way == 'folder' else 'Reaching the server for'} {names}")
        try:
            carrier = ways.carrier(vault, place)
            try:
                PlaceRun(vault, carrier, place, report).whole()
            finally:
                carrier.close()
        except ConsoleError as fault:
            sending.stalled(vault, place.orgs.__contains__, fault.message)
            report.note([f"{names}: {fault.message} {fault.hint}".strip()])
    _by_hand(vault, report, {row.org for row in found.values() if row.way == "hand"})
    if found:
        with vault.write() as unit:
            outbox.set_exchange(unit.connection, "last_sync", outgoing.now(vault))
        unattended.allow(vault)
    return bool(found)


def take_in(vault: Vault, report: SyncReport) -> None:
    """Take in what a locked machine fetched from folders and servers; it goes from there with the next sync."""
    for place in ways.places(vault):
        for path, name, token in unattended.fetched_files(vault.folder / "spool", place.key):
            PlaceRun(vault, None, place, report).take(name, token)
            with suppress(OSError):
                path.unlink()


def _by_hand(vault: Vault, report: SyncReport, orgs: set[str]) -> None:
    """Say what waits to be carried by a person."""
    with vault.read() as connection:
        waiting = [each for each in outbox.messages(connection, *outbox.WAITING) if each.org in orgs]
    for org in sorted({each.org for each in waiting}):
        count = sum(each.org == org for each in waiting)
        words = f"{count} sealed {'message waits' if count == 1 else 'messages wait'}"
        report.note([f"{words} to be carried to {ways.names(vault, {org})} by hand: dsl-console bundle write."])


class Keys:
    """The key sets that lie in a place; where none lies, those that are known."""

    def __init__(self, vault: Vault, carrier: FileCarrier | None) -> None:
        self._vault = vault
        self._carrier = carrier

    def key_set(self, org: str) -> str:
        """Return an organisation's key set, of which nothing was compared."""
        there = self._carrier.key_set(org) if self._carrier is not None else None
        return there or sharing.partner(self._vault, org).key_set


class FileTaking(Taking):
    """The reading side of a place: a stranger's message is left lying, since nobody vouches for one there."""

    def __init__(self, vault: Vault, keys: partners.KeySource, place: Place) -> None:
        super().__init__(vault, keys)
        self._place = place
        self.name = ""

    def leave(self, token: str) -> str:
        """Return why a message is left lying; blank where it is taken in or refused."""
        try:
            header = envelope.read_header(token)
            if self.partner(header.sender) is None:
                return "A message from an organisation that is no partner here was left lying."
            self._open(token)
        except EnvelopeRefused as fault:
            if fault.code == "bad-signature":
                return "A file was damaged on the way and was left lying; its sender lays it down again."
        return ""

    def _stranger(self, org: str) -> KeySet:
        raise EnvelopeRefused("unknown-key", "It comes from an organisation that is no partner here.")

    def _move_past(self, connection: Connection, position: int) -> None:
        """Note in the same transaction that this file was dealt with and may go."""
        kept = read_kept(connection, self._place)
        kept["unacked"] = [*kept["unacked"], self.name] if self.name else kept["unacked"]
        kept["taken"] += 1
        write_kept(connection, self._place, kept)


Kept = dict[str, "list[str] | int"]


def read_kept(connection: Connection, place: Place) -> dict:  # type: ignore[type-arg]
    """Return how far the exchange with a place has come: {places, taken, unacked}."""
    found = json.loads(outbox.exchange(connection, place.key) or "{}")
    return {"places": [], "taken": 0, "unacked": [], **found}


def write_kept(connection: Connection, place: Place, kept: dict) -> None:  # type: ignore[type-arg]
    """Keep how far the exchange with a place has come."""
    outbox.set_exchange(connection, place.key, json.dumps(kept))


class PlaceRun:
    """One sync with one place; without a carrier it only takes in what was fetched before."""

    def __init__(
        self,
        vault: Vault,
        carrier: FileCarrier | None,
        place: Place,
        report: SyncReport,
        keys: partners.KeySource | None = None,
    ) -> None:
        self.vault = vault
        self.carrier = carrier
        self.place = place
        self.report = report
        self.taking = FileTaking(vault, keys or Keys(vault, carrier), place)
        self.receipted: set[str] = set()

    def whole(self) -> None:
        """Do everything in its order; each step may be cut short and is taken up by the next sync."""
        assert self.carrier is not None
        stand = self.enter(self.carrier)
        self.acknowledge(self.carrier)
        readable = self.show_own_keys(self.carrier)
        rows = [row for row in sharing.partners(self.vault) if row.org in self.place.orgs]
        self.report.note([self.taking.refresh(row) for row in rows])
        again.open_with_new_keys(self.vault)
        self.settle(self.carrier)
        self.offer(self.carrier)
        self.fetch(self.carrier)
        if readable:
            again.ask_unread(self.vault, self.place.orgs.__contains__)
        self.offer(self.carrier)
        with self.vault.read() as connection:
            taken = int(read_kept(connection, self.place)["taken"])
        self.carrier.keep_stand(Stand(stand.place, max(taken, stand.taken)))

    # -- where the exchange stands -----------------------------------------------------------------------------------

    def enter(self, carrier: FileCarrier) -> Stand:
        """Find out whether the place is another one, or was put back, or this vault was."""
        stand = carrier.stand()
        with self.vault.read() as connection:
            kept = read_kept(connection, self.place)
        if stand.taken > int(kept["taken"]):
            self.report.note(["More was taken from the folder than this vault holds: partners are asked for it again."])
            again.ask_for_all(self.vault, self.place.orgs)
        new = stand.place not in kept["places"]
        if new:
            self.lay_again(carrier, self._delivered())
            stand = carrier.keep_stand(stand)
        with self.vault.write() as unit:
            kept = read_kept(unit.connection, self.place)
            kept["taken"] = max(int(kept["taken"]), stand.taken)
            kept["places"] = [*kept["places"], stand.place][-KNOWN_PLACES:] if new else kept["places"]
            write_kept(unit.connection, self.place, kept)
        return stand

    def show_own_keys(self, carrier: FileCarrier) -> bool:
        """Lay our key set down where partners see it, unless a newer one of ours lies there; say whether we hold the
        keys that they seal for."""
        ours, keys = partners.own_key_set(self.vault), own_keys(self.vault)
        there = carrier.key_set(keys.org)
        if not _stands(there, ours):
            carrier.publish(ours)
            return True
        encryption = {key.thumbprint() for key in read_key_set(there or "", keys.identity_thumbprint).encryption}
        readable = not encryption.isdisjoint(jose.thumbprint(key) for key in keys.reading_keys())
        self.report.note(["" if readable else renewing.LOST])
        return readable

    def acknowledge(self, carrier: Carrier) -> None:
        """Take away what was taken in for good, also what a sync before this one could not any more."""
        with self.vault.read() as connection:
            names = list(read_kept(connection, self.place)["unacked"])
        if not names:
            return
        reached("before-ack")
        carrier.ack([Lying(name) for name in names])
        with self.vault.write() as unit:
            kept = read_kept(unit.connection, self.place)
            kept["unacked"] = [name for name in kept["unacked"] if name not in names]
            write_kept(unit.connection, self.place, kept)

    # -- out ---------------------------------------------------------------------------------------------------------

    def _delivered(self) -> list[Message]:
        with self.vault.read() as connection:
            return [each for each in outbox.messages(connection, "delivered") if each.org in self.place.orgs]

    def settle(self, carrier: FileCarrier) -> None:
        """See what became of what lies there: gone, damaged, or not to be read any more (rule 10)."""
        faults, moment = sending.contract_faults(self.vault), self.vault.clock()
        self._clear(carrier)
        shares = [each for each in self._delivered() if each.share or self.still_said(each, moment)]
        ended = [each for each in shares if each.class_ == "data" and faults.get(each.ctr) == again.ENDED]
        for message in ended:
            if carrier.take_back(message.org, message.mid):
                self._move(message, "withheld", again.ENDED)
        shares = [each for each in shares if each not in ended]
        states = carrier.status([(each.mid, each.envelope) for each in shares])
        lost = [each for each in shares if states.get(each.mid) == "unknown"]
        for message in shares:
            if states.get(message.mid) != "collected":
                continue
            if message.detail != COLLECTED:
                with self.vault.write() as unit:
                    outbox.mark(unit.connection, message.mid, "delivered", outgoing.now(self.vault), COLLECTED)
            elif moment - from_utc_text(message.changed_at) > LAID_AGAIN:
                lost.append(message)
        self.lay_again(carrier, lost)

    @staticmethod
    def still_said(message: Message, moment: datetime) -> bool:
        """Say whether a word about no entry waits for its receipt still; receipts have none of their own."""
        return message.type != "receipt" and moment - from_utc_text(message.made_at) < WORDS_KEPT

    def _clear(self, carrier: FileCarrier) -> None:
        """Take away what of ours still lies there and was overtaken, withheld or receipted."""
        for org in self.place.orgs:
            there = carrier.lying_for(org)
            with self.vault.read() as connection:
                over = there & outbox.mids(connection, "superseded", "withheld", "acknowledged") if there else set()
            for mid in over:
                carrier.take_back(org, mid)

    def lay_again(self, carrier: Carrier, messages: Sequence[Message]) -> None:
        """Lay down once more what lies there no longer and has no receipt; nothing that may not leave any more."""
        split = plan.may_leave(messages, sending.contract_faults(self.vault), sending.partner_faults(self.vault))
        outcomes = carrier.offer([(each.mid, each.envelope) for each in split])
        with self.vault.write() as unit:
            for message in split:
                if message.mid in outcomes and message.detail != self.place.way:
                    outbox.mark(unit.connection, message.mid, "delivered", outgoing.now(self.vault), self.place.way)

    def offer(self, carrier: Carrier) -> None:
        """Lay down what waits: marked before it leaves, and moved on only when it was read back whole."""
        ready, kept = sending.ready(self.vault, self.place.orgs.__contains__)
        self.report.note(kept)
        if not ready:
            return
        with self.vault.write() as unit:
            for message in ready:
                outbox.mark(unit.connection, message.mid, "offered", outgoing.now(self.vault), tried=True)
        reached("before-send")
        outcomes = carrier.offer([(each.mid, each.envelope) for each in ready])
        reached("lost-response")
        for message in ready:
            if message.mid in outcomes and outcomes[message.mid].stored:
                self._move(message, "delivered", self.place.way)
                self.report.left(message)
                spool.discard(self.vault, message.mid)
        if len(outcomes) < len(ready):
            raise HubUnreachable("It broke off; what was not confirmed stays queued.")

    def _move(self, message: Message, state: str, detail: str) -> None:
        with self.vault.write() as unit:
            drafts: list[Draft] = outgoing.moved(unit.connection, message, state, detail, outgoing.now(self.vault))
            if drafts:
                unit.record_many(drafts)

    # -- in ----------------------------------------------------------------------------------------------------------

    def fetch(self, carrier: Carrier) -> None:
        """Take in what lies there, each durable before it may go."""
        odd = 0
        while items := carrier.list():
            for item in items:
                token = carrier.fetch(item)
                if token is None:
                    odd += 1
                    continue
                self.take(item.name, token)
                reached("taken-in")
            self.acknowledge(carrier)
        if odd:
            are = "file is" if odd == 1 else "files are"
            self.report.note(
                [f"{odd} {are} not whole, or no message for us, and {'was' if odd == 1 else 'were'} left."]
            )

    def take(self, name: str, token: str) -> Effect:
        """Take one envelope in, or leave it lying and say why."""
        why = self.taking.leave(token)
        if why:
            self.report.note([why])
            return Effect()
        self.taking.name = name
        effect = self.taking.take(0, token)
        self.report.received += effect.received
        if effect.acknowledged and effect.acknowledged not in self.receipted:
            self.receipted.add(effect.acknowledged)
            self.report.acknowledged += 1
        self.report.refused += effect.refused
        self.report.note([effect.error])
        return effect


def _stands(there: str | None, ours: str) -> bool:
    """Say whether the key set that lies there is ours and not an older one."""
    own = read_key_set(ours, None)
    try:
        return there is not None and read_key_set(there, own.identity_thumbprint).serial >= own.serial
    except ConsoleError:
        return False
