"""Every kind of act, as a pydantic model: what a person did, validated and versioned (design: §1).

An act's body is stored as the exact bytes of its JSON and never changed. A body of an older version is read through
pure upcasters (v → v+1).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from practice.dates import Occurred
from practice.errors import IntegrityAlarm, Refused
from practice.text import LINE_LIMIT, NOTE_LIMIT, tidy, tidy_line


def _note(text: str) -> str:
    size = len(text.encode())
    if size > NOTE_LIMIT:
        raise ValueError(f"the text is {size:,} bytes long; a note holds {NOTE_LIMIT:,}")
    return text


def _tidy(value: object) -> object:
    return tidy(value) if isinstance(value, str) else value


def _tidy_line(value: object) -> object:
    return tidy_line(value) if isinstance(value, str) else value


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


Note = Annotated[str, BeforeValidator(_tidy), AfterValidator(_note)]
"""Text of several lines, at most 64 KiB of UTF-8."""
Line = Annotated[str, BeforeValidator(_tidy_line), Field(max_length=LINE_LIMIT)]
"""Text of one line."""
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000), BeforeValidator(_tidy)]
"""Why a person did it: never blank (R-02). The constraints stand next to `str`, or the length is taken unstripped."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]
"""A date, `YYYY-MM-DD`."""
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Reply = Literal["told", "not_yet", "not_safe", ""]
"""Whether a child or a parent was told (R-63); blank where nobody said."""


STRICT = ConfigDict(extra="forbid", frozen=True, defer_build=True)
"""How every model here is built: on first use, since a command needs few of them."""


class Body(BaseModel):
    """What every body shares: strictness, immutability and the name of its kind in the ledger."""

    model_config = STRICT
    act_kind: ClassVar[str] = ""
    act_version: ClassVar[int] = 1

    def to_bytes(self) -> bytes:
        """Return the UTF-8 JSON that is stored, hashed and signed."""
        fields = self.model_dump(mode="json", exclude_defaults=True)
        fields["v"] = self.act_version
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


B = TypeVar("B", bound=type[Body])
KINDS: dict[str, type[Body]] = {}
UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def kind(name: str) -> Callable[[B], B]:
    """Register a body under the name that its acts carry in the ledger."""

    def register(cls: B) -> B:
        cls.act_kind = name
        KINDS[name] = cls
        return cls

    return register


def read_body(act_kind: str, stored: bytes) -> Body:
    """Return the body that the stored bytes hold, brought to the present version.

    Raises IntegrityAlarm where the kind is unknown to this program or the bytes are not of that kind.
    """
    cls = KINDS.get(act_kind)
    if cls is None:
        raise IntegrityAlarm(
            f"The record holds an act of a kind that this program does not know ({act_kind}).",
            hint="Nothing was lost. Update dsl-console on this machine.",
        )
    try:
        fields = json.loads(stored)
        version = fields.pop("v")
        while version < cls.act_version:
            fields = UPCASTERS[act_kind, version](fields)
            version += 1
        return cls.model_validate(fields)
    except (ValueError, KeyError, AttributeError, ValidationError) as error:
        raise IntegrityAlarm(
            f"An act of the kind {act_kind} cannot be read ({type(error).__name__}).",
            hint="Nothing else was touched. Run dsl-console verify, and restore a backup if it agrees.",
        ) from None


def build(cls: type[Body], fields: dict[str, Any]) -> Any:
    """Return a body from fields that a person filled in; raises Refused, naming the first fault in one sentence."""
    try:
        return cls.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part).replace("_", " ") for part in first["loc"]) or "this"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise Refused(f"The {where} cannot be recorded: {message[:1].lower()}{message[1:]}.") from None


class Act(BaseModel):
    """One line of the ledger with its body: who did what, when, about whom."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, defer_build=True)
    id: str
    device: str
    seq: int
    captured_at: datetime
    recorded_at: datetime
    author: str
    kind: str
    child: str | None = None
    entry: str | None = None
    event: str | None = None
    body: Body

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Where the act stands among all acts, whatever the order in which they arrived."""
        return (self.recorded_at, self.device, self.seq)


# -- the vault and its people ------------------------------------------------------------------------------------------


class Phones(BaseModel):
    """The numbers of the line that never scrolls away."""

    model_config = STRICT
    front_door: Line = ""
    out_of_hours: Line = ""
    lado: Line = ""
    chair_of_governors: Line = ""


@kind("school_set")
class SchoolSet(Body):
    """The organisation that holds this vault, and its telephone numbers."""

    name: Line
    code: Line = ""
    organisation: Line = "school"
    phones: Phones = Phones()


