"""`case`: which child a partner means, and which child we mean (protocol: §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import HEEDED, Command, Group, text_option
from dsl_console.cli.output import indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session

if TYPE_CHECKING:
    from storage.views.cases import Candidate, CaseRow

STATES = {
    "offered": "told, not answered yet",
    "received": "waits for you: which child is it?",
    "accepted": "confirmed",
    "declined": "nobody there is meant",
    "unlinked": "taken back",
}


@click.group(cls=Group, short_help="Which child a partner means.")
def case() -> None:
    """Say which child is meant, and confirm whom a partner means; from then on their entries stand in that record.

    Nothing is matched by a program, also where every identifier is equal.
    """


@case.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List the children whom partners and you know to be the same, those that wait for an answer first."""
    from practice.cases import told_words

    with session.opened() as vault:
        from storage.views import cases as rows

        found = rows.cases(vault)
    if session.json:
        print_json([_json(row) for row in found])
        return
    for row in found:
        out(joined([row.id, one_line(row.partner), STATES[row.state], one_line(row.child)]))
        who = "told" if row.ours else "says"
        out(f"    {who}: {one_line(told_words(row.identity))}")
        if row.changed:
            out(f"    changed since you looked: {', '.join(row.changed)}")
        if row.reason:
            out(f"    {one_line(row.reason)}")
    if not found:
        session.note("No child has a case with a partner yet.")


def _json(row: CaseRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "partner": row.partner,
        "org": row.org,
        "contract": row.contract,
        "ours": row.ours,
        "state": row.state,
        "child_id": row.child_id,
        "child": row.child,
        "identity": row.identity.model_dump(mode="json"),
        "confirmed_by": row.confirmed_by or row.by_role,
        "confirmed_at": moment_json(row.confirmed_at),
        "changed": list(row.changed),
        "reason": row.reason,
        "unlinked_by": row.unlinked_by,
    }


@case.command(cls=Command)
@click.argument("child", required=False)
@click.option("--to", metavar="PARTNER", help="Who is told: its code or name.")
@click.option("--contract", metavar="CONTRACT", default="", help="The agreement, where several with them are in force.")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_obj
def offer(session: Session, child: str | None, to: str | None, contract: str, heeded: str) -> None:
    """Tell a partner which child is meant, with the least identity, and print the case's number."""
    from practice.cases import told_words

    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import cases

        row = session.child(vault, child)
        partner = sharing.partner(vault, session.need(to, "--to", "Partner (its code or name)"))
        told = told_words(cases.identity_of(vault, row.id, partner))
        read = session.heeding(vault, [row.id], heeded)
        number = cases.offer(vault, row.id, partner.org, contract, heeded=read)
    session.done(number, "offered", f"{partner.name} is told with the next sync: {told}.", child_id=row.id)


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@click.pass_obj
def candidates(session: Session, number: str | None) -> None:
    """List the children whom a partner may mean, with what matches and what differs; none of them is chosen."""
    with session.opened() as vault:
        from storage.views import cases as rows

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        found = rows.candidates(vault, row.identity)
    if session.json:
        print_json([_candidate_json(each) for each in found])
        return
    for each in found:
        out(joined([each.child.id, one_line(each.child.told_apart)]))
        out(indented(each.words))
    if not found:
        session.note("Nobody here has one of those names, that date of birth or that UPN.")


def _candidate_json(row: Candidate) -> dict[str, Any]:
    marks = [{"verdict": mark.verdict, "words": mark.words} for mark in row.marks]
    return {"child_id": row.child.id, "child": row.child.told_apart, "marks": marks}


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@click.option("--child", metavar="CHILD", help="The child whom they mean.")
@click.pass_obj
def match(session: Session, number: str | None, child: str | None) -> None:
    """Confirm which child a partner means: what waits of that case, and what comes, stands in that record."""
    from practice.cases import told_words

    with session.opened(writes=True) as vault:
        from storage.views import cases as rows
        from sync import cases

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        session.note(f"{one_line(row.partner)} says: {one_line(told_words(row.identity))}")
        chosen = session.child(vault, child, "--child")
        session.note(f"{chosen.told_apart}: {rows.compared(chosen, row.identity).words}")
        session.note(cases.caution(vault, row.id, chosen.id))
        landed = cases.match(vault, row.id, chosen.id)
    count = (
        f"{landed} waiting {'entry stands' if landed == 1 else 'entries stand'} in that record now. " if landed else ""
    )
    session.done(row.id, "accepted", f"{count}They are told with the next sync.", child_id=chosen.id, landed=landed)


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@text_option("--reason", "Why; the partner is not told the reason.")
@click.pass_obj
def decline(session: Session, number: str | None, reason: str | None) -> None:
    """Say that nobody here is meant."""
    with session.opened(writes=True) as vault:
        from storage.views import cases as rows
        from sync import cases

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        cases.decline(vault, row.id, session.need_text(reason, "--reason", "Why?"))
    session.done(row.id, "declined", "They are told with the next sync, without the reason.")


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@text_option("--reason", "Why; the partner reads this.")
@click.pass_obj
def unlink(session: Session, number: str | None, reason: str | None) -> None:
    """Take a match back at both ends: their entries leave the record for the tray, and yours are withdrawn from them.

    What was read cannot be unread: where a wrong child's matters were read, telephone them as well.
    """
    with session.opened(writes=True) as vault:
        from storage.views import cases as rows
        from sync import cases

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        returned, taken = cases.unlink(vault, row.id, session.need_text(reason, "--reason", "Why is it taken back?"))
    said = f"{returned} of their entries wait in the tray again; {taken} of yours are taken back with the next sync."
    session.done(row.id, "unlinked", said, returned=returned, taken_back=taken)


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_obj
def tell(session: Session, number: str | None, heeded: str) -> None:
    """Tell the partner that the child's name, date of birth or UPN has changed since they were told."""
    with session.opened(writes=True) as vault:
        from storage.views import cases as rows
        from sync import cases

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        read = session.heeding(vault, [row.child_id] if row.child_id else [], heeded)
        said = cases.tell_changed(vault, row.id, heeded=read)
    session.done(row.id, row.state, f"They are told with the next sync: {', '.join(said)}.", changed=list(said))


@case.command(cls=Command)
@click.argument("number", required=False, metavar="CASE")
@click.pass_obj
def stands(session: Session, number: str | None) -> None:
    """Say that you looked at what changed of the partner's child, and that the match stands."""
    with session.opened(writes=True) as vault:
        from storage.views import cases as rows
        from sync import cases

        row = rows.get(vault, session.need(number, "CASE", "Case's number"))
        cases.look_at(vault, row.id)
    session.done(row.id, row.state, "The match stands.")
