"""`review`: what is due, how a child is reviewed, and a review that was held (R-80, R-81)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Code, Command, Day, Group, challenge_options, codes, text_option
from dsl_console.cli.output import INDENT, day_json, joined, moment_json, out, print_json
from dsl_console.cli.session import Session
from practice.dates import day_words
from practice.errors import Refused
from practice.minutes import SCOPES, scope_words
from practice.vocabulary import ReviewEvery, ReviewStatus, label_of

if TYPE_CHECKING:
    from storage.views.sessions import SessionRow


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
    from practice.text import counted

    for row in rows:
        late = f"{counted(row.overdue_school_days, 'school day')} overdue" if row.overdue_school_days else ""
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
    sentence = f"Reviewed as {label_of(ReviewStatus, chosen)}, next due {day_words(plan.due)}. {plan.reason}"
    session.done(row.id, chosen, sentence, due=day_json(plan.due), reason=plan.reason)


@review.command(cls=Command)
@click.argument("child", required=False)
@text_option("--decision", "What was decided.")
@text_option("--reason", "Why.")
@click.option(
    "--next", "next_", metavar="DATE", type=Day(), help="The next review, where the status's own will not do."
)
@click.option("--session", "part_of", metavar="SESSION", default="", help="The review session that it is part of.")
@click.pass_obj
def hold(
    session: Session,
    child: str | None,
    decision: str | None,
    reason: str | None,
    next_: date | None,
    part_of: str,
) -> None:
    """Record a review that was held, and print the next date.

    At a terminal, where the decision is left out, the questions of a review come first; an empty line skips one.
    """
    with session.opened(writes=True) as vault:
        from storage.desk import reviews
        from storage.views import children, sessions

        if part_of and not sessions.get(vault, part_of).open:
            raise Refused("That session is ended, and its minute signed. Nothing was recorded.")
        row = session.child(vault, child)
        answers = {}
        if decision is None and session.at_terminal:
            session.note(children.get(vault, row.id).told_apart)
            answers = {name: session.offer_text(None, question) for name, question in reviews.QUESTIONS}
        what = session.need_text(decision, "--decision", "Decision")
        why = session.need_text(reason, "--reason", "Why?")
        if next_ is None and session.at_terminal:
            next_ = _offered_next(session, reviews.proposed_next(vault, row.id))
        due_next = reviews.hold(vault, row.id, what, why, next_due=next_, answers=answers, session=part_of)
    session.done(row.id, "held", f"Held. The next review is due {due_next.isoformat()}.", next=day_json(due_next))


@review.command(cls=Command)
@click.argument("child", required=False)
@click.option("--to", metavar="WHO", help="To whom: name, role, agency.")
@text_option("--asked", "What is asked for.")
@click.pass_obj
def refer(session: Session, child: str | None, to: str | None, asked: str | None) -> None:
    """Record a referral; on the next working day the record asks whether you have heard."""
    with session.opened(writes=True) as vault:
        from storage.desk.sessions import refer as made

        row = session.child(vault, child)
        whose = session.need(to, "--to", "To whom (name, role, agency)")
        entry = made(vault, row.id, whose, session.need_text(asked, "--asked", "What is asked for?"))
    session.done(entry, "recorded", "The referral is in the record. By telephone at once, in writing after.")


@review.command(cls=Command)
@click.argument("child", required=False)
@challenge_options
@text_option("--asked", "What you ask instead, and why.")
@click.pass_obj
def challenge(
    session: Session,
    child: str | None,
    to: str | None,
    asked: str | None,
    stage: str | None,
    answer_by: str | None,
) -> None:
    """Record a professional challenge; its answer stands among the actions, with its day and the next stage."""
    with session.opened(writes=True) as vault:
        from dsl_console.cli.meetings import ahead
        from storage.desk.challenges import challenge as made

        row = session.child(vault, child)
        whose = session.need(to, "--to", "Whose decision is it (name, role, agency)")
        said = session.need_text(asked, "--asked", "What do you ask instead, and why?")
        entry = made(vault, row.id, whose, said, stage=stage or "", answer_by=ahead(answer_by))
    session.done(entry, "recorded", "The challenge is in the record, and its answer asked for.")


def _offered_next(session: Session, proposed: object) -> date | None:
    """Ask for the next date, showing the one that the status gives; Enter keeps that one."""
    due_day = getattr(proposed, "due", None)
    if not isinstance(due_day, date):
        return None
    answer = session.offer(None, f"Next review (Enter: {day_words(due_day)})")
    if not answer:
        return None
    return Day().convert(answer, None, None)


# -- sessions ----------------------------------------------------------------------------------------------------------


def _session_json(row: SessionRow) -> dict[str, object]:
    return {
        "id": row.id,
        "state": "open" if row.open else "ended",
        "scope": row.scope,
        "about": row.about,
        "begun_by": row.begun_by,
        "begun_at": moment_json(row.begun_at),
        "ended_by": row.ended_by,
        "ended_at": moment_json(row.ended_at),
        "reviewed": len(row.reviewed),
        "left": [{"child_id": child, "child": name} for child, name in row.left],
    }


@review.command(cls=Command)
@click.option("--scope", type=click.Choice(list(SCOPES)), default="due", show_default=True, help="Who is walked.")
@click.option("--about", metavar="S", default="", help="The status, or the worker's name, that the scope asks for.")
@click.pass_obj
def begin(session: Session, scope: str, about: str) -> None:
    """Begin a review session; it may be paused, and gone on with on another day by another person."""
    with session.opened(writes=True) as vault:
        from storage.desk import sessions

        found = sessions.begin(vault, scope, about)
    words = f"Begun: {scope_words(found.scope, found.about)}, {len(found.queue)} to review."
    session.done(found.id, "open", words, left=_session_json(found)["left"])


@review.command("sessions", cls=Command)
@click.option("--all", "everything", is_flag=True, help="Also those that were ended.")
@click.pass_obj
def sessions_(session: Session, everything: bool) -> None:
    """List the review sessions, and who is still to come in each."""
    with session.opened() as vault:
        from storage.views import sessions

        rows = sessions.sessions(vault, ended=everything)
    if session.json:
        print_json([_session_json(row) for row in rows])
        return

    for row in rows:
        begun = f"begun {day_words(row.begun_at.astimezone().date())} by {row.begun_by}"
        state = f"{len(row.reviewed)} of {len(row.queue)}" + ("" if row.open else ", ended")
        out(joined([row.id, scope_words(row.scope, row.about), begun, state]))
        for child, name in row.left if row.open else ():
            out(INDENT + joined([child, name]))
    if not rows:
        session.note("No review session is open.")


@review.command(cls=Command)
@click.argument("part_of", metavar="SESSION", required=False)
@click.pass_obj
def end(session: Session, part_of: str | None) -> None:
    """End a session: its minute is shown, and your signature stands over it."""
    with session.opened(writes=True) as vault:
        from storage.desk import sessions as desk
        from storage.views import sessions

        found = sessions.get(vault, session.need(part_of, "SESSION", "Which session (its id)"))
        session.note(found.minute)
        if session.at_terminal and not session.sure("Sign this minute and end the session?"):
            raise Refused("Nothing was signed; the session stays open.")
        done = desk.end(vault, found.id, read=found.minute)
    session.done(done.id, "ended", "Signed, and in the record.", reviewed=len(done.reviewed), left=len(done.left))


@review.command(cls=Command)
@click.argument("part_of", metavar="SESSION", required=False)
@click.option(
    "--out", "file", metavar="FILE", help="Write it there as FILE.pdf or FILE.html; that it went out is kept."
)
@click.pass_obj
def minute(session: Session, part_of: str | None, file: str | None) -> None:
    """Show a session's minute, or write it to a file."""
    with session.opened(writes=bool(file)) as vault:
        from storage.desk import sessions as desk
        from storage.views import sessions

        found = sessions.get(vault, session.need(part_of, "SESSION", "Which session (its id)"))
        made = desk.print_minute(vault, found.id, Path(file)) if file else None
    if made is not None:
        session.note(made.caution)
        session.done(made.act, "exported", f"Written as {made.form}.", form=made.form, sha256=made.sha256)
    elif session.json:
        print_json({**_session_json(found), "minute": found.minute})
    else:
        out(found.minute)
