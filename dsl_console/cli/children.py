"""`children`: the school's roll, and children added by hand; what is kept and erased is in `erasing`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.erasing import COMMANDS as ERASING
from dsl_console.cli.meetings import meeting_json
from dsl_console.cli.options import Command, Day, Group, text_option
from dsl_console.cli.output import day_json, joined, moment_json, one_line, out, print_json
from dsl_console.cli.same_child import COMMANDS as SAME
from dsl_console.cli.session import Session
from dsl_console.cli.sheet import print_sheet, sheet_json
from dsl_console.cli.transfers import transfer_json
from practice.dates import day_words
from practice.errors import Refused
from practice.roles import finds_only_given
from practice.text import unreadable
from practice.vocabulary import ReviewStatus, label_of

if TYPE_CHECKING:
    from storage.desk.children import ImportReport
    from storage.views.children import ChildRow

ROLL_LIMIT = 50 * 1024 * 1024


@click.group(cls=Group, short_help="The roll: import, add, list, show.")
def children() -> None:
    """The children: import the roll, add one, list them, show one."""


def _roll(path: str) -> bytes:
    """Return the bytes of a roll's file; raises Refused where it cannot be read or is too large."""
    try:
        if path == "-":
            stored = sys.stdin.buffer.read(ROLL_LIMIT + 1)
        else:
            with Path(path).open("rb") as file:
                stored = file.read(ROLL_LIMIT + 1)
    except OSError as error:
        raise Refused(f"That file cannot be read: {unreadable(error)}. Nothing was imported.") from None
    if len(stored) > ROLL_LIMIT:
        raise Refused("That file is larger than 50 MiB, so nothing was imported.", hint="Export fewer columns.")
    return stored


