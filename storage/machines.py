"""The school's machines: this one's own keys and name, which others there are, and taking a lost one out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import MachineAdded, MachineHeard, MachineRemoved, MachineRenewed, build, read_body
from practice.errors import Refused
from practice.roles import check_may_record
from practice.text import counted
from storage import chain, ledger, secrets_table
from storage.erasing import Gone
from storage.ids import new_id
from storage.ledger import Author, Draft, Link
from storage.replication import exchange, identity, incoming, outgoing, waiting, wire
from storage.replication.identity import Identity
from storage.views import machines as view
from storage.views.base import apply
from storage.views.machines import MachineRow

if TYPE_CHECKING:
    from storage.vault import Vault

Progress = Callable[[str], None]
NAME_LIMIT = 60


@dataclass(frozen=True)
class MachineState:
    """A machine of the school with what is known of it here.

    `last_recorded` is its newest act that has arrived, `last_heard` when it last said what it holds, `lacks` how many
    acts it is not known to hold; for this machine itself the last two say nothing.
    """

    id: str
    name: str
    here: bool
    added_at: datetime
    removed_at: datetime | None
    removed_reason: str
    last_recorded: datetime | None
    last_heard: datetime | None
    lacks: int

    @property
    def held(self) -> str:
        """How much it is known to hold, in words: what was handed on counts once it has said that it is there."""
        return f"{counted(self.lacks, 'act')} not yet known to be there" if self.lacks else "holds everything"


def known(vault: Vault) -> Identity | None:
    """Return this machine's keys; None where the vault has known one machine only."""
    with vault.read() as connection:
        return identity.kept(connection)


def checked_name(vault: Vault, name: str) -> str:
    """Return a machine's name as it will stand; raises Refused for a blank one or one that is taken."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT:
        raise Refused(f"A machine needs a name of 1 to {NAME_LIMIT} characters. Nothing was changed.")
    if any(row.name.casefold() == name.casefold() for row in view.machines(vault)):
        raise Refused("A machine of that name belongs to this vault already. Nothing was changed.")
    return name


def name_this(vault: Vault, name: str) -> Identity:
    """Give this machine its keys and its name, where it has none yet; raises Refused, NotAllowed."""
    if (own := known(vault)) is not None:
        return own
    check_may_record(vault.person.role, "machine_added")
    made = Identity.generate()
    added = build(MachineAdded, {**made.public(), "device": vault.device, "name": checked_name(vault, name)})
    with vault.write() as unit:
        made.keep(unit.connection)
        unit.record(added)
    exchange.keep_carry_key(vault)
    return made


def others(vault: Vault) -> list[MachineRow]:
    """Return the school's other machines that are in use; raises Refused where this one never met another."""
    with vault.read() as connection:
        own = exchange.me(connection)
        return [row for row in view.in_ledger(connection) if row.removed_at is None and row.id != own.machine]


def states(vault: Vault, *, removed: bool = False) -> list[MachineState]:
    """Return the school's machines with what is known of each, the oldest first."""
    with vault.read() as connection:
        own = identity.kept(connection)
        ends = {device: seq for device, (seq, _mac) in view.heads(connection).items()}
        found = []
        for row in view.in_ledger(connection):
            if row.removed_at is not None and not removed:
                continue
            here = own is not None and row.id == own.machine
            said = view.heard(connection, row.device)
            last = ledger.head(connection, row.device).recorded_at
            holds = outgoing.known_to(connection, row)
            lacks = 0 if here else sum(max(0, seq - holds.get(device, 0)) for device, seq in ends.items())
            found.append(
                MachineState(
                    row.id,
                    row.name,
                    here,
                    row.added_at,
                    row.removed_at,
                    row.removed_reason,
                    datetime.fromisoformat(last) if last else None,
                    said.at if said else None,
                    lacks,
                )
            )
    return found


