"""A nation's defaults, read from a data file so that a new edition is a change of data (practice: introduction)."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from practice.vocabulary import LawfulBasis, MeetingType, ReviewEvery, ReviewStatus


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class About(_Part):
    """Which nation and edition the file is for; `confirm` where no primary text confirmed its figures."""

    nation: str
    edition: str
    confirm: bool


class Source(_Part):
    """Where a part of the file comes from, in words for the screen."""

    text: str
    edition: str


class Days(_Part):
    """A run of days, both included."""

    start: date
    end: date


class AssumedTerm(_Part):
    """A term as schools commonly have it."""

    name: str
    start: date
    end: date
    half_term: Days | None = None


class ReviewDefaults(_Part):
    """How often each status is reviewed, and how many weeks stand for a half-term and a term (R-80)."""

    source: str
    edition: str
    half_termly_weeks: int
    termly_weeks: int
    cadence: dict[ReviewStatus, ReviewEvery]
    holiday_spread: dict[ReviewStatus, tuple[int, int]]
    """On which of the last ten school days before a holiday a review stands: from the latest, 1, to the earliest."""


class BasisRule(_Part):
    """A lawful basis: when to use it, for which sort of organisation it is the default, for which it is greyed."""

    code: LawfulBasis
    when: str
    default_for: tuple[str, ...] = ()
    greyed_for: tuple[str, ...] = ()
    why_not: str = ""


class SharingDefaults(_Part):
    """The lawful bases in their order, and the words about consent (R-61, R-62)."""

    source: str
    edition: str
    special_category_condition: str
    consent: str
    bases: tuple[BasisRule, ...]


class Following(_Part):
    """A meeting that must follow another one, by the day that a clock of `practice.clocks` gives (R-100)."""

    after: MeetingType
    next: MeetingType
    clock: str


class MeetingDefaults(_Part):
    """Which meetings follow which, and how many working days before a meeting the school's report is due (R-103)."""

    source: str
    edition: str
    confirm: bool
    report_working_days: int
    follows: tuple[Following, ...]


class ChallengeDefaults(_Part):
    """The stages of a professional disagreement, and in how many working days an answer is asked for (R-91)."""

    source: str
    edition: str
    confirm: bool
    answer_working_days: int
    stages: tuple[str, ...]


class TransferDefaults(_Part):
    """Within how many days a leaver's file goes, and after how many school days a receipt is asked for (R-50)."""

    source: str
    edition: str
    confirm: bool
    days: int
    receipt_days: int


class RetentionPeriod(_Part):
    """How long a record is kept before it is looked at: every record, or one with an entry of these categories."""

    code: str
    label: str
    years: int
    counts_from: Literal["birth", "newest"]
    categories: tuple[str, ...] = ()
    source: str = ""


class RetentionDefaults(_Part):
    """The retention periods with their source, and what to ask before anything is erased (R-110)."""

    source: str
    edition: str
    notice: str
    periods: tuple[RetentionPeriod, ...]


class Profile(_Part):
    """One nation's defaults; `borrowed` names the parts that are England's, where the nation's file has none."""

    profile: About
    terms_source: Source
    terms: tuple[AssumedTerm, ...]
    reviews: ReviewDefaults
    meetings: MeetingDefaults
    challenges: ChallengeDefaults
    transfers: TransferDefaults
    sharing: SharingDefaults
    retention: RetentionDefaults
    borrowed: tuple[str, ...] = ()


NATIONS = ("england", "wales", "scotland", "northern_ireland")


def _read(nation: str) -> dict[str, Any]:
    text = resources.files("practice").joinpath("data", f"{nation}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache
def profile(nation: str = "england") -> Profile:
    """Return a nation's defaults from the package's own data; raises FileNotFoundError for one that is not shipped."""
    own = _read(nation)
    others = {} if nation == "england" else {name: part for name, part in _read("england").items() if name not in own}
    return Profile.model_validate({**own, **others, "borrowed": tuple(sorted(others))})
