"""When something happened, kept as it was written and as it was read (R-78); day first always, times local.

The reading never raises and never loses the words: what cannot be read is kept, with a question to ask.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from practice.day_words import DAYS, MONTHS, day_words, stated_day, time_words
from practice.text import tidy, visible
from practice.vocabulary import Precision
from practice.when import clean, read
from practice.when_parts import Span, Unreadable

__all__ = [
    "WHEN_LIMIT",
    "Occurred",
    "day_words",
    "in_words",
    "note_beside",
    "notice_when",
    "parse_when",
    "sort_key",
    "stated_day",
    "time_words",
]

WHEN_LIMIT = 200
_SAID_DAY = re.compile(r"Read as ([^.:?]+)\.")
_ASK = "When was this? A day helps, such as yesterday, Tuesday or 21/11/2026."


class Occurred(BaseModel):
    """When something happened: `text` as written; `start` and `end` (inclusive) as local ISO text, both dates
    `YYYY-MM-DD` or both minutes `YYYY-MM-DDTHH:MM`, equal for a point, None when not known; `note` says what was
    repaired, assumed or is asked."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(max_length=WHEN_LIMIT)
    start: str | None = None
    end: str | None = None
    precision: Precision
    note: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse what no reading makes: half a range, mixed shapes, an end before its start."""
        if (self.precision is Precision.UNKNOWN) != (self.start is None):
            raise ValueError("a known date has a start, and an unknown one has none")
        if self.start is None:
            if self.end is not None:
                raise ValueError("an end needs a start")
            return self
        for value in {self.start, self.end or self.start}:
            if _iso(value) != value or len(value) != len(self.start):
                raise ValueError("dates are YYYY-MM-DD or YYYY-MM-DDTHH:MM, both of one shape")
        if self.end is not None and self.end < self.start:
            raise ValueError("the end is before the start")
        if self.precision is Precision.EXACT and len(self.start) != 16:
            raise ValueError("an exact moment has a time")
        return self


def _iso(value: str) -> str:
    """Return the text a parsed value would be written as, so that only one spelling is accepted."""
    if len(value) == 10:
        return date.fromisoformat(value).isoformat()
    return datetime.fromisoformat(value).isoformat(timespec="minutes")


def parse_when(text: str, now: datetime) -> Occurred:
    """Read a date as people write it. `now` is local wall time. Empty text is now; text over 200 characters is cut
    and not read; what cannot be read has precision unknown and a question in `note`. Never raises (R-78)."""
    now = now.replace(tzinfo=None)
    kept = tidy(text).strip()
    if not kept:
        moment = now.isoformat(timespec="minutes")
        return Occurred(text="", start=moment, end=moment, precision=Precision.EXACT)
    if len(kept) > WHEN_LIMIT:
        note = f"This is too long for a date and only its first {WHEN_LIMIT} characters are kept: when was it?"
        return Occurred(text=kept[:WHEN_LIMIT], precision=Precision.UNKNOWN, note=note)
    try:
        span = read(clean(kept), now)
    except Unreadable as question:
        return Occurred(text=kept, precision=Precision.UNKNOWN, note=str(question))
    if span is None:
        return Occurred(text=kept, precision=Precision.UNKNOWN, note=_ASK)
    return _occurred(kept, span, now)


def notice_when(police_at: Occurred | None) -> Occurred:
    """Return when what a police notice tells of happened, where nobody wrote it: when the police attended, else not
    known. It is never the moment at which the notice was typed in (R-68)."""
    if police_at is None or police_at.start is None:
        return Occurred(text="", precision=Precision.UNKNOWN, note=_ASK)
    return police_at.model_copy(update={"note": "As the police attended."})


def _occurred(text: str, span: Span, now: datetime) -> Occurred:
    start, end = span.first.isoformat(), span.last.isoformat()
    if span.clock:
        start += f"T{time_words(span.clock)}"
        end += f"T{time_words(span.clock_last or span.clock)}"
    if span.approximate:
        precision = Precision.APPROXIMATE
    elif start != end:
        precision = Precision.RANGE
    else:
        precision = Precision.EXACT if span.clock else Precision.DAY
    notes = list(span.notes)
    if start > now.isoformat(timespec="minutes")[: len(start)]:
        notes.append("This is in the future: is that the date you mean?")
    return Occurred(text=text, start=start, end=end, precision=precision, note=" ".join(notes))


def sort_key(occurred: Occurred, recorded_at: datetime) -> str:
    """Return fixed-width text that sorts by event, then by recording: a day or an approximate date without a time
    stands at midday, a range at its start, an unknown date where it was recorded (in UTC, for the same order on
    every machine)."""
    recorded = recorded_at.astimezone(UTC).replace(tzinfo=None) if recorded_at.tzinfo else recorded_at
    if occurred.start is None:
        event = recorded.isoformat(timespec="minutes")
    elif len(occurred.start) == 16:
        event = occurred.start
    else:
        event = occurred.start + ("T00:00" if occurred.precision == Precision.RANGE else "T12:00")
    return f"{event}|{recorded.isoformat(timespec='microseconds')}"


def in_words(occurred: Occurred) -> str:
    """Return the reading for the screen: `Sat 21 Nov 2026, 14:30`, `about 22 May 2016`, `week of Mon 6 Oct 2025`."""
    if occurred.start is None:
        return f"not known: «{visible(occurred.text)}»" if occurred.text else "not known"
    words = _span_words(occurred.start, occurred.end or occurred.start)
    if occurred.precision != Precision.APPROXIMATE:  # what was stored comes back as its plain code
        return words
    if " to " not in words and words[:3] in DAYS:
        words = words[4:]
    return f"about {words}"


def note_beside(occurred: Occurred) -> str:
    """Return what is to be said of a reading beside its words: the note, but for the day that they say already."""
    words = in_words(occurred)
    return " ".join(_SAID_DAY.sub(lambda said: "" if said[1] in words else said[0], occurred.note).split())


def _span_words(start: str, end: str) -> str:
    if len(start) == 16:
        return _minutes_words(datetime.fromisoformat(start), datetime.fromisoformat(end))
    begun, ended = date.fromisoformat(start), date.fromisoformat(end)
    words = day_words(begun)
    if begun == ended:
        return words
    if (begun.month, begun.day, ended) == (1, 1, date(begun.year, 12, 31)):
        return str(begun.year)
    if begun.day == 1 and ended == begun.replace(day=calendar.monthrange(begun.year, begun.month)[1]):
        return f"{MONTHS[begun.month - 1]} {begun.year}"
    return (
        f"week of {words}" if begun.weekday() == 0 and (ended - begun).days == 6 else f"{words} to {day_words(ended)}"
    )


def _minutes_words(first: datetime, last: datetime) -> str:
    words = f"{day_words(first.date())}, {time_words(first)}"
    if first == last:
        return words
    if first.date() == last.date():
        return f"{words} to {time_words(last)}"
    return f"{words} to {day_words(last.date())}, {time_words(last)}"
