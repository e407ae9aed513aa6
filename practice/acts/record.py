"""Acts on a child's record: the child, the entries with their versions and decisions, reviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from practice.acts.base import STRICT, Body, Day, Identifier, Line, Note, Reason, Reply, kind
from practice.dates import Occurred

Seen = Annotated[tuple[Identifier, ...], Field(max_length=200)]
"""The acts of its kind that a person had before them: where two were made apart, neither saw the other."""

# -- children ----------------------------------------------------------------------------------------------------------


class ChildFields(BaseModel):
    """What is known of a child from the school's roll or typed by hand; blank where it is not known."""

    model_config = STRICT
    legal_surname: Line = ""
    legal_forename: Line = ""
    preferred_surname: Line = ""
    preferred_forename: Line = ""
    middle_names: Line = ""
    former_names: tuple[Line, ...] = ()
    date_of_birth: Day | None = None
    upn: Line = ""
    former_upn: Line = ""
    year_group: Line = ""
    reg_group: Line = ""
    sex: Line = ""
    mis_id: Line = ""
    admission_number: Line = ""
    leaving_date: Day | None = None
    other: dict[str, Line] = {}


@kind("child_added")
class ChildAdded(ChildFields, Body):
    """A child's record begins: from the roll, typed, or provisional while logging (R-15)."""

    provisional: bool = False


@kind("child_changed")
class ChildChanged(Body):
    """Fields of a child that changed, by name; `sees` is the act that the person or the import had before them."""

    changes: dict[str, Any]
    sees: str = ""
    reason: Line = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Refuse a field that no child has, or a value that it cannot hold, before it is in the ledger for ever."""
        fields = dict(self.changes)
        for name in ("provisional", "on_roll"):
            if not isinstance(fields.pop(name, True), bool):
                raise ValueError(f"{name} is yes or no")
        ChildFields.model_validate(fields)
        return self


@kind("children_compared")
class ChildrenCompared(Body):
    """Whether this record and another one are one child's, as a person says who has looked at both.

    `closes` says that this record is closed and that the other one stays, `stays` that this one does, although it was
    closed before; what is said last of a record counts. `held` is of how many acts of its own it told then, so that
    what comes from another machine later is noticed.
    """

    other: Identifier
    same: bool
    reason: Reason
    closes: bool = False
    stays: bool = False
    held: Annotated[int, Field(ge=0)] = 0


@kind("child_left")
class ChildLeft(Body):
    """The child left the roll; nothing of the record is removed."""

    leaving_date: Day | None = None


# -- entries -----------------------------------------------------------------------------------------------------------


class Told(BaseModel):
    """Who was told, and when, as written."""

    model_config = STRICT
    name: Line
    at: Line = ""


class Caller(BaseModel):
    """Who rang or wrote for an agency, and how that was checked (R-16)."""

    model_config = STRICT
    name: Line = ""
    role: Line = ""
    agency: Line = ""
    identity: Literal["called_back", "known_voice", "email_domain", "unverified"] = "unverified"


class Imported(BaseModel):
    """Where an entry stands in another agency's chronology: every cell as it was written, and its owner's rule (R-67).

    `batch` names the file by its digest and `line` the row in it; `duplicate_of` is the entry that it repeats exactly.
    """

    model_config = STRICT
    batch: Identifier
    line: int
    source: Line
    on_share: Literal["never", "ask", "yes"] = "ask"
    cells: tuple[tuple[Note, Note], ...] = ()
    duplicate_of: Line = ""
    outcome: Note = ""


@kind("concern_logged")
class ConcernLogged(Body):
    """A concern, or another entry of the record, as it was first written (R-01)."""

    entry_kind: Line = "concern"
    text: Note
    childs_words: Note = ""
    opinion: Note = ""
    opinion_grounds: Note = ""
    occurred: Occurred
    place: Line = ""
    seen_by: Line = ""
    how_known: Line = ""
    questions_asked: Note = ""
    demeanour: Note = ""
    present: Line = ""
    immediate_action: Note = ""
    told: tuple[Told, ...] = ()
    category: Line = ""
    further_categories: tuple[Line, ...] = ()
    child_told: Reply = ""
    parent_told: Reply = ""
    not_told_reason: Note = ""
    caller: Caller | None = None
    role_of_child: Literal["subject", "harmed", "alleged_to_have_harmed", "witness", "sibling"] = "subject"
    original_kept: Line = ""
    child_as_written: Line = ""
    reported_by: Line = ""
    police_at: Occurred | None = None
    """When the police attended, in an Operation Encompass notice (R-68)."""
    school_at: Occurred | None = None
    """When the notice reached the school (R-68)."""
    imported: Imported | None = None
    answers: Annotated[str, Field(max_length=64)] = ""
    """The entry that it asks about or answers: a partner's one here, or in what a partner sent one of ours."""


