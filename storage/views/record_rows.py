"""What readers of a child's record are given: entries as lists show them, and one entry whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from practice.acts import ConcernLogged
from practice.dates import Occurred
from practice.quality import missing
from storage.types import from_utc_text


@lru_cache(maxsize=1024)
def _occurred(stored: str) -> Occurred:
    return Occurred.model_construct(**json.loads(stored))


class EntryRow(NamedTuple):
    """An entry as lists and the chronology show it (R-70).

    The columns of its table in their order and as they are stored, then the names: what a list of thousands never shows
    is never read out of its JSON.
    """

    id: str
    child_id: str
    kind: str
    text: str
    childs_words: str
    occurred_stored: str
    occurred_sort: str
    captured_stored: str
    recorded_stored: str
    author: str
    source: str
    agency: str
    category: str
    further_stored: str
    significance: str
    impact: str
    action: str
    outcome: str
    promoted_stored: int
    decision: str
    unfinished_stored: str
    versions: int
    conflict_stored: int
    version: str
    event_id: str | None
    recorded_by: str
    child: str

    @property
    def occurred(self) -> Occurred:
        """When it happened."""
        return _occurred(self.occurred_stored)

    @property
    def captured_at(self) -> datetime:
        """When it was written."""
        return from_utc_text(self.captured_stored)

    @property
    def recorded_at(self) -> datetime:
        """When it entered the record."""
        return from_utc_text(self.recorded_stored)

    @property
    def further_categories(self) -> tuple[str, ...]:
        """What else it is about."""
        return tuple(json.loads(self.further_stored))

    @property
    def unfinished(self) -> tuple[str, ...]:
        """What is still to be written."""
        return tuple(json.loads(self.unfinished_stored))

    @property
    def promoted(self) -> bool:
        """Whether it was chosen for the chronology."""
        return bool(self.promoted_stored)

    @property
    def conflict(self) -> bool:
        """Whether it was amended, or decided on, in two places."""
        return bool(self.conflict_stored)

    @property
    def days_late(self) -> int:
        """How many days after the event it was recorded (R-06); 0 where that is not known."""
        ended = self.occurred.end or self.occurred.start
        if not ended:
            return 0
        return max((self.recorded_at.astimezone().date() - date.fromisoformat(ended[:10])).days, 0)


@dataclass(frozen=True)
class VersionRow:
    """One version of an entry, as it was written."""

    version: int
    act_id: str
    text: str
    childs_words: str
    occurred: Occurred
    recorded_at: datetime
    recorded_by: str
    reason: str
    sees: str
    set_aside: str = ""
    """Why it was set aside, where it was made in two places and somebody chose the other; blank otherwise."""


@dataclass(frozen=True)
class DecisionRow:
    """A decision with its reason, who made it and when."""

    decision: str
    reason: str
    due: date | None
    by: str
    at: datetime
    advice: dict[str, str] | None
    outcome: str
    superseded: bool
    set_aside: str = ""


class ChoiceRow(NamedTuple):
    """That an entry was chosen for the chronology: why, by whom and when (R-71)."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Trace:
    """A wordless trace: an entry was moved from or to this child."""

    entry_id: str
    moved_at: datetime
    by: str
    away: bool


@dataclass(frozen=True)
class EntryDetail:
    """One entry whole."""

    entry: EntryRow
    concern: ConcernLogged
    """Its fields, with what was filled in later."""
    versions: list[VersionRow]
    decisions: list[DecisionRow]
    moves: list[Trace]
    choices: list[ChoiceRow] = field(default_factory=list)
    left_blank: tuple[str, ...] = ()
    """The fields of which somebody decided that there is nothing to be written."""

    @property
    def missing(self) -> list[str]:
        """The names of the fields that are still to be written."""
        if not self.entry.unfinished:
            return []
        stands = {
            "childs_words": self.entry.childs_words,
            "occurred": self.entry.occurred,
            "left_blank": self.left_blank,
        }
        return missing(self.concern.model_dump(mode="json") | stands)


class Hit(NamedTuple):
    """A search hit in its context; the words found stand between ⟪ and ⟫."""

    entry_id: str
    child_id: str
    child: str
    occurred_stored: str
    snippet: str

    @property
    def occurred(self) -> Occurred:
        """When it happened: read from its stored JSON when it is shown, since most hits of a search never are."""
        return _occurred(self.occurred_stored)


class Waiting(NamedTuple):
    """A concern that waits for a decision, as a line of Today shows it."""

    id: str
    child_id: str
    child: str
    text: str
