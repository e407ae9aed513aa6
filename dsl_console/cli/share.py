"""`share`: an entry goes to a partner only as the exact bytes that a person saw and approved (R-60, R-63, R-65)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import HEEDED, Code, Command, Group, codes, text_option
from dsl_console.cli.output import indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.vocabulary import LawfulBasis, Told, label_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.views.sharing import ShareRow


@click.group(cls=Group, short_help="Propose, preview, approve.")
def share() -> None:
    """Share an entry with a partner: propose, preview the exact bytes, approve."""


@share.command(cls=Command)
@click.argument("entry", required=False)
@click.option("--to", metavar="PARTNER", help="Who is to receive it: its code or name.")
@click.option("--contract", metavar="CONTRACT", default="", help="The agreement under which it goes, if there is one.")
@click.option(
    "--on-share",
    metavar="RULE",
    type=click.Choice(["never", "ask", "yes"]),
    default="ask",
    show_default=True,
    help="Whether they may share it on: never, only when they have asked you (ask), yes.",
)
@click.option("--owner-agrees", is_flag=True, help="Whose material it is, such as the police, agrees to this share.")
@click.pass_obj
def propose(
    session: Session, entry: str | None, to: str | None, contract: str, on_share: str, owner_agrees: bool
) -> None:
    """Propose an entry to a partner, and print the share's id. Nothing leaves before it is approved."""
    with session.opened(writes=True) as vault:
        from storage.views import record
        from sync import shares

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        partner = session.need(to, "--to", "Partner (its code or name)")
        ident = shares.propose(vault, ident, partner, contract, owner_agrees=owner_agrees, on_share=on_share)
    session.done(ident, "proposed", "Proposed. Next: dsl-console share preview, then share approve.")


@share.command(cls=Command)
@click.argument("share", required=False)
@click.pass_obj
def preview(session: Session, share: str | None) -> None:
    """Freeze and show the exact bytes that would be signed, as a person reads them too, and the digest to approve."""
    with session.opened(writes=True) as vault:
        from sync import shares

        frozen = shares.preview(vault, session.need(share, "SHARE", "Share's id"))
    if session.json:
        print_json(
            {
                "digest": frozen.digest,
                "payload": frozen.payload,
                "page": frozen.page,
                "caution": frozen.caution,
                "read_first": list(frozen.read_first),
                "heed": frozen.heed,
            }
        )
        return
    out(frozen.page)
    out()
    out("The exact bytes that will be signed:")
    out(frozen.payload)
    out()
    out(f"Digest: {frozen.digest}")
    if frozen.heed:
        out(f"Once you have read what the front sheet says: --heeded {frozen.heed}")


@share.command(cls=Command)
@click.argument("share", required=False)
@click.option("--digest", metavar="DIGEST", help="The digest that the preview showed.")
@click.option("--basis", metavar="BASIS", type=Code(*LawfulBasis), help=f"The lawful basis: {codes(LawfulBasis)}.")
@click.option("--child-told", metavar="X", type=Code(*Told), help=f"Whether the child was told: {codes(Told)}.")
@click.option("--parent-told", metavar="X", type=Code(*Told), help=f"Whether a parent was told: {codes(Told)}.")
@text_option("--reason", "Why it is shared.")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.option("--urgent", is_flag=True, help="It cannot wait: Today says to ring them after one working hour.")
@click.pass_obj
def approve(
    session: Session,
    share: str | None,
    digest: str | None,
    basis: str | None,
    child_told: str | None,
    parent_told: str | None,
    reason: str | None,
    heeded: str,
    urgent: bool,
) -> None:
    """Approve the bytes that were previewed: they are signed, sealed for the partner, and leave with the next sync.

    Where a second approver is asked for, they leave once that person has said yes (share second).
    """
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import shares

        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        seen = session.need(digest, "--digest", "Digest that the preview showed")
        lawful = session.need_code(basis, "--basis", f"Lawful basis ({codes(LawfulBasis)})", Code(*LawfulBasis))
        told = Code(*Told)
        child = session.need_code(child_told, "--child-told", f"Was the child told? ({codes(Told)})", told)
        parent = session.need_code(parent_told, "--parent-told", f"Was a parent told? ({codes(Told)})", told)
        why = session.need_text(reason, "--reason", "Why is it shared?")
        read = session.heeding(vault, [row.child_id], heeded)
        approved = shares.approve(vault, row.id, seen, lawful, child, parent, why, heeded=read, urgent=urgent)
    session.note(approved.caution)
    said = "Approved. It waits on this machine until the next sync."
    said = "Approved by you; it waits for a second approver's yes." if approved.state == "agreed" else said
    if urgent:
        session.note("Sync is not a referral: ring them now, and do not wait for the receipt.")
    session.done(approved.share_id, approved.state, said)


