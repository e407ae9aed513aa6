"""The way of a bundle: from an open vault to a file's bytes, and from such bytes into a vault."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import MachineAdded
from practice.errors import ConsoleError, NotAllowed, Refused
from storage import ledger, secrets_table
from storage.header import FILE_NAME
from storage.keys import hkdf, unb64
from storage.replication import bundle, headers, identity, incoming, outgoing, waiting
from storage.replication.bundle import Cover, Front, Reader
from storage.replication.identity import Identity
from storage.replication.incoming import Taken
from storage.types import utc_text
from storage.views import machines
from storage.views.machines import MachineRow

if TYPE_CHECKING:
    from storage.vault import Vault

CARRY = "carry/"
INTRODUCED = "introduced"
"""Where a machine that joined keeps the keys of the one that let it in, until the acts say them too."""
PUT_BACK = "put-back"
"""Where a machine notes how many acts of its own others hold and it lacks, since its files were put back."""
MAILBOX = "machines-hub/"
"""Where the keys of the machines' mailbox at a hub are kept, by a number that counts up; the last one holds."""
_SHARED = {secrets_table.INBOX_PREFIX: range(96, 97), CARRY: range(32, 33), MAILBOX: range(1, 4097)}
"""Which of the vault's own keys every machine of the school holds, and how long each may be."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Written:
    """A bundle that was made: its id, its bytes, and what it holds for whom."""

    id: str
    content: bytes = field(repr=False)
    readers: tuple[str, ...]
    ranges: dict[str, list[tuple[int, int]]]
    acts: int


@dataclass
class Result:
    """What became of some bundles: those read, those that wait for a sender or a key, and what was refused."""

    taken: Taken = field(default_factory=Taken)
    read: dict[str, Front] = field(default_factory=dict)
    readers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    for_others: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that were written for others alone, such as before this machine joined."""
    sizes: dict[str, int] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    header: str = "same"
    own_through: int = 0
    """How far others hold this machine's own chain."""


def me(connection: Connection) -> Identity:
    """Return this machine's keys; raises Refused where the vault has known one machine only."""
    found = identity.kept(connection)
    if found is None:
        raise Refused(
            "This vault has known one machine only, so there is nobody to exchange with yet. Nothing was changed.",
            hint="Let another machine join it: dsl-console machine add NAME",
        )
    return found


def reader_of(row: MachineRow) -> Reader:
    """Return a machine's public keys."""
    return Reader(row.id, unb64(row.signing), unb64(row.encryption), unb64(row.transport))


def public_reader(public: Mapping[str, str]) -> Reader:
    """Return a machine's public keys as `Identity.public` names them; raises KeyError or ValueError."""
    keys = {name: unb64(public[name]) for name in ("signing", "encryption", "transport")}
    return Reader(machine=public["machine"], **keys)


def carry_key(vault: Vault) -> tuple[str, bytes]:
    """Return the id and the key under which acts travel now; every holder of the compartment's key can make it."""
    key = hkdf(vault.compartment_key, "carry")
    return hashlib.sha256(b"dsl-console/carry\0" + key).hexdigest()[:16], key


def keep_carry_key(vault: Vault) -> None:
    """Keep the present carrying key, so that what was written under it can be read after a rotation too."""
    ident, key = carry_key(vault)
    with vault.read() as connection:
        kept = secrets_table.get(connection, CARRY + ident)
    if kept is None:
        with vault.write() as unit:
            secrets_table.put(unit.connection, CARRY + ident, key)


def shared_keys(connection: Connection) -> dict[str, bytes]:
    """Return the keys that every machine of the school holds: of the inboxes, and those under which acts travelled."""
    return {prefix + name: key for prefix in _SHARED for name, key in secrets_table.under(connection, prefix).items()}


# -- writing -----------------------------------------------------------------------------------------------------------


