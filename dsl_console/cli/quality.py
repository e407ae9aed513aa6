"""`quality`: a seeded sample of records, audited by people against the criteria; the trend by month (R-82)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Group, codes, text_option
from dsl_console.cli.output import indented, moment_json, out, print_json
from dsl_console.cli.session import Session
from practice.record_audit import SIZE, Criterion, Rating, evidence, trend_rows
from practice.vocabulary import label_of

if TYPE_CHECKING:
    from practice.record_audit import Facts
    from storage.views.quality import AuditRow, RatedRow


@click.group(cls=Group, short_help="Audit the quality of a sample of records.")
def quality() -> None:
    """Audit the quality of the records: a sample drawn by a seed, rated by people; the program only lays out facts."""


@quality.command(cls=Command)
@click.option("--size", metavar="N", type=click.IntRange(min=0), default=SIZE, show_default=True, help="How many.")
@click.option("--seed", metavar="WORD", default="", help="Draws the same sample again from the same children.")
@click.option(
    "--target", "targets", metavar="CHILD", multiple=True, help="A child to look at besides; may be repeated."
)
@text_option("--reason", "Why it is done now, or why these children.")
@click.pass_obj
def begin(session: Session, size: int, seed: str, targets: tuple[str, ...], reason: str | None) -> None:
    """Draw a sample from the children who have entries, and print the audit's id."""
    with session.opened(writes=True) as vault:
        from storage.desk import quality as desk

        targeted = [session.child(vault, each, "--target").id for each in targets]
        ident = desk.begin(vault, size=size, seed=seed, targeted=targeted, reason=reason or "")
    session.done(ident, "begun", "The sample is drawn: dsl-console quality show.")


@quality.command(cls=Command)
@click.argument("audit", required=False)
@click.pass_obj
def show(session: Session, audit: str | None) -> None:
    """Show an audit, or the newest: each child of the sample, what the record shows, and how it was rated."""
    with session.opened() as vault:
        from storage.desk import quality as desk
        from storage.desk.wording import coach
        from storage.views import quality as view

        found = view.get(vault, audit or "")
        asks = coach(vault)
        facts = {each.child_id: desk.facts_of(vault, each.child_id, asks) for each in found.children}
    if session.json:
        print_json(_audit_json(found, facts))
        return
    out(f"{found.id}  seed {found.seed}, {found.rated} of {len(found.children)} rated, by {found.by}")
    if found.reason:
        out(indented(found.reason))
    for each in found.children:
        out()
        _print_child(each, facts[each.child_id])


def _print_child(each: RatedRow, facts: Facts) -> None:
    out(f"{each.child}  {each.child_id}{'  (added by hand)' if each.targeted else ''}")
    for criterion, sentence in evidence(facts).items():
        rated = label_of(Rating, each.ratings.get(criterion, "")) or "not rated yet"
        out(indented(f"{criterion.label}: {rated}"))
        out(indented(sentence, "        "))
        if words := each.words.get(criterion):
            out(indented(words, "        "))
    if each.action:
        out(indented(f"To be done: {each.action}"))


def _audit_json(found: AuditRow, facts: dict[str, Facts]) -> dict[str, Any]:
    return {
        "id": found.id,
        "seed": found.seed,
        "reason": found.reason,
        "begun_at": moment_json(found.begun_at),
        "begun_by": found.by,
        "children": [
            {
                "child_id": each.child_id,
                "child": each.child,
                "targeted": each.targeted,
                "ratings": each.ratings,
                "words": each.words,
                "action": each.action,
                "rated_at": moment_json(each.rated_at),
                "rated_by": each.by,
                "evidence": {name.value: sentence for name, sentence in evidence(facts[each.child_id]).items()},
            }
            for each in found.children
        ],
    }


@quality.command(cls=Command)
@click.argument("audit", required=False)
@click.argument("child", required=False)
@click.option(
    "--rating",
    "ratings",
    metavar="CRITERION=RATING",
    multiple=True,
    help=f"One of {codes(Criterion)}, as {codes(Rating)}; may be repeated.",
)
@click.option("--note", "notes", metavar="CRITERION=TEXT", multiple=True, help="What was seen; may be repeated.")
@text_option("--action", "What is to be done about it.")
@click.pass_obj
def rate(
    session: Session,
    audit: str | None,
    child: str | None,
    ratings: tuple[str, ...],
    notes: tuple[str, ...],
    action: str | None,
) -> None:
    """Record how a child's record is rated, criterion by criterion; the words stand beside the colours."""
    with session.opened(writes=True) as vault:
        from storage.desk import quality as desk

        wanted = session.need(audit, "AUDIT", "Audit's id")
        row = session.child(vault, child)
        if notes:
            session.caution()
        done = desk.rate(vault, wanted, row.id, _pairs(ratings), words=_pairs(notes), action=action or "")
    session.done(done, "rated", "Recorded.", child_id=row.id)


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"«{each}» is not written CRITERION=VALUE.")
        found[name.strip().replace("-", "_").lower()] = value.strip()
    return found


@quality.command(cls=Command)
@click.pass_obj
def trend(session: Session) -> None:
    """Show how the records were rated, month by month."""
    with session.opened() as vault:
        from storage.views import quality as view

        months = view.by_month(vault)
    if session.json:
        print_json([vars(each) for each in months])
        return
    for label, row in trend_rows(months):
        out(label)
        for words in row:
            out(indented(words))
    if not months:
        session.note("No record was rated yet.")
