"""`flags`: patterns that were found, each with its evidence, and the answers to them (R-85)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dsl_console.cli.options import Command, Group, Listing, text_option
from dsl_console.cli.output import INDENT, day_json, indented, joined, out, print_json
from dsl_console.cli.session import Session
from practice.errors import Refused
from practice.text import unreadable

SIZE_LIMIT = 64 * 1024


@click.group(cls=Listing, short_help="Patterns found, with their evidence.")
@click.option("--child", metavar="CHILD", help="Only those of one child.")
@click.option("--all", "everything", is_flag=True, help="Also those that were considered, with the reason.")
@click.option("--afresh", is_flag=True, help="Work all of them out anew from the whole record.")
@click.pass_context
def flags(context: click.Context, child: str | None, everything: bool, afresh: bool) -> None:
    """List the patterns that the rules found: why each was raised, and the entries it rests on.

    A flag is no score and no judgement. It is answered "considered, because …", and returns only on new evidence.
    """
    if context.invoked_subcommand is not None:
        return
    session = context.find_object(Session)
    assert session is not None
    with session.opened() as vault:
        from storage import flags as found

        if afresh:
            found.refresh(vault, afresh=True)
        whose = session.child(vault, child).id if child else ""
        rows = found.flags(vault, child_id=whose, considered=everything)
    if session.json:
        print_json(
            [
                {
                    "id": row.id,
                    "child_id": row.child_id,
                    "child": row.child,
                    "rule": row.rule,
                    "label": row.label,
                    "sentence": row.sentence,
                    "entries": list(row.entries),
                    "state": row.state,
                    "since": day_json(row.since),
                    "reason": row.reason,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        out(joined([row.id, row.child, row.label, "" if row.state == "open" else "considered"]))
        out(INDENT + row.sentence)
        if row.reason:
            out(indented(f"Considered, because {row.reason}"))
        out(INDENT + "entries: " + " ".join(row.entries))
    if not rows:
        session.note("No flag is open.")


@flags.command(cls=Command)
@click.argument("flag", metavar="FLAG", required=False)
@text_option("--reason", "Why: considered, because …")
@click.pass_obj
def answer(session: Session, flag: str | None, reason: str | None) -> None:
    """Answer a flag: considered, because … It comes back only with an entry that it did not list."""
    with session.opened(writes=True) as vault:
        from storage.desk.flags import answer as considered

        ident = session.need(flag, "FLAG", "Which flag (its id)")
        why = session.need_text(reason, "--reason", "Considered, because")
        row = considered(vault, ident, why)
    session.done(row.id, "considered", "Considered. It returns only on new evidence.")


@flags.group(cls=Group, short_help="The rules, and a school's own.")
def rules() -> None:
    """The rules that find patterns: data that a school reads, adds to, and silences."""


@rules.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List the rules in force, with where each comes from."""
    with session.opened() as vault:
        from storage.flags import rules_of

        in_force, own = rules_of(vault)
    mine = {str(rule.get("code")) for rule in own.rules}
    if session.json:
        print_json(
            {
                "rules": [
                    rule.model_dump(mode="json", exclude_defaults=True) | {"own": rule.code in mine}
                    for rule in in_force
                ],
                "silenced": list(own.silenced),
            }
        )
        return
    for rule in in_force:
        out(joined([rule.code, rule.label, "the school's own" if rule.code in mine else ""]))
        out(INDENT + joined([rule.source, "to confirm" if rule.confirm else ""], " "))
    for code in own.silenced:
        out(joined([code, "silenced"]))


@rules.command("import", cls=Command)
@click.argument("file", required=False)
@click.pass_obj
def import_(session: Session, file: str | None) -> None:
    """Set the school's own rules from a TOML file, in the place of those before (docs/patterns.md).

    A rule with the code of a shipped one replaces it; `silence = ["code"]` at the top of the file silences one.
    """
    path = session.need(file, "FILE", "The file of rules") if file != "-" else "-"
    try:
        if path == "-":
            data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
        else:
            with Path(path).expanduser().open("rb") as opened:
                data = opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"The file cannot be read: {unreadable(error)}. Nothing was changed.") from None
    with session.opened(writes=True) as vault:
        from storage.desk.flags import set_rules

        count, silenced = set_rules(vault, data)
    session.done("rules", "set", f"{count} of the school's own, {silenced} silenced.", rules=count, silenced=silenced)
