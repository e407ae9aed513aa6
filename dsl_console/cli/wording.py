"""`wording`: what the coach would ask of a text, and the school's own rows (practice: §9)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dsl_console.cli.options import Command, ShowGroup
from dsl_console.cli.output import indented, joined, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.errors import Refused
from practice.text import NOTE_LIMIT, unreadable
from practice.wording import Coach, Finding, shipped


def _text(path: str) -> str:
    """Return the text of a file, or of standard input for `-`, its line ends as they are; raises Refused."""
    try:
        if path == "-":
            stored = sys.stdin.buffer.read(NOTE_LIMIT + 4)
        else:
            with Path(path).open("rb") as file:
                stored = file.read(NOTE_LIMIT + 4)
    except OSError as error:
        raise Refused(f"That file cannot be read: {unreadable(error)}. Nothing was looked at.") from None
    stored = stored.removeprefix(b"\xef\xbb\xbf")
    if len(stored) > NOTE_LIMIT:
        raise Refused("The text is longer than 64 KiB. Nothing was looked at.", hint="Give it in parts.")
    try:
        return stored.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("The text is not UTF-8. Nothing was looked at.", hint="Save it as UTF-8 and try again.") from None


@click.group(cls=ShowGroup, short_help="What the wording coach would ask of a text.")
@click.argument("file", required=False, metavar="FILE|-")
@click.option("--school", is_flag=True, help="Use the school's own rows too; this opens the vault.")
@click.pass_context
def wording(context: click.Context, file: str | None, school: bool) -> None:
    """Say what in a text is vague, blaming, or in initials, each with the question to ask.

    It needs no vault. What stands in quotation marks is somebody's own words and is never found. Nothing is recorded.
    """
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    text = _text(file if file == "-" else session.need(file, "FILE", "The text's file"))
    coach = Coach()
    if school:
        with session.opened() as vault:
            from storage.desk.wording import coach as own

            coach = own(vault)
    findings = coach.check(text)
    if session.json:
        print_json([_as_json(each) for each in findings])
    else:
        _print(session, text, findings)


def _as_json(found: Finding) -> dict[str, object]:
    return {
        "start": found.start,
        "end": found.end,
        "text": found.text,
        "rule": found.rule,
        "question": found.question,
        "whole": found.whole,
    }


def _print(session: Session, text: str, findings: list[Finding]) -> None:
    for found in findings:
        line = text.count("\n", 0, found.start) + 1
        about = "The whole text" if found.whole else f"Line {line}: «{one_line(found.text)}»"
        out(about)
        out(indented(found.question))
    if not findings:
        session.note("Nothing to ask.")


@wording.command(cls=Command)
@click.pass_obj
def rows(session: Session) -> None:
    """List every row of the coach's list: what it finds, its question and source, and whether it is silenced."""
    with session.opened() as vault:
        from storage.desk.wording import school_rows

        school = school_rows(vault)
    listed = shipped()
    found: list[tuple[str, tuple[str, ...], str, str]] = [
        *((row.id, row.find, row.question, listed.source_of(row.source)) for row in (*listed.rows, *school.added)),
        (listed.initials.id, (), listed.initials.question, listed.source_of(listed.initials.source)),
        *((row.id, (), row.question, listed.source_of(row.source)) for row in listed.whole.rows),
    ]
    if session.json:
        names = ("row", "find", "question", "source", "silenced")
        print_json([dict(zip(names, (*row, row[0] in school.silenced), strict=True)) for row in found])
        return
    confirm = ", wording to be confirmed" if listed.about.confirm else ""
    out(f"{listed.about.title}. Edition {listed.about.edition}{confirm}.")
    for name, phrases, question, source in found:
        out()
        out(joined([name, "silenced" if name in school.silenced else ""]))
        if phrases:
            out(indented(one_line(" · ".join(phrases))))
        out(indented(one_line(question)))
        out(indented(one_line(f"Source: {source}")))


@wording.command(cls=Command)
@click.argument("row", required=False)
@click.option("--find", "phrases", metavar="WORDS", multiple=True, help="Words to find; may be repeated.")
@click.option("--question", metavar="TEXT", help="The question to ask.")
@click.pass_obj
def add(session: Session, row: str | None, phrases: tuple[str, ...], question: str | None) -> None:
    """Add a row of the school's own: its name, the words that it finds, and the question that it asks."""
    name = session.need(row, "ROW", "A short name for the row")
    found = phrases or tuple(session.need(None, "--find", "Words to find, parted by commas").split(","))
    asked = session.need(question, "--question", "The question to ask")
    with session.opened(writes=True) as vault:
        from storage.desk.wording import add_row

        act = add_row(vault, name, found, asked)
    session.done(act, "added", f"The coach asks it from now on, under «{name}».")


@wording.command(cls=Command)
@click.argument("row", required=False)
@click.pass_obj
def silence(session: Session, row: str | None) -> None:
    """Silence a row: the coach does not ask it any more, here and on every screen."""
    _silenced(session, row, True)


@wording.command(cls=Command)
@click.argument("row", required=False)
@click.pass_obj
def restore(session: Session, row: str | None) -> None:
    """Let a row that was silenced be asked again."""
    _silenced(session, row, False)


def _silenced(session: Session, row: str | None, silenced: bool) -> None:
    name = session.need(row, "ROW", "The row's name")
    with session.opened(writes=True) as vault:
        from storage.desk.wording import silence as set_silenced

        act = set_silenced(vault, name, silenced)
    state = "silenced" if silenced else "restored"
    session.done(act, state, "The coach does not ask it any more." if silenced else "The coach asks it again.")
