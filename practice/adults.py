"""The rules of the adults' register: the harm threshold, the LADO stop, decisions, patterns, retention (R-40 to R-46).

Pure functions over what the register holds; each answer carries the entries it rests on. No scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from practice.errors import Refused
from practice.vocabulary import Coded

NEUTRAL = (
    "Sharing a concern, about somebody else or about oneself, is a neutral act: it says what was seen or done, and "
    "accuses nobody."
)
LADO_STOP = (
    "This may meet the harm threshold, so nothing else is decided here until the LADO was contacted: ring the LADO now,"
    " the same day. Ask nobody further and do not tell the adult before the LADO has advised. If a child is in"
    " immediate danger, ring 999 first."
)
CROSSED = "the harm threshold may be met"
"""How a decision that opens an allegation is said."""
PATTERN_SIZE = 2
"""How many entries make a pattern that is shown; a person says whether it means anything."""


class AdultEntryKind(Coded):
    """What sort of entry the register holds."""

    LOW_LEVEL = "low_level", "Low-level concern"
    SELF_REFERRAL = "self_referral", "Self-referral"
    ALLEGATION = "allegation", "Allegation"


class WorksAs(Coded):
    """For whom an adult works."""

    STAFF = "staff", "Staff of the school"
    SUPPLY = "supply", "Supply"
    CONTRACTOR = "contractor", "Contractor"
    VOLUNTEER = "volunteer", "Volunteer"
    GOVERNOR = "governor", "Governor"
    OTHER = "other", "Other"


class Threshold(Coded):
    """Whether the harm threshold may be met."""

    NOT_MET = "not_met", "Not met"
    MAY_BE_MET = "may_be_met", "May be met"


class Harm(Coded):
    """The questions of the harm threshold (R-45)."""

    HARMED = "harmed", "Harmed a child, or may have harmed one"
    OFFENCE = "offence", "Possibly committed an offence against or related to a child"
    RISK = "risk", "May pose a risk of harm to children"
    UNSUITABLE = "unsuitable", "May not be suitable to work with children"


class AdultDecision(Coded):
    """What was decided (R-43)."""

    NO_ACTION = "no_action", "No action"
    WORDS_OF_ADVICE = "words_of_advice", "Words of advice"
    TRAINING = "training", "Training"
    CONDUCT_PROCESS = "conduct_process", "Conduct process"
    LADO_CONSULTED = "lado_consulted", "LADO consulted"
    LADO_REFERRED = "lado_referred", "Referred to the LADO"


class LadoWay(Coded):
    """What the call to the LADO was."""

    CONSULTED = "consulted", "Asked for advice"
    REFERRED = "referred", "Referred"


class EntryState(Coded):
    """Where an entry of the register stands."""

    STOP = "lado_stop", "LADO stop"
    UNDECIDED = "undecided", "To be decided"
    DECIDED = "decided", "Decided"
    CROSSED = "crossed", "Became an allegation"


def state_of(threshold: str, *, called: bool, decided: bool, crossed: bool) -> EntryState:
    """Return where an entry stands; an entry that may meet the threshold stops until the LADO was contacted."""
    if crossed:
        return EntryState.CROSSED
    if threshold == Threshold.MAY_BE_MET and not called:
        return EntryState.STOP
    return EntryState.DECIDED if decided else EntryState.UNDECIDED


def check_decision(state: EntryState, decision: str, threshold: str, *, called: bool, reference: str, on: str) -> None:
    """Raise Refused where a decision may not stand yet: before the LADO's advice, or with what R-43 asks missing."""
    if state is EntryState.CROSSED:
        raise Refused("This concern became an allegation. Nothing was recorded.", hint="Decide on the allegation.")
    if state is EntryState.STOP:
        raise Refused(LADO_STOP, title="Stop: the LADO first", hint="Record the call to the LADO, then decide.")
    if not threshold:
        raise Refused(
            "Say first whether the harm threshold may be met. Nothing was recorded.",
            hint="It may be where a child was or may have been harmed, an offence is possible, or the adult may pose a "
            "risk or not be suitable.",
        )
    if decision in (AdultDecision.LADO_CONSULTED, AdultDecision.LADO_REFERRED) and not called:
        raise Refused("No call to the LADO is recorded here yet. Nothing was decided.", hint="Record the call first.")
    if decision == AdultDecision.LADO_REFERRED and not (reference.strip() and on):
        raise Refused("A referral to the LADO needs its date and its reference. Nothing was recorded.")


# -- patterns ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What a pattern looks at: one entry, whom it is about, where and in what it happened, and when if that is known.

    `start` is local ISO text, a date or a minute.
    """

    id: str
    adult: str
    place: str
    activity: str
    start: str | None


@dataclass(frozen=True)
class Pattern:
    """Entries that have something in common, newest last; `rule` says what, `key` which."""

    rule: str
    key: str
    sentence: str
    entries: tuple[str, ...]


_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _weekday(entry: Seen) -> str:
    return _DAYS[date.fromisoformat(entry.start[:10]).weekday()] if entry.start else ""


def _time(entry: Seen) -> str:
    if entry.start is None or len(entry.start) < 16:
        return ""
    hour = int(entry.start[11:13])
    return "before school" if hour < 8 else "after school" if hour >= 16 else f"{hour:02}:00 to {hour + 1:02}:00"


def patterns(entries: Iterable[Seen], names: dict[str, str], adult: str = "") -> list[Pattern]:
    """Return what entries have in common: per person, and across the school per place, activity, weekday and time.

    `names` gives each adult's name; with `adult`, only that person's entries are looked at. A pattern of weekday or
    time needs one entry more, since there are few of either.
    """
    looked = [entry for entry in entries if not adult or entry.adult == adult]
    rules: list[tuple[str, Callable[[Seen], str], int, str]] = [
        ("person", lambda entry: entry.adult, PATTERN_SIZE, "{n} entries about {key}"),
        ("place", lambda entry: entry.place, PATTERN_SIZE, "{n} entries at the same place: {key}"),
        ("activity", lambda entry: entry.activity, PATTERN_SIZE, "{n} entries in the same activity: {key}"),
        ("weekday", _weekday, PATTERN_SIZE + 1, "{n} entries on {key}"),
        ("time", _time, PATTERN_SIZE + 1, "{n} entries at the same time of day: {key}"),
    ]
    found = []
    for rule, of, least, sentence in rules:
        for key, alike in _grouped(looked, of).items():
            if len(alike) >= least:
                said = names.get(key, key) if rule == "person" else of(alike[0])
                people = len({entry.adult for entry in alike})
                about = f", about {people} people" if rule != "person" and people > 1 else ""
                ids = tuple(entry.id for entry in alike)
                found.append(Pattern(rule, key, sentence.format(n=len(alike), key=said) + about, ids))
    return found


def _grouped(entries: Sequence[Seen], of: Callable[[Seen], str]) -> dict[str, list[Seen]]:
    groups: dict[str, list[Seen]] = {}
    for entry in sorted(entries, key=lambda each: (each.start or "", each.id)):
        if key := _folded(of(entry)):
            groups.setdefault(key, []).append(entry)
    return groups


# -- retention ---------------------------------------------------------------------------------------------------------


def kept_until(leaving: date | None, years: int | None) -> date | None:
    """Return the day after which the school's rule lets a record be looked at for removal; None while it stays.

    A record stays at least until the adult leaves (R-46); without a rule of the school's own it stays after that too.
    """
    if leaving is None or years is None:
        return None
    try:
        return leaving.replace(year=leaving.year + years)
    except ValueError:  # 29 February
        return leaving.replace(year=leaving.year + years, day=28)
