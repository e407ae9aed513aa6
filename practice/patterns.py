"""Patterns in a child's record: rules that show their evidence, never a score (R-85).

Pure: facts about entries, rules and a calendar in; flags, each with its sentence and its entries, out. Days are
ordinals (`date.toordinal`), and a rule looks at days rather than entries, so that thousands of entries are looked
through in milliseconds. What is returned depends on today only where a rule is about silence or lateness, and then
`valid_until` says how long it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import is_
from typing import NamedTuple

from practice.day_words import day_words
from practice.pattern_facts import FOR_EVER, Day, Fact, Facts, SchoolDays, Sort, count_of, key_of, place_of
from practice.pattern_rules import Rule

LOOK_BACK = 365
"""Days before a child's newest entry that are looked at; as many more as a rule in force looks back."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
    """A flag: its rule, why in one sentence, the days of the entries it rests on, and the day it holds from."""

    rule: str
    sentence: str
    rests_on: tuple[Day, ...]
    since: int

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries it rests on, by their days."""
        return tuple(entry for _, entry in sorted(rows_of(self.rests_on)))


def rows_of(days: Iterable[Day]) -> set[tuple[int, str]]:
    """Return each entry of these days, with its day."""
    return {fact[:2] for day in days for fact in day.facts}


def changed_rows(before: frozenset[Day], now: frozenset[Day]) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """Return which entries with their days are gone, and which are new; of a long day only the part that differs."""
    gone, came = before - now, now - before
    if len(gone) == len(came) == 1:
        ((one,), (other,)) = gone, came
        if one.day == other.day:
            return _changed_on(one.facts, other.facts)
    was, is_now = rows_of(gone), rows_of(came)
    return was - is_now, is_now - was


def _changed_on(was: Sequence[Fact], is_now: Sequence[Fact]) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """Compare two orders of one day's facts between the first and the last place where they differ."""
    first = _same_at_first(was, is_now)
    last = _same_at_first(was[first:][::-1], is_now[first:][::-1])
    old, new = ({fact[:2] for fact in facts[first : len(facts) - last]} for facts in (was, is_now))
    return old - new, new - old


def _same_at_first(one: Sequence[Fact], other: Sequence[Fact]) -> int:
    """Return how many facts two sequences begin with in common."""
    same = list(map(is_, one, other))
    return same.index(False) if False in same else len(same)


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


def evaluate(child: ChildFacts, rules: Sequence[Rule], days: SchoolDays, today: int) -> Evaluation:
    """Return the flags that a child's record raises on a day, at most one for each rule."""
    found = Evaluation(span=look_back(rules))
    own = _kept(child.facts)
    for rule in rules:
        _SHAPES[rule.shape](rule, own, child, days, today, found)
    return found


def _kept(facts: Facts | Sequence[Fact]) -> Facts:
    return facts if isinstance(facts, Facts) else Facts(facts)


def _matching(rule: Rule, own: Facts, found: Evaluation) -> list[Day]:
    """Return the days that count for a rule, as far back from the newest fact as the rules look."""
    some = own.counting(key_of(rule))
    return some[place_of(some, own.newest - found.span + 1) :]


def _in_span(rule: Rule, matching: Sequence[Day]) -> Sequence[Day]:
    """Return the rule's own number of days up to the newest of these."""
    return matching[place_of(matching, matching[-1].day - (rule.days or 1) + 1) :] if matching else []


