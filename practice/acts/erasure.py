"""Acts on the lawful erasure of a child's record, and on what stands in its way (R-110).

An erasure takes the bodies of acts away and leaves their lines: the chain still verifies, and what was written is gone.
The acts here stay, so their words must not tell who the child was.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from practice.acts.base import Body, Day, Identifier, Line, Note, Reason, kind

ACTS_IN_ONE = 5_000
"""How many acts one act of erasure names; a longer record takes several, in one transaction."""
Ids = Annotated[tuple[Identifier, ...], Field(max_length=ACTS_IN_ONE)]
Years = Annotated[int, Field(ge=1, le=150)]


@kind("retention_set")
class RetentionSet(Body):
    """The school's own retention periods in years, whole, and the rule or schedule that they are taken from (R-110)."""

    years: Years
    abuse_years: Years
    source: Reason


@kind("hold_set")
class HoldSet(Body):
    """Nothing of the act's own child, or of anybody where it names none, may be erased: an inquiry, a claim, police."""

    hold: Identifier
    why: Literal["inquiry", "claim", "police", "other"]
    reason: Reason
    until: Day | None = None
    """When it is looked at again; it ends only when somebody lifts it."""


@kind("hold_lifted")
class HoldLifted(Body):
    """A hold ended, with the reason."""

    hold: Identifier
    reason: Reason


@kind("erasure_proposed")
class ErasureProposed(Body):
    """Somebody proposes that a child's record be erased; it stands whole until another person agrees."""

    basis: Literal["retention", "order", "request"]
    reason: Reason


@kind("erasure_ended")
class ErasureEnded(Body):
    """The proposal was taken back: the record is kept, with the reason."""

    proposal: Identifier
    reason: Reason


@kind("erased")
class Erased(Body):
    """A second person agreed: the bodies of these acts are gone, on every machine that hears of it.

    It names exactly the acts that stood before those who decided: what another machine recorded meanwhile is not among
    them, and comes before a person again.
    """

    proposal: Identifier
    acts: Ids


@kind("erasure_repeated")
class ErasureRepeated(Body):
    """An older backup had brought erased acts back; they are gone again.

    `proposed_by` and `agreed_by` decided it first, in the act `erased`, which another copy of the vault holds.
    """

    erased: Identifier
    acts: Ids
    proposed_by: Identifier
    agreed_by: Identifier
    agreed_at: Line


@kind("minute_kept")
class MinuteKept(Body):
    """The minute of a review session without the lines of a child whose record was erased.

    Who had signed the whole one, and when, is said here; that signature stays with the act whose body is gone.
    """

    minute: tuple[Note, ...] = Field(min_length=1, max_length=200)
    ended_by: Identifier
    ended_at: Line
