"""No file of a vault, and no temporary one, holds a name or a note in the clear (storage: §6.7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from practice.acts import Amended, Decided, ReviewSet
from storage import outbox
from storage.vault import open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, PERSON, add_child, add_concern
from tests.faults.processes import start

NAMES = ("Quillanova", "Zebedeeson", "Marrowfield")
CANARIES = (*NAMES, "Thistlewood", "xylograph", "came late", "kept in the drafts")


def found_in(*folders: Path) -> set[tuple[str, str]]:
    """Each file that holds a canary, as UTF-8 or UTF-16 of either order, in any letter case."""
    hits = set()
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in files:
        stored = path.read_bytes().lower()
        for canary in CANARIES:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                if canary.lower().encode(encoding) in stored:
                    hits.add((path.name, canary))
    return hits


@pytest.fixture
def day(vault_folder, tmp_path):
    """A vault after a day's work, while a console of another process still holds it open."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault, NAMES[0], upn="A123456789012")
        entry = add_concern(vault, child, "A xylograph of [red]words[/red]", childs_words="I came late")
        sees = record.get(vault, entry).version
        vault.record(Amended(sees=sees, text="Quillanova came late again", reason="clearer"), child=child, entry=entry)
        vault.record(Decided(decision="monitor", reason="Quillanova came late"), child=child, entry=entry)
        vault.record(ReviewSet(status="monitoring"), child=child)
        assert record.search(vault, "xylog") == []
        assert len(record.search(vault, "quillanova")) == 1
        assert vault.verify(rebuild=True).ok
    held = start("hold", vault_folder, *NAMES, env={"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)})
    assert held.stdout.readline() == b"held\n", held.stderr.read()
    yield vault_folder, temporary
    held.stdin.close()
    held.stdout.close()
    assert held.stderr.read() == b""
    held.stderr.close()
    held.wait(timeout=30)


def test_nothing_stands_in_the_clear_while_the_vault_is_open_and_after(day):
    folder, temporary = day
    names = {path.name for path in folder.rglob("*")}
    assert {"children.db", "children.db-wal", "children.db-shm"} <= names
    assert any(name.startswith("draft-10.") for name in names)
    assert (folder / "children.db-wal").stat().st_size > 0
    assert found_in(folder, temporary) == set()
    assert list(temporary.iterdir()) == []


def test_the_scan_finds_a_planted_file(day):
    """The control."""
    folder, temporary = day
    (folder / "spool" / "note.txt").write_text("About ZEBEDEESON", encoding="utf-16")
    (temporary / "x.tmp").write_bytes(b"\0\0xylographs")
    assert found_in(folder, temporary) == {("note.txt", "Zebedeeson"), ("x.tmp", "xylograph")}


def test_the_header_names_people_who_open_the_vault_and_no_child(day):
    folder, _ = day
    assert PERSON in (folder / "header.json").read_text()


def test_a_queued_message_is_kept_inside_the_database(vault):
    with vault.write() as unit:
        made = ("m1", "s1", "org", "c", "entry", "entry", "e", 1, "queued", "", "2026", "2026", 0, "Quillanova")
        outbox.add(unit.connection, outbox.Message(*made))
    assert found_in(vault.folder) == set()


def test_an_error_on_the_way_leaves_no_words_on_standard_error(vault_folder):
    """A process that is killed by its own mistake prints where, never what."""
    done = start("some", vault_folder, "two")
    _out, err = done.communicate(timeout=60)
    assert done.returncode == 1
    assert not any(canary.encode() in err for canary in (*CANARIES, PASSPHRASE))
