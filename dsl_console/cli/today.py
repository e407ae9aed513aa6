"""`today`: what waits, in the order in which it must be dealt with, and what is new since you last looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command
from dsl_console.cli.output import day_json, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.dates import day_words
from practice.text import counted
from practice.today_words import NAMELESS, kind_word
from practice.vocabulary import ReviewStatus, Role, label_of

if TYPE_CHECKING:
    from storage.views.today import Line

SECTIONS = (("act_today", "Act today"), ("this_week", "This week"), ("later", "Also waiting"))


def _json(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "subject": line.subject,
        "child_id": line.child_id,
        "child": line.child,
        "words": line.words,
        "due": day_json(line.due),
        "overdue_school_days": line.late_school_days,
    }


@click.command(cls=Command, short_help="What must be dealt with today.")
@click.pass_obj
def today(session: Session) -> None:
    """Show what waits for you: act today, this week, then the rest, and what is new since you last looked."""
    with session.opened() as vault:
        from storage.flags import refresh
        from storage.looking import look
        from storage.views.today import today as view_of

        refresh(vault)
        view = view_of(vault, vault.clock())
        news = look(vault)
        writes = vault.person.role != Role.READ_ONLY
    if session.json:
        sections = {name: [_json(line) for line in getattr(view, name)] for name, _ in SECTIONS}
        since = moment_json(news.since)
        covers = [{"person": each.person, "by": each.by, "until": day_json(each.until)} for each in view.covers]
        whole = {"new": list(news.words), "since": since, "twelve_weeks": view.twelve_weeks, "covers": covers}
        print_json({**sections, **whole})
        return
    if news.words:
        session.note("New since you last looked: " + ", ".join(news.words) + ".")
    for each in view.covers:
        out(f"{one_line(each.by)} covers {one_line(each.person)} until {day_words(each.until)}.")
    for name, title in SECTIONS:
        lines: list[Line] = getattr(view, name)
        if lines:
            out(f"{title} ({len(lines)})")
        for line in lines:
            late = f"{counted(line.late_school_days, 'school day')} late" if line.late_school_days else ""
            due = f"due {day_words(line.due)}" if line.due else ""
            words = label_of(ReviewStatus, line.words) if line.kind == "review" else line.words
            about = line.child or NAMELESS.get(line.kind, "not matched yet")
            out("    " + joined([kind_word(line.kind, writes=writes), one_line(about), one_line(words), due, late]))
    if view.empty:
        session.note("Nothing waits for you.")