def mapping_of(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        header, equals, field = pair.rpartition("=")
        if not (equals and header.strip() and field.strip()):
            raise click.UsageError(f"--map takes HEADER=FIELD, not «{pair}».")
        mapping[header.strip()] = field.strip()
    return mapping


@children.command("import", cls=Command)
@click.argument("file", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option(
    "--map", "pairs", metavar="HEADER=FIELD", multiple=True, help="Read a column as a field; may be repeated."
)
@click.option("--whole-school", is_flag=True, help="The file holds the whole roll: who is not in it has left.")
@click.option(
    "--confirm-leavers",
    metavar="N",
    type=click.IntRange(min=0),
    help="How many will be marked as having left, where that is more than 5 % of the roll.",
)
@click.pass_obj
def import_(
    session: Session,
    file: str | None,
    dry_run: bool,
    pairs: tuple[str, ...],
    whole_school: bool,
    confirm_leavers: int | None,
) -> None:
    """Take in the roll from a CSV or XLSX file of SIMS, Arbor, Bromcom or another system, or pupils from a CTF.

    A row that cannot be used is named with its line and reason, and the rest is taken. Nothing is ever deleted, and a
    blank never erases what is known.
    """
    mapping = mapping_of(pairs)
    data = _roll(session.need(file, "FILE", "The roll's file") if file != "-" else "-")
    with session.opened(writes=not dry_run) as vault:
        from storage.desk.children import import_roster

        report = import_roster(
            vault,
            data,
            dry_run=dry_run,
            mapping=mapping,
            whole_school=whole_school,
            confirm_leavers=confirm_leavers,
        )
    if session.json:
        print_json(_report_json(report))
    else:
        _print_report(report)


def _report_json(report: ImportReport) -> dict[str, Any]:
    return {
        "joined": report.joined,
        "changed": report.changed,
        "left": report.left,
        "unchanged": report.unchanged,
        "not_in_file": report.not_in_file,
        "rejected": [{"line": line, "reason": reason} for line, reason in report.rejected],
        "warnings": [{"line": line, "text": text} for line, text in report.warnings],
        "dry_run": report.dry_run,
        "transfers": report.transfers,
    }


def _print_report(report: ImportReport) -> None:
    if report.dry_run:
        out("Nothing was changed. The import would give:")
    out(f"joined       {report.joined:,}")
    out(f"changed      {report.changed:,}")
    out(f"left         {report.left:,}")
    if report.transfers:
        out(f"files to go  {report.transfers}   (dsl-console transfer list)")
    out(f"unchanged    {report.unchanged:,}")
    out(f"not in file  {report.not_in_file:,}")
    out(f"not used     {len(report.rejected):,}")
    for line, reason in report.rejected:
        out(f"    {report.place(line)}: {reason}")
    if report.warnings:
        out(f"to look at   {len(report.warnings):,}")
    for line, text in report.warnings:
        out(f"    {report.place(line)}: {text}")


@children.command(cls=Command)
@click.argument("name", required=False)
@click.option("--dob", metavar="DATE", type=Day(), help="Date of birth.")
@click.option("--upn", metavar="UPN", default="", help="Unique pupil number.")
@click.pass_obj
def add(session: Session, name: str | None, dob: date | None, upn: str) -> None:
    """Add one child by hand and print their id."""
    if dob is not None and dob > date.today():  # noqa: DTZ011 - a date of birth is local
        raise click.UsageError("The date of birth lies in the future.")
    wanted = session.need(name, "NAME", "The child's name")
    with session.opened(writes=True) as vault:
        from storage.desk.children import add_child

        child_id, warning = add_child(vault, name=wanted, date_of_birth=day_json(dob), upn=upn)
    session.note(warning or "")
    session.done(child_id, "added", "The child was added.")


def _child_json(child: ChildRow) -> dict[str, Any]:
    return {
        "id": child.id,
        "name": child.name,
        "upn": child.upn,
        "date_of_birth": day_json(child.date_of_birth),
        "year_group": child.year_group,
        "status": child.status,
        "reg_group": child.reg_group,
        "legal_name": child.legal_name,
        "provisional": child.provisional,
        "on_roll": child.on_roll,
    }


def _child_line(child: ChildRow) -> str:
    marks = [
        label_of(ReviewStatus, child.status),
        "provisional" if child.provisional else "",
        "" if child.on_roll else "left",
    ]
    return joined([child.id, one_line(child.told_apart), child.upn, *marks], "  ")


@children.command("list", cls=Command)
@click.option("--left", is_flag=True, help="Also list those who have left.")
@click.pass_obj
def list_(session: Session, left: bool) -> None:
    """List the children by surname."""
    with session.opened() as vault:
        from storage.views import children as view

        rows = view.all_children(vault, include_left=left)
    if session.json:
        print_json([_child_json(row) for row in rows])
        return
    for row in rows:
        out(_child_line(row))
    if not rows:
        given = "No child was given to you: children break-glass opens one, with a reason that the DSL sees."
        session.note(given if finds_only_given(vault.person.role) else "No children are known yet: children import")


@children.command("break-glass", cls=Command)
@click.argument("child", required=False)
@text_option("--reason", "Why you open it; the DSL reads this.")
@click.pass_obj
def break_glass(session: Session, child: str | None, reason: str | None) -> None:
    """Open a child who was not given to you, for some hours, with a reason that the DSL sees on Today.

    For the read-only role. The child is named whole, by full name, UPN or id: nothing is suggested.
    """
    with session.opened(writes=True) as vault:
        from storage.desk.granting import break_glass as broken

        wanted = session.need(child, "CHILD", "The child's whole name, or UPN")
        ident = broken(vault, wanted, session.need_text(reason, "--reason", "Why do you open it? The DSL reads this"))
    session.done(ident, "opened", "You find this child for the next hours. The DSL sees that, and your reason.")


@children.command(cls=Command)
@click.argument("child", required=False)
@click.pass_obj
def show(session: Session, child: str | None) -> None:
    """Show a child's front sheet, what is known from the roll, and how they are reviewed."""
    with session.opened() as vault:
        from storage.desk.one_record import closed_into, closed_records
        from storage.views import children as view
        from storage.views import family, front_sheet, meetings, record, reviews, transfers

        row = session.child(vault, child)
        session.opening(vault, row.id)
        closed, stays = closed_records(vault, row.id), closed_into(vault, row.id)
        front = front_sheet.sheet(vault, row.id)
        today = vault.clock().astimezone().date()
        fields = {name: value for name, value in view.fields_of(vault, row.id).items() if value}
        other = dict(fields.pop("other", {}))
        plan = reviews.plan(vault, row.id)
        entries = record.count(vault, row.id)
        siblings = family.siblings(vault, row.id)
        ahead = meetings.meetings(vault, child_id=row.id)
        files = transfers.transfers(vault, child_id=row.id)
    review = None
    if plan is not None:
        review = {"status": plan.status, "every": plan.every, "due": day_json(plan.due), "reason": plan.reason}
    if session.json:
        print_json(
            {
                **_child_json(row),
                "fields": {**fields, **other},
                "review": review,
                "entries": entries,
                "siblings": [{"id": each.id, "name": each.name} for each in siblings],
                "meetings": [meeting_json(each) for each in ahead],
                "transfers": [transfer_json(each) for each in files],
                "closed_into": stays,
                "closed_records": [
                    {
                        "id": each.child_id,
                        "name": each.name,
                        "closed": moment_json(each.at),
                        "by": each.by,
                        "reason": each.reason,
                        "lines": list(each.lines),
                    }
                    for each in closed
                ],
                **sheet_json(front, today),
            }
        )
        return
    out(_child_line(row))
    if stays:
        out(f"This record was closed: the same child has another one, {stays}.")
    print_sheet(front, today)
    for name, value in sorted({**fields, **other}.items()):
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        out(f"    {name.replace('_', ' ')}: {one_line(words)}")
    if plan is not None:
        out(f"Review: {label_of(ReviewStatus, plan.status)}, next due {day_words(plan.due)}. {plan.reason}")
    out(f"Entries: {entries}")
    for record_closed in closed:
        what = joined([record_closed.child_id, one_line(record_closed.name), record_closed.by])
        out(f"From the record that was closed as this child's: {what}")
        for line in record_closed.lines:
            out(f"    {one_line(line)}")
    if siblings:
        out(f"Brothers and sisters: {', '.join(one_line(each.told_apart) for each in siblings)}")
    for each in ahead:
        from storage.desk.meetings import told

        out(f"Meeting: {one_line(told(each))}")
    for file in files:
        out(f"File transfer: {one_line(f'{file.words}. {file.why}')}")


for _command in (*ERASING, *SAME):
    children.add_command(_command)
