"""`body`: body maps, drawn from JSON and read back as words and as a figure of characters (R-09)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Group, text_option
from dsl_console.cli.output import indented, joined, moment_json, occurred_json, out, print_json
from dsl_console.cli.session import Session
from practice.errors import NotFound, Refused

if TYPE_CHECKING:
    from storage.views.body_maps import BodyMap


@click.group(cls=Group, short_help="Body maps: draw one, read it, lay several over each other.")
def body() -> None:
    """Body maps: where marks were seen on a child, in words that stand alone. No photographs."""


@body.command(cls=Command)
@click.argument("entry", required=False)
@text_option("--marks", "The marks as a JSON list; - reads it from standard input.")
@click.option("--role", metavar="ROLE", default="", help="In which role you looked; without it your role here.")
@click.option("--seen-at", metavar="WHEN", default="", help="When you looked, where that is not when it happened.")
@text_option("--reason", "Why a map that stands already is amended.")
@click.pass_obj
def draw(session: Session, entry: str | None, marks: str | None, role: str, seen_at: str, reason: str | None) -> None:
    """Draw the body map of an entry from JSON.

    A list of marks: {"view": "front", "site": "right cheek", "length_cm": 2, "width_cm": 1, "shape": "round",
    "colours": ["blue"], "skin_broken": "no", "swelling", "scab", "blister", "bleeding", "clean", "heat", "pain": "yes",
    "no" or "", "movement": "", "words": ""}. In the place of a site, x and y name a cell of the figure.
    """
    with session.opened(writes=True) as vault:
        from storage.desk import body_maps
        from storage.views import record

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        listed = _marks(session.need_text(marks, "--marks", "The marks as a JSON list"))
        body_maps.draw(vault, ident, listed, role=role, seen_at=seen_at, reason=reason or "")
    session.done(ident, "recorded", "The body map is recorded. Its words alone rebuild it.")


def _marks(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("The marks are not JSON. Nothing was recorded.", hint="Give a list of objects.") from None
    if not isinstance(found, list):
        raise Refused("The marks are not a list. Nothing was recorded.", hint="Give a list of objects.")
    return found


@body.command(cls=Command)
@click.argument("entry", required=False)
@click.pass_obj
def show(session: Session, entry: str | None) -> None:
    """Show an entry's body map: the figure, and every mark in words."""
    with session.opened() as vault:
        from storage.views import body_maps, record

        row = record.get(vault, session.need(entry, "ENTRY", "Entry's id"))
        session.opening(vault, row.child_id)
        maps = body_maps.of_entry(vault, row.id)
    if not maps:
        raise NotFound("That entry has no body map.", hint="dsl-console body draw makes one.")
    _print(session, maps, apart=True)


@body.command(cls=Command)
@click.argument("child", required=False)
@click.pass_obj
def overlay(session: Session, child: str | None) -> None:
    """Lay the body maps of a child's record over each other: the newest is ●, the one before ○, older ones ×."""
    with session.opened() as vault:
        from storage.views import body_maps

        row = session.child(vault, child)
        session.opening(vault, row.id)
        maps = body_maps.of_child(vault, row.id)
    if not maps and not session.json:
        session.note("There is no body map in this record.")
        return
    _print(session, maps, apart=False)


def _print(session: Session, maps: list[BodyMap], *, apart: bool) -> None:
    from practice.body_words import map_words
    from practice.dates import in_words
    from storage.desk.body_maps import picture, picture_of_all

    if session.json:
        print_json([_map_json(each) for each in maps])
        return
    if not apart:
        out("\n".join(picture_of_all(maps)))
    for each in maps if apart else reversed(maps):
        out()
        out(joined([in_words(each.occurred), f"drawn by {each.by}", each.role, each.seen_at, each.entry_id]))
        if apart:
            out("\n".join(picture(each)))
        for words in map_words(each.marks):
            out(indented(words))


def _map_json(each: BodyMap) -> dict[str, Any]:
    from practice.body import site
    from practice.body_words import map_words
    from storage.desk.body_maps import picture

    return {
        "entry_id": each.entry_id,
        "child_id": each.child_id,
        "occurred": occurred_json(each.occurred),
        "recorded_at": moment_json(each.recorded_at),
        "recorded_by": each.by,
        "role": each.role,
        "seen_at": each.seen_at,
        "marks": [{**mark.model_dump(mode="json"), "site": site(mark.cell)} for mark in each.marks],
        "words": map_words(each.marks),
        "figure": picture(each),
    }


@body.command(cls=Command)
@click.pass_obj
def sites(session: Session) -> None:
    """List the parts of the body that a mark may name, front and back; needs no vault."""
    from practice.body import VIEWS, Cell, parts, site

    found = {view: sorted({site(Cell(view, x, y)) for x, y in parts()}) for view in VIEWS}
    if session.json:
        print_json(found)
        return
    for view, names in found.items():
        out(f"{view}: {'; '.join(names)}")
