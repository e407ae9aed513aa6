"""Commands beside an open console: two processes write at once and nothing is lost (storage: §6.14)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from storage.vault import open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults.processes import start


def test_two_processes_recording_at_once_lose_nothing(vault_folder):
    writers = [start("some", vault_folder, 50) for _ in range(2)]
    acknowledged: list[str] = []
    for writer in writers:
        out, err = writer.communicate(timeout=180)
        assert (writer.returncode, err) == (0, b"")
        acknowledged += out.decode().split()
    assert len(set(acknowledged)) == 100
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        assert vault.alarm is None
        report = vault.verify(rebuild=True, signatures=True)
        assert report.problems == []
        assert vault.anchored().seq == report.acts == 102
        assert {row.id for row in record.by_ids(vault, acknowledged)} == set(acknowledged)


def test_an_open_console_notices_what_a_command_recorded(vault):
    assert not vault.changed()
    assert not vault.changed()
    writer = start("some", vault.folder, 1)
    out, _err = writer.communicate(timeout=120)
    assert vault.changed()
    assert not vault.changed()
    assert record.get(vault, out.decode().strip()).text == "Note 0"


def test_threads_of_one_process_record_read_and_verify_at_once(vault):
    child = add_child(vault)

    def write(number: int) -> list[str]:
        return [add_concern(vault, child, f"Note {number} {turn}") for turn in range(25)]

    def read() -> None:
        for _ in range(4):
            assert vault.verify(rebuild=True).problems == []
            record.chronology(vault, child)
            vault.checkpoint()

    with ThreadPoolExecutor(4) as pool:
        reading = pool.submit(read)
        entries = [entry for made in pool.map(write, range(3)) for entry in made]
        reading.result()
    assert len(record.chronology(vault, child)) == len(set(entries)) == 75
    assert vault.verify(rebuild=True).problems == []
