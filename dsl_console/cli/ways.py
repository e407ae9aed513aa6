"""`bundle`: what waits for a partner in one sealed file, carried by a person, and theirs taken in (protocol: §7)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dsl_console.cli.options import Command, Group
from dsl_console.cli.output import one_line, out, print_json
from dsl_console.cli.session import Session


@click.group(cls=Group, short_help="Sealed bundles, carried by hand.")
def bundle() -> None:
    """Sealed bundles: write one to attach to secure e-mail or carry on a stick, and take a partner's in."""


@bundle.command(cls=Command)
@click.argument("partner", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def write(session: Session, partner: str | None, file: Path | None) -> None:
    """Write all that has no receipt of a partner yet into one sealed file; only that partner can open it.

    It holds our receipts too, and everything again that an earlier bundle held and nobody confirmed. The partner hands
    a bundle back: take it in, and their receipts are in it.
    """
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import bundles

        row = sharing.partner(vault, session.need(partner, "PARTNER", "Partner (its code or name)"))
        target = Path(session.need(str(file) if file else None, "FILE", "The new file"))
        count = bundles.write(vault, row, target)
    sealed = f"{count} sealed {'message' if count == 1 else 'messages'}"
    session.note("Handed over is not received: ring if it cannot wait.")
    session.done(str(target), "written", f"{sealed} for {one_line(row.name)}.", messages=count)


@bundle.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--answer", metavar="FILE", type=click.Path(path_type=Path), help="Write the bundle that goes back, too.")
@click.pass_obj
def take(session: Session, file: Path | None, answer: Path | None) -> int:
    """Take a partner's bundle in: entries to the inbox, receipts to what we sent. Taken twice, it changes nothing."""
    source = Path(session.need(str(file) if file else None, "FILE", "The partner's bundle"))
    with session.opened(writes=True) as vault:
        from sync import bundles

        report, row = bundles.take(vault, source)
        written = bundles.write(vault, row, answer) if answer else 0
    if session.json:
        print_json({**asdict(report), "from": row.org, "answered": written})
        return 1 if report.refused else 0
    out(f"{report.received:>4}  new in the inbox, from {one_line(row.name)}")
    out(f"{report.acknowledged:>4}  receipts for what was sent")
    for sentence in report.errors:
        out(f"      {one_line(sentence)}")
    if answer:
        out(f"{written:>4}  messages in the bundle that goes back")
    return 1 if report.refused else 0