def write_bundles(
    vault: Vault,
    others: Sequence[MachineRow],
    *,
    covered: outgoing.Covered | None = None,
    everything: bool = False,
    always: bool = False,
) -> Iterator[Written]:
    """Yield bundles for these machines with what they may lack; one without acts where `always` asks for the header.

    With `everything` the whole record, whatever the others said they hold.
    """
    keep_carry_key(vault)
    trail = headers.trail(vault)
    ident, carry = carry_key(vault)
    header = (vault.folder / FILE_NAME).read_bytes()
    with vault.long_read() as connection:
        own = me(connection)
        keys = shared_keys(connection)
        heads = {device: seq for device, (seq, _mac) in machines.heads(connection).items()}
        if everything:
            parts = [(device, 1, seq) for device, seq in heads.items()]
        else:
            parts = outgoing.missing(connection, others, covered)
            if _unaware(connection, own, vault.device, others):  # the others' acts are theirs to hand on until then
                parts = [part for part in parts if part[0] == vault.device]
        nothing: tuple[dict[str, list[tuple[int, int]]], list[bytes]] = ({}, [])
        batches = outgoing.batches(connection, parts)
        for ranges, lines in batches if parts else iter([nothing] if always else []):
            front = Front(utc_text(vault.clock()), header, trail, ident, ranges, heads)
            readers = [reader_of(other) for other in others] + [public_reader(own.public())]
            name, content = bundle.write(vault.id, own, readers, front, carry, keys, lines)
            yield Written(name, content, tuple(sorted(other.id for other in others)), ranges, len(lines))


def write_register(vault: Vault, reader: Reader, blob: bytes) -> Written:
    """Return a bundle without acts that carries the sealed register to one machine alone."""
    trail, (ident, carry) = headers.trail(vault), carry_key(vault)
    with vault.read() as connection:
        own = me(connection)
    front = Front(utc_text(vault.clock()), (vault.folder / FILE_NAME).read_bytes(), trail, ident, {}, {})
    name, content = bundle.write(vault.id, own, [reader], front, carry, {}, [], register=blob)
    return Written(name, content, (reader.machine,), {}, 0)


def _unaware(connection: Connection, own: Identity, device: str, others: Sequence[MachineRow]) -> list[MachineRow]:
    """Return the machines of which it is not known that they have heard of this one: they cannot open a file of it.

    Were the acts that tell of it in such a file, whoever lays acts into the folder would take them for handed on.
    """
    for act in ledger.acts_where(connection, "kind", [], [MachineAdded.act_kind]):
        if isinstance(act.body, MachineAdded) and act.body.machine == own.machine and act.device != device:
            return [row for row in others if outgoing.known_to(connection, row).get(act.device, 0) < act.seq]
    return []


# -- taking in ---------------------------------------------------------------------------------------------------------


def take_bundles(
    vault: Vault, files: Iterable[tuple[str, Callable[[], bytes]]], progress: Progress = lambda _text: None
) -> Result:
    """Take in bundles by name, in any order; what waits for another of them is tried again after it.

    A file that is damaged, strange or refused is named with its sentence and stops no other.
    """
    keep_carry_key(vault)
    result = Result()
    left, result.own_through = _own_first(vault, dict(files))
    while left:
        waits: dict[str, Callable[[], bytes]] = {}
        for name, load in left.items():
            try:
                stored = load()
                state = _take(vault, name, bundle.read(stored), result, progress)
                result.sizes[name] = len(stored)
            except NotAllowed:
                raise
            except ConsoleError as error:
                result.refused[name] = error.message
                continue
            if state == "waits":
                waits[name] = load
        if len(waits) == len(left):
            break
        left = waits
    result.waits = sorted(left)
    _settle_own(vault, result)
    return result


def _own_first(vault: Vault, files: dict[str, Callable[[], bytes]]) -> tuple[dict[str, Callable[[], bytes]], int]:
    """Return the files with those first that hold acts of this machine which it lacks, and how far others hold them.

    A machine whose files were put back to an earlier state takes its own acts again before it records another.
    """
    first: dict[str, Callable[[], bytes]] = {}
    later: dict[str, Callable[[], bytes]] = {}
    through = 0
    for name, load in files.items():
        try:
            cover = bundle.read(load())
            with vault.read() as connection:
                own, sender = me(connection), sender_of(connection, cover.machine)
                end = ledger.head(connection, vault.device).seq
            front = None if sender is None else bundle.open_front(cover, own, sender)[0]
        except ConsoleError:
            front = None
        through = max(through, front.heads.get(vault.device, 0) if front else 0)
        parts = front.ranges.get(vault.device, []) if front else []
        (first if any(last > end for _first, last in parts) else later)[name] = load
    return first | later, through


