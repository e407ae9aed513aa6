"""Acts on the removal of an entry: one person proposes it with a reason, another agrees; it can be undone (R-05)."""

from __future__ import annotations

from practice.acts.base import Body, Identifier, Line, Reason, kind


@kind("removal_proposed")
class RemovalProposed(Body):
    """Somebody proposes that an entry be removed; it stands until another person agrees."""

    reason: Reason


@kind("removal_agreed")
class RemovalAgreed(Body):
    """A second person agrees: the entry leaves every view, and a tombstone stays."""

    proposal: Identifier
    note: Line = ""


@kind("removal_ended")
class RemovalEnded(Body):
    """The proposal was taken back, or the entry restored, with the reason."""

    proposal: Identifier
    reason: Reason
