"""What is read by statements that are written out is what the query builder would have read."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from storage.views import reading
from storage.views.base import table_of
from storage.views.entry_tables import EntryTable
from tests.conftest import add_child, add_concern

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_every_type_of_column_is_read_as_the_query_builder_reads_it(vault):
    vault.clock = lambda: NOW
    entry = add_concern(vault, add_child(vault), "Quiet all morning", further_categories=("bullying",))
    table = table_of(EntryTable)
    statement = f"SELECT {reading.columns(EntryTable)}, 'more' FROM entries WHERE entries.id = ?"
    with vault.read() as connection:
        (row,) = reading.rows(connection, EntryTable, statement, [entry], ("last",))
        (built,) = connection.execute(select(table).where(table.c.id == entry))
        nobody = reading.rows(connection, EntryTable, statement, ["no such id"], ("last",))
    fields = dict(built._mapping)
    del fields["pk"]
    assert vars(row) == {**fields, "last": "more"}
    assert (row.recorded_at, row.further_categories, row.promoted) == (NOW, ["bullying"], False)
    assert row.event_id is None
    assert nobody == []
