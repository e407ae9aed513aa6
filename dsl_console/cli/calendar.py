"""`calendar`: term dates and closures, from a file or by hand, and the statutory clocks (R-80, R-100)."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Day, Group
from dsl_console.cli.output import day_json, joined, print_json
from dsl_console.cli.output import out as line_out
from dsl_console.cli.session import Session
from practice.clocks import CLOCKS, statutory_due
from practice.errors import Refused
from practice.profile import NATIONS
from practice.text import unreadable

if TYPE_CHECKING:
    from storage.desk.calendars import CalendarReport

SIZE_LIMIT = 1024 * 1024


@click.group(cls=Group, short_help="Term dates, closures, statutory clocks.")
def calendar() -> None:
    """The school's calendar: term dates, closures and bank holidays, on which every review date rests."""


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(SIZE_LIMIT + 1)
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"The file cannot be read: {unreadable(error)}. Nothing was changed.") from None


def _tell(session: Session, report: CalendarReport, sentence: str) -> None:
    """Answer a change of the calendar: what was taken, what was skipped, how many reviews moved."""
    state = "not_changed" if report.dry_run else "set"
    moved = f"{report.moved} review{'s are' if report.moved != 1 else ' is'} due on another day now."
    skipped = [{"line": line, "reason": reason} for line, reason in report.skipped]
    for line, reason in report.skipped:
        session.note(f"Skipped, line or event {line}: {reason}.")
    words = joined([sentence, "" if report.dry_run else moved], " ")
    counts: dict[str, Any] = {"terms": report.terms, "closures": report.closures, "replaced": report.replaced}
    session.done("calendar", state, words, **counts, skipped=skipped, moved=report.moved, dry_run=report.dry_run)


@calendar.command("import", cls=Command)
@click.argument("file", required=False)
@click.option("--dry-run", is_flag=True, help="Show what the file would give, and change nothing.")
@click.option("--nation", type=click.Choice(NATIONS), help="Keep this nation's bank holidays.")
@click.pass_obj
def import_(session: Session, file: str | None, dry_run: bool, nation: str | None) -> None:
    """Take in term dates and closures from an iCalendar (.ics) or CSV file.

    A CSV file has the columns name, start and end, and kind (term or closure) where the names do not say. What
    overlaps is replaced; other years stay. Lines that were not understood are named.
    """
    data = _read(session.need(file, "FILE", "The calendar's file") if file != "-" else "-")
    with session.opened(writes=not dry_run) as vault:
        from storage.desk.calendars import import_calendar

        report = import_calendar(vault, data, nation=nation or "", dry_run=dry_run)
    begun = "The import would give" if dry_run else "Taken in:"
    _tell(session, report, f"{begun} {report.taken}.")


@calendar.command(cls=Command)
@click.pass_obj
def show(session: Session) -> None:
    """Show the terms, closures and bank holidays, and whether they are the school's own or assumed."""
    with session.opened() as vault:
        from storage.views.calendars import shown

        found = shown(vault, vault.clock().astimezone().date())
    if session.json:
        rows = [
            {"kind": row.kind, "name": row.name, "start": day_json(row.start), "end": day_json(row.end), "own": row.own}
            for row in found.rows
        ]
        terms = [row for row in rows if row["kind"] == "term"]
        closures = [row for row in rows if row["kind"] == "closure"]
        banks = [{"day": row["start"], "name": row["name"]} for row in rows if row["kind"] == "bank_holiday"]
        print_json(
            {
                "nation": found.nation,
                "assumed": found.assumed,
                "source": found.source,
                "borrowed": found.borrowed,
                "terms": terms,
                "closures": closures,
                "bank_holidays": banks,
            }
        )
        return
    from practice.dates import day_words

    for row in found.rows:
        days = day_words(row.start) + (f" to {day_words(row.end)}" if row.end != row.start else "")
        line_out(joined([days, row.words, row.name, "" if row.own else "assumed"]))
    session.note(found.source)
    session.note(found.borrowed)


@calendar.command(cls=Command)
@click.argument("name", required=False)
@click.option("--from", "start", metavar="DATE", type=Day(), help="The first day.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="The last day; left out, the first.")
@click.option("--term", is_flag=True, help="It is a term; otherwise the school is closed on these days.")
@click.pass_obj
def add(session: Session, name: str | None, start: date | None, end: date | None, term: bool) -> None:
    """Add a term, or days on which the school is closed."""
    with session.opened(writes=True) as vault:
        from storage.desk import calendars

        called = session.need(name, "NAME", "Name")
        first = session.need_day(start, "--from", "First day")
        change = calendars.add_term if term else calendars.add_closure
        report = change(vault, called, first, end or first)
    _tell(session, report, "The term was set." if term else "The closure was added.")


@calendar.command(cls=Command)
@click.option("--from", "start", metavar="DATE", type=Day(), help="Its first day.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="Its last day; left out, the first.")
@click.pass_obj
def remove(session: Session, start: date | None, end: date | None) -> None:
    """Take away the school's own term or closure with exactly these days."""
    with session.opened(writes=True) as vault:
        from storage.desk.calendars import remove as take_away

        first = session.need_day(start, "--from", "First day")
        report = take_away(vault, first, end or first)
    _tell(session, report, "It was taken away; the record keeps that it stood there.")


@calendar.command(cls=Command)
@click.argument("nation", type=click.Choice(NATIONS))
@click.pass_obj
def nation(session: Session, nation: str) -> None:
    """Keep the bank holidays of another nation."""
    with session.opened(writes=True) as vault:
        from storage.desk.calendars import set_nation

        report = set_nation(vault, nation)
    _tell(session, report, "Its bank holidays are kept now.")


@calendar.command(cls=Command)
@click.argument("step", type=click.Choice(list(CLOCKS)))
@click.option("--from", "start", metavar="DATE", type=Day(), help="The day of the event that begins the clock.")
@click.pass_obj
def clock(session: Session, step: str, start: date | None) -> None:
    """Say when a statutory step is due: counted in working days or months, never moved by a holiday."""
    with session.opened() as vault:
        begun = session.need_day(start, "--from", "Which day did it begin?")
        found = statutory_due(step, begun, vault.calendar().bank_holidays)
    if session.json:
        print_json({"step": step, "from": day_json(begun), "due": day_json(found.due), "reason": found.reason})
        return
    from practice.dates import day_words

    line_out(f"{day_words(found.due)}: {found.reason}")


@calendar.command(cls=Command)
@click.argument("file", required=False)
@click.pass_obj
def out(session: Session, file: str | None) -> None:
    """Write reviews and deadlines to an .ics file: how many are due on each day, and no personal data."""
    with session.opened(writes=True) as vault:
        from storage.documents.ics import write_calendar

        made = write_calendar(vault, Path(session.need(file, "FILE", "Where to (FILE.ics)")))
    session.note(made.caution)
    session.done(made.act, "exported", "Written. It holds no name.", form=made.form, sha256=made.sha256)
