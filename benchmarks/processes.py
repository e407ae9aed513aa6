"""The processor time of other programs that work for a row: a hub, a database's server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def processor_time(*pids: int) -> float:
    """Seconds of processor time that these processes and their children have had until now; Linux says it of each."""
    wanted = {*pids, *(child for child, parent in _parents() if parent in pids)}
    return sum(_of(pid) for pid in wanted) / 1e9


def beside(*pids: int) -> Callable[[], float]:
    """The same as a function, to be asked before and after."""
    return lambda: processor_time(*pids)


def _parents() -> list[tuple[int, int]]:
    found = []
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            # The name of a program stands in brackets and may hold anything; its parent is the second word after it.
            found.append((int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])))
    return found


def _of(pid: int) -> int:
    """Nanoseconds of one process, all of its threads."""
    time = 0
    for thread in (PROC / str(pid) / "task").glob("*/schedstat"):
        with suppress(OSError, ValueError):
            time += int(thread.read_text().split()[0])
    return time
