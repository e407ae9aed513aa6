"""Power that fails at any moment: nothing acknowledged is lost and every vault opens (storage: §6.2).

Each operation runs once on the real program while every write of its process is recorded; then the disk is laid out as
a power cut could leave it, at many moments and in several ways, and opened with the real `open_vault`.
"""

from __future__ import annotations

import functools
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from practice.errors import ConsoleError, WrongPassphrase
from storage import backup_check, container, migrations
from storage.desk import triage
from storage.keys import Kdf, hkdf
from storage.vault import Vault, exists, open_vault
from storage.views import record, reports
from tests.conftest import PASSPHRASE, PERSON
from tests.faults.operations import BEN, LATER, NEW, OPERATIONS
from tests.faults.power_cut import Disk, states
from tests.faults.processes import ROOT
from tests.faults.shim import build, preload, read_log
from tests.faults.sizes import say, size

STATES = size(5, 300, 5000)
CONTROL_STATES = size(8, 100, 1000)


@pytest.fixture(scope="module")
def recorded(vault_template, tmp_path_factory) -> Path:
    """A folder in which every operation was recorded."""
    library = build(tmp_path_factory.mktemp("recorder"))
    root = tmp_path_factory.mktemp("recorded")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.operations", str(root), str(vault_template), *OPERATIONS],
        env={**os.environ, **preload(library), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(autouse=True)
def _derive_once(monkeypatch):
    monkeypatch.setattr(Kdf, "derive", _derived)


_derived = functools.cache(Kdf.derive)


class Wrong(Exception):
    """What a state lost, or that it cannot be used."""


def expect(right: bool, what: str) -> None:
    if not right:
        raise Wrong(what)


def reopened(folder: Path, said: Counter[str]) -> Vault:
    """Open a vault with the passphrase of its time: with the new one for certain where that was acknowledged."""
    try:
        return open_vault(folder, passphrase=PASSPHRASE if not said["passphrase new"] else NEW, user=PERSON)
    except WrongPassphrase:
        if said["passphrase new"]:
            raise
        return open_vault(folder, passphrase=NEW, user=PERSON)


def check_vault(folder: Path, said: Counter[str], entry: str = "entry") -> None:
    """Raise Wrong unless a vault opens without an alarm, is whole, holds what was acknowledged, and can be written."""
    words = [line.split(maxsplit=1) for line in said]
    with reopened(folder, said) as vault:
        expect(vault.alarm is None, f"alarm: {vault.alarm}")
        report = vault.verify(rebuild=True)
        expect(report.ok, f"problems: {report.problems}")
        entries = [each[1] for each in words if each[0] == entry]
        expect(len(record.by_ids(vault, entries)) == len(entries), "an acknowledged entry is lost")
        drafts = [int(each[1]) for each in words if each[0] == "draft"]
        kept = vault.drafts.get("log") if drafts else None
        expect(not drafts or (kept is not None and int(kept.fields["text"]) >= max(drafts)), "a draft is lost")
        triage.take_in(vault)
        left = {each[1] for each in words if each[0] == "report"}
        expect(left <= {row.id for row in reports.reports(vault)}, "a sealed report is lost")
        header = vault._header
        generation = max([int(each[1]) for each in words if each[0] == "generation"], default=0)
        expect(header.compartments["children"].generation >= generation, "a rotation came undone")
        vault.record(_ANOTHER, child="01932f7e-7b1c-7000-8000-000000000001")
        expect(vault.verify().ok, "the vault is not whole after one act more")
    if said["person Ben Ode"]:
        open_vault(folder, passphrase=BEN, user="Ben Ode").close()


def _another():
    from practice.acts import ChildAdded

    return ChildAdded(legal_forename="After", legal_surname="Thistlewood")


_ANOTHER = _another()


def check_backup(root: Path, said: Counter[str]) -> None:
    """Raise Wrong unless the file under the backup's name is a whole backup, the newest acknowledged or a later one."""
    promised = max([int(line.split()[1]) for line in said if line.startswith("backup ")], default=0)
    file = root / "backups" / "a.dslb"
    if not file.exists():
        expect(not promised, "an acknowledged backup is lost")
        return
    with open_vault(root / "vault", passphrase=PASSPHRASE) as vault:
        found = container.read(file)
        work = root / "work"
        work.mkdir()
        header = backup_check.header_of(found, work)
        backup_check.check_manifest(found, header, vault.compartment_key)
        key = backup_check.unwrap(found, header.slots[0], vault.person_keys)
        container.extract(found, "children.db", work / "x.db")
        held = backup_check.check_database(work / "x.db", hkdf(key, "database"))
        expect(held.seq >= promised, "the backup is an older one than was acknowledged")


def check(name: str, root: Path, said: Counter[str]) -> None:
    """Raise Wrong or ConsoleError where a state is not as it must be."""
    check_vault(root / "vault", said)
    if name == "backup":
        check_backup(root, said)
    if name == "restore":
        if exists(root / "restored"):
            check_vault(root / "restored", said, "restored-entry")
        else:
            expect(not said["restored"], "a restored vault is lost")


def faults(recorded: Path, name: str, count: int, tmp_path: Path, **syncs: bool) -> list[str]:
    """Return what is wrong with the states of an operation, in one line each."""
    ops = read_log(recorded / f"{name}.log", recorded / name)
    disk = Disk(recorded / f"{name}-start", **syncs)
    found = []
    for moment, fate, turns in states(disk, ops, count, seed=20261121):
        state = tmp_path / "state"
        disk.leave(state, fate, random.Random(turns.random()))
        try:
            check(name, state, Counter(disk.acknowledged))
        except (Wrong, ConsoleError) as error:
            found.append(f"{name} at change {moment} of {len(ops)}, {fate}: {error}")
        shutil.rmtree(state)
    return found


KEPT = [name for name in OPERATIONS if name != "lazy_commit"]


@pytest.mark.parametrize("name", KEPT)
def test_a_power_cut_loses_nothing_that_was_acknowledged(recorded, tmp_path, monkeypatch, name):
    if name == "migration":
        monkeypatch.setattr(migrations, "STEPS", LATER)
    found = faults(recorded, name, STATES, tmp_path)
    say(f"power cut during {name}", f"{STATES} states, {len(found)} lost or unreadable")
    assert found == []


def test_recording_that_does_not_wait_for_the_disk_is_caught(recorded, tmp_path):
    """The control: the same work with synchronous=NORMAL."""
    found = faults(recorded, "lazy_commit", CONTROL_STATES, tmp_path)
    say("control: power cut with synchronous=NORMAL", f"{CONTROL_STATES} states, {len(found)} lost (must not be 0)")
    assert any("an acknowledged entry is lost" in each or "alarm" in each for each in found)


def test_names_that_are_not_synced_are_caught(recorded, tmp_path):
    """The control of the names: a disk that forgets what is in a folder until it is unmounted."""
    found = faults(recorded, "header", CONTROL_STATES, tmp_path, folder_syncs=False)
    say("control: power cut without syncing folders", f"{CONTROL_STATES} states, {len(found)} lost (must not be 0)")
    assert found