class TermDates(BaseModel):
    """One term, both days included."""

    model_config = STRICT
    name: Line = ""
    start: Day
    end: Day


@kind("calendar_set")
class CalendarSet(Body):
    """The school's own term dates and closures."""

    terms: tuple[TermDates, ...] = ()
    closures: tuple[Day, ...] = ()


@kind("person_added")
class PersonAdded(Body):
    """Somebody who may open this vault; `signing_key` is their Ed25519 public key, base64."""

    person: Identifier
    name: Line
    role: Literal["dsl", "deputy", "head", "read_only"] = "dsl"
    signing_key: Line


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


@kind("review_held")
class ReviewHeld(Body):
    """A child was reviewed: the answers of R-81, the decision, its reason and the next date."""

    decision: Line
    reason: Reason
    held_on: Day
    next: Day | None = None
    next_by_hand: bool = False
    answers: dict[str, Note] = {}


# -- partners and sharing ----------------------------------------------------------------------------------------------


@kind("hub_enrolled")
class HubEnrolled(Body):
    """This organisation joined a hub; its keys lie among the vault's secrets."""

    url: Line
    org: Identifier
    hub_id: Line
    epoch: int = 0


@kind("partner_added")
class PartnerAdded(Body):
    """A partner agency and the key set with which it was first seen (a JWS by its identity key)."""

    org: Identifier
    name: Line
    organisation: Line = "social_care"
    key_set: Note = ""
    identity: Line = ""
    by_message: bool = False


@kind("partner_verified")
class PartnerVerified(Body):
    """The words of the identity key were compared over the telephone."""

    org: Identifier
    identity: Identifier


@kind("partner_removed")
class PartnerRemoved(Body):
    """No more is exchanged with this agency."""

    org: Identifier
    reason: Reason


@kind("contract_added")
class ContractAdded(Body):
    """A regular sharing agreement: nothing leaves under it past its review date (R-66)."""

    contract: Identifier
    org: Identifier
    purpose: Reason
    basis: Line
    review: Day
    categories: tuple[Line, ...] = ()


@kind("contract_ended")
class ContractEnded(Body):
    """The agreement ended."""

    contract: Identifier
    reason: Reason


@kind("share_proposed")
class ShareProposed(Body):
    """An entry is proposed to a partner; the act's own child and entry say which."""

    share: Identifier
    org: Identifier
    contract: str = ""


@kind("share_previewed")
class SharePreviewed(Body):
    """The exact bytes that would be signed were frozen and shown (R-65)."""

    share: Identifier
    digest: Identifier
    payload: Annotated[str, Field(max_length=256 * 1024)]
    mid: Identifier
    rev: int
    version_seen: Identifier


@kind("share_approved")
class ShareApproved(Body):
    """A person approved those bytes; the outbox holds them from the same transaction on (R-60)."""

    share: Identifier
    digest: Identifier
    mid: Identifier
    basis: Identifier
    child_told: Reply
    parent_told: Reply
    reason: Reason


@kind("share_held")
class ShareHeld(Body):
    """The share waits, with the reason."""

    share: Identifier
    reason: Reason


@kind("share_refused")
class ShareRefused(Body):
    """A person decided not to share (R-60)."""

    share: Identifier
    reason: Reason


@kind("share_cancelled")
class ShareCancelled(Body):
    """An approved share was withheld before it left."""

    share: Identifier
    reason: Reason


@kind("share_progressed")
class ShareProgressed(Body):
    """What the hub or the partner answered about a message (R-69)."""

    share: Identifier
    mid: Identifier
    state: Literal["queued", "delivered", "acknowledged", "refused", "expired", "withheld"]
    detail: Line = ""
    receipt: Annotated[str, Field(max_length=16 * 1024)] = ""


@kind("item_arrived")
class ItemArrived(Body):
    """A partner's entry arrived, verified; it stands in no chronology until a person matches it to a child."""

    item: Identifier
    org: Identifier
    name: Line
    eid: Identifier
    rev: int
    mid: Identifier
    ctr: Line = ""
    payload: Annotated[str, Field(max_length=256 * 1024)]
    jws: Annotated[str, Field(max_length=400 * 1024)]


@kind("item_accepted")
class ItemAccepted(Body):
    """A person matched a partner's entry to a child; the act's own child and entry say where it stands (R-67)."""

    item: Identifier


@kind("item_refused")
class ItemRefused(Body):
    """A person did not take the partner's entry, with the reason."""

    item: Identifier
    reason: Reason


# -- sealed reports ----------------------------------------------------------------------------------------------------


