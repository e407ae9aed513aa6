"""`audit`: who opened which child's record and when, for the DSL and the headteacher (R-114)."""

from __future__ import annotations

from datetime import date

import click

from dsl_console.cli.options import Command, Day
from dsl_console.cli.output import joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session


@click.command(cls=Command, short_help="Who opened which record, and when.")
@click.option("--child", metavar="CHILD", help="Only what concerns this child.")
@click.option("--person", metavar="NAME", default="", help="Only what this person did.")
@click.option("--from", "start", metavar="DATE", type=Day(), help="Only on this day or later.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="Only on this day or earlier.")
@click.pass_obj
def audit(session: Session, child: str | None, person: str, start: date | None, end: date | None) -> None:
    """Show who opened which child's record and when, with previews, copies and wrong tries to unlock.

    For the DSL and the headteacher; that this list was read is recorded too. An opening is one line for each person,
    child and quarter of an hour.
    """
    if start and end and start > end:
        raise click.UsageError("--from lies after --to.")
    with session.opened() as vault:
        from storage.desk.access import trail
        from storage.views.access import KINDS

        child_id = session.child(vault, child, "--child").id if child else ""
        rows = trail(vault, child_id=child_id, person=person, start=start, end=end)
    if session.json:
        print_json(
            [
                {
                    "id": row.id,
                    "at": moment_json(row.at),
                    "recorded_at": moment_json(row.recorded_at),
                    "person_id": row.person_id,
                    "person": row.person,
                    "kind": row.kind,
                    "child_id": row.child_id or None,
                    "child": row.child or None,
                    "detail": row.detail,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        when = row.at.astimezone().strftime("%Y-%m-%d %H:%M")
        out(joined([when, one_line(row.person), KINDS[row.kind], one_line(row.child), one_line(row.detail)]))
