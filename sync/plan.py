"""What the exchange decides, without a hub, a vault or a clock (protocol: §4, §5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from practice.text import counted
from storage.outbox import OPEN, WAITING, Message

PERSONS_NO = ("unmatched-case", "not-accepted")
"""The refusals that a person made; the others are about keys and form, and a later receipt may overcome them."""
TRY_LATER = (408, 425, 429)
FINAL_AT_HUB = {"expired": "expired"}

Arrival = Literal["new", "duplicate", "stale", "conflict"]


CLOCK_MAY_DIFFER = 120
"""Seconds between this machine's clock and the hub's that are not worth a word (protocol: §5, rule 11)."""


def clock_words(offset: float) -> list[str]:
    """Say that this machine's clock is wrong by so many seconds (the hub's is ahead by `offset`); nothing within two
    minutes."""
    if abs(offset) <= CLOCK_MAY_DIFFER:
        return []
    minutes = round(abs(offset) / 60)
    size = counted(minutes, "minute")
    if minutes >= 90:
        size = counted(round(minutes / 60), "hour") if minutes < 48 * 60 else counted(round(minutes / 1440), "day")
    side = "behind" if offset > 0 else "ahead of"
    return [
        f"This machine's clock is {size} {side} the hub's. Nothing is lost or out of order by it, but the times "
        "that you record are wrong: set the clock right."
    ]


@dataclass(frozen=True)
class Step:
    """Where a message goes, and the few words beside it."""

    state: str
    detail: str = ""


@dataclass(frozen=True)
class Split:
    """What is offered now, and why the rest is kept, by mid."""

    ready: tuple[Message, ...]
    kept: Mapping[str, str]


def next_rev(previous: int | None, seconds: int) -> int:
    """Return the revision of an entry's next message: past the one before, else by the clock (rule 4)."""
    return max((previous or 0) + 1, seconds)


def to_offer(
    waiting: Iterable[Message], contract_faults: Mapping[str, str], partner_faults: Mapping[str, str]
) -> Split:
    """Split what waits into what is offered now and what is kept; a fault stands under a contract's ctr or an org.

    Receipts always flow, so that a partner who was stopped still learns what became of its own messages.
    """
    ready, kept = [], {}
    for message in waiting:
        fault = partner_faults.get(message.org, "") or contract_faults.get(message.ctr, "")
        if message.state not in WAITING:
            continue
        if fault and message.class_ == "data":
            kept[message.mid] = fault
        else:
            ready.append(message)
    return Split(tuple(ready), kept)


def may_leave(
    messages: Iterable[Message], contract_faults: Mapping[str, str], partner_faults: Mapping[str, str]
) -> list[Message]:
    """Return those of the delivered messages that may be laid down once more: what has ended since may not."""
    return [
        each
        for each in messages
        if each.class_ != "data" or not (partner_faults.get(each.org, "") or contract_faults.get(each.ctr, ""))
    ]


def after_offer(state: str, status: int, problem: str | None) -> Step | None:
    """Return what the hub's answer about one item changes; None leaves it offered (rules 12, 13).

    A partner's receipt that was quicker than the hub's answer is never undone.
    """
    if state not in WAITING:
        return None
    if status in (200, 201):
        return Step("delivered")
    if not 400 <= status < 500 or status in TRY_LATER or not problem or problem == "unknown":
        return None
    return Step(FINAL_AT_HUB.get(problem, "refused"), problem)


def after_receipt(state: str, detail: str, attempts: int, status: str, code: str | None) -> Step | None:
    """Return what a partner's receipt changes about the message it names; None where it says nothing new.

    A person's word (shown, or their no) is final; a receipt for what never left is not believed.
    """
    if (state in ("queued", "withheld") and attempts == 0) or state == "superseded":
        return None
    if (state, detail) == ("acknowledged", "shown") or (state == "refused" and detail in PERSONS_NO):
        return None
    if status == "shown":
        return Step("acknowledged", "shown")
    if status == "stored":
        return None if state == "acknowledged" else Step("acknowledged", "stored")
    if code in PERSONS_NO:
        return Step("refused", str(code))
    return None if state in ("acknowledged", "refused") else Step("refused", code or "refused")


def standing_for(receipted: Message, same_entry: Iterable[Message]) -> Message:
    """Return the message that a receipt is about: the one it names, or what took its place when the same words were
    sealed anew. A partner answers for a revision of an entry, and may name any envelope in which it came."""
    if receipted.state != "superseded" or receipted.share is None:
        return receipted
    successors = [
        each
        for each in same_entry
        if (each.share, each.type, each.rev) == (receipted.share, receipted.type, receipted.rev)
        and each.state != "superseded"
    ]
    return successors[-1] if successors else receipted


def closed_by(receipted: Message, same_entry: Iterable[Message]) -> list[Message]:
    """Return the older open deliveries of the same entry that a receipt closes with its own (rule 7)."""
    return [
        each
        for each in same_entry
        if each.mid != receipted.mid
        and each.org == receipted.org
        and each.eid == receipted.eid
        and each.class_ == receipted.class_
        and (each.rev or 0) <= (receipted.rev or 0)
        and each.state in OPEN
        and each.attempts > 0
    ]


def content(claims: Mapping[str, Any]) -> str:
    """Return the digest of what a message says, whichever envelope carries it."""
    said = json.dumps([claims.get("type"), claims.get("body")], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def arrival(known: Sequence[tuple[int, str]], rev: int, digest: str) -> Arrival:
    """Say what a revision of an entry is to us, who know (revision, digest) pairs of it (rules 2, 3, 4)."""
    same = [said for number, said in known if number == rev]
    if same:
        return "duplicate" if digest in same else "conflict"
    return "new" if all(rev > number for number, _ in known) else "stale"


def offered_again(messages: Iterable[Message]) -> list[Message]:
    """Return what is offered again under a new epoch: all that no partner's receipt has closed (rule 5)."""
    return [each for each in messages if each.state == "delivered"]


def unread(positions: Sequence[int], taken: int) -> list[int]:
    """Return the positions of a page that were not taken in before."""
    return [position for position in positions if position > taken]


def in_force(ended: bool, review: date, on: date) -> bool:
    """Say whether anything may leave under an agreement on a day; the review date itself still counts (R-66)."""
    return not ended and on <= review
