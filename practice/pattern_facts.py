"""What pattern rules look at: a child's facts, kept day by day, and the school's days (R-85).

Pure. A rule asks for the days that count for it and gets the same `Day` objects as the last time, as long as nothing
about those days has changed. So a rule over thousands of entries looks at as many things as there are days, and what a
flag gained or lost is found by comparing days instead of entries.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from practice.calendars import SchoolCalendar
from practice.pattern_rules import Rule

FOR_EVER = date.max.toordinal()
CONCERNS = frozenset({"concern", "observation", "online", "operation_encompass", "physical_intervention"})
"""Which kinds count where a rule names none."""


class Fact(NamedTuple):
    """What a rule may know of an entry: never its words. `sure` says that the day itself is known."""

    day: int
    entry: str
    kind: str
    categories: str
    low_level: int
    voice: int
    sure: int


Sort = tuple[str, str]
"""A fact's kind and its categories."""
Key = tuple[frozenset[str], frozenset[str], bool]
"""Which facts count: of these kinds, of one of these categories (any, where none is named), low-level ones alone."""


class Day:
    """The facts of one day that count for a rule, in their order; where one comes or goes, it is another `Day`."""

    __slots__ = ("_sorts", "_sure", "day", "facts")

    def __init__(self, facts: Sequence[Fact], sorts: frozenset[Sort] | None = None) -> None:
        self.day = facts[0].day
        self.facts = facts
        self._sorts = sorts
        self._sure: Day | bool | None = False

    @property
    def sorts(self) -> frozenset[Sort]:
        """Which sorts of facts there are on the day."""
        if self._sorts is None:
            self._sorts = frozenset([fact[2:4] for fact in self.facts])
        return self._sorts

    def sure(self) -> Day | None:
        """Return of the day what is surely of it: all, some, or nothing."""
        if isinstance(self._sure, bool):
            some = [fact for fact in self.facts if fact.sure]
            self._sure = (self if len(some) == len(self.facts) else Day(some)) if some else None
        return self._sure

    def with_fact(self, fact: Fact) -> Day:
        """Return the day with one fact more."""
        facts = list(self.facts)
        insort(facts, fact)
        return Day(facts, self.sorts | {fact[2:4]})

    def without(self, fact: Fact) -> list[Day]:
        """Return the day with one fact less; nothing where it was the only one."""
        facts = [each for each in self.facts if each is not fact]
        return [Day(facts)] if facts else []

    def last(self, count: int) -> Day:
        """Return the last so many facts of the day as one."""
        return self if count >= len(self.facts) else Day(self.facts[-count:])


_day_of = attrgetter("day")


def place_of(days: Sequence[Day], day: int) -> int:
    """Return at which place of these days, which are in order, the first one stands that is not before a day."""
    return bisect_left(days, day, key=_day_of)


def count_of(days: Iterable[Day]) -> int:
    """Return how many facts there are on these days."""
    return sum([len(each.facts) for each in days])


