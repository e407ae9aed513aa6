"""Supervision and handover: one page of what is open, due and at risk, and the note of a supervision (R-84)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from practice.acts import SupervisionHeld, build
from practice.dates import day_words
from practice.errors import Refused
from practice.text import counted, visible
from practice.vocabulary import ReviewStatus, label_of
from storage import flags
from storage.desk.meetings import told as meeting_words
from storage.documents.blocks import Blank, Block, Facts, Heading, Para
from storage.documents.pages import Page
from storage.papers.one_page import Part, Row, one_page
from storage.views import actions, children, holidays, meetings, record, reviews, sessions, transfers

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.record_rows import Waiting


TITLE = "Supervision: what is open, due and at risk"
MANY = 20_000
"""So many concerns are counted; a school that has more waiting reads them on Today."""
LAST = 240
"""How much of what was agreed last time stands on the page; the note itself is kept whole."""


def note(
    vault: Vault, supervisor: str, reflection: str, agreed: str, who: Sequence[str] = (), held_on: date | None = None
) -> str:
    """Note a supervision: kept apart from every child's text; returns the act's id."""
    if not supervisor.strip() or not (reflection.strip() or agreed.strip()):
        raise Refused("With whom, and what was reflected or agreed? Nothing was recorded yet.")
    day = held_on or vault.clock().astimezone().date()
    fields = {
        "held_on": day.isoformat(),
        "supervisor": supervisor,
        "children": [children.get(vault, child).id for child in who],
        "reflection": reflection,
        "agreed": agreed,
    }
    return vault.record(build(SupervisionHeld, fields)).id


def page(vault: Vault) -> Page:
    """Return what is open, due and at risk: one page for a supervisor, or for whoever takes over alone."""
    today = vault.clock().astimezone().date()
    plans = reviews.due(vault, today, all_plans=True)
    counts = Counter(row.status for row in plans)
    under = [f"{label_of(ReviewStatus, status)} {counts[status]}" for status in ReviewStatus if counts[status]]
    open_sessions = len(sessions.sessions(vault))
    head: list[Block] = [
        Heading(1, TITLE),
        Facts(
            (
                ("School", vault.school.name),
                ("As of", day_words(today)),
                ("Under review", " · ".join(under) or "nobody"),
                *((("Review sessions", f"{open_sessions} open"),) if open_sessions else ()),
            )
        ),
    ]
    parts = [
        _reviews([row for row in plans if row.due <= today]),
        _undecided(vault),
        _actions(actions.actions(vault, today), today),
        _meetings(vault, today),
        _transfers(vault, today),
        _patterns(vault),
        _holiday(vault, today),
    ]
    foot: list[Block] = [] if any(part.rows for part in parts) else [Para("Nothing is open, due or at risk.")]
    for held in holidays.supervisions(vault)[:1]:
        agreed = f"Agreed: {held.agreed}" if held.agreed else f"Reflection: {held.reflection}"
        foot += [
            Heading(2, f"Last supervision, {day_words(held.held_on)}, with {visible(held.supervisor)}"),
            Para(_excerpt(agreed, LAST)),
        ]
    foot += [Heading(2, "This supervision"), Blank("Reflection", 2), Blank("Agreed, by whom and when", 1)]
    return Page(TITLE, one_page(head, parts, foot), len(plans))


def _reviews(due: Sequence[reviews.DueRow]) -> Part:
    late = sum(1 for row in due if row.overdue_school_days)
    rows = [
        Row(
            row.child,
            f"{label_of(ReviewStatus, row.status)}, " + _late_words(row.overdue_school_days),
            due=True,
        )
        for row in due
    ]
    return Part(f"Reviews due: {len(due)}, {late} of them overdue", rows, "Review (F4)")


def _undecided(vault: Vault) -> Part:
    """A line for each child whose concerns wait, who has waited longest first."""
    of_child: dict[str, list[Waiting]] = {}
    waiting = record.waiting(vault, limit=MANY)
    for entry in waiting:
        of_child.setdefault(entry.child_id or entry.id, []).append(entry)
    rows = []
    for entries in of_child.values():
        number = f"{len(entries)}, the oldest: " if len(entries) > 1 else ""
        rows.append(Row(entries[0].child or "not matched yet", number + _excerpt(entries[0].text)))
    heading = f"Concerns without a decision: {len(waiting):,}, about {counted(len(rows), 'child', 'children')}"
    return Part(heading, rows, "Today (F6)")


def _actions(to_do: Sequence[actions.ActionRow], today: date) -> Part:
    due = [row for row in to_do if row.due is not None and row.due <= today]
    due.sort(key=lambda row: -row.late_school_days)
    rows = [
        Row(
            row.child,
            f"{row.owner}, {_late_words(row.late_school_days)}: " + _excerpt(row.what),
            due=True,
        )
        for row in due
    ]
    late = sum(1 for row in due if row.late_school_days)
    return Part(f"To be done by today: {len(due)}, {late} of them late; open in all: {len(to_do)}", rows, "Actions")


def _meetings(vault: Vault, today: date) -> Part:
    rows = []
    for row in meetings.meetings(vault):
        report = row.report_open and row.report_due is not None and row.report_due <= today
        rows.append(Row(row.child, meeting_words(row), due=row.day <= today or report))
    rows.sort(key=lambda row: not row.due)
    return Part(f"Meetings: {len(rows)}", rows, "Meetings")


def _transfers(vault: Vault, today: date) -> Part:
    rows = [
        Row(row.child, _file(row), due=row.due is not None and row.due <= today) for row in transfers.transfers(vault)
    ]
    rows.sort(key=lambda row: not row.due)
    return Part(f"Files to be sent or receipted: {len(rows)}", rows, "File transfers")


def _patterns(vault: Vault) -> Part:
    """A line for each child, however many rules (R-85)."""
    of_child: dict[str, list[flags.FlagRow]] = {}
    for flag in flags.flags(vault):
        of_child.setdefault(flag.child_id, []).append(flag)
    rows = []
    for found in of_child.values():
        more = f" Also: {'; '.join(flag.label for flag in found[1:])}." if len(found) > 1 else ""
        rows.append(Row(found[0].child, f"{found[0].label}. {found[0].sentence}{more}"))
    rows.sort(key=lambda row: " Also: " not in row.text)
    return Part(f"Patterns to consider: about {counted(len(rows), 'child', 'children')}", rows, "Patterns")


def _holiday(vault: Vault, today: date) -> Part:
    rows = [Row(row.child, row.contact_by or "nobody in contact yet") for row in holidays.before(vault, today)]
    rows.sort(key=lambda row: row.text != "nobody in contact yet")
    return Part(f"Wait over the holiday: {len(rows)}", rows, "Before the holiday")


def _late_words(days: int) -> str:
    return f"{counted(days, 'school day')} late" if days else "due"


def _file(row: transfers.TransferRow) -> str:
    due = f", due {day_words(row.due)}" if row.due else ""
    return f"{row.words}{due}"


def _excerpt(text: str, limit: int = 120) -> str:
    words = " ".join(text.split())
    return words if len(words) <= limit else (words[:limit].rpartition(" ")[0] or words[:limit]) + " …"
