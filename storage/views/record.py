"""Reading a child's record: the chronology, one entry whole, search, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select
from sqlalchemy import text as sql

from practice.acts import Completed, ConcernLogged, Promoted
from practice.dates import Occurred
from practice.errors import NotFound, Refused
from practice.quality import completed
from practice.received import received_entry
from practice.roles import finds_only_given
from storage import ledger
from storage.views import removals
from storage.views.base import insertion, marks, table_of
from storage.views.children import ChildTable
from storage.views.entries import ENTRIES
from storage.views.entry_tables import (
    UNDECIDED,
    UNFINISHED,
    AnswerTable,
    DecisionTable,
    EntryTable,
    TraceTable,
    VersionTable,
)
from storage.views.organisation import PersonTable
from storage.views.record_rows import ChoiceRow, DecisionRow, EntryDetail, EntryRow, Hit, Trace, VersionRow, Waiting
from storage.views.searched import search_query

if TYPE_CHECKING:
    from storage.vault import Vault

QUERY_LIMIT = 200
WAITING = 500
"""So many concerns without a decision have a line of their own on Today."""
_BY_UNDECIDED = f"INDEXED BY entries_undecided WHERE {UNDECIDED}"


_ENTRIES = table_of(EntryTable)
_PEOPLE = table_of(PersonTable)
_CHILDREN = table_of(ChildTable)
_COLUMNS = ", ".join(f"entries.{each.name}" for each in _ENTRIES.columns if each.name != "pk")
_SELECT = (
    f"SELECT {_COLUMNS}, coalesce(people.name, ''), coalesce(children.name, '') FROM entries"  # noqa: S608
    " LEFT JOIN people ON people.id = entries.author LEFT JOIN children ON children.id = entries.child_id"
)
_IN_ORDER = "ORDER BY entries.occurred_sort, entries.id"


def _rows(connection: Connection, clause: str, parameters: Sequence[str | int]) -> list[EntryRow]:
    """Return the entries that a clause chooses; written out, since the query builder costs more than the rows."""
    return list(map(EntryRow._make, ledger.plain_rows(connection, f"{_SELECT} {clause}", parameters)))


def chronology(
    vault: Vault,
    child_id: str,
    *,
    promoted: bool = False,
    start: date | None = None,
    end: date | None = None,
    as_known_on: date | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[EntryRow]:
    """Return a child's entries in the order of R-78: by when they happened, then by when they were recorded.

    `as_known_on` gives the record as it stood at the end of that local day.
    """
    if as_known_on is not None:
        rows = _as_known_on(vault, child_id, as_known_on)
    else:
        clause, parameters = "WHERE entries.child_id = ?", [child_id]
        if promoted:
            clause += " AND entries.promoted = 1"
        if start:
            clause += " AND entries.occurred_sort >= ?"
            parameters.append(start.isoformat())
        if end:
            clause += " AND entries.occurred_sort < ?"
            parameters.append((end + timedelta(days=1)).isoformat())
        piece = (-1 if limit is None else limit, offset)
        with vault.read() as connection:
            return _rows(connection, f"{clause} {_IN_ORDER} LIMIT ? OFFSET ?", (*parameters, *piece))
    first, last = start.isoformat() if start else "", (end + timedelta(days=1)).isoformat() if end else "~"
    kept = [row for row in rows if first <= row.occurred_sort < last and (row.promoted or not promoted)]
    return kept[offset : None if limit is None else offset + limit]


def entry_ids(vault: Vault, child_id: str, *, promoted: bool = False) -> list[str]:
    """Return the ids of a child's entries in the order of the chronology (R-78): a list of any length is laid out by
    them, and its rows are read as they come into sight."""
    statement = select(_ENTRIES.c.id).where(_ENTRIES.c.child_id == child_id)
    if promoted:
        statement = statement.where(_ENTRIES.c.promoted.is_(True))
    with vault.read() as connection:
        return list(connection.execute(statement.order_by(_ENTRIES.c.occurred_sort, _ENTRIES.c.id)).scalars())


def undecided_counts(vault: Vault, child_id: str = "") -> dict[str, int]:
    """Return how many concerns of each child have no decision yet; children without one are left out (R-17)."""
    statement = select(_ENTRIES.c.child_id, func.count()).where(sql(UNDECIDED)).group_by(_ENTRIES.c.child_id)
    if child_id:
        statement = statement.where(_ENTRIES.c.child_id == child_id)
    with vault.read() as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def count(vault: Vault, child_id: str, *, promoted: bool = False) -> int:
    """Return how many entries a child's record holds."""
    clause = " AND promoted = 1" if promoted else ""
    with vault.read() as connection:
        return int(
            connection.execute(
                sql(f"SELECT count(*) FROM entries WHERE child_id = :child{clause}"),  # noqa: S608
                {"child": child_id},
            ).scalar_one()
        )


