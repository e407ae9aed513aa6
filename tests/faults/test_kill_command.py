"""`kill -9` over the real command `log`: what it printed an id for is there (storage: §6.1)."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from storage.vault import open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, add_child
from tests.faults.processes import ROOT, start, with_root

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
KILLS = 20
TEXT = "She said [he hit me] after lunch\n"
ID = re.compile(r'"id": ?"([0-9a-f-]{36})"')


def test_what_the_command_acknowledged_survives_its_kill(vault_folder, tmp_path):
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault)
    words = tmp_path / "words"
    words.write_text(PASSPHRASE)
    words.chmod(0o600)
    arguments = ["--vault", str(vault_folder), "--passphrase-file", str(words)]
    arguments += ["log", child, "--text", "-", "--when", "yesterday", "--json"]
    command = [sys.executable, "-m", "dsl_console", *arguments]
    done = subprocess.run(command, input=TEXT, capture_output=True, env=with_root(), cwd=ROOT, check=True, text=True)
    acknowledged = set(ID.findall(done.stdout))
    assert len(acknowledged) == 1
    nursery = start("nursery", shutil.copytree(vault_folder, tmp_path / "warm"))

    def log(kill_after: float) -> set[str]:
        """Run the command in a fork that has its imports, kill it after so many seconds, and return what it told."""
        nursery.stdin.write(json.dumps([TEXT, *arguments]).encode() + b"\n")
        nursery.stdin.flush()
        born, pid = nursery.stdout.readline().decode().split()
        assert born == "born"
        timer = threading.Timer(kill_after, kill, [int(pid)])
        timer.start()
        out = ""
        for line in nursery.stdout:
            if line.startswith(b"dead "):
                timer.cancel()
                return set(ID.findall(out))
            out += line.decode()
        raise AssertionError(nursery.stderr.read().decode())

    acknowledged |= log(60)
    started = time.perf_counter()
    acknowledged |= log(60)
    moment = time.perf_counter() - started
    assert len(acknowledged) == 3
    turns, lost, torn = random.Random(5), 0, 0
    for _ in range(KILLS):
        told = log(moment * turns.uniform(0.9, 1.1))
        moment *= 0.9 if told else 1.1  # so that the kills gather around the moment of recording
        acknowledged |= told
        with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
            assert vault.alarm is None
            torn += not vault.verify().ok
            lost += len(acknowledged) - len(record.by_ids(vault, sorted(acknowledged)))
            entries = record.count(vault, child)
    nursery.stdin.close()
    assert (nursery.wait(timeout=30), nursery.stderr.read()) == (0, b"")
    nursery.stdout.close()
    nursery.stderr.close()
    print(f"{KILLS} kills: {len(acknowledged)} acknowledged, {entries} recorded, {lost} lost")
    assert (lost, torn) == (0, 0)
    assert entries >= len(acknowledged) > 4, "some kills came after the recording"
    assert len(acknowledged) < 3 + KILLS, "and some before it was told"


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.kill(pid, signal.SIGKILL)
