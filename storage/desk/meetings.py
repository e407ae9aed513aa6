"""Plan a meeting about a child, change or cancel it, and record what was decided in it (R-100, R-103)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from practice.acts import (
    ActionAdded,
    ConcernLogged,
    MeetingCancelled,
    MeetingChanged,
    MeetingHeld,
    MeetingPlanned,
    build,
)
from practice.dates import day_words
from practice.errors import Refused
from practice.meetings import following, report_day, type_words
from practice.text import LINE_LIMIT, has_control
from practice.vocabulary import EntryKind, MeetingType
from storage.desk.actions import owner_of
from storage.desk.concerns import read_when
from storage.ids import new_id
from storage.ledger import Draft
from storage.views import children
from storage.views.meetings import MeetingRow, get, meetings

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class Task:
    """An action that a meeting gave the school: what, by whom, by when."""

    what: str
    owner: str = ""
    due: date | None = None


def names_of(text: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names in a text, parted by commas, semicolons or lines, each once."""
    parts = text.replace(";", ",").replace("\n", ",").split(",") if isinstance(text, str) else list(text)
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def proposed_report_day(vault: Vault, day: date) -> date:
    """Return when the school's report is due before a meeting on this day; never in the past."""
    return max(report_day(day, vault.calendar().bank_holidays), vault.clock().astimezone().date())


def plan(
    vault: Vault,
    child_id: str,
    meeting_type: str,
    day: date,
    *,
    invited: str | Sequence[str] = (),
    attends: str = "",
    report_due: date | None = None,
    no_report: bool = False,
    **more: str,
) -> MeetingRow:
    """Plan a meeting; `more` are at, place, covers and note. Returns it with its id. Raises Refused.

    Without a day for the school's report it is the default one, unless there is none to send.
    """
    child = children.get(vault, child_id)
    if meeting_type not in set(MeetingType):
        raise Refused(
            f"«{meeting_type}» is no sort of meeting. Nothing was recorded.",
            hint="Choose one of: " + ", ".join(MeetingType),
        )
    _check(more)
    name, person = owner_of(vault, attends) if attends.strip() else ("", "")
    report = None if no_report else report_due or proposed_report_day(vault, day)
    if report is not None and report > day:
        raise Refused("The report would be due after the meeting. Nothing was recorded.", hint="Look at both days.")
    fields: dict[str, Any] = {
        "meeting_type": meeting_type,
        "day": day.isoformat(),
        "invited": names_of(invited),
        "attends": name,
        "attends_person": person,
        "report_due": report.isoformat() if report else None,
        **more,
    }
    ident = new_id()
    vault.record(build(MeetingPlanned, fields), child=child.id, entry=ident)
    return _shown(vault, child.id, ident)


def _check(fields: dict[str, str]) -> None:
    if any(has_control(text) for name, text in fields.items() if name != "note"):
        raise Refused("It holds characters that cannot be shown. Nothing was recorded.")


def _shown(vault: Vault, child_id: str, meeting_id: str) -> MeetingRow:
    """Return a meeting as the lists show it, with its clock."""
    rows = meetings(vault, child_id=child_id, everything=True)
    return next(row for row in rows if row.id == meeting_id and row.state != "wanted")


def change(vault: Vault, meeting_id: str, *, reason: str = "", **changes: Any) -> MeetingRow:
    """Change a meeting: day, at, place, invited, attends, covers, report_due; or note the report or minutes.

    A day is a `date`. `report_sent` and `minutes_received` are days; `follows` of one that was held are the types
    that must follow it. Raises Refused where nothing would change or the meeting is over.
    """
    found = get(vault, meeting_id)
    fields = {name: value for name, value in changes.items() if value is not None}
    if not fields:
        raise Refused("What is otherwise now? Nothing was changed.")
    if found.state == "cancelled":
        raise Refused("This meeting was cancelled. Nothing was changed.", hint="Plan a new one.")
    later = {"minutes_received", "follows", "report_sent"}
    if found.state == "held" and set(fields) - later:
        raise Refused("This meeting was held already: only its minutes and what follows can be noted.")
    if set(fields) - later and not reason.strip():
        raise Refused("Why is it otherwise now? Nothing was changed yet.")
    if "follows" in fields and set(fields["follows"]) - set(MeetingType):
        raise Refused("What follows is no sort of meeting. Nothing was changed.", hint=", ".join(MeetingType))
    if "invited" in fields:
        fields["invited"] = names_of(fields["invited"])
    if "attends" in fields:
        fields["attends"], fields["attends_person"] = owner_of(vault, fields["attends"])
    fields = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    vault.record(build(MeetingChanged, {**fields, "reason": reason}), child=found.child_id, entry=found.id)
    return _shown(vault, found.child_id, found.id)


