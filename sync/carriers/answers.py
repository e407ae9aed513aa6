"""What a hub may answer, measured: anything longer, of another type or out of range does not fit, and is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sync.carriers.wire import SENTENCES
from sync.hub.jose import MAX_ENVELOPE

MAX_ITEMS = 100
Short = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Whole = Annotated[int, Field(ge=0, lt=2**62)]


class HubAnswer(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class WellKnown(HubAnswer):
    """What the hub says of itself; `retention_days` is how long it keeps what no one collects."""

    hub_id: Short
    epoch: Short
    versions: Annotated[list[int], Field(max_length=20)]
    limits: dict[str, int]
    keys: Annotated[list[dict[str, str]], Field(min_length=1, max_length=8)]
    retention_days: Whole


class TokenAnswer(HubAnswer):
    access_token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~+/=-]{16,512}$")]
    expires_in: Annotated[int, Field(gt=0, le=3600)]


class InvitedAnswer(HubAnswer):
    org: Short


class EnrolAnswer(HubAnswer):
    org: Short
    hub_id: Short
    keys: Annotated[list[dict[str, str]], Field(min_length=1, max_length=8)]


class OutcomeAnswer(HubAnswer):
    mid: Short
    status: Annotated[int, Field(ge=100, le=599)]
    problem: dict[str, Any] | None = None


class BatchAnswer(HubAnswer):
    epoch: Short
    items: Annotated[list[OutcomeAnswer], Field(max_length=MAX_ITEMS)]
    receipt: Annotated[str, StringConstraints(max_length=64 * 1024)]


class ReceiptClaims(HubAnswer):
    hub: Short
    org: Short
    epoch: Short
    at: Whole
    items: Annotated[list[tuple[Short, Short, Whole]], Field(max_length=MAX_ITEMS)]
    head: Short | None = None


class InboxItem(HubAnswer):
    """One sealed message at its position in the hub's inbox."""

    pos: Whole
    jose: Annotated[str, StringConstraints(min_length=1, max_length=MAX_ENVELOPE)]


class Page(HubAnswer):
    """A page of the inbox. `acked_through` beyond one's own cursor means that one was restored (rule 6)."""

    epoch: Short
    items: Annotated[list[InboxItem], Field(max_length=MAX_ITEMS)]
    next: Short
    acked_through: Whole


class StateAnswer(HubAnswer):
    mid: Short
    status: Annotated[str, StringConstraints(pattern="^(queued|collected|expired|cancelled|unknown)$")]


class StatesAnswer(HubAnswer):
    items: Annotated[list[StateAnswer], Field(max_length=1000)]


class AckAnswer(HubAnswer):
    acked_through: Whole


class CancelAnswer(HubAnswer):
    mid: Short
    status: Annotated[str, StringConstraints(pattern="^cancelled$")]


class RevokeAnswer(HubAnswer):
    ctr: Short
    purged: Whole


@dataclass(frozen=True)
class ItemOutcome:
    """What became of one item: 200 or 201 is stored and proved by the receipt; otherwise `problem` is the
    hub's code.
    """

    status: int
    problem: str | None = None

    @property
    def stored(self) -> bool:
        return self.status in (200, 201)

    @property
    def sentence(self) -> str:
        """Why not, in plain words; empty when it was stored."""
        return (
            SENTENCES.get(self.problem or "", f"The hub refused this message ({self.problem}).") if self.problem else ""
        )


@dataclass(frozen=True)
class Receipt:
    """The hub's signed word for what it holds: `items` maps a mid to (SHA-256 in base64url, position); `at`
    in seconds.
    """

    jws: str
    hub_id: str
    epoch: str
    at: int
    items: Mapping[str, tuple[str, int]]
    head: str | None


@dataclass(frozen=True)
class BatchResult:
    """An outcome for each mid that the hub answered for; one that is missing stays offered (rule 12)."""

    epoch: str
    outcomes: Mapping[str, ItemOutcome]
    receipt: Receipt
