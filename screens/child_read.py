"""What the child's screen reads of the record, in one go: plain functions that block, without a widget."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from practice.errors import ConsoleError
from screens.entry_lines import Line
from screens.received_words import theirs_words
from screens.widgets.record_list import PAGE

if TYPE_CHECKING:
    from storage.desk.one_record import Closed
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.meetings import MeetingRow
    from storage.views.record_rows import Trace
    from storage.views.removals import RemovalRow
    from storage.views.reviews import HeldRow, PlanRow
    from storage.views.transfers import TransferRow

Fetch = Callable[[int, int], Sequence[Line]]


@dataclass(frozen=True)
class Wanted:
    """Which entries of whom: all or those chosen for the chronology, and as known on which day."""

    child_id: str
    promoted: bool = False
    known_on: date | None = None


@dataclass(frozen=True)
class ChildView:
    """A child's front sheet, the keys of the entries, and the pages that are shown first."""

    child: ChildRow
    plan: PlanRow | None
    held: list[HeldRow]
    traces: list[Trace]
    undecided: int
    total: int
    keys: list[str]
    fetch: Fetch
    pages: dict[int, Sequence[Line]]
    read_first: list[str] = field(default_factory=list)
    removals: list[RemovalRow] = field(default_factory=list)
    siblings: list[ChildRow] = field(default_factory=list)
    meetings: list[MeetingRow] = field(default_factory=list)
    transfers: list[TransferRow] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    """The records that were closed as this child's."""
    closed_into: str = ""
    """Whether this record itself was closed, and which one stays."""


def open_log(vault: Vault, child_id: str) -> str:
    """Record that a person opened this child's record (R-114); return what to say where it could not be."""
    from storage.desk.access import opened

    return opened(vault, child_id)


def open_elsewhere(vault: Vault, child_id: str) -> str:
    """Say in the shared folder that this record is open here; return who else has it open, blank for nobody."""
    from storage.whereabouts import meeting

    return meeting(vault, child_id)


def open_by_hub(vault: Vault, child_id: str) -> str:
    """Say the same by the machines' hub, where they have one; return who else has the record open."""
    from storage.whereabouts import also_open
    from sync.machines import beat

    beat(vault)
    return also_open(vault, child_id)


def leave(vault: Vault, child_id: str) -> None:
    """Say that the record is not open here any more."""
    from storage.whereabouts import left
    from sync.machines import beat

    with contextlib.suppress(ConsoleError):  # the vault may be locked by now
        if left(vault, child_id):
            beat(vault)


def child_view(vault: Vault, wanted: Wanted, near: str) -> ChildView:
    """Read a child's record; `near` is the key of the entry whose page is read with it."""
    from storage.desk import one_record
    from storage.views import children, family, front_sheet, meetings, record, removals, reviews, transfers

    child = next(
        (row for row in children.all_children(vault, include_left=True) if row.id == wanted.child_id),
        None,
    ) or children.get(vault, wanted.child_id)
    keys, fetch = entries_of(vault, wanted)
    place = keys.index(near) if near in keys else max(len(keys) - 1, 0)
    numbers = {max(place // PAGE - 1, 0), place // PAGE}
    pages = {number: fetch(number * PAGE, PAGE) for number in numbers} if keys else {}
    return ChildView(
        child=child,
        plan=reviews.plan(vault, child.id),
        held=reviews.history(vault, child.id),
        traces=record.traces(vault, child.id),
        undecided=record.undecided_counts(vault, child.id).get(child.id, 0),
        total=record.count(vault, child.id),
        keys=keys,
        fetch=fetch,
        pages=pages,
        read_first=front_sheet.read_out(vault, child.id),
        removals=removals.of_child(vault, child.id),
        siblings=family.siblings(vault, child.id),
        meetings=meetings.meetings(vault, child_id=child.id),
        transfers=transfers.transfers(vault, child_id=child.id),
        closed=one_record.closed_records(vault, child.id),
        closed_into=one_record.closed_into(vault, child.id),
    )


def entries_of(vault: Vault, wanted: Wanted) -> tuple[list[str], Fetch]:
    """Return the keys of the entries in their order, and what reads a page of them."""
    from practice.share_words import record_words
    from storage.views import arrivals, record, sharing

    if wanted.known_on is not None:
        known = record.chronology(vault, wanted.child_id, promoted=wanted.promoted, as_known_on=wanted.known_on)
        plain = [Line(row) for row in known]
        return [row.id for row in known], lambda offset, limit: plain[offset : offset + limit]
    keys = record.entry_ids(vault, wanted.child_id, promoted=wanted.promoted)
    shares: dict[str, tuple[str, ...]] = {}
    for share in sharing.shares(vault, child_id=wanted.child_id):
        shares[share.entry_id] = (*shares.get(share.entry_id, ()), record_words(share))
    rivals = arrivals.with_rivals(vault)
    theirs = {
        row.id: theirs_words(row, rivals=row.id in rivals) for row in arrivals.items(vault, child_id=wanted.child_id)
    }

    def fetch(offset: int, limit: int) -> list[Line]:
        page = keys[offset : offset + limit]
        found = {row.id: row for row in record.by_ids(vault, page)}
        return [Line(found[key], shares.get(key, ()), theirs.get(key)) for key in page if key in found]

    return keys, fetch
