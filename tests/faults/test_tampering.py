"""What somebody with the folder may do to it is reported, plainly and with status 4 (storage: §6.4, §6.5)."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from practice.acts import ConcernLogged
from practice.errors import ConsoleError, IntegrityAlarm, NotFound
from storage.ids import new_id
from storage.vault import open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, add_child, add_concern, on_day
from tests.faults.processes import PAGE, commits, start

RESERVE = 80


def alarms_of(folder: Path, *, rebuild: bool = False) -> list[str]:
    """Every sentence with which a vault says that it is not as it was left; empty for a whole one."""
    try:
        with open_vault(folder, passphrase=PASSPHRASE) as vault:
            found = [] if vault.alarm is None else [vault.alarm]
            problems = vault.verify(rebuild=rebuild).problems
    except ConsoleError as error:
        found, problems = [error], []
    assert all(error.status == 4 for error in found)
    sentences = [error.message for error in found] + [problem.text for problem in problems]
    assert all(sentence.endswith(".") and "Error" not in sentence for sentence in sentences)
    return sentences


@pytest.fixture(scope="module")
def filled_template(vault_template, tmp_path_factory) -> Path:
    """A closed vault with a child and forty concerns."""
    folder = shutil.copytree(vault_template, tmp_path_factory.mktemp("filled") / "vault")
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault)
        for number in range(40):
            add_concern(vault, child, f"Note {number} of a made up day " * 20)
    return folder


@pytest.fixture
def filled(filled_template, tmp_path) -> Path:
    return Path(shutil.copytree(filled_template, tmp_path / "filled"))


def test_an_untouched_copy_is_whole(filled):
    assert alarms_of(filled, rebuild=True) == []


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def test_a_flipped_byte_on_any_page_of_the_database_is_reported(filled):
    path = filled / "children.db"
    stored = path.read_bytes()
    turns, missed = random.Random(1), []
    with open_vault(filled, passphrase=PASSPHRASE) as vault:
        key = vault.compartment_key
    from storage.engine import make_engine, plain_errors
    from storage.keys import hkdf
    from storage.verifying import _pages

    pages = len(stored) // PAGE
    for page in range(pages):
        # Its first bytes, its content, its MAC in turn: test_flips changes each page at many places at once.
        low, high = ((0, 16), (16, PAGE - RESERVE), (PAGE - RESERVE, PAGE))[page % 3]
        within = turns.randrange(low, high)
        path.write_bytes(stored)
        flip(path, page * PAGE + within)
        engine = make_engine(path, hkdf(key, "database"), query_only=True)
        try:
            with plain_errors(), engine.connect() as connection:
                if not _pages(connection):
                    missed.append((page, within))
        except IntegrityAlarm:
            pass
        engine.dispose()
    print(f"{pages} flips over {pages} pages, {len(missed)} missed")
    assert missed == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_opening_and_verifying_a_vault_with_a_flipped_byte_says_so(filled, share):
    path = filled / "children.db"
    flip(path, int(path.stat().st_size * share))
    assert alarms_of(filled)


@pytest.mark.parametrize("size", [0, 1, 15, 4095, 4096, 40960])
def test_a_cut_database_is_reported_and_nothing_is_made_in_its_place(filled, size):
    path = filled / "children.db"
    with path.open("r+b") as file:
        file.truncate(size)
    assert alarms_of(filled)
    assert path.stat().st_size == size


def test_a_missing_or_plain_database_is_reported_and_nothing_is_made_in_its_place(filled):
    path = filled / "children.db"
    path.unlink()
    assert alarms_of(filled)
    assert not path.exists()
    path.write_bytes(b"SQLite format 3\0" + bytes(4080))
    assert alarms_of(filled)


def test_an_older_copy_of_the_database_put_back_is_reported_and_refuses_writing(filled, tmp_path):
    older = shutil.copy(filled / "children.db", tmp_path / "older.db")
    with open_vault(filled, passphrase=PASSPHRASE) as vault:
        child = add_child(vault, "Bea")
    shutil.copy(older, filled / "children.db")
    assert "1 act before" in alarms_of(filled)[0]
    with open_vault(filled, passphrase=PASSPHRASE) as vault:
        with pytest.raises(IntegrityAlarm):
            vault.record(ConcernLogged(text="x", occurred=on_day("2026-11-20")), child=child, entry=new_id())
        assert len(record.search(vault, "made up day")) == 40, "what is there can be read"


def test_a_record_that_was_put_back_and_then_written_on_is_reported(filled, tmp_path):
    """The older copy grows past the anchor again, but not to the same head."""
    older = shutil.copytree(filled, tmp_path / "older")
    with open_vault(filled, passphrase=PASSPHRASE) as vault:
        add_child(vault, "Bea")
    with open_vault(older, passphrase=PASSPHRASE) as vault:
        add_child(vault, "Cy")
        add_child(vault, "Di")
    shutil.copy(older / "children.db", filled / "children.db")
    assert "does not agree" in alarms_of(filled)[0]


def test_a_removed_anchor_is_reported_and_without_a_header_there_is_no_vault(filled):
    (filled / "children.anchor").unlink()
    assert "anchor" in alarms_of(filled)[0]
    (filled / "header.json").unlink()
    with pytest.raises(NotFound):
        open_vault(filled, passphrase=PASSPHRASE)


def test_an_older_anchor_only_lags_and_a_changed_one_is_reported(filled, vault_template):
    shutil.copy(vault_template / "children.anchor", filled / "children.anchor")
    assert alarms_of(filled) == []
    stored = bytearray((filled / "children.anchor").read_bytes())
    stored[20] ^= 1
    stored[276] ^= 1
    (filled / "children.anchor").write_bytes(stored)
    assert alarms_of(filled)


def finds_both(folder: Path, child: str) -> bool:
    """Whether all reads as it should: a page that the index does without may be an older one."""
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        hits = [len(record.search(vault, words)) for words in ("she", "again", "her", "named him", "said she")]
        return len(record.chronology(vault, child)) == 2 and hits == [2, 1, 1, 1, 2]


def test_a_page_put_back_from_an_older_copy_is_reported(vault_folder):
    """Every page that changed between two states of one file is replayed alone: the cipher itself sees nothing."""
    path = vault_folder / "children.db"
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault)
        add_concern(vault, child, "She said he hit her")
    older = path.read_bytes()
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        add_concern(vault, child, "She said it again, and named him")
        vault.drafts.seal("x", {})
    newer = path.read_bytes()
    anchor = (vault_folder / "children.anchor").read_bytes()
    assert finds_both(vault_folder, child)
    changed = [
        at for at in range(0, min(len(older), len(newer)), PAGE) if older[at : at + PAGE] != newer[at : at + PAGE]
    ]
    missed = []
    for at in changed:
        path.write_bytes(newer[:at] + older[at : at + PAGE] + newer[at + PAGE :])
        (vault_folder / "children.anchor").write_bytes(anchor)
        if not alarms_of(vault_folder, rebuild=True) and not finds_both(vault_folder, child):
            missed.append(at // PAGE)
    print(f"{len(changed)} pages replayed, {len(missed)} missed")
    assert len(changed) > 5
    assert missed == []


@pytest.fixture
def running(filled, tmp_path):
    """A vault whose newest commits are in the write-ahead log only, since another process holds it open."""
    process = start("hold", filled, "Ada", "Bea", "Cy", env={"TMPDIR": str(tmp_path)})
    assert process.stdout.readline() == b"held\n", process.stderr.read().decode()
    yield filled
    process.stdin.close()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 0


def copied(running: Path, to: Path, *left_out: str) -> Path:
    return Path(shutil.copytree(running, to, ignore=shutil.ignore_patterns("lock*", "*-shm", *left_out)))


def test_a_copy_with_its_log_is_whole_and_without_it_reported(running, tmp_path):
    assert alarms_of(copied(running, tmp_path / "whole")) == []
    found = alarms_of(copied(running, tmp_path / "without", "*-wal"))
    assert "6 acts before" in found[0]


def test_a_cut_or_flipped_log_is_reported(running, tmp_path):
    whole = copied(running, tmp_path / "whole")
    log = (whole / "children.db-wal").read_bytes()
    ends = commits(log)
    assert len(ends) == 6
    turns = random.Random(3)
    cuts = [0, 31, *ends[:-1], *(end - 1 for end in ends)]
    flips = [turns.randrange(0, ends[-1]) for _ in range(12)]
    missed = []
    for number, at in enumerate([*cuts, *flips]):
        folder = Path(shutil.copytree(whole, tmp_path / f"copy-{number}"))
        changed = bytearray(log)
        if number < len(cuts):
            del changed[at:]
        else:
            changed[at] ^= 0x04
        (folder / "children.db-wal").write_bytes(changed)
        if not alarms_of(folder):
            missed.append((number < len(cuts), at))
        shutil.rmtree(folder)
    print(f"{len(cuts)} cuts and {len(flips)} flips of the log, {len(missed)} missed")
    assert missed == []


def test_a_set_up_that_was_cut_short_is_begun_anew(vault_folder, tmp_path):
    """Killed before its header was written: the left-over database and log are of no vault."""
    from storage.keys import FLOOR
    from storage.vault import create
    from tests.conftest import PERSON, SCHOOL

    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        add_child(vault)
        half = copied(vault_folder, tmp_path / "half", "header.json*")
    assert (half / "children.db-wal").stat().st_size > 0
    made, _code = create(half, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
    with made:
        assert made.verify(rebuild=True, signatures=True).problems == []
    assert alarms_of(half) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_vault_is_for_its_owner_alone(running):
    loose = [path.name for path in (running, *running.rglob("*")) if path.stat().st_mode & 0o077]
    assert loose == []
    assert os.access(running, os.R_OK)
