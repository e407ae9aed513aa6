"""Acts about meetings on a child: planned, changed, held with what was decided, cancelled (R-103)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from practice.acts.base import Body, Day, Identifier, Line, Note, Reason, kind

Names = Annotated[tuple[Line, ...], Field(max_length=60)]


@kind("meeting_planned")
class MeetingPlanned(Body):
    """A meeting about a child is to be held; the act's `entry` is the meeting's own id."""

    meeting_type: Line
    day: Day
    at: Line = ""
    place: Line = ""
    invited: Names = ()
    attends: Line = ""
    attends_person: Line = ""
    covers: Line = ""
    report_due: Day | None = None
    note: Note = ""


@kind("meeting_changed")
class MeetingChanged(Body):
    """Something about a meeting is otherwise now; what is None stays. `follows` are the meetings that must follow."""

    day: Day | None = None
    at: Line | None = None
    place: Line | None = None
    invited: Names | None = None
    attends: Line | None = None
    attends_person: Line | None = None
    covers: Line | None = None
    report_due: Day | None = None
    report_sent: Day | None = None
    minutes_received: Day | None = None
    follows: Names | None = None
    reason: Note = ""


@kind("meeting_held")
class MeetingHeld(Body):
    """A meeting was held: who was there, what was decided, where the school disagreed, and what must follow.

    `record` is the entry of the child's record that tells of it.
    """

    held_on: Day
    attended: Names = ()
    decisions: Reason
    disagreement: Note = ""
    follows: Names = ()
    record: Identifier


@kind("meeting_cancelled")
class MeetingCancelled(Body):
    """A meeting is not held, and why."""

    reason: Reason
