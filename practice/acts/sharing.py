"""Acts that bring something out or in: partners, agreements, shares, what arrived, sealed reports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from practice.acts.base import Body, Day, Identifier, Line, Note, Reason, Reply, kind, one_line
from practice.acts.record import ConcernLogged

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


@kind("partner_contact_set")
class PartnerContactSet(Body):
    """Whom to ring there when something cannot wait: sync is not a referral (protocol: §5, rule 15)."""

    org: Identifier
    contact: Line = ""
    telephone: Annotated[str, Field(max_length=60)] = ""


@kind("sharing_rules_set")
class SharingRulesSet(Body):
    """How this organisation shares: whether a second approver is asked for, and when its working day is.

    Times are local, `HH:MM`. An approver who is away never holds a share up.
    """

    second_approver: Literal["off", "all", "some"] = "off"
    second_categories: Annotated[tuple[Line, ...], Field(max_length=60)] = ()
    day_begins: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"
    day_ends: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "17:00"


@kind("partner_removed")
class PartnerRemoved(Body):
    """No more is exchanged with this agency."""

    org: Identifier
    reason: Reason


@kind("partner_carried")
class PartnerCarried(Body):
    """Which way messages to and from this agency go: the hub, a folder, an SFTP server, or bundles carried by hand.

    `place` is the folder or the server's address, `host_key` the fingerprint that was compared; neither is a secret.
    """

    org: Identifier
    way: Literal["hub", "folder", "sftp", "hand"]
    place: str = Field(default="", max_length=4096)
    host_key: Line = ""


@kind("contract_added")
class ContractAdded(Body):
    """A regular sharing agreement: nothing leaves under it past its review date (R-66)."""

    contract: Identifier
    org: Identifier
    purpose: Reason
    basis: Line
    review: Day
    categories: tuple[Line, ...] = ()
    retention: str = Field(default="", max_length=2000)


@kind("contract_offered")
class ContractOffered(Body):
    """The agreement was offered to the partner: `digest` is the SHA-256, in hex, of the document that both sign."""

    contract: Identifier
    digest: Identifier
    mid: Identifier


@kind("contract_received")
class ContractReceived(Body):
    """A partner offered an agreement, verified; nothing moves under it before a person here has accepted it."""

    contract: Identifier
    org: Identifier
    purpose: Reason
    basis: Line
    review: Day
    categories: Annotated[tuple[Line, ...], Field(max_length=40)] = ()
    retention: str = Field(default="", max_length=2000)
    digest: Identifier
    jws: Annotated[str, Field(max_length=400 * 1024)]


@kind("contract_answered")
class ContractAnswered(Body):
    """One side accepted or declined the offered document; `jws` is the partner's signed word where it was theirs."""

    contract: Identifier
    digest: Identifier
    answer: Literal["accepted", "declined"]
    by: Literal["us", "them"]
    reason: str = Field(default="", max_length=8000)
    jws: Annotated[str, Field(max_length=400 * 1024)] = ""


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
    corrects: str = ""
    reason: str = Field(default="", max_length=8000)
    on_share: Literal["never", "ask", "yes"] = "ask"
    """Whether the partner may share it on: never, only when they have asked us, or freely (R-67)."""


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
    """A person approved those bytes; the outbox holds them from the same transaction on (R-60).

    `heeded` is the code of what they read of the child's front sheet first, blank where it held nothing (R-08).
    """

    share: Identifier
    digest: Identifier
    mid: Identifier
    basis: Identifier
    child_told: Reply
    parent_told: Reply
    reason: Reason
    heeded: Line = ""
    urgent: bool = False
    """It cannot wait: without the partner's receipt after one working hour they are rung (protocol: §5, rule 15)."""
    first: str = Field(default="", max_length=200)
    """Who approved these bytes first, where a second person was asked; blank for one approver."""
    alone: str = Field(default="", max_length=400)
    """Why no second person was asked although the school's rule asks for one; blank where none was due."""


@kind("share_agreed")
class ShareAgreed(Body):
    """A first person approved those bytes; they leave once a second approver has said yes (R-65)."""

    share: Identifier
    digest: Identifier
    basis: Identifier
    child_told: Reply
    parent_told: Reply
    reason: Reason
    heeded: Line = ""
    urgent: bool = False


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


@kind("share_corrected")
class ShareCorrected(Body):
    """What left under this share was corrected: the newer share was approved in its place (R-69)."""

    share: Identifier
    by: Identifier


@kind("share_withdrawn")
class ShareWithdrawn(Body):
    """What left under this share is taken back; `mid` is the message that tells the partner so (R-69)."""

    share: Identifier
    mid: Identifier
    rev: int
    reason: Reason


@kind("share_progressed")
class ShareProgressed(Body):
    """What the hub or the partner answered about a message (R-69)."""

    share: Identifier
    mid: Identifier
    state: Literal["queued", "delivered", "acknowledged", "refused", "expired", "withheld"]
    detail: Line = ""
    receipt: Annotated[str, Field(max_length=16 * 1024)] = ""


@kind("share_recovered")
class ShareRecovered(Body):
    """A partner gave back what we had signed and this record has lost, after it was put back from a backup (rule 8).

    `payload` is exactly what we signed, `jws` the proof; the act's own entry is the one it is about.
    """

    share: Identifier
    org: Identifier
    contract: Line = ""
    mid: Identifier
    rev: int
    withdrawn: bool = False
    payload: Annotated[str, Field(max_length=256 * 1024)]
    jws: Annotated[str, Field(max_length=400 * 1024)]


@kind("recovered_settled")
class RecoveredSettled(Body):
    """A person looked at what came back: taken into the record, or left as the record has it."""

    share: Identifier
    how: Literal["taken", "left"]
    reason: str = Field(default="", max_length=8000)


@kind("own_keys_renewed")
class OwnKeysRenewed(Body):
    """This organisation's signing and encryption keys were made anew; thumbprints, and whether the old are void."""

    serial: int
    signing: Line
    encryption: Line
    compromised: bool = False
    reason: Reason


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
    """A person matched a partner's entry to a child; the act's own child and entry say where it stands (R-67).

    With `case` it landed by itself under a match that a person had confirmed before.
    """

    item: Identifier
    case: str = Field(default="", max_length=32)


@kind("item_corrected")
class ItemCorrected(Body):
    """The partner sent a newer revision of an entry that is here: the same entry, in full, in its newer words."""

    item: Identifier
    rev: int
    mid: Identifier
    ctr: Line = ""
    payload: Annotated[str, Field(max_length=256 * 1024)]
    jws: Annotated[str, Field(max_length=400 * 1024)]


@kind("item_withdrawn")
class ItemWithdrawn(Body):
    """The partner took an entry back, verified. It may arrive before the entry itself, and is kept then as well, so
    that the entry stays out when it comes late (protocol: §5, rule 3)."""

    item: Identifier
    org: Identifier
    name: Line
    eid: Identifier
    rev: int
    mid: Identifier
    ctr: Line = ""
    payload: Annotated[str, Field(max_length=256 * 1024)]
    jws: Annotated[str, Field(max_length=400 * 1024)]


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
    happened: Annotated[str, BeforeValidator(one_line), Field(max_length=200)] = ""
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
    by: Annotated[str, BeforeValidator(one_line), StringConstraints(min_length=1, max_length=400)]
    what: Reason
    at: Line = ""
