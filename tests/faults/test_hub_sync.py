"""An answer leaves the hub only when all that was written for it is on the disk: seen from outside, by strace (F4).

A control serves with a database told not to sync: if none of its answers were caught, this test could not fail. On
PostgreSQL it is the server that writes; test_hub_kill.py ends it as a power cut would, with a control of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sync.carriers.hub import HubClient
from tests.faults.sizes import say, size
from tests.faults.test_hub_kill import COUNCIL, SCHOOL, SERVE, KilledHub, enrolled, messages

UNSYNCED = """
from sync.hub import store_sqlite, sqlite_writer
connect = sqlite_writer.connect
def hasty(path, *, create=True):
    connection = connect(path, create=create)
    connection.execute("PRAGMA synchronous=OFF")
    return connection
sqlite_writer.connect = hasty
"""
CALLS = "trace=pwrite64,fsync,fdatasync,sendto,sendmsg,write"
LINE = re.compile(r"^(\d+) +(\w+)\(\d+<([^>]*)>")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (?:fsync|fdatasync) resumed>.*= 0$")


def answers_before_the_disk(trace: str) -> tuple[int, int]:
    """Of the answers to batches, how many left while something written to the database was not yet synced; of all."""
    unsynced: set[str] = set()
    syncing: dict[str, str] = {}
    early = answers = 0
    for line in trace.splitlines():
        if resumed := RESUMED.match(line):
            unsynced.discard(syncing.pop(resumed[1], ""))
        found = LINE.match(line)
        if found is None:
            continue
        process, call, path = found.groups()
        if call == "pwrite64" and path.endswith("-wal"):
            unsynced.add(path)
        elif call in ("fsync", "fdatasync"):
            if "<unfinished" in line:
                syncing[process] = path
            elif line.endswith("= 0"):
                unsynced.discard(path)
        elif call in ("sendto", "sendmsg", "write") and "receipt" in line and not path.startswith("/"):
            answers += 1
            early += bool(unsynced)
    return early, answers


def traced(folder: Path, program: str, batches: int) -> tuple[int, int]:
    """Serve under strace, send so many batches, and read what it saw."""
    log, database = folder / "trace", str(folder / "hub.db")
    hub = KilledHub(database, program, before=["strace", "-f", "-y", "-s", "4096", "-e", CALLS, "-o", str(log)])
    try:
        pin = enrolled(hub, database, SCHOOL)
        enrolled(hub, database, COUNCIL)
        items = messages(batches * 5)
        with HubClient(hub.url, SCHOOL, pin=pin) as client:
            for at in range(0, len(items), 5):
                client.send_batch(items[at : at + 5])
    finally:
        hub.kill()
    return answers_before_the_disk(log.read_text(errors="replace"))


@pytest.fixture(autouse=True)
def _strace() -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed (on Debian: apt install strace)")
    if subprocess.run([strace, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace may not look at processes here")


def test_no_answer_leaves_before_the_disk_has_it(tmp_path: Path) -> None:
    (tmp_path / "control").mkdir()
    early, answers = traced(tmp_path, SERVE, size(8, 400, 2_000))
    caught, _ = traced(tmp_path / "control", UNSYNCED + SERVE, 4)
    said = f"{answers:,} answers to batches, {early} before the sync; of a hub that never syncs, {caught} of 4"
    say("the hub on SQLite under strace: the disk before the answer", said)
    assert answers >= size(8, 400, 2_000)
    assert early == 0
    assert caught == 4