def _raise(found: Evaluation, rule: Rule, days: Sequence[Day], *, count: int = 0, since: int = 0, **words: str) -> None:
    """Add a flag that rests on the facts of these days."""
    slots = {
        "count": str(count or count_of(days)),
        "first": day_words(date.fromordinal(days[0].day)),
        "last": day_words(date.fromordinal(days[-1].day)),
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
    found.raised.append(Raised(rule.code, sentence, tuple(days), since or days[-1].day))


def _count_within(
    rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation
) -> None:
    """Find the newest run of days that holds enough; the newest of all is looked at first and at once."""
    matching = _matching(rule, own, found)
    newest = _in_span(rule, matching)
    if _holds(rule, newest):
        _raise(found, rule, newest, categories=_listed(_counted_of(rule, newest)))
    elif _holds(rule, matching):
        _slide_back(rule, matching, found)


def _holds(rule: Rule, days: Sequence[Day]) -> bool:
    """Say whether days hold as many entries, sorts of them, and one that counts alone, as the rule asks for."""
    if count_of(days) < (rule.entries or 1) or len(_counted_of(rule, days)) < rule.distinct_categories:
        return False
    return not rule.not_only or any(_stands_alone(rule, each) for each in _sorts_of(days))


def _sorts_of(days: Sequence[Day]) -> frozenset[Sort]:
    return frozenset().union(*[day.sorts for day in days])


def _counted_of(rule: Rule, days: Sequence[Day]) -> set[str]:
    """Return what counts as the entries' categories, where the rule asks for it."""
    if rule.distinct_categories == 1 and "{categories}" not in rule.sentence:
        return {""}
    return {_counted(rule, each) for each in _sorts_of(days)}


def _slide_back(rule: Rule, matching: Sequence[Day], found: Evaluation) -> None:
    """Look for the newest run that holds enough, back day by day."""
    every = _sorts_of(matching)
    counts_as = {sort: _counted(rule, sort) for sort in every} if _counted_of(rule, matching) != {""} else {}
    alone = {sort for sort in every if _stands_alone(rule, sort)}
    kinds: Counter[str] = Counter()
    low, count, others = len(matching), 0, 0
    for high in range(len(matching) - 1, -1, -1):
        first = matching[high].day - (rule.days or 1)
        while low > 0 and matching[low - 1].day > first:
            low -= 1
            count += len(matching[low].facts)
            others += not alone.isdisjoint(matching[low].sorts)
            for each in {counts_as.get(sort, "") for sort in matching[low].sorts}:
                kinds[each] += 1
        if count >= (rule.entries or 1) and others and len(kinds) >= rule.distinct_categories:
            _raise(found, rule, matching[low : high + 1], categories=_listed(kinds))
            return
        count -= len(matching[high].facts)
        others -= not alone.isdisjoint(matching[high].sorts)
        for each in {counts_as.get(sort, "") for sort in matching[high].sorts}:
            kinds[each] -= 1
            if not kinds[each]:
                del kinds[each]


def _counted(rule: Rule, sort: Sort) -> str:
    """Return what counts as an entry's category: of those that the rule names, its kind where it has none."""
    kind, categories = sort
    if not rule.categories:
        return categories.partition(" ")[0]
    return next((each for each in categories.split() if each in rule.categories), kind)


def _stands_alone(rule: Rule, sort: Sort) -> bool:
    """Say whether an entry counts without another sort beside it."""
    kind, categories = sort
    return kind not in rule.not_only and categories.partition(" ")[0] not in rule.not_only


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
    lately = place_of(matching, begin + 1)
    before = count_of(matching[place_of(matching, begin - past + 1) : lately])
    count = count_of(matching[lately:])
    mean = before * span / past
    if count >= (rule.entries or 1) and before >= rule.before_entries and count >= (rule.times or 1) * mean:
        _raise(found, rule, matching[lately:])


def _weekday(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    sure = [day for each in _matching(rule, own, found) if (day := each.sure())]
    matching = _in_span(rule, sure)
    counts = Counter((each.day + 6) % 7 for each in matching)
    if not counts:
        return
    weekday, count = max(counts.items(), key=lambda each: (each[1], -each[0]))
    if _enough(rule, count, counts.total()):
        chosen = [each for each in matching if (each.day + 6) % 7 == weekday]
        _raise(found, rule, chosen, count=count, weekday=WEEKDAYS[weekday])


def _enough(rule: Rule, count: int, of: int) -> bool:
    return count >= (rule.entries or 1) and count * 100 >= (rule.percent or 1) * of


def _after_kind(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    contacts = own.counting((rule.after_kinds, frozenset(), False))
    if not contacts:
        return
    matching = _in_span(rule, _matching(rule, own, found))
    near = {each.day + step for each in contacts for step in range(1, (rule.within_days or 1) + 1)}
    after = [day for each in matching if each.day in near and (day := each.sure())]
    if _enough(rule, count_of(after), count_of(matching)):
        _raise(found, rule, after)


def _after_holiday(
    rule: Rule, own: Facts, _child: ChildFacts, days: SchoolDays, _today: int, found: Evaluation
) -> None:
    matching = _in_span(rule, _matching(rule, own, found))
    if not matching:
        return
    back = days.returns(matching[0].day, matching[-1].day, rule.school_days or 1)
    after = [day for each in matching if each.day in back and (day := each.sure())]
    holidays = {back[each.day] for each in after}
    if len(holidays) > 1 and _enough(rule, count_of(after), count_of(matching)):
        _raise(found, rule, after)


def _siblings(rule: Rule, own: Facts, child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    if not child.siblings or not len(own):
        return
    family = [_matching(rule, each, found) for each in (own, *map(_kept, child.siblings))]
    if not family[0]:
        return
    newest = max(each[-1].day for each in family if each)
    near = [each[place_of(each, newest - (rule.days or 1) + 1) :] for each in family]
    together = sorted((day for each in near for day in each), key=lambda each: each.day)
    children = sum(1 for each in near if each)
    if near[0] and children >= (rule.children or 2) and count_of(together) >= (rule.entries or 1):
        _raise(found, rule, together, children=str(children))


def _last(days: Sequence[Day], count: int) -> list[Day]:
    """Return the days of the last so many facts, the first of them with those alone that are among the last."""
    found: list[Day] = []
    for each in reversed(days):
        if count <= 0:
            break
        found.append(each.last(count))
        count -= len(each.facts)
    return found[::-1]


def _silence(rule: Rule, own: Facts, _child: ChildFacts, days: SchoolDays, today: int, found: Evaluation) -> None:
    matching = _matching(rule, own, found)
    lately = _last(matching, rule.entries or 1)
    if count_of(lately) < (rule.entries or 1) or lately[-1].day - lately[0].day >= (rule.days or 1):
        return
    last = own.newest
    begins = days.after(last, rule.school_days or 1)
    ends = last + rule.until_days
    if today < begins:
        found.until(begins - 1)
    elif today <= ends:
        found.until(ends)
        _raise(found, rule, lately, since=begins)


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
    listed = [Day(list(of_day)) for _, of_day in groupby(facts, key=lambda each: each.day)]
    what = first.what if len(late) == 1 else f"{first.what} (and {len(late) - 1} more)"
    _raise(found, rule, listed, since=max(begins for begins, _ in late), what=what)


def _no_voice(rule: Rule, own: Facts, _child: ChildFacts, _days: SchoolDays, _today: int, found: Evaluation) -> None:
    lately = _last(_matching(rule, own, found), rule.entries or 1)
    if count_of(lately) == rule.entries and not any(fact.voice for each in lately for fact in each.facts):
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
