"""`transfer`: a leaver's file to the next school, with its receipt; and a file that came (R-50 to R-56)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import HEEDED, Command, Day, Group, text_option
from dsl_console.cli.output import INDENT, day_json, joined, one_line, out, print_json
from dsl_console.cli.session import Session

if TYPE_CHECKING:
    from storage.views.transfers import TransferRow


def transfer_json(row: TransferRow) -> dict[str, Any]:
    """Return a transfer for a program."""
    return {
        "id": row.id,
        "child_id": row.child_id,
        "child": row.child,
        "direction": row.direction,
        "state": row.state,
        "leaving": day_json(row.leaving),
        "due": day_json(row.due),
        "why": row.why,
        "school": row.school,
        "dsl": row.dsl,
        "contact": row.contact,
        "in_advance": row.in_advance,
        "no_destination": row.no_destination,
        "efforts": list(row.efforts),
        "sent": row.sent or None,
        "receipt": row.receipt or None,
        "told": row.told,
        "reason": row.reason,
    }


@click.group(cls=Group, short_help="A leaver's file to the next school, and its receipt.")
def transfer() -> None:
    """Files of children who leave or join: sent, receipted, and by when."""


@transfer.command("list", cls=Command)
@click.option("--child", metavar="CHILD", help="Only those of one child.")
@click.option("--all", "everything", is_flag=True, help="Also those that are done or ended.")
@click.pass_obj
def list_(session: Session, child: str | None, everything: bool) -> None:
    """List the files that are to go, those whose receipt is not in, and those that came."""
    with session.opened() as vault:
        from storage.views.transfers import transfers

        whose = session.child(vault, child).id if child else ""
        rows = transfers(vault, child_id=whose, everything=everything)
    if session.json:
        print_json([transfer_json(row) for row in rows])
        return
    for row in rows:
        _print(row)
    if not rows:
        session.note("No file is to be sent, and none came.")


def _print(row: TransferRow) -> None:
    from practice.dates import day_words

    due = f"due {day_words(row.due)}" if row.due else ""
    out(joined([row.id, row.child, row.words, row.school, due]))
    if row.why:
        out(INDENT + one_line(row.why))
    who = f"Receipt: {row.receipt['name']} ({row.receipt['role']}), {row.receipt['how']}" if row.receipt else ""
    sent = row.sent
    went = f"Sent {sent['sent_on']} by {sent['method']} to {sent['dsl']}, {len(sent['contents'])} files" if sent else ""
    for text in (went, who, row.in_advance, row.reason):
        if text:
            out(INDENT + one_line(text))
    for each in row.efforts:
        out(INDENT + one_line(f"{each['on']}, {each['who']}: {each['what']}"))


def _told(session: Session, row: TransferRow) -> None:
    session.done(row.id, row.state, f"{row.words[:1].upper()}{row.words[1:]}. {row.why}".strip(), due=day_json(row.due))


@transfer.command("open", cls=Command)
@click.argument("child", required=False)
@click.option("--leaving", metavar="DATE", type=Day(), help="The day on which the child leaves or left.")
@click.option("--school", metavar="SCHOOL", default="", help="The next school.")
@click.option("--to", "dsl", metavar="NAME", default="", help="Its designated safeguarding lead.")
@click.option("--contact", metavar="CONTACT", default="", help="How that person is reached.")
@click.pass_obj
def open_(session: Session, child: str | None, leaving: date | None, school: str, dsl: str, contact: str) -> None:
    """Open the transfer of a child's file; an import of the roll opens it for each leaver who has a record."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        row = session.child(vault, child)
        day = session.need_day(leaving, "--leaving", "On which day does the child leave?")
        made = desk.open_(vault, row.id, day, school=school, dsl=dsl, contact=contact)
    _told(session, made)


@transfer.command(cls=Command)
@click.argument("child", required=False)
@click.option("--from", "school", metavar="SCHOOL", help="Which school sent it.")
@click.option("--on", metavar="DATE", type=Day(), help="The day on which it came; left out, today.")
@click.pass_obj
def came(session: Session, child: str | None, school: str | None, on: date | None) -> None:
    """Note that a file came for a child from the school before."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        row = session.child(vault, child)
        today = vault.clock().astimezone().date()
        made = desk.came(vault, row.id, on or today, session.need(school, "--from", "Which school sent it?"))
    _told(session, made)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.option("--leaving", metavar="DATE", type=Day(), help="The day on which the child leaves or left.")
@click.option("--school", metavar="SCHOOL", help="The next school.")
@click.option("--to", "dsl", metavar="NAME", help="Its designated safeguarding lead.")
@click.option("--contact", metavar="CONTACT", help="How that person is reached.")
@click.option(
    "--in-advance", metavar="TEXT", help="What the next school was told before the file goes, or why nothing."
)
@click.option("--no-destination/--destination", default=None, help="Whether no next school is known.")
@text_option("--reason", "Why it is otherwise now.")
@click.pass_obj
def change(session: Session, /, transfer_id: str | None, reason: str | None, **changes: Any) -> None:
    """Say which school, who there, what was told in advance, or that no next school is known."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        row = desk.change(vault, ident, reason=reason or "", **changes)
    _told(session, row)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.option("--who", metavar="NAME", help="Who was asked: a parent, the council, another school.")
