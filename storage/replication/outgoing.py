"""What other machines lack: which acts to hand on, so that nobody misses one and little is written twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from storage import ledger
from storage.replication.wire import lines_of
from storage.views import machines, visits
from storage.views.machines import MachineRow

Range = tuple[int, int]
Covered = Mapping[str, Sequence[Range]]
ACTS_IN_ONE = 10_000
BYTES_IN_ONE = 24 * 1024 * 1024
_EVERYTHING = 2**60


def known_to(connection: Connection, machine: MachineRow) -> dict[str, int]:
    """Return up to where a machine is known to hold each chain: what it said last, and its own chain whole."""
    found: dict[str, int] = {}
    for device in reversed(machine.devices):
        if said := machines.heard(connection, device):
            found = {chain: seq for chain, (seq, _mac) in said.heads.items()}
            break
    found[machine.device] = _EVERYTHING
    for chain, (through, (device, seq)) in visits.closed(connection).items():
        if found.get(device, 0) >= seq:  # the act that closed it is taken in after the whole of it
            found[chain] = max(found.get(chain, 0), through)
    return found


def missing(
    connection: Connection, others: Iterable[MachineRow], covered: Covered | None = None
) -> list[tuple[str, int, int]]:
    """Return the parts (chain, first, last) that at least one of the others may lack and that are not `covered`."""
    known = [known_to(connection, other) for other in others]
    if not known:
        return []
    parts = []
    for device in ledger.devices(connection):
        last = ledger.head(connection, device).seq
        first = min(each.get(device, 0) for each in known) + 1
        parts += [(device, start, end) for start, end in without((first, last), (covered or {}).get(device, ()))]
    return parts


def without(whole: Range, covered: Sequence[Range]) -> list[Range]:
    """Return what is left of a range when others are taken out of it."""
    left, (start, end) = [], whole
    for first, last in sorted(covered):
        if first > start:
            left.append((start, min(first - 1, end)))
        start = max(start, last + 1)
        if start > end:
            break
    if start <= end:
        left.append((start, end))
    return [(first, last) for first, last in left if first <= last]


def batches(
    connection: Connection, parts: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[dict[str, list[Range]], list[bytes]]]:
    """Yield what one bundle each takes: the ranges and the acts' lines."""
    ranges: dict[str, list[Range]] = {}
    lines: list[bytes] = []
    size = 0
    for device, first, last in parts:
        start = first
        for line in lines_of(connection, device, first - 1, last):
            stored = line.to_bytes()
            if lines and (len(lines) >= ACTS_IN_ONE or size + len(stored) > BYTES_IN_ONE):
                if line.seq > start:
                    ranges.setdefault(device, []).append((start, line.seq - 1))
                yield ranges, lines
                ranges, lines, size, start = {}, [], 0, line.seq
            lines.append(stored)
            size += len(stored)
        ranges.setdefault(device, []).append((start, last))
    if lines:
        yield ranges, lines
