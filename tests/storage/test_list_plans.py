"""What opens a list reads only what it shows: no statement goes through the whole record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event

from benchmarks.raw import asked
from dsl_console.frame import frame_state
from storage import outbox
from storage.views import children, record, sharing
from storage.views.today import today
from tests.conftest import add_child, add_concern

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LONG = ("acts", "bodies", "entries", "entry_versions", "outbox")
"""The tables that grow with every concern, and with every message."""
PART = ("entries_undecided", "outbox_withdrawals")
"""Indexes over a small part of such a table, which may be read whole."""
LISTS = {
    "today": lambda vault, _child, _entry: today(vault, NOW),
    "page": lambda vault, child, _entry: record.chronology(vault, child, limit=50),
    "rows": lambda vault, child, _entry: record.entry_ids(vault, child),
    "promoted": lambda vault, child, _entry: record.entry_ids(vault, child, promoted=True),
    "count": lambda vault, child, _entry: record.count(vault, child),
    "to decide": lambda vault, child, _entry: record.undecided_counts(vault, child),
    "children": lambda vault, _child, _entry: (children.all_children(vault), record.undecided_counts(vault)),
    "entry": lambda vault, _child, entry: record.detail(vault, entry),
    "shares": lambda vault, child, entry: (
        sharing.shares(vault, child_id=child),
        sharing.shares(vault, entry_id=entry),
    ),
    "waiting shares": lambda vault, _child, _entry: (sharing.shares(vault, states=["queued"]), messages_of(vault)),
}


def messages_of(vault) -> list[object]:
    with vault.read() as connection:
        return outbox.of_share(connection, "none")


def whole_scans(vault, sent) -> list[str]:
    """The steps of the database's plans that go through one of the long tables from end to end."""
    found = []
    with vault.read() as connection:
        for statement, parameters in sent:
            if statement.endswith("ORDER BY n LIMIT 1"):  # the first row alone
                continue
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                words = row[3].split()
                if words[0] == "SCAN" and words[1] in LONG and not set(PART) & set(words):
                    found.append(f"{row[3]}: {statement}")
    return found


@pytest.mark.parametrize("name", LISTS)
def test_a_list_never_goes_through_the_whole_record(vault, name):
    child = add_child(vault)
    entry = add_concern(vault, child, "Quiet all morning")
    with asked() as sent:
        LISTS[name](vault, child, entry)
    assert sent
    assert whole_scans(vault, sent) == []


def test_a_scan_is_seen_where_an_index_is_missing(vault):
    child = add_child(vault)
    with vault.write() as unit:
        for index in ("entries_by_child", "outbox_withdrawals", "outbox_by_share"):
            unit.connection.exec_driver_sql(f"DROP INDEX {index}")
    for read in (lambda: record.count(vault, child), lambda: sharing.shares(vault)):
        with asked() as sent:
            read()
        assert whole_scans(vault, sent)


def test_today_and_the_frame_ask_nothing_that_has_first_to_be_compiled(vault):
    """The query builder writes a statement anew in every process, which takes longer than answering it."""
    add_concern(vault, add_child(vault), "Quiet all morning")
    built: list[object] = []

    def listen(_connection, clause, _many, _parameters, _options) -> None:
        built.append(clause)

    event.listen(Engine, "before_execute", listen)
    try:
        today(vault, NOW)
        frame_state(vault)
        assert built == []
        record.undecided_counts(vault)
        assert built  # which is how one would show
    finally:
        event.remove(Engine, "before_execute", listen)
