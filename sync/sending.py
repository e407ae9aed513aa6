"""What may leave now by one way, and why the rest is kept: the same for the hub, a folder and a server (R-66)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from practice.share_words import REFUSALS
from practice.text import visible
from storage import outbox
from storage.outbox import Message
from storage.views import sharing
from sync import contracts, outgoing, plan, spool
from sync.partners import KEY_CHANGED
from sync.report import entries

if TYPE_CHECKING:
    from storage.vault import Vault


def ready(vault: Vault, goes: Callable[[str], bool]) -> tuple[list[Message], list[str]]:
    """Return the waiting messages to organisations that `goes` names, and sentences about those that are kept."""
    with vault.read() as connection:
        waiting = [each for each in outbox.messages(connection, *outbox.WAITING) if goes(each.org)]
        places = sharing.places(connection, [each.share for each in waiting if each.share])
    withheld = {share for share, place in places.items() if place[2] in ("withheld", "not_shared")}
    waiting = [each for each in waiting if each.share not in withheld]
    split = plan.to_offer(waiting, contract_faults(vault), partner_faults(vault))
    return list(split.ready), _keep(vault, waiting, split)


def contract_faults(vault: Vault) -> dict[str, str]:
    """Return why nothing may leave under each agreement now; blank where it may."""
    today = contracts.today(vault)
    return {row.id: contracts.fault(row, today) for row in sharing.contracts(vault)}


def partner_faults(vault: Vault) -> dict[str, str]:
    """Return why nothing may leave to a partner now."""
    faults = {}
    for row in sharing.partners(vault, removed=True):
        if row.removed:
            faults[row.org] = "The partner was removed."
        elif row.changed:
            faults[row.org] = KEY_CHANGED
    return faults


def _keep(vault: Vault, waiting: Sequence[Message], split: plan.Split) -> list[str]:
    """Write beside each message that is kept why it is, and say so once for each reason and partner."""
    kept = [each for each in waiting if each.mid in split.kept]
    fresh = [each for each in kept if each.detail != split.kept[each.mid]]
    if fresh:
        with vault.write() as unit:
            for message in fresh:
                why = split.kept[message.mid]
                outbox.mark(unit.connection, message.mid, message.state, outgoing.now(vault), why)
    for message in kept:
        spool.discard(vault, message.mid)
    names = {row.org: visible(row.name) for row in sharing.partners(vault, removed=True)}
    counts: dict[tuple[str, str], int] = {}
    for message in kept:
        key = (names.get(message.org, message.org), split.kept[message.mid])
        counts[key] = counts.get(key, 0) + 1
    return [f"{entries(count)} for {name} not sent: {why}" for (name, why), count in counts.items()]


def stalled(vault: Vault, goes: Callable[[str], bool], why: str) -> None:
    """Write beside each entry that waits for organisations that `goes` names why this sync did not send it; another
    reason that stands there already stays. The next offer takes it away."""
    with vault.read() as connection:
        waiting = outbox.messages(connection, *outbox.WAITING)
    waiting = [each for each in waiting if each.class_ == "data" and goes(each.org)]
    fresh = [each for each in waiting if not each.detail or each.detail in REFUSALS]
    if fresh:
        with vault.write() as unit:
            for message in fresh:
                outbox.mark(unit.connection, message.mid, message.state, message.changed_at, why)


def not_taken(vault: Vault, message: Message, why: str) -> str:
    """Say which message the hub would not take: whose it is and, of an entry, of when. Of a child it says nothing."""
    from practice.dates import in_words

    if message.share is None:
        row = next((each for each in sharing.partners(vault, removed=True) if each.org == message.org), None)
        return f"A word to {visible(row.name) if row else message.org} was not sent. {why}"
    share = sharing.share(vault, message.share)
    when = f" of {in_words(share.occurred)}" if share.occurred else ""
    return f"The entry{when} for {visible(share.partner)} was not sent and stands on Share. {why}"
