"""Acts of review: patterns that were considered, the school's own rules for them, and actions (R-02, R-03, R-85)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from practice.acts.base import Body, Day, Identifier, Line, Note, Reason, kind


@kind("flag_answered")
class FlagAnswered(Body):
    """A flag was considered: which one, the entries that it listed, and why it is answered so."""

    flag: Identifier
    rule: Line
    sentence: Line = ""
    entries: tuple[Identifier, ...]
    reason: Reason


@kind("pattern_rules_set")
class PatternRulesSet(Body):
    """The school's own pattern rules, whole, and the shipped ones that it silenced."""

    rules: tuple[dict[str, Any], ...] = ()
    silenced: tuple[Line, ...] = ()


@kind("action_added")
class ActionAdded(Body):
    """Something to be done about a child: what, by whom, by when; the act's `entry` is the action's own id (R-02)."""

    what: Reason
    owner: Line
    owner_person: Line = ""
    due: Day | None = None
    about: Line = ""


@kind("action_changed")
class ActionChanged(Body):
    """An action was given to somebody else, or another day; what is None stays."""

    owner: Line | None = None
    owner_person: Line | None = None
    due: Day | None = None
    reason: Reason


@kind("action_done")
class ActionDone(Body):
    """An action is closed: what follows, what came of it, and why it is closed; none may be blank (R-03)."""

    follow_up: Reason
    outcome: Reason
    reason: Reason


@kind("decision_closed")
class DecisionClosed(Body):
    """What a decision asked for is closed, with the same three; `decision` is the act that decided."""

    decision: Identifier
    follow_up: Reason
    outcome: Reason
    reason: Reason


@kind("session_begun")
class SessionBegun(Body):
    """A review session: its scope and the children in their order; the act's `entry` is the session's id (R-81)."""

    scope: Line
    about: Line = ""
    queue: tuple[Identifier, ...] = Field(min_length=1, max_length=2000)


@kind("session_ended")
class SessionEnded(Body):
    """A session's minute, as it was read by who ended it: their signature stands over these words (R-81)."""

    minute: tuple[Note, ...] = Field(min_length=1, max_length=200)
    reviewed: int
    left: tuple[Identifier, ...] = ()


@kind("holiday_planned")
class HolidayPlanned(Body):
    """How a child is looked after over a holiday: who is in contact and when, and what partners were told (R-86)."""

    holiday: Day
    contact_by: Line
    contact_when: Line = ""
    told: Note = ""
    note: Note = ""


@kind("supervision_held")
class SupervisionHeld(Body):
    """Supervision: with whom, the children spoken of, reflection and what was agreed; apart from any record (R-84)."""

    held_on: Day
    supervisor: Line
    children: tuple[Identifier, ...] = ()
    reflection: Note = ""
    agreed: Note = ""


@kind("pack_shown")
class PackShown(Body):
    """An inspection pack was made: who reads it, for what, and which children's files were its sample."""

    reader: Line
    purpose: Reason
    sample: tuple[Identifier, ...] = ()
