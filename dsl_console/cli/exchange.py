"""`sync` and `inbox`: the batch with the hub, and what partners sent (R-67, R-69)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Group, text_option
from dsl_console.cli.output import indented, joined, moment_json, occurred_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.organisations import whom_to_ring

if TYPE_CHECKING:
    from storage.views.arrivals import ItemRow

COUNTS = {
    "sent": "entries taken by the hub, or laid into a partner's folder, in this sync",
    "answers": "receipts and notices sent with them",
    "acknowledged": "receipts from partners",
    "received": "new in the inbox",
    "queued": "still waiting here",
    "refused": "refused",
    "held": "held by you",
}


@click.command(cls=Command, short_help="Exchange with partners once.")
@click.option("--unattended", is_flag=True, help="Without a passphrase: deliver and fetch sealed files only.")
@click.option(
    "--jitter",
    metavar="MINUTES",
    type=click.IntRange(0, 240),
    default=0,
    help="With --unattended: wait up to so many minutes first, so that not every school asks at once.",
)
@click.pass_obj
def sync(session: Session, unattended: bool, jitter: int) -> int:
    """Send what was approved, fetch what partners sent, and exchange receipts.

    Each partner's messages go the way that was set: by the hub, a folder or an SFTP server; bundles are carried by hand
    (bundle write).

    Sync is not a referral: if it cannot wait, ring. Exits 5 where the hub cannot be reached, with everything kept
    queued, and 1 where an item was refused.
    """
    if unattended:
        return _unattended(session, jitter)
    if jitter:
        raise click.UsageError("--jitter is for --unattended.")
    with session.opened(writes=True) as vault:
        from sync.machines import sync_all

        report = sync_all(vault, progress=session.note)
        school = vault.school
        from storage.views.unanswered import unanswered

        late = [f"{row.share.child}: {row.words}" for row in unanswered(vault, vault.clock())]
    if session.json:
        print_json(asdict(report) | {"ring": late})
    else:
        values = asdict(report)
        for name, words in COUNTS.items():
            out(f"{values[name]:>4}  {words}")
        for sentence in (report.machines, *report.errors):
            if sentence:
                out(f"      {one_line(sentence)}")
        for line in late:
            out(f"RING  {one_line(line)}")
        session.note(
            "Sync is not a referral. If it cannot wait, ring: "
            + ", ".join(whom_to_ring(school.organisation, school.phones.front_door, school.phones.out_of_hours))
        )
    return 1 if report.refused else 0


def _unattended(session: Session, jitter: int) -> int:
    import random
    import time

    from sync import unattended
    from sync.run import SyncReport

    time.sleep(random.uniform(0, jitter * 60))  # noqa: S311  # the end of the day is spread, nothing is kept secret
    moved = unattended.run(session.folder, progress=session.note)
    report = SyncReport(sent=moved.sent, received=moved.received, queued=moved.queued, errors=moved.errors)
    if session.json:
        print_json(asdict(report))
    else:
        out(f"{moved.sent:>4}  delivered sealed, to be confirmed when somebody unlocks")
        out(f"{moved.received:>4}  fetched sealed, to be read when somebody unlocks")
        out(f"{moved.queued:>4}  still waiting here")
        for sentence in moved.errors:
            out(f"      {sentence}")
    return 0


@click.group(cls=Group, short_help="What partners sent.")
def inbox() -> None:
    """What partners sent: list it, match it to a child, or refuse it."""


@inbox.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List what partners sent, the newest first. The child's name is the partner's hint, never a match."""
    with session.opened() as vault:
        from storage.views import arrivals

        rows = arrivals.items(vault)
    if session.json:
        print_json([_item_json(row) for row in rows])
        return
    from practice.dates import in_words

    for row in rows:
        hint = _hint_words(row)
        state = "landed" if row.landed == "unseen" and row.state == "accepted" else row.state
        state += ", not read yet" if row.landed == "unseen" else ""
        state += f": {one_line(row.reason)}" if row.state == "withdrawn" and row.reason else ""
        out(joined([row.id, one_line(row.sender), state, f"about {hint}" if hint else "", in_words(row.occurred)]))
        out(indented(row.text))
        if row.childs_words:
            out(indented("The child's own words:"))
            out(indented(row.childs_words, "        "))
    if not rows:
        session.note("Nothing has arrived.")


