"""Locking ends the process that held plaintext: nothing of it is left in the memory of what remains (design: §4)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.views import record
from tests.terminal import Console

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a process's memory can be read through /proc on Linux alone"
)

CANARY = "zygomorphic-lantern-4711"
LOCK = "\x0c"
CODES = ("utf-8", "utf-16-le", "utf-32-le")
_PIECE = 16 * 1024 * 1024


def descendants(root: int) -> list[int]:
    """Return a process and everything it started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def memory(process: int) -> Iterator[bytes]:
    """Yield what can be read and written of a process's memory, a piece at a time."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as file:
        for line in lines:
            where, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in where.split("-"))
            for at in range(start, end, _PIECE):
                try:
                    file.seek(at)
                    yield file.read(min(_PIECE, end - at))
                except (OSError, ValueError, OverflowError):
                    break


def holders(root: int, *words: str) -> list[int]:
    """Return the processes in whose memory any of the words stands."""
    needles = [word.encode(code) for word in words for code in CODES]
    found = []
    for process in descendants(root):
        try:
            if any(needle in piece for piece in memory(process) for needle in needles):
                found.append(process)
        except FileNotFoundError:
            continue
    return found


def test_after_a_lock_no_process_of_the_program_holds_what_was_written(
    vault, vault_folder: Path, passphrase: str, tmp_path: Path
) -> None:
    vault.drafts.all()
    console = Console(vault_folder, tmp_path, supervised=True)
    try:
        console.unlock(passphrase)
        console.write_of("Milo Tester", CANARY)
        before = holders(console.process.pid, CANARY)
        assert before, "the control must find the words where they are being written"
        console.type(LOCK)
        console.wait_for("Locked. Nothing was lost.")
        console.wait_for("Enter unlocks.")
        remaining = descendants(console.process.pid)
        assert not set(before) & set(remaining), "the process that held plaintext has ended"
        assert len(remaining) >= 2, "the supervisor and a fresh console are there"
        assert holders(console.process.pid, CANARY, passphrase, "Milo Tester") == []
    finally:
        console.kill()
    (draft,) = vault.drafts.all()
    assert draft.fields["text"] == CANARY
    assert record.undecided(vault) == []


def test_a_console_whose_supervisor_was_killed_seals_its_draft_and_ends(
    vault, vault_folder: Path, passphrase: str, tmp_path: Path
) -> None:
    console = Console(vault_folder, tmp_path, supervised=True)
    try:
        console.unlock(passphrase)
        console.write_of("Milo Tester", CANARY)
        started = descendants(console.process.pid)[1:]
        assert started
    finally:
        console.kill()
    deadline = time.monotonic() + 40
    while any(alive(process) for process in started):
        assert time.monotonic() < deadline, "the console goes on without its terminal"
        time.sleep(0.1)
    (draft,) = vault.drafts.all()
    assert draft.fields["text"] == CANARY


def alive(process: int) -> bool:
    """Say whether a process runs; one that has ended and is not yet buried does not."""
    try:
        return (Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]) != "Z"
    except OSError:
        return False
