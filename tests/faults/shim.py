"""The write recorder: built when the tests run, preloaded into a process; and what it wrote down (storage: §6.2)."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("recorder.c")
FAILURES = {"full": 1, "broken": 2, "short": 3, "unsynced": 4}
_HEAD = struct.Struct("<B3xIIIQ")


@dataclass(frozen=True)
class Op:
    """One change: C(reate), W(rite), T(runcate), S(ync), U(nlink), M(ake a folder), R(ename), L(ink)."""

    kind: str
    path: str
    other: str
    at: int
    data: bytes


def build(folder: Path) -> Path:
    """Compile the recorder; skips where it cannot be."""
    if not sys.platform.startswith("linux"):
        pytest.skip("writes are recorded by a library preloaded on Linux")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler (cc) to build the write recorder with")
    made = folder / "recorder.so"
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the write recorder did not build: {done.stderr[:200]}")
    return made


def preload(library: Path) -> dict[str, str]:
    """Return what to add to the environment of a process that records itself."""
    return {"LD_PRELOAD": str(library), "DSL_TEST_RECORDER": str(library)}


class Recorder:
    """The preloaded library, as the process that carries it steers it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ["DSL_TEST_RECORDER"])

    def begin(self, root: Path, log: Path | None = None) -> None:
        """Record what happens under a folder from now on, into a log; without one only failures can be asked for."""
        self._library.faults_begin(os.fsencode(log) if log else b"", os.fsencode(root))

    def fail(self, kind: str, first: int, every: int = 0, *, sticky: bool = False) -> None:
        """Let the `first` call from now fail, and each `every`-th after it, or all after it."""
        self._library.faults_fail(FAILURES[kind], first, every, int(sticky))

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._library.faults_fail(0, 0, 0, 0)

    @property
    def seen(self) -> int:
        """How many calls of the kind asked for there were."""
        return int(self._library.faults_seen())

    @property
    def failed(self) -> int:
        """How many calls were made to fail."""
        return int(self._library.faults_failed())

    def end(self) -> None:
        """Record no more."""
        self._library.faults_end()


def read_log(log: Path, root: Path) -> list[Op]:
    """Return what was recorded, its paths relative to the root."""
    stored, at, ops = log.read_bytes(), 0, []
    skip = len(str(root).rstrip("/")) + 1
    while at < len(stored):
        kind, first, second, size, offset = _HEAD.unpack_from(stored, at)
        at += _HEAD.size
        paths = stored[at : at + first], stored[at + first : at + first + second]
        at += first + second
        ops.append(Op(chr(kind), *(os.fsdecode(path)[skip:] for path in paths), offset, stored[at : at + size]))
        at += size
    return ops
