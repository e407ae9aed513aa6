"""Before and after a holiday: a guided list per child, printed and shared (R-86)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from practice.acts import HolidayPlanned, build
from practice.dates import day_words
from practice.errors import Refused
from practice.vocabulary import EntryKind, ReviewStatus, label_of
from storage.documents.blocks import Block, Facts, Heading, Para
from storage.documents.pages import Page
from storage.views import children, holidays

if TYPE_CHECKING:
    from storage.vault import Vault


def plan(vault: Vault, child_id: str, contact_by: str, when: str = "", told: str = "", note: str = "") -> str:
    """Record who is in contact with a child over the next holiday, when, and what partners were told; the act's id."""
    child = children.get(vault, child_id)
    holiday = holidays.next_holiday(vault, vault.clock().astimezone().date())
    if holiday is None:
        raise Refused("The calendar has no holiday in the coming year. Nothing was recorded.")
    if not contact_by.strip():
        raise Refused(
            "Who is in contact with the child? Nothing was recorded yet.", hint="Where nobody is, write that."
        )
    fields = {
        "holiday": holiday[0].isoformat(),
        "contact_by": contact_by,
        "contact_when": when,
        "told": told,
        "note": note,
    }
    return vault.record(build(HolidayPlanned, fields), child=child.id).id


def shared_words(vault: Vault, child_id: str) -> str:
    """Return what a partner is told of a child's plan for the next holiday; raises Refused where there is none."""
    today = vault.clock().astimezone().date()
    holiday = holidays.next_holiday(vault, today)
    row = next((row for row in holidays.before(vault, today) if row.child_id == child_id), None)
    if holiday is None or row is None or not row.contact_by:
        raise Refused(
            "Nobody is planned to be in contact with this child yet, so there is nothing to share.",
            hint="Plan it first: dsl-console holiday plan CHILD.",
        )
    contact = ", ".join(each for each in (row.contact_by, row.contact_when) if each)
    lines = [
        f"Over the holiday, {day_words(holiday[0])} to {day_words(holiday[1])}.",
        f"In contact: {contact}.",
        *([f"Partners were told: {row.told}"] if row.told else []),
        *([f"Note: {row.note}"] if row.note else []),
        f"Next review: {day_words(row.due)}.",
    ]
    return "\n".join(lines)


def to_share(vault: Vault, child_id: str) -> str:
    """Record a child's plan for the next holiday as an entry that can be proposed to a partner; the entry's id.

    The same words are recorded once. Raises Refused where nobody is planned to be in contact yet.
    """
    from storage.desk.concerns import log_concern
    from storage.views import record

    child = children.get(vault, child_id)
    words = shared_words(vault, child.id)
    for entry in record.chronology(vault, child.id):
        if entry.kind == EntryKind.AGENCY_CONTACT and entry.text == words:
            return entry.id
    return log_concern(vault, {"text": words, "entry_kind": EntryKind.AGENCY_CONTACT}, child_id=child.id)[0]


def before_page(vault: Vault) -> Page:
    """Return the list before the next holiday; who must stand on the plan and does not is said first."""
    today = vault.clock().astimezone().date()
    holiday = holidays.next_holiday(vault, today)
    title = "Before the holiday"
    if holiday is None:
        return Page(title, (Heading(1, title), Para("The calendar has no holiday in the coming year.")))
    rows = holidays.before(vault, today)
    missing = [row for row in rows if not row.planned]
    blocks: list[Block] = [
        Heading(1, title),
        Facts(
            (
                ("School", vault.school.name),
                ("Holiday", f"{day_words(holiday[0])} to {day_words(holiday[1])}"),
                ("Children on the list", str(len(rows))),
                ("Still without a contact", str(len(missing))),
            )
        ),
    ]
    if missing:
        names = ", ".join(row.child for row in missing)
        blocks.append(Para(f"Nobody is planned to be in contact with: {names}.", "warn"))
    for row in rows:
        blocks += [Heading(2, row.child), Facts(tuple(pair for pair in _pairs(row, today) if pair[1]))]
    if not rows:
        blocks.append(Para("No child is of concern, and no review waits over the holiday."))
    return Page(title, tuple(blocks), len(rows))


def _pairs(row: holidays.HolidayRow, today: date) -> list[tuple[str, str]]:
    review = f"{day_words(row.due)}{', overdue' if row.due < today else ''}. {row.reason}"
    return [
        ("Status", label_of(ReviewStatus, row.status)),
        ("Review", f"{review} Brought forward." if row.brought_forward else review),
        ("In contact", ", ".join(each for each in (row.contact_by, row.contact_when) if each) or "Nobody yet"),
        ("Partners were told", row.told),
        ("Note", row.note),
    ]


def after_page(vault: Vault) -> Page:
    """Return who must be seen first after a holiday, and what partners recorded meanwhile."""
    today = vault.clock().astimezone().date()
    holiday = holidays.last_holiday(vault, today)
    title = "After the holiday"
    if holiday is None:
        return Page(title, (Heading(1, title), Para("The calendar has no holiday in the past half year.")))
    rows = holidays.after(vault, today)
    days = f"{day_words(holiday[0])} to {day_words(holiday[1])}"
    blocks: list[Block] = [Heading(1, title), Facts((("School", vault.school.name), ("Holiday", days)))]
    for number, row in enumerate(rows, start=1):
        pairs = [
            ("Why", row.why),
            ("Status", label_of(ReviewStatus, row.status)),
            ("Was in contact", row.contact_by),
            *((agency, text) for _entry, agency, text in row.entries),
        ]
        blocks += [Heading(2, f"{number}. {row.child}"), Facts(tuple(pair for pair in pairs if pair[1]))]
    if not rows:
        blocks.append(Para("No partner recorded anything, and nobody stood on the holiday plan."))
    return Page(title, tuple(blocks), len(rows))