@share.command(cls=Command)
@click.argument("share", required=False)
@click.option("--digest", metavar="DIGEST", help="The digest of the bytes that the first approver approved.")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_obj
def second(session: Session, share: str | None, digest: str | None, heeded: str) -> None:
    """Say the second yes to a share that another person approved: its bytes and their answers are printed first.

    Where everybody else who approves is away by now, whoever approved it lets it leave alone; that is recorded.
    """
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import shares

        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        told = f"child: {label_of(Told, row.child_told)}; parent: {label_of(Told, row.parent_told)}"
        basis = label_of(LawfulBasis, row.basis)
        session.note(
            joined([row.partner, row.child, f"approved by {row.agreed_by}", basis, told, one_line(row.reason)])
        )
        session.note(row.payload)
        session.note(f"Digest: {row.digest}")
        seen = session.need(digest, "--digest", "Digest of the bytes above")
        read = session.heeding(vault, [row.child_id], heeded)
        approved = shares.second(vault, row.id, seen, heeded=read)
        alone = row.agreed_by_id == vault.person.id
    said = "Approved by you alone, since nobody else who approves is here." if alone else "Approved by both."
    session.done(approved.share_id, approved.state, f"{said} It waits on this machine until the next sync.")


def _decided(session: Session, share: str | None, reason: str | None, state: str, sentence: str) -> None:
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import not_sharing

        acts: dict[str, Callable[..., None]] = {
            "held": not_sharing.hold,
            "not_shared": not_sharing.refuse,
            "withheld": not_sharing.cancel,
        }
        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        acts[state](vault, row.id, session.need_text(reason, "--reason", "Why?"))
    session.done(row.id, state, sentence)


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why it waits.")
@click.pass_obj
def hold(session: Session, share: str | None, reason: str | None) -> None:
    """Let a proposed share wait."""
    _decided(session, share, reason, "held", "Held.")


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why it is not shared.")
@click.pass_obj
def refuse(session: Session, share: str | None, reason: str | None) -> None:
    """Decide not to share; the decision is kept as a share would be."""
    _decided(session, share, reason, "not_shared", "Decided not to share.")


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why it is withheld.")
@click.pass_obj
def cancel(session: Session, share: str | None, reason: str | None) -> None:
    """Withhold an approved share that has not left."""
    _decided(session, share, reason, "withheld", "Withheld: it does not leave.")


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why it is corrected; the partner reads this.")
@click.pass_obj
def correct(session: Session, share: str | None, reason: str | None) -> None:
    """Propose the entry as it was amended in the place of what was sent, and print the newer share's id.

    It is previewed and approved like any other share; the partner keeps both versions.
    """
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import corrections

        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        newer = corrections.correct(vault, row.id, session.need_text(reason, "--reason", "Why is it corrected?"))
    session.done(newer, "proposed", "Proposed. Next: dsl-console share preview, then share approve.", corrects=row.id)


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why it is taken back; the partner reads this.")
@click.pass_obj
def withdraw(session: Session, share: str | None, reason: str | None) -> None:
    """Take back what was sent: the partner is told with the next sync, also where the agreement has ended.

    What was read cannot be unread: where a wrong person may have read it, telephone them as well.
    """
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import corrections

        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        corrections.withdraw(vault, row.id, session.need_text(reason, "--reason", "Why is it taken back?"))
    session.done(row.id, "withdrawn", "Withdrawn. The partner is told with the next sync; telephone them as well.")


