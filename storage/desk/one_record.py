"""What goes along when two records turn out to be one child's, and what the closed one still tells.

Actions, meetings, file transfers and the partners' numbers go on under the record that stays, whole; the review status,
the front sheet, holds, holiday plans and who was given the child to read are laid beside what stands there. What is
history (reviews that were held, answers to flags) stays in the closed record, and is shown with the one that stays. Cut
short, it is done again: what went along is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from practice.acts import (
    Act,
    Body,
    ChildGranted,
    ChildrenCompared,
    EntryMoved,
    FlagAnswered,
    FrontSheetLine,
    HoldSet,
    HolidayPlanned,
    ReviewHeld,
    ReviewSet,
    build,
)
from practice.apart import more_protective_status
from practice.dates import day_words
from practice.roles import MANAGES_PEOPLE
from practice.vocabulary import ReviewStatus, label_of
from storage import ledger
from storage.desk import front_sheet as sheet_desk
from storage.desk import reviews as review_desk
from storage.ids import new_id
from storage.views import actions, cases, children, erasures, front_sheet, meetings, organisation, record, reviews
from storage.views import transfers as transfer_views

if TYPE_CHECKING:
    from storage.vault import Vault

_LINE = ("section", "name", "role", "agency", "contact", "words", "since", "until", "other_child")


_TELLING = [cls.act_kind for cls in (ReviewHeld, ReviewSet, FlagAnswered, FrontSheetLine, HoldSet, HolidayPlanned)]


@dataclass(frozen=True)
class Closed:
    """A record that was closed as another's: whose, when, by whom and why, and what of it is read there alone."""

    child_id: str
    name: str
    at: datetime
    by: str
    reason: str
    lines: tuple[str, ...]


# -- what goes along ---------------------------------------------------------------------------------------------------


def follow(vault: Vault, keep: str, other: str, reason: str) -> int:
    """Let what is under way in a record that is closed go on in the one that stays; return how much that was."""
    count = _work(vault, keep, other, reason) + _front_sheet(vault, keep, other) + _holds(vault, keep, other)
    return count + _status(vault, keep, other) + _holidays(vault, keep, other) + _readers(vault, keep, other)


def _work(vault: Vault, keep: str, other: str, reason: str) -> int:
    """Move each whole, open and closed, so that a partner's number goes on meaning this child."""
    going = _going(vault, other)
    moved = build(EntryMoved, {"from_child": other, "reason": reason})
    with vault.write() as unit:
        for ident in going:
            unit.record(moved, child=keep, entry=ident)
    return len(going)


def _going(vault: Vault, other: str) -> list[str]:
    """Return the actions, meetings, file transfers and partners' numbers that stand in a record."""
    on = vault.clock().astimezone().date()
    found = [row.id for row in actions.actions(vault, on, child_id=other, done=True) if row.kind == "action"]
    found += [row.id for row in meetings.meetings(vault, child_id=other, everything=True) if row.state != "wanted"]
    found += [row.id for row in transfer_views.transfers(vault, child_id=other, everything=True)]
    return found + [row.id for row in cases.cases(vault, child_id=other, states=cases.LIVE)]


def readers_missing(vault: Vault, keep: str, other: str) -> list[organisation.Reader]:
    """Return the read-only people who were given the closed record and not the one that stays."""
    return [row for row in organisation.readers(vault, other) if keep not in organisation.granted(vault, row.id)]


def _readers(vault: Vault, keep: str, other: str) -> int:
    """Let who was given the child go on reading; only who manages people may say so, others are told whom it is for."""
    missing = readers_missing(vault, keep, other) if vault.person.role in MANAGES_PEOPLE else []
    with vault.write() as unit:
        for row in missing:
            unit.record(ChildGranted(person=row.id), child=keep)
    return len(missing)


def _front_sheet(vault: Vault, keep: str, other: str) -> int:
    """Lay the other sheet's lines beside this one's; on the sheets of others the record that stays takes its place."""

    def said(line: front_sheet.FrontLine) -> tuple[object, ...]:
        return tuple(getattr(line, name) for name in _LINE)

    here = {said(line) for line in front_sheet.lines(vault, keep)}
    missing = [line for line in front_sheet.lines(vault, other) if said(line) not in here and line.other_child != keep]
    for line in missing:
        days = {name: day.isoformat() if day else None for name, day in (("since", line.since), ("until", line.until))}
        fields = {"name": line.name, "role": line.role, "agency": line.agency, "contact": line.contact}
        fields |= {"words": line.words, "child": line.other_child}
        sheet_desk.add_line(vault, keep, line.section, **fields, **days)
    naming = front_sheet.naming(vault, other)
    for line in naming:
        if line.child_id != keep:
            sheet_desk.change_line(vault, line.act_id, child=keep)
    return len(missing) + len(naming)


def _status(vault: Vault, keep: str, other: str) -> int:
    """Keep the more pressing of the two review statuses, and the earlier of the two days."""
    goes, stays = reviews.plan_before_closing(vault, other), reviews.plan(vault, keep)
    if goes is None:
        return 0
    if stays is None:
        review_desk.set_status(vault, keep, goes.status, goes.every, goes.due)
        return 1
    pressing = more_protective_status(((other, goes.status), (keep, stays.status)))
    if pressing == keep and stays.due <= goes.due:
        return 0
    chosen = goes if pressing == other else stays
    review_desk.set_status(vault, keep, chosen.status, chosen.every, min(goes.due, stays.due))
    return 1


