"""The front sheet of a child: what each kind of line must say, and what is read before a copy goes out (R-08)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Protocol

from practice.dates import day_words
from practice.text import visible
from practice.vocabulary import Coded


class FrontSection(Coded):
    """What a line of the front sheet is about, in the order in which the sheet is read."""

    MUST_NOT_BE_TOLD = "must_not_be_told", "Must not be told"
    MUST_NOT_COLLECT = "must_not_collect", "Must not collect"
    COURT_ORDER = "court_order", "Court order"
    SAFE_CONTACT = "safe_contact", "Safe way to make contact"
    PARENTAL_RESPONSIBILITY = "parental_responsibility", "Parental responsibility"
    HOUSEHOLD = "household", "Household"
    FAMILY = "family", "Family elsewhere"
    SIBLING = "sibling", "Brother or sister with a file"
    CONNECTED_CHILD = "connected_child", "Connected child with a file"
    PROFESSIONAL = "professional", "Professional"
    SOCIAL_WORKER = "social_worker", "Named social worker"
    AGENCY = "agency", "Agency"
    SOCIAL_CARE_STATUS = "social_care_status", "Status with social care"


WARNINGS = (FrontSection.MUST_NOT_BE_TOLD, FrontSection.MUST_NOT_COLLECT, FrontSection.COURT_ORDER)
"""What stands before the reader's eyes on Log, on Share, and before any outward copy."""
_NEEDS: Mapping[FrontSection, tuple[tuple[str, str], ...]] = {
    FrontSection.MUST_NOT_BE_TOLD: (("name", "who must not be told"), ("words", "why")),
    FrontSection.MUST_NOT_COLLECT: (("name", "who must not collect"), ("words", "why")),
    FrontSection.COURT_ORDER: (("name", "which order it is"),),
    FrontSection.SAFE_CONTACT: (("words", "how contact is made safely"),),
}


class LineLike(Protocol):
    """What the rules ask of a line of the front sheet."""

    @property
    def section(self) -> str:
        """The code of its section."""

    @property
    def name(self) -> str:
        """Who or what it names."""

    @property
    def role(self) -> str:
        """In which role or relation to the child."""

    @property
    def words(self) -> str:
        """Why, or what it says."""

    @property
    def until(self) -> date | None:
        """Its last day."""


def missing(section: str, fields: Mapping[str, object]) -> str:
    """Return what a line of this section still lacks, as a short phrase; blank where it is whole."""
    needs = _NEEDS.get(FrontSection(section), (("name", "a name"),))
    return next((phrase for name, phrase in needs if not str(fields.get(name) or "").strip()), "")


def sentence(line: LineLike, today: date) -> str:
    """Return a line in one sentence: what, who, why, until when; one whose day has passed says so."""
    who = visible(line.name)
    if line.role:
        who += f" ({visible(line.role)})"
    label = FrontSection(line.section).label
    said = f"{label}: {who}" if who else label
    if line.until:
        said += f", until {day_words(line.until)}"
        if line.until < today:
            said += " (that day has passed: ask whether it still holds)"
    words = " ".join(visible(line.words).split())
    return f"{said}. {words.rstrip('.')}." if words else f"{said}."


def read_out(lines: Iterable[LineLike], today: date) -> list[str]:
    """Return the sentences that are read before a copy goes out, those about who must not be told first.

    A line whose last day has passed is read too: whether it still holds is for a person to say.
    """
    order = {section.value: place for place, section in enumerate(WARNINGS)}
    kept = sorted((line for line in lines if line.section in order), key=lambda line: order[line.section])
    return [sentence(line, today) for line in kept]


def heed_code(sentences: Iterable[str]) -> str:
    """Return the short code by which a person says that they read exactly these sentences; blank where none are."""
    read = list(sentences)
    return hashlib.sha256("\n".join(read).encode()).hexdigest()[:8] if read else ""