@share.command(cls=Command)
@click.pass_obj
def recovered(session: Session) -> None:
    """List what partners gave back after this record was put back from a backup: both texts, for you to choose."""
    with session.opened() as vault:
        from practice.received import received_entry
        from storage.views.arrivals import hint_of
        from sync import inventory

        rows = [(row, inventory.here_text(vault, row)) for row in inventory.open_shares(vault)]
    if session.json:
        keys = ("id", "entry_id", "partner", "child_id", "state")
        shown = [
            {key: getattr(row, key) for key in keys} | {"here": here, "payload": row.payload} for row, here in rows
        ]
        print_json(shown)
        return
    for row, here in rows:
        out(joined([row.id, one_line(row.partner), one_line(row.child or hint_of(row.payload)[0])]))
        out(indented(f"The record now: {here or 'lost'}"))
        out(
            indented(
                f"What they hold: {'taken back' if row.state == 'withdrawn' else received_entry(row.payload).text}"
            )
        )
    if not rows:
        session.note("Nothing came back that you have not looked at.")


@share.command(cls=Command)
@click.argument("share", required=False)
@click.option("--child", metavar="CHILD", help="Whose entry it was, where it is lost here.")
@click.pass_obj
def take(session: Session, share: str | None, child: str | None) -> None:
    """Take what came back into the record: as a new version, or as the entry itself where it is lost."""
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import inventory

        row = sharing.share(vault, session.need(share, "SHARE", "Share's id"))
        lost = not sharing.entry_is_here(vault, row.entry_id)
        whose = session.child(vault, child, "--child").id if lost else ""
        entry = inventory.take_in(vault, row.id, whose)
    session.done(entry, "taken", "It is in the record again.")


@share.command(cls=Command)
@click.argument("share", required=False)
@text_option("--reason", "Why the record stays as it is.")
@click.pass_obj
def leave(session: Session, share: str | None, reason: str | None) -> None:
    """Leave the record as it is, beside what came back from a partner."""
    with session.opened(writes=True) as vault:
        from sync import inventory

        ident = session.need(share, "SHARE", "Share's id")
        inventory.leave(vault, ident, session.need_text(reason, "--reason", "Why?"))
    session.done(ident, "left", "The record stays as it is.")


@share.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List every share, and every decision not to share, the newest first."""
    with session.opened() as vault:
        from storage.views import sharing

        rows = sharing.shares(vault)
    if session.json:
        print_json([_share_json(row) for row in rows])
        return
    from practice.dates import in_words
    from practice.share_words import reason_words, share_words

    for row in rows:
        happened = in_words(row.occurred) if row.occurred else ""
        out(joined([row.id, one_line(row.partner), one_line(share_words(row)), one_line(row.child), happened]))
        if reason := reason_words(row):
            out(f"    {one_line(reason)}")
    if not rows:
        session.note("Nothing was shared yet.")


def _share_json(row: ShareRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "entry_id": row.entry_id,
        "child_id": row.child_id,
        "partner": row.partner,
        "state": row.state,
        "reason": row.reason,
        "approved_by": row.approved_by,
        "approved_at": moment_json(row.approved_at),
        "org": row.org,
        "contract": row.contract,
        "basis": row.basis,
        "child_told": row.child_told,
        "parent_told": row.parent_told,
        "digest": row.digest,
        "corrects": row.corrects,
        "withdrawal": row.taken_back,
        "urgent": row.urgent,
        "on_share": row.on_share,
        "agreed_by": row.agreed_by,
    }
