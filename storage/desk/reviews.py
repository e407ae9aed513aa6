"""Set how a child is reviewed, and record a review that was held (R-80, R-81)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from practice.acts import ReviewHeld, ReviewSet, build
from practice.errors import Refused
from practice.reviews import next_review
from practice.vocabulary import ReviewEvery, ReviewStatus
from storage.views import apart, children, reviews

if TYPE_CHECKING:
    from storage.vault import Vault

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("since", "What has happened since last time?"),
    ("better", "Is life better for the child?"),
    ("seen", "When was the child last seen and spoken to alone, and by whom?"),
    ("actions", "Which actions are open?"),
    ("voice", "Is the child's voice there?"),
    ("parents", "What is the parents' view?"),
    ("level", "Is this the right level?"),
    ("chronology", "Is the chronology up to date?"),
    ("share", "Is a share or a transfer due?"),
)
"""The questions of a review in their order (R-81); the last one, the next date, is a field of its own."""


def set_status(
    vault: Vault, child_id: str, status: str, every: str = "", first_due: date | None = None
) -> reviews.PlanRow:
    """Set the status under which a child is reviewed, and how often where it differs from the default (R-80)."""
    child = children.get(vault, child_id)
    if status not in set(ReviewStatus):
        raise Refused(f"«{status}» is no status of a review. Nothing was changed.", hint=", ".join(ReviewStatus))
    if every and every not in set(ReviewEvery):
        raise Refused(f"«{every}» is no interval of a review. Nothing was changed.", hint=", ".join(ReviewEvery))
    fields = {"status": status, "every": every, "first_due": first_due.isoformat() if first_due else None}
    with vault.write() as unit:
        seen = apart.standing_reviews(unit.connection, child.id, ReviewSet)
        unit.record(build(ReviewSet, fields | {"sees": seen}), child=child.id)
    made = reviews.plan(vault, child.id)
    assert made is not None
    return made


def proposed_next(vault: Vault, child_id: str) -> reviews.PlanRow | None:
    """Return what the next date would be if the review were held today, with its reason."""
    plan = reviews.plan(vault, child_id)
    if plan is None:
        return None
    today = vault.clock().astimezone().date()
    found = next_review(plan.status, plan.every, today, vault.calendar(), child=child_id)
    return reviews.PlanRow(child_id, plan.status, plan.every, today, found.due, found.reason, found.holiday_plan)


def hold(
    vault: Vault,
    child_id: str,
    decision: str,
    reason: str,
    *,
    next_due: date | None = None,
    answers: dict[str, str] | None = None,
    session: str = "",
) -> date:
    """Record a review of a child: the answers of R-81, the decision, its reason; return the next date.

    Without `next_due` the next date is the one that the status gives. Raises Refused where no status was set.
    """
    child = children.get(vault, child_id)
    proposed = proposed_next(vault, child.id)
    if proposed is None:
        raise Refused(
            "This child has no review status yet, so no next date can be given. Nothing was recorded.",
            hint="Set it first: dsl-console review set CHILD --status open.",
        )
    if not decision.strip() or not reason.strip():
        raise Refused("A review needs its decision and the reason. Nothing was recorded yet.")
    today = vault.clock().astimezone().date()
    if next_due is not None and next_due <= today:
        raise Refused("The next review must lie after today. Nothing was recorded yet.", hint="Give a later date.")
    by_hand = next_due is not None and next_due != proposed.due
    due = next_due or proposed.due
    fields = {
        "decision": decision,
        "reason": reason,
        "held_on": today.isoformat(),
        "next": due.isoformat(),
        "next_by_hand": by_hand,
        "answers": {name: text for name, text in (answers or {}).items() if text.strip()},
        "session": session,
    }
    with vault.write() as unit:
        seen = apart.standing_reviews(unit.connection, child.id, ReviewHeld)
        unit.record(build(ReviewHeld, fields | {"sees": seen}), child=child.id)
    return due