def remove(vault: Vault, wanted: str, reason: str, progress: Progress = lambda _text: None) -> tuple[MachineRow, str]:
    """Take a lost machine out and rotate the keys, so that it can read nothing that is written from now on.

    Returns the machine, and in plain words what stood in the way of the new keys, blank where nothing did. What it
    holds already it holds: its disk is protected by the passphrases alone. Raises NotFound, Refused, NotAllowed.
    """
    from storage.rotation import rotate

    check_may_record(vault.person.role, "machine_removed")
    row = view.find(vault, wanted)
    own = known(vault)
    if row.removed_at is not None:
        raise Refused(f"«{row.name}» was removed already. Nothing was changed.")
    if own is not None and row.id == own.machine:
        raise Refused(
            "This is the machine you sit at, so it was not removed.", hint="Remove it from another of the machines."
        )
    vault.record(build(MachineRemoved, {"machine": row.id, "reason": reason}))
    waits = ""
    try:
        rotate(vault, f"The machine {row.name} was removed.", progress)
        exchange.keep_carry_key(vault)
    except Refused as error:
        waits = error.hint or error.message
    return row, waits


def renew(vault: Vault) -> int:
    """Give what this machine recorded under numbers that other acts bear a chain of its own; return how many acts.

    For a machine that was put back to an earlier state, or copied, and then written on. Its acts keep their authors'
    signatures, which name the numbers under which they were made. Raises Refused where nothing of it was refused.
    """
    device = vault.device
    fork = next((each for each in forks(vault) if each.device == device), None)
    if fork is None:
        raise Refused(
            "No number of this machine's is borne by two acts, so nothing was changed.",
            hint="Take in from the other machines first: dsl-console machine sync FOLDER",
        )
    made = new_id()
    with vault.write() as unit:
        connection, author = unit.connection, replace(vault.author, device=made)
        before = ledger.link_at(connection, device, fork.seq - 1)
        lines = list(wire.lines_of(connection, device, fork.seq - 1))
        heads = {device: (fork.seq - 1, before.hex())} if before and fork.seq > 1 else {}
        first = Draft(build(MachineHeard, {"heads": heads}))
        added, end = ledger.append(connection, author, [first], vault.clock())
        moved = _moved(connection, author, lines, end)
        ledger.move(connection, moved)
        last = Draft(build(MachineRenewed, {"device": device, "first": fork.seq}))
        more, unit.head = ledger.append(connection, author, [last], vault.clock())
        apply(connection, [*added, *more])
        ids = {line.id for line in lines}
        apply(connection, [act for act in ledger.all_acts(connection, made) if act.id in ids], again=True)
        apply(connection, chain.reorder(connection), again=True)
        secrets_table.put(connection, secrets_table.DEVICE, made.encode())
        waiting.forget_fork(connection, device)
        vault.device, vault.author = made, author
    return len(lines)


def _moved(
    connection: Connection, author: Author, lines: list[wire.Line], end: Link
) -> list[tuple[str, str, int, bytes, str | None, str, int]]:
    seq, mac, order = end.seq, end.mac, ledger.end_of_order(connection, author.device)
    found = []
    for line in lines:
        seq += 1
        fields = (line.id, author.device, seq, *line.fields[3:])
        mac = ledger.next_mac(author.audit_key, mac, fields, line.digest)
        body = Gone() if line.body is None else read_body(line.kind, line.body)
        order = ledger.ordered(connection, line.recorded_at, order, body)
        place = None if order == line.recorded_at else order
        signed = line.signed_as or (line.device, line.seq)
        found.append((line.id, author.device, seq, mac, place, *signed))
    return found


def forks(vault: Vault) -> list[incoming.Fork]:
    """Return the chains that were refused, since one number in them is borne by two acts."""
    with vault.read() as connection:
        return incoming.forks(connection)


def gaps(vault: Vault) -> list[waiting.Gap]:
    """Return what has not arrived, so that acts which are here already wait for it."""
    return exchange.gaps(vault)
