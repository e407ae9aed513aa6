"""The time line of a chronology: how many entries in each week, gaps with holidays marked, clusters, agencies (R-76).

Pure: it is given the days and their sources, and the school's calendar. Nothing here is a score: a gap and a cluster
say only where to look, and name their days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from practice.calendars import SchoolCalendar

GAP_SCHOOL_WEEKS = 6
"""So many school weeks without an entry are a gap."""
CLUSTER_ENTRIES, CLUSTER_DAYS = 3, 7
"""So many entries within so many days are a cluster."""
MARKS = "●■▲◆★○□△◇☆✚✖"
"""One for each agency, in the order of how often they stand in the time line; a name stands beside each."""
BARS = " ▁▂▃▄▅▆▇█"
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_LONGEST = 26 * 53
"""Weeks that a picture reaches back at most: half a century."""


@dataclass(frozen=True)
class Week:
    """One week from its Monday: how many entries, of whom, and whether the school was closed all week."""

    monday: date
    count: int
    sources: tuple[str, ...] = ()
    holiday: bool = False


@dataclass(frozen=True)
class Span:
    """A gap or a cluster: its first and last day, and how many school weeks or entries it holds."""

    start: date
    end: date
    count: int
    holidays: bool = False


@dataclass(frozen=True)
class Timeline:
    """The weeks from the first entry to the last, gaps, clusters, and each agency with its mark."""

    weeks: tuple[Week, ...] = ()
    gaps: tuple[Span, ...] = ()
    clusters: tuple[Span, ...] = ()
    agencies: tuple[tuple[str, str, int], ...] = ()
    entries: int = 0
    undated: int = 0
    more: int = field(default=0)


def timeline(days: Iterable[tuple[date | None, str, int]], calendar: SchoolCalendar) -> Timeline:
    """Return the time line of (day, source, how many) triples; a day of None counts as not dated."""
    per_day: Counter[date] = Counter()
    sources: Counter[str] = Counter()
    of_week: dict[date, Counter[str]] = {}
    undated = 0
    for day, source, count in days:
        sources[source] += count
        if day is None:
            undated += count
            continue
        per_day[day] += count
        of_week.setdefault(_monday(day), Counter())[source] += count
    ranked = sources.most_common()
    agencies = tuple((MARKS[place], name, count) for place, (name, count) in enumerate(ranked[: len(MARKS)]))
    total = sum(sources.values())
    if not per_day:
        return Timeline(agencies=agencies, entries=total, undated=undated, more=max(len(ranked) - len(MARKS), 0))
    ordered = sorted(per_day)
    first = max(_monday(ordered[0]), _monday(ordered[-1]) - _LONGEST * _WEEK)
    weeks = []
    monday = first
    while monday <= ordered[-1]:
        found = of_week.get(monday, Counter())
        weeks.append(
            Week(monday, found.total(), tuple(name for name, _ in found.most_common()), _closed(monday, calendar))
        )
        monday += _WEEK
    return Timeline(
        weeks=tuple(weeks),
        gaps=tuple(_gaps(ordered, calendar)),
        clusters=tuple(_clusters(per_day)),
        agencies=agencies,
        entries=total,
        undated=undated,
        more=max(len(ranked) - len(MARKS), 0),
    )


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


def _closed(monday: date, calendar: SchoolCalendar) -> bool:
    return calendar.covers(monday) and not any(calendar.is_school_day(monday + at * _DAY) for at in range(5))


def _gaps(days: Sequence[date], calendar: SchoolCalendar) -> Iterable[Span]:
    """Yield the stretches between entries that hold the school weeks of a gap; holidays do not count."""
    for before, after in pairwise(days):
        if (after - before).days < GAP_SCHOOL_WEEKS * 7:
            continue
        mondays = [_monday(before) + _WEEK * at for at in range(1, min(((after - before).days // 7) + 1, _LONGEST))]
        inside = [monday for monday in mondays if monday + 4 * _DAY < after]
        closed = sum(_closed(monday, calendar) for monday in inside)
        if len(inside) - closed >= GAP_SCHOOL_WEEKS:
            yield Span(before + _DAY, after - _DAY, len(inside) - closed, closed > 0)


def _clusters(per_day: Counter[date]) -> Iterable[Span]:
    """Yield the stretches whose every window of some days holds the entries of a cluster; those that touch are one."""
    days = sorted(per_day)
    spans: list[tuple[date, date]] = []
    first = 0
    held = 0
    for day in days:
        held += per_day[day]
        while (day - days[first]).days >= CLUSTER_DAYS:
            held -= per_day[days[first]]
            first += 1
        if held >= CLUSTER_ENTRIES:
            if spans and days[first] <= spans[-1][1]:
                spans[-1] = (spans[-1][0], day)
            else:
                spans.append((days[first], day))
    for start, end in spans:
        yield Span(start, end, sum(count for day, count in per_day.items() if start <= day <= end))


# -- the picture -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of the picture: a week, or several where the time line is longer than the screen is wide."""

    start: date
    count: int
    sources: frozenset[str]
    holiday: bool
    cluster: bool
    gap: bool


