"""Where a share stands and why, in words: for screens and commands alike (protocol: §4). Pure."""

from __future__ import annotations

from typing import Protocol

from practice.text import visible

STATES = {
    "proposed": "Waits for approval",
    "held": "Held",
    "agreed": "Approved once, waits for a second yes",
    "not_shared": "Decided not to share",
    "queued": "Waiting to leave",
    "offered": "Waiting: the hub has not confirmed it",
    "delivered": "With the hub",
    "acknowledged": "With the partner",
    "refused": "Refused",
    "expired": "Not collected",
    "withheld": "Withheld, did not leave",
    "superseded": "Replaced by a newer version",
    "corrected": "Corrected by a newer share",
    "withdrawn": "Taken back",
}
REFUSALS = {
    "unmatched-case": "the partner could not match it to a child",
    "unknown-key": "it was sealed for a key that the partner no longer has",
    "contract-revoked": "the agreement was ended",
    "schema": "the partner's program could not read it",
    "revision-conflict": "the partner has another text under the same number",
    "not-ours": "it is not for this partner",
    "not-accepted": "the partner did not take it",
    "offered again": "offered again",
    "sealed anew": "sealed anew",
    "stored": "",
    "shown": "read and matched to a child",
    "cancelled": "",
}
PLACED = {
    "folder": "In the partner's folder",
    "sftp": "On the partner's SFTP server",
    "hand": "In a sealed bundle, to be handed over",
    "collected": "Taken from the folder, not confirmed by the partner yet",
}
"""Where a delivered share is that did not go by the hub; only the partner's receipt says that they have it."""
GIVEN_BACK = "Given back by the partner: look at it"


class Standing(Protocol):
    """What of a share its words rest on."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def recovered(self) -> str: ...
    @property
    def taken_back(self) -> str: ...
    @property
    def agreed_by(self) -> str: ...
    @property
    def corrects(self) -> str: ...
    @property
    def kept(self) -> str: ...


class Shared(Standing, Protocol):
    """What of a share a child's record says."""

    @property
    def partner(self) -> str: ...
    @property
    def urgent(self) -> bool: ...


def why_words(code: str) -> str:
    """Return a reason as it was typed, or the words for a partner's or the hub's code."""
    return REFUSALS.get(code, code)


def state_words(state: str, reason: str = "") -> str:
    """Say where a share stands, with its reason where one matters."""
    words = STATES.get(state, state.replace("_", " "))
    if state == "delivered" and reason in PLACED:
        return PLACED[reason]
    if (state, reason) == ("expired", "collected"):
        return "Collected, and never answered"
    why = why_words(" ".join(visible(reason).split())) if state not in ("queued", "delivered", "proposed") else ""
    return f"{words}: {why}" if why else words


def share_words(share: Standing) -> str:
    """Say where a share stands; the reason of an approval is not the reason of its state."""
    if share.recovered == "open":
        return GIVEN_BACK
    if share.state == "withdrawn" and share.taken_back:
        where = {"acknowledged": "the partner has confirmed it", "delivered": "the partner has yet to collect it"}
        return f"Taken back; {where.get(share.taken_back, 'the partner is told with the next sync')}"
    if share.state == "agreed":
        return f"Waits for a second yes: {visible(share.agreed_by)} approved it"
    if share.corrects and share.state in ("proposed", "held"):
        return f"A correction: {state_words(share.state).lower()}"
    if share.state in ("queued", "offered") and share.kept:
        return f"{STATES[share.state]}{'.' if share.state == 'offered' else ':'} {visible(share.kept)}"
    approvals = share.state in ("queued", "acknowledged") or (share.state == "expired" and share.reason != "collected")
    overtaken = share.state in ("corrected", "superseded")  # what became of the older message says nothing of this
    return state_words(share.state, "" if approvals or overtaken else share.reason)


def record_words(share: Shared) -> str:
    """Say in a child's record with whom an entry was shared or not, where that stands, why, and that it was urgent."""
    taken_back = f": {share.reason}" if share.state == "withdrawn" and share.reason else ""
    urgent = ", urgent" if share.urgent else ""
    return visible(f"{share.partner}{urgent}: {lower_first(share_words(share))}{' '.join(taken_back.split(chr(10)))}")


def lower_first(words: str) -> str:
    """Return words as they stand after a colon."""
    return words[:1].lower() + words[1:]


def reason_words(share: Standing) -> str:
    """Return the reason that somebody typed, where the words of its state do not give it already."""
    typed = share.reason not in REFUSALS and share.reason not in PLACED
    return share.reason if typed and visible(share.reason) not in share_words(share) else ""
