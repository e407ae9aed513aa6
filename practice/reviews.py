"""When a child's next review is due, and why that day (R-80). Pure: dates and a calendar in, a day and a reason out."""

from __future__ import annotations

import calendar as months
import zlib
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from practice.calendars import SchoolCalendar
from practice.day_words import day_words
from practice.profile import profile
from practice.vocabulary import ReviewEvery, ReviewStatus


class DueReview(BaseModel):
    """The day a review is due and the sentence that says why; `moved_from` is the day the interval alone would give,
    and `holiday_plan` is set where a child must stand on the holiday plan."""

    model_config = ConfigDict(frozen=True)
    due: date
    reason: str
    moved_from: date | None = None
    holiday_plan: bool = False


def cadence(status: str, every: str = "", nation: str = "england") -> ReviewEvery:
    """Return how often a status is reviewed: what was chosen, else the nation's default, else that of `open`."""
    if every in set(ReviewEvery):
        return ReviewEvery(every)
    defaults = profile(nation).reviews.cadence
    known = ReviewStatus(status) if status in set(ReviewStatus) else ReviewStatus.OPEN
    return defaults[known]


def _interval_end(every: ReviewEvery, last: date, nation: str) -> tuple[date, str]:
    """Return the day the interval ends, and the interval in words."""
    if every is ReviewEvery.YEARLY:
        year = min(last.year + 1, date.max.year)
        day = min(last.day, months.monthrange(year, last.month)[1])
        return date(year, last.month, day), "A year"
    defaults = profile(nation).reviews
    days, words = {
        ReviewEvery.WEEKLY: (7, "Seven days"),
        ReviewEvery.FORTNIGHTLY: (14, "Fourteen days"),
        ReviewEvery.HALF_TERMLY: (defaults.half_termly_weeks * 7, f"A half-term ({defaults.half_termly_weeks} weeks)"),
        ReviewEvery.TERMLY: (defaults.termly_weeks * 7, f"A term ({defaults.termly_weeks} weeks)"),
    }[every]
    return last + timedelta(days=min(days, (date.max - last).days)), words


def next_review(
    status: str, every: str, last_review: date, calendar: SchoolCalendar, nation: str = "england", child: str = ""
) -> DueReview:
    """Return when the next review is due after one held on `last_review`.

    A day without school moves it earlier; where that is not after the last review it is due on the first school day
    back, and the child must stand on the holiday plan. What a whole holiday brings forward is spread over the school
    days before it by status, and among children of one status by `child`, an id. Unknown codes fall back to the
    status's default, then `open`.
    """
    target, interval = _interval_end(cadence(status, every, nation), last_review, nation)
    since = f"{interval} after {day_words(last_review)}"
    if calendar.is_school_day(target):
        return DueReview(due=target, reason=f"{since}.")
    earlier = calendar.last_school_day_before(target)
    if earlier > last_review:
        if holiday := calendar.holiday_around(target):
            return _brought_forward(status, target, holiday, since, last_review, calendar, nation, child)
        closed = "in a holiday" if calendar.is_holiday(target) else "not a school day"
        reason = f"{since} is {day_words(target)}, {closed}, so it is due on the last school day before."
        return DueReview(due=earlier, reason=reason, moved_from=target)
    reason = (
        f"{since} is {day_words(target)} and there is no school day between, so it is due on the first day back "
        "and the child must stand on the holiday plan."
    )
    return DueReview(due=calendar.first_school_day_from(target), reason=reason, moved_from=target, holiday_plan=True)


def _brought_forward(
    status: str,
    target: date,
    holiday: tuple[date, date],
    since: str,
    last_review: date,
    calendar: SchoolCalendar,
    nation: str,
    child: str,
) -> DueReview:
    """Return the day before a holiday for a review that would fall into it: the gravest statuses the latest (R-80)."""
    windows = profile(nation).reviews.holiday_spread
    known = ReviewStatus(status) if status in set(ReviewStatus) else ReviewStatus.OPEN
    latest, earliest = windows[known]
    place = latest + zlib.crc32(child.encode()) % (earliest - latest + 1)
    first, last = holiday[0], calendar.school_day_back(holiday[0], 1)
    due = max(calendar.school_day_back(first, place), calendar.first_school_day_from(last_review + timedelta(days=1)))
    due = min(due, last)
    reason = f"{since} is {day_words(target)}, in a holiday, so it is brought forward to before it."
    if due == last:
        reason = f"{since} is {day_words(target)}, in a holiday, so it is due on the last school day before."
    return DueReview(due=due, reason=reason, moved_from=target)


def overdue_school_days(due: date, on: date, calendar: SchoolCalendar) -> int:
    """Return how many school days have passed since a review was due; 0 on the day itself and before it."""
    return calendar.school_days_between(due, on)
