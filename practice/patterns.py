"""Patterns in a child's record: rules that show their evidence, never a score (R-85).

Pure: facts about entries, rules and a calendar in; flags, each with its sentence and its entries, out. Days are
ordinals (`date.toordinal`), so that thousands of entries are looked through in milliseconds. What is returned depends
on today only where a rule is about silence or lateness, and then `valid_until` says how long it stands.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from practice.calendars import SchoolCalendar
from practice.pattern_rules import Rule
from practice.when_parts import day_words

LOOK_BACK = 365
"""Days before a child's newest entry that are looked at."""
MOST = 200
"""The most entries of those days that are looked at, the newest; whoever has more is asked no more about rising."""
FOR_EVER = date.max.toordinal()
CONCERNS = frozenset({"concern", "observation", "online", "operation_encompass", "physical_intervention"})
"""Which kinds count where a rule names none."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Fact(NamedTuple):
    """What a rule may know of an entry: never its words. `sure` says that the day itself is known."""

    day: int
    entry: str
    kind: str
    categories: str
    low_level: int
    voice: int
    sure: int


class Duty(NamedTuple):
    """Something that was to be done by a day: an action, or what follows a decision. `about` is what a flag lists."""

    about: str
    due: int
    what: str


@dataclass(frozen=True)
class ChildFacts:
    """One child: the facts by day, each sibling's, and what is still to be done."""

    facts: Sequence[Fact] = ()
    siblings: Sequence[Sequence[Fact]] = ()
    duties: Sequence[Duty] = ()


@dataclass(frozen=True)
class Raised:
    """A flag: its rule, why in one sentence, the entries it rests on, and the day from which it holds."""

    rule: str
    sentence: str
    entries: tuple[str, ...]
    since: int


@dataclass
class Evaluation:
    """What one child's record raises, and the last day for which that is so without a further act."""

    raised: list[Raised] = field(default_factory=list)
    valid_until: int = FOR_EVER
    matched: dict[tuple[frozenset[str], frozenset[str], bool], list[Fact]] = field(default_factory=dict)
    """Which of the child's facts count, for the rules that count the same ones."""

    def until(self, day: int) -> None:
        """Say that the answer may be another one after this day."""
        self.valid_until = min(self.valid_until, day)


class SchoolDays:
    """A calendar's school days as ordinals, worked out a year at a time and kept."""

    def __init__(self, calendar: SchoolCalendar) -> None:
        self.calendar = calendar
        self._years: dict[int, list[int]] = {}
        self._back: dict[int, dict[int, int]] = {}
        self._known: set[tuple[int, int]] = set()

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

    def returns(self, day: int, count: int) -> int:
        """Return the first day after the holiday of which this day is among the first `count` school days, or 0."""
        year = date.fromordinal(day).year
        back = self._back.setdefault(count, {})
        if (year, count) not in self._known:
            self._known.add((year, count))
            days = [*self._year(year - 1), *self._year(year)] if year > 1 else self._year(year)
            for place in range(1, len(days)):
                if _weekdays_between(days[place - 1], days[place]) >= 5:
                    back |= dict.fromkeys(days[place : place + count], days[place])
        return back.get(day, 0)


def _weekdays_between(one: int, other: int) -> int:
    return sum(1 for day in range(one + 1, other) if (day + 6) % 7 < 5)


def evaluate(child: ChildFacts, rules: Sequence[Rule], days: SchoolDays, today: int) -> Evaluation:
    """Return the flags that a child's record raises on a day, at most one for each rule."""
    found = Evaluation()
    facts = recent(child.facts)
    for rule in rules:
        _SHAPES[rule.shape](rule, facts, child, days, today, found)
    return found