def _as_known_on(vault: Vault, child_id: str, day: date) -> list[EntryRow]:
    """Fold only the acts recorded by the end of that day: what was known then, however it was amended later.

    Of each device that is its acts up to the last one recorded by then, so that a clock that went back adds none.
    """
    until = datetime.combine(day + timedelta(days=1), time()).astimezone()
    with vault.read() as connection:
        entries = [
            row[0]
            for row in connection.exec_driver_sql(
                "SELECT DISTINCT entry FROM acts WHERE entry IS NOT NULL AND (child = ? OR entry IN"
                " (SELECT entry_id FROM traces WHERE from_child = ? OR to_child = ?))",
                (child_id, child_id, child_id),
            )
        ]
        last = ledger.last_before(connection, until)
        acts = [
            act
            for act in ledger.acts_where(connection, "entry", entries, ENTRIES.kinds)
            if act.seq <= last.get(act.device, 0)
        ]
        people = {row.id: row.name for row in connection.execute(select(_PEOPLE.c.id, _PEOPLE.c.name))}
        name = connection.execute(select(_CHILDREN.c.name).where(_CHILDREN.c.id == child_id)).scalar()
    if name is None and finds_only_given(vault.person.role):
        return []  # the acts themselves are not kept to the person's list
    found: list[EntryRow] = []
    stored = insertion(EntryTable)[1]
    for entry in entries:
        mine = sorted((act for act in acts if act.entry == entry), key=lambda act: act.order)
        found += [
            EntryRow._make((*stored(row), people.get(row["author"], ""), name or ""))
            for row in ENTRIES.fold(entry, mine).get("entries", [])
            if row["child_id"] == child_id
        ]
    return sorted(found, key=lambda row: (row.occurred_sort, row.id))


def get(vault: Vault, entry_id: str) -> EntryRow:
    """Return one entry; raises NotFound."""
    with vault.read() as connection:
        rows = _rows(connection, "WHERE entries.id = ?", [entry_id])
    if not rows:
        for each in removals.of_entry(vault, entry_id):
            if each.state == "removed":
                raise NotFound(f"That entry was removed. {removals.words(each)}", hint="It can be restored.")
        raise NotFound("There is no entry with that id in this vault.", hint="dsl-console search finds entries.")
    return rows[0]


def thread(vault: Vault, entry_id: str) -> tuple[EntryRow | None, list[EntryRow]]:
    """Return the entry that one asks about or answers, and those that ask about or answer it, oldest first."""
    answers = table_of(AnswerTable)
    with vault.read() as connection:
        about = connection.execute(select(answers.c.answers).where(answers.c.entry_id == entry_id)).scalar()
        above = _rows(connection, "WHERE entries.id = ?", [about]) if about else []
        below = (
            "WHERE entries.id IN (SELECT entry_id FROM entry_answers WHERE answers = ?) ORDER BY entries.recorded_at"
        )
        return (above[0] if above else None), _rows(connection, below, [entry_id])


def logged(vault: Vault, entry_id: str) -> ConcernLogged:
    """Return what was first written of an entry that is here, with what was completed since."""
    with vault.read() as connection:
        return _as_logged(connection, entry_id)[0]


