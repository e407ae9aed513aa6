"""`kill -9` in the middle of a rotation, migration, backup, restore or header change: one whole vault remains.

The kills fall anywhere within the time that the operation takes; each step of a rotation is killed in test_people.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.errors import ConsoleError
from storage import migrations
from tests.faults.checks import Wrong, check
from tests.faults.operations import LATER, prepare
from tests.faults.processes import ROOT
from tests.faults.sizes import say, size

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its workers")
KILLS = size(2, 60, 1000)


@pytest.fixture(scope="module")
def nursery(cheap_template: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose forks do one operation each."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.operations", "nursery"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(30)


def run(nursery: subprocess.Popen[str], name: str, place: Path, kill_after: float | None) -> tuple[int, float]:
    """Let an operation be done, killed after some seconds; its exit status and the time that it took."""
    nursery.stdin.write(f"{name} {place}\n")
    nursery.stdin.flush()
    child, started = int(nursery.stdout.readline()), time.perf_counter()
    if kill_after is not None:
        select.select([], [], [], kill_after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = int(nursery.stdout.readline())
    return status, time.perf_counter() - started


@pytest.mark.parametrize("name", ["rotation", "migration", "backup", "restore", "header", "register", "erasure"])
def test_a_killed_operation_leaves_one_whole_vault(nursery, cheap_template, tmp_path, monkeypatch, name):
    turns, wrong, killed = random.Random(11), [], 0
    root = tmp_path / name
    root.mkdir()
    prepare(root, cheap_template)
    if name == "migration":
        monkeypatch.setattr(migrations, "STEPS", LATER)

    def once(kill_after: float | None) -> float:
        nonlocal killed
        shutil.rmtree(root)
        shutil.copytree(root.with_name(f"{name}-start"), root)
        status, took = run(nursery, name, root, kill_after)
        assert status in (0, signal.SIGKILL)
        killed += status != 0
        said = root / "acknowledged"
        try:
            check(name, root, Counter(said.read_text().splitlines() if said.exists() else []))
        except (Wrong, ConsoleError) as error:
            wrong.append(f"{name} killed after {kill_after}: {error}")
        return took

    whole = once(None)
    for _ in range(KILLS * 5):
        before = killed
        took = once(whole * turns.uniform(0.05, 0.95))
        if killed == before:
            whole = min(whole, took)  # it came to its end: the machine is faster now
        if killed == KILLS:
            break
    say(f"kill -9 during {name}", f"{killed} kills, {len(wrong)} lost or not whole")
    assert wrong == []
    assert killed == KILLS
