"""An open record that nobody works with keeps little in memory, and reads from the disk again when it is asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from storage import memory
from storage.vault import Vault
from tests.conftest import add_child, add_concern

PAGES = 1800


def megabytes() -> float:
    """What this process holds of its own."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")) / 1024


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what a process holds")
def test_at_rest_the_pages_that_were_read_are_let_go_of(vault: Vault) -> None:
    entry = add_concern(vault, add_child(vault), "A bruise")
    with vault.write() as unit:
        unit.connection.exec_driver_sql("CREATE TABLE filler (page BLOB)")
        unit.connection.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PAGES})"
            " INSERT INTO filler SELECT randomblob(3000) FROM n"
        )
    with vault.read() as connection:
        connection.exec_driver_sql("SELECT sum(length(page)) FROM filler").all()
    before = megabytes()
    vault.rest()
    assert before - megabytes() > PAGES * 4 / 1024 / 2
    with vault.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM entries").scalar_one() == entry
    add_concern(vault, add_child(vault, "Nia Park"), "After it")
    assert vault.verify().ok


def test_where_the_system_has_no_such_call_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory.give_back() is False
