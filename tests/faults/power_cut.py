"""A disk that loses its power: which files there may be afterwards, from the writes that were recorded.

What a file held when it was last synced is there. Of the writes since then any may be there, missing, or there in part;
a name that was made, moved or removed since its folder was last synced may be the old one or the new one. Reading is as
POSIX promises and no more: a synced file is there only under a name whose folder was synced too.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.faults.shim import Op

SECTOR = 512
ACKNOWLEDGED = "acknowledged"
Fate = Literal["all", "none", "torn", "mixed"]
FATES: tuple[Fate, ...] = ("all", "none", "torn", "mixed")


@dataclass(eq=False)
class File:
    """Bytes that are safe, and changes that are not yet: (offset, data), or (size, None) for a new length."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    _digest: bytes = b""

    def sync(self) -> None:
        """Make the changes safe."""
        if self.pending:  # a new object: what was left of the file earlier keeps the old one
            self.safe, self.pending, self._digest = _changed(self.safe, self.pending), [], b""

    def left(self, fate: Fate, turns: random.Random) -> Left:
        """Return what a power cut leaves of it."""
        if survivors := _survivors(self.pending, fate, turns):
            changed = _changed(self.safe, survivors)
            return Left(changed, digest(changed))
        self._digest = self._digest or digest(self.safe)
        return Left(self.safe, self._digest)


@dataclass(frozen=True)
class Left:
    """What is left of one file, and its digest."""

    content: bytes | bytearray
    digest: bytes


def digest(content: bytes | bytearray) -> bytes:
    """Return what tells one file from another."""
    return hashlib.blake2b(content, digest_size=16).digest()


@dataclass(eq=False)
class Folder:
    """Names that are safe, names as they stand, and the changes between the two, each whole or not at all."""

    safe: dict[str, Node] = field(default_factory=dict)
    now: dict[str, Node] = field(default_factory=dict)
    pending: list[dict[str, Node | None]] = field(default_factory=list)

    def change(self, names: dict[str, Node | None]) -> None:
        """Make and remove names in one step."""
        self.pending.append(names)
        _apply(self.now, names)


Node = File | Folder


def _apply(entries: dict[str, Node], names: dict[str, Node | None]) -> None:
    for name, node in names.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


def load(path: Path) -> Folder:
    """Return a folder as it lies on a disk, all of it safe."""
    made = Folder()
    for each in path.iterdir():
        made.safe[each.name] = load(each) if each.is_dir() else File(bytearray(each.read_bytes()))
    made.now = dict(made.safe)
    return made


class Disk:
    """A folder's files while recorded changes are played to it."""

    def __init__(self, start: Path, *, file_syncs: bool = True, folder_syncs: bool = True) -> None:
        self.root = load(start)
        self.acknowledged: list[str] = []
        self._file_syncs, self._folder_syncs = file_syncs, folder_syncs

    def _folder(self, path: str) -> tuple[Folder, str]:
        *above, name = path.split("/")
        node: Node = self.root
        for part in above:
            assert isinstance(node, Folder)
            node = node.now[part]
        assert isinstance(node, Folder)
        return node, name

    def play(self, op: Op) -> None:
        """Take one recorded change in."""
        if op.path.endswith(ACKNOWLEDGED):
            self.acknowledged += op.data.decode().splitlines()
            return
        if op.kind == "S" and not op.path:
            self._sync(self.root)
            return
        folder, name = self._folder(op.path)
        if op.kind == "C":
            folder.change({name: File()})
        elif op.kind == "M":
            folder.change({name: Folder()})
        elif op.kind == "U":
            folder.change({name: None})
        elif op.kind in "RL":
            beside, other = self._folder(op.other)
            assert beside is folder, "a move between folders is not one step on every disk"
            folder.change({other: folder.now[name], **({name: None} if op.kind == "R" else {})})
        elif op.kind == "S":
            self._sync(folder.now[name])
        else:
            file = folder.now[name]
            assert isinstance(file, File)
            file.pending.append((op.at, op.data if op.kind == "W" else None))

    def _sync(self, node: Node) -> None:
        if isinstance(node, Folder):
            if self._folder_syncs:
                node.safe, node.pending = dict(node.now), []
        elif self._file_syncs:
            node.sync()

    # -- what is left ------------------------------------------------------------------------------------------------

    def remains(self, fate: Fate, turns: random.Random) -> Remains:
        """Return what a power cut at this moment leaves: everything, only what is safe, or something between."""
        return dict(_remains(self.root, "", fate, turns))


