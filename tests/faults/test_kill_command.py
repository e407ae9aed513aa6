"""`kill -9` over the real command `log`: what it printed an id for is there (storage: §6.1)."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time

import pytest

from storage.vault import open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, add_child
from tests.faults.processes import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
KILLS = 20
ID = re.compile(rb'"id": ?"([0-9a-f-]{36})"')


def test_what_the_command_acknowledged_survives_its_kill(vault_folder, tmp_path):
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault)
    words = tmp_path / "words"
    words.write_text(PASSPHRASE)
    words.chmod(0o600)
    command = [sys.executable, "-m", "dsl_console", "--vault", str(vault_folder), "--passphrase-file", str(words)]
    command += ["log", child, "--text", "-", "--when", "yesterday", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def log(kill_after: float | None) -> set[str]:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
        )
        process.stdin.write(b"She said [he hit me] after lunch\n")
        process.stdin.close()
        if kill_after is not None:
            try:
                process.wait(timeout=kill_after)
            except subprocess.TimeoutExpired:
                process.kill()
        out, err = process.stdout.read(), process.stderr.read()
        process.wait()
        assert process.returncode in (0, -9), err.decode()
        return {found.decode() for found in ID.findall(out)}

    started = time.perf_counter()
    acknowledged = log(None)
    moment = time.perf_counter() - started
    assert len(acknowledged) == 1
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
    print(f"{KILLS} kills: {len(acknowledged)} acknowledged, {entries} recorded, {lost} lost")
    assert (lost, torn) == (0, 0)
    assert entries >= len(acknowledged) > 3, "some kills came after the recording"
