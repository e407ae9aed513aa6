"""The rules of the exchange, each taken out of the real code: the machine must find every one of them out (F17).

Two are healed by other rules, and must live: a hub that stores twice (rule 2), and a reader that acknowledges before it
takes in (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage import outbox
from storage.views import sharing
from sync import again, contracts, inventory, outgoing, plan, run, sending
from sync.hub import invites, store_sqlite
from sync.hub.store_sqlite import EpochMarker
from tests.faults import exchange_world
from tests.faults.exchange_rules import Step
from tests.faults.exchange_world import FAULTS

Patch = pytest.MonkeyPatch


def done_at_hub(patch: Patch) -> None:
    """What the hub has counts as had by the partner."""
    real = plan.after_offer

    def after_offer(state, status, problem):  # type: ignore[no-untyped-def]
        step = real(state, status, problem)
        return plan.Step("acknowledged", "stored") if step and step.state == "delivered" else step

    patch.setattr(plan, "after_offer", after_offer)


def no_epoch(patch: Patch) -> None:
    """A hub that was put back goes on under the epoch of its copy."""
    real = EpochMarker.take_up

    def take_up(self, db):  # type: ignore[no-untyped-def]
        kept = store_sqlite._meta(db, "epoch")
        fresh = real(self, db)
        if kept is not None:
            db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (kept,))
        return kept or fresh

    patch.setattr(EpochMarker, "take_up", take_up)
    patch.setattr(exchange_world, "new_epoch", lambda database: "")
    patch.setattr(invites, "new_epoch", lambda database: "")


def cursor_first(patch: Patch) -> None:
    """The place in the inbox is kept before what stands there was taken in."""
    real = run._Run._take_page

    def take_page(self, page, taken):  # type: ignore[no-untyped-def]
        with self.vault.write() as unit:
            outbox.set_exchange(unit.connection, "cursor", page.next)
            outbox.set_exchange(unit.connection, "pos", str(page.items[-1].pos))
        real(self, page, taken)

    patch.setattr(run._Run, "_take_page", take_page)


def ack_first(patch: Patch) -> None:
    """The hub may erase what was not taken in yet."""
    real = run._Run._take_page

    def take_page(self, page, taken):  # type: ignore[no-untyped-def]
        fresh = [each.pos for each in page.items if each.pos > taken]
        if fresh:
            self.client.ack(fresh, self.epoch)
        real(self, page, taken)

    patch.setattr(run._Run, "_take_page", take_page)


def partner_no_dedupe(patch: Patch) -> None:
    """Whatever arrives is new."""
    patch.setattr(plan, "arrival", lambda known, rev, digest: "new")


def last_arrival_wins(patch: Patch) -> None:
    """What comes late takes the place of what is newer."""
    real = plan.arrival
    patch.setattr(plan, "arrival", lambda *about: "new" if real(*about) == "stale" else real(*about))


def no_resync(patch: Patch) -> None:
    """Who was put back asks nobody."""
    real = again.ask_for_all

    def ask_for_all(vault, orgs=None, *, why=""):  # type: ignore[no-untyped-def]
        return real(vault, orgs, why=why) if why == "epoch" else 0

    patch.setattr(again, "ask_for_all", ask_for_all)


def hub_no_dedupe(patch: Patch) -> None:
    """The hub stores what it has once more."""
    real = store_sqlite.put

    def put(db, offered, *more):  # type: ignore[no-untyped-def]
        for item in offered:
            db.execute(
                "UPDATE ledger SET sender = 'nobody', mid = 'twice-' || pos"
                " WHERE sender = ? AND mid = ? AND state != 'cancelled'",
                (item.routing.sender, item.routing.mid),
            )
        return real(db, offered, *more)

    patch.setattr(store_sqlite, "put", put)


def mid_at_send(patch: Patch) -> None:
    """A message gets its id when it leaves, not when it is queued."""
    real = sending.ready

    def ready(vault, goes):  # type: ignore[no-untyped-def]
        found, kept = real(vault, goes)
        sent = []
        for message in found:
            with vault.write() as unit:
                fresh = again.seal_anew(vault, unit, message) if message.share else None
                if fresh is not None:
                    outbox.mark(unit.connection, message.mid, message.state, outgoing.now(vault))
                    unit.connection.exec_driver_sql("DELETE FROM outbox WHERE mid = ?", (fresh.mid,))
            sent.append(fresh or message)
        return sent, kept

    patch.setattr(sending, "ready", ready)


def revoke_keeps_queue(patch: Patch) -> None:
    """An agreement ends, and what waits under it is neither withheld nor kept."""
    real, faults = contracts.record_end, sending.contract_faults

    def record_end(vault, unit, contract, reason):  # type: ignore[no-untyped-def]
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(outbox, "messages", lambda *_: [])
            return real(vault, unit, contract, reason)

    def contract_faults(vault):  # type: ignore[no-untyped-def]
        ended = {row.id for row in sharing.contracts(vault) if row.ended}
        return {ctr: fault for ctr, fault in faults(vault).items() if ctr not in ended}

    patch.setattr(contracts, "record_end", record_end)
    patch.setattr(sending, "contract_faults", contract_faults)


def receipt_not_cumulative(patch: Patch) -> None:
    """A receipt closes its own message and no older one of the same entry."""
    patch.setattr(plan, "closed_by", lambda receipted, same: [])


def no_epoch_resync(patch: Patch) -> None:
    """Who finds the hub in a new epoch asks nobody."""
    real = again.ask_for_all

    def ask_for_all(vault, orgs=None, *, why=""):  # type: ignore[no-untyped-def]
        return 0 if why == "epoch" else real(vault, orgs, why=why)

    patch.setattr(again, "ask_for_all", ask_for_all)


def no_recover(patch: Patch) -> None:
    """Who was restored compares with nobody."""
    patch.setattr(inventory, "ask", lambda vault: 0)
    patch.setattr(again, "ask_for_all", lambda *_, **__: 0)


def counter_revisions(patch: Patch) -> None:
    """A revision is the one after the last, whatever the clock says."""
    from sync import corrections, shares

    for module in (plan, corrections, shares):
        patch.setattr(module, "next_rev", lambda previous, seconds: (previous or 0) + 1)


SCHOOL, COUNCIL = 0, 1
SHARED = (("share", SCHOOL, 0, 0), ("sync", SCHOOL, 0, 0), ("sync", COUNCIL, 0, 0))
BACK = ("sync", SCHOOL, 0, 0)

MUTANTS: dict[str, tuple[Callable[[Patch], None], tuple[Step, ...]]] = {
    "done-at-hub": (done_at_hub, SHARED[:2]),
    "no-epoch": (
        no_epoch,
        (("copy", SCHOOL, 2, 0), *SHARED, BACK, ("put_back", SCHOOL, 2, 0), ("share", SCHOOL, 2, 0), BACK),
    ),
    "cursor-first": (cursor_first, (*SHARED[:2], ("sync", COUNCIL, 2, 0))),
    "partner-no-dedupe": (partner_no_dedupe, (*SHARED, ("show_again", COUNCIL, 0, 0))),
    "last-arrival-wins": (
        last_arrival_wins,
        (*SHARED, ("withdraw", SCHOOL, 0, 0), *SHARED[1:], ("show_again", COUNCIL, 0, 0)),
    ),
    "no-resync": (no_resync, (("copy", COUNCIL, 0, 0), *SHARED, BACK, ("put_back", COUNCIL, 0, 0))),
    "mid-at-send": (mid_at_send, SHARED[:1]),
    "revoke-keeps-queue": (revoke_keeps_queue, (("share", SCHOOL, 1, 0), ("end", SCHOOL, 0, 0))),
    "receipt-not-cumulative": (receipt_not_cumulative, ()),
    "no-epoch-resync": (
        no_epoch_resync,
        (
            *(("copy", SCHOOL, 2, 0), ("copy", COUNCIL, 0, 0), *SHARED, BACK),
            *(("put_back", COUNCIL, 0, 0), ("put_back", SCHOOL, 2, 0)),
        ),
    ),
    "no-recover": (no_recover, (("copy", SCHOOL, 0, 0), *SHARED, BACK, ("put_back", SCHOOL, 0, 1))),
    "counter-revisions": (
        counter_revisions,
        (
            *(*SHARED, BACK, ("copy", SCHOOL, 0, 0), *SHARED, BACK),
            *(("put_back", SCHOOL, 0, 0), *SHARED),
        ),
    ),
    "hub-no-dedupe": (hub_no_dedupe, (SHARED[0], ("sync", SCHOOL, 6, 4), *SHARED[1:])),
    "ack-first": (ack_first, (*SHARED[:2], ("sync", COUNCIL, 2, 9))),
}
"""Each rule taken out, and the fewest steps at which that shows."""
WHEREVER = ("cursor-first",)
"""What shows only where the last step is killed at one boundary, whichever that is by now."""


def tried(name: str) -> list[tuple[Step, ...]]:
    """Return the steps that show a rule missing; one of them does."""
    (*before, (what, who, kind, at)) = MUTANTS[name][1] or (("share", SCHOOL, 0, 0),)
    return [(*before, (what, who, kind, at + later)) for later in range(FAULTS["killed"] if name in WHEREVER else 1)]


HEALED = ("hub-no-dedupe", "ack-first")
"""What rules 2 and 6 heal."""
REDUNDANT = ("receipt-not-cumulative",)
"""What the product keeps twice: an older delivery is superseded in the transaction that approves the newer one."""
