"""What an envelope carries: an entry, its withdrawal, or a receipt (protocol: §3).

Everything here came from outside, and is measured first.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

NOTE = 65_536
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{0,60}$")]
Word = Annotated[str, StringConstraints(max_length=200)]
Line = Annotated[str, StringConstraints(max_length=2_000)]
Note = Annotated[str, StringConstraints(max_length=NOTE)]
Moment = Annotated[str, StringConstraints(pattern=r"^[0-9T:.+Z-]{0,40}$")]
Day = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
RefusalCode = Literal[
    "unmatched-case", "unknown-key", "contract-revoked", "schema", "revision-conflict", "not-ours", "not-accepted"
]


class _Body(BaseModel):
    """Unknown members are left out, never refused, so that a later version may add some; nothing is coerced."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    @field_validator("*", mode="after")
    @classmethod
    def _whole_text(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("a text holds a zero character")
        return value


class OccurredBody(_Body):
    """When it happened: as the person wrote it, and parsed (R-78)."""

    text: Word
    start: Moment | None = None
    end: Moment | None = None
    precision: Literal["exact", "day", "approximate", "range", "unknown"] = "unknown"


class ChildHint(_Body):
    """Whom the sender means: shown to the receiver, who decides; never matched by a program alone."""

    name: Word
    date_of_birth: Day | None = None


class EntryBody(_Body):
    """One chronology entry, whole. Lengths are in characters."""

    occurred: OccurredBody
    recorded_at: Moment
    source: Line = ""
    nature: Literal["fact", "professional_judgement"] = "fact"
    kind: Code = "concern"
    significance: Code = ""
    categories: Annotated[list[Code], Field(max_length=40)] = Field(default_factory=list)
    event: Note
    childs_voice: Note = ""
    impact: Line = ""
    action: Note = ""
    outcome: Note = ""
    author_role: Word = ""
    approved_by_role: Word = ""
    approved_at: Moment = ""
    reason: Note = ""
    """Why it was corrected; blank in a first revision."""
    case: Annotated[str, StringConstraints(max_length=64)] | None = None
    child: ChildHint | None = None
    on_share: Literal["never", "ask", "yes"] = "ask"
    """Whether the receiver may share it on: never, only when they have asked, or freely (R-67)."""
    answers: Annotated[str, StringConstraints(max_length=64)] = ""
    """The `eid` of the receiver's own entry that this one asks about or answers; blank for one that stands alone."""
    police_at: OccurredBody | None = None
    """When the police attended, in an Operation Encompass notice (R-68)."""


class WithdrawalBody(_Body):
    """An entry is taken back; `re` is the mid of what was sent last of it."""

    reason: Note = ""
    re: Annotated[str, StringConstraints(max_length=36)] = ""
    role: Word = ""
    at: Moment = ""


class AgreementBody(_Body):
    """The document that both sides sign; `identities` maps each organisation to its identity key's thumbprint."""

    v: Literal[1]
    ctr: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    offerer: Word
    accepter: Word
    identities: Annotated[dict[Word, Word], Field(max_length=2)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    basis: Code
    categories: Annotated[list[Code], Field(max_length=40)] = Field(default_factory=list)
    retention: Line = ""
    review: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class AnswerBody(_Body):
    """A word about an offered document, named by its SHA-256 in hex."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reason: Line = ""


Eid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Rev = Annotated[int, Field(ge=0, lt=2**53)]


class Held(BaseModel):
    """One entry as the other side holds it."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)
    rev: Rev
    digest: Annotated[str, StringConstraints(max_length=64)] = ""


CaseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class IdentityBody(_Body):
    """The least by which the other side can tell who is meant."""

    name: Word
    other_names: Annotated[list[Word], Field(max_length=8)] = Field(default_factory=list)
    date_of_birth: Day | None = None
    upn: Annotated[str, StringConstraints(max_length=13)] = ""


class CaseOfferBody(_Body):
    """Whom the sender means by a case number; also what of it has changed (`identifier-changed`)."""

    case: CaseNumber
    child: IdentityBody
    role: Word = ""


class CaseAnswerBody(_Body):
    """A word about a case: accepted, declined or unlinked, by its message's type."""

    case: CaseNumber
    reason: Line = ""
    role: Word = ""


class KeyUpdateBody(_Body):
    """The sender's key set as it is from now on: a JWS by its identity key."""

    key_set: Annotated[str, StringConstraints(max_length=32 * 1024)]


class InventoryAskedBody(_Body):
    """What the sender, put back from a backup, still has of what it sent: the highest revision by `eid`."""

    have: Annotated[dict[Eid, Rev], Field(max_length=1500)]
    role: Word = ""


class ResyncBody(_Body):
    """What is asked for again: all; or with `why` "epoch" our word about theirs, and what `have` of ours lacks."""

    role: Word = ""
    why: Word = ""
    have: Annotated[dict[Eid, Rev], Field(max_length=1500)] | None = None


class InventoryBody(_Body):
    """What we hold of theirs: revision and content digest by `eid`; `back` holds their own signed words that they lack.

    `whole` says that `have` is everything, so that what is not in it is not here.
    """

    have: Annotated[dict[Eid, Held], Field(max_length=1500)] = Field(default_factory=dict)
    back: Annotated[list[Annotated[str, StringConstraints(max_length=400 * 1024)]], Field(max_length=200)] = Field(
        default_factory=list
    )
    whole: bool = False
    role: Word = ""


class ReceiptBody(_Body):
    """What became of a message at the receiver: `re` is its mid, `role` the role that speaks."""

    status: Literal["stored", "shown", "refused"]
    code: RefusalCode | None = None
    re: Annotated[str, StringConstraints(max_length=36)]
    eid: Annotated[str, StringConstraints(max_length=64)]
    rev: Annotated[int, Field(ge=0, lt=2**53)]
    role: Word
    at: Moment
