"""`chronology` and `search`: reading a child's record back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import HEEDED, Code, Command, Day, ShowGroup
from dsl_console.cli.output import indented, joined, moment_json, occurred_json, one_line, out, print_json, source_words
from dsl_console.cli.session import Session
from practice.text import counted
from practice.vocabulary import ConcernCategory, Decision, EntryKind, Impact, ShareState, Significance, label_of

if TYPE_CHECKING:
    from storage.views.children import ChildRow
    from storage.views.record_rows import EntryRow, Trace
    from storage.views.sharing import ShareRow

Shares = dict[str, list["ShareRow"]]


@dataclass(frozen=True)
class Merging:
    """What is known of entries that came from other agencies' chronologies, and of links between entries."""

    imports: dict[str, tuple[str, str, str]]
    linked: dict[str, list[str]]

    def repeats(self, entry_id: str) -> str:
        """Return the entry that this one repeats word for word, or blank."""
        return self.imports.get(entry_id, ("", "", ""))[2]


@click.group(cls=ShowGroup, short_help="Show a child's record in order, and merge others' chronologies.")
@click.argument("child", required=False)
@click.option("--promoted", is_flag=True, help="Only what was chosen for the chronology.")
@click.option("--from", "start", metavar="DATE", type=Day(), help="Only what happened on this day or later.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="Only what happened on this day or earlier.")
@click.option("--as-known-on", metavar="DATE", type=Day(), help="The record as it stood at the end of that day.")
@click.option("--timeline", "line", is_flag=True, help="The time line: weeks, gaps, clusters, agencies.")
@click.option(
    "--family", is_flag=True, help="With the children whom the front sheet connects, each entry about its own."
)
@click.option("--source", metavar="AGENCY", default="", help="Only what came from this agency, by its whole name.")
@click.option("--kind", metavar="K", type=Code(*EntryKind), help="Only entries of this kind.")
@click.option("--category", metavar="C", type=Code(*ConcernCategory), help="Only entries about this.")
@click.option("--significance", metavar="S", type=Code(*Significance), help="Only entries that mean this.")
@click.option("--anonymous", is_flag=True, help="With every name of the child's glossary masked.")
@click.option("--out", metavar="FILE", help="Write a copy to FILE.pdf, .html, .csv or .json; it is recorded.")
@click.option("--heeded", metavar="CODE", default="", help=HEEDED)
@click.pass_context
def chronology(
    context: click.Context,
    child: str | None,
    promoted: bool,
    start: date | None,
    end: date | None,
    as_known_on: date | None,
    line: bool,
    family: bool,
    source: str,
    kind: str | None,
    category: str | None,
    significance: str | None,
    anonymous: bool,
    out: str | None,
    heeded: str,
) -> None:
    """Show a child's record in the order in which it happened, or write a copy of it to a file."""
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    if start and end and start > end:
        raise click.UsageError("--from lies after --to.")
    filters = line or family or source or kind or category or significance
    if anonymous and filters:
        raise click.UsageError(
            "--anonymous masks the chronology or a copy of it, and goes with no filter or time line."
        )
    with session.opened(writes=out is not None) as vault:
        from storage.views import links, record, removals, sharing

        row = session.child(vault, child)
        session.opening(vault, row.id)
        if out is not None:
            from dsl_console.cli.export import write_copy
            from storage.documents.gather import Wanted

            wanted = Wanted(row.id, "chronology", start, end, as_known_on, everything=not promoted, anonymous=anonymous)
            write_copy(session, vault, wanted, session.need(out, "--out", "Where to"), heeded)
            return
        if filters:
            from dsl_console.cli.timeline import show_workbench
            from storage.views.timeline import Filter

            named = (source, kind or "", category or "", significance or "")
            filtered = Filter(*named, promoted, start, end, as_known_on)
            merging = Merging(links.imports(vault, row.id), links.linked(vault))
            show_workbench(
                session,
                vault,
                row,
                filtered,
                family=family,
                line=line,
                entry_json=lambda entry: _entry_json(entry, [], merging),
                print_entry=lambda entry: _print_entry(entry, [], merging),
            )
            return
        entries = record.chronology(vault, row.id, promoted=promoted, start=start, end=end, as_known_on=as_known_on)
        merged = Merging(links.imports(vault, row.id), links.linked(vault))
        if anonymous:
            from storage.desk.glossary import anonymised, nameless
            from storage.views.glossary import glossary

            entries, row = anonymised(entries, glossary(vault, row.id)), nameless(row)
        traces = [] if promoted or anonymous else record.traces(vault, row.id)
        if as_known_on:
            traces = [each for each in traces if each.moved_at.astimezone().date() <= as_known_on]
        shown = not (promoted or anonymous or as_known_on or start or end)
        removed = sum(each.state == "removed" for each in removals.of_child(vault, row.id)) if shown else 0
        shares: Shares = {}
        for share in [] if anonymous else sharing.shares(vault, child_id=row.id):
            shares.setdefault(share.entry_id, []).append(share)
    if session.json:
        print_json(
            {
                "child": {"id": row.id, "name": row.name},
                "entries": [_entry_json(each, shares.get(each.id, []), merged) for each in entries],
                "moved": [{"at": moment_json(each.moved_at), "by": each.by, "away": each.away} for each in traces],
            }
        )
    else:
        _print_chronology(_head(row, as_known_on, anonymous), entries, traces, shares, merged, removed)


def _entry_json(entry: EntryRow, shares: list[ShareRow], merged: Merging) -> dict[str, Any]:
    return {
        "id": entry.id,
        "occurred": occurred_json(entry.occurred),
        "recorded_at": moment_json(entry.recorded_at),
        "source": entry.source,
        "agency": entry.agency,
        "kind": entry.kind,
        "text": entry.text,
        "childs_words": entry.childs_words,
        "category": entry.category,
        "significance": entry.significance,
        "impact": entry.impact,
        "action": entry.action,
        "outcome": entry.outcome,
        "duplicate_of": merged.repeats(entry.id) or None,
        "links": merged.linked.get(entry.id, []),
        "on_share": merged.imports.get(entry.id, ("", "", ""))[1] or None,
        "shared": [{"partner": share.partner, "state": share.state} for share in shares],
        "promoted": entry.promoted,
        "decision": entry.decision,
        "versions": entry.versions,
        "recorded_by": entry.recorded_by,
    }


def _head(child: ChildRow, as_known_on: date | None, anonymous: bool) -> str:
    """Return the lines above a chronology: whose it is, and of which day."""
    from practice.dates import day_words

    who = f"{child.name}, names masked" if anonymous else child.told_apart
    known = f"\nAs it was known at the end of {day_words(as_known_on)}." if as_known_on else ""
    return f"{who}  {child.id}{known}"


def _print_chronology(
    head: str, entries: list[EntryRow], traces: list[Trace], shares: Shares, merged: Merging, removed: int
) -> None:
    from practice.dates import day_words

    out(head)
    count = f"{counted(len(entries), 'entry', 'entries')}." if entries else "There is nothing here yet."
    out(count + (f" {removed} removed: dsl-console entry removals --child." if removed else ""))
    for entry in entries:
        out()
        _print_entry(entry, shares.get(entry.id, []), merged)
    if traces:
        out()
    for trace in traces:
        way = "from" if trace.away else "to"
        out(f"An entry was moved {way} this record on {day_words(trace.moved_at.astimezone().date())}, {trace.by}.")


def _print_entry(entry: EntryRow, shares: list[ShareRow], merged: Merging) -> None:
    from practice.dates import in_words
    from storage.desk.concerns import recorded_words

    out(joined([in_words(entry.occurred), label_of(EntryKind, entry.kind), label_of(ConcernCategory, entry.category)]))
    out(
        indented(
            joined(
                [
                    f"Source: {source_words(entry.source, entry.agency)}",
                    f"{recorded_words(entry)}, {entry.recorded_by}",
                ]
            )
        )
    )
    out(indented(entry.text))
    if entry.childs_words:
        out(indented("The child's own words:"))
        out(indented(entry.childs_words, "        "))
    marks = [
        f"In the chronology: {label_of(Significance, entry.significance)}" if entry.promoted else "",
        f"Impact: {label_of(Impact, entry.impact)}" if entry.impact else "",
        f"Decision: {label_of(Decision, entry.decision)}" if entry.decision else "",
        f"{entry.versions} versions" if entry.versions > 1 else "",
        f"Repeats {merged.repeats(entry.id)} word for word" if merged.repeats(entry.id) else "",
        f"The same event as {', '.join(merged.linked[entry.id])}" if entry.id in merged.linked else "",
        *(f"{share.partner}: {label_of(ShareState, share.state)}" for share in shares),
    ]
    for name, text in (("Action", entry.action), ("Outcome", entry.outcome)):
        if text:
            out(indented(f"{name}: {text}"))
    if any(marks):
        out(indented(one_line(joined(marks))))
    out(indented(entry.id))


@click.command(cls=Command, short_help="Find entries by their words.")
@click.argument("words", nargs=-1)
@click.option("--child", metavar="CHILD", help="Only in this child's record.")
@click.option("--category", metavar="C", default="", help="Only entries about this; the beginning of it will do.")
@click.option("--kind", metavar="K", default="", help="Only entries of this kind; the beginning of it will do.")
@click.option("--agency", metavar="A", default="", help="Only what came from this agency; a part of its name will do.")
@click.option("--from", "start", metavar="DATE", type=Day(), help="Only what happened on this day or later.")
@click.option("--to", "end", metavar="DATE", type=Day(), help="Only what happened on this day or earlier.")
@click.pass_obj
def search(
    session: Session,
    words: tuple[str, ...],
    child: str | None,
    category: str,
    kind: str,
    agency: str,
    start: date | None,
    end: date | None,
) -> None:
    """Find entries that hold all these words, the newest first; a phrase stands in double quotes.

    A name that a child has or had finds the entries about them that hold the other words; a date finds what happened
    then. The filters may also stand among the words: category:neglect kind:strength agency:police from:1/9/25 on:today.
    """
    filters = category or kind or agency or start or end
    wanted = " ".join(words) if filters else session.need(" ".join(words), "WORDS", "Words")
    with session.opened() as vault:
        from storage.views.search import Narrow, find

        within = session.child(vault, child, "--child").id if child else ""
        hits = find(vault, wanted, Narrow(within, category, agency, kind, start, end))
    if session.json:
        print_json(
            [
                {
                    "entry_id": hit.entry_id,
                    "child_id": hit.child_id,
                    "child": hit.child,
                    "occurred": occurred_json(hit.occurred),
                    "snippet": _unmarked(hit.snippet),
                    "marked": hit.snippet,
                }
                for hit in hits
            ]
        )
        return
    from practice.dates import in_words

    for hit in hits:
        out(joined([hit.entry_id, one_line(hit.child), in_words(hit.occurred)]))
        out(indented(_unmarked(hit.snippet)))
    if not hits:
        session.note("Nothing was found.")


def _unmarked(snippet: str) -> str:
    """Return the words as they were written: the marks around what was found are for a screen."""
    return snippet.replace("⟪", "").replace("⟫", "")