@kind("report_arrived")
class ReportArrived(Body):
    """A sealed report was opened, in its writer's own words; it stands in no record until a person matches it.

    It is nobody's act: who wrote it is what the report itself says. A `note` is what somebody of the safeguarding team
    sealed without a passphrase; `concern` then holds its further fields.
    """

    report: Identifier
    form: Literal["report", "note"] = "report"
    child_as_written: Line
    text: Note
    childs_words: Note = ""
    happened: Annotated[str, BeforeValidator(_tidy_line), Field(max_length=200)] = ""
    reporter: Line
    reporter_role: Line = ""
    told_dsl: bool = False
    concern: ConcernLogged | None = None
    digest: Annotated[str, Field(max_length=64)] = ""


@kind("report_accepted")
class ReportAccepted(Body):
    """A person matched a report to a child; the concern is recorded beside this act, under the report's own id."""

    report: Identifier


@kind("report_closed")
class ReportClosed(Body):
    """A person did not take the report into a child's record, with the reason."""

    report: Identifier
    reason: Reason


@kind("report_answered")
class ReportAnswered(Body):
    """Who told the reporter what was done."""

    report: Identifier
    by: Annotated[str, BeforeValidator(_tidy_line), StringConstraints(min_length=1, max_length=400)]
    what: Reason
    at: Line = ""


# -- access ------------------------------------------------------------------------------------------------------------


@kind("record_opened")
class RecordOpened(Body):
    """A person opened a child's record (R-114)."""


@kind("child_granted")
class ChildGranted(Body):
    """The act's own child was put on a read-only person's list."""

    person: Identifier


@kind("child_withdrawn")
class ChildWithdrawn(Body):
    """The act's own child was taken from a read-only person's list."""

    person: Identifier


@kind("glass_broken")
class GlassBroken(Body):
    """A read-only person opened a child outside their list, for a reason, up to `until` (UTC)."""

    reason: Reason
    until: Line


@kind("cover_set")
class CoverSet(Body):
    """`by` covers a colleague who is away, up to and including a day; the newest for a person counts."""

    person: Identifier
    by: Identifier
    until: Day


@kind("audit_read")
class AuditRead(Body):
    """A person read who opened which records; the act's own child says whose, where it was about one."""

    person: str = ""
    start: Day | None = None
    end: Day | None = None


@kind("unlock_failed")
class UnlockFailed(Body):
    """Wrong tries at somebody's passphrase or at a recovery code, recorded at the next unlock that succeeded."""

    slot: Identifier
    tries: int
    first: Line
    last: Line


@kind("exported")
class Exported(Body):
    """A copy left the program, with what it held and its SHA-256 (R-116)."""

    what: Line
    form: Line
    sha256: Line


# -- backups -----------------------------------------------------------------------------------------------------------


@kind("backup_made")
class BackupMade(Body):
    """A backup was written, opened again and checked whole; `seq` and `mac` are the head that it holds."""

    sha256: Line
    size: int
    acts: int
    device: Identifier
    seq: int
    mac: Line
    place: Annotated[str, Field(max_length=4096)] = ""
    scheduled: bool = False


@kind("backup_proved")
class BackupProved(Body):
    """A restore drill: whether the backup with this SHA-256 came back whole, and what was wrong where it did not."""

    sha256: Line
    ok: bool
    acts: int = 0
    problem: Annotated[str, Field(max_length=8000)] = ""
    place: Annotated[str, Field(max_length=4096)] = ""


@kind("restored")
class Restored(Body):
    """This vault was restored from a backup onto a new device; the head of the device before it is kept here."""

    sha256: Line
    device: Identifier
    seq: int
    mac: Line
    made_at: Line = ""


@kind("old_machine_gone")
class OldMachineGone(Body):
    """Somebody confirmed that the machine from which the vault was restored is no longer in use (design: §4)."""


# -- people and keys ---------------------------------------------------------------------------------------------------


@kind("person_removed")
class PersonRemoved(Body):
    """Somebody may no longer open this vault; what they recorded stays theirs."""

    person: Identifier
    reason: Reason


@kind("person_role_changed")
class PersonRoleChanged(Body):
    """Somebody's role changed."""

    person: Identifier
    role: Literal["dsl", "deputy", "head", "read_only"]


@kind("person_key_changed")
class PersonKeyChanged(Body):
    """Somebody's keys were made anew, after a forgotten passphrase; the earlier signatures stay theirs."""

    person: Identifier
    signing_key: Line


@kind("keys_rotated")
class KeysRotated(Body):
    """The compartment's keys were made anew and its database encrypted again."""

    generation: int
    reason: Line = ""


@kind("recovery_replaced")
class RecoveryReplaced(Body):
    """The recovery code was used or replaced; the one before opens nothing any more."""
