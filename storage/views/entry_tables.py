"""The tables of a child's entries: their versions, decisions and traces, and the indexes over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlmodel import Field

from storage.types import Flag, Json, UtcText
from storage.views.base import ViewTable, optional_string, string, typed

_WITHOUT = "entries.decision = '' AND entries.kind IN ('concern', 'operation_encompass')"
UNDECIDED = f"{_WITHOUT} AND entries.id NOT IN (SELECT items.id FROM items WHERE items.state = 'withdrawn')"  # noqa: S608
"""What still asks for a decision (R-17), and not what its sender took back; written out, so that its index is found."""
UNFINISHED = "unfinished != '[]'"
"""What still lacks something (R-03)."""
LIST_INDEXES = (
    "CREATE INDEX IF NOT EXISTS entries_by_child ON entries (child_id, occurred_sort, id)",
    "CREATE INDEX IF NOT EXISTS entries_counted ON entries (kind, recorded_at, category)",
    "CREATE INDEX IF NOT EXISTS entries_undecided ON entries (recorded_at, id, child_id) WHERE "
    + _WITHOUT.replace("entries.", ""),
    "CREATE INDEX IF NOT EXISTS entries_unfinished ON entries (recorded_at, id, child_id) WHERE " + UNFINISHED,
)
"""What opens a list without reading the whole record: a child's page, the weeks' counts, the undecided."""


class EntryTable(ViewTable, table=True):
    """An entry as its newest version stands; `pk` is a row number of this machine and of no meaning elsewhere."""

    __tablename__ = "entries"
    pk: int | None = Field(default=None, sa_type=Integer, primary_key=True)
    id: str = string(index=True)
    child_id: str = string()
    kind: str = string()
    text: str = string()
    childs_words: str = string()
    occurred: Any = typed(Json)
    occurred_sort: str = string()
    captured_at: datetime = typed(UtcText)
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    source: str = string()
    agency: str = string()
    category: str = string()
    further_categories: Any = typed(Json)
    significance: str = string()
    impact: str = string()
    action: str = string()
    outcome: str = string()
    promoted: bool = typed(Flag)
    decision: str = string()
    unfinished: Any = typed(Json)
    versions: int = Field(default=1, sa_type=Integer)
    conflict: bool = typed(Flag)
    version: str = string()
    event_id: str | None = optional_string()


class VersionTable(ViewTable, table=True):
    """One version of an entry's words."""

    __tablename__ = "entry_versions"
    act_id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    number: int = Field(default=1, sa_type=Integer)
    text: str = string()
    childs_words: str = string()
    occurred: Any = typed(Json)
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    reason: str = string()
    sees: str = string()
    set_aside: Any = typed(Json, nullable=True)


class DecisionTable(ViewTable, table=True):
    """A decision beside an entry."""

    __tablename__ = "decisions"
    act_id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    decision: str = string()
    reason: str = string()
    due: str | None = optional_string()
    advice: Any = typed(Json, nullable=True)
    outcome: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()
    superseded: bool = typed(Flag)
    set_aside: Any = typed(Json, nullable=True)


class ApartTable(ViewTable, table=True):
    """Versions or decisions of an entry that were made in two places, while nobody has chosen among them."""

    __tablename__ = "apart_entries"
    id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    child_id: str = string(index=True)
    about: str = string()
    ids: Any = typed(Json)
    in_force: str = string()


class TraceTable(ViewTable, table=True):
    """The wordless trace that a moved entry leaves with both children (R-14)."""

    __tablename__ = "traces"
    act_id: str = string(primary_key=True)
    entry_id: str = string(index=True)
    from_child: str = string(index=True)
    to_child: str = string(index=True)
    reason: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()


class ImportTable(ViewTable, table=True):
    """Where an entry stands in another agency's chronology, and whether it may be shared on (R-67)."""

    __tablename__ = "entry_imports"
    entry_id: str = string(primary_key=True)
    imported_for: str = string()
    batch: str = string(index=True)
    line: int = Field(default=0, sa_type=Integer)
    source: str = string()
    on_share: str = string()
    duplicate_of: str = string()


class AnswerTable(ViewTable, table=True):
    """An entry that asks about another one or answers it, across two organisations."""

    __tablename__ = "entry_answers"
    entry_id: str = string(primary_key=True)
    answers: str = string(index=True)
