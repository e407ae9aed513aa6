"""Sync is not a referral: what a partner has not answered in time, and so must be rung about (protocol: §5, rule 15).

Hours and days are the organisation's working ones: Monday to Friday without bank holidays, from its beginning of the
day to its close. School holidays play no part: partners work then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

URGENT_AFTER = timedelta(hours=1)
OPEN = ("queued", "offered", "delivered", "refused", "expired")
"""States of a share that has no receipt of the partner's."""


@dataclass(frozen=True)
class WorkingDay:
    """When the working day begins and ends, local time, and on which days there is none."""

    begins: time
    ends: time
    holidays: Collection[date] = ()

    def on(self, day: date) -> bool:
        """Say whether this is a working day."""
        return day.weekday() < 5 and day not in self.holidays

    def closes(self, moment: datetime) -> datetime:
        """Return the close of the working day in which a local moment lies, or of the next one."""
        day = moment.date()
        if not self.on(day) or moment.time() >= self.ends:
            day += timedelta(days=1)
            while not self.on(day):
                day += timedelta(days=1)
        return datetime.combine(day, self.ends, moment.tzinfo)

    def after(self, moment: datetime, span: timedelta) -> datetime:
        """Return the local moment when so much working time has passed after this one."""
        left, found = span, moment
        while True:
            end = self.closes(found)
            begin = max(found, datetime.combine(end.date(), self.begins, moment.tzinfo))
            if begin + left <= end:
                return begin + left
            left -= max(end - begin, timedelta())
            found = end


def working_day(begins: str, ends: str, holidays: Collection[date]) -> WorkingDay:
    """Return the working day between two times, `HH:MM`; one that would end before it begins is the usual one."""
    first, last = time.fromisoformat(begins), time.fromisoformat(ends)
    if last <= first:
        first, last = time(9), time(17)
    return WorkingDay(first, last, holidays)


def must_ring(state: str, approved: datetime, now: datetime, day: WorkingDay, *, urgent: bool, collected: bool) -> str:
    """Return why the partner must be rung about a share, in words; blank where nothing is late.

    `approved` and `now` are local moments; `collected` says that the partner has fetched it and not answered yet.
    """
    if state not in OPEN:
        return ""
    if urgent and now >= day.after(approved, URGENT_AFTER):
        return f"urgent, and {'they refused it' if state == 'refused' else 'no receipt after a working hour'}"
    if not collected and state in ("queued", "offered", "delivered", "expired") and now >= day.closes(approved):
        return "not sent by the close of the day" if state in ("queued", "offered") else "not collected"
    return ""
