"""Flags as they stand, a cache beside the views: worked out child by child as acts come in (R-85, design: §1.2).

Nothing here is truth: every row can be worked out anew from the views, the rules, the calendar and the day, and a test
compares. What changed is found by the ledger's own numbers, so that recording costs nothing and acts that arrive from
elsewhere count like those recorded here. Entries' words are not read.

A console that stays open keeps what it knows of the children it looked at last (`storage.flag_context`), and only the
entries that a flag gained or lost are written.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from practice.acts import PatternRulesSet
from practice.pattern_facts import Fact, Facts
from practice.pattern_rules import Rule, rules_in_force
from practice.patterns import ChildFacts, Raised, changed_rows, evaluate
from storage.flag_context import CONTEXTS, Context, Written, context_of
from storage.flag_facts import all_siblings, answers_of, duties_of, made_of, take_in_siblings
from storage.views.base import chunks, marks
from storage.views.entries import ENTRIES

if TYPE_CHECKING:
    from storage.vault import Vault

ACTS_AT_ONCE, CHILDREN_AT_ONCE = 8_000, 400
"""How much is done in one transaction: a fraction of a second, so that nobody who records waits for it."""
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
        state TEXT NOT NULL, since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE flag_entries (
        flag_id TEXT NOT NULL, day INTEGER NOT NULL, entry_id TEXT NOT NULL, PRIMARY KEY (flag_id, day, entry_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX flags_by_child ON flags (child_id)",
    "CREATE INDEX decisions_waiting ON decisions (due, entry_id)"
    " WHERE superseded = 0 AND due IS NOT NULL AND outcome = ''",
    "CREATE TABLE flag_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
TABLES = ("flag_facts", "flag_siblings", "flag_children", "flags", "flag_entries", "flag_state")
KINDS = (*sorted(ENTRIES.kinds), "action_added", "action_changed", "action_done", "flag_answered", "front_sheet_line")
"""The acts that may change a flag."""
OF_ONE_CHILD = frozenset({"amended", "completed", "decided", "decision_closed", "promoted", "flag_answered"}) | {
    "action_added",
    "action_changed",
    "action_done",
}
"""Acts that change nothing of who is whose brother or sister."""
NO_DUTY = frozenset({"concern_logged", "amended", "completed", "promoted", "flag_answered", "front_sheet_line"})
"""Acts that leave what is still to be done as it is."""


def refresh(vault: Vault, *, afresh: bool = False) -> int:
    """Bring the flags up to date and return how many children were looked at; 0 where nothing has changed.

    While the record does not agree with its anchor nothing is written, and the flags stand as they were. A visit set
    holds a part of the record, in which no pattern is looked for.
    """
    if vault.visit is not None:
        return 0
    today = vault.clock().astimezone().date()
    with vault.read() as connection:
        stands, rests_on = _stands(connection, today)
    if vault.alarm is not None or (stands and not afresh):
        return 0
    if afresh:
        CONTEXTS.pop(vault, None)
        with vault.write() as unit:
            forget(unit.connection)
    count, more = 0, True
    try:
        while more:
            with vault.write() as unit:
                looked_at, more = _step(unit.connection, context_of(vault, rests_on, today), rests_on)
            count += looked_at
    except BaseException:
        CONTEXTS.pop(vault, None)  # what was taken back is not what is kept
        raise
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


def make_afresh(connection: Connection) -> None:
    """Make the cache's tables anew, empty, in their present shape."""
    for table in TABLES:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    connection.exec_driver_sql("DROP INDEX IF EXISTS decisions_waiting")
    for statement in SCHEMA:
        connection.exec_driver_sql(statement)


def forget(connection: Connection) -> None:
    """Empty the cache: the next time everything is worked out anew."""
    for table in TABLES:
        connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608


