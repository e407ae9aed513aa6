"""`children retention`, `hold`, `erase` and what belongs to them: two people erase a record for good (R-110)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Day, text_option
from dsl_console.cli.output import day_json, indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.errors import ConsoleError, Refused
from practice.text import counted

if TYPE_CHECKING:
    from storage.desk.erasure import Left
    from storage.desk.retention import Standing
    from storage.vault import Vault
    from storage.views.erasures import ErasureRow, HoldRow

_BASES = ["retention", "order", "request"]
_HOLDS = ["inquiry", "claim", "police", "other"]


def _standing_json(row: Standing) -> dict[str, Any]:
    return {
        "child_id": row.child.id,
        "child": row.child.name,
        "due": day_json(row.due.on),
        "reason": row.due.sentence,
        "entries": row.entries,
        "obstacles": list(row.obstacles),
        "proposal": _erasure_json(row.proposal) if row.proposal else None,
        "came_after": row.came_after,
    }


def _erasure_json(row: ErasureRow) -> dict[str, Any]:
    return {
        "proposal": row.proposal,
        "child_id": row.child_id,
        "state": row.state,
        "basis": row.basis,
        "reason": row.reason,
        "proposed_by": row.proposed_by,
        "proposed_at": moment_json(row.proposed_at),
        "agreed_by": row.agreed_by,
        "agreed_at": moment_json(row.agreed_at),
        "ended_by": row.ended_by,
        "ended_at": moment_json(row.ended_at),
        "end_reason": row.end_reason,
        "acts": row.acts,
    }


def _hold_json(row: HoldRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "child_id": row.child_id,
        "child": row.child,
        "kind": row.why,
        "reason": row.reason,
        "until": day_json(row.until),
        "set_by": row.set_by,
        "set_at": moment_json(row.set_at),
    }


@click.command("retention", cls=Command)
@click.option("--all", "everyone", is_flag=True, help="Every record with its day, not only those that are due.")
@click.option("--on", metavar="DATE", type=Day(), help="As it will be on a day.")
@click.option("--years", metavar="N", type=click.IntRange(1, 150), help="Set the school's own period, in years.")
@click.option("--abuse-years", metavar="N", type=click.IntRange(1, 150), help="And that for child sexual abuse.")
@text_option("--source", "Where those periods are written.")
@click.pass_obj
def retention(
    session: Session,
    everyone: bool,
    on: date | None,
    years: int | None,
    abuse_years: int | None,
    source: str | None,
) -> None:
    """List the records whose retention period has ended, what forbids their erasure, holds, and what was erased.

    Nothing is ever erased by itself. With --years, --abuse-years and --source the school's own periods are set.
    """
    if (years is None) != (abuse_years is None):
        raise click.UsageError("--years and --abuse-years are set together.")
    with session.opened(writes=years is not None) as vault:
        from storage.desk import retention as desk
        from storage.views import erasures

        if years is not None and abuse_years is not None:
            where = session.need_text(source, "--source", "Where are those periods written?")
            ident = desk.set_periods(vault, years, abuse_years, where)
            session.done(ident, "set", f"The school's own periods: {years} years, {abuse_years} for sexual abuse.")
            return
        rows = desk.all_due(vault, on, everyone=everyone)
        holds = erasures.holds_in_force(vault)
        erased = erasures.rows(vault, states=["erased"])
        periods = desk.periods(vault)
        told = desk.source(vault)
    if session.json:
        print_json(
            {
                "periods": [{"code": each.code, "label": each.label, "years": each.years} for each in periods],
                "source": told,
                "records": [_standing_json(row) for row in rows],
                "holds": [_hold_json(row) for row in holds],
                "erased": [_erasure_json(row) for row in erased],
            }
        )
        return
    for each in periods:
        session.note(f"{each.label}: {each.years} years.")
    session.note(told)
    _print(session, rows, holds, erased)


def _print(session: Session, rows: list[Standing], holds: list[HoldRow], erased: list[ErasureRow]) -> None:
    from storage.desk.retention import hold_words
    from storage.views.erasures import words

    for row in rows:
        out(
            joined(
                [
                    row.child.id,
                    one_line(row.child.told_apart),
                    counted(row.entries, "entry", "entries"),
                    day_json(row.due.on) or "",
                ]
            )
        )
        out(indented(row.due.sentence))
        for each in row.obstacles:
            out(indented(each))
        if row.proposal:
            out(indented(words(row.proposal)))
        if row.came_after:
            out(
                indented(
                    f"{counted(row.came_after, 'act')} came after its erasure: decide about that, then erase it too."
                )
            )
    for hold in holds:
        out(joined([hold.id, "hold", one_line(hold.child)]))
        out(indented(hold_words(hold)))
    for gone in erased:
        out(joined([gone.child_id, "erased"]))
        out(indented(words(gone)))
    if not rows:
        session.note("Nothing is due.")


@click.command("hold", cls=Command)
@click.argument("child", required=False)
@click.option("--every-record", is_flag=True, help="Over every record of this vault, instead of one child's.")
@click.option("--kind", "why", type=click.Choice(_HOLDS), help="Who needs it: an inquiry, a claim, the police.")
@click.option("--until", metavar="DATE", type=Day(), help="When it is to be looked at again; it does not end then.")
@text_option("--reason", "Whose hold it is, and what it asks for.")
@click.pass_obj
def hold(
    session: Session, child: str | None, every_record: bool, why: str | None, until: date | None, reason: str | None
) -> None:
    """Forbid the erasure of a child's record, or of every record: an inquiry, a claim or the police need it."""
    if every_record and child:
        raise click.UsageError("Name a child, or --every-record, not both.")
    with session.opened(writes=True) as vault:
        from storage.desk import retention as desk

        child_id = "" if every_record else session.child(vault, child).id
        kind = session.need_code(why, "--kind", "Who needs it", click.Choice(_HOLDS))
        told = session.need_text(reason, "--reason", "Whose hold is it, and what does it ask for?")
        ident = desk.hold(vault, kind, told, child_id=child_id, until=until)
    session.done(ident, "held", "Held: nothing of it can be erased until somebody lifts the hold.")


