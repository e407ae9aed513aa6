"""Starting `tests.faults.work` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def with_root() -> dict[str, str]:
    """Return this process's environment for one that finds the program where it lies."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
    """Begin the work; its lines come through `stdout`."""
    environment = {**with_root(), **options.pop("env", {})}
    command = [*options.pop("before", []), sys.executable, "-m", "tests.faults.work", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        **options,
    )


WAL_HEADER, FRAME_HEADER, PAGE = 32, 24, 4096


def commits(wal: bytes) -> list[int]:
    """Where each commit of a write-ahead log ends, of those frames that are of its present round."""
    salt, ends = wal[16:24], []
    for at in range(WAL_HEADER, len(wal) - FRAME_HEADER - PAGE + 1, FRAME_HEADER + PAGE):
        frame = wal[at : at + FRAME_HEADER]
        if frame[8:16] != salt:
            break
        if frame[4:8] != bytes(4):
            ends.append(at + FRAME_HEADER + PAGE)
    return ends
