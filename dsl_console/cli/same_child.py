"""`children same`: two records that may be one child's, put together or kept apart by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Command, text_option
from dsl_console.cli.output import joined, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.text import counted

if TYPE_CHECKING:
    from storage.desk.same_child import Twice


@click.command("same", cls=Command)
@click.argument("child", required=False)
@click.argument("other", required=False)
@click.option(
    "--one", "same", flag_value=True, type=bool, default=None, help="They are one child: CHILD's record stays."
)
@click.option("--two", "same", flag_value=False, type=bool, help="They are two children.")
@text_option("--reason", "How you know.")
@click.pass_obj
def same(session: Session, child: str | None, other: str | None, same: bool | None, reason: str | None) -> None:
    """List records that may be one child's, such as after two machines were apart; say whether CHILD and OTHER are.

    With --one the entries, actions, meetings, file transfers and partners' numbers of OTHER move to CHILD, whose record
    stays, and the more pressing review status counts. The other one leaves the roll; `children show CHILD` tells what
    else stands in it.
    """
    with session.opened(writes=child is not None) as vault:
        from storage.desk import same_child
        from storage.views import children

        if child is None:
            _list(session, same_child.waiting(vault))
            return
        keep = children.resolve(vault, child)
        goes = children.resolve(vault, session.need(other, "OTHER", "The other record"))
        one = same if same is not None else session.sure("Are the two one child?")
        why = session.need_text(reason, "--reason", "How do you know?")
        if one:
            joined_up = same_child.one_child(vault, keep.id, goes.id, why)
            sentence = f"{one_line(keep.name)}: {one_line(joined_up.words)} The other record is closed (children show)."
        else:
            same_child.two_children(vault, keep.id, goes.id, why)
            sentence = "They are two children, and are not proposed again."
    session.done(keep.id, "one" if one else "two", sentence)


def _list(session: Session, rows: list[Twice]) -> None:
    if session.json:
        print_json(
            [
                {
                    "first": {"id": row.first.id, "name": row.first.name, "entries": row.entries[0]},
                    "second": {"id": row.second.id, "name": row.second.name, "entries": row.entries[1]},
                    "why": row.why,
                }
                for row in rows
            ]
        )
        return
    if not rows:
        session.note("No two records look like one child's.")
    for row in rows:
        for child, count in zip((row.first, row.second), row.entries, strict=True):
            out(joined([child.id, one_line(child.told_apart), counted(count, "entry", "entries")]))
        out(f"    {row.why}")


COMMANDS = (same,)
