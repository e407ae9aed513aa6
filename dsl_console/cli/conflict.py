"""`conflict`: what was made on two machines apart; keep one, keep both, write a third."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Command, Group, text_option
from dsl_console.cli.output import indented, moment_json, out, print_json
from dsl_console.cli.session import Session
from practice.errors import NotFound

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.apart import ApartRow


@click.group(cls=Group, short_help="What was made in two places and waits for a choice.")
def conflict() -> None:
    """Versions, decisions, statuses and reviews that two people made without knowing of each other.

    None is overwritten; the more protective is in force until somebody chooses.
    """


@conflict.command("list", cls=Command)
@click.option("--child", metavar="CHILD", help="Of one child only.")
@click.pass_obj
def list_(session: Session, child: str | None) -> None:
    """List what waits for a choice, side by side, with who and when."""
    with session.opened() as vault:
        from storage.views import apart

        ident = session.child(vault, child, "--child").id if child else ""
        rows = apart.rows(vault, child_id=ident)
        for shown in dict.fromkeys(row.child_id for row in rows):
            session.opening(vault, shown)
    if session.json:
        print_json([_json(row) for row in rows])
        return
    if not rows:
        session.note("Nothing was made in two places.")
    for row in rows:
        _tell(row)


def _json(row: ApartRow) -> dict[str, object]:
    return {
        "id": row.id,
        "about": row.about,
        "child_id": row.child_id,
        "child": row.child,
        "entry_id": row.entry_id,
        "options": [
            {
                "id": option.act_id,
                "says": option.says,
                "childs_words": option.childs_words,
                "reason": option.reason,
                "by": option.by,
                "at": moment_json(option.at),
                "machine": option.machine,
                "in_force": option.in_force,
            }
            for option in row.options
        ],
    }


def _tell(row: ApartRow) -> None:
    from storage.views.apart import TITLES

    out(f"{row.child}: {TITLES[row.about].lower()} ({row.id})")
    for number, option in enumerate(row.options, start=1):
        force = ", in force until somebody chooses" if option.in_force else ""
        place = f", on {option.machine}" if option.machine else ""
        out(f"  {number}  {option.by}, {option.at.astimezone():%d %b %Y %H:%M}{place}{force}  ({option.act_id})")
        out(indented(option.says, "     "))
        if option.childs_words:
            out(indented(f"The child's words: {option.childs_words}", "     "))
        if option.reason:
            out(indented(f"Why: {option.reason}", "     "))


def _chosen(session: Session, vault: Vault, ident: str | None) -> ApartRow:
    """Return the one that was named; at a terminal the list is shown first, and with one alone nothing is asked."""
    from storage.views import apart

    if ident is None:
        waiting = apart.rows(vault)
        if not waiting:
            raise NotFound("Nothing was made in two places, so there is nothing to choose.")
        if len(waiting) == 1:
            ident = waiting[0].id
        elif session.at_terminal:
            for row in waiting:
                _tell(row)
    found = apart.get(vault, session.need(ident, "CONFLICT", "Which one (its id)"))
    session.opening(vault, found.child_id)
    return found


@conflict.command(cls=Command)
@click.argument("ident", metavar="[CONFLICT]", required=False)
@click.option("--keep", "kept", metavar="ACT|both", multiple=True, help="Which stands: an option's id, or both.")
@text_option("--reason", "Why.")
@click.pass_obj
def keep(session: Session, ident: str | None, kept: tuple[str, ...], reason: str | None) -> None:
    """Choose what stands, one or both; what is set aside stays readable, with who chose and why."""
    with session.opened(writes=True) as vault:
        from storage.desk import apart

        row = _chosen(session, vault, ident)
        if not kept and session.at_terminal:
            _tell(row)
        wanted = list(kept) or [session.need(None, "--keep", "Which stands (its number, its id, or both)")]
        options = [option.act_id for option in row.options]
        numbers = {str(number): act for number, act in enumerate(options, start=1)}
        chosen = options if "both" in wanted else [numbers.get(each, each) for each in wanted]
        act = apart.keep(vault, row.id, chosen, session.need_text(reason, "--reason", "Why?"))
    session.done(act, "settled", "Recorded. What was set aside stays readable.")


@conflict.command(cls=Command)
@click.argument("ident", metavar="[CONFLICT]", required=False)
@text_option("--text", "The new text, or - for standard input.")
@text_option("--reason", "Why.")
@click.pass_obj
def write(session: Session, ident: str | None, text: str | None, reason: str | None) -> None:
    """Write a third text in the place of the two; both stay readable."""
    with session.opened(writes=True) as vault:
        from storage.desk import apart

        row = _chosen(session, vault, ident)
        if text is None and session.at_terminal:
            _tell(row)
        words = session.need_text(text, "--text", "The new text")
        act = apart.write_third(vault, row.id, words, session.need_text(reason, "--reason", "Why?"))
    session.done(act, "settled", "Recorded as a new version, in the place of both.")