def _as_logged(connection: Connection, entry_id: str) -> tuple[ConcernLogged, tuple[str, ...]]:
    born = list(ledger.acts_where(connection, "entry", [entry_id], ["concern_logged", "item_arrived", "completed"]))
    body: Any = next(act.body for act in born if act.kind != "completed")
    concern = body if isinstance(body, ConcernLogged) else received_entry(body.payload)
    later = sorted((act for act in born if act.kind == "completed"), key=lambda act: act.order)
    return completed(concern, [act.body for act in later if isinstance(act.body, Completed)])


def detail(vault: Vault, entry_id: str) -> EntryDetail:
    """Return one entry with every version, decision and move; raises NotFound."""
    entry = get(vault, entry_id)
    versions, decisions, traces = table_of(VersionTable), table_of(DecisionTable), table_of(TraceTable)
    with vault.read() as connection:
        version_rows = list(_with_names(connection, versions, versions.c.number, entry_id))
        decision_rows = list(_with_names(connection, decisions, decisions.c.recorded_at, entry_id))
        trace_rows = list(_with_names(connection, traces, traces.c.recorded_at, entry_id))
        concern, left = _as_logged(connection, entry_id)
        why = choices(connection, [entry_id]).get(entry_id, [])
    return EntryDetail(
        entry=entry,
        concern=concern,
        choices=why,
        left_blank=left,
        versions=[
            VersionRow(
                row.number,
                row.act_id,
                row.text,
                row.childs_words,
                Occurred.model_construct(**row.occurred),
                row.recorded_at,
                row.by or "",
                row.reason,
                row.sees,
                _why(row.set_aside),
            )
            for row in version_rows
        ],
        decisions=[
            DecisionRow(
                row.decision,
                row.reason,
                date.fromisoformat(row.due) if row.due else None,
                row.by or "",
                row.recorded_at,
                row.advice,
                row.outcome,
                row.superseded,
                _why(row.set_aside),
            )
            for row in decision_rows
        ],
        moves=[Trace(entry_id, row.recorded_at, row.by or "", False) for row in trace_rows],
    )


def choices(connection: Connection, ids: Sequence[str]) -> dict[str, list[ChoiceRow]]:
    """Return, by entry, why each of the entries was chosen for the chronology, the earliest first."""
    names = {row.id: row.name for row in connection.execute(select(_PEOPLE.c.id, _PEOPLE.c.name))}
    found: dict[str, list[ChoiceRow]] = {}
    for act in sorted(ledger.acts_where(connection, "entry", list(ids), ["promoted"]), key=lambda act: act.order):
        if isinstance(act.body, Promoted):
            made = ChoiceRow(act.body.reason, names.get(act.author, ""), act.recorded_at)
            found.setdefault(act.entry or "", []).append(made)
    return found


def _why(set_aside: dict[str, str] | None) -> str:
    return set_aside["reason"] if set_aside else ""


def _with_names(connection: Any, table: Any, order: Any, entry_id: str) -> Any:
    statement = (
        select(table, _PEOPLE.c.name.label("by"))
        .outerjoin(_PEOPLE, _PEOPLE.c.id == table.c.author)
        .where(table.c.entry_id == entry_id)
        .order_by(order, table.c.act_id)
    )
    return connection.execute(statement)


def traces(vault: Vault, child_id: str) -> list[Trace]:
    """Return the wordless traces that moved entries left with this child (R-14)."""
    table = table_of(TraceTable)
    statement = (
        select(table, _PEOPLE.c.name.label("by"))
        .outerjoin(_PEOPLE, _PEOPLE.c.id == table.c.author)
        .where((table.c.from_child == child_id) | (table.c.to_child == child_id))
        .order_by(table.c.recorded_at, table.c.act_id)
    )
    with vault.read() as connection:
        return [
            Trace(row.entry_id, row.recorded_at, row.by or "", row.from_child == child_id)
            for row in connection.execute(statement)
        ]


