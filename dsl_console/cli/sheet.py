"""`sheet`: a child's front sheet: who decides, who must not be told, court orders, contacts, agencies (R-08)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Code, Command, Day, ShowGroup, codes, text_option
from dsl_console.cli.output import day_json, indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.front_sheet import FrontSection
from practice.vocabulary import ReviewStatus, label_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.views.front_sheet import FrontLine, FrontSheet


def sheet_json(front: FrontSheet, today: date) -> dict[str, Any]:
    """Return a front sheet for a program."""
    return {
        "front_sheet": [line_json(line, today) for line in front.lines],
        "opened": day_json(front.opened),
        "statuses": [
            {"status": each.status, "set_on": day_json(each.set_on), "by": each.by} for each in front.statuses
        ],
    }


def line_json(line: FrontLine, today: date) -> dict[str, Any]:
    """Return one version of a line for a program."""
    return {
        "line": line.line,
        "section": line.section,
        "name": line.name,
        "role": line.role,
        "agency": line.agency,
        "contact": line.contact,
        "words": line.words,
        "since": day_json(line.since),
        "until": day_json(line.until),
        "until_passed": bool(line.until and line.until < today),
        "child_id": line.other_child or None,
        "recorded_at": moment_json(line.recorded_at),
        "recorded_by": line.by,
        "ended": line.ended,
        "reason": line.reason,
        "stands": line.stands,
    }


def print_sheet(front: FrontSheet, today: date) -> None:
    """Print a front sheet in plain lines, what must be heeded first."""
    from practice.dates import day_words

    for line in front.lines:
        print_line(line, today)
    if front.opened:
        out(f"    Record opened: {day_words(front.opened)}")
    for status in front.statuses:
        out(f"    Review status {label_of(ReviewStatus, status.status)}, set {day_words(status.set_on)}, {status.by}")


def print_line(line: FrontLine, today: date, *, how: str = "") -> None:
    """Print one version of a line, its words set in."""
    from practice.dates import day_words

    until = f"until {day_words(line.until)}" if line.until else ""
    if line.until and line.until < today:
        until += " (that day has passed: ask whether it still holds)"
    since = f"since {day_words(line.since)}" if line.since else ""
    facts = [one_line(each) for each in (line.name, line.role, line.agency, line.contact)]
    out(f"{label_of(FrontSection, line.section)}: {joined([*facts, since, until])}  {line.line}{how}")
    if line.words:
        out(indented(line.words))


@click.group(cls=ShowGroup, short_help="A child's front sheet, line by line.")
@click.argument("child", required=False)
@click.option("--history", is_flag=True, help="Every version of every line, with who wrote it and why it ended.")
@click.pass_context
def sheet(context: click.Context, child: str | None, history: bool) -> None:
    """Show a child's front sheet: who must not be told, court orders, who decides, contacts, agencies."""
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    with session.opened() as vault:
        from storage.views import front_sheet

        row = session.child(vault, child)
        session.opening(vault, row.id)
        front = front_sheet.sheet(vault, row.id)
        versions = front_sheet.history(vault, row.id) if history else []
        today = vault.clock().astimezone().date()
    if session.json:
        told = {"history": [line_json(each, today) for each in versions]} if history else {}
        print_json({"child": {"id": row.id, "name": row.name}, **sheet_json(front, today), **told})
        return
    out(f"{row.told_apart}  {row.id}")
    print_sheet(front, today)
    if not front.lines:
        session.note("The front sheet holds nothing yet: dsl-console sheet add.")
    for each in versions:
        _print_version(each, today)


def _print_version(line: FrontLine, today: date) -> None:
    from practice.dates import day_words

    written = f"{day_words(line.recorded_at.astimezone().date())}, {line.by}"
    state = " (stands)" if line.stands else " (ended)" if line.ended else ""
    print_line(line, today, how=f"{state}, {written}")
    if line.reason:
        out(indented(f"Ended because: {line.reason}"))


def _line_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the fields of a line."""
    for option in reversed(
        (
            click.option("--name", metavar="NAME", help="Who, which order or which agency; left out, it is asked for."),
            click.option("--role", metavar="ROLE", help="In which role, or relation to the child."),
            click.option("--agency", metavar="AGENCY", help="For which agency."),
            click.option("--contact", metavar="CONTACT", help="Telephone, e-mail or address."),
            text_option("--words", "Why, or what it says; - reads it from standard input."),
            click.option("--since", metavar="DATE", type=Day(), help="From which day it holds."),
            click.option("--until", metavar="DATE", type=Day(), help="The last day on which it holds."),
        )
    ):
        command = option(command)
    return command


@sheet.command(cls=Command)
@click.argument("child", required=False)
@click.option(
    "--section", metavar="S", type=Code(*FrontSection), help=f"What the line is about: {codes(FrontSection)}."
)
@_line_options
@click.option("--of", metavar="CHILD", help="The connected child, where the line names one who has a file here.")
@click.pass_obj
def add(session: Session, /, child: str | None, section: str | None, of: str | None, **fields: Any) -> None:
    """Add a line to a child's front sheet. "Must not be told" asks who and why."""
    with session.opened(writes=True) as vault:
        from storage.desk.front_sheet import add_line

        row = session.child(vault, child)
        chosen = session.need_code(
            section, "--section", f"What is the line about? ({codes(FrontSection)})", Code(*FrontSection)
        )
        connected = session.child(vault, of, "--of").id if of else ""
        if not connected and chosen != FrontSection.SAFE_CONTACT:
            fields["name"] = session.need(fields["name"], "--name", "Who or what")
        if chosen in (FrontSection.MUST_NOT_BE_TOLD, FrontSection.MUST_NOT_COLLECT, FrontSection.SAFE_CONTACT):
            fields["words"] = session.need_text(fields["words"], "--words", "Why, or how")
        line = add_line(vault, row.id, chosen, child=connected, **_days(fields))
    session.done(line, "recorded", "It stands on the front sheet.")


def _days(fields: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in fields.items() if value is not None}
    return {name: day_json(value) if isinstance(value, date) else value for name, value in known.items()}


@sheet.command(cls=Command)
@click.argument("line", required=False)
@_line_options
@click.pass_obj
def change(session: Session, /, line: str | None, **fields: Any) -> None:
    """Write a new version of a line: what is named changes, the rest stays; every version stays readable."""
    changed = _days(fields)
    if not changed:
        raise click.UsageError("Name what changes: --name, --role, --agency, --contact, --words, --since or --until.")
    with session.opened(writes=True) as vault:
        from storage.desk.front_sheet import change_line

        ident = change_line(vault, session.need(line, "LINE", "Line's id"), **changed)
    session.done(ident, "changed", "The new version stands; the one before stays readable.")


@sheet.command(cls=Command)
@click.argument("line", required=False)
@text_option("--reason", "Why it no longer holds.")
@click.pass_obj
def end(session: Session, line: str | None, reason: str | None) -> None:
    """Take a line from the front sheet, with the reason; its history stays."""
    with session.opened(writes=True) as vault:
        from storage.desk.front_sheet import end_line
        from storage.views import front_sheet

        wanted = front_sheet.get(vault, session.need(line, "LINE", "Line's id")).line
        ident = end_line(vault, wanted, session.need_text(reason, "--reason", "Why does it no longer hold?"))
    session.done(ident, "ended", "It stands on the sheet no longer; its history stays readable.")