@kind("completed")
class Completed(Body):
    """What was still to be written of an entry, filled in later; a field that is None stays as it was (R-03).

    `left_blank` names what somebody decided has nothing to be written: nobody is asked for it again.
    """

    place: Line | None = None
    seen_by: Line | None = None
    how_known: Line | None = None
    questions_asked: Note | None = None
    demeanour: Note | None = None
    present: Line | None = None
    immediate_action: Note | None = None
    told: tuple[Told, ...] | None = None
    category: Line | None = None
    further_categories: tuple[Line, ...] | None = None
    child_told: Reply | None = None
    parent_told: Reply | None = None
    not_told_reason: Note | None = None
    opinion: Note | None = None
    opinion_grounds: Note | None = None
    original_kept: Line | None = None
    caller: Caller | None = None
    police_at: Occurred | None = None
    school_at: Occurred | None = None
    left_blank: tuple[Identifier, ...] = ()


@kind("amended")
class Amended(Body):
    """A new version of an entry; `sees` is the act of the version that the person had before them (R-05)."""

    sees: Identifier
    text: Note
    childs_words: Note | None = None
    occurred: Occurred | None = None
    reason: Reason


@kind("entry_moved")
class EntryMoved(Body):
    """The entry was under the wrong child; the act's own child is the right one (R-14)."""

    from_child: Identifier
    reason: Reason


class Advice(BaseModel):
    """Advice that was sought before deciding."""

    model_config = STRICT
    name: Line = ""
    role: Line = ""
    at: Line = ""
    advice: Note = ""


@kind("decided")
class Decided(Body):
    """A decision beside an entry; a later one supersedes it and both stay readable (R-02)."""

    decision: Line
    reason: Reason
    due: Day | None = None
    advice: Advice | None = None
    outcome: Note = ""
    sees: Seen | None = None


@kind("glossary_term_set")
class GlossaryTermSet(Body):
    """A name that stands in a child's record, and its mask; `removed` takes it out of the glossary again (R-75)."""

    name: Line
    mask: Line
    always: bool = False
    removed: bool = False


@kind("unmasked")
class Unmasked(Body):
    """Somebody turned an anonymised text of a child back into a named one, or read who a mask stands for (R-64)."""

    reason: Reason


@kind("entries_linked")
class EntriesLinked(Body):
    """A person said whether two entries tell of the same event; both keep their words (R-74)."""

    other: Identifier
    state: Literal["confirmed", "declined"]
    reason: Note = ""


@kind("promoted")
class Promoted(Body):
    """The entry was chosen for the chronology (R-71)."""

    reason: Reason
    significance: Literal["strength", "context", "concern", "significant", "turning_point"] = "concern"
    impact: Literal["positive", "none_seen", "negative", "unknown"] = "unknown"
    action: Note = ""
    outcome: Note = ""


# -- review ------------------------------------------------------------------------------------------------------------


@kind("review_set")
class ReviewSet(Body):
    """The status under which a child is reviewed, and how often where it differs from the status's own (R-80)."""

    status: Line
    every: Line = ""
    first_due: Day | None = None
    sees: Seen | None = None


@kind("review_held")
class ReviewHeld(Body):
    """A child was reviewed: the answers of R-81, the decision, its reason and the next date."""

    decision: Line
    reason: Reason
    held_on: Day
    next: Day | None = None
    next_by_hand: bool = False
    answers: dict[str, Note] = {}
    session: Line = ""
    sees: Seen | None = None


# -- made in two places ------------------------------------------------------------------------------------------------


@kind("apart_settled")
class ApartSettled(Body):
    """A person chose among what was made on two machines apart: `kept` stands, `set_aside` stays readable.

    `sees` are the choices about the same thing that they had before them.
    """

    about: Literal["text", "decision", "status", "review"]
    kept: Annotated[Seen, Field(min_length=1)]
    set_aside: Seen = ()
    sees: Seen = ()
    reason: Reason