@click.command("lift-hold", cls=Command)
@click.argument("hold_id", metavar="HOLD", required=False)
@text_option("--reason", "Why it is lifted.")
@click.pass_obj
def lift_hold(session: Session, hold_id: str | None, reason: str | None) -> None:
    """Lift a hold, with the reason; children retention lists those in force."""
    with session.opened(writes=True) as vault:
        from storage.desk import retention as desk

        wanted = session.need(hold_id, "HOLD", "The hold's id")
        ident = desk.lift(vault, wanted, session.need_text(reason, "--reason", "Why is it lifted?"))
    session.done(ident, "lifted", "Lifted.")


@click.command("erase", cls=Command)
@click.argument("child", required=False)
@click.option("--due", "all_due", is_flag=True, help="Propose every record that is due and that nothing forbids.")
@click.option("--confirm", metavar="N", type=click.IntRange(min=0), help="With --due: how many records that is.")
@click.option("--basis", type=click.Choice(_BASES), default="retention", help="Why it may be erased.")
@text_option("--reason", "Who looked at the record, and why it need not be kept; without the child's name.")
@click.pass_obj
def erase(
    session: Session, child: str | None, all_due: bool, confirm: int | None, basis: str, reason: str | None
) -> None:
    """Propose that a child's whole record be erased for good. It stands until another person agrees.

    Basis: retention (its period has ended), order (of a court or the Information Commissioner), request (for erasure,
    upheld). The reason stays when the record is gone.
    """
    if all_due and (child or basis != "retention"):
        raise click.UsageError("--due takes no child and no basis.")
    with session.opened(writes=True) as vault:
        from storage.desk import erasure

        if all_due:
            _propose_due(session, vault, confirm, reason)
            return
        row = session.child(vault, child)
        told = session.need_text(reason, "--reason", "Who looked at it, and why need it not be kept?")
        erasure.propose(vault, row.id, basis, told)
    session.done(row.id, "proposed", "Proposed. It stands until another person agrees: children agree-erasure.")


def _propose_due(session: Session, vault: Vault, confirm: int | None, reason: str | None) -> None:
    from storage.desk import erasure, retention

    rows = [row for row in retention.all_due(vault) if not row.obstacles and row.proposal is None]
    if not rows:
        session.note("Nothing is due that may be erased and is not proposed already.")
        if session.json:
            print_json([])
        return
    if confirm != len(rows):
        for row in rows:
            session.note(f"{one_line(row.child.told_apart)}: {row.due.sentence}")
        raise Refused(
            f"{counted(len(rows), 'record is', 'records are')} due and may be erased. Nothing was proposed yet.",
            hint=f"Look at each, then say how many: dsl-console children erase --due --confirm {len(rows)}",
        )
    told = session.need_text(reason, "--reason", "Who looked at them, and why need they not be kept?")
    for row in rows:
        erasure.propose(vault, row.child.id, "retention", told)
    if session.json:
        print_json([{"id": row.child.id, "state": "proposed"} for row in rows])
        return
    session.note(f"{len(rows)} proposed. Each stands until another person agrees.")
    for row in rows:
        out(row.child.id)


