"""After every unlock the whole record is checked behind people's backs, and what is found is said (storage: §5)."""

from __future__ import annotations

import pytest

from practice.errors import IntegrityAlarm
from storage.engine import connect
from storage.keys import hkdf
from storage.vault import open_vault
from storage.verifying import check_behind
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults.processes import PAGE


def go_on() -> bool:
    return False


@pytest.fixture
def changed(vault_folder):
    """A vault in which somebody who holds the key has changed the text of an act, past the program."""
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        add_concern(vault, add_child(vault), "She said he hit her")
        key = hkdf(vault.compartment_key, "database")
    connection = connect(vault_folder / "children.db", key)
    connection.execute("UPDATE bodies SET body = CAST(replace(body, 'hit', 'hid') AS BLOB) WHERE instr(body, 'hit')")
    assert connection.execute("SELECT changes()").fetchone()[0] == 1
    connection.close()
    return vault_folder


def test_a_whole_record_is_checked_and_nothing_is_said(vault):
    steps = []
    add_concern(vault, add_child(vault), "x")
    assert not check_behind(vault, lambda: bool(steps.append(1)))
    assert (bool(steps), vault.found, vault.alarm) == (True, None, None)


def test_a_changed_text_is_said_with_what_to_do_and_writing_goes_on(changed):
    with open_vault(changed, passphrase=PASSPHRASE) as vault:
        assert vault.alarm is None, "the head alone does not tell"
        assert check_behind(vault, go_on)
        assert "The text of act number 4 of" in vault.found.message
        assert "restore the latest backup elsewhere" in vault.found.hint
        add_child(vault, "Bea")


def test_a_damaged_page_stops_writing(vault_folder):
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        for number in range(60):
            add_concern(vault, add_child(vault), f"Note {number} " * 60)
    path = vault_folder / "children.db"
    stored = bytearray(path.read_bytes())
    stored[-PAGE + 100] ^= 1
    path.write_bytes(stored)
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        assert check_behind(vault, go_on)
        assert "page" in vault.found.message
        with pytest.raises(IntegrityAlarm):
            add_child(vault, "Bea")


def test_told_to_stop_it_says_nothing(changed):
    with open_vault(changed, passphrase=PASSPHRASE) as vault:
        assert not check_behind(vault, lambda: True)
        assert vault.found is None


def test_a_drive_that_is_away_says_nothing_about_the_record(vault, tmp_path):
    vault.folder.rename(tmp_path / "gone")
    try:
        assert not check_behind(vault, go_on)
        assert vault.alarm is vault.found is None
    finally:
        (tmp_path / "gone").rename(vault.folder)
