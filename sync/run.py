"""One sync: push what waits, pull what came, push the receipts; every step durable before the next (protocol: §4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from practice.errors import ConsoleError, HubUnreachable
from practice.text import counted
from storage import outbox
from storage.ledger import Draft
from storage.restore import check_exchange
from storage.views import sharing
from sync import again, files_run, outgoing, plan, sending, spool, unattended
from sync.hub.jose import b64u
from sync.membership import connect, joined, own_keys
from sync.report import SyncReport, answer_words, entries
from sync.taking import Taking

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.hub import BatchResult, HubClient, Page

__all__ = ["SyncReport", "entries", "reached", "sync", "take_in"]
MAX_PAGES = 1000


def reached(_point: str) -> None:
    """Called between durable steps; a test puts a function in its place that stops the work there."""


def sync(
    vault: Vault,
    *,
    transport: httpx.BaseTransport | None = None,
    progress: Callable[[str], None] | None = None,
) -> SyncReport:
    """Exchange with the hub once and report.

    Raises HubUnreachable where the hub gives no answer that can be used; what was done until then stays done, and the
    rest stays queued. Raises Refused while another sync of this vault is under way, and after a restore until a person
    has confirmed that the old machine is gone.
    """
    said, report = progress or (lambda _text: None), SyncReport()
    check_exchange(vault)
    with spool.locked(vault):
        spool.put_right(vault)
        report.note(again.before_any(vault) if joined(vault) or sharing.ways(vault) else [])
        if files_run.exchange(vault, report, said) and not joined(vault):
            return finish(vault, report)
        with connect(vault, transport) as client:
            run = _Run(vault, client, said, report)
            try:
                run.whole()
            except HubUnreachable as fault:
                sending.stalled(vault, lambda org: org not in run.beside, fault.message)
                raise _unreachable(vault, fault) from fault
            return finish(vault, report)


def take_in(vault: Vault) -> SyncReport:
    """Take in what a locked machine delivered and fetched, without the hub; nothing where none was joined.

    Raises Refused while a sync of this vault is under way, and after a restore that nobody has confirmed.
    """
    folder, report = vault.folder / "spool", SyncReport()
    if not any(any((folder / name).glob("*")) for name in ("receipts", "inbox", "files")):
        return report
    check_exchange(vault)
    with spool.locked(vault):
        files_run.take_in(vault, report)
        if joined(vault):
            with connect(vault) as client:
                _Run(vault, client, lambda _text: None, report).take_in_spool()
        return finish(vault, report)


def finish(vault: Vault, report: SyncReport) -> SyncReport:
    """Return the report with what still waits."""
    with vault.read() as connection:
        report.queued = outbox.waiting_entries(connection)
    report.held = len(sharing.shares(vault, states=("held",)))
    report.shorten()
    return report


def _unreachable(vault: Vault, fault: HubUnreachable) -> HubUnreachable:
    with vault.read() as connection:
        waiting = outbox.waiting_entries(connection)
    kept = f"{entries(waiting)} {'waits' if waiting == 1 else 'wait'} here and {'is' if waiting == 1 else 'are'} kept."
    said = f"{fault.message} {kept if waiting else 'Nothing was waiting to leave, and nothing was lost.'}"
    return HubUnreachable(said, title=fault.title, hint="Sync again later. If it cannot wait, ring the partner now.")


def _what_leaves(ready: Sequence[outbox.Message]) -> str:
    """Say how many entries leave and how many answers, of which the report at the end counts the entries alone."""
    shared = sum(each.class_ == "data" for each in ready)
    answers = len(ready) - shared
    said = [counted(shared, "sealed message")] if shared else []
    return " and ".join([*said, answer_words(answers)] if answers else said)


def _sha(envelope: str) -> str:
    return b64u(hashlib.sha256(envelope.encode()).digest())


class _Run:
    """One sync under way."""

    def __init__(
        self, vault: Vault, client: HubClient, progress: Callable[[str], None], report: SyncReport | None = None
    ) -> None:
        self.vault = vault
        self.client = client
        self.progress = progress
        self.report = report or SyncReport()
        self.beside = set(sharing.ways(vault))
        """The partners that messages do not go to by the hub."""
        self.receipted: set[str] = set()
        self.taking = Taking(vault, client)
        self.epoch = ""
        self.entered = False
        self.signs, self.readable = True, True
        """Whether the hub knows our signature, and whether partners seal for a key that we hold."""

    def whole(self) -> None:
        """Do everything in its order; each step may be cut short and is taken up by the next sync."""
        self.take_in_spool()
        self.progress("Reaching the hub")
        hub = self.client.well_known()
        self.note(plan.clock_words(self.client.clock_offset))
        self.check_epoch(hub.epoch)
        self.enter_epoch(hub.epoch)
        self.look_at_own_keys()
        self.acknowledge()
        self.note(self.taking.refresh_keys())
        self.note(again.follow_up(self.vault, self.client))
        self.push()
        self.pull()
        again.open_with_new_keys(self.vault)
        if self.readable:
            again.ask_unread(self.vault, lambda org: org not in self.beside)
        self.note(again.send_unanswered(self.vault, hub.retention_days))
        self.push()
        with self.vault.write() as unit:
            outbox.set_exchange(unit.connection, "last_sync", outgoing.now(self.vault))
        unattended.allow(self.vault)
        unattended.keep_place(self.vault.folder, self.epoch, self.exchange("cursor"))

    def note(self, sentences: Sequence[str]) -> None:
        """Keep sentences for the report, each once."""
        self.report.note(sentences)

    # -- what a locked machine did -----------------------------------------------------------------------------------

    def take_in_spool(self) -> None:
        """Believe the receipts that a locked machine laid aside, and take in what it fetched, without asking the hub.

        Each is verified as if it came just now. What needs the hub (a stranger's keys) waits for the next sync.
        """
        folder, epoch = self.vault.folder / "spool", self.exchange("epoch")
        for path, found in unattended.receipts(folder):
            if found["epoch"] == epoch:
                self._believe(str(found["receipt"]), epoch)
            with suppress(OSError):
                path.unlink()
        for path, position, token in unattended.fetched(folder, epoch):
            if position > int(self.exchange("pos") or 0):
                try:
                    self._take(position, token)
                except HubUnreachable:
                    return
            with suppress(OSError):
                path.unlink()

    def _believe(self, token: str, epoch: str) -> None:
        """Move on what a signed receipt of the hub proves: the very bytes that wait here."""
        try:
            receipt = self.client.check_receipt(token, epoch)
        except ConsoleError:
            self.note(["A receipt that lay beside the vault does not hold; what it named is offered again."])
            return
        with self.vault.write() as unit:
            drafts: list[Draft] = []
            for mid, (digest, _) in receipt.items.items():
                message = outbox.message(unit.connection, mid)
                step = plan.after_offer(message.state, 201, None) if message else None
                if message is not None and step is not None and digest == _sha(message.envelope):
                    drafts += outgoing.moved(
                        unit.connection, message, step.state, step.detail, outgoing.now(self.vault)
                    )
                    self.report.left(message)
            if drafts:
                unit.record_many(drafts)

    # -- where the exchange stands -----------------------------------------------------------------------------------

    def exchange(self, name: str) -> str:
        """Return where the exchange stands."""
        with self.vault.read() as connection:
            return outbox.exchange(connection, name)

    def check_epoch(self, epoch: str) -> None:
        """Believe another epoch only where the inbox is of it too: one wrong answer changes no state (rule 13)."""
        if self.exchange("epoch") not in ("", epoch) and self.client.inbox(limit=1).epoch != epoch:
            raise self.strange()

    def enter_epoch(self, epoch: str) -> None:
        """Take up the hub's epoch. A new one means that it was restored: what no partner has receipted is offered
        again under the same mids, and the inbox is read from its start (rule 5)."""
        self.epoch = epoch
        before = self.exchange("epoch")
        if before == epoch:
            return
        self.entered = True
        with self.vault.write() as unit:
            drafts: list[Draft] = []
            if before:
                there = [each for each in outbox.messages(unit.connection, "delivered") if each.org not in self.beside]
                for message in plan.offered_again(there):
                    drafts += outgoing.moved(
                        unit.connection, message, "queued", "offered again", outgoing.now(self.vault)
                    )
            if drafts:
                unit.record_many(drafts)
            for name, value in (
                ("epoch", epoch),
                *((each, "") for each in ("cursor", "pos", "unacked", "acked_through")),
            ):
                outbox.set_exchange(unit.connection, name, value)
        if before:
            here = {row.org for row in sharing.partners(self.vault)} - self.beside
            again.ask_for_all(self.vault, here, why="epoch")
            self.note(["The hub was restored from a backup: what no partner has receipted is offered again."])

    def look_at_own_keys(self) -> None:
        """Compare our keys with those that the hub shows; without one that it knows nothing is acknowledged there."""
        from sync import renewing

        found = renewing.look(self.vault, self.client)
        self.signs, self.readable, self.taking.keys = found.signs, found.readable, own_keys(self.vault)
        self.note([found.said])

    def strange(self) -> HubUnreachable:
        """An answer of another epoch than the one this sync began under: nothing of it is believed (rule 13)."""
        return HubUnreachable("The hub was restored during this sync.", title="The hub could not be reached")

    # -- push --------------------------------------------------------------------------------------------------------

    def push(self) -> None:
        """Offer what waits, in batches that each stand on their own."""
        from sync.carriers.hub import batches

        ready, kept = sending.ready(self.vault, lambda org: org not in self.beside)
        self.note(kept)
        if ready:
            self.progress(f"Offering {_what_leaves(ready)}")
        done = 0
        for group in batches([(each.mid, each.envelope) for each in ready]):
            self._offer(group)
            done += len(group)
            if done < len(ready):
                self.progress(f"Offered {done} of {len(ready)}")

    def _offer(self, group: list[tuple[str, str]]) -> None:
        """Offer one batch: marked before it leaves, and moved on only by what the hub's signed receipt proves."""
        moment = outgoing.now(self.vault)
        with self.vault.write() as unit:
            for mid, _ in group:
                outbox.mark(unit.connection, mid, "offered", moment, tried=True)
        reached("before-send")
        for _, result in self.client.send_in_parts(group, self._head()):
            reached("lost-response")
            if result.epoch != self.epoch:
                raise self.strange()
            for mid in self._take_outcomes(result):
                spool.discard(self.vault, mid)

    def _take_outcomes(self, result: BatchResult) -> list[str]:
        """Move on what one request has proved, and return the ids of the messages that went further."""
        done, left, refused, not_taken = [], [], 0, []
        with self.vault.write() as unit:
            drafts: list[Draft] = []
            for mid, outcome in result.outcomes.items():
                message = outbox.message(unit.connection, mid)
                step = plan.after_offer(message.state, outcome.status, outcome.problem) if message else None
                if message is None or step is None:
                    continue
                drafts += outgoing.moved(unit.connection, message, step.state, step.detail, outgoing.now(self.vault))
                done.append(mid)
                if step.state == "delivered":
                    left.append(message)
                else:
                    refused += int(message.class_ == "data")
                    not_taken.append((message, outcome.sentence))
            outbox.set_exchange(unit.connection, "hub_receipt", result.receipt.jws)
            if drafts:
                unit.record_many(drafts)
        for message in left:
            self.report.left(message)
        self.report.refused += refused
        self.note([sending.not_taken(self.vault, message, why) for message, why in not_taken])
        return done

    def _head(self) -> str:
        """Return the digest of our chain's head, which the hub signs into its receipt (rule 16)."""
        head = self.vault.anchored()
        return hashlib.sha256(f"{head.device}:{head.seq}:".encode() + head.mac).hexdigest()

    # -- pull --------------------------------------------------------------------------------------------------------

    def pull(self) -> None:
        """Take the inbox in, page by page; each message is durable before the hub may erase it."""
        from sync.carriers.hub import EpochChanged

        for _ in range(MAX_PAGES):
            cursor = self.exchange("cursor")
            try:
                page = self.client.inbox(cursor)
            except EpochChanged:
                raise self.strange() from None
            if page.epoch != self.epoch:
                raise self.strange()
            taken = int(self.exchange("pos") or 0)
            self._compare(page.acked_through, taken)
            if not page.items:
                return
            self.progress(f"Taking in {len(page.items)} {'message' if len(page.items) == 1 else 'messages'}")
            self._take_page(page, taken)
            with self.vault.write() as unit:
                outbox.set_exchange(unit.connection, "cursor", page.next)
            reached("before-ack")
            self.acknowledge()
            if page.next == cursor:
                return

    def _compare(self, acked_through: int, taken: int) -> None:
        """Where the hub was told of more than is here, an older copy of this vault was put back (rule 6).

        What a hub says that has just entered a new epoch is only noted, since its positions begin anew.
        """
        known = max(taken, int(self.exchange("acked_through") or 0))
        if acked_through <= known:
            return
        if not self.entered:
            self.note(["The hub was told of more than this vault holds: partners are asked for it again."])
            again.ask_for_all(self.vault)
        with self.vault.write() as unit:
            outbox.set_exchange(unit.connection, "acked_through", str(acked_through))

    def _take_page(self, page: Page, taken: int) -> None:
        fresh = set(plan.unread([item.pos for item in page.items], taken))
        for item in page.items:
            if item.pos not in fresh:
                continue
            self._take(item.pos, item.jose)
            reached("taken-in")

    def _take(self, position: int, token: str) -> None:
        effect = self.taking.take(position, token)
        self.report.received += effect.received
        if effect.acknowledged and effect.acknowledged not in self.receipted:
            self.receipted.add(effect.acknowledged)  # "stored" and "shown" are two words about one entry
            self.report.acknowledged += 1
        self.report.refused += effect.refused
        self.note([effect.error])

    def acknowledge(self) -> None:
        """Tell the hub what was taken in for good, also what a sync before this one could not say any more."""
        if not self.signs:
            return  # the hub keeps them until it knows our signature again
        positions = [int(each) for each in json.loads(self.exchange("unacked") or "[]")]
        for at in range(0, len(positions), 500):
            self.client.ack(positions[at : at + 500], self.epoch)
        if positions:
            with self.vault.write() as unit:
                outbox.set_exchange(unit.connection, "unacked", "")