class Facts:
    """A child's facts, and the days of those that count for each rule: kept up to date fact by fact."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_entry: dict[str, Fact] = {}
        self._by_day: dict[int, list[Fact]] = {}
        self._counting: dict[Key, list[Day]] = {}
        for fact in sorted(facts):
            self._by_entry[fact.entry] = fact
            self._by_day.setdefault(fact.day, []).append(fact)
        self._order = list(self._by_day)

    def __len__(self) -> int:
        return len(self._by_entry)

    @property
    def all(self) -> list[Fact]:
        """Every fact, in their order."""
        return [fact for day in self._order for fact in self._by_day[day]]

    def add(self, fact: Fact) -> None:
        """Take a fact in; of one entry there is one fact."""
        self.remove(fact.entry)
        self._by_entry[fact.entry] = fact
        if fact.day not in self._by_day:
            self._by_day[fact.day] = []
            insort(self._order, fact.day)
        insort(self._by_day[fact.day], fact)
        for days, place, stands in self._places(fact):
            days[place : place + stands] = [days[place].with_fact(fact) if stands else Day([fact])]

    def remove(self, entry: str) -> None:
        """Forget an entry's fact, if there is one."""
        fact = self._by_entry.pop(entry, None)
        if fact is None:
            return
        of_day = self._by_day[fact.day]
        del of_day[bisect_left(of_day, fact)]
        if not of_day:
            del self._by_day[fact.day]
            del self._order[bisect_left(self._order, fact.day)]
        for days, place, stands in self._places(fact):
            days[place : place + stands] = days[place].without(fact)

    def _places(self, fact: Fact) -> Iterator[tuple[list[Day], int, bool]]:
        """Yield, for each key by which a fact counts: the days, its own day's place, and whether that day stands."""
        for key, days in self._counting.items():
            if _counts(key, fact):
                place = place_of(days, fact.day)
                yield days, place, place < len(days) and days[place].day == fact.day

    def counting(self, key: Key) -> list[Day]:
        """Return the days with facts that count by a key, in their order; each is the same until it changes."""
        if key not in self._counting:
            kinds, wanted, low = key
            days = []
            for day in self._order:
                facts = [
                    fact
                    for fact in self._by_day[day]
                    if fact[2] in kinds
                    and (not low or fact[4])
                    and (not wanted or not wanted.isdisjoint(fact[3].split()))
                ]
                if facts:
                    days.append(Day(facts))
            self._counting[key] = days
        return self._counting[key]

    @property
    def newest(self) -> int:
        """The day of the newest fact; 0 where there is none."""
        return self._order[-1] if self._order else 0


def _counts(key: Key, fact: Fact) -> bool:
    kinds, wanted, low = key
    if fact.kind not in kinds or (low and not fact.low_level):
        return False
    return not wanted or not wanted.isdisjoint(fact.categories.split())


def key_of(rule: Rule) -> Key:
    """Return which facts count for a rule."""
    return (rule.kinds or CONCERNS, rule.categories, rule.low_level)


class SchoolDays:
    """A calendar's school days as ordinals, worked out a year at a time and kept."""

    def __init__(self, calendar: SchoolCalendar) -> None:
        self.calendar = calendar
        self._years: dict[int, list[int]] = {}
        self._back: dict[tuple[int, int], dict[int, int]] = {}

    def _year(self, year: int) -> list[int]:
        if year not in self._years:
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            days = range(first, last + 1)
            self._years[year] = [day for day in days if self.calendar.is_school_day(date.fromordinal(day))]
        return self._years[year]

    def after(self, day: int, count: int) -> int:
        """Return the day that lies so many school days after this one; for ever where there is none in four years."""
        year = date.fromordinal(day).year
        for each in range(year, min(year + 5, date.max.year)):
            days = self._year(each)
            place = bisect_right(days, day)
            if place + count <= len(days):
                return days[place + count - 1]
            count -= len(days) - place
        return FOR_EVER

    def returns(self, first: int, last: int, count: int) -> dict[int, int]:
        """Return which days between two are among the first so many after a holiday, and which is the very first."""
        found: dict[int, int] = {}
        for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
            found |= {day: begun for day, begun in self._year_back(year, count).items() if first <= day <= last}
        return found

    def _year_back(self, year: int, count: int) -> dict[int, int]:
        """Return what `returns` does for the days of one year."""
        if (year, count) not in self._back:
            days = [*self._year(year - 1), *self._year(year)] if year > 1 else self._year(year)
            found: dict[int, int] = {}
            for place in range(1, len(days)):
                if _weekdays_between(days[place - 1], days[place]) >= 5:
                    found |= dict.fromkeys(days[place : place + count], days[place])
            begins = date(year, 1, 1).toordinal()
            self._back[year, count] = {day: begun for day, begun in found.items() if day >= begins}
        return self._back[year, count]


def _weekdays_between(one: int, other: int) -> int:
    return sum(1 for day in range(one + 1, other) if (day + 6) % 7 < 5)
