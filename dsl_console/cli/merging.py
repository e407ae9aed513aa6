"""`chronology import`, `links`, `link`, `unlink`: other agencies' chronologies beside our own (R-74)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsl_console.cli.children import mapping_of
from dsl_console.cli.options import Command, text_option
from dsl_console.cli.output import indented, joined, one_line, out, print_json
from dsl_console.cli.reading import chronology
from dsl_console.cli.session import Session
from practice.errors import Refused
from practice.text import unreadable

if TYPE_CHECKING:
    from storage.desk.merging import Merged

FILE_LIMIT = 50 * 1024 * 1024


def _file(path: str) -> bytes:
    try:
        if path == "-":
            stored = sys.stdin.buffer.read(FILE_LIMIT + 1)
        else:
            with Path(path).expanduser().open("rb") as file:
                stored = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"That file cannot be read: {unreadable(error)}. Nothing was imported.") from None
    if len(stored) > FILE_LIMIT:
        raise Refused("That file is larger than 50 MiB, so nothing was imported.", hint="Import it in parts.")
    return stored


@chronology.command("import", cls=Command)
@click.argument("file", required=False)
@click.option("--child", metavar="CHILD", help="Whose chronology it is.")
@click.option("--source", metavar="S", help="The agency from which it comes.")
@click.option(
    "--map",
    "pairs",
    metavar="HEADER=FIELD",
    multiple=True,
    help="Read a column as date, until, time, event, childs_words, action, outcome, place, who or kept; repeatable.",
)
@click.option("--sheet", metavar="NAME", default="", help="The sheet of a workbook; left out, the first.")
@click.option(
    "--on-share",
    metavar="RULE",
    type=click.Choice(("never", "ask", "yes")),
    help="Its owner's rule for sharing it on: never (the police's, unless they say otherwise), ask, yes.",
)
@click.option(
    "--not-about-staff",
    metavar="LINE",
    type=click.IntRange(min=1),
    multiple=True,
    help="A line that was stopped and is not about an adult who works here; may be repeated.",
)
@click.option(
    "--seal-to-adults", is_flag=True, help="Seal the stopped lines to the adults' register: you cannot read them back."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.pass_obj
def import_(
    session: Session,
    file: str | None,
    child: str | None,
    source: str | None,
    pairs: tuple[str, ...],
    sheet: str,
    on_share: str | None,
    not_about_staff: tuple[int, ...],
    seal_to_adults: bool,
    dry_run: bool,
) -> None:
    """Take another agency's chronology, CSV or XLSX, into a child's record.

    Each row is an entry that keeps every cell as it was written. Mistyped dates are repaired and said so, exact
    duplicates are marked and kept, and what may tell of the same event is proposed by chronology links. A row that
    looks as if it were about an adult on the staff is stopped. The same file twice adds nothing.
    """
    data = _file(session.need(file, "FILE", "The chronology's file") if file != "-" else "-")
    with session.opened(writes=not dry_run) as vault:
        from storage.desk.merging import import_chronology, seal_stopped

        row = session.child(vault, child, "--child")
        agency = session.need(source, "--source", "From which agency")
        mapping = mapping_of(pairs)
        merged = import_chronology(
            vault,
            data,
            row.id,
            agency,
            mapping=mapping,
            on_share=on_share or "",
            sheet=sheet,
            not_about_staff=not_about_staff,
            dry_run=dry_run,
        )
        sealed = []
        if seal_to_adults and not dry_run:
            lines = [line for line, _ in merged.stopped]
            sealed = seal_stopped(vault, data, agency, lines, mapping=mapping, sheet=sheet)
    if sealed:
        session.note(
            f"{len(sealed)} stopped lines were sealed to the adults' register: tell the headteacher in person."
        )
    if session.json:
        print_json(_as_json(merged) | {"sealed_to_adults": sealed})
    else:
        _print(merged)


def _as_json(merged: Merged) -> dict[str, object]:
    return {
        "imported": 0 if merged.dry_run else len(merged.entries),
        "would_import": len(merged.entries),
        "entries": [] if merged.dry_run else merged.entries,
        "there_already": merged.there_already,
        "duplicates": [{"line": line, "of": of} for line, of in merged.duplicates],
        "repaired": [{"line": line, "text": text} for line, text in merged.repaired],
        "stopped": [{"line": line, "reason": reason} for line, reason in merged.stopped],
        "empty": merged.empty,
        "columns": merged.columns,
        "kept": merged.kept,
        "proposed": merged.proposed,
        "on_share": merged.on_share,
        "dry_run": merged.dry_run,
    }


def _print(merged: Merged) -> None:
    if merged.dry_run:
        out("Nothing was changed. The import would give:")
    out(f"new entries          {len(merged.entries)}")
    out(f"there already        {merged.there_already}")
    out(f"exact duplicates     {len(merged.duplicates)}, marked and kept")
    out(f"stopped              {len(merged.stopped)}")
    out(f"rows without words   {len(merged.empty)}")
    out(f"may be shared on     {merged.on_share}")
    out(joined(["columns:", *(f"{one_line(header)} is {name}" for name, header in merged.columns.items())], "  "))
    if merged.kept:
        out(f"kept beside them: {', '.join(one_line(header) for header in merged.kept)}")
    for line, text in (*merged.repaired, *merged.stopped):
        out(f"line {line}: {one_line(text)}")
    if merged.stopped:
        out(
            "If a stopped line is not about such an adult, import the file again with --not-about-staff and its number."
        )
    if merged.proposed:
        links = "1 link" if merged.proposed == 1 else f"{merged.proposed} links"
        out(f"{links} to confirm: dsl-console chronology links")


@chronology.command(cls=Command)
@click.argument("child", required=False)
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice(("proposed", "confirmed", "declined")),
    help="Only proposed, confirmed or declined ones.",
)
@click.pass_obj
def links(session: Session, child: str | None, state: str | None) -> None:
    """List which entries of a child may tell, or tell, of the same event, and on what that rests."""
    with session.opened() as vault:
        from storage.views import links as views
        from storage.views import record

        row = session.child(vault, child)
        session.opening(vault, row.id)
        found = views.links(vault, row.id, states=(state,) if state else ("proposed", "confirmed", "declined"))
        known = {each.id: each for each in record.by_ids(vault, [ident for link in found for ident in link.entries])}
    if session.json:
        print_json([{"entries": list(each.entries), "reason": each.reason, "state": each.state} for each in found])
        return
    from practice.dates import in_words

    for each in found:
        out(joined([each.state, each.reason, each.by]))
        for ident in each.entries:
            entry = known[ident]
            out(indented(joined([ident, in_words(entry.occurred), entry.source])))
            out(indented(one_line(entry.text)[:200], "        "))
    if not found:
        session.note("No entries of this child look alike.")


def _link(session: Session, one: str | None, two: str | None, reason: str | None, same: bool) -> None:
    with session.opened(writes=True) as vault:
        from storage.desk.merging import link as make

        first = session.need(one, "ENTRY", "One entry's id")
        made = make(vault, first, session.need(two, "ENTRY", "The other's id"), same=same, reason=reason or "")
    said = "They are linked; both keep their words." if same else "They stand apart, and are not proposed again."
    session.done(made.entries[0], made.state, said, entries=list(made.entries))


@chronology.command(cls=Command)
@click.argument("one", required=False, metavar="ENTRY")
@click.argument("two", required=False, metavar="ENTRY")
@text_option("--reason", "Why, where it is not plain.")
@click.pass_obj
def link(session: Session, one: str | None, two: str | None, reason: str | None) -> None:
    """Confirm that two entries of a child tell of the same event; both keep their words."""
    _link(session, one, two, reason, True)


@chronology.command(cls=Command)
@click.argument("one", required=False, metavar="ENTRY")
@click.argument("two", required=False, metavar="ENTRY")
@text_option("--reason", "Why, where it is not plain.")
@click.pass_obj
def unlink(session: Session, one: str | None, two: str | None, reason: str | None) -> None:
    """Say that two entries do not tell of the same event; a link is taken back, a proposal is not made again."""
    _link(session, one, two, reason, False)