def _hint_words(row: ItemRow) -> str:
    """Return whom a partner names, never a match."""
    from practice.day_words import stated_day

    born = f"born {one_line(stated_day(row.hint_date_of_birth))}" if row.hint_date_of_birth else ""
    return joined([one_line(row.hint_name), born], ", ")


def _item_json(row: ItemRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "from": row.sender,
        "child_hint": {"name": row.hint_name, "date_of_birth": row.hint_date_of_birth or None},
        "occurred": occurred_json(row.occurred),
        "text": row.text,
        "state": row.state,
        "org": row.org,
        "childs_words": row.childs_words,
        "arrived_at": moment_json(row.arrived_at),
        "child_id": row.child_id,
        "reason": row.reason,
        "corrected": row.corrected,
        "case": row.case,
        "landed": row.landed,
        "kind": row.kind,
        "on_share": row.on_share,
        "answers": row.answers,
    }


@inbox.command(cls=Command)
@click.argument("item", required=False)
@click.option("--child", metavar="CHILD", help="The child whom it is about.")
@click.pass_obj
def accept(session: Session, item: str | None, child: str | None) -> None:
    """Match a partner's entry to a child: it stands in that chronology, with its source, and the partner is told."""
    with session.opened(writes=True) as vault:
        from storage.views import arrivals
        from sync import inbox as items

        found = arrivals.item(vault, session.need(item, "ITEM", "Item's id"))
        session.note(joined([one_line(found.sender), _hint_words(found)], ", "))
        row = session.child(vault, child, "--child")
        ident = items.accept(vault, found.id, row.id)
    session.done(ident, "accepted", f"It stands in the chronology of {row.told_apart}.", child_id=row.id)


@inbox.command(cls=Command)
@click.argument("item", required=False)
@text_option("--text", "What you ask or answer.")
@click.pass_obj
def reply(session: Session, item: str | None, text: str | None) -> None:
    """Ask about a partner's entry, or answer it: recorded under the child, and proposed to that partner.

    Prints the share's id; nothing leaves before its bytes were previewed and approved.
    """
    with session.opened(writes=True) as vault:
        from storage.views import arrivals
        from sync import replies

        found = arrivals.item(vault, session.need(item, "ITEM", "Item's id"))
        entry, share = replies.reply(vault, found.id, session.need_text(text, "--text", "What do you ask or answer?"))
    session.done(share, "proposed", "Proposed. Next: dsl-console share preview, then share approve.", entry_id=entry)


@inbox.command(cls=Command)
@click.argument("item", required=False)
@click.pass_obj
def seen(session: Session, item: str | None) -> None:
    """Say that you have read an entry that landed by itself under a confirmed case, or that one was taken back.

    The partner is told that the entry was read; that it was taken back stays in the record, and is asked about no more.
    """
    with session.opened(writes=True) as vault:
        from storage.views import arrivals
        from sync import inbox as items

        found = arrivals.item(vault, session.need(item, "ITEM", "Item's id"))
        items.seen(vault, found.id)
    told = " The partner is told with the next sync." if found.state == "accepted" else ""
    session.done(found.id, "seen", f"Read.{told}", child_id=found.child_id)


@inbox.command(cls=Command)
@click.argument("item", required=False)
@text_option("--reason", "Why it is not taken in; the partner is not told the reason.")
@click.pass_obj
def refuse(session: Session, item: str | None, reason: str | None) -> None:
    """Do not take a partner's entry in."""
    with session.opened(writes=True) as vault:
        from storage.views import arrivals
        from sync import inbox as items

        found = arrivals.item(vault, session.need(item, "ITEM", "Item's id"))
        items.refuse(vault, found.id, session.need_text(reason, "--reason", "Why?"))
    session.done(found.id, "refused", "Refused. The partner is told that it was not matched.")
