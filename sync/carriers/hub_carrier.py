"""The hub as a carrier: its client under the contract that a folder and a server keep too (protocol: §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from practice.errors import HubUnreachable
from sync.carriers.answers import ItemOutcome
from sync.carriers.contract import Lying, State

if TYPE_CHECKING:
    from sync.carriers.hub import BatchResult, HubClient

ASKED_AT_ONCE = 500


class HubCarrier:
    """One epoch of a hub. `results` keeps the signed answer to every offer, in their order."""

    def __init__(self, client: HubClient, epoch: str = "", cursor: str = "") -> None:
        self.client = client
        self.epoch = epoch or client.well_known().epoch
        self.cursor = cursor
        self.results: list[BatchResult] = []
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        self.client.close()

    def strange(self) -> HubUnreachable:
        """An answer of another epoch than the one that this began under: nothing of it is believed (rule 13)."""
        return HubUnreachable("The hub was restored during this sync.", title="The hub could not be reached")

    def offer(self, items: Sequence[tuple[str, str]]) -> Mapping[str, ItemOutcome]:
        """Offer in batches; only what the hub's signed receipt proves has an outcome of stored."""
        from sync.carriers.hub import batches

        outcomes: dict[str, ItemOutcome] = {}
        for group in batches(items):
            for _, result in self.client.send_in_parts(group):
                if result.epoch != self.epoch:
                    raise self.strange()
                self.results.append(result)
                outcomes |= result.outcomes
        return outcomes

    def list(self, limit: int = 100) -> Sequence[Lying]:
        """Return the next page of the inbox, whose envelopes are kept until they are fetched."""
        from sync.carriers.hub import EpochChanged

        try:
            page = self.client.inbox(self.cursor, limit=limit)
        except EpochChanged:
            raise self.strange() from None
        if page.epoch != self.epoch:
            raise self.strange()
        if page.next == self.cursor:
            return []
        self.cursor = page.next
        self._tokens = {str(item.pos): item.jose for item in page.items}
        return [Lying(name) for name in self._tokens]

    def fetch(self, item: Lying) -> str | None:
        return self._tokens.get(item.name)

    def ack(self, items: Sequence[Lying]) -> None:
        for at in range(0, len(items), ASKED_AT_ONCE):
            self.client.ack([int(item.name) for item in items[at : at + ASKED_AT_ONCE]], self.epoch)

    def status(self, items: Sequence[tuple[str, str]]) -> Mapping[str, State]:
        found: dict[str, str] = {}
        for at in range(0, len(items), ASKED_AT_ONCE):
            found |= self.client.status([mid for mid, _ in items[at : at + ASKED_AT_ONCE]])
        return cast("dict[str, State]", found)
