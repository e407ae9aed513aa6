"""Days and times in words: what every screen needs before anything of a record is read, and no more than that."""

from __future__ import annotations

from datetime import date, datetime, time

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date) -> str:
    """Return `Sat 21 Nov 2026`, whatever the machine's locale."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year:04d}"


def stated_day(text: str) -> str:
    """Return a date that somebody else sent in words, or as it came where it is none."""
    try:
        return day_words(date.fromisoformat(text))
    except ValueError:
        return f"«{text}»"


def day_here(moment: str) -> str:
    """Return the local day of a moment in ISO text with its offset, as it is kept in the store."""
    return day_words(datetime.fromisoformat(moment).astimezone().date())


def told_words(by: str, at: str, recorded_at: str) -> str:
    """Return who told a reporter what was done, when in the words that were written, and when that was recorded."""
    return f"Told by {by}{f', {at}' if at else ''}; recorded {day_here(recorded_at)}"


def time_words(moment: datetime | time) -> str:
    """Return `16:40` (24-hour clock) of a time already in local terms."""
    return f"{moment.hour:02d}:{moment.minute:02d}"
