"""`chronology --timeline`, its filters, and the family in one view (R-76)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dsl_console.cli.output import day_json, out, print_json
from dsl_console.cli.session import Session
from practice.timeline import Timeline, picture, said

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.record_rows import EntryRow
    from storage.views.timeline import Filter

WIDTH = 100


def show_workbench(
    session: Session,
    vault: Vault,
    child: ChildRow,
    wanted: Filter,
    *,
    family: bool,
    line: bool,
    entry_json: Callable[[EntryRow], dict[str, Any]],
    print_entry: Callable[[EntryRow], None],
) -> None:
    """Show the entries that a filter wants, of a child or the family, with the time line where it is asked for."""
    from practice.dates import day_words
    from storage.views import timeline

    shown = timeline.family(vault, child.id) if family else [child]
    for each in shown:
        session.opening(vault, each.id)
    bench = timeline.workbench(vault, [each.id for each in shown], wanted)
    entries = bench.fetch(0, len(bench.keys))
    if session.json:
        made: dict[str, Any] = {
            "child": {"id": child.id, "name": child.name},
            "family": [{"id": each.id, "name": each.name} for each in shown],
            "entries": [{**entry_json(each), "child_id": each.child_id, "child": each.child} for each in entries],
        }
        print_json({**made, "timeline": timeline_json(bench.line)} if line else made)
        return
    for each in shown:
        out(f"{each.told_apart}  {each.id}")
    if wanted.known_on:
        out(f"As it was known at the end of {day_words(wanted.known_on)}.")
    if line:
        for row in (*picture(bench.line, WIDTH), *said(bench.line)):
            out(row)
    for entry in entries:
        out()
        if family:
            out(entry.child)
        print_entry(entry)
    if not entries:
        out("No entry is like that.")


def timeline_json(line: Timeline) -> dict[str, Any]:
    """Return a time line for a program."""
    return {
        "weeks": [
            {
                "monday": day_json(week.monday),
                "entries": week.count,
                "sources": list(week.sources),
                "holiday": week.holiday,
            }
            for week in line.weeks
        ],
        "gaps": [
            {"from": day_json(span.start), "to": day_json(span.end), "school_weeks": span.count} for span in line.gaps
        ],
        "clusters": [
            {"from": day_json(span.start), "to": day_json(span.end), "entries": span.count} for span in line.clusters
        ],
        "agencies": [{"mark": mark, "name": name, "entries": count} for mark, name, count in line.agencies],
        "not_dated": line.undated,
    }