def forget_children(connection: Connection, children: Iterable[str], entries: Iterable[str]) -> None:
    """Take these children and entries out of the cache; every open console reads anew from then on."""
    for chunk in chunks(sorted(entries)):
        for table in ("flag_facts", "flag_siblings", "flag_entries"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE entry_id IN ({marks(chunk)})", chunk)  # noqa: S608
    for chunk in chunks(sorted(children)):
        among = f"child_id IN ({marks(chunk)})"
        of_children = f"SELECT id FROM flags WHERE {among}"  # noqa: S608
        connection.exec_driver_sql(f"DELETE FROM flag_entries WHERE flag_id IN ({of_children})", chunk)  # noqa: S608
        for table in ("flag_facts", "flags", "flag_children"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {among}", chunk)  # noqa: S608
    count = int(_state(connection).get("forgotten", "0")) + 1
    connection.exec_driver_sql("INSERT OR REPLACE INTO flag_state VALUES ('forgotten', ?)", (str(count),))


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
    if (given.taken, given.forgotten) != (since, state.get("forgotten", "")):  # another process went on meanwhile
        given.forget()
        given.taken, given.forgotten = since, state.get("forgotten", "")
    if state.get("rests_on") != rests_on:
        connection.exec_driver_sql("UPDATE flag_children SET valid_until = 0")
        connection.exec_driver_sql("INSERT OR REPLACE INTO flag_state VALUES ('rests_on', ?)", (rests_on,))
    newest = connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM acts").scalar_one()
    if since < newest:
        until = min(newest, since + ACTS_AT_ONCE)
        marked = [(child,) for child in sorted(_take_in(connection, given, since, until))]
        if marked:
            connection.exec_driver_sql("INSERT OR REPLACE INTO flag_children VALUES (?, 0)", marked)
        connection.exec_driver_sql("INSERT OR REPLACE INTO flag_state VALUES ('acts', ?)", (str(until),))
        if until < newest:
            return 0, True
    old = "SELECT child_id FROM flag_children WHERE valid_until < ? ORDER BY child_id LIMIT ?"
    children = connection.exec_driver_sql(old, (given.today, CHILDREN_AT_ONCE)).scalars().all()
    evaluate_children(connection, given, children)
    given.tidy()
    return len(children), len(children) == CHILDREN_AT_ONCE


def _take_in(connection: Connection, given: Context, since: int, until: int) -> set[str]:
    """Bring the facts up to date with the acts between two numbers; return the children whom they concern."""
    rows = connection.exec_driver_sql(
        f"SELECT kind, child, entry, event, id FROM acts WHERE n > ? AND n <= ?"  # noqa: S608
        f" AND kind IN ({marks(KINDS)})",
        (since, until, *KINDS),
    ).fetchall()
    children = {row[1] for row in rows if row[1]}
    families = any(row[0] not in OF_ONE_CHILD and (row[0] != "concern_logged" or row[3]) for row in rows)
    before = (given.siblings if given.siblings is not None else all_siblings(connection)) if families else {}
    children |= _take_in_facts(connection, given, list(dict.fromkeys(row[2] for row in rows if row[2])))
    take_in_siblings(connection, [row[4] for row in rows if row[0] == "concern_logged" and row[3]])
    if families:
        given.siblings = None
        children |= {each for child in children for each in before.get(child, ())}
    children |= given.siblings_of(connection, children)
    _let_go(given, children, {row[0] for row in rows})
    given.taken = until
    return children


def _take_in_facts(connection: Connection, given: Context, entries: list[str]) -> set[str]:
    """Put the facts of these entries in the place of the ones before; return the children whose they were and are."""
    children: set[str] = set()
    made: list[tuple[Any, ...]] = []
    for chunk in chunks(entries):
        among = f"IN ({marks(chunk)})"
        found = connection.exec_driver_sql(f"SELECT DISTINCT child_id FROM flag_facts WHERE entry_id {among}", chunk)  # noqa: S608
        if before := set(found.scalars()):
            children |= before
            connection.exec_driver_sql(f"DELETE FROM flag_facts WHERE entry_id {among}", chunk)  # noqa: S608
        made += made_of(connection, among, chunk)
    for known in (given.children[child] for child in children if child in given.children):
        for entry in entries:
            known.facts.remove(entry)
    for child, *fact in made:
        children.add(child)
        if child in given.children:
            given.children[child].facts.add(Fact._make(fact))
    if made:
        made.sort()  # in the table's own order, page after page is written once
        connection.exec_driver_sql("INSERT INTO flag_facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    return children


def _let_go(given: Context, children: Iterable[str], kinds: set[str]) -> None:
    """Forget of these children what acts of these kinds may have changed beside their facts."""
    for known in (given.children[child] for child in children if child in given.children):
        if kinds - NO_DUTY:
            known.duties = None
        if "flag_answered" in kinds:
            known.answers = None


def evaluate_children(connection: Connection, given: Context, children: Sequence[str]) -> None:
    """Work out these children's flags and write what has changed of them; what it takes is read for all at once."""
    siblings = {child: sorted(given.siblings_of(connection, [child])) for child in children}
    given.known(connection, list(dict.fromkeys(each for child in children for each in (child, *siblings[child]))))
    known = given.children
    duties = duties_of(connection, [child for child in children if known[child].duties is None])
    answers = answers_of(connection, [child for child in children if known[child].answers is None])
    stands: list[tuple[str, int]] = []
    for child in children:
        known[child].duties = duties.get(child, known[child].duties)
        known[child].answers = answers.get(child, known[child].answers)
        stands.append((child, _evaluate(connection, given, child, [known[each].facts for each in siblings[child]])))
    if stands:
        connection.exec_driver_sql("INSERT OR REPLACE INTO flag_children VALUES (?, ?)", stands)


def _evaluate(connection: Connection, given: Context, child: str, siblings: list[Facts]) -> int:
    """Work out one child's flags, write what has changed of them, and return the last day for which they stand."""
    known = given.children[child]
    assert known.duties is not None
    assert known.answers is not None
    found = evaluate(ChildFacts(known.facts, siblings, known.duties), given.rules, given.days, given.today)
    made: Written = {}
    for raised in found.raised:
        considered, answers = known.answers.get(raised.rule, (frozenset(), 0))
        made[raised.rule] = (_row(child, raised, given, considered, answers), frozenset(raised.rests_on))
    _write(connection, child, known.written, made)
    known.written = made
    return found.valid_until


def _row(child: str, raised: Raised, given: Context, considered: frozenset[str], answers: int) -> tuple[Any, ...]:
    """Return a flag's row: open where it lists an entry that nobody has considered yet."""
    days = reversed(raised.rests_on)
    is_open = not considered or any(fact.entry not in considered for day in days for fact in day.facts)
    number = answers if is_open else answers - 1
    ident = hashlib.sha256(f"{child}/{raised.rule}/{number}".encode()).hexdigest()[:16]
    state = "open" if is_open else "considered"
    return ident, child, raised.rule, given.labels[raised.rule], raised.sentence, state, raised.since


def _write(connection: Connection, child: str, before: Written | None, now: Written) -> None:
    """Write of a child's flags what is otherwise now; all of them, where it is not known what stands there."""
    if before is None:
        of_child = "SELECT id FROM flags WHERE child_id = ?"
        connection.exec_driver_sql(f"DELETE FROM flag_entries WHERE flag_id IN ({of_child})", (child,))  # noqa: S608
        connection.exec_driver_sql("DELETE FROM flags WHERE child_id = ?", (child,))
        before = {}
    gone = [before[rule][0][0] for rule in before if rule not in now or now[rule][0][0] != before[rule][0][0]]
    for ident in gone:
        connection.exec_driver_sql("DELETE FROM flag_entries WHERE flag_id = ?", (ident,))
        connection.exec_driver_sql("DELETE FROM flags WHERE id = ?", (ident,))
    for rule, (row, days) in now.items():
        old_row, old_days = before.get(rule, ((), frozenset()))
        if row == old_row and days == old_days:
            continue
        if not old_row or old_row[0] != row[0]:
            old_days = frozenset()
        connection.exec_driver_sql("INSERT OR REPLACE INTO flags VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        less, more = changed_rows(old_days, days)
        lost = [(row[0], day, entry) for day, entry in less]
        new = [(row[0], day, entry) for day, entry in more]
        if lost:
            connection.exec_driver_sql("DELETE FROM flag_entries WHERE flag_id = ? AND day = ? AND entry_id = ?", lost)
        if new:
            connection.exec_driver_sql("INSERT INTO flag_entries VALUES (?, ?, ?)", new)


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


def flags(vault: Vault, *, child_id: str = "", considered: bool = False) -> list[FlagRow]:
    """Return the open flags, and on request the considered ones with the reason, after bringing them up to date."""
    refresh(vault)
    clause, parameters = ("WHERE f.child_id = ?", (child_id,)) if child_id else ("", ())
    if not considered:
        clause += (" AND" if clause else "WHERE") + " f.state = 'open'"
    listed = f"SELECT flag_id, entry_id FROM flag_entries WHERE flag_id IN (SELECT f.id FROM flags f {clause})"  # noqa: S608
    statement = (
        "SELECT f.id, f.child_id, c.name, f.rule, f.label, f.sentence, f.state, f.since,"  # noqa: S608
        " (SELECT a.reason FROM flag_answers a WHERE a.flag = f.id ORDER BY a.recorded_at DESC LIMIT 1)"
        f" FROM flags f JOIN children c ON c.id = f.child_id {clause}"
        " ORDER BY c.sort_name, f.child_id, f.since DESC, f.rule"
    )
    with vault.read() as connection:
        rows = connection.exec_driver_sql(statement, parameters).fetchall()
        entries: dict[str, list[str]] = defaultdict(list)
        for flag, entry in connection.exec_driver_sql(f"{listed} ORDER BY flag_id, day, entry_id", parameters):
            entries[flag].append(entry)
    return [
        FlagRow(
            id=row[0],
            child_id=row[1],
            child=row[2],
            rule=row[3],
            label=row[4],
            sentence=row[5],
            entries=tuple(entries[row[0]]),
            state=row[6],
            since=date.fromordinal(row[7]),
            reason=row[8] or "",
        )
        for row in rows
    ]


class ToConsider(NamedTuple):
    """A child with patterns to consider: the newest one's name, and how many there are."""

    child_id: str
    child: str
    label: str
    number: int


def to_consider(vault: Vault) -> list[ToConsider]:
    """Return each child with an open flag, by name, as the cache holds them: at once, and without their evidence."""
    statement = (
        "SELECT child_id, name, label, count FROM (SELECT f.child_id, c.name, f.label, c.sort_name,"
        " count(*) OVER (PARTITION BY f.child_id) AS count,"
        " row_number() OVER (PARTITION BY f.child_id ORDER BY f.since DESC, f.rule) AS place"
        " FROM flags f JOIN children c ON c.id = f.child_id WHERE f.state = 'open')"
        " WHERE place = 1 ORDER BY sort_name, child_id"
    )
    with vault.read() as connection:
        return [ToConsider(*row) for row in connection.exec_driver_sql(statement)]


def rules_of(vault: Vault) -> tuple[tuple[Rule, ...], PatternRulesSet]:
    """Return the rules in force, and what the school itself set."""
    from storage.views import organisation

    own = organisation.pattern_rules(vault)
    return rules_in_force(own.rules, own.silenced), own
