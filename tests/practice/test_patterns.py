"""Pattern rules: what raises each, what does not, and how many a school meets in a week (R-85)."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from datetime import date, timedelta
from importlib.resources import files
from itertools import combinations

import pytest

from practice.calendars import calendar_for
from practice.errors import Refused
from practice.pattern_facts import FOR_EVER, Day, Fact, SchoolDays
from practice.pattern_rules import default_rules, read_rules, rules_in_force
from practice.patterns import ChildFacts, Duty, changed_rows, evaluate, rows_of
from storage.calendars import bank_holidays
from tests.builder import children, concerns

DAYS = SchoolDays(calendar_for(bank_holidays=bank_holidays(2021, 2031)))
TODAY = date(2026, 11, 20)
RULES = {rule.code: rule for rule in default_rules()}


def fact(day: date, kind="concern", category="welfare", *, low=1, voice=1, sure=1, entry="") -> Fact:
    return Fact(day.toordinal(), entry or f"{day}-{kind}-{category}", kind, category, low, voice, sure)


def back(*days: int, **more) -> list[Fact]:
    return sorted(fact(TODAY - timedelta(days=each), **more) for each in days)


def raised(code: str, facts: list[Fact], *, on: date = TODAY, siblings=(), duties=()):
    found = evaluate(ChildFacts(sorted(facts), siblings, duties), [RULES[code]], DAYS, on.toordinal())
    return (found.raised[0] if found.raised else None), found.valid_until


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (back(80, 40, 1), 3),
        (back(93, 40, 1), 0),  # not within three months
        (back(80, 40) + back(1, low=0), 0),  # one was a referral: no longer low level
        (back(80, 40) + back(1, kind="strength"), 0),
        (back(80, 40, 1, kind="attendance", category="attendance"), 0),  # attendance alone never raises it
        (back(80, category="attendance") + back(40, category="behaviour") + back(1, category="attendance"), 0),
        (back(80, kind="attendance", category="attendance") + back(40, category="behaviour") + back(1), 3),
        (back(200, 190, 180, 1), 3),  # the newest run that holds, while nobody has considered it
    ],
)
def test_three_low_level_in_three_months(facts, expected) -> None:
    found, until = raised("three_low_level", facts)
    assert (len(found.entries) if found else 0) == expected
    assert until == FOR_EVER
    if found:
        assert found.sentence.startswith(f"{expected} low-level entries between ")
        assert "{" not in found.sentence


def test_neglect_shows_across_categories_and_not_in_one() -> None:
    signs = back(90, category="neglect") + back(60, category="- housing") + back(30, category="attendance")
    found, _ = raised("neglect_signs", signs)
    assert found.sentence.startswith("3 entries of attendance, housing and neglect between ")
    assert raised("neglect_signs", back(90, 60, 30, category="neglect"))[0] is None
    assert raised("neglect_signs", [*back(90, 60, category="neglect"), *back(30, category="bullying")])[0] is None


def test_rising_is_against_the_childs_own_past() -> None:
    assert len(raised("rising", back(250, 150, 30, 20, 10, 1))[0].entries) == 4
    assert raised("rising", back(30, 20, 10, 1))[0] is None  # no past to compare with
    often = back(*range(45, 290, 14), 30, 20, 10, 1)
    assert raised("rising", often)[0] is None


def test_clusters_by_weekday_after_contact_and_after_a_holiday() -> None:
    mondays = back(4, 11, 18, 25, 31)
    assert "4 days" in raised("weekday", mondays)[0].sentence
    assert "Monday" in raised("weekday", mondays)[0].sentence
    assert raised("weekday", back(4, 11, 18, 25, sure=0))[0] is None
    contacts = back(50, 30, 10, kind="visit")
    assert len(raised("after_contact", contacts + back(48, 29, 9))[0].entries) == 3
    assert raised("after_contact", contacts + back(51, 32, 15))[0] is None
    first_days = [date(2026, 1, 5), date(2026, 2, 24), date(2026, 11, 2), date(2026, 11, 12)]
    found, _ = raised("after_holiday", [fact(day) for day in first_days])
    assert len(found.entries) == 3
    assert (
        raised("after_holiday", [fact(day) for day in (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4))])[0]
        is None
    )


def test_siblings_count_together() -> None:
    found, _ = raised("siblings", back(20, 3), siblings=[back(10, entry="other")])
    assert len(found.entries) == 3
    assert "2 children of this family" in found.sentence
    assert raised("siblings", back(20, 3), siblings=[back(200)])[0] is None
    assert raised("siblings", [], siblings=[back(3, 2, 1)])[0] is None


def test_silence_counts_school_days_and_says_until_when_it_stands() -> None:
    pattern = [fact(date(2026, 9, day)) for day in (7, 9, 11)]
    quiet, until = raised("silence", pattern, on=date(2026, 10, 1))
    assert quiet is None
    spoken, _ = raised("silence", pattern, on=date.fromordinal(until + 1))
    assert spoken.since == until + 1
    assert date.fromordinal(until + 1) == date(2026, 10, 23)  # thirty school days
    assert raised("silence", [*pattern, fact(date(2026, 10, 20), kind="strength")], on=date(2026, 10, 30))[0] is None
    assert raised("silence", pattern, on=date(2027, 10, 1))[0] is None  # a year on nobody is asked any more


def test_an_overdue_action_and_a_child_who_is_not_heard() -> None:
    duty = Duty("entry-9", date(2026, 11, 10).toordinal(), "Call for advice")
    found, _ = raised("overdue", [], duties=[duty])
    assert found.entries == ("entry-9",)
    assert found.sentence == "Call for advice was due on Tue 10 Nov 2026 and has no outcome yet."
    early, until = raised("overdue", [], on=date(2026, 11, 16), duties=[duty])
    assert (early, date.fromordinal(until)) == (None, date(2026, 11, 16))
    assert len(raised("no_voice", back(50, 40, 30, 20, 10, voice=0))[0].entries) == 5
    assert raised("no_voice", back(50, 40, 30, 20, voice=0) + back(10))[0] is None


def test_a_school_adds_replaces_and_silences_rules() -> None:
    own, silenced = read_rules(
        b'silence = ["weekday"]\n[[rules]]\ncode = "two_injuries"\nshape = "count_within"\nlabel = "Two injuries"\n'
        b'sentence = "{count} injuries."\nsource = "Our own"\ncategories = ["injury"]\nentries = 2\ndays = 30\n'
    )
    rules = rules_in_force([rule.model_dump(mode="json", exclude_defaults=True) for rule in own], silenced)
    assert "weekday" not in {rule.code for rule in rules}
    found = evaluate(ChildFacts(back(20, 3, category="injury")), rules, DAYS, TODAY.toordinal())
    assert [each.sentence for each in found.raised] == ["2 injuries."]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe", "not TOML"),
        (b"[[rules]]\ncode = 1", "cannot be taken in"),
        (
            b'[[rules]]\ncode = "x"\nshape = "rising"\nlabel = "a"\nsentence = "b"\nsource = "c"\nentries = 3',
            "needs days",
        ),
        (
            b'[[rules]]\ncode = "x"\nshape = "no_voice"\nlabel = "a"\nsentence = "b"\nsource = "c"\nscore = 1',
            "score",
        ),
        (b"x" * 70_000, "larger than 64 KiB"),
        (b"a = " + b"[" * 60_000, "not TOML"),
    ],
)
def test_hostile_rules_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_rules(data)


def weeks_of(facts: dict[str, list[Fact]], first: date, weeks: int) -> list[int]:
    """Return how many children were flagged anew in each week, everything being considered at its end."""
    considered: dict[tuple[str, str], set[str]] = defaultdict(set)
    counts = []
    for week in range(weeks):
        today = (first + timedelta(weeks=week, days=4)).toordinal()
        new = set()
        for child, known in facts.items():
            seen = [each for each in known if each.day <= today]
            for flag in evaluate(ChildFacts(seen), list(RULES.values()), DAYS, today).raised:
                if not considered[child, flag.rule].issuperset(flag.entries):
                    new.add(child)
                    considered[child, flag.rule] |= set(flag.entries)
        counts.append(len(new))
    return counts


def test_the_demo_school_raises_at_most_five_new_flags_a_week(capsys) -> None:
    past = tomllib.loads(files("dsl_console.demo").joinpath("past.toml").read_text("utf-8"))
    monday = TODAY - timedelta(days=TODAY.weekday())
    facts: dict[str, list[Fact]] = defaultdict(list)
    for number, each in enumerate(past["entry"]):
        day = monday - timedelta(weeks=each["week"]) + timedelta(days=each["day"])
        category, voice = each.get("category", "-"), int(bool(each.get("words")))
        facts[each["child"]].append(
            Fact(day.toordinal(), str(number), each.get("kind", "concern"), category, 1, voice, 1)
        )
    counts = weeks_of({child: sorted(known) for child, known in facts.items()}, monday - timedelta(weeks=11), 12)
    # The same for a term of 420 children, with a concern or two each school day beside the three years before.
    made = children(420, 3)
    term: dict[str, list[Fact]] = defaultdict(list)
    for number, each in enumerate(concerns(1200, made, 5)):
        day = each["occurred_on"].toordinal()
        found = Fact(day, str(number), each["kind"], each["category"], 1, int(bool(each["childs_words"])), 1)
        term[str(each["child"])].append(found)
    busy = weeks_of({child: sorted(known) for child, known in term.items()}, date(2026, 9, 7), 11)
    with capsys.disabled():
        print(f"\nnew flags a week, demo school: {counts}; a term of 420 children: {busy}")
    assert sum(counts) > 0
    assert max(counts) <= 5
    assert max(busy[1:]) <= 5


def test_what_a_flag_gained_or_lost_on_one_day_is_what_the_sets_say():
    facts = [fact(TODAY, entry=each) for each in "abcde"]
    other = Day([fact(TODAY - timedelta(days=1), entry="z")])
    parts = [Day(part) for count in range(1, 6) for part in combinations(facts, count)]
    for was in parts:
        for is_now in parts:
            for more in ((), (other,)):
                before, now = frozenset([was]), frozenset([is_now, *more])
                gone, came = changed_rows(before, now)
                assert gone == rows_of(before) - rows_of(now)
                assert came == rows_of(now) - rows_of(before)
