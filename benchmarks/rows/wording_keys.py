"""A key in a long note with the wording coach beside it: pressed, and painted in a real terminal."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row
from benchmarks.keys import Typed
from benchmarks.vaults import vault_of

ORDER = 11
LETTERS = "".join(chr(code) for code in range(0x100, 0x17F) if chr(code).islower())
"""Letters that the note does not hold: each is on the screen only where it was typed last."""
KEYS = 8
LOOKED_AT = 0.45
"""Seconds after which the coach is at work: the first key of each measure comes while it looks at the whole note."""
PROSE = (
    "He often seems low in the mornings. Mum said DNA at CAMHS again, and staff felt that he was attention seeking. It "
    "was reported that he disclosed risky behaviour to the TA, and that the family is hard to engage. "
)
PARAGRAPH = 3
NOTE = 60_000


def note() -> str:
    """A note near its limit, full of what the coach asks about, in paragraphs of a few sentences."""
    count = NOTE // (len(PROSE) * PARAGRAPH + 2)
    return (PROSE * PARAGRAPH + "\n\n") * count


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    text = folder / "note.txt"
    text.write_text(note(), encoding="utf-8")
    with vault_of(folder / "vault"):
        pass
    program = [sys.executable, "-m", "benchmarks.writing_app", str(folder / "vault"), str(text)]
    letters = itertools.cycle(LETTERS)

    def typed(side: Typed) -> float:
        side.key("\r", "")
        side.settle(0.1)
        side.settle(LOOKED_AT)
        written, took = "", 0.0
        for letter in itertools.islice(letters, KEYS):
            written += letter
            took += side.key(letter, written)
            side.settle(0.03)
        return took / KEYS

    with Typed([*program, "coach"]) as coached, Typed(program) as plain:
        for side in (coached, plain):
            side.wait("often")
            side.settle(3)
        yield Pair(lambda: typed(coached), lambda: typed(plain))


ROW = Row(
    "wording-keys",
    f"a key in a note of {NOTE:,} characters with the wording coach, pressed to painted",
    "the same text area without the coach, typed to in turn",
    1.1,
    prepare,
    sizes=(0,),
    rounds=25,
    elapsed=True,
)
