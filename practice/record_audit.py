"""The record-quality audit: a seeded sample, seven criteria, and what the record itself shows of each (R-82).

A person rates; the program only lays out what it can count beside each question. Nothing here is a score.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from practice.errors import Refused
from practice.text import counted
from practice.vocabulary import Coded

SIZE = 6
"""How many children a sample holds unless it is said otherwise."""


class Criterion(Coded):
    """What is looked at in each record, with the question to ask."""

    CHRONOLOGY = "chronology", "Chronology at the front"
    LANGUAGE = "language", "Language"
    CHILDS_VOICE = "childs_voice", "The child's voice"
    PARENTS = "parents", "Engagement with parents"
    MULTI_AGENCY = "multi_agency", "Multi-agency work"
    ACCESS = "access", "Right access"
    LEARNING = "learning", "Learning shared"


QUESTIONS = {
    Criterion.CHRONOLOGY: "Is there a chosen chronology that tells the child's story, and is it up to date?",
    Criterion.LANGUAGE: "Is it plain, factual and respectful, as the family may read it?",
    Criterion.CHILDS_VOICE: "Is it clear what the child said, felt and wanted, in their own words?",
    Criterion.PARENTS: "Were parents or carers told and heard, or is it said why not?",
    Criterion.MULTI_AGENCY: "Were the right agencies asked and told, and what came of it?",
    Criterion.ACCESS: "Did those who needed the record read it, and nobody else?",
    Criterion.LEARNING: "Was what was learned from this record shared with the staff?",
}


class Rating(Coded):
    """How a criterion is met; the word always stands beside the colour."""

    RED = "red", "red: not met"
    AMBER = "amber", "amber: partly met"
    GREEN = "green", "green: met"
    NOT_SEEN = "not_seen", "grey: could not be judged"


def sample(children: Iterable[str], seed: str, size: int) -> list[str]:
    """Return a random sample of the ids; the same for the same seed and the same children, on every machine."""
    ordered = sorted(children)
    return random.Random(seed).sample(ordered, min(size, len(ordered)))  # noqa: S311 - it must come out again


@dataclass(frozen=True)
class Facts:
    """What the record shows of one child, counted; the day is that of the newest entry."""

    entries: int = 0
    chosen: int = 0
    newest: date | None = None
    newest_chosen: date | None = None
    words: int = 0
    wording: int = 0
    concerns: int = 0
    with_voice: int = 0
    parents_said: int = 0
    agency_entries: int = 0
    shares: int = 0
    readers: tuple[tuple[str, int], ...] = ()


def evidence(facts: Facts) -> dict[Criterion, str]:
    """Return what the record shows beside each question, in a sentence; learning is for people to say."""
    from practice.dates import day_words

    newest = f", the newest of {day_words(facts.newest)}" if facts.newest else ""
    chosen = f"; the newest chosen is of {day_words(facts.newest_chosen)}" if facts.newest_chosen else ""
    readers = ", ".join(f"{name} ({count})" for name, count in facts.readers)
    return {
        Criterion.CHRONOLOGY: f"{facts.chosen} of {facts.entries} entries chosen{newest}{chosen}.",
        Criterion.LANGUAGE: f"The wording coach asks {counted(facts.wording, 'question')} in "
        f"{counted(facts.words, 'word')}.",
        Criterion.CHILDS_VOICE: f"Concerns that hold the child's own words: {facts.with_voice} of {facts.concerns}.",
        Criterion.PARENTS: f"Concerns that say if a parent was told, or why not: {facts.parents_said} of "
        f"{facts.concerns}.",
        Criterion.MULTI_AGENCY: f"{counted(facts.agency_entries, 'entry', 'entries')} from or with agencies, "
        f"{counted(facts.shares, 'share')}.",
        Criterion.ACCESS: f"Opened in the last year by: {readers or 'nobody'}.",
        Criterion.LEARNING: "The program cannot see this: ask.",
    }


def check_ratings(ratings: Mapping[str, str]) -> dict[str, str]:
    """Return the ratings by criterion; raises Refused for a criterion or a rating that there is not."""
    for criterion, rating in ratings.items():
        if criterion not in set(Criterion):
            raise Refused(f"«{criterion}» is no criterion. Nothing was recorded.", hint=", ".join(Criterion))
        if rating not in set(Rating):
            raise Refused(f"«{rating}» is no rating. Nothing was recorded.", hint=", ".join(Rating))
    if not ratings:
        raise Refused("Nothing is rated yet. Nothing was recorded.", hint="Rate at least one criterion.")
    return dict(ratings)


@dataclass(frozen=True)
class Month:
    """One month of a trend: for a criterion, how many records were red, amber and green."""

    month: str
    criterion: str
    red: int
    amber: int
    green: int


def trend(rated: Iterable[tuple[date, Mapping[str, str]]]) -> list[Month]:
    """Return the counts by month and criterion, the oldest month first; what could not be judged is left out."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for day, ratings in rated:
        for criterion, rating in ratings.items():
            counts.setdefault((f"{day:%Y-%m}", criterion), Counter())[rating] += 1
    order = {criterion.value: place for place, criterion in enumerate(Criterion)}
    return [
        Month(month, criterion, found["red"], found["amber"], found["green"])
        for (month, criterion), found in sorted(
            counts.items(), key=lambda each: (each[0][0], order.get(each[0][1], 99))
        )
        if found["red"] + found["amber"] + found["green"]
    ]


def trend_rows(months: Sequence[Month]) -> list[tuple[str, list[str]]]:
    """Return each criterion with its months in words, `Nov 2026: 1 red, 2 amber, 3 green`."""
    found: dict[str, list[str]] = {}
    for each in months:
        day = date.fromisoformat(f"{each.month}-01")
        parts = [
            f"{number} {word}" for number, word in ((each.red, "red"), (each.amber, "amber"), (each.green, "green"))
        ]
        found.setdefault(each.criterion, []).append(f"{day:%b %Y}: {', '.join(parts)}")
    return [(criterion.label, found[criterion.value]) for criterion in Criterion if criterion.value in found]
