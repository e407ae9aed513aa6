"""Acts by which two organisations agree that they mean the same child (protocol: §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from practice.acts.base import STRICT, Body, Day, Identifier, Line, Reason, kind

CaseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""128 random bits in hex: it says nothing about the child, and stands only inside ciphertext."""
Proof = Annotated[str, Field(max_length=400 * 1024)]
"""A partner's signed word, kept with what it did."""


class Identity(BaseModel):
    """The least by which the other side can tell who is meant; `upn` only for those who hold one."""

    model_config = STRICT
    name: Line
    other_names: Annotated[tuple[Line, ...], Field(max_length=8)] = ()
    date_of_birth: Day | None = None
    upn: Annotated[str, Field(max_length=13)] = ""


@kind("case_offered")
class CaseOffered(Body):
    """We told a partner whom we mean; the act's own child is that child."""

    case: CaseNumber
    org: Identifier
    contract: Identifier
    identity: Identity
    mid: Identifier


@kind("case_received")
class CaseReceived(Body):
    """A partner told us whom they mean, verified; it is nobody here before a person has said so."""

    case: CaseNumber
    org: Identifier
    name: Line
    contract: Identifier
    identity: Identity
    by_role: Line = ""
    mid: Identifier
    jws: Proof


@kind("case_matched")
class CaseMatched(Body):
    """A named person confirmed which child of ours a partner means: the act's own child."""

    case: CaseNumber


@kind("case_declined")
class CaseDeclined(Body):
    """A person said that no child of ours is meant, or that it will not be told."""

    case: CaseNumber
    reason: Reason


@kind("case_answered")
class CaseAnswered(Body):
    """The partner's signed answer to our offer, with the role that gave it."""

    case: CaseNumber
    answer: Literal["accepted", "declined"]
    reason: Annotated[str, Field(max_length=2000)] = ""
    by_role: Line = ""
    jws: Proof


@kind("case_unlinked")
class CaseUnlinked(Body):
    """Either side took a match back: nothing lands under it any more, and what had landed leaves the chronology."""

    case: CaseNumber
    by: Literal["us", "them"]
    reason: Reason
    jws: Proof = ""


@kind("identity_told")
class IdentityTold(Body):
    """We told the partner that a name, a date of birth or a UPN has changed."""

    case: CaseNumber
    identity: Identity
    mid: Identifier


@kind("identity_heard")
class IdentityHeard(Body):
    """The partner told us so; whether it is still the same child is for a person to look at."""

    case: CaseNumber
    identity: Identity
    mid: Identifier
    jws: Proof


@kind("identity_looked_at")
class IdentityLookedAt(Body):
    """A person has looked at a changed identity and lets the match stand."""

    case: CaseNumber


@kind("item_returned")
class ItemReturned(Body):
    """A partner's entry left a child's chronology, because the match under which it stood was taken back."""

    item: Identifier
    case: CaseNumber
    reason: Reason


@kind("item_seen")
class ItemSeen(Body):
    """A person has read an entry that landed by itself under a confirmed match."""

    item: Identifier
    rev: int