def recent(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Return the facts of the year that ends with the newest one; they come ordered by day."""
    if not facts:
        return facts
    return facts[bisect_left(facts, (facts[-1].day - LOOK_BACK + 1,)) :][-MOST:]


def _matching(rule: Rule, facts: Sequence[Fact], found: Evaluation) -> list[Fact]:
    """Return which of the child's own facts count for a rule; most rules count the same ones."""
    key = (rule.kinds, rule.categories, rule.low_level)
    if key not in found.matched:
        found.matched[key] = _counting(rule, facts)
    return found.matched[key]


def _counting(rule: Rule, facts: Sequence[Fact]) -> list[Fact]:
    kinds, wanted = rule.kinds or CONCERNS, rule.categories
    some = [fact for fact in facts if fact.kind in kinds and (fact.low_level or not rule.low_level)]
    return [fact for fact in some if not wanted.isdisjoint(fact.categories.split())] if wanted else some


def _raise(
    found: Evaluation, rule: Rule, facts: Sequence[Fact], *, count: int = 0, since: int = 0, **words: str
) -> None:
    """Add a flag that rests on these facts."""
    slots = {
        "count": str(count or len(facts)),
        "first": day_words(date.fromordinal(facts[0].day)),
        "last": day_words(date.fromordinal(facts[-1].day)),
        "days": str(rule.days or ""),
        "categories": "",
        "weekday": "",
        "children": "",
        "what": "",
        **words,
    }
    sentence = rule.sentence
    for name, value in slots.items():
        sentence = sentence.replace("{" + name + "}", value)
    entries = tuple(dict.fromkeys(fact.entry for fact in facts))
    found.raised.append(Raised(rule.code, sentence, entries, since or facts[-1].day))


def _count_within(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    """Find the newest run of days that holds enough; the window slides back entry by entry."""
    matching = _matching(rule, facts, found)
    needed, span = rule.entries or 1, rule.days or 1
    if len(matching) < needed:
        return
    counted, alone = [""] * len(matching), [1] * len(matching)
    by_category = rule.distinct_categories > 1 or "{categories}" in rule.sentence
    kinds: dict[str, int] = {}
    low, others = len(matching), 0
    for high in range(len(matching) - 1, -1, -1):
        first = matching[high].day - span
        while low > 0 and matching[low - 1].day > first:
            low -= 1
            if by_category:
                counted[low] = _counted(rule, matching[low])
            if rule.not_only:
                alone[low] = _stands_alone(rule, matching[low])
            kinds[counted[low]] = kinds.get(counted[low], 0) + 1
            others += alone[low]
        if high - low + 1 >= needed and others and len(kinds) >= rule.distinct_categories:
            _raise(found, rule, matching[low : high + 1], categories=_listed(kinds))
            return
        if high + 1 <= needed:
            return
        others -= alone[high]
        kinds[counted[high]] -= 1
        if not kinds[counted[high]]:
            del kinds[counted[high]]


def _counted(rule: Rule, fact: Fact) -> str:
    """Return what counts as the entry's category: of those that the rule names, its kind where it has none."""
    if not rule.categories:
        return fact.categories.partition(" ")[0]
    return next((each for each in fact.categories.split() if each in rule.categories), fact.kind)


def _stands_alone(rule: Rule, fact: Fact) -> int:
    """Return 1 for an entry that counts without another sort beside it."""
    return int(fact.kind not in rule.not_only and fact.categories.partition(" ")[0] not in rule.not_only)


def _listed(kinds: Iterable[str]) -> str:
    from practice.vocabulary import ConcernCategory, label_of

    names = [label_of(ConcernCategory, code).lower() for code in sorted(kinds)]
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _rising(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    matching = _matching(rule, facts, found)
    if not matching or len(facts) >= MOST:
        return
    span, past = rule.days or 1, rule.before_days or 1
    days = [fact.day for fact in matching]
    begin = days[-1] - span
    lately = bisect_right(days, begin)
    before = lately - bisect_right(days, begin - past)
    count = len(days) - lately
    mean = before * span / past
    if count >= (rule.entries or 1) and before >= rule.before_entries and count >= (rule.times or 1) * mean:
        _raise(found, rule, matching[lately:])


def _weekday(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    matching = _in_span(rule, [fact for fact in _matching(rule, facts, found) if fact.sure])
    counts = Counter((day + 6) % 7 for day in {fact.day for fact in matching})
    if not counts:
        return
    weekday, count = max(counts.items(), key=lambda each: (each[1], -each[0]))
    if _enough(rule, count, counts.total()):
        chosen = [fact for fact in matching if (fact.day + 6) % 7 == weekday]
        _raise(found, rule, chosen, count=count, weekday=WEEKDAYS[weekday])


def _in_span(rule: Rule, matching: Sequence[Fact]) -> list[Fact]:
    """Return the facts of the rule's days up to the newest of them."""
    return [fact for fact in matching if fact.day > matching[-1].day - (rule.days or 1)]


def _enough(rule: Rule, count: int, of: int) -> bool:
    return count >= (rule.entries or 1) and count * 100 >= (rule.percent or 1) * of


def _after_kind(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    contacts = {fact.day for fact in facts if fact.kind in rule.after_kinds}
    if not contacts:
        return
    matching = _in_span(rule, _matching(rule, facts, found))
    steps = range(1, (rule.within_days or 1) + 1)
    after = [fact for fact in matching if fact.sure and any(fact.day - step in contacts for step in steps)]
    if _enough(rule, len(after), len(matching)):
        _raise(found, rule, after)


def _after_holiday(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, days: SchoolDays, _today: int, found: Evaluation
) -> None:
    matching = _in_span(rule, _matching(rule, facts, found))
    held = [(days.returns(fact.day, rule.school_days or 1), fact) for fact in matching if fact.sure]
    after = [fact for begun, fact in held if begun]
    if len({begun for begun, _ in held if begun}) > 1 and _enough(rule, len(after), len(matching)):
        _raise(found, rule, after)


def _siblings(
    rule: Rule, facts: Sequence[Fact], child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    if not child.siblings or not facts:
        return
    family = [_matching(rule, facts, found), *(_counting(rule, recent(each)) for each in child.siblings)]
    if not family[0]:
        return
    newest = max(each[-1].day for each in family if each)
    near = [[fact for fact in each if fact.day > newest - (rule.days or 1)] for each in family]
    together = sorted(fact for each in near for fact in each)
    children = sum(1 for each in near if each)
    if near[0] and children >= (rule.children or 2) and len(together) >= (rule.entries or 1):
        _raise(found, rule, together, children=str(children))


def _silence(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, days: SchoolDays, today: int, found: Evaluation
) -> None:
    matching = _matching(rule, facts, found)
    count = rule.entries or 1
    if len(matching) < count or matching[-1].day - matching[-count].day >= (rule.days or 1):
        return
    last = facts[-1].day
    begins = days.after(last, rule.school_days or 1)
    ends = last + rule.until_days
    if today < begins:
        found.until(begins - 1)
    elif today <= ends:
        found.until(ends)
        _raise(found, rule, matching[-count:], since=begins)


def _overdue(
    rule: Rule, _facts: Sequence[Fact], child: ChildFacts, days: SchoolDays, today: int, found: Evaluation
) -> None:
    late: list[tuple[int, Duty]] = []
    for duty in sorted(child.duties, key=lambda each: (each.due, each.about)):
        begins = days.after(duty.due, rule.school_days or 1)
        if today < begins:
            found.until(begins - 1)
        else:
            late.append((begins, duty))
    if not late:
        return
    first = late[0][1]
    facts = [Fact(duty.due, duty.about, "", "", 0, 0, 1) for _, duty in late]
    what = first.what if len(late) == 1 else f"{first.what} (and {len(late) - 1} more)"
    _raise(found, rule, facts, since=max(begins for begins, _ in late), what=what)


def _no_voice(
    rule: Rule, facts: Sequence[Fact], _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    lately = _matching(rule, facts, found)[-(rule.entries or 1) :]
    if len(lately) == rule.entries and not any(fact.voice for fact in lately):
        _raise(found, rule, lately)


_SHAPES: dict[str, Callable[[Rule, Sequence[Fact], ChildFacts, SchoolDays, int, Evaluation], None]] = {
    "count_within": _count_within,
    "rising": _rising,
    "weekday": _weekday,
    "after_kind": _after_kind,
    "after_holiday": _after_holiday,
    "siblings": _siblings,
    "silence": _silence,
    "overdue": _overdue,
    "no_voice": _no_voice,
}
