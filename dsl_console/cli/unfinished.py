"""`unfinished` and `complete`: what is still to be written of an entry, asked kindly after it was recorded (R-03)."""

from __future__ import annotations

from typing import Any

import click

from dsl_console.cli.log import caller_of, told_of
from dsl_console.cli.options import Code, Command, codes, text_option
from dsl_console.cli.output import indented, joined, moment_json, occurred_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.quality import PHRASES
from practice.vocabulary import ConcernCategory, HowKnown, IdentityCheck, Told

OPTIONS = {
    "category": ("Category", Code(*ConcernCategory)),
    "how_known": ("How is it known?", Code(*HowKnown)),
    "child_told": ("Was the child told?", Code(*Told)),
    "parent_told": ("Was a parent or carer told?", Code(*Told)),
    "immediate_action": ("What was done at once?", None),
    "not_told_reason": ("Why is it not safe to tell?", None),
    "police_at": ("When did the police attend?", None),
    "school_at": ("When did the notice reach the school?", None),
    "told": ("Who was told? (NAME@TIME)", None),
}


@click.command(cls=Command, short_help="Entries of which something is still to be written.")
@click.option("--child", metavar="CHILD", help="Only of this child.")
@click.option("--mine", is_flag=True, help="Only what you recorded.")
@click.pass_obj
def unfinished(session: Session, child: str | None, mine: bool) -> None:
    """List the entries of which something is still to be written, the newest first."""
    with session.opened() as vault:
        from storage.views import record

        within = session.child(vault, child, "--child").id if child else ""
        rows = record.unfinished(vault, child_id=within, author=vault.person.id if mine else "")
    if session.json:
        print_json(
            [
                {
                    "id": row.id,
                    "child_id": row.child_id,
                    "child": row.child,
                    "occurred": occurred_json(row.occurred),
                    "recorded_at": moment_json(row.recorded_at),
                    "recorded_by": row.recorded_by,
                    "unfinished": list(row.unfinished),
                }
                for row in rows
            ]
        )
        return
    from practice.dates import in_words

    for row in rows:
        out(joined([row.id, row.child, in_words(row.occurred), row.recorded_by]))
        out(indented(one_line(row.text)[:100]))
        out(indented(f"Still to be written: {', '.join(row.unfinished)}."))
    if not rows:
        session.note("Nothing is left to be written.")


@click.command(cls=Command, short_help="Fill in what is still to be written.")
@click.argument("entry", required=False)
@click.option("--category", metavar="CATEGORY", type=Code(*ConcernCategory), help="What it is about.")
@click.option("--how", "how_known", metavar="HOW", type=Code(*HowKnown), help=f"How it is known: {codes(HowKnown)}.")
@click.option("--where", "place", metavar="PLACE", help="Where it happened.")
@click.option("--seen-by", metavar="WHO", help="Who saw it.")
@click.option("--present", metavar="WHO", help="Who was present.")
@click.option("--told", metavar="NAME@TIME", multiple=True, help="Who was told, and when; may be repeated.")
@click.option("--child-told", metavar="X", type=Code(*Told), help=f"Whether the child was told: {codes(Told)}.")
@click.option("--parent-told", metavar="X", type=Code(*Told), help=f"Whether a parent was told: {codes(Told)}.")
@text_option("--action", "What was done at once.")
@text_option("--why-not-told", "Why it is not safe to tell.")
@text_option("--demeanour", "How the child was: what was seen and heard.")
@text_option("--opinion", "An opinion, apart from what happened.")
@text_option("--grounds", "On what the opinion rests, and whose it is.")
@click.option("--from", "caller", metavar='"NAME, ROLE, AGENCY"', help="Who rang or wrote for an agency.")
@click.option(
    "--identity",
    metavar="CHECK",
    type=Code(*IdentityCheck),
    help=f"How the caller's identity was checked: {codes(IdentityCheck)}.",
)
@click.option("--police-at", metavar="WHEN", help="Operation Encompass: when the police attended.")
@click.option("--school-at", metavar="WHEN", help="Operation Encompass: when the notice reached the school.")
@click.option(
    "--leave",
    metavar="FIELD",
    type=click.Choice(sorted(PHRASES)),
    multiple=True,
    help=f"There is nothing to be written of it: do not ask again. One of {', '.join(sorted(PHRASES))}.",
)
@click.pass_obj
def complete(session: Session, /, entry: str | None, leave: tuple[str, ...], **given: Any) -> None:
    """Fill in what is still to be written of an entry.

    At a terminal it asks for each thing that is missing, and Enter skips it. The entry's words and date are changed by
    amend. What was there before stays in the ledger.
    """
    with session.opened(writes=True) as vault:
        from storage.desk.finishing import complete as fill
        from storage.views import record

        found = record.detail(vault, session.need(entry, "ENTRY", "Entry's id"))
        fields = _fields(given)
        if not fields and not leave:
            session.note(f"Still to be written: {', '.join(found.entry.unfinished) or 'nothing'}.")
            fields = _asked(session, found.missing)
        left = fill(vault, found.entry.id, fields, leave=leave)
    words = ", ".join(PHRASES[name] for name in left)
    said = f"Filled in. Still to be written: {words}." if left else "Filled in. Nothing is left to be written."
    session.done(found.entry.id, "completed", said, unfinished=left)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    names = {"action": "immediate_action", "why_not_told": "not_told_reason", "grounds": "opinion_grounds"}
    plain = {key: value for key, value in given.items() if key not in ("caller", "identity", "told")}
    fields: dict[str, Any] = {names.get(key, key): value for key, value in plain.items() if value is not None}
    if caller := caller_of(given["caller"], given["identity"]):
        fields["caller"] = caller
    if given["told"]:
        fields["told"] = told_of(given["told"])
    return fields


def _asked(session: Session, names: list[str]) -> dict[str, Any]:
    """Ask for what is missing, one thing after the other; what Enter skips stays to be written."""
    fields: dict[str, Any] = {}
    for name in names:
        if name in OPTIONS:
            label, kind = OPTIONS[name]
            answer = session.offer(None, f"{label} (Enter skips)", kind)
            if answer:
                fields[name] = told_of((answer,)) if name == "told" else answer
    return fields
