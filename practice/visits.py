"""Visit mode: which acts a visit set takes, how long it is open, and which time counts (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta

from practice.errors import Refused

CHILDREN_LIMIT = 40
"""How many children's records one visit set may hold: a visit, never the whole register."""
SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=72)
SLACK = timedelta(minutes=5)
"""How far two machines' clocks may differ before anything is said of it."""
RECORDED = frozenset(
    {
        "concern_logged",
        "completed",
        "amended",
        "decided",
        "body_map_drawn",
        "action_added",
        "action_changed",
        "action_done",
        "decision_closed",
        "promoted",
        "meeting_planned",
        "meeting_changed",
        "meeting_held",
        "meeting_cancelled",
        "record_opened",
    }
)
"""What may be recorded about a child on a visit."""
OWN = frozenset({"machine_heard", "unlock_failed"})
"""What a visit set records of itself."""
KIND_WORDS = {
    "concern_logged": "entry logged",
    "completed": "entry completed",
    "amended": "entry amended",
    "decided": "decision",
    "body_map_drawn": "body map",
    "action_added": "action asked for",
    "action_changed": "action changed",
    "action_done": "action closed",
    "decision_closed": "decision closed",
    "promoted": "chosen for the chronology",
    "meeting_planned": "meeting planned",
    "meeting_changed": "meeting changed",
    "meeting_held": "meeting held",
    "meeting_cancelled": "meeting cancelled",
    "record_opened": "record opened",
    "machine_heard": "the set was begun",
    "unlock_failed": "a wrong passphrase",
}
"""What each act of a visit set is, in words."""
NOT_HERE = "This is a visit set: that waits until you are back at school."


def length(hours: float) -> timedelta:
    """Return how long a visit set is open; raises Refused outside a quarter of an hour and three days."""
    if not 0 < hours <= LONGEST / timedelta(hours=1) or timedelta(hours=hours) < SHORTEST:
        raise Refused("A visit set is open for a quarter of an hour to 72 hours. Nothing was packed.")
    return timedelta(hours=hours)


def check_may_record(kind: str, child: str | None, children: frozenset[str]) -> None:
    """Raise Refused where an act has no place in a visit set for these children."""
    if kind in OWN and child is None:
        return
    if kind not in RECORDED:
        raise Refused(NOT_HERE, title="Not on a visit", hint="Nothing was recorded. Note it, and do it after return.")
    if child not in children:
        raise Refused(
            "That child's record is not in this visit set, so nothing was recorded.",
            title="Not on a visit",
            hint="Leave a sealed report about another child, or write it on paper and log it at school.",
        )


def left_words(until: datetime, now: datetime) -> str:
    """Return how long a visit set is still open, as `3 h 05 min`; `ended` after that."""
    left = until - now
    if left <= timedelta(0):
        return "ended"
    minutes = int(left / timedelta(minutes=1))
    if minutes < 1:
        return "less than 1 min"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
