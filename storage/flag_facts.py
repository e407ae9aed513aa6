"""What the patterns of a child rest on, as the record's tables hold it: facts, families, duties, answers (R-85)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from textwrap import shorten
from typing import Any

from sqlalchemy import Connection

from practice.pattern_facts import Fact
from practice.patterns import Duty
from practice.vocabulary import Decision, Significance, label_of
from storage.views.base import chunks, marks

GRAVE_DECISIONS = frozenset(
    {Decision.REFERRAL_SOCIAL_CARE, Decision.POLICE, Decision.EMERGENCY_999, Decision.LADO, Decision.CHANNEL}
)
GRAVE = frozenset({Significance.SIGNIFICANT, Significance.TURNING_POINT})
Answers = dict[str, tuple[frozenset[str], int]]
"""By rule: which entries somebody considered, and how often."""


def made_of(connection: Connection, among: str, entries: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `flag_facts` for these entries."""
    statement = (
        "SELECT child_id, occurred_sort, recorded_at, id, kind, category, further_categories, decision, significance,"  # noqa: S608
        f" trim(childs_words) <> '', json_extract(occurred, '$.precision') FROM entries WHERE id {among}"
    )
    for row in connection.exec_driver_sql(statement, tuple(entries)).fetchall():
        child, when, recorded, entry, kind, category, further, decision, significance, voice, precision = row
        day = date.fromisoformat(min(when[:10], recorded[:10])).toordinal()
        more = json.loads(further) if further != "[]" else ()
        categories = " ".join(dict.fromkeys([category or "-", *more]))
        low = decision not in GRAVE_DECISIONS and significance not in GRAVE
        yield (child, day, entry, kind, categories, int(low), int(voice), int(precision in ("exact", "day")))


def take_in_siblings(connection: Connection, acts: Sequence[str]) -> None:
    """Remember which entries of one event are about brothers and sisters, as the person who recorded it said."""
    for chunk in chunks(acts):
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO flag_siblings SELECT a.entry, a.event,"  # noqa: S608
            " coalesce(json_extract(CAST(b.body AS TEXT), '$.role_of_child'), '') = 'sibling'"
            f" FROM acts a JOIN bodies b ON b.act = a.id WHERE a.id IN ({marks(chunk)})",
            chunk,
        )


_OF_EVENTS = (
    "SELECT DISTINCT mine.child_id, other.child_id FROM flag_siblings a"
    " CROSS JOIN flag_siblings b ON b.event = a.event AND (a.sibling OR b.sibling)"
    " CROSS JOIN flag_facts mine ON mine.entry_id = a.entry_id"
    " CROSS JOIN flag_facts other ON other.entry_id = b.entry_id WHERE mine.child_id <> other.child_id"
)
_OF_SHEETS = (
    "SELECT child_id, other_child FROM front_sheet_lines"
    " WHERE section = 'sibling' AND stands AND other_child <> '' AND other_child <> child_id"
)


def all_siblings(connection: Connection) -> dict[str, set[str]]:
    """Return who is whose brother or sister: named on a front sheet, or when an event was recorded."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in (_OF_EVENTS, _OF_SHEETS):
        for one, other in connection.exec_driver_sql(statement):
            found[one].add(other)
            found[other].add(one)
    return dict(found)


def facts_of(connection: Connection, children: Sequence[str]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {child: [] for child in children}
    for chunk in chunks(children):
        statement = (
            "SELECT child_id, day, entry_id, kind, categories, low, voice, sure FROM flag_facts"  # noqa: S608
            f" WHERE child_id IN ({marks(chunk)})"
        )
        for child, *fact in connection.exec_driver_sql(statement, chunk):
            found[child].append(Fact._make(fact))
    return found


def duties_of(connection: Connection, children: Sequence[str]) -> dict[str, list[Duty]]:
    """Return what was to be done about children by a day and has no outcome: actions, and what decisions asked."""
    found: dict[str, list[Duty]] = {child: [] for child in children}
    for chunk in chunks(children):
        rows = connection.exec_driver_sql(
            "SELECT e.child_id, d.entry_id, d.due, d.decision FROM decisions d CROSS JOIN entries e"  # noqa: S608
            f" ON e.id = d.entry_id WHERE +e.child_id IN ({marks(chunk)}) AND d.superseded = 0 AND d.due IS NOT NULL"
            " AND d.outcome = ''",
            chunk,
        )
        for child, entry, due, decision in rows:
            found[child].append(Duty(entry, date.fromisoformat(due).toordinal(), label_of(Decision, decision)))
        asked = connection.exec_driver_sql(
            f"SELECT child_id, about, id, due, what FROM actions WHERE child_id IN ({marks(chunk)})"  # noqa: S608
            " AND state = 'open' AND due IS NOT NULL",
            chunk,
        )
        for child, about, ident, due, what in asked:
            words = f"«{shorten(what, 60)}»"
            found[child].append(Duty(about or ident, date.fromisoformat(due).toordinal(), words))
    return found


def answers_of(connection: Connection, children: Sequence[str]) -> dict[str, Answers]:
    """Return of children, by rule, which entries somebody considered, and how often."""
    found: dict[str, Answers] = {child: {} for child in children}
    for chunk in chunks(children):
        among = f"SELECT child_id, rule, entries FROM flag_answers WHERE child_id IN ({marks(chunk)})"  # noqa: S608
        for child, rule, entries in connection.exec_driver_sql(among, chunk):
            before, count = found[child].get(rule, (frozenset(), 0))
            found[child][rule] = (before | set(json.loads(entries)), count + 1)
    return found
