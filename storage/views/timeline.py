"""What the chronology workbench reads: entries of one child or a family, filtered, by their keys, and by their days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from practice.timeline import Timeline, timeline
from storage.views import children, front_sheet, record
from storage.views.base import table_of
from storage.views.entry_tables import EntryTable
from storage.views.front_sheet import FrontLineTable

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.record_rows import EntryRow

_ENTRIES = table_of(EntryTable)


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; blank is any. `source` is an agency's name, or this organisation's words."""

    source: str = ""
    kind: str = ""
    category: str = ""
    significance: str = ""
    promoted: bool = False
    start: date | None = None
    end: date | None = None
    known_on: date | None = None

    def holds(self, row: EntryRow) -> bool:
        """Say whether an entry is wanted."""
        return (
            (not self.source or row.source == self.source)
            and (not self.kind or row.kind == self.kind)
            and (not self.category or self.category in (row.category, *row.further_categories))
            and (not self.significance or row.significance == self.significance)
        )

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return self != Filter(known_on=self.known_on)


@dataclass(frozen=True)
class Choices:
    """What a filter may name: the sources, kinds, categories and significances that stand in the record."""

    sources: tuple[str, ...]
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    significances: tuple[str, ...]


Fetch = Callable[[int, int], list["EntryRow"]]


@dataclass(frozen=True)
class Workbench:
    """The keys of the entries in the order of R-78, what reads a page of them, and the time line over them all."""

    keys: list[str]
    fetch: Fetch
    line: Timeline


def _clauses(child_ids: Sequence[str], wanted: Filter) -> list[Any]:
    clauses: list[Any] = [_ENTRIES.c.child_id.in_(list(child_ids))]
    named = ("source", "kind", "significance")
    clauses += [_ENTRIES.c[name] == getattr(wanted, name) for name in named if getattr(wanted, name)]
    if wanted.category:
        further = _ENTRIES.c.further_categories.cast(_ENTRIES.c.category.type)
        clauses.append(
            (_ENTRIES.c.category == wanted.category) | further.contains(f'"{wanted.category}"', autoescape=True)
        )
    if wanted.promoted:
        clauses.append(_ENTRIES.c.promoted.is_(True))
    if wanted.start:
        clauses.append(_ENTRIES.c.occurred_sort >= wanted.start.isoformat())
    if wanted.end:
        clauses.append(_ENTRIES.c.occurred_sort < (wanted.end + timedelta(days=1)).isoformat())
    return clauses


def workbench(vault: Vault, child_ids: Sequence[str], wanted: Filter) -> Workbench:
    """Return the entries of these children that a filter wants, each about its own child, and their time line."""
    if wanted.known_on is not None:
        return _as_known(vault, child_ids, wanted)
    clauses = _clauses(child_ids, wanted)
    ordered = select(_ENTRIES.c.id).where(*clauses).order_by(_ENTRIES.c.occurred_sort, _ENTRIES.c.id)
    day = func.coalesce(func.json_extract(_ENTRIES.c.occurred, "$.start"), "")
    counted = select(func.substr(day, 1, 10).label("day"), _ENTRIES.c.source, func.count().label("number"))
    with vault.read() as connection:
        keys = list(connection.execute(ordered).scalars())
        days = [
            (date.fromisoformat(row.day) if row.day else None, row.source, row.number)
            for row in connection.execute(counted.where(*clauses).group_by("day", _ENTRIES.c.source))
        ]

    def fetch(offset: int, limit: int) -> list[EntryRow]:
        page = keys[offset : offset + limit]
        found = {row.id: row for row in record.by_ids(vault, page)}
        return [found[key] for key in page if key in found]

    return Workbench(keys, fetch, timeline(days, vault.calendar()))


def _as_known(vault: Vault, child_ids: Sequence[str], wanted: Filter) -> Workbench:
    rows: list[EntryRow] = []
    for child_id in child_ids:
        rows += record.chronology(
            vault,
            child_id,
            promoted=wanted.promoted,
            start=wanted.start,
            end=wanted.end,
            as_known_on=wanted.known_on,
        )
    rows = sorted(filter(wanted.holds, rows), key=lambda row: (row.occurred_sort, row.id))
    days = [
        (date.fromisoformat(row.occurred.start[:10]) if row.occurred.start else None, row.source, 1) for row in rows
    ]
    return Workbench(
        [row.id for row in rows], lambda offset, limit: rows[offset : offset + limit], timeline(days, vault.calendar())
    )


def choices(vault: Vault, child_ids: Sequence[str]) -> Choices:
    """Return what stands in these children's records, for the lists of a filter."""

    def distinct(column: Any) -> tuple[str, ...]:
        statement = select(column).where(_ENTRIES.c.child_id.in_(list(child_ids)), column != "").distinct()
        return tuple(sorted(connection.execute(statement).scalars()))

    with vault.read() as connection:
        columns = (_ENTRIES.c.source, _ENTRIES.c.kind, _ENTRIES.c.category, _ENTRIES.c.significance)
        return Choices(*(distinct(column) for column in columns))


def family(vault: Vault, child_id: str) -> list[ChildRow]:
    """Return the child and those whom a front sheet connects with them, either way; the child first."""
    table = table_of(FrontLineTable)
    mine = [line.other_child for line in front_sheet.lines(vault, child_id) if line.other_child]
    statement = select(table.c.child_id).where(table.c.other_child == child_id, table.c.stands.is_(True))
    with vault.read() as connection:
        theirs = list(connection.execute(statement).scalars())
    return [children.get(vault, each) for each in dict.fromkeys([child_id, *mine, *theirs])]
