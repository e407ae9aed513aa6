"""`dsl-console log` from the shell, beside jrnl adding one line to an encrypted journal of the same size."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import frame, jrnl, notes
from benchmarks.frame import ROOT, Pair, Row
from benchmarks.vaults import CHILDREN, PASSPHRASE, vault_of

ORDER = 4
LINE = "Said that nobody was at home last night."


def run(command: Sequence[str], text: str) -> float:
    """Seconds from exec to exit. RuntimeError unless the command says that the concern was recorded."""
    start = frame.outer_clock()
    done = subprocess.run(command, input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    taken = frame.outer_clock() - start
    if done.returncode != 0 or json.loads(done.stdout)["state"] != "recorded":
        raise RuntimeError(f"log ended with {done.returncode}: {done.stderr[-500:]}")
    return taken


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE, encoding="utf-8")
    with vault_of(folder / "vault", size) as (_vault, ids):
        child = ids[0]
    program = [
        sys.executable,
        "-m",
        "dsl_console",
        "--vault",
        str(folder / "vault"),
        "--passphrase-file",
        str(passphrase),
    ]
    ours = [*program, "log", child, "--text", "-", "--when", "today", "--json"]
    journal = jrnl.encrypted_journal(folder / "journal", notes.notes(size, CHILDREN))
    yield Pair(lambda: run(ours, LINE), lambda: journal.add(LINE))


ROW = Row(
    "log",
    "log from the shell",
    f"jrnl {jrnl.VERSION} adding one line to its encrypted journal of the same size",
    0.5,
    prepare,
    rounds=9,
    warm_up=1,
    note="log from the shell: our vault's passphrase goes through Argon2id at its floor (64 MiB, 3 passes), jrnl's "
    "through PBKDF2 with 100,000 rounds. A real vault is set to 0.7 to 1.0 seconds of Argon2id, which every command "
    "then takes on top.",
)
