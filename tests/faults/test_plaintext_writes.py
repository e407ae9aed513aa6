"""Every byte that the program writes anywhere in a day is searched for twenty words in their codings (storage: §6.7).

The writes are recorded, not the files, so a temporary file that is gone again counts as well.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

from tests.faults.processes import ROOT
from tests.faults.shim import build, preload, read_log
from tests.faults.sizes import say
from tests.faults.whole_day import CANARIES, LEAK


def folded(word: str) -> set[bytes]:
    """Return a word as UTF-8 and UTF-16, and each of them in hex: to be looked for whatever the case of its letters."""
    made = set()
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        made.add(word.encode(code))
        made |= {text.encode(code).hex().encode() for text in (word, word.upper(), word.capitalize())}
    return made


def in_base64(word: str) -> set[bytes]:
    """Return a word in base64, at each of the three places where it may begin."""
    made = set()
    for stored in (*(text.encode() for text in (word, word.upper(), word.capitalize())), word.encode("utf-16-le")):
        for before in range(3):
            whole = base64.b64encode(bytes(before) + stored)
            made.add(whole[4 if before else 0 : len(whole) - 4])
    return made


FOLDED = sorted({each for word in CANARIES for each in folded(word)})
BASE64 = sorted({each for word in CANARIES for each in in_base64(word)})


def stands_in(data: bytes) -> bool:
    """Say whether any of the words stands in some bytes, in any of its codings."""
    low = data.lower()
    return any(each in low for each in FOLDED) or any(each in data for each in BASE64)


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
        if op.kind != "S" and (stands_in(op.data) or stands_in(f"{op.path} {op.other}".encode())):
            found.add(op.path)
    kept = [path for path in (*folder.rglob("*"), *home.rglob("*")) if path.is_file() and path.name != "passphrase"]
    found |= {str(path) for path in kept if stands_in(path.read_bytes())}
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
    assert not stands_in("\n".join(keyring).encode())
    assert all(len(line.rsplit(" ", 1)[1]) < 1280 for line in keyring), "Windows takes 1,280 characters"