def _holds(vault: Vault, keep: str, other: str) -> int:
    """Forbid the erasure of the record that stays for every reason that forbade the other's."""
    standing = [row for row in erasures.holds_in_force(vault) if row.child_id in (keep, other)]
    here = {(row.why, row.reason, row.until) for row in standing if row.child_id == keep}
    missing = [row for row in standing if row.child_id == other and (row.why, row.reason, row.until) not in here]
    with vault.write() as unit:
        for row in missing:
            fields = {"hold": new_id(), "why": row.why, "reason": row.reason}
            unit.record(build(HoldSet, fields | {"until": row.until and row.until.isoformat()}), child=keep)
    return len(missing)


def _holidays(vault: Vault, keep: str, other: str) -> int:
    """Plan the coming holidays as for the other, where nothing is planned here."""
    today = vault.clock().astimezone().date().isoformat()
    with vault.read() as connection:
        found = list(ledger.acts_where(connection, "child", [keep, other], [HolidayPlanned.act_kind]))
    found.sort(key=lambda act: act.order)
    plans = {
        (act.child, act.body.holiday): act.body
        for act in found
        if isinstance(act.body, HolidayPlanned) and act.body.holiday >= today
    }
    missing = [body for (child, day), body in plans.items() if child == other and (keep, day) not in plans]
    with vault.write() as unit:
        for body in missing:
            unit.record(body, child=keep)
    return len(missing)


# -- what the closed record still tells --------------------------------------------------------------------------------


def closed_into(vault: Vault, child_id: str) -> str:
    """Return the id of the record that stays, where this one was closed as the same child's; blank where not."""
    last = _last(vault).get(child_id)
    return last.body.other if last and isinstance(last.body, ChildrenCompared) and last.body.closes else ""


def _last(vault: Vault) -> dict[str, Act]:
    """Return what was said last of each record that was compared with another."""
    with vault.read() as connection:
        acts = sorted(ledger.acts_where(connection, "kind", [], [ChildrenCompared.act_kind]), key=lambda act: act.order)
    return {
        act.child or "": act
        for act in acts
        if isinstance(act.body, ChildrenCompared) and (act.body.closes or act.body.stays or not act.body.same)
    }


def still_tells(vault: Vault, child_id: str) -> int:
    """Return how many acts of its own a record holds: reviews, front sheet, holds, holiday plans, answers to flags."""
    with vault.read() as connection:
        return sum(1 for _act in ledger.acts_where(connection, "child", [child_id], _TELLING))


def more_came(vault: Vault) -> list[tuple[str, str]]:
    """Return the closed records into which more came from a machine that had not heard of it, each after who stays."""
    found = []
    for child, act in _last(vault).items():
        body = act.body
        if not isinstance(body, ChildrenCompared) or not body.closes:
            continue
        if record.entry_ids(vault, child) or still_tells(vault, child) > body.held or _going(vault, child):
            found.append((body.other, child))
    return found


def closed_each_other(vault: Vault) -> set[frozenset[str]]:
    """Return the pairs of records each of which was closed into the other, on two machines apart: neither stands."""
    into = {
        child: act.body.other
        for child, act in _last(vault).items()
        if isinstance(act.body, ChildrenCompared) and act.body.closes
    }
    return {frozenset((child, other)) for child, other in into.items() if into.get(other) == child}


def closed_records(vault: Vault, child_id: str) -> list[Closed]:
    """Return the records that were closed as this child's, each with what is read there alone, oldest first."""
    with vault.read() as connection:
        names = organisation.names(connection)
    found = []
    for child, act in _last(vault).items():
        body = act.body
        if isinstance(body, ChildrenCompared) and body.closes and body.other == child_id:
            lines = tuple(_lines(vault, child, names))
            name = children.get(vault, child).name
            found.append(Closed(child, name, act.recorded_at, names.get(act.author, ""), body.reason, lines))
    return sorted(found, key=lambda each: each.at)


def _lines(vault: Vault, child: str, names: dict[str, str]) -> Iterator[str]:
    kinds = [cls.act_kind for cls in (ReviewHeld, ReviewSet, FlagAnswered)]
    with vault.read() as connection:
        acts = sorted(ledger.acts_where(connection, "child", [child], kinds), key=lambda act: act.order)
    for act in reversed(acts):
        by = names.get(act.author, "")
        yield f"{day_words(act.recorded_at.astimezone().date())}: {_words(act.body)}{f', by {by}' if by else ''}"


def _words(body: Body) -> str:
    if isinstance(body, ReviewHeld):
        said = [f"{name.replace('_', ' ')}: {text}" for name, text in body.answers.items()]
        return " · ".join([f"reviewed, {body.decision}: {body.reason}", *said])
    if isinstance(body, ReviewSet):
        return f"review status {label_of(ReviewStatus, body.status)}"
    return f"flag answered, {body.sentence or body.rule}: {body.reason}" if isinstance(body, FlagAnswered) else ""
