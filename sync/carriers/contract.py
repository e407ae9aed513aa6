"""What every way to a partner does, so that one runner and one suite of tests serve them all (protocol: §7).

A carrier moves sealed envelopes and believes nothing. It may cut off at any moment, show a message twice, late, or in
any order, and lose what lay there: the outbox offers again under the same mid, and the receiver takes each in once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from practice.errors import HubUnreachable
from sync.carriers.answers import ItemOutcome

State = Literal["queued", "collected", "expired", "cancelled", "unknown"]
STORED, THERE = ItemOutcome(201), ItemOutcome(200)


@dataclass(frozen=True)
class Lying:
    """One thing that lies there for us: `name` is the carrier's own word for it, and says nothing else."""

    name: str


class CarrierAway(HubUnreachable):
    """A folder or a server that cannot be used now; what was to be sent stays queued."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, title="It could not be reached", hint=hint)


class Carrier(Protocol):
    """One way to partners. Every call raises HubUnreachable where it cannot be used now; then nothing is assumed."""

    def offer(self, items: Sequence[tuple[str, str]]) -> Mapping[str, ItemOutcome]:
        """Lay (mid, envelope) pairs down, whole or not at all; what no outcome is given for stays offered."""
        ...

    def list(self, limit: int = 100) -> Sequence[Lying]:
        """Return what lies there for us that was not listed by this carrier before; nothing at the end."""
        ...

    def fetch(self, item: Lying) -> str | None:
        """Return an envelope for us, or None where what lies there is not whole, or never was one."""
        ...

    def ack(self, items: Sequence[Lying]) -> None:
        """Say that these were taken in for good, so that they go; said again it does no harm."""
        ...

    def status(self, items: Sequence[tuple[str, str]]) -> Mapping[str, State]:
        """Return what became of (mid, envelope) pairs of ours. `collected` says that they went, never that they were
        read; only a partner's receipt is the end of one."""
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...