@text_option("--what", "What was done, and what came of it.")
@click.option("--on", metavar="DATE", type=Day(), help="On which day; left out, today.")
@click.pass_obj
def effort(session: Session, transfer_id: str | None, who: str | None, what: str | None, on: date | None) -> None:
    """Log an effort to find where a child is, whose next school nobody knows."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        asked = session.need(who, "--who", "Who was asked?")
        row = desk.effort(vault, ident, asked, session.need_text(what, "--what", "What came of it?"), on)
    _told(session, row)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.argument("folder", required=False)
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_obj
def pack(session: Session, transfer_id: str | None, folder: str | None, heeded: str) -> None:
    """Write the copies that go into a new folder: the whole record as PDF and JSON, and the chronology on top."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        place = Path(session.need(folder, "FOLDER", "Into which new folder"))
        made = desk.pack(vault, ident, place, heeded=heeded)
    for copy in made:
        for text in copy.cautions:
            session.note(text)
        if not session.json:
            out(f"{copy.sha256}  {copy.path.name}")
    files = [{"name": copy.path.name, "sha256": copy.sha256, "entries": copy.entries} for copy in made]
    session.done(ident, "packed", "Send them, then say so: transfer sent.", files=files)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.argument("files", nargs=-1)
@click.option("--folder", metavar="DIR", help="The folder whose files went.")
@click.option("--school", metavar="SCHOOL", default="", help="The next school.")
@click.option("--to", "dsl", metavar="NAME", default="", help="Its designated safeguarding lead.")
@click.option("--method", metavar="HOW", help="How: by hand, secure mail, the council's own portal.")
@click.option("--by", metavar="NAME", default="", help="Who sent it; left out, you.")
@click.option("--on", metavar="DATE", type=Day(), help="On which day; left out, today.")
@click.pass_obj
def sent(
    session: Session,
    transfer_id: str | None,
    files: tuple[str, ...],
    folder: str | None,
    school: str,
    dsl: str,
    method: str | None,
    by: str,
    on: date | None,
) -> None:
    """Record that the file went; what went is listed with its hash. It is not done until the receipt is in."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        paths = [Path(each) for each in files] + (desk.files_in(Path(folder)) if folder else [])
        if not paths:
            paths = desk.files_in(Path(session.need(None, "--folder", "Which folder's files went?")))
        how = session.need(method, "--method", "How did it go?")
        row = desk.sent(vault, ident, paths, how, school=school, dsl=dsl, sent_by=by, sent_on=on)
    _told(session, row)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.option("--name", metavar="NAME", help="Who confirmed it.")
@click.option("--role", metavar="ROLE", help="In which role there.")
@click.option("--how", metavar="HOW", help="How: by telephone, signed, by mail.")
@click.option("--on", metavar="DATE", type=Day(), help="On which day; left out, today.")
@click.pass_obj
def receipt(
    session: Session, transfer_id: str | None, name: str | None, role: str | None, how: str | None, on: date | None
) -> None:
    """Record the receipt; of a file that came, the one that was given."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        who = session.need(name, "--name", "Who confirmed it?")
        as_what = session.need(role, "--role", "In which role?")
        row = desk.received(vault, ident, who, as_what, session.need(how, "--how", "How?"), on)
    _told(session, row)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@click.option("--told", metavar="NAMES", help="Who was told.")
@text_option("--note", "Anything else.")
@click.pass_obj
def read(session: Session, transfer_id: str | None, told: str | None, note: str | None) -> None:
    """Record that a file which came was read, and who was told."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        row = desk.reviewed(vault, ident, session.need(told, "--told", "Who was told?"), note or "")
    _told(session, row)


@transfer.command(cls=Command)
@click.argument("transfer_id", metavar="TRANSFER", required=False)
@text_option("--reason", "Why no file goes.")
@click.pass_obj
def end(session: Session, transfer_id: str | None, reason: str | None) -> None:
    """End a transfer of which nothing was sent: the child came back, or never left."""
    with session.opened(writes=True) as vault:
        from storage.desk import transfers as desk

        ident = session.need(transfer_id, "TRANSFER", "Which transfer (its id)")
        row = desk.end(vault, ident, session.need_text(reason, "--reason", "Why does no file go?"))
    _told(session, row)
