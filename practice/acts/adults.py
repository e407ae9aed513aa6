"""Acts of the adults' register: concerns about adults who work with children, and what was decided (R-40 to R-46).

An adult's id, or an entry's, is the act's `entry`. None of these has a place in the children's record.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from practice.acts.base import UPCASTERS, Body, Day, Identifier, Line, Note, Reason, kind, one_line
from practice.compartments import ADULTS
from practice.dates import Occurred

EntryKind = Literal["low_level", "self_referral", "allegation"]
Threshold = Literal["", "not_met", "may_be_met"]
"""Whether the harm threshold may be met (R-45); blank while nobody was asked."""
Harm = Literal["harmed", "offence", "risk", "unsuitable"]


# -- the adults --------------------------------------------------------------------------------------------------------


@kind("adult_added", ADULTS)
class AdultAdded(Body):
    """An adult about whom something is kept: their name, what they do here, and for whom they work."""

    name: Line
    role: Line = ""
    works_as: Line = ""


@kind("adult_changed", ADULTS)
class AdultChanged(Body):
    """What is known of an adult was put right; what they are called and do from now on."""

    name: Line
    role: Line = ""
    works_as: Line = ""
    reason: Line = ""


@kind("adult_left", ADULTS)
class AdultLeft(Body):
    """The adult left the school on this day, from which the school's rule of retention runs (R-46)."""

    leaving_date: Day


@kind("adult_retention_set", ADULTS)
class AdultRetentionSet(Body):
    """The school's own rule: for how many years after leaving a record is kept, and where that is written."""

    years: Annotated[int, Field(ge=0, le=100)]
    source: Line = ""


@kind("register_travels", ADULTS)
class RegisterTravels(Body):
    """Whether the register travels to a machine of the school, as the headteacher says; unsaid, it does not (R-40)."""

    machine: Identifier
    travels: bool


# -- concerns ----------------------------------------------------------------------------------------------------------


@kind("adult_concern_logged", ADULTS)
class AdultConcernLogged(Body):
    """A low-level concern, a self-referral or an allegation, as it was first written (R-41, R-42).

    `met` are the questions of the harm threshold that may be answered yes; `opened_from` the entry whose decision
    crossed it, and `rationale` why it was decided so (R-43, R-44); `report` the sealed report that it came from.
    """

    act_version: ClassVar[int] = 2
    adult: Identifier
    entry_kind: EntryKind = "low_level"
    text: Note
    context: Note = ""
    occurred: Occurred
    place: Line = ""
    activity: Line = ""
    action: Note = ""
    shared_by: Line = ""
    shared_role: Line = ""
    asks_anonymous: bool = False
    threshold: Threshold = ""
    met: tuple[Harm, ...] = ()
    opened_from: str = ""
    rationale: Note = ""
    report: str = ""


def _rationale_apart(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept the rationale of a decision that opened an allegation at the end of what happened."""
    text, stood, rationale = fields.get("text", "").partition("\n\nWhy it may meet the harm threshold: ")
    return fields | {"text": text, "rationale": rationale} if stood and fields.get("opened_from") else fields


UPCASTERS["adult_concern_logged", 1] = _rationale_apart


@kind("adult_amended", ADULTS)
class AdultAmended(Body):
    """A further version of an entry's words; `sees` is the act of the version that the person had before them."""

    sees: Identifier
    text: Note
    reason: Reason


@kind("adult_decided", ADULTS)
class AdultDecided(Body):
    """A decision with its rationale (R-43); a later one supersedes it and both stay readable."""

    decision: Literal["no_action", "words_of_advice", "training", "conduct_process", "lado_consulted", "lado_referred"]
    reason: Reason
    threshold: Threshold = ""
    on: Day | None = None
    reference: Line = ""


@kind("lado_called", ADULTS)
class LadoCalled(Body):
    """The LADO was spoken to: who, when, whether consulted or referred to, and what they advised (R-45)."""

    spoke_to: Line
    at: Line
    way: Literal["consulted", "referred"] = "consulted"
    reference: Line = ""
    advice: Reason


@kind("adult_patterns_reviewed", ADULTS)
class AdultPatternsReviewed(Body):
    """The register was looked through for patterns; that is itself recorded (R-44).

    `adult` is blank where the whole school was looked at; `rules` are the patterns that were shown, `entries` theirs.
    """

    adult: str = ""
    rules: tuple[Line, ...] = ()
    entries: tuple[Identifier, ...] = ()
    finding: Reason


# -- access ------------------------------------------------------------------------------------------------------------


@kind("adult_read", ADULTS)
class AdultRead(Body):
    """A person read the register: its list, an entry, the name of somebody who asked to stay anonymous, patterns."""

    what: Literal["list", "entry", "reporter", "adult", "patterns", "reports", "retention"]


# -- sealed reports ----------------------------------------------------------------------------------------------------


@kind("adult_report_arrived", ADULTS)
class AdultReportArrived(Body):
    """A sealed report about an adult was opened, in its writer's own words; a person says about whom it is."""

    report: Identifier
    adult_as_written: Line
    adult_role: Line = ""
    self_referral: bool = False
    text: Note
    context: Note = ""
    place: Line = ""
    happened: Annotated[str, BeforeValidator(one_line), Field(max_length=200)] = ""
    reporter: Line = ""
    reporter_role: Line = ""
    asks_anonymous: bool = False
    digest: Annotated[str, Field(max_length=64)] = ""


@kind("adult_report_accepted", ADULTS)
class AdultReportAccepted(Body):
    """A report was taken into the register, under its own id."""

    report: Identifier


@kind("adult_report_closed", ADULTS)
class AdultReportClosed(Body):
    """A report was taken into no record, with the reason; it stays readable."""

    report: Identifier
    reason: Reason


@kind("adult_report_answered", ADULTS)
class AdultReportAnswered(Body):
    """Who told the reporter what was done."""

    report: Identifier
    by: Line
    what: Note
    at: Line = ""
