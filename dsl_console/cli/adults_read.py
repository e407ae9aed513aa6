"""`adults list`, `show`, `patterns`, `retention`: what the register holds; every reading is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.adults import ENTRY, adults, note_reading, opened
from dsl_console.cli.options import Command, text_option
from dsl_console.cli.output import (
    day_json,
    indented,
    joined,
    moment_json,
    occurred_json,
    one_line,
    out,
    print_json,
)
from dsl_console.cli.session import Session
from practice.adults import (
    CROSSED,
    AdultDecision,
    AdultEntryKind,
    EntryState,
    Harm,
    LadoWay,
)
from practice.dates import day_words
from practice.day_words import day_here, stated_day
from practice.vocabulary import label_of

if TYPE_CHECKING:
    from storage.register import Register
    from storage.views.register import AdultRow, EntryRow


def adult_json(adult: AdultRow) -> dict[str, Any]:
    """Return an adult of the register."""
    return {
        "id": adult.id,
        "name": adult.name,
        "role": adult.role,
        "works_as": adult.works_as,
        "leaving_date": day_json(adult.leaving_date),
    }


def _entry_json(row: EntryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.entry_kind,
        "state": str(row.state),
        "adult": adult_json(row.adult),
        "occurred": occurred_json(row.occurred),
        "recorded_at": moment_json(row.recorded_at),
    }


@adults.command("list", cls=Command)
@click.option("--adult", metavar="ADULT", help="About this one adult only.")
@click.pass_obj
def list_(session: Session, adult: str | None) -> None:
    """List the entries, the newest first, each with where it stands."""
    from storage.views.register import entries, resolve

    with opened(session) as register:
        about = resolve(register, adult).id if adult else ""
        note_reading(session, register, "adult" if about else "list", about)
        rows = entries(register, about)
    if session.json:
        print_json([_entry_json(row) for row in rows])
        return
    for row in rows:
        kind = label_of(AdultEntryKind, row.entry_kind)
        day = day_words(row.recorded_at.astimezone().date())
        out(joined([row.id, day, one_line(row.adult.named), kind, label_of(EntryState, row.state)]))
    if not rows:
        session.note("Nothing is recorded in it.")


@adults.command(cls=Command)
@ENTRY
@click.option("--reporter", is_flag=True, help="Also the name of somebody who asked to stay anonymous; recorded.")
@click.pass_obj
def show(session: Session, entry_id: str | None, reporter: bool) -> None:
    """Show an entry whole: its words in every version, decisions, calls to the LADO. That you read it is recorded."""
    from storage.views.register import entry, people, shared_by

    with opened(session) as register:
        row = entry(register, session.need(entry_id, "ENTRY", "Entry's id"))
        note_reading(session, register, "entry", row.id)
        if reporter and row.asks_anonymous:
            note_reading(session, register, "reporter", row.id)
        who = people(register)
    if session.json:
        same = (
            "text",
            "context",
            "place",
            "activity",
            "action",
            "asks_anonymous",
            "threshold",
            "opened_from",
            "became",
            "rationale",
        )
        hidden = row.asks_anonymous and not reporter
        print_json(
            _entry_json(row)
            | {name: getattr(row, name) for name in same}
            | {"shared_by": None if hidden else row.shared_by, "shared_role": None if hidden else row.shared_role}
            | {"became_rationale": row.crossing.rationale if row.crossing else ""}
            | {"met": list(row.met), "recorded_by": who.get(row.recorded_by, "")}
            | {"versions": _steps_json(row.versions, who), "steps": _steps_json(row.steps, who)}
        )
        return
    _print_entry(row, who, shared_by(row, reveal=reporter))


def _steps_json(steps: tuple[dict[str, Any], ...], who: dict[str, str]) -> list[dict[str, Any]]:
    return [step | {"by": who.get(step["by"], step["by"])} for step in steps]


def _print_entry(row: EntryRow, who: dict[str, str], shared: str) -> None:
    out(f"{label_of(AdultEntryKind, row.entry_kind)} {row.id}: {label_of(EntryState, row.state)}")
    out(f"About: {one_line(row.adult.named)}")
    out(f"When: {one_line(row.occurred.text) or 'as it was recorded'}")
    for label, text in (("Where", row.place), ("Activity", row.activity), ("Shared by", shared)):
        if text:
            out(f"{label}: {one_line(text)}")
    out(f"Recorded by: {one_line(who.get(row.recorded_by, ''))}, {row.recorded_at.astimezone():%d %b %Y %H:%M}")
    for label, text in (("What happened", row.text), ("Context", row.context), ("Done at once", row.action)):
        if text:
            out(f"{label}:")
            out(indented(text))
    for harm in row.met:
        out(f"May be so: {label_of(Harm, harm)}")
    if row.opened_from:
        out(f"Opened from: {row.opened_from}")
    if row.became:
        out(f"Became: {row.became}")
    for crossing in (row.opening, row.crossing):
        if crossing:
            by, day = one_line(who.get(crossing.by, "")), day_words(crossing.at.astimezone().date())
            out(f"Decided by {by}, {day}: {CROSSED}")
            if crossing.rationale:
                out(indented(crossing.rationale))
    for version in row.versions[:-1]:
        out(f"Read before, up to its amendment by {one_line(who.get(version['by'], ''))}:")
        out(indented(version["text"]))
    for step in row.steps:
        _print_step(step, one_line(who.get(step["by"], "")))


def _print_step(step: dict[str, Any], by: str) -> None:
    if step["what"] == "decided":
        said = [
            label_of(AdultDecision, step["decision"]),
            stated_day(step["on"]) if step["on"] else "",
            step["reference"],
        ]
        out(f"Decided by {by}, {day_here(step['at'])}: {one_line(joined(said, ', '))}")
        out(indented(step["reason"]))
    else:
        said = [label_of(LadoWay, step["way"]), step["spoke_to"], step["when"], step["reference"]]
        out(f"LADO, recorded by {by}, {day_here(step['at'])}: {one_line(joined(said, ', '))}")
        out(indented(step["advice"]))


@adults.command(cls=Command)
@click.option("--adult", metavar="ADULT", help="This one adult only; left out, the whole school.")
@text_option("--finding", "What you found: records that the register was reviewed.")
@click.option("--reviews", is_flag=True, help="List the reviews that were recorded, instead.")
@click.pass_obj
def patterns(session: Session, adult: str | None, finding: str | None, reviews: bool) -> None:
    """Show what entries have in common, per person, place, activity, weekday and time, each with its entries.

    With --finding the look itself is recorded, with what was shown. A person says whether a pattern means anything.
    """
    from storage.desk import register as desk
    from storage.views import register as views

    with opened(session, writes=finding is not None) as register:
        about = views.resolve(register, adult).id if adult else ""
        if reviews:
            _list_reviews(session, register, about)
            return
        note_reading(session, register, "patterns", about)
        found = desk.found_patterns(register, about)
        if finding is not None:
            review = desk.patterns_reviewed(register, finding, about)
            session.done(review, "reviewed", "The review is recorded, with the patterns that it was shown.")
            return
    if session.json:
        print_json([{"rule": each.rule, "sentence": each.sentence, "entries": list(each.entries)} for each in found])
        return
    for each in found:
        out(one_line(each.sentence))
        for entry_id in each.entries:
            out(indented(entry_id))
    if not found:
        session.note("Nothing has enough in common to be shown.")


def _list_reviews(session: Session, register: Register, about: str) -> None:
    from storage.views import register as views

    name = views.resolve(register, about).name if about else ""
    note_reading(session, register, "patterns", about)
    rows = [row for row in views.pattern_reviews(register) if not name or row.adult == name]
    if session.json:
        print_json(
            [
                {
                    "id": row.id,
                    "at": moment_json(row.at),
                    "by": row.by,
                    "adult": row.adult,
                    "patterns": list(row.rules),
                    "entries": list(row.entries),
                    "finding": row.finding,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        about_words = f"about {one_line(row.adult)}" if row.adult else "the whole school"
        out(joined([row.id, f"{row.at.astimezone():%d %b %Y}", one_line(row.by), about_words]))
        out(indented(row.finding))


@adults.command(cls=Command)
@click.option("--years", metavar="N", type=click.IntRange(0, 100), help="Set the school's rule: years after leaving.")
@click.option("--source", metavar="TEXT", help="Where that rule is written.")
@click.pass_obj
def retention(session: Session, years: int | None, source: str | None) -> None:
    """List the adults who left, and until when the school's own rule keeps what is about them.

    A record stays at least until the adult leaves; the program lists what falls due and never removes by itself.
    """
    from storage.desk import register as desk
    from storage.views import register as views

    with opened(session, writes=years is not None) as register:
        if years is not None:
            where = session.need(source, "--source", "Where is that rule written")
            desk.set_retention(register, years, where)
            session.done("retention", "set", f"The school's rule: {years} years after leaving.")
            return
        note_reading(session, register, "retention")
        rule, rows = views.retention(register), desk.retention(register)
    if session.json:
        listed = [{"adult": adult_json(row.adult), "until": day_json(row.until), "due": row.due} for row in rows]
        print_json({"years": rule.years if rule else None, "source": rule.source if rule else "", "adults": listed})
        return
    said = f"The school's rule: {rule.years} years after leaving ({one_line(rule.source)})." if rule else ""
    session.note(said or "The school has set no rule of its own: nothing falls due.")
    for row in rows:
        until = f"kept until {day_words(row.until)}" if row.until else "kept"
        out(joined([row.adult.id, one_line(row.adult.named), until, "to be looked at" if row.due else ""]))
