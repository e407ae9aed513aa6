"""Every byte that the program writes anywhere in a day is searched for twenty words in eight codings (storage: §6.7).

The writes are recorded, not the files, so a temporary file that is gone again counts as well.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.faults.processes import ROOT
from tests.faults.shim import build, preload, read_log
from tests.faults.sizes import say
from tests.faults.whole_day import CANARIES, LEAK


def codings(word: str) -> set[bytes]:
    """Return a word as UTF-8, UTF-16, hex and base64 (at each of its three alignments), and what FTS5 makes of it."""
    made = set()
    for text in (word, word.upper(), word.capitalize()):
        for code in ("utf-8", "utf-16-le", "utf-16-be"):
            stored = text.encode(code)
            made |= {stored, stored.hex().encode(), stored.hex().upper().encode()}
            for before in range(3):
                whole = base64.b64encode(bytes(before) + stored)
                made.add(whole[4 if before else 0 : len(whole) - 4])
    return {each for each in made if len(each) >= 8}


PATTERN = re.compile(b"|".join(re.escape(each) for word in CANARIES for each in sorted(codings(word))))


def written(tmp_path: Path) -> tuple[dict[str, int], set[str], list[str]]:
    """Run the day; the bytes written to each file, the files in which a word stood, and what the keyring was given."""
    library, log = build(tmp_path), tmp_path / "log"
    folder, home = tmp_path / "day", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    places = dict.fromkeys(("HOME", "TMPDIR", "SQLITE_TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(home))
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.whole_day", str(folder), str(log)],
        env={**os.environ, **preload(library), **places, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    sizes: dict[str, int] = {}
    found: set[str] = set()
    for op in read_log(log, Path("/")):
        if op.kind == "W":
            sizes[op.path] = sizes.get(op.path, 0) + len(op.data)
        if op.kind != "S" and (PATTERN.search(op.data) or PATTERN.search(f"{op.path} {op.other}".encode())):
            found.add(op.path)
    kept = [path for path in (*folder.rglob("*"), *home.rglob("*")) if path.is_file() and path.name != "passphrase"]
    found |= {str(path) for path in kept if PATTERN.search(path.read_bytes())}
    return sizes, found, done.stdout.splitlines()


def test_nothing_that_is_written_in_a_day_holds_a_word_of_it(tmp_path):
    sizes, found, keyring = written(tmp_path)
    total = sum(sizes.values())
    leaked = {path for path in found if path.endswith(LEAK)}
    found -= leaked
    say(
        "plaintext in a day's writes",
        f"{total // 1024} KiB in {len(sizes)} files, {len(CANARIES)} words, {len(found)} hits",
    )
    assert any(path.endswith("children.db-wal") for path in sizes)
    assert any(path.endswith(".draft.tmp") or ".draft." in path for path in sizes)
    assert total > 500_000
    assert leaked, "the control: a word in a file that is gone again is found"
    assert found == set()
    assert keyring, "the head was laid into the keyring"
    assert not PATTERN.search("\n".join(keyring).encode())
    assert all(len(line.rsplit(" ", 1)[1]) < 1280 for line in keyring), "Windows takes 1,280 characters"