@click.command("agree-erasure", cls=Command)
@click.argument("child", required=False)
@click.option("--name", "typed", metavar="NAME", help="The child's whole name, typed to confirm.")
@click.pass_obj
def agree_erasure(session: Session, child: str | None, typed: str | None) -> None:
    """Agree, as a second person, that a child's record be erased, and erase it. It cannot be undone.

    What it does not reach is said first: the name in other children's records, backups, and what partners received.
    """
    with session.opened(writes=True) as vault:
        from storage.desk import erasure

        row = session.child(vault, child)
        left = erasure.what_is_left(vault, row.id)
        if not session.json:
            for line in left_lines(left):
                session.note(line)
        name = session.need(typed, "--name", "Type the child's whole name to erase the record for good")
        done = erasure.agree(vault, row.id, name)
    session.done(
        row.id,
        "erased",
        f"Erased: {counted(done.acts, 'act lost its', 'acts lost their')} words for good. That they were there and who "
        "decided stays.",
        acts=done.acts,
        named=[{"where": where, "count": count} for where, count in done.left.named],
        backups=[copy.place for copy in done.left.copies],
        already_with=list(done.left.already_with),
    )


def left_lines(left: Left) -> list[str]:
    """Return what an erasure does not reach, in sentences."""
    lines = [f"The name stays in {where} ({count})." for where, count in left.named]
    if left.copies:
        lines.append("These backups still hold the record, and others that you made may too:")
        lines += [f"    {copy.place}{'' if copy.there else ' (cannot be looked at now)'}" for copy in left.copies]
        lines.append("Remove them, or keep them locked until they are replaced.")
    if left.already_with:
        lines.append(f"Partners received parts of it: {', '.join(left.already_with)}. Theirs is not erased.")
    lines.append("What was printed or exported is not reached.")
    return lines


@click.command("keep", cls=Command)
@click.argument("child", required=False)
@text_option("--reason", "Why the record is kept.")
@click.pass_obj
def keep(session: Session, child: str | None, reason: str | None) -> None:
    """Take a proposal to erase a record back; the record is kept."""
    with session.opened(writes=True) as vault:
        from storage.desk import erasure

        row = session.child(vault, child)
        erasure.keep(vault, row.id, session.need_text(reason, "--reason", "Why is it kept?"))
    session.done(row.id, "kept", "It is kept.")


@click.command("repeat-erasures", cls=Command)
@click.option("--list", "listing", is_flag=True, help="Only say whose records must be erased again.")
@click.option("--confirm", metavar="N", type=click.IntRange(min=0), help="How many records that is.")
@click.pass_obj
def repeat_erasures(session: Session, listing: bool, confirm: int | None) -> int:
    """After an older backup was restored: erase again what was erased since, once you confirm how many records."""
    with session.opened(writes=not listing) as vault:
        from storage.desk import erasure

        rows = erasure.to_repeat(vault)
        if not listing and rows:
            if confirm is None and not session.json:
                for row in rows:
                    session.note(f"{one_line(row.child)}, erased on {row.agreed_at.astimezone():%d %b %Y}")
                said = session.need(None, "--confirm", f"Type {len(rows)} to erase them again for good")
                confirm = int(said) if said.strip().isdigit() else None
            if confirm != len(rows):
                records = "1 record was" if len(rows) == 1 else f"{len(rows)} records were"
                error = Refused(f"{records} erased before, and here again. Nothing was erased yet.")
                session.tell_error(error)
                return ConsoleError.status
            erasure.repeat(vault)
    if session.json:
        state = "to_repeat" if listing else "erased"
        print_json([{"id": row.child_id, "state": state, "erased_at": moment_json(row.agreed_at)} for row in rows])
        return 0
    for row in rows:
        out(joined([row.child_id, one_line(row.child) if listing else "erased again"]))
    if not rows:
        session.note("There is no erasure to repeat.")
    return 0


COMMANDS = (retention, hold, lift_hold, erase, agree_erasure, keep, repeat_erasures)