def cancel(vault: Vault, meeting_id: str, reason: str) -> MeetingRow:
    """Cancel a meeting that is planned, with the reason."""
    found = get(vault, meeting_id)
    if found.state != "planned":
        raise Refused("This meeting is not planned any more. Nothing was changed.")
    if not reason.strip():
        raise Refused("Why is it not held? Nothing was changed yet.")
    vault.record(build(MeetingCancelled, {"reason": reason}), child=found.child_id, entry=found.id)
    return get(vault, meeting_id)


def record(
    vault: Vault,
    meeting_id: str,
    decisions: str,
    *,
    attended: str | Sequence[str] = (),
    disagreement: str = "",
    held_on: date | None = None,
    tasks: Sequence[Task] = (),
    follows: Sequence[str] | None = None,
) -> MeetingRow:
    """Record that a meeting was held: it stands as an entry in the child's record, and its actions on the list.

    `follows` are the types of meetings that must follow by a statutory clock; None takes all that the clocks know.
    Raises Refused where decisions are blank or the day lies ahead.
    """
    found = get(vault, meeting_id)
    today = vault.clock().astimezone().date()
    day = held_on or min(found.day, today)
    if found.state != "planned":
        raise Refused("This meeting is not planned any more. Nothing was recorded.")
    if not decisions.strip():
        raise Refused("What was decided? Nothing was recorded yet.", hint="Where nothing was, write that.")
    if day > today:
        raise Refused("That day lies ahead. Nothing was recorded.", hint="Change the meeting's day, or record it then.")
    after = [each.meeting_type for each in following(found.meeting_type, day, vault.calendar().bank_holidays)]
    chosen = list(dict.fromkeys(after if follows is None else follows))
    if set(chosen) - set(after):
        raise Refused("No clock says that this must follow. Nothing was recorded.", hint=", ".join(after))
    were = names_of(attended)
    entry = new_id()
    held = {
        "held_on": day.isoformat(),
        "attended": were,
        "decisions": decisions,
        "disagreement": disagreement,
        "follows": chosen,
        "record": entry,
    }
    drafts = [
        Draft(_entry(vault, found, day, were, decisions, disagreement), found.child_id, entry),
        Draft(build(MeetingHeld, held), found.child_id, found.id),
        *(_task(vault, found.child_id, task, entry) for task in tasks if task.what.strip()),
    ]
    with vault.write() as unit:
        unit.record_many(drafts)
    return get(vault, meeting_id)


def _entry(
    vault: Vault, found: MeetingRow, day: date, were: Sequence[str], decisions: str, disagreement: str
) -> ConcernLogged:
    """Return the entry that tells of a meeting in the child's record."""
    parts = [f"{type_words(found.meeting_type)}.", f"Decided: {decisions.strip()}"]
    if were:
        parts.insert(1, f"There: {', '.join(were)}.")
    if disagreement.strip():
        parts.append(f"The school disagreed: {disagreement.strip()}")
    present = ", ".join(were)
    fields = {
        "entry_kind": EntryKind.MEETING,
        "text": "\n".join(parts),
        "occurred": read_when(vault, f"{day.isoformat()}"),
        "place": found.place,
        "present": present if len(present) <= LINE_LIMIT else f"{len(were)} people, named in the text",
    }
    made: ConcernLogged = build(ConcernLogged, fields)
    return made


def _task(vault: Vault, child_id: str, task: Task, entry: str) -> Draft:
    name, person = owner_of(vault, task.owner)
    due = task.due.isoformat() if task.due else None
    fields = {"what": task.what, "owner": name, "owner_person": person, "due": due, "about": entry}
    return Draft(build(ActionAdded, fields), child_id, new_id())


def told(row: MeetingRow) -> str:
    """Say of a meeting in one sentence when it is, and by when what must be done before it."""
    when = day_words(row.day) + (f", {row.at}" if row.at else "")
    if row.state == "wanted":
        return f"{row.words}: nobody planned it yet, at the latest {when}. {row.reason}"
    report = f" Report due {day_words(row.report_due)}." if row.report_open and row.report_due else ""
    return f"{row.words}: {when}.{report} {row.clock}".strip()
