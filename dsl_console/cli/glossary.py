"""`glossary`: the names in a child's record, their masks, and naming an anonymised text again (R-64, R-75)."""

from __future__ import annotations

from typing import Any

import click

from dsl_console.cli.options import Code, Command, ShowGroup, text_option
from dsl_console.cli.output import indented, joined, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.glossary import Term, TermKind

AROUND = 30
"""Characters shown on each side of a name in the record."""


@click.group(cls=ShowGroup, short_help="The names in a child's record and their masks.")
@click.argument("child", required=False)
@click.option("--places", is_flag=True, help="Every place where a name stands, and where one may stand unmarked.")
@click.pass_context
def glossary(context: click.Context, child: str | None, places: bool) -> None:
    """Show the names that stand in a child's record, and by what each is masked in the anonymised view.

    The child's own names are masked without being marked. A reporter, an address and a third party are masked in every
    copy and share that leaves, once they are marked.
    """
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    with session.opened() as vault:
        from storage.desk.glossary import places as found_places
        from storage.views.glossary import before, labels
        from storage.views.glossary import glossary as of_child

        row = session.child(vault, child)
        session.opening(vault, row.id)
        known = of_child(vault, row.id)
        elsewhere = before(labels(vault, row.id))
        found = found_places(vault, row.id) if places else []
    if session.json:
        print_json(
            {
                "terms": [_term_json(term) | {"elsewhere": elsewhere.get(term.name, [])} for term in known.terms],
                "former": [_term_json(term) for term in known.former],
                "places": [
                    {
                        "entry_id": each.entry.id,
                        "field": each.field,
                        "start": each.found.start,
                        "end": each.found.end,
                        "text": each.found.written,
                        "mask": each.found.mask or None,
                    }
                    for each in found
                ],
            }
        )
        return
    for term in known.terms:
        out(joined([one_line(term.name), term.mask, "masked in every copy that leaves" if term.always else ""]))
        if masks := elsewhere.get(term.name):
            out(indented(f"On a machine apart it was {', '.join(masks)}: so in copies that left there until they met."))
    for term in known.former:
        out(joined([one_line(term.name), term.mask, "masked no longer; so in older copies"]))
    for each in found:
        first, last = max(each.found.start - AROUND, 0), each.found.end + AROUND
        around = one_line(("…" if first else "") + each.text[first:last] + ("…" if last < len(each.text) else ""))
        out(joined([each.found.mask or "may be a name", f"«{one_line(each.found.written)}»", each.entry.id]))
        out(indented(around))


def _term_json(term: Term) -> dict[str, Any]:
    return {"name": term.name, "mask": term.mask, "always": term.always}


@glossary.command(cls=Command)
@click.argument("child", required=False)
@click.option("--name", metavar="NAME", help="The name, as it stands in the record.")
@click.option("--kind", metavar="KIND", type=Code(*TermKind), help="Child, Adult, Person, Reporter or Place.")
@click.option("--same-as", metavar="MASK", default="", help="The mask of the same person, whose other name it is.")
@click.option("--always/--not-always", default=None, help="Whether it is masked in every copy and share that leaves.")
@click.pass_obj
def mark(
    session: Session, child: str | None, name: str | None, kind: str | None, same_as: str, always: bool | None
) -> None:
    """Mark a name in a child's record, and print its mask."""
    with session.opened(writes=True) as vault:
        from storage.desk.glossary import mark as add

        row = session.child(vault, child)
        wanted = session.need(name, "--name", "The name, as it stands in the record")
        sort = same_as.partition(" ")[0] or session.need_code(
            kind, "--kind", "Who or what is it? (Child, Adult, Person, Reporter, Place)", Code(*TermKind)
        )
        mask = add(vault, row.id, wanted, sort, same_as=same_as, always=always)
    if session.json:
        print_json({"id": row.id, "state": "marked", "mask": mask})
    else:
        out(mask)


@glossary.command(cls=Command)
@click.argument("child", required=False)
@click.option("--name", metavar="NAME", help="The name, as it stands in the glossary.")
@click.pass_obj
def unmark(session: Session, child: str | None, name: str | None) -> None:
    """Take a name out of a child's glossary."""
    with session.opened(writes=True) as vault:
        from storage.desk.glossary import unmark as remove

        row = session.child(vault, child)
        remove(vault, row.id, session.need(name, "--name", "The name"))
    session.done(row.id, "unmarked", "It stands in the glossary no longer.")


@glossary.command(cls=Command)
@click.argument("child", required=False)
@text_option("--text", "The anonymised text; - reads it from standard input.")
@text_option("--reason", "Why it is named again; it is recorded.")
@click.option(
    "--copy",
    metavar="HASH",
    default="",
    help="The copy that the text is from: the hash at its foot, or its act's id. It is named by that copy's masks.",
)
@click.pass_obj
def unmask(session: Session, child: str | None, text: str | None, reason: str | None, copy: str) -> None:
    """Name an anonymised text of a child again, exactly as it was; that it was done is recorded.

    A mask that two machines gave apart, to different people, is told: with --copy it is clear who is meant.
    """
    with session.opened(writes=True) as vault:
        from storage.desk.glossary import doubts
        from storage.desk.glossary import unmask as name_again

        row = session.child(vault, child)
        masked = session.need_text(text, "--text", "The anonymised text")
        why = session.need_text(reason, "--reason", "Why is it named again?")
        named = name_again(vault, row.id, masked, why, copy=copy)
        unsure = [] if copy else doubts(vault, row.id, masked)
    for each in unsure:
        session.note(f"{each.words} If the text is from a copy, say which: --copy.")
    if session.json:
        doubtful = {"doubtful": [each.mask for each in unsure]} if unsure else {}
        print_json({"id": row.id, "state": "unmasked", "text": named, **doubtful})
    else:
        out(named)
