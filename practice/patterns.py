"""Patterns in a child's record: rules that show their evidence, never a score (R-85).

Pure: facts about entries, rules and a calendar in; flags, each with its sentence and its entries, out. Days are
ordinals (`date.toordinal`), so that thousands of entries are looked through in milliseconds. What is returned depends
on today only where a rule is about silence or lateness, and then `valid_until` says how long it stands.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from practice.calendars import SchoolCalendar
from practice.pattern_rules import Rule
from practice.when_parts import day_words

Read = TypeVar("Read")
LOOK_BACK = 365
"""Days before a child's newest entry that are looked at; as many more as a rule in force looks back."""
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


Key = tuple[frozenset[str], frozenset[str], bool]
"""Which facts count: of these kinds, of one of these categories (any, where none is named), low-level ones alone."""


class Facts:
    """A child's facts in their order, and which of them count for which rules: kept up to date fact by fact."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.all = sorted(facts)
        self._by_entry = {fact.entry: fact for fact in self.all}
        self._counting: dict[Key, list[Fact]] = {}

    def add(self, fact: Fact) -> None:
        """Take a fact in; of one entry there is one fact."""
        self.remove(fact.entry)
        self._by_entry[fact.entry] = fact
        insort(self.all, fact)
        for key, some in self._counting.items():
            if _counts(key, fact):
                insort(some, fact)

    def remove(self, entry: str) -> None:
        """Forget an entry's fact, if there is one."""
        fact = self._by_entry.pop(entry, None)
        if fact is None:
            return
        for some in (self.all, *self._counting.values()):
            place = bisect_left(some, fact)
            if place < len(some) and some[place] == fact:
                del some[place]

    def counting(self, key: Key) -> list[Fact]:
        """Return the facts that count by a key, in their order."""
        if key not in self._counting:
            self._counting[key] = [fact for fact in self.all if _counts(key, fact)]
        return self._counting[key]

    @property
    def newest(self) -> int:
        """The day of the newest fact; 0 where there is none."""
        return self.all[-1].day if self.all else 0


def _counts(key: Key, fact: Fact) -> bool:
    kinds, wanted, low = key
    if fact.kind not in kinds or (low and not fact.low_level):
        return False
    return not wanted or not wanted.isdisjoint(fact.categories.split())


def key_of(rule: Rule) -> Key:
    """Return which facts count for a rule."""
    return (rule.kinds or CONCERNS, rule.categories, rule.low_level)


def look_back(rules: Iterable[Rule]) -> int:
    """Return how many days before the newest entry these rules look at."""
    return max([LOOK_BACK, *((rule.days or 0) + (rule.before_days or 0) for rule in rules)])


class Duty(NamedTuple):
    """Something that was to be done by a day: an action, or what follows a decision. `about` is what a flag lists."""

    about: str
    due: int
    what: str


@dataclass(frozen=True)
class ChildFacts:
    """One child: the facts by day, each sibling's, and what is still to be done."""

    facts: Facts | Sequence[Fact] = ()
    siblings: Sequence[Facts | Sequence[Fact]] = ()
    duties: Sequence[Duty] = ()


@dataclass(frozen=True)
class Raised:
    """A flag: its rule, why in one sentence, the entries it rests on with their days, and the day it holds from."""

    rule: str
    sentence: str
    rests_on: tuple[tuple[int, str], ...]
    since: int

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries it rests on, by their days."""
        return tuple(entry for _, entry in self.rests_on)


@dataclass
class Evaluation:
    """What one child's record raises, and the last day for which that is so without a further act."""

    raised: list[Raised] = field(default_factory=list)
    valid_until: int = FOR_EVER
    span: int = LOOK_BACK
    """How many days before the newest entry are looked at."""

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
    found = Evaluation(span=look_back(rules))
    own = _kept(child.facts)
    for rule in rules:
        _SHAPES[rule.shape](rule, own, child, days, today, found)
    return found


def _kept(facts: Facts | Sequence[Fact]) -> Facts:
    return facts if isinstance(facts, Facts) else Facts(facts)