def _settle_own(vault: Vault, result: Result) -> None:
    """Bind what is still to be bound, unless acts of this machine's own are missing; then remember that they are."""
    with vault.write() as unit:
        behind = max(0, result.own_through - ledger.head(unit.connection, vault.device).seq)
        waiting.set_note(unit.connection, PUT_BACK, str(behind) if behind else "")
        if result.taken.unbound and not behind:
            incoming.bind(unit, vault.device)


def _take(vault: Vault, name: str, cover: Cover, result: Result, progress: Progress) -> str:
    """Take in one bundle; return `done`, or `waits` where its sender or its key is not known yet."""
    if cover.vault != vault.id:
        raise Refused("That file belongs to another vault. Nothing was taken from it.")
    with vault.read() as connection:
        own = me(connection)
        sender = sender_of(connection, cover.machine)
    if own.machine not in cover.readers:
        if sender is not None:  # else a file that was changed on its way would be passed over for good, once whole too
            bundle.check_signature(cover, sender)
        result.for_others[name] = cover.readers
        return "done"
    if sender is None:
        return "waits"
    front, secret = bundle.open_front(cover, own, sender)
    state = headers.take(vault, front, progress)
    if state == "conflict":
        headers.refuse(vault, cover.machine, front)
        result.header = "conflict"
    elif state == "taken":
        result.header = "taken"
        keep_carry_key(vault)
    with vault.read() as connection:
        carry = secrets_table.get(connection, CARRY + front.carry)
    if carry is None:
        return "waits"
    back = bundle.open_back(cover, secret, carry)
    _keep_keys(vault, back.keys)
    if back.register:
        from storage.register_travel import keep_aside

        keep_aside(vault.folder, cover.id, back.register)
    _add(result.taken, incoming.take_in(vault, back.lines, progress, own_through=result.own_through))
    result.read[name] = front
    result.readers[name] = cover.readers
    return "done"


def sender_of(connection: Connection, machine: str) -> Reader | None:
    """Return the public keys of a machine, None for one of which nothing has been heard; raises Refused if removed."""
    for row in machines.in_ledger(connection):
        if row.id == machine:
            if row.removed_at is not None:
                raise Refused(f"«{row.name}» wrote that file and was removed since. Nothing was taken from it.")
            return reader_of(row)
    introduced = json.loads(waiting.note(connection, INTRODUCED) or "{}")
    return public_reader(introduced) if introduced.get("machine") == machine else None


def _keep_keys(vault: Vault, keys: dict[str, bytes]) -> None:
    """Keep the school's keys that are new here; one that is here is never replaced."""
    with vault.read() as connection:
        held = shared_keys(connection)
    fresh = {
        name: key
        for name, key in keys.items()
        if name not in held
        and len(name) <= 80
        and any(name.startswith(prefix) and len(key) in sizes for prefix, sizes in _SHARED.items())
    }
    if fresh:
        with vault.write() as unit:
            for name, key in fresh.items():
                secrets_table.put(unit.connection, name, key)


def _add(whole: Taken, part: Taken) -> None:
    whole.applied += part.applied
    whole.known += part.known
    whole.waiting, whole.gaps = part.waiting, part.gaps
    whole.forks = [*whole.forks, *(fork for fork in part.forks if fork not in whole.forks)]
    whole.newer = whole.newer or part.newer
    whole.unbound = whole.unbound or part.unbound


def from_file(path: Path) -> Callable[[], bytes]:
    """Return what reads a bundle's file, no further than a bundle can be long; it raises Refused where it cannot."""

    def load() -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(bundle.FILE_LIMIT + 1)
        except OSError:
            raise Refused("The file cannot be read. Nothing was taken from it.") from None

    return load


def ends(vault: Vault) -> dict[str, int]:
    """Return the number of the last act that is held of each chain."""
    with vault.read() as connection:
        return {device: ledger.head(connection, device).seq for device in ledger.devices(connection)}


def gaps(vault: Vault) -> list[waiting.Gap]:
    """Return what is missing, so that the waiting acts can be applied."""
    with vault.read() as connection:
        return waiting.gaps(connection)
