"""`decide`, `amend`, `entry`, `entry move`, `promote`: what is done about an entry, and the entry itself."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Code, Command, Day, ShowGroup, codes, text_option
from dsl_console.cli.output import (
    day_json,
    indented,
    joined,
    moment_json,
    one_line,
    out,
    print_json,
    source_words,
    version_json,
)
from dsl_console.cli.removals import agree, removal_json, removals_, remove, restore
from dsl_console.cli.session import Session
from practice import compare
from practice.vocabulary import (
    CHILD_ROLES,
    ConcernCategory,
    Decision,
    EntryKind,
    HowKnown,
    IdentityCheck,
    Impact,
    Significance,
    Told,
    label_of,
)

if TYPE_CHECKING:
    from practice.acts import ConcernLogged
    from storage.views.record_rows import EntryDetail, VersionRow


@click.command(cls=Command, short_help="Record a decision beside an entry.")
@click.argument("entry", required=False)
@click.option("--decision", metavar="D", type=Code(*Decision), help=f"What is to be done: {codes(Decision)}.")
@text_option("--reason", "Why, in a sentence.")
@click.option("--due", metavar="DATE", type=Day(), help="By when it is to be done or looked at again.")
@click.pass_obj
def decide(session: Session, entry: str | None, decision: str | None, reason: str | None, due: date | None) -> None:
    """Record a decision beside an entry; an earlier one is superseded and stays readable."""
    with session.opened(writes=True) as vault:
        from storage.desk import concerns
        from storage.views import record

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        chosen = session.need_code(decision, "--decision", f"Decision ({codes(Decision)})", Code(*Decision))
        why = session.need_text(reason, "--reason", "Why?")
        act = concerns.decide(vault, ident, chosen, why, due=due)
    session.done(act, "decided", f"Decided: {label_of(Decision, chosen)}.", entry_id=ident)


@click.command(cls=Command, short_help="Add a version to an entry.")
@click.argument("entry", required=False)
@text_option("--text", "The whole new text; - reads it from standard input.")
@text_option("--reason", "Why it is amended.")
@click.pass_obj
def amend(session: Session, entry: str | None, text: str | None, reason: str | None) -> None:
    """Add a version to an entry; every version before it stays readable."""
    with session.opened(writes=True) as vault:
        from storage.desk import concerns
        from storage.views import record

        row = record.get(vault, session.need(entry, "ENTRY", "Entry's id"))
        new = session.need_text(text, "--text", "The whole new text")
        why = session.need_text(reason, "--reason", "Why is it amended?")
        concerns.amend(vault, row.id, new, why, sees=row.version)
    session.done(row.id, "amended", "A new version stands; those before it stay readable.")


@click.command(cls=Command, short_help="Choose an entry for the chronology.")
@click.argument("entry", required=False)
@text_option("--reason", "Why it belongs in the chronology.")
@click.option("--significance", metavar="S", type=Code(*Significance), help=f"What it means: {codes(Significance)}.")
@click.option("--impact", metavar="I", type=Code(*Impact), default="unknown", help=f"On the child: {codes(Impact)}.")
@text_option("--outcome", "What came of it, as far as it is known.")
@click.pass_obj
def promote(
    session: Session,
    entry: str | None,
    reason: str | None,
    significance: str | None,
    impact: str,
    outcome: str | None,
) -> None:
    """Choose an entry for the chronology, with the reason, what it means and what came of it."""
    with session.opened(writes=True) as vault:
        from storage.desk import concerns
        from storage.views import record

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        label = f"What does it mean? ({codes(Significance)})"
        chosen = session.need_code(significance, "--significance", label, Code(*Significance))
        why = session.need_text(reason, "--reason", "Why does it belong in the chronology?")
        came = session.offer_text(outcome, "What came of it?")
        concerns.promote(vault, ident, why, chosen, impact, outcome=came)
    session.done(ident, "promoted", "It stands in the chronology.")


@click.group(cls=ShowGroup, short_help="Show one entry whole, move, remove or restore it.")
@click.argument("entry", required=False)
@click.option("--changes", is_flag=True, help="Mark in each version what changed since the one that it amended.")
@click.pass_context
def entry(context: click.Context, entry: str | None, changes: bool) -> None:
    """Show one entry whole: every version, decision and move."""
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    with session.opened() as vault:
        from storage.views import record, removals

        found = record.detail(vault, session.need(entry, "ENTRY", "Entry's id"))
        above, below = record.thread(vault, found.entry.id)
        proposed = removals.of_entry(vault, found.entry.id)
        session.opening(vault, found.entry.child_id)
    if session.json:
        removal = [removal_json(each) for each in proposed]
        thread = {"answers": above.id if above else None, "answered_by": [each.id for each in below]}
        print_json(
            {**_detail_json(found), **thread, "removals": removal, **({"changes": _changes(found)} if changes else {})}
        )
        return
    _print_detail(found, changes=changes)
    for label, row in [("Asks about, or answers", above)] * bool(above) + [("Answered by", each) for each in below]:
        if row is not None:
            out(f"{label}: {row.id}  {one_line(row.source)}")
            out(indented(row.text))
    for each in proposed:
        out(removals.words(each))


for _command in (remove, agree, restore, removals_):
    entry.add_command(_command)


@entry.command(cls=Command)
@click.argument("entry", required=False)
@click.option("--to", metavar="CHILD", help="The child to whom it belongs.")
@text_option("--reason", "Why it is moved.")
@click.pass_obj
def move(session: Session, entry: str | None, to: str | None, reason: str | None) -> None:
    """Move an entry that was logged under the wrong child; shares that have not left are withheld."""
    with session.opened(writes=True) as vault:
        from storage.desk import concerns
        from storage.views import record

        ident = record.get(vault, session.need(entry, "ENTRY", "Entry's id")).id
        child = session.child(vault, to, "--to")
        session.note(f"It goes to {child.told_apart}.")
        why = session.need_text(reason, "--reason", "Why is it moved?")
        moved = concerns.move(vault, ident, child.id, why)
    if moved.withheld:
        session.note(f"{moved.withheld} of its shares had not left and were withheld.")
    if moved.already_with:
        session.note(f"Tell them: {', '.join(moved.already_with)} received it before it was moved.")
    session.done(
        ident,
        "moved",
        "The entry was moved.",
        child_id=child.id,
        withheld=moved.withheld,
        already_with=list(moved.already_with),
    )


def _changes(found: EntryDetail) -> list[dict[str, Any]]:
    """Return for each version what changed since the one that it amended."""
    from storage.desk.versions import pairs

    return [
        {
            "from": old.version,
            "to": new.version,
            "text": [{"kind": piece.kind, "text": piece.text} for piece in compare.changes(old.text, new.text)],
            "childs_words": [
                {"kind": piece.kind, "text": piece.text}
                for piece in compare.changes(old.childs_words, new.childs_words)
            ],
        }
        for old, new in pairs(found.versions)
    ]


def _current(found: EntryDetail) -> VersionRow:
    return next((each for each in found.versions if each.act_id == found.entry.version), found.versions[-1])


def _detail_json(found: EntryDetail) -> dict[str, Any]:
    entry_row = found.entry
    return {
        "id": entry_row.id,
        "child_id": entry_row.child_id,
        "kind": entry_row.kind,
        "current": version_json(_current(found)),
        "versions": [version_json(each) for each in found.versions],
        "child": entry_row.child,
        "source": entry_row.source,
        "agency": entry_row.agency,
        "category": entry_row.category,
        "further_categories": list(entry_row.further_categories),
        "promoted": entry_row.promoted,
        "chosen": [{"reason": each.reason, "by": each.by, "at": moment_json(each.at)} for each in found.choices],
        "unfinished": list(entry_row.unfinished),
        "role": found.concern.role_of_child,
        "facts": _facts(found.concern),
        "cells": [list(cell) for cell in found.concern.imported.cells] if found.concern.imported else [],
        "conflict": entry_row.conflict,
        "decisions": [
            {
                "decision": each.decision,
                "reason": each.reason,
                "due": day_json(each.due),
                "by": each.by,
                "at": moment_json(each.at),
                "outcome": each.outcome,
                "superseded": each.superseded,
            }
            for each in found.decisions
        ],
        "moved": [{"at": moment_json(each.moved_at), "by": each.by} for each in found.moves],
    }


def _caller_words(concern: ConcernLogged) -> str:
    """Return who rang or wrote for an agency, and how that was checked (R-16)."""
    caller = concern.caller
    if caller is None:
        return ""
    return joined([caller.name, caller.role, caller.agency], ", ") + f": {label_of(IdentityCheck, caller.identity)}"


def _facts(concern: ConcernLogged) -> dict[str, str]:
    """Return what was written besides the text, by its name in words; what is blank is left out (R-01, R-04, R-11)."""
    from practice.dates import in_words

    part = concern.role_of_child
    facts = {
        "The child's part": CHILD_ROLES[part] if part != "subject" else "",
        "Where": concern.place,
        "How known": label_of(HowKnown, concern.how_known),
        "Who saw it": concern.seen_by,
        "Who was present": concern.present,
        "How the child was": concern.demeanour,
        "Questions asked": concern.questions_asked,
        "Child told": label_of(Told, concern.child_told),
        "Parent told": label_of(Told, concern.parent_told),
        "If not, why": concern.not_told_reason,
        "Opinion": concern.opinion,
        "Its grounds, whose": concern.opinion_grounds,
        "Police attended": in_words(concern.police_at) if concern.police_at else "",
        "Notice reached the school": in_words(concern.school_at) if concern.school_at else "",
        "Caller": _caller_words(concern),
        "Told": "; ".join(joined([each.name, each.at], " at ") for each in concern.told),
        "Done at once": concern.immediate_action,
        "Original note": concern.original_kept,
        "As first written": concern.child_as_written,
    }
    return {name: value for name, value in facts.items() if value}


def _marked(old: str, new: str) -> str:
    return compare.in_words(compare.changes(old, new))


def _print_cells(concern: ConcernLogged) -> None:
    """Print an imported entry as its source wrote it, cell by cell (R-74)."""
    if concern.imported is None:
        return
    out(f"Line {concern.imported.line} of a chronology from {concern.imported.source}, cell by cell:")
    for header, value in concern.imported.cells:
        out(indented(f"{one_line(header)}: {value}"))


def _print_detail(found: EntryDetail, *, changes: bool = False) -> None:
    from practice.dates import day_words, in_words
    from storage.desk.concerns import recorded_words
    from storage.desk.versions import pairs

    row, concern = found.entry, found.concern
    out(joined([row.id, row.child, label_of(EntryKind, row.kind), label_of(ConcernCategory, row.category)]))
    out(f"{recorded_words(row)}, by {row.recorded_by}. Source: {source_words(row.source, row.agency)}.")
    for name, value in _facts(concern).items():
        out(indented(f"{name}: {value}"))
    _print_cells(concern)
    if row.conflict:
        out("Two people amended the same version: both stand below.")
    before = {new.act_id: old for old, new in pairs(found.versions)}
    for version in found.versions:
        now = " (the one that stands)" if version.act_id == row.version and len(found.versions) > 1 else ""
        when = version.recorded_at.astimezone()
        out(f"Version {version.version}{now}, {day_words(when.date())}, {when:%H:%M}, {version.recorded_by}")
        if version.reason:
            out(indented(f"Reason: {version.reason}"))
        out(indented(f"Happened: {in_words(version.occurred)}"))
        amended = before.get(version.act_id) if changes else None
        out(indented(_marked(amended.text, version.text) if amended else version.text))
        if version.childs_words:
            out(indented("The child's own words:"))
            words = _marked(amended.childs_words, version.childs_words) if amended else version.childs_words
            out(indented(words, "        "))
    for decision in found.decisions:
        old = ", superseded" if decision.superseded else ""
        out(
            f"Decision: {label_of(Decision, decision.decision)}, {day_words(decision.at.astimezone().date())}, "
            f"{decision.by}{old}"
        )
        out(indented(decision.reason))
        if decision.due:
            out(indented(f"Due: {day_words(decision.due)}"))
    if not found.decisions and row.kind == "concern":
        out("Nothing has been decided yet.")
    for choice in found.choices:
        out(f"Chosen for the chronology, {day_words(choice.at.astimezone().date())}, {choice.by}")
        out(indented(choice.reason))
    for trace in found.moves:
        out(f"Moved between children on {day_words(trace.moved_at.astimezone().date())}, {trace.by}")
    if row.unfinished:
        out(f"Still to be filled in: {', '.join(row.unfinished)}.")
