"""`kill -9` over recording, again and again: nothing that was acknowledged is ever lost (storage: §6.1)."""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import commits, start
from tests.faults.sizes import say, size

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its workers")
COMMITS = int(os.environ.get("DSL_CONSOLE_COMMITS", size(2000, 10_000, 100_000)))
MOST = 24
"""A worker is killed after fewer commits than this: as many as were drawn."""
PER_VAULT = 20


class Nursery:
    """One process whose forks open a vault, record, and are killed."""

    def __init__(self, warm: Path) -> None:
        self.process = start("nursery", warm)
        self.acknowledged: set[str] = set()
        self.alarms = 0

    def lines(self) -> Iterator[list[str]]:
        for line in self.process.stdout:
            yield line.decode().split()

    def kill_one(self, folder: Path, turns: random.Random) -> tuple[set[str] | None, int]:
        """Let one worker record a little, then kill it; what it found in the vault, and how much it added.

        One in ten is killed while it still opens the vault; such a worker has found nothing (None).
        """
        self.process.stdin.write(f"{folder}\n".encode())
        self.process.stdin.flush()
        found: set[str] | None = None
        added, enough, pid = 0, turns.randrange(MOST), 0
        early = turns.random() < 0.1
        for words in self.lines():
            if words[0] == "dead":
                return found, added
            if words[0] == "born" and early:
                self._kill(int(words[1]), turns.uniform(0, 0.08))
            elif words[0] == "holds" and words[-1] == "end":
                found = set(words[1:-1])
            elif words[0] == "ready":
                self.alarms += words[2] != "whole"
                pid = int(words[1])
            elif words[0] == "refused":
                raise AssertionError(" ".join(words))
            elif len(words[0]) == 36:
                self.acknowledged.add(words[0])
                added += 1
            if pid and not early and added >= enough:
                self._kill(pid, turns.uniform(0, 0.01))
                pid = 0
        raise AssertionError(self.process.stderr.read().decode())

    @staticmethod
    def _kill(pid: int, after: float) -> None:
        select.select([], [], [], after)
        with contextlib.suppress(ProcessLookupError):  # a worker that met an alarm has ended by itself
            os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def nursery(vault_template: Path, tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(Path(shutil.copytree(vault_template, tmp_path / "warm")))
    yield made
    made.close()


def test_no_acknowledged_concern_is_lost_to_a_kill(nursery, vault_template, tmp_path):
    turns = random.Random(20261121)
    kills = lost = total = 0
    while total < COMMITS:
        folder = shutil.copytree(vault_template, tmp_path / f"vault-{kills}")
        nursery.acknowledged.clear()
        for _ in range(PER_VAULT):
            before = set(nursery.acknowledged)
            found, _added = nursery.kill_one(folder, turns)
            kills += 1
            if found is not None:
                lost += len(before - found)
        acknowledged = set(nursery.acknowledged)
        lost += len(acknowledged - entries_of(nursery, folder, turns))
        total += len(acknowledged)
    say("kill -9 while recording", f"{kills} kills, {total} acknowledged concerns, {lost} lost")
    assert kills > COMMITS / MOST
    assert (lost, nursery.alarms) == (0, 0)


def entries_of(nursery: Nursery, folder: Path, turns: random.Random) -> set[str]:
    """What a further worker finds in the vault."""
    found = None
    while found is None:
        found, _added = nursery.kill_one(folder, turns)
    return found


def test_a_log_that_lost_its_last_write_is_caught(nursery, vault_folder):
    """The control: what a disk that lies about its writes would leave; the same check must fail."""
    turns = random.Random(7)
    wal = vault_folder / "children.db-wal"
    added = 0
    while added < 2 or not wal.exists() or len(commits(wal.read_bytes())) < 3:
        _found, added = nursery.kill_one(vault_folder, turns)
    ends = commits(wal.read_bytes())
    with wal.open("r+b") as file:
        file.truncate(ends[-3])  # the last one of all may not have been acknowledged
    alarms = nursery.alarms
    before = set(nursery.acknowledged)
    assert before - entries_of(nursery, vault_folder, turns)
    assert nursery.alarms > alarms, "the anchor knows of the lost write"
