"""Acts about the file of a child who leaves or joins: opened, sent, receipted, efforts where nobody is found (R-50)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from practice.acts.base import STRICT, Body, Day, Line, Note, Reason, kind


class Sent(BaseModel):
    """One thing of what was sent: what it is called, its SHA-256 and its size in bytes."""

    model_config = STRICT
    name: Line
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


@kind("transfer_opened")
class TransferOpened(Body):
    """The file of a child is to go to the next school, or one has come; the act's `entry` is the transfer's own id.

    `leaving` is the day the child left; for one that came, the day it came. `by_roll` says that an import opened it.
    """

    direction: Literal["out", "in"] = "out"
    leaving: Day
    school: Line = ""
    dsl: Line = ""
    contact: Line = ""
    by_roll: bool = False


@kind("transfer_changed")
class TransferChanged(Body):
    """Something about a transfer is otherwise now; what is None stays.

    `in_advance` is what was decided about telling the next school before the file goes (R-53); `no_destination` says
    that no school is known, and that the child may be missing education (R-56).
    """

    leaving: Day | None = None
    school: Line | None = None
    dsl: Line | None = None
    contact: Line | None = None
    in_advance: Note | None = None
    no_destination: bool | None = None
    reason: Note = ""


@kind("transfer_effort")
class TransferEffort(Body):
    """What was done to find where a child is, on which day, and with whom (R-56)."""

    on: Day
    who: Line
    what: Reason


@kind("transfer_sent")
class TransferSent(Body):
    """The file went: to whom, how, by whom, and what it was, each with its hash (R-51)."""

    sent_on: Day
    school: Line
    dsl: Line
    method: Line
    sent_by: Line
    contents: Annotated[tuple[Sent, ...], Field(min_length=1, max_length=50)]
    entries: Annotated[int, Field(ge=0)] = 0


@kind("transfer_received")
class TransferReceived(Body):
    """The receipt: who confirmed that the whole file is there, in which role, when and how (R-51, R-55)."""

    name: Line
    role: Line
    received_on: Day
    how: Line


@kind("transfer_reviewed")
class TransferReviewed(Body):
    """A file that came was read, and those who must know were told (R-55)."""

    told: Line
    note: Note = ""


@kind("transfer_ended")
class TransferEnded(Body):
    """No file goes, and why: the child came back, or had no record after all."""

    reason: Reason
