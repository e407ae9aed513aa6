"""Power that fails at any moment: nothing acknowledged is lost and every vault opens (storage: §6.2).

Each operation runs once on the real program while every write of its process is recorded; then the disk is laid out as
a power cut could leave it, at many moments and in several ways, and opened with the real `open_vault`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from practice.errors import ConsoleError
from storage import migrations
from tests.faults.checks import Wrong, check
from tests.faults.operations import LATER, OPERATIONS
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
