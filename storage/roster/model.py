"""What a roll says: its rows, and what of it could not be used (practice: §10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

NAME_FIELDS = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "middle_names")
OTHER_FIELDS = (
    "uln",
    "sex",
    "year_group",
    "reg_group",
    "house",
    "sen_status",
    "looked_after",
    "pupil_premium",
    "eal",
    "ethnicity",
    "enrol_status",
    "parental_responsibility",
    "lives_with_pupil",
    "contact_priority",
)
"""Fields of plain text that neither name nor identify a child."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One child as the file has them; blank text where the file says nothing. `line` counts from 1."""

    line: int
    legal_surname: str
    legal_forename: str
    upn: str = ""
    former_upn: str = ""
    uln: str = ""
    mis_id: str = ""
    admission_number: str = ""
    preferred_surname: str = ""
    preferred_forename: str = ""
    middle_names: str = ""
    former_names: str = ""
    """Names of before, parted by semicolons."""
    date_of_birth: date | None = None
    sex: str = ""
    year_group: str = ""
    reg_group: str = ""
    house: str = ""
    sen_status: str = ""
    looked_after: str = ""
    pupil_premium: str = ""
    eal: str = ""
    ethnicity: str = ""
    enrol_status: str = ""
    leaving_date: date | None = None
    parental_responsibility: str = ""
    lives_with_pupil: str = ""
    contact_priority: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not used, and why, in words that hold nothing of the line itself.

    `hides_child` is true where a child on the roll may stand behind the line, so that nobody can be said to have left.
    """

    line: int
    reason: str
    hides_child: bool = True


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - `Warning` is Python's own
    """Something a person should look at, in words that hold nothing of the line itself."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Roster:
    """A file, read: each data line is in exactly one of `rows` and `rejected`."""

    rows: list[RosterRow]
    rejected: list[Rejected]
    warnings: list[Warning_]
    columns: Mapping[str, str]
    """The header that each field was read from."""
    ignored_headers: list[str]
    header_line: int
    """0 where the file has none."""
    counts: str = "line"
    """What the number of a row counts: `line`, or `pupil` of a Common Transfer File."""
