"""`export`, and `chronology --out`: copies that leave the program, each one recorded (R-116)."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import HEEDED, Command, Day
from dsl_console.cli.session import Session
from practice.errors import Refused
from practice.text import counted

if TYPE_CHECKING:
    from storage.documents.gather import Wanted
    from storage.vault import Vault

WHAT = ("chronology", "record", "front_sheet", "supervision")


def write_copy(session: Session, vault: Vault, wanted: Wanted, out: str, heeded: str) -> None:
    """Write a copy, saying how far it is to a person at a terminal, and answer with what went out."""
    from storage.documents.export import export as written
    from storage.documents.export import place_caution

    path = Path(out).expanduser()
    caution = place_caution(path)
    if caution and session.at_terminal:
        session.note(f"Caution: {caution}")
        if not session.sure("Write it there all the same?"):
            raise Refused("Nothing went out.", hint="Choose a folder on this machine's own disk.")
    code = session.heeding(vault, [wanted.child_id], heeded)
    made = written(vault, wanted, path, heeded=code, progress=_progress if session.at_terminal else None)
    if session.at_terminal:
        click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
    for sentence in (*made.left_out, *(f"Caution: {each}" for each in made.cautions)):
        session.note(sentence)
    session.note(f"{made.size:,} bytes, SHA-256 {made.sha256}. The content's own hash is {made.content_sha256}.")
    session.done(
        made.act,
        "exported",
        f"Written as {made.form}: {counted(made.entries, 'entry', 'entries')}. That it went out is in the record.",
        sha256=made.sha256,
        content_sha256=made.content_sha256,
        form=made.form,
        entries=made.entries,
        left_out=list(made.left_out),
        cautions=list(made.cautions),
    )


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\rWriting: {done * 100 // max(of, 1):3d} %")
    sys.stderr.flush()


@click.command(cls=Command, short_help="Write a copy of a child's record to a file.")
@click.argument("child", required=False)
@click.option("--what", type=click.Choice(WHAT), default="record", show_default=True, help="Which copy it is.")
@click.option("--out", metavar="FILE", help="Where it goes: FILE.pdf, .html, .csv or .json.")
@click.option("--from", "start", metavar="DATE", type=Day(), help="Only what happened on this day or later.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="Only what happened on this day or earlier.")
@click.option("--own-only", is_flag=True, help="Leave out what came from partners; it is said that it was left out.")
@click.option("--anonymous", is_flag=True, help="With every name of the child's glossary masked.")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_obj
def export(
    session: Session,
    child: str | None,
    what: str,
    out: str | None,
    start: date | None,
    end: date | None,
    own_only: bool,
    anonymous: bool,
    heeded: str,
) -> None:
    """Write a copy of a child's record to a file: PDF, HTML, CSV or JSON by the file's ending.

    Initials are written out, what was left out is said, and the copy carries a hash over its content. The file is
    readable by you alone and is not encrypted. That it went out is recorded.
    """
    if start and end and start > end:
        raise click.UsageError("--from lies after --to.")
    with session.opened(writes=True) as vault:
        from storage.documents.gather import Wanted

        row = session.child(vault, child)
        path = session.need(out, "--out", "Where to (FILE.pdf, .html, .csv or .json)")
        session.opening(vault, row.id)
        wanted = Wanted(row.id, what, start, end, own_only=own_only, anonymous=anonymous)
        write_copy(session, vault, wanted, path, heeded)
