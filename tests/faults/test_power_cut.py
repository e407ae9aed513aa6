"""Power that fails at any moment: nothing acknowledged is lost and every vault opens (storage: §6.2).

Each operation runs once on the real program while every write of its process is recorded; then the disk is laid out as
a power cut could leave it, at many moments and in several ways, and opened with the real `open_vault`. States that are
the same to the program are opened once, with all that was acknowledged before the last of them; of the others a sample
is opened too, which must agree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from practice.errors import ConsoleError
from storage import migrations
from tests.faults.checks import Wrong, check
from tests.faults.operations import LATER, OPERATIONS
from tests.faults.power_cut import Disk, Remains, lay, states
from tests.faults.processes import ROOT
from tests.faults.recovered import Groups
from tests.faults.shim import build, preload, read_log
from tests.faults.sizes import say, size

STATES = size(300, 1000, 5000)
CONTROL_STATES = size(60, 200, 1000)
SAMPLE = size(150, 50, 50)
"""Of the states that are not opened, each so-many-th is."""


@pytest.fixture(scope="module")
def recorded(cheap_template, tmp_path_factory) -> Path:
    """A folder in which every operation was recorded."""
    library = build(tmp_path_factory.mktemp("recorder"))
    root = tmp_path_factory.mktemp("recorded")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.operations", str(root), str(cheap_template), *OPERATIONS],
        env={**os.environ, **preload(library), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return root


@dataclass
class Tried:
    """How many states there were, how many of them differ to the program, and what is wrong with which of those."""

    states: int
    groups: int
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.states} states, {self.groups} of them different to the program, {len(self.wrong)}"


def tried(recorded: Path, name: str, count: int, tmp_path: Path, **syncs: bool) -> Tried:
    """Lay out the states of an operation and open each that differs, and a sample of the others."""
    ops = read_log(recorded / f"{name}.log", recorded / name)

    def each() -> Iterator[tuple[int, Disk, str, Remains]]:
        disk = Disk(recorded / f"{name}-start", **syncs)
        for number, (moment, fate, turns) in enumerate(states(disk, ops, count, seed=20261121)):
            yield number, disk, f"{name} at change {moment} of {len(ops)}, {fate}", disk.remains(fate, turns)

    groups = Groups(tmp_path / "scratch")
    group_of = {number: groups.of(remains) for number, _disk, _where, remains in each()}
    last = {group: number for number, group in group_of.items()}  # before it most was acknowledged
    found, said, whole = Tried(count, len({group for group, _ in last})), {}, set()
    for number, disk, where, remains in each():
        if number == last[group_of[number]] or number % SAMPLE == 0:
            databases = group_of[number][1]
            rebuild = databases not in whole or number != last[group_of[number]]
            said[number] = fault(name, remains, Counter(disk.acknowledged), tmp_path / "state", rebuild)
            whole |= set() if said[number] else {databases}
            if said[number]:
                found.wrong.append(f"{where}: {said[number]}")
    unlike = [number for number in said if said[number] and not said[last[group_of[number]]]]
    assert unlike == [], "states of one group must be the same to the program"
    return found


def fault(name: str, remains: Remains, acknowledged: Counter[str], state: Path, rebuild: bool) -> str:
    """Return what is wrong with a state, blank where nothing is."""
    lay(remains, state)
    try:
        check(name, state, acknowledged, rebuild=rebuild)
    except (Wrong, ConsoleError) as error:
        return str(error)
    finally:
        shutil.rmtree(state)
    return ""


KEPT = [name for name in OPERATIONS if name != "lazy_commit"]


@pytest.mark.parametrize("name", KEPT)
def test_a_power_cut_loses_nothing_that_was_acknowledged(recorded, tmp_path, monkeypatch, name):
    if name == "migration":
        monkeypatch.setattr(migrations, "STEPS", LATER)
    found = tried(recorded, name, STATES, tmp_path)
    say(f"power cut during {name}", f"{found} lost or unreadable")
    assert found.wrong == []


def test_recording_that_does_not_wait_for_the_disk_is_caught(recorded, tmp_path):
    """The control: the same work with synchronous=NORMAL."""
    found = tried(recorded, "lazy_commit", CONTROL_STATES, tmp_path)
    say("control: power cut with synchronous=NORMAL", f"{found} lost (must not be 0)")
    assert any("an acknowledged entry is lost" in each or "alarm" in each for each in found.wrong)


def test_names_that_are_not_synced_are_caught(recorded, tmp_path):
    """The control of the names: a disk that forgets what is in a folder until it is unmounted."""
    found = tried(recorded, "header", CONTROL_STATES, tmp_path, folder_syncs=False)
    say("control: power cut without syncing folders", f"{found} lost (must not be 0)")
    assert found.wrong
