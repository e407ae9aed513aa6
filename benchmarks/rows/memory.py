"""Memory of the open console on a long record, beside a bare Textual app that has imported SQLModel (Linux)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import terminal
from benchmarks.frame import ROOT, Pair, Row
from benchmarks.vaults import PASSPHRASE, vault_of

ORDER = 11
AT_REST_SECONDS = 20.0
"""How long the console is left to itself: it checks the whole record meanwhile, and then lets go of what it read."""
BARE = """
import sqlmodel
from benchmarks.bare_app import Bare
Bare().run()
"""


def proportional_megabytes(root: int) -> float:
    """The memory of a process and of all that it started, pages that they share counted once between them."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = [root]
    for process in family:
        family += [child for child, parent in parents.items() if parent == process]
    kib = 0
    for process in family:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage import flags

    with vault_of(folder / "vault", size) as (vault, _ids):
        flags.refresh(vault)  # as every record that was open before; the first time it takes seconds
    program = [sys.executable, "-m", "dsl_console", "--vault", str(folder / "vault")]
    bare = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}){BARE}"]

    def ours() -> float:
        with terminal.kept_open(
            program, [(b"Enter unlocks.", PASSPHRASE + "\r"), (b"Today,", "")], settle=AT_REST_SECONDS
        ) as process:
            return proportional_megabytes(process)

    def theirs() -> float:
        with terminal.kept_open(bare, [(b"Passphrase", "")]) as process:
            return proportional_megabytes(process)

    yield Pair(ours, theirs)


ROW = Row(
    "memory",
    "memory at rest with the console open on Today, its supervisor included",
    "a bare Textual app with SQLModel imported",
    60.0,
    prepare,
    sizes=(100_000,),
    rounds=3,
    warm_up=0,
    unit="MB",
    elapsed=True,
)
