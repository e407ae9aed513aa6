"""Supervision and handover: one page of what is open, due and at risk, and the note of a supervision (R-84)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from practice.acts import SupervisionHeld, build
from practice.dates import day_words
from practice.errors import Refused
from practice.vocabulary import ReviewStatus, label_of
from storage import flags
from storage.desk.meetings import told as meeting_words
from storage.documents.blocks import Blank, Block, Facts, Heading, Para
from storage.documents.pages import Page
from storage.views import actions, children, holidays, meetings, record, reviews, sessions, transfers

if TYPE_CHECKING:
    from storage.vault import Vault


SHOWN = 40
"""How many of a part are listed; its heading says how many there are."""


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
    late = [row for row in plans if row.overdue_school_days]
    undecided = record.undecided(vault)
    to_do = actions.actions(vault, today)
    late_actions = [row for row in to_do if row.late_school_days]
    patterns = flags.flags(vault)
    counts = {status: sum(1 for row in plans if row.status == status) for status in ReviewStatus}
    title = "Supervision: what is open, due and at risk"
    blocks: list[Block] = [
        Heading(1, title),
        Facts(
            (
                ("School", vault.school.name),
                ("As of", day_words(today)),
                *((label_of(ReviewStatus, status), str(count)) for status, count in counts.items() if count),
                ("Concerns without a decision", str(len(undecided))),
                ("Reviews overdue", str(len(late))),
                ("To be done, and late", f"{len(to_do)}, {len(late_actions)} late"),
                ("Patterns to consider", str(len({row.child_id for row in patterns}))),
                ("Review sessions open", str(len(sessions.sessions(vault)))),
            )
        ),
    ]
    parts: list[tuple[str, list[tuple[str, str]]]] = [
        (
            "Reviews overdue",
            [
                (row.child, f"{label_of(ReviewStatus, row.status)}, {row.overdue_school_days} school days late")
                for row in late
            ],
        ),
        ("Concerns without a decision", [(entry.child, _excerpt(entry.text)) for entry in undecided]),
        (
            "Late actions",
            [
                (row.child, f"{row.owner}, {row.late_school_days} school days late: {_excerpt(row.what)}")
                for row in late_actions
            ],
        ),
        ("Meetings", [(row.child, meeting_words(row)) for row in meetings.meetings(vault)]),
        ("Files to be sent or receipted", [(row.child, _file(row)) for row in transfers.transfers(vault)]),
        ("Patterns to consider", [(row.child, f"{row.label}. {row.sentence}") for row in patterns]),
        (
            "Wait over the holiday",
            [(row.child, row.contact_by or "nobody in contact yet") for row in holidays.before(vault, today)],
        ),
    ]
    for heading, pairs in parts:
        if pairs:
            shown = pairs[:SHOWN]
            number = str(len(pairs)) if len(shown) == len(pairs) else f"{len(shown)} of {len(pairs):,} are listed"
            blocks += [Heading(2, heading, number), Facts(tuple(shown))]
    for held in holidays.supervisions(vault)[:1]:
        blocks += [
            Heading(2, f"Last supervision, {day_words(held.held_on)}, with {held.supervisor}"),
            Para(f"Agreed: {held.agreed}" if held.agreed else f"Reflection: {held.reflection}"),
        ]
    blocks += [Heading(2, "This supervision"), Blank("Reflection", 3), Blank("Agreed, by whom and when", 2)]
    return Page(title, tuple(blocks), len(plans))


def _file(row: transfers.TransferRow) -> str:
    due = f", due {day_words(row.due)}" if row.due else ""
    return f"{row.words}{due}"


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 120 else (words[:120].rpartition(" ")[0] or words[:120]) + " …"