def undecided(vault: Vault, limit: int = 500) -> list[EntryRow]:
    """Return the concerns that have no decision yet, oldest first (R-17)."""
    in_order = "ORDER BY entries.recorded_at, entries.id"
    with vault.read() as connection:
        if finds_only_given(vault.person.role):  # they read through a view, which has no index of its own
            return _rows(connection, f"WHERE {UNDECIDED} {in_order} LIMIT ?", [limit])
        # The database would rather find every concern by its kind, and sort them all.
        first = f"SELECT id FROM entries {_BY_UNDECIDED} ORDER BY recorded_at, id LIMIT ?"  # noqa: S608
        return _rows(connection, f"WHERE entries.id IN ({first}) {in_order}", [limit])


def waiting(vault: Vault, limit: int = 0) -> list[Waiting]:
    """Return the concerns that have no decision yet, oldest first, with no more than a line of Today shows (R-17)."""
    clause = f"WHERE {UNDECIDED}" if finds_only_given(vault.person.role) else _BY_UNDECIDED
    statement = (
        "SELECT entries.id, entries.child_id, coalesce(children.name, ''),"  # noqa: S608
        " CASE entries.text WHEN '' THEN entries.childs_words ELSE entries.text END FROM entries"
        f" {clause.replace('WHERE', 'LEFT JOIN children ON children.id = entries.child_id WHERE')}"
        " ORDER BY entries.recorded_at, entries.id LIMIT ?"
    )
    with vault.read() as connection:
        return list(map(Waiting._make, ledger.plain_rows(connection, statement, [limit or WAITING])))


def undecided_count(vault: Vault) -> int:
    """Return how many concerns have no decision yet."""
    index = f"WHERE {UNDECIDED}" if finds_only_given(vault.person.role) else _BY_UNDECIDED
    with vault.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM entries {index}").scalar_one())  # noqa: S608


def unfinished(vault: Vault, *, child_id: str = "", author: str = "", limit: int = 500) -> list[EntryRow]:
    """Return the entries that still lack something, the newest first; of one child, or recorded by one person."""
    clause, parameters = f"WHERE entries.{UNFINISHED}", list[str]()
    if child_id:
        clause += " AND entries.child_id = ?"
        parameters.append(child_id)
    if author:
        clause += " AND entries.author = ?"
        parameters.append(author)
    clause += " ORDER BY entries.recorded_at DESC, entries.id DESC LIMIT ?"
    with vault.read() as connection:
        return _rows(connection, clause, (*parameters, limit))


def of_days(vault: Vault, child_id: str, first: date, last: date, limit: int = 200) -> list[EntryRow]:
    """Return a child's entries whose place in the record lies within these days, both included."""
    return chronology(vault, child_id, start=first, end=last, limit=limit)


def search(vault: Vault, words: str, *, child_id: str | None = None, limit: int = 50) -> list[Hit]:
    """Return entries that hold all these words (the last one as a beginning), newest recorded first.

    A phrase stands in double quotes. Raises Refused for a query over 200 characters.
    """
    if len(words) > QUERY_LIMIT:
        raise Refused(f"A search takes at most {QUERY_LIMIT} characters. Nothing was searched.")
    query = search_query(words)
    if not query:
        return []
    clause, whose = (" AND e.child_id = ?", (child_id,)) if child_id else ("", ())
    statement = (
        "SELECT e.id, e.child_id, coalesce(c.name, ''), e.occurred,"  # noqa: S608  (the clause is ours)
        " snippet(entry_search, -1, '⟪', '⟫', ' … ', 16)"
        " FROM entry_search JOIN entries e ON e.pk = entry_search.rowid LEFT JOIN children c ON c.id = e.child_id"
        f" WHERE entry_search MATCH ?{clause} ORDER BY entry_search.rowid DESC LIMIT ?"
    )
    with vault.read() as connection:
        rows = connection.exec_driver_sql(statement, (query, *whose, limit)).fetchall()
    return [Hit._make(row) for row in rows]


def by_ids(vault: Vault, ids: Sequence[str]) -> list[EntryRow]:
    """Return the entries with these ids, in their order in the record."""
    with vault.read() as connection:
        return _rows(connection, f"WHERE entries.id IN ({marks(ids)}) {_IN_ORDER}", ids)
