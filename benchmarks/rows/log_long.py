"""`dsl-console log` from the shell at 100,000 entries, beside its own time at 10,000."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row
from benchmarks.rows.log_from_shell import LINE, run
from benchmarks.vaults import PASSPHRASE, vault_of

ORDER = 4.5
SHORT = 10_000


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE, encoding="utf-8")
    commands = []
    for entries in (size, SHORT):
        place = folder / str(entries)
        with vault_of(place, entries) as (_vault, ids):
            child = ids[0]
        before = [sys.executable, "-m", "dsl_console", "--vault", str(place), "--passphrase-file", str(passphrase)]
        commands.append([*before, "log", child, "--text", "-", "--when", "today", "--json"])
    yield Pair(lambda: run(commands[0], LINE), lambda: run(commands[1], LINE))


ROW = Row(
    "log-long",
    "log from the shell",
    "the same at 10,000 entries",
    1.1,
    prepare,
    sizes=(100_000,),
    rounds=9,
    warm_up=1,
)
