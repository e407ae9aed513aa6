"""From exec to the first painted frame of the unlock screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import terminal
from benchmarks.frame import ROOT, Pair, Row
from benchmarks.vaults import vault_of

ORDER = 1
MARKER = b"Passphrase"


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    with vault_of(folder / "vault"):
        pass
    ours = [sys.executable, "-m", "dsl_console", "--vault", str(folder / "vault")]
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py")]
    yield Pair(lambda: terminal.until_painted(ours, MARKER), lambda: terminal.until_painted(bare, MARKER))


ROW = Row(
    "first-paint",
    "first paint of the unlock screen",
    "a bare Textual app's first paint",
    1.3,
    prepare,
    sizes=(0,),
    rounds=15,
    elapsed=True,
)
