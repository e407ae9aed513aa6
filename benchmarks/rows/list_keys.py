"""A key in the list of a child's 100,000 entries: pressed in the real program, and painted in a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import notes
from benchmarks.frame import Pair, Row
from benchmarks.keys import Typed
from benchmarks.vaults import PASSPHRASE, fields_of, vault_of

ORDER = 10
FEW = 100
KEYS = 20
FREEZE = 0.05
UP, DOWN, FIND = "\x1b[A", "\x1b[B", "\x1bOR"


def heads(size: int) -> list[str]:
    """When each entry happened, as the list shows it: no two are alike."""
    from practice.dates import in_words

    return [in_words(fields_of(note)["occurred"]) for note in notes.notes(size, 1)[-KEYS - 1 :]]


def at_record(program: Typed, last: str) -> None:
    """Unlock, find the one child, and open the record at its end."""
    program.wait("Enter unlocks.")
    program.key(PASSPHRASE + "\r", "Today,")
    program.settle(3)
    program.key(FIND, "Two letters find a child")
    child = notes.children(1)[0].name
    program.key(child.split()[1], "Children (1)")
    program.settle(1)
    program.key("\r", last)
    program.settle(3)


@contextmanager
def record_of(folder: Path, size: int) -> Iterator[tuple[Typed, list[str]]]:
    """The console on the record of a child with so many entries, and the heads of the last of them."""
    with vault_of(folder, size, children=1):
        pass
    shown = heads(size)
    with Typed([sys.executable, "-m", "dsl_console", "--vault", str(folder)]) as program:
        at_record(program, shown[-1])
        yield program, shown


def moved(program: Typed, shown: list[str]) -> float:
    """Go up through the last entries, and return the seconds of one key; then go down again."""
    took = sum(program.key(UP, head) for head in reversed(shown[:-1])) / (len(shown) - 1)
    for head in shown[1:]:
        program.key(DOWN, head)
    return took


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    with record_of(folder / "long", size) as (long, of_long), record_of(folder / "short", FEW) as (short, of_short):
        yield Pair(lambda: moved(long, of_long), lambda: moved(short, of_short))


ROW = Row(
    "list-keys",
    "a key in one child's list of entries, pressed to painted",
    f"the same in a list of {FEW}, typed to in turn",
    1.2,
    prepare,
    sizes=(100_000,),
    rounds=10,
    most=FREEZE,
    elapsed=True,
)
