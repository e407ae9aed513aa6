"""What a hub keeps, whatever keeps it: the one interface of the SQLite and the PostgreSQL store (protocol: §2, §6).

Every method that answers a client returns after its commit is durable. Times are unix seconds; the clock is given, so
that tests hold it. A position is a whole number below 2**53 that grows in the order in which messages are served.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sync.hub.limits import Limits, Problem
from sync.hub.routing import Routing

DAY = 86_400
# How the ledger's states are shown to a sender: whether a message was acknowledged, the partner's receipt says.
SHOWN = {"closed": "collected"}


class Offered(NamedTuple):
    """One envelope that a client offers, its form already checked."""

    routing: Routing
    sha256: str
    jose: str


class Stored(NamedTuple):
    """201 stored, 200 the same bytes were there; or `problem` says why not."""

    mid: str
    status: int
    sha256: str
    pos: int = 0
    problem: Problem | None = None


@dataclass(frozen=True)
class Member:
    """An enrolled organisation; `transport` is its public JWK as JSON."""

    org: str
    key_set: str
    serial: int
    identity: str
    transport: str
    closed: bool


@dataclass(frozen=True)
class Page:
    """Messages with their positions; `held_back` says that more are committed and will be served in a moment."""

    items: list[tuple[int, str]]
    acked_through: int
    fresh: bool = False
    held_back: bool = False


class StorageFault(Exception):
    """The store cannot be used now; nothing was acknowledged. `what` is the class of the fault, never a value."""

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(what)
        self.what = what
        self.retry_after = retry_after


REFUSALS: dict[str, tuple[int, str]] = {
    "invalid-token": (401, "This request needs a valid token."),
    "other-bytes": (409, "Another message was stored under this id."),
    "contract-revoked": (403, "This contract has ended; nothing more is taken under it."),
    "unknown-recipient": (404, "No such organisation is enrolled here."),
    "recipient-closed": (410, "This organisation no longer takes messages."),
    "expired": (422, "This message had expired before it arrived."),
    "invite": (403, "This invite code is not valid, was used, or is for another organisation."),
    "serial": (409, "A newer key set of this organisation is known."),
    "identity-changed": (403, "A new identity key needs a new invite."),
    "precondition": (412, "The key set was changed meanwhile."),
    "unknown-message": (404, "No such message of yours is known here."),
    "collected": (409, "This message was already collected; send a withdrawal."),
}


def refusal(code: str) -> Problem:
    """How the hub says no, in the same words from either store."""
    status, sentence = REFUSALS[code]
    return Problem(status, code, sentence)


def check_enrolment(
    member: Member, now: int, invite: tuple[str, int, str | None] | None, known: Member | None
) -> str | None:
    """Judge an enrolment by its invite (organisation, end, who used it): the user to note, or None for a repetition.

    Raises a Problem where the invite does not hold, or a newer key set is known.
    """
    user = f"{member.identity} {member.transport}"
    if invite is None or invite[0] != member.org or invite[1] <= now or invite[2] not in (None, user):
        raise refusal("invite")
    if invite[2] == user:
        return None
    if known is not None and known.identity == member.identity and member.serial <= known.serial:
        raise refusal("serial")
    return user


def check_new_keys(known: Member | None, key_set: str, serial: int, identity: str, expected: int) -> bool:
    """Judge a new key set: whether it is to be written, since the same one again changes nothing.

    Raises a Problem unless it has the same identity, follows the serial last seen, and its own serial is higher.
    """
    if known is None or known.identity != identity:
        raise refusal("identity-changed")
    if known.key_set == key_set:
        return False
    if known.serial != expected:
        raise refusal("precondition")
    if serial <= known.serial:
        raise Problem(409, "serial", "The serial of a key set only goes up.")
    return True


class Store(Protocol):
    """The interface. Each method is one transaction, or one consistent read."""

    limits: Limits
    clock: Callable[[], float]
    epoch: str
    # After how many seconds a long poll looks again although nothing woke it.
    look_again: float
    # Called with the organisation for which something arrived, or None where that might be any.
    arrived: Callable[[str | None], None]

    async def start(self) -> None:
        """Open, take up the epoch, a new one if the store was put back as it was earlier (rule 5), and sweep."""

    async def close(self) -> None:
        """Finish what was begun, and close."""

    async def check(self) -> None:
        """Raise unless the store can answer now."""

    async def set_meta_once(self, key: str, value: str) -> str:
        """Keep a value unless one is kept already; the one that is kept."""

    async def member(self, org: str) -> Member | None:
        """An enrolled organisation."""

    async def keep_token(self, token_hash: str, org: str, expires_at: int) -> None:
        """Remember to whom a token was given; a Problem 503 where there is no more room."""

    async def token_holder(self, token_hash: str) -> tuple[str, int] | None:
        """To whom a token was given, and until when; None of one not known (any more)."""

    async def first_use(self, org: str, jti: str, expires_at: int) -> bool:
        """Whether this token or signature is seen for the first time; remembered until it expires."""

    async def invited(self, code_hash: str) -> str | None:
        """For whom an invite that still holds was made, used or not, since a joining may be repeated."""

    async def enrol(self, code_hash: str, member: Member) -> None:
        """Use up an invite; the same organisation with the same keys may repeat it, if the answer was lost."""

    async def put_keys(self, org: str, key_set: str, serial: int, identity: str, expected: int) -> None:
        """Replace a key set: same identity, the serial the client last saw, and a higher one now."""

    async def put(self, offered: Sequence[Offered]) -> list[Stored]:
        """Store what one sender offers, each item on its own, all in one commit; a Problem 401 of one not enrolled."""

    def announce(self, orgs: set[str]) -> None:
        """Wake whoever waits for messages to these organisations."""

    async def page(self, org: str, after: int, limit: int) -> Page:
        """Messages for an organisation after a position; those served for the first time become `collected`."""

    async def ack(self, org: str, positions: Sequence[int]) -> int:
        """Erase the bodies of what an organisation has taken in; the ledger stays. The highest acknowledged."""

    async def status(self, org: str, mids: Sequence[str]) -> dict[str, str]:
        """What became of a sender's own messages: queued, collected, expired, cancelled or unknown."""

    async def cancel(self, org: str, mid: str) -> None:
        """Take back a message that no one has fetched."""

    async def revoke(self, org: str, ctr: str, jws: str) -> int:
        """End a contract: purge its uncollected data to and from this organisation, refuse more. How many."""

    async def counts(self) -> dict[str, Any]:
        """Count what the hub holds."""

    async def sweep(self) -> None:
        """Erase what no one collected in time, and what is remembered for longer than it is of use."""