def columns(line: Timeline, width: int) -> list[Column]:
    """Return the time line in at most `width` columns of as many weeks each."""
    weeks = line.weeks
    if not weeks:
        return []
    each = -(-len(weeks) // max(width, 1))
    made = []
    for at in range(0, len(weeks), each):
        part = weeks[at : at + each]
        start, end = part[0].monday, part[-1].monday + 6 * _DAY
        made.append(
            Column(
                start,
                sum(week.count for week in part),
                frozenset(name for week in part for name in week.sources),
                all(week.holiday for week in part),
                any(span.start <= end and start <= span.end for span in line.clusters),
                any(span.start <= start and end <= span.end for span in line.gaps),
            )
        )
    return made


def picture(line: Timeline, width: int) -> list[str]:
    """Return the time line as lines of characters, each with its name on the left: months, density, holidays, agencies.

    A bar is a week's entries beside the fullest week; `~` a week without school, `=` a gap, `^` a cluster.
    """
    label = 12 if width < 100 else min(max([11, *(len(name) for _, name, _ in line.agencies)]) + 1, 28)
    shown = columns(line, max(width - label, 10))
    if not shown:
        return ["No entry here has a date, so there is no time line."]
    most = max(column.count for column in shown)
    bars = "".join(BARS[_height(column.count, most)] for column in shown)
    under = "".join("~" if column.holiday else "=" if column.gap else "." for column in shown)
    rows = [("", _months(shown)), (f"most {most}", bars), ("school", under)]
    if line.clusters:
        rows.append(("clusters", "".join("^" if column.cluster else " " for column in shown)))
    for mark, name, _count in line.agencies:
        rows.append((_cut(name, label - 1), "".join(mark if name in column.sources else " " for column in shown)))
    return [f"{name:<{label}}{text}".rstrip() for name, text in rows]


def _height(count: int, most: int) -> int:
    return 0 if count == 0 else max(1, round(count * (len(BARS) - 1) / most))


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"


def _months(shown: Sequence[Column]) -> str:
    """Return the months, and the years where they begin, above their columns where there is room."""
    row = [" "] * (len(shown) + 8)
    free = 0
    before = None
    for at, column in enumerate(shown):
        if before is None or column.start.month != before.month or column.start.year != before.year:
            new_year = before is None or column.start.year != before.year
            words = f"{column.start:%b %Y}" if new_year else f"{column.start:%b}"
            if at >= free and at + len(words) <= len(row):
                row[at : at + len(words)] = words
                free = at + len(words) + 1
        before = column.start
    return "".join(row).rstrip()


def said(line: Timeline) -> list[str]:
    """Return what the picture shows, in sentences: for a screen reader, and under the picture."""
    from practice.dates import day_words

    def count(number: int, one: str, many: str) -> str:
        return f"{number:,} {one if number == 1 else many}"

    lines = [f"{count(line.entries, 'entry', 'entries')}, {line.undated} not dated." if line.undated else ""]
    lines += [
        f"Gap: {day_words(span.start)} to {day_words(span.end)}, {span.count} school weeks without an entry"
        + (", holidays not counted." if span.holidays else ".")
        for span in line.gaps
    ]
    lines += [
        f"Cluster: {count(span.count, 'entry', 'entries')} from {day_words(span.start)} to {day_words(span.end)}."
        for span in line.clusters
    ]
    lines += [f"{mark} {name}: {count(number, 'entry', 'entries')}." for mark, name, number in line.agencies]
    if line.more:
        lines.append(f"{line.more} more sources have no mark of their own.")
    return [each for each in lines if each]
