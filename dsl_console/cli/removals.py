"""`entry remove`, `agree`, `restore`, `removals`: an entry leaves the record only with a second person (R-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, text_option
from dsl_console.cli.output import indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session

if TYPE_CHECKING:
    from storage.views.removals import RemovalRow


def removal_json(row: RemovalRow) -> dict[str, Any]:
    """Return a proposal or a tombstone for a program; it holds no word of the entry."""
    return {
        "proposal": row.proposal,
        "entry_id": row.entry_id,
        "child_id": row.child_id,
        "state": row.state,
        "reason": row.reason,
        "proposed_by": row.proposed_by,
        "proposed_at": moment_json(row.proposed_at),
        "agreed_by": row.agreed_by,
        "agreed_at": moment_json(row.agreed_at),
        "ended_by": row.ended_by,
        "ended_at": moment_json(row.ended_at),
        "end_reason": row.end_reason,
    }


@click.command(cls=Command)
@click.argument("entry", required=False)
@text_option("--reason", "Why it is to be removed.")
@click.pass_obj
def remove(session: Session, entry: str | None, reason: str | None) -> None:
    """Propose that an entry be removed. It stands until another person agrees; a tombstone stays for ever."""
    with session.opened(writes=True) as vault:
        from storage.desk import removal
        from storage.views import record

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        removal.propose(vault, ident, session.need_text(reason, "--reason", "Why is it to be removed?"))
    session.done(ident, "proposed", "Proposed. It stands until another person agrees: dsl-console entry agree.")


@click.command(cls=Command)
@click.argument("entry", required=False)
@text_option("--note", "What is to be said beside it, if anything.")
@click.pass_obj
def agree(session: Session, entry: str | None, note: str | None) -> None:
    """Agree, as a second person, that an entry be removed; shares that have not left are withheld."""
    with session.opened(writes=True) as vault:
        from storage.desk import removal

        ident = session.need(entry, "ENTRY", "Entry's id")
        done = removal.agree(vault, ident, note or "")
    if done.withheld:
        session.note(f"{done.withheld} of its shares had not left and were withheld.")
    if done.already_with:
        session.note(f"Tell them: {', '.join(done.already_with)} received it before it was removed.")
    session.done(
        ident,
        "removed",
        "It was removed. A tombstone stays, and it can be restored.",
        withheld=done.withheld,
        already_with=list(done.already_with),
    )


@click.command(cls=Command)
@click.argument("entry", required=False)
@text_option("--reason", "Why it is brought back.")
@click.pass_obj
def restore(session: Session, entry: str | None, reason: str | None) -> None:
    """Bring a removed entry back whole, or take a proposal to remove it back."""
    with session.opened(writes=True) as vault:
        from storage.desk import removal

        ident = session.need(entry, "ENTRY", "Entry's id")
        removal.restore(vault, ident, session.need_text(reason, "--reason", "Why is it brought back?"))
    session.done(ident, "restored", "It stands in the record as before.")


@click.command("removals", cls=Command)
@click.option("--child", metavar="CHILD", help="Only of this child, with those that were taken back or restored.")
@click.pass_obj
def removals_(session: Session, child: str | None) -> None:
    """List the removals that wait for a second person, and the tombstones."""
    with session.opened() as vault:
        from storage.views import removals

        one = session.child(vault, child, "--child") if child else None
        rows = removals.of_child(vault, one.id) if one else removals.all_open(vault)
    if session.json:
        print_json([removal_json(row) for row in rows])
        return
    for row in rows:
        out(joined([row.entry_id, one_line(row.child)]))
        out(indented(removals.words(row)))
    if not rows:
        session.note("Nothing was removed, and nothing waits.")
