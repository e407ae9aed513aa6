"""`holiday`, `supervision`, `governors`, `inspection`: pages about many children, shown or written to a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Day, Group, Listing, text_option
from dsl_console.cli.output import day_json, out, print_json
from dsl_console.cli.session import Session

if TYPE_CHECKING:
    from storage.documents.pages import Page
    from storage.vault import Vault

FILE = click.option("--out", "file", metavar="FILE", help="Write it there, as FILE.pdf or FILE.html.")


def _answer(session: Session, vault: Vault, page: Page, file: str | None, shape: Any) -> None:
    """Write the page, or print its lines or its JSON."""
    if file:
        from storage.documents.pages import write_page

        made = write_page(vault, page, Path(file))
        session.note(made.caution)
        session.done(made.act, "exported", f"Written as {made.form}.", form=made.form, sha256=made.sha256)
    elif session.json:
        print_json(shape)
    else:
        from storage.papers.text import page_text

        out(page_text(page))


@click.group(cls=Group, short_help="Before and after a holiday.")
def holiday() -> None:
    """Before and after a holiday: who is in contact with each child, and who must be seen first."""


def _rows(rows: list[Any]) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        return day_json(value) if isinstance(value, date) else value

    return [{key: plain(value) for key, value in asdict(row).items()} for row in rows]


@holiday.command("list", cls=Command)
@FILE
@click.pass_obj
def list_(session: Session, file: str | None) -> None:
    """List who is of concern before the next holiday, who is in contact, and which reviews were brought forward."""
    with session.opened(writes=bool(file)) as vault:
        from storage.papers import holiday as papers
        from storage.views import holidays

        shape = _rows(holidays.before(vault, vault.clock().astimezone().date()))
        _answer(session, vault, papers.before_page(vault), file, shape)


@holiday.command(cls=Command)
@click.argument("child", required=False)
@click.option("--by", metavar="NAME", help="Who is in contact with the child.")
@click.option("--when", metavar="TEXT", default="", help="When, such as: Tuesdays, by telephone.")
@text_option("--told", "What partners were told.", default="")
@text_option("--note", "What else is to be known.", default="")
@click.pass_obj
def plan(session: Session, child: str | None, by: str | None, when: str, told: str, note: str) -> None:
    """Plan who is in contact with a child over the next holiday, and say what partners were told."""
    with session.opened(writes=True) as vault:
        from storage.papers import holiday as papers

        row = session.child(vault, child)
        who = session.need(by, "--by", "Who is in contact")
        papers.plan(vault, row.id, who, when, told, note)
    session.done(row.id, "planned", f"{who} is in contact.")


@holiday.command(cls=Command)
@click.argument("child", required=False)
@click.option("--to", metavar="PARTNER", help="With whom.")
@click.option("--contract", default="", help="The agreement under which it is shared.")
@click.pass_obj
def share(session: Session, child: str | None, to: str | None, contract: str) -> None:
    """Propose a child's plan for the next holiday to a partner; it leaves once its exact bytes are approved."""
    with session.opened(writes=True) as vault:
        from storage.papers import holiday as papers
        from storage.views import sharing
        from sync import partners, shares

        row = session.child(vault, child)
        papers.shared_words(vault, row.id)
        # Looked at before anything is written, so that what is refused leaves no entry behind.
        partner = sharing.partner(vault, session.need(to, "--to", "Partner (its code or name)"))
        partners.check_may_share(partner)
        made = shares.propose(vault, papers.to_share(vault, row.id), partner.org, contract)
    session.done(made, "proposed", "Nothing has left: look at it with share preview.")


@holiday.command(cls=Command)
@FILE
@click.pass_obj
def after(session: Session, file: str | None) -> None:
    """Say who must be seen first after a holiday, and what partners recorded meanwhile."""
    with session.opened(writes=bool(file)) as vault:
        from storage.papers import holiday as papers
        from storage.views import holidays

        rows = holidays.after(vault, vault.clock().astimezone().date())
        shape = [
            {**each, "entries": [{"entry_id": e, "agency": a, "text": t} for e, a, t in row.entries]}
            for each, row in zip(_rows(rows), rows, strict=True)
        ]
        _answer(session, vault, papers.after_page(vault), file, shape)


@click.group(cls=Listing, short_help="What is open, due and at risk, on one page.")
@FILE
@click.pass_context
def supervision(context: click.Context, file: str | None) -> None:
    """Show what is open, due and at risk on one page: for supervision, or for whoever takes over alone."""
    if context.invoked_subcommand is not None:
        return
    session = context.find_object(Session)
    assert session is not None
    with session.opened(writes=bool(file)) as vault:
        from storage.papers import supervision as papers
        from storage.papers.text import page_text
        from storage.views import holidays

        page = papers.page(vault)
        notes = _rows(list(holidays.supervisions(vault)))
        _answer(session, vault, page, file, {"page": page_text(page).split("\n"), "notes": notes})


@supervision.command(cls=Command)
@click.option("--supervisor", metavar="NAME", help="With whom.")
@click.option("--child", "children", metavar="CHILD", multiple=True, help="A child who was spoken of; may be repeated.")
@text_option("--reflection", "What was reflected.")
@text_option("--agreed", "What was agreed, by whom and when.")
@click.pass_obj
def note(
    session: Session, supervisor: str | None, children: tuple[str, ...], reflection: str | None, agreed: str | None
) -> None:
    """Note a supervision; it is kept apart from every child's text."""
    with session.opened(writes=True) as vault:
        from storage.papers import supervision as papers

        whom = session.need(supervisor, "--supervisor", "With whom")
        said = session.need_text(reflection, "--reflection", "What was reflected?")
        done = session.need_text(agreed, "--agreed", "What was agreed?")
        ids = [session.child(vault, child).id for child in children]
        act = papers.note(vault, whom, said, done, ids)
    session.done(act, "noted", "Noted, apart from any child's record.")


@click.command(cls=Command, short_help="The governors' termly report, without names.")
@click.option("--term-of", "on", metavar="DATE", type=Day(), help="The term in which this day lies.")
@FILE
@click.pass_obj
def governors(session: Session, on: date | None, file: str | None) -> None:
    """Show the governors' termly report: counts without names, none under five, none to be had by subtraction."""
    with session.opened(writes=bool(file)) as vault:
        from storage.papers import governors as papers

        today = vault.clock().astimezone().date()
        found = papers.report(vault, on)
        shape = {
            "from": day_json(found.start),
            "to": day_json(found.end),
            "ended": found.end < today,
            "tables": [
                {
                    "heading": heading,
                    "lines": [{"name": name, "count": count} for name, count in table.lines],
                    "others": table.pooled or None,
                    "withheld": table.withheld,
                }
                for heading, table in found.tables
            ],
        }
        _answer(session, vault, papers.page(vault, on), file, shape)


@click.command(cls=Command, short_help="The inspection pack, with names.")
@click.option("--reader", metavar="NAME", help="Who reads it.")
@text_option("--purpose", "For what; it stands on every page.")
@FILE
@click.pass_obj
def inspection(session: Session, reader: str | None, purpose: str | None, file: str | None) -> None:
    """Make the inspection pack with names, for one reader and purpose, which are recorded and stand on every page.

    The adults' register is kept apart and is not in it.
    """
    with session.opened(writes=True) as vault:
        from storage.papers import inspection as papers
        from storage.papers.text import page_text

        who = session.need(reader, "--reader", "Who reads it")
        why = session.need_text(purpose, "--purpose", "For what?")
        page = papers.page(vault, who, why)
        _answer(session, vault, page, file, {"page": page_text(page).split("\n")})