def _matching(rule: Rule, own: Facts, found: Evaluation) -> list[Fact]:
    """Return which of a child's facts count for a rule, as far back from the newest one as the rules look."""
    some = own.counting(key_of(rule))
    return some[bisect_left(some, (own.newest - found.span + 1,)) :]


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
    rests_on = tuple([fact[:2] for fact in facts])
    found.raised.append(Raised(rule.code, sentence, rests_on, since or facts[-1].day))


def _count_within(
    rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    """Find the newest run of days that holds enough; the newest of all is looked at first and at once."""
    matching = _matching(rule, own, found)
    if len(matching) < (rule.entries or 1):
        return
    newest = matching[bisect_left(matching, (matching[-1].day - (rule.days or 1) + 1,)) :]
    kinds = set(_counted_of(rule, newest))
    enough = len(newest) >= (rule.entries or 1) and len(kinds) >= rule.distinct_categories
    if enough and True in _alone_of(rule, newest):
        _raise(found, rule, newest, categories=_listed(kinds))
        return
    counted, alone = _counted_of(rule, matching), _alone_of(rule, matching)
    if len(set(counted)) >= rule.distinct_categories and True in alone:
        _slide_back(rule, matching, counted, alone, found)


def _counted_of(rule: Rule, facts: Sequence[Fact]) -> list[str]:
    """Return what counts as each entry's category, where the rule asks for it."""
    if rule.distinct_categories == 1 and "{categories}" not in rule.sentence:
        return [""] * len(facts)
    return _read_off(facts, lambda fact: _counted(rule, fact))


def _alone_of(rule: Rule, facts: Sequence[Fact]) -> list[bool]:
    """Return of each entry whether it counts without another sort beside it."""
    if not rule.not_only:
        return [True] * len(facts)
    return _read_off(facts, lambda fact: _stands_alone(rule, fact))


def _read_off(facts: Sequence[Fact], read: Callable[[Fact], Read]) -> list[Read]:
    """Return what is read off each fact's kind and categories: once for each pair of them that there is."""
    pairs = [fact[2:4] for fact in facts]
    known = {pair: read(Fact(0, "", pair[0], pair[1], 0, 0, 0)) for pair in set(pairs)}
    return [known[pair] for pair in pairs]


def _slide_back(
    rule: Rule, matching: Sequence[Fact], counted: Sequence[str], alone: Sequence[bool], found: Evaluation
) -> None:
    """Look for the newest run that holds enough, back entry by entry."""
    needed, span = rule.entries or 1, rule.days or 1
    kinds: dict[str, int] = {}
    low, others = len(matching), 0
    for high in range(len(matching) - 1, needed - 2, -1):
        first = matching[high].day - span
        while low > 0 and matching[low - 1].day > first:
            low -= 1
            kinds[counted[low]] = kinds.get(counted[low], 0) + 1
            others += alone[low]
        if high - low + 1 >= needed and others and len(kinds) >= rule.distinct_categories:
            _raise(found, rule, matching[low : high + 1], categories=_listed(kinds))
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


def _stands_alone(rule: Rule, fact: Fact) -> bool:
    """Say whether an entry counts without another sort beside it."""
    return fact.kind not in rule.not_only and fact.categories.partition(" ")[0] not in rule.not_only


def _listed(kinds: Iterable[str]) -> str:
    from practice.vocabulary import ConcernCategory, label_of

    names = [label_of(ConcernCategory, code).lower() for code in sorted(kinds)]
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _rising(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    matching = _matching(rule, own, found)
    if not matching:
        return
    span, past = rule.days or 1, rule.before_days or 1
    begin = matching[-1].day - span
    lately = bisect_left(matching, (begin + 1,))
    before = lately - bisect_left(matching, (begin - past + 1,))
    count = len(matching) - lately
    mean = before * span / past
    if count >= (rule.entries or 1) and before >= rule.before_entries and count >= (rule.times or 1) * mean:
        _raise(found, rule, matching[lately:])


def _weekday(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    matching = _matching(rule, own, found)
    newest = next((place for place in range(len(matching) - 1, -1, -1) if matching[place].sure), -1)
    matching = _in_span(rule, matching[: newest + 1])
    counts = Counter((day + 6) % 7 for day in {fact.day for fact in matching if fact.sure})
    if not counts:
        return
    weekday, count = max(counts.items(), key=lambda each: (each[1], -each[0]))
    if _enough(rule, count, counts.total()):
        chosen = [fact for fact in matching if fact.sure and (fact.day + 6) % 7 == weekday]
        _raise(found, rule, chosen, count=count, weekday=WEEKDAYS[weekday])


def _in_span(rule: Rule, matching: Sequence[Fact]) -> list[Fact]:
    """Return the facts of the rule's days up to the newest of them."""
    if not matching:
        return []
    return list(matching[bisect_left(matching, (matching[-1].day - (rule.days or 1) + 1,)) :])


def _enough(rule: Rule, count: int, of: int) -> bool:
    return count >= (rule.entries or 1) and count * 100 >= (rule.percent or 1) * of


def _after_kind(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    contacts = {fact.day for fact in own.counting((rule.after_kinds, frozenset(), False))}
    if not contacts:
        return
    matching = _in_span(rule, _matching(rule, own, found))
    near = {day + step for day in contacts for step in range(1, (rule.within_days or 1) + 1)}
    after = [fact for fact in matching if fact[0] in near and fact[6]]
    if _enough(rule, len(after), len(matching)):
        _raise(found, rule, after)


def _after_holiday(
    rule: Rule, own: Facts, _child: ChildFacts, days: SchoolDays, _today: int, found: Evaluation
) -> None:
    matching = _in_span(rule, _matching(rule, own, found))
    if not matching:
        return
    span = range(matching[0].day, matching[-1].day + 1)
    back = {day: begun for day in span if (begun := days.returns(day, rule.school_days or 1))}
    after: list[Fact] = []
    begun_after = set()
    for day, begun in back.items():
        near = matching[bisect_left(matching, (day,)) : bisect_left(matching, (day + 1,))]
        sure = [fact for fact in near if fact.sure]
        after += sure
        begun_after |= {begun} if sure else set()
    if len(begun_after) > 1 and _enough(rule, len(after), len(matching)):
        _raise(found, rule, after)


def _siblings(rule: Rule, own: Facts, child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    if not child.siblings or not own.all:
        return
    family = [_matching(rule, each, found) for each in (own, *map(_kept, child.siblings))]
    if not family[0]:
        return
    newest = max(each[-1].day for each in family if each)
    near = [[fact for fact in each if fact.day > newest - (rule.days or 1)] for each in family]
    together = sorted(fact for each in near for fact in each)
    children = sum(1 for each in near if each)
    if near[0] and children >= (rule.children or 2) and len(together) >= (rule.entries or 1):
        _raise(found, rule, together, children=str(children))


def _silence(rule: Rule, own: Facts, _child: ChildFacts, days: SchoolDays, today: int, found: Evaluation) -> None:
    matching = _matching(rule, own, found)
    count = rule.entries or 1
    if len(matching) < count or matching[-1].day - matching[-count].day >= (rule.days or 1):
        return
    last = own.newest
    begins = days.after(last, rule.school_days or 1)
    ends = last + rule.until_days
    if today < begins:
        found.until(begins - 1)
    elif today <= ends:
        found.until(ends)
        _raise(found, rule, matching[-count:], since=begins)


def _overdue(rule: Rule, _own: Facts, child: ChildFacts, days: SchoolDays, today: int, found: Evaluation) -> None:
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
    once = {duty.about: duty.due for _, duty in reversed(late)}
    facts = [Fact(due, about, "", "", 0, 0, 1) for about, due in sorted(once.items(), key=lambda each: each[::-1])]
    what = first.what if len(late) == 1 else f"{first.what} (and {len(late) - 1} more)"
    _raise(found, rule, facts, since=max(begins for begins, _ in late), what=what)


def _no_voice(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    lately = _matching(rule, own, found)[-(rule.entries or 1) :]
    if len(lately) == rule.entries and not any(fact.voice for fact in lately):
        _raise(found, rule, lately)


_SHAPES: dict[str, Callable[[Rule, Facts, ChildFacts, SchoolDays, int, Evaluation], None]] = {
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
