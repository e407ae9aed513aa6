"""Flags as they stand, a cache beside the views: worked out child by child as acts come in (R-85, design: §1.2).

Nothing here is truth: every row can be worked out anew from the views, the rules, the calendar and the day, and a test
compares. What changed is found by the ledger's own numbers, so that recording costs nothing and acts that arrive from
elsewhere count like those recorded here. Entries' words are not read.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import PatternRulesSet
from practice.pattern_rules import Rule, rules_in_force
from practice.patterns import LOOK_BACK, MOST, ChildFacts, Duty, Fact, Raised, SchoolDays, evaluate
from practice.vocabulary import Decision, Significance, label_of
from storage.views.base import chunks, marks
from storage.views.entries import ENTRIES
from storage.views.family import named

if TYPE_CHECKING:
    from storage.vault import Vault

ACTS_AT_ONCE, CHILDREN_AT_ONCE = 2_000, 200
"""How much is done in one transaction, so that nobody who records waits for it."""
SCHEMA = (
    """CREATE TABLE flag_facts (
        child_id TEXT NOT NULL, day INTEGER NOT NULL, entry_id TEXT NOT NULL, kind TEXT NOT NULL,
        categories TEXT NOT NULL, low INTEGER NOT NULL, voice INTEGER NOT NULL, sure INTEGER NOT NULL,
        PRIMARY KEY (child_id, day, entry_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX flag_facts_by_entry ON flag_facts (entry_id)",
    """CREATE TABLE flag_siblings (
        entry_id TEXT PRIMARY KEY, event TEXT NOT NULL, sibling INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX flag_siblings_by_event ON flag_siblings (event)",
    "CREATE TABLE flag_children (child_id TEXT PRIMARY KEY, valid_until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX flag_children_by_day ON flag_children (valid_until)",
    """CREATE TABLE flags (
        id TEXT PRIMARY KEY, child_id TEXT NOT NULL, rule TEXT NOT NULL, label TEXT NOT NULL, sentence TEXT NOT NULL,
        entries TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX flags_by_child ON flags (child_id)",
    "CREATE INDEX decisions_waiting ON decisions (due, entry_id)"
    " WHERE superseded = 0 AND due IS NOT NULL AND outcome = ''",
    "CREATE TABLE flag_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
TABLES = ("flag_facts", "flag_siblings", "flag_children", "flags", "flag_state")
KINDS = (*sorted(ENTRIES.kinds), "action_added", "action_changed", "action_done", "flag_answered", "front_sheet_line")
"""The acts that may change a flag."""
GRAVE_DECISIONS = frozenset(
    {Decision.REFERRAL_SOCIAL_CARE, Decision.POLICE, Decision.EMERGENCY_999, Decision.LADO, Decision.CHANNEL}
)
GRAVE = frozenset({Significance.SIGNIFICANT, Significance.TURNING_POINT})


@dataclass
class Context:
    """What a day's evaluation rests on; the school days worked out stay with it."""

    rules: tuple[Rule, ...]
    days: SchoolDays
    today: int
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.labels = {rule.code: rule.label for rule in self.rules}


def context(vault: Vault) -> Context:
    """Return the rules in force, the school days and the day."""
    from storage.views import organisation

    own = organisation.pattern_rules(vault)
    today = vault.clock().astimezone().date()
    return Context(rules_in_force(own.rules, own.silenced), SchoolDays(vault.calendar()), today.toordinal())


def refresh(vault: Vault, *, afresh: bool = False) -> int:
    """Bring the flags up to date and return how many children were looked at; 0 where nothing has changed.

    While the record does not agree with its anchor nothing is written, and the flags stand as they were.
    """
    today = vault.clock().astimezone().date()
    with vault.read() as connection:
        stands, rests_on = _stands(connection, today)
    if vault.alarm is not None or (stands and not afresh):
        return 0
    given = context(vault)
    if afresh:
        with vault.write() as unit:
            forget(unit.connection)
    count, more = 0, True
    while more:
        with vault.write() as unit:
            looked_at, more = _step(unit.connection, given, rests_on)
        count += looked_at
    return count


def _state(connection: Connection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.exec_driver_sql("SELECT name, value FROM flag_state")}


def _stands(connection: Connection, today: date) -> tuple[bool, str]:
    """Return whether every flag is as it would be worked out now, and what the flags rest on beside the acts."""
    before = _state(connection)
    settings = connection.exec_driver_sql(
        "SELECT name, value FROM settings WHERE name IN ('calendar_set', 'pattern_rules_set') ORDER BY name"
    ).fetchall()
    rests_on = hashlib.sha256(repr([tuple(row) for row in settings] + [today.year]).encode()).hexdigest()
    news = connection.exec_driver_sql(
        f"SELECT EXISTS (SELECT 1 FROM acts WHERE n > ? AND kind IN ({marks(KINDS)}))",  # noqa: S608
        (int(before.get("acts", "0")), *KINDS),
    ).scalar_one()
    oldest = connection.exec_driver_sql("SELECT min(valid_until) FROM flag_children").scalar_one()
    stands = before.get("rests_on") == rests_on and not news and (oldest is None or oldest >= today.toordinal())
    return stands, rests_on


def forget(connection: Connection) -> None:
    """Empty the cache: the next time everything is worked out anew."""
    for table in TABLES:
        connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608


def bring_up(connection: Connection, given: Context, rests_on: str) -> None:
    """Bring the flags up to date in the transaction that is open, however much that is."""
    while _step(connection, given, rests_on)[1]:
        pass


def _step(connection: Connection, given: Context, rests_on: str) -> tuple[int, bool]:
    """Do some of what is to be done; return how many children were evaluated, and whether there is more to do.

    First the acts since the last time are taken in, which marks the children whom they concern; then the marked ones
    are evaluated, and those whose answer the day has made old. What is done is kept, so that it may be stopped.
    """
    state = _state(connection)
    since = int(state.get("acts", "0"))
    if state.get("rests_on") != rests_on:
        connection.exec_driver_sql("UPDATE flag_children SET valid_until = 0")
        connection.exec_driver_sql("INSERT OR REPLACE INTO flag_state VALUES ('rests_on', ?)", (rests_on,))
    newest = connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM acts").scalar_one()
    if since < newest:
        until = min(newest, since + ACTS_AT_ONCE)
        marked = [(child,) for child in sorted(_take_in(connection, since, until))]
        if marked:
            connection.exec_driver_sql("INSERT OR REPLACE INTO flag_children VALUES (?, 0)", marked)
        connection.exec_driver_sql("INSERT OR REPLACE INTO flag_state VALUES ('acts', ?)", (str(until),))
        if until < newest:
            return 0, True
    old = "SELECT child_id FROM flag_children WHERE valid_until < ? ORDER BY child_id LIMIT ?"
    children = connection.exec_driver_sql(old, (given.today, CHILDREN_AT_ONCE)).scalars().all()
    for child in children:
        evaluate_child(connection, given, child)
    return len(children), len(children) == CHILDREN_AT_ONCE


def _take_in(connection: Connection, since: int, until: int) -> set[str]:
    """Bring the facts up to date with the acts between two numbers; return the children whom they concern."""
    rows = connection.exec_driver_sql(
        f"SELECT kind, child, entry, event, id FROM acts WHERE n > ? AND n <= ?"  # noqa: S608
        f" AND kind IN ({marks(KINDS)})",
        (since, until, *KINDS),
    ).fetchall()
    children = {row[1] for row in rows if row[1]}
    entries = list(dict.fromkeys(row[2] for row in rows if row[2]))
    for chunk in chunks(entries):
        among = f"IN ({marks(chunk)})"
        found = connection.exec_driver_sql(f"SELECT DISTINCT child_id FROM flag_facts WHERE entry_id {among}", chunk)  # noqa: S608
        children |= set(found.scalars())
        connection.exec_driver_sql(f"DELETE FROM flag_facts WHERE entry_id {among}", chunk)  # noqa: S608
        made = list(_facts(connection, among, chunk))
        children |= {row[0] for row in made}
        if made:
            connection.exec_driver_sql("INSERT INTO flag_facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    _take_in_siblings(connection, [row[4] for row in rows if row[0] == "concern_logged" and row[3]])
    sheets = [row[1] for row in rows if row[0] == "front_sheet_line" and row[1]]
    for chunk in chunks(list(dict.fromkeys(sheets))):  # also who was named and is not any more
        once = f"SELECT other_child FROM front_sheet_lines WHERE section = 'sibling' AND child_id IN ({marks(chunk)})"  # noqa: S608
        children |= {each for each in connection.exec_driver_sql(once, chunk).scalars() if each}
    return children | _siblings_of(connection, children)


def _facts(connection: Connection, among: str, entries: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `flag_facts` for these entries."""
    statement = (
        "SELECT child_id, occurred_sort, recorded_at, id, kind, category, further_categories, decision, significance,"  # noqa: S608
        f" trim(childs_words) <> '', json_extract(occurred, '$.precision') FROM entries WHERE id {among}"
    )
    for row in connection.exec_driver_sql(statement, tuple(entries)):
        child, when, recorded, entry, kind, category, further, decision, significance, voice, precision = row
        day = date.fromisoformat(min(when[:10], recorded[:10])).toordinal()
        categories = " ".join(dict.fromkeys([category or "-", *json.loads(further)]))
        low = decision not in GRAVE_DECISIONS and significance not in GRAVE
        yield (child, day, entry, kind, categories, int(low), int(voice), int(precision in ("exact", "day")))


def _take_in_siblings(connection: Connection, acts: Sequence[str]) -> None:
    """Remember which entries of one event are about brothers and sisters, as the person who recorded it said."""
    for chunk in chunks(acts):
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO flag_siblings SELECT a.entry, a.event,"  # noqa: S608
            " coalesce(json_extract(CAST(b.body AS TEXT), '$.role_of_child'), '') = 'sibling'"
            f" FROM acts a JOIN bodies b ON b.act = a.id WHERE a.id IN ({marks(chunk)})",
            chunk,
        )


_SIBLINGS = (
    "SELECT DISTINCT other.child_id FROM flag_facts mine JOIN flag_siblings a ON a.entry_id = mine.entry_id"
    " JOIN flag_siblings b ON b.event = a.event AND (a.sibling OR b.sibling)"
    " JOIN flag_facts other ON other.entry_id = b.entry_id WHERE mine.child_id = ? AND other.child_id <> ?"
)


def _siblings_of(connection: Connection, children: Iterable[str]) -> set[str]:
    """Return the brothers and sisters of these children: named on a front sheet, or when an event was recorded."""
    found: set[str] = set()
    of_event = connection.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM flag_siblings WHERE sibling)").scalar_one()
    for child in children:
        found |= named(connection, child)
        if of_event:
            found |= set(connection.exec_driver_sql(_SIBLINGS, (child, child)).scalars())
    return found


def _facts_of(connection: Connection, child: str) -> list[Fact]:
    rows = connection.exec_driver_sql(
        "SELECT day, entry_id, kind, categories, low, voice, sure FROM flag_facts WHERE child_id = ?"
        " AND day > (SELECT max(day) FROM flag_facts WHERE child_id = ?) - ? ORDER BY day DESC, entry_id DESC LIMIT ?",
        (child, child, LOOK_BACK, MOST),
    ).fetchall()
    return [Fact._make(row) for row in reversed(rows)]


def _duties_of(connection: Connection, child: str) -> list[Duty]:
    """Return what was to be done about a child by a day and has no outcome: actions, and what decisions asked."""
    rows = connection.exec_driver_sql(
        "SELECT d.entry_id, d.due, d.decision FROM decisions d CROSS JOIN entries e ON e.id = d.entry_id"
        " WHERE +e.child_id = ? AND d.superseded = 0 AND d.due IS NOT NULL AND d.outcome = ''",
        (child,),
    )
    found = [Duty(row[0], date.fromisoformat(row[1]).toordinal(), label_of(Decision, row[2])) for row in rows]
    asked = connection.exec_driver_sql(
        "SELECT about, id, due, what FROM actions WHERE child_id = ? AND state = 'open' AND due IS NOT NULL", (child,)
    )
    for about, ident, due, what in asked:
        found.append(Duty(about or ident, date.fromisoformat(due).toordinal(), f"«{shorten(what, 60)}»"))
    return found


def child_facts(connection: Connection, child: str) -> ChildFacts:
    """Return what the rules may know of a child."""
    siblings = sorted(_siblings_of(connection, [child]))
    return ChildFacts(
        _facts_of(connection, child),
        [_facts_of(connection, each) for each in siblings],
        _duties_of(connection, child),
    )


def evaluate_child(connection: Connection, given: Context, child: str) -> None:
    """Work out one child's flags and put them in the place of the ones before."""
    found = evaluate(child_facts(connection, child), given.rules, given.days, given.today)
    considered: dict[str, set[str]] = defaultdict(set)
    answers: dict[str, int] = defaultdict(int)
    rows = connection.exec_driver_sql("SELECT rule, entries FROM flag_answers WHERE child_id = ?", (child,))
    for rule, entries in rows:
        considered[rule] |= set(json.loads(entries))
        answers[rule] += 1
    connection.exec_driver_sql("DELETE FROM flags WHERE child_id = ?", (child,))
    made = [_row(child, raised, given, considered[raised.rule], answers[raised.rule]) for raised in found.raised]
    if made:
        connection.exec_driver_sql("INSERT INTO flags VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    connection.exec_driver_sql("INSERT OR REPLACE INTO flag_children VALUES (?, ?)", (child, found.valid_until))


def _row(child: str, raised: Raised, given: Context, considered: Collection[str], answers: int) -> tuple[Any, ...]:
    """Return a flag's row: open where it lists an entry that nobody has considered yet."""
    is_open = any(entry not in considered for entry in raised.entries)
    number = answers if is_open else answers - 1
    ident = hashlib.sha256(f"{child}/{raised.rule}/{number}".encode()).hexdigest()[:16]
    state = "open" if is_open else "considered"
    entries = json.dumps(list(raised.entries))
    return ident, child, raised.rule, given.labels[raised.rule], raised.sentence, entries, state, raised.since


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FlagRow:
    """A flag: its rule, why in one sentence, its entries, and whether it still asks to be considered."""

    id: str
    child_id: str
    child: str
    rule: str
    label: str
    sentence: str
    entries: tuple[str, ...]
    state: str
    since: date
    reason: str = ""


def flags(vault: Vault, *, child_id: str = "", considered: bool = False, as_kept: bool = False) -> list[FlagRow]:
    """Return the open flags, and on request the considered ones with the reason, after bringing them up to date.

    With `as_kept` they are returned as the cache holds them, at once.
    """
    if not as_kept:
        refresh(vault)
    clause, parameters = ("WHERE f.child_id = ?", (child_id,)) if child_id else ("", ())
    if not considered:
        clause += (" AND" if clause else "WHERE") + " f.state = 'open'"
    statement = (
        "SELECT f.id, f.child_id, c.name, f.rule, f.label, f.sentence, f.entries, f.state, f.since,"  # noqa: S608
        " (SELECT a.reason FROM flag_answers a WHERE a.flag = f.id ORDER BY a.recorded_at DESC LIMIT 1)"
        f" FROM flags f JOIN children c ON c.id = f.child_id {clause}"
        " ORDER BY c.sort_name, f.child_id, f.since DESC, f.rule"
    )
    with vault.read() as connection:
        rows = connection.exec_driver_sql(statement, parameters).fetchall()
    return [
        FlagRow(
            id=row[0],
            child_id=row[1],
            child=row[2],
            rule=row[3],
            label=row[4],
            sentence=row[5],
            entries=tuple(json.loads(row[6])),
            state=row[7],
            since=date.fromordinal(row[8]),
            reason=row[9] or "",
        )
        for row in rows
    ]


def rules_of(vault: Vault) -> tuple[tuple[Rule, ...], PatternRulesSet]:
    """Return the rules in force, and what the school itself set."""
    from storage.views import organisation

    own = organisation.pattern_rules(vault)
    return rules_in_force(own.rules, own.silenced), own
