"""A nation's defaults, read from a data file so that a new edition is a change of data (practice: introduction)."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from practice.vocabulary import LawfulBasis, ReviewEvery, ReviewStatus


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
    half_term: Days


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


class Profile(_Part):
    """One nation's defaults."""

    profile: About
    terms_source: Source
    terms: tuple[AssumedTerm, ...]
    reviews: ReviewDefaults
    sharing: SharingDefaults


@lru_cache
def profile(nation: str = "england") -> Profile:
    """Return a nation's defaults from the package's own data; raises FileNotFoundError for one that is not shipped."""
    text = resources.files("practice").joinpath("data", f"{nation}.toml").read_text(encoding="utf-8")
    return Profile.model_validate(tomllib.loads(text))
