"""`review`: what is due, how a child is reviewed, and a review that was held (R-80, R-81)."""

from __future__ import annotations

from datetime import date

import click

from dsl_console.cli.options import Code, Command, Day, Group, codes, text_option
from dsl_console.cli.output import day_json, joined, out, print_json
from dsl_console.cli.session import Session
from practice.vocabulary import ReviewEvery, ReviewStatus, label_of


@click.group(cls=Group, short_help="What is due, and holding a review.")
def review() -> None:
    """Reviews: what is due, how often a child is reviewed, and holding a review."""


@review.command(cls=Command)
@click.option("--on", metavar="DATE", type=Day(), help="What is due by this day; left out, by today.")
@click.pass_obj
def due(session: Session, on: date | None) -> None:
    """List the children whose review is due, the longest overdue first."""
    with session.opened() as vault:
        from storage.views import reviews

        rows = reviews.due(vault, on or vault.clock().astimezone().date())
    if session.json:
        print_json(
            [
                {
                    "child_id": row.child_id,
                    "child": row.child,
                    "due": day_json(row.due),
                    "status": row.status,
                    "overdue_school_days": row.overdue_school_days,
                    "reason": row.reason,
                }
                for row in rows
            ]
        )
        return
    from practice.dates import day_words

    for row in rows:
        late = f"{row.overdue_school_days} school days overdue" if row.overdue_school_days else ""
        status = label_of(ReviewStatus, row.status)
        out(joined([row.child_id, row.child, row.reg_group, status, f"due {day_words(row.due)}", late]))
    if not rows:
        session.note("No review is due.")


@review.command("set", cls=Command)
@click.argument("child", required=False)
@click.option("--status", metavar="S", type=Code(*ReviewStatus), help=f"Why: {codes(ReviewStatus)}.")
@click.option(
    "--every",
    metavar="E",
    type=Code(*ReviewEvery),
    help=f"How often, where it differs from the status's own: {codes(ReviewEvery)}.",
)
@click.pass_obj
def set_(session: Session, child: str | None, status: str | None, every: str | None) -> None:
    """Set the status under which a child is reviewed, and how often."""
    with session.opened(writes=True) as vault:
        from storage.desk import reviews

        row = session.child(vault, child)
        chosen = session.need_code(status, "--status", f"Status ({codes(ReviewStatus)})", Code(*ReviewStatus))
        plan = reviews.set_status(vault, row.id, chosen, every or "")
    sentence = f"Reviewed as {label_of(ReviewStatus, chosen)}, next due {plan.due.isoformat()}. {plan.reason}"
    session.done(row.id, chosen, sentence, due=day_json(plan.due), reason=plan.reason)


@review.command(cls=Command)
@click.argument("child", required=False)
@text_option("--decision", "What was decided.")
@text_option("--reason", "Why.")
@click.option(
    "--next", "next_", metavar="DATE", type=Day(), help="The next review, where the status's own will not do."
)
@click.pass_obj
def hold(session: Session, child: str | None, decision: str | None, reason: str | None, next_: date | None) -> None:
    """Record a review that was held, and print the next date.

    At a terminal, where the decision is left out, the questions of a review come first; an empty line skips one.
    """
    with session.opened(writes=True) as vault:
        from storage.desk import reviews
        from storage.views import children

        row = session.child(vault, child)
        answers = {}
        if decision is None and session.at_terminal:
            session.note(children.get(vault, row.id).told_apart)
            answers = {name: session.offer_text(None, question) for name, question in reviews.QUESTIONS}
        what = session.need_text(decision, "--decision", "Decision")
        why = session.need_text(reason, "--reason", "Why?")
        if next_ is None and session.at_terminal:
            next_ = _offered_next(session, reviews.proposed_next(vault, row.id))
        due_next = reviews.hold(vault, row.id, what, why, next_due=next_, answers=answers)
    session.done(row.id, "held", f"Held. The next review is due {due_next.isoformat()}.", next=day_json(due_next))


def _offered_next(session: Session, proposed: object) -> date | None:
    """Ask for the next date, showing the one that the status gives; Enter keeps that one."""
    due_day = getattr(proposed, "due", None)
    if not isinstance(due_day, date):
        return None
    answer = session.offer(None, f"Next review (Enter: {due_day.isoformat()})")
    if not answer:
        return None
    return Day().convert(answer, None, None)
