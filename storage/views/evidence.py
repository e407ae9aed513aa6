"""What a review of one child rests on: what was recorded since the last one, and what is still open (R-81)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage import flags
from storage.views import actions, children, family, meetings, record, reviews, sharing, transfers
from storage.views.base import table_of
from storage.views.entry_tables import DecisionTable, EntryTable
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from storage.vault import Vault

OPEN_SHARES = ("proposed", "held", "agreed", "queued", "offered", "delivered", "refused", "expired")
"""Shares that still ask for something, or are on their way."""


@dataclass(frozen=True)
class OpenDecision:
    """A decision without an outcome yet, with the day it is due."""

    entry_id: str
    decision: str
    reason: str
    due: date | None
    at: datetime


@dataclass(frozen=True)
class Evidence:
    """One child's review: who, the plan, the last review, and what it rests on; entries are newest first."""

    child: children.ChildRow
    plan: reviews.PlanRow | None
    last: reviews.HeldRow | None
    since: list[EntryRow]
    entries: int
    promoted: int
    undecided: int
    voice: EntryRow | None
    decisions: list[OpenDecision]
    shares: list[sharing.ShareRow]
    flags: list[flags.FlagRow]
    actions: list[actions.ActionRow]
    parents: EntryRow | None = None
    newest: list[EntryRow] = field(default_factory=list)
    disagreements: list[meetings.MeetingRow] = field(default_factory=list)
    """Meetings since the last review at which the school disagreed, the newest first."""
    meetings: list[meetings.MeetingRow] = field(default_factory=list)
    transfers: list[transfers.TransferRow] = field(default_factory=list)
    siblings: list[children.ChildRow] = field(default_factory=list)


def evidence(vault: Vault, child_id: str) -> Evidence:
    """Return what a review of the child rests on; without a review so far, every entry counts as since then."""
    child = children.get(vault, child_id)
    held = reviews.history(vault, child_id)
    last = held[0] if held else None
    entries = record.chronology(vault, child_id)[::-1]
    today = vault.clock().astimezone().date()
    every_meeting = meetings.meetings(vault, child_id=child_id, everything=True)
    return Evidence(
        child=child,
        plan=reviews.plan(vault, child_id),
        last=last,
        since=[entry for entry in entries if last is None or entry.recorded_at > last.recorded_at],
        entries=len(entries),
        promoted=sum(entry.promoted for entry in entries),
        undecided=record.undecided_counts(vault, child_id).get(child_id, 0),
        parents=next((entry for entry in entries if entry.kind == "parent_contact"), None),
        newest=sorted(entries, key=lambda entry: entry.recorded_at, reverse=True)[:20],
        voice=next((entry for entry in entries if entry.childs_words.strip()), None),
        decisions=_open_decisions(vault, child_id),
        shares=[share for share in sharing.shares(vault, states=OPEN_SHARES) if share.child_id == child_id],
        flags=flags.flags(vault, child_id=child_id),
        meetings=[row for row in every_meeting if row.state in ("planned", "wanted")],
        disagreements=[row for row in every_meeting[::-1] if _disagreed(row, last)],
        transfers=transfers.transfers(vault, child_id=child_id),
        siblings=family.siblings(vault, child_id),
        actions=[row for row in actions.actions(vault, today, child_id=child_id) if row.kind == "action"],
    )


def _disagreed(row: meetings.MeetingRow, last: reviews.HeldRow | None) -> bool:
    """Say whether the school disagreed at a meeting since the last review."""
    return bool(row.disagreement.strip()) and (last is None or row.day >= last.held_on)


def _open_decisions(vault: Vault, child_id: str) -> list[OpenDecision]:
    decisions, entries = table_of(DecisionTable), table_of(EntryTable)
    statement = (
        select(decisions)
        .join(entries, entries.c.id == decisions.c.entry_id)
        .where(
            entries.c.child_id == child_id,
            decisions.c.superseded.is_(False),
            decisions.c.outcome == "",
            (decisions.c.due.is_not(None)) | (decisions.c.decision != "no_further_action"),
        )
        .order_by(decisions.c.due.is_(None), decisions.c.due, decisions.c.act_id)
    )
    with vault.read() as connection:
        return [
            OpenDecision(
                row.entry_id,
                row.decision,
                row.reason,
                date.fromisoformat(row.due) if row.due else None,
                row.recorded_at,
            )
            for row in connection.execute(statement)
        ]