Remains = dict[str, Left | None]
"""The files by their paths; None for a folder, which stands before what is in it."""


def lay(remains: Remains, target: Path) -> None:
    """Write what is left into a folder that is not there yet."""
    target.mkdir(mode=0o700)
    for path, left in remains.items():
        if left is None:
            (target / path).mkdir(mode=0o700)
        else:
            (target / path).write_bytes(left.content)
            (target / path).chmod(0o600)


def _changed(safe: bytearray, changes: Sequence[tuple[int, bytes | None]]) -> bytearray:
    made = bytearray(safe)
    for at, data in changes:
        size = at if data is None else at + len(data)
        if data is None or size > len(made):
            made[size:] = bytes(max(0, size - len(made)))
        if data is not None:
            made[at:size] = data
    return made


def _part(at: int, data: bytes, turns: random.Random) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces of one write that came to be: some of its sectors, or its beginning to the byte."""
    if turns.random() < 0.5:
        yield at, data[: turns.randrange(len(data) + 1)]
        return
    start = 0
    while start < len(data):
        end = min(len(data), start + SECTOR - (at + start) % SECTOR)
        if turns.random() < 0.5:
            yield at + start, data[start:end]
        start = end


def _survivors(
    pending: list[tuple[int, bytes | None]], fate: Fate, turns: random.Random
) -> list[tuple[int, bytes | None]]:
    if fate == "all":
        return pending
    if fate == "none":
        return []
    if fate == "torn":  # in their order up to one, which is torn
        kept: list[tuple[int, bytes | None]] = pending[: turns.randrange(len(pending) + 1)]
        if kept and (data := kept[-1][1]) is not None:
            kept = [*kept[:-1], *_part(kept[-1][0], data, turns)]
        return kept
    kept = []
    for at, data in pending:
        chance = turns.random()
        if chance < 0.4:
            kept.append((at, data))
        elif chance < 0.6 and data is not None:
            kept += _part(at, data, turns)
    return kept


def _remains(folder: Folder, within: str, fate: Fate, turns: random.Random) -> Iterator[tuple[str, Left | None]]:
    names = dict(folder.safe)
    for number, change in enumerate(folder.pending):
        if fate == "none":
            break
        if fate == "torn" and turns.random() < 1 / (len(folder.pending) - number + 1):
            break
        if fate != "mixed" or turns.random() < 0.5:
            _apply(names, change)
    for name, node in names.items():
        if isinstance(node, Folder):
            yield within + name, None
            yield from _remains(node, f"{within}{name}/", fate, turns)
        else:
            yield within + name, node.left(fate, turns)


def states(disk: Disk, ops: Sequence[Op], count: int, seed: int) -> Iterator[tuple[int, Fate, random.Random]]:
    """Play the changes and stop at `count` moments spread over them, each with a fate; `disk` stands at that moment.

    The turns are each state's own: who passes a state over meets the same ones after it.
    """
    turns = random.Random(seed)
    # A name is made or moved in one change among hundreds of writes: half of the moments follow such a change.
    names = [number + 1 for number, op in enumerate(ops) if op.kind in "CMURL"]
    moments = sorted(
        turns.choice(names) if turns.random() < 0.5 else turns.randrange(len(ops) + 1) for _ in range(count)
    )
    played = 0
    for number, moment in enumerate(moments):
        while played < moment:
            disk.play(ops[played])
            played += 1
        yield moment, FATES[number % len(FATES)], random.Random(turns.random())
