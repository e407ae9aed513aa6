"""`verify`: whether everything stored is what was recorded."""

from __future__ import annotations

import click

from dsl_console.cli.options import Command
from dsl_console.cli.output import out, print_json
from dsl_console.cli.session import Session
from practice.errors import IntegrityAlarm


@click.command(cls=Command, short_help="Check that all is as it was recorded.")
@click.option("--rebuild", is_flag=True, help="Also replay every act into fresh views and compare them.")
@click.option("--signatures", is_flag=True, help="Also check the signature of every act.")
@click.pass_obj
def verify(session: Session, rebuild: bool, signatures: bool) -> int:
    """Check every page, the header, the anchor and every act; exits 4 where anything is not as it was recorded."""
    from storage.verifying import hint_of

    acts, problems, hint = 0, [], ""
    try:
        with session.opened(tell_alarm=False) as vault:
            report = vault.verify(rebuild=rebuild, signatures=signatures, progress=session.note)
        acts, problems = report.acts, [{"kind": each.kind, "text": each.text} for each in report.problems]
        hint = hint_of(report.problems[0]) if report.problems else ""
    except IntegrityAlarm as alarm:
        problems = [{"kind": "vault", "text": alarm.message}]
        session.note(alarm.hint)
    if session.json:
        print_json({"ok": not problems, "acts": acts, "problems": problems})
    elif problems:
        for problem in problems:
            out(problem["text"])
        if hint:
            session.note(hint)
    else:
        out(f"Everything is as it was recorded: {acts} acts.")
    return IntegrityAlarm.status if problems else 0
