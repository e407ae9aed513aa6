"""Acts on visit sets: which children's records left on a laptop, until when, and what became of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from practice.acts.base import Body, Identifier, Line, Reason, kind
from practice.acts.machines import Key
from practice.visits import CHILDREN_LIMIT

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
"""A time, as fixed-width UTC text."""
Signature = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]
"""An Ed25519 signature, in base64."""
Number = Annotated[int, Field(ge=0, lt=2**53)]
"""The number of an act in the chain that the laptop writes."""


@kind("visit_packed")
class VisitPacked(Body):
    """Some children's records left on a visit set, for its author, until a moment.

    What is recorded there stands in the chain of `device`, signed with the key whose public half is `signing_key`; that
    key signs nothing else. Where the machine that returns a set knows nothing of it, the act is recorded there again,
    from the set's letter home: it then names whose set it is and when it was packed, and bears that person's signature.
    """

    visit: Identifier
    device: Identifier
    signing_key: Key
    children: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=CHILDREN_LIMIT)]
    until: Moment
    purpose: Line = ""
    person: Identifier | Literal[""] = ""
    packed_at: Moment | Literal[""] = ""
    proof: Signature | Literal[""] = ""


@kind("visit_returned")
class VisitReturned(Body):
    """What a visit set had recorded was taken in, up to the act of this number."""

    visit: Identifier
    device: Identifier
    through: Number


@kind("visit_lost")
class VisitLost(Body):
    """A visit set was lost, or given up: what comes back from it after act `through` waits for a person."""

    visit: Identifier
    device: Identifier
    through: Number
    reason: Reason


@kind("visit_settled")
class VisitSettled(Body):
    """A person read what waited of a visit set, and let it in or refused it, up to the act of this number."""

    visit: Identifier
    device: Identifier
    through: Number
    accepted: bool
    reason: Reason
