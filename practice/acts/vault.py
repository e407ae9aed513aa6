"""Acts on the vault itself: its organisation, its people and their keys, who read what, backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from practice.acts.base import STRICT, Body, Day, Identifier, Line, Reason, kind
from practice.compartments import ADULTS, CHILDREN

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
    """A term, or days on which the school is closed; both days included."""

    model_config = STRICT
    name: Line = ""
    start: Day
    end: Day


@kind("calendar_set")
class CalendarSet(Body):
    """The school's own term dates and closures, whole, and the nation whose bank holidays it keeps."""

    nation: Literal["england", "wales", "scotland", "northern_ireland"] = "england"
    terms: tuple[TermDates, ...] = ()
    closures: tuple[TermDates, ...] = ()
    reason: Line = ""

    @field_validator("closures", mode="before")
    @classmethod
    def _single_days(cls, value: object) -> object:
        """Take a closure written as one day for a period of that day."""
        if not isinstance(value, (list, tuple)):
            return value
        return tuple({"start": each, "end": each} if isinstance(each, str) else each for each in value)


@kind("wording_row_set")
class WordingRowSet(Body):
    """A row of the wording coach's list as the school has it: its own, or one that it silences (practice: §9)."""

    row: Identifier
    find: tuple[Line, ...] = ()
    question: Line = ""
    silenced: bool = False


@kind("person_added", CHILDREN, ADULTS)
class PersonAdded(Body):
    """Somebody who may open this vault; `signing_key` is their Ed25519 public key, base64."""

    person: Identifier
    name: Line
    role: Literal["dsl", "deputy", "head", "read_only"] = "dsl"
    signing_key: Line


# -- people and keys ---------------------------------------------------------------------------------------------------


@kind("person_removed", CHILDREN, ADULTS)
class PersonRemoved(Body):
    """Somebody may no longer open this vault; what they recorded stays theirs."""

    person: Identifier
    reason: Reason


@kind("person_role_changed")
class PersonRoleChanged(Body):
    """Somebody's role changed."""

    person: Identifier
    role: Literal["dsl", "deputy", "head", "read_only"]


@kind("person_key_changed", CHILDREN, ADULTS)
class PersonKeyChanged(Body):
    """Somebody's keys were made anew, after a forgotten passphrase; the earlier signatures stay theirs."""

    person: Identifier
    signing_key: Line


@kind("keys_rotated", CHILDREN, ADULTS)
class KeysRotated(Body):
    """The compartment's keys were made anew and its database encrypted again."""

    generation: int
    reason: Line = ""


@kind("recovery_replaced", CHILDREN, ADULTS)
class RecoveryReplaced(Body):
    """The recovery code was used or replaced; the one before opens nothing any more."""


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


@kind("audit_read", CHILDREN, ADULTS)
class AuditRead(Body):
    """A person read who opened which records; the act's own child says whose, where it was about one."""

    person: str = ""
    start: Day | None = None
    end: Day | None = None


@kind("unlock_failed")
class UnlockFailed(Body):
    """Wrong tries at somebody's passphrase or at a recovery code, recorded at the next unlock that succeeded.

    `slot` is a person's id or a recovery slot's; STRANGER where the name that was given opens nothing.
    """

    slot: Identifier
    tries: int
    first: Line
    last: Line


class MaskUsed(BaseModel):
    """A name that was masked in a copy, and by what."""

    model_config = STRICT
    name: Line
    mask: Line


@kind("exported")
class Exported(Body):
    """A copy left the program: what it held, the SHA-256 of the file, and that of its content (R-116).

    `heeded` is the code of what was read first of the front sheet, blank where it held nothing (R-08). `masks` are
    those that the copy bears: they stay its own, whatever a mask stands for later (R-64).
    """

    what: Line
    form: Line
    sha256: Line
    content: Line = ""
    entries: int = 0
    heeded: Line = ""
    masks: Annotated[tuple[MaskUsed, ...], Field(max_length=2000)] = ()


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


@kind("restored", CHILDREN, ADULTS)
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
