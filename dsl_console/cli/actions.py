"""`actions`: what is to be done, by whom and by when, and closing it with what came of it (R-02, R-03)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Command, Listing, text_option
from dsl_console.cli.output import INDENT, day_json, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session

if TYPE_CHECKING:
    from storage.views.actions import ActionRow


def _json(row: ActionRow) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": row.kind,
        "child_id": row.child_id,
        "child": row.child,
        "entry_id": row.about or None,
        "what": row.what,
        "owner": row.owner,
        "asked_by": row.asked_by,
        "asked_at": moment_json(row.asked_at),
        "due": day_json(row.due),
        "overdue_school_days": row.late_school_days,
        "state": row.state,
        "follow_up": row.follow_up,
        "outcome": row.outcome,
        "reason": row.reason,
    }


@click.group(cls=Listing, short_help="What is to be done, by whom, by when.")
@click.option("--mine", is_flag=True, help="Only what I am to do.")
@click.option("--asked", is_flag=True, help="Only what I asked others to do.")
@click.option("--child", metavar="CHILD", help="Only those of one child.")
@click.option("--all", "everything", is_flag=True, help="Also what was closed, with what came of it.")
@click.pass_context
def actions(context: click.Context, mine: bool, asked: bool, child: str | None, everything: bool) -> None:
    """List what is to be done, the longest overdue first; what decisions asked for by a day is among it."""
    if context.invoked_subcommand is not None:
        return
    session = context.find_object(Session)
    assert session is not None
    with session.opened() as vault:
        from storage.views import actions as found

        whose = session.child(vault, child).id if child else ""
        today = vault.clock().astimezone().date()
        rows = found.actions(vault, today, child_id=whose, done=everything)
        me = vault.person.id
    if mine:
        rows = [row for row in rows if row.owner_id == me]
    if asked:
        rows = [row for row in rows if row.asked_by_id == me and row.owner_id != me]
    if session.json:
        print_json([_json(row) for row in rows])
        return
    from practice.dates import day_words
    from practice.text import counted

    for row in rows:
        due = f"due {day_words(row.due)}" if row.due else "no day set"
        late = f"{counted(row.late_school_days, 'school day')} overdue" if row.late_school_days else ""
        out(joined([row.id, row.child, row.owner, due, late, "done" if row.state != "open" else ""]))
        out(INDENT + one_line(row.what))
        if row.outcome:
            out(INDENT + f"Outcome: {one_line(row.outcome)}")
    if not rows:
        session.note("Nothing is to be done.")


def _day(text: str | None) -> date | None:
    """Return a day still to come, as people write it."""
    if not text:
        return None
    from practice.due import parse_due

    day, question = parse_due(text, datetime.now().astimezone().date())
    if day is None:
        raise click.UsageError(question)
    return day


@actions.command(cls=Command)
@click.argument("child", required=False)
@text_option("--what", "What is to be done.")
@click.option("--owner", metavar="NAME", default="", help="Who does it; left out, you.")
@click.option("--due", metavar="DATE", help="By when: Friday, in 2 weeks, 5/12/2026.")
@click.option("--entry", metavar="ENTRY", default="", help="The entry that it belongs to.")
@click.pass_obj
def add(session: Session, child: str | None, what: str | None, owner: str, due: str | None, entry: str) -> None:
    """Ask for something to be done about a child."""
    with session.opened(writes=True) as vault:
        from storage.desk import actions as desk

        row = session.child(vault, child)
        words = session.need_text(what, "--what", "What is to be done?")
        made = desk.add(vault, row.id, words, owner=owner, due=_day(due), about=entry)
    session.done(made.id, "open", f"{made.owner} is to do it.", owner=made.owner, due=day_json(made.due))


@actions.command(cls=Command)
@click.argument("action", required=False)
@click.option("--owner", metavar="NAME", default="", help="Who does it now.")
@click.option("--due", metavar="DATE", help="By when now.")
@text_option("--reason", "Why.")
@click.pass_obj
def change(session: Session, action: str | None, owner: str, due: str | None, reason: str | None) -> None:
    """Give an action to somebody else, or another day, with the reason."""
    with session.opened(writes=True) as vault:
        from storage.desk import actions as desk

        ident = session.need(action, "ACTION", "Which action (its id)")
        why = session.need_text(reason, "--reason", "Why?")
        row = desk.change(vault, ident, why, owner=owner, due=_day(due))
    session.done(row.id, "open", "Changed.", owner=row.owner, due=day_json(row.due))


@actions.command(cls=Command)
@click.argument("action", required=False)
@text_option("--follow-up", "What follows from it; where nothing does, that and why.")
@text_option("--outcome", "What came of it.")
@text_option("--reason", "Why it is closed.")
@click.pass_obj
def done(session: Session, action: str | None, follow_up: str | None, outcome: str | None, reason: str | None) -> None:
    """Close an action, or what a decision asked for, with follow-up, outcome and reason."""
    with session.opened(writes=True) as vault:
        from storage.desk import actions as desk

        ident = session.need(action, "ACTION", "Which action (its id)")
        came = session.need_text(outcome, "--outcome", "What came of it?")
        follows = session.need_text(follow_up, "--follow-up", "What follows?")
        why = session.need_text(reason, "--reason", "Why is it closed?")
        row = desk.done(vault, ident, follows, came, why)
    session.done(row.id, "done", "Closed.")
