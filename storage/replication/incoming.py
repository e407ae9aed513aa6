"""Taking in what other machines recorded: every chain, signature and body is checked before anything is applied.

Nothing depends on the order of arrival. What is here already is passed over; what comes before the acts it follows on
waits; a number that two different acts bear is refused and explained, since one of them was written by a machine that
was put back to an earlier state, or by a copy of it.
"""

from __future__ import annotations

import contextlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from practice.acts import (
    KINDS,
    Act,
    Body,
    MachineHeard,
    MachineRenewed,
    PersonAdded,
    PersonKeyChanged,
    VisitLost,
    VisitPacked,
    VisitReturned,
    build,
    read_body,
)
from practice.acts.machines import MACHINES_LIMIT
from practice.compartments import CHILDREN
from practice.erasure import STAYS
from practice.errors import IntegrityAlarm
from storage import chain, erasing, ledger
from storage.erasing import Gone
from storage.keys import unb64
from storage.ledger import Link
from storage.replication import waiting
from storage.replication.waiting import Gap
from storage.replication.wire import Line
from storage.types import from_utc_text, utc_text
from storage.views import machines, visits
from storage.views.base import apply

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.unit import Unit

CHUNK = 2000
"""How many acts are applied in one transaction."""
Progress = Callable[[str], None]
FORK = "fork/"
_ERASE = ("erased", "erasure_repeated")


@dataclass(frozen=True)
class Fork:
    """A number of a chain that two different acts bear: what is here and what came; blank times where not known."""

    device: str
    seq: int
    here_at: str
    came_at: str


@dataclass
class Taken:
    """What a take-in did: acts applied, passed over, and waiting; what is missing; what was refused."""

    applied: int = 0
    known: int = 0
    waiting: int = 0
    gaps: list[Gap] = field(default_factory=list)
    forks: list[Fork] = field(default_factory=list)
    unbound: bool = False
    """Whether what came is still to be bound into this machine's own chain."""
    newer: bool = False
    """Whether something waits that only a newer program can read."""


def take_in(
    vault: OpenCompartment, lines: Iterable[Line], progress: Progress = lambda _text: None, *, own_through: int = 0
) -> Taken:
    """Apply what these acts add to the record, in as many transactions as it takes; raises as `Vault.write`.

    `own_through` is how far others hold this machine's own chain: where it does not reach so far here, its files were
    put back, and nothing is recorded before it does. Cut short at any place, what was applied stands and the rest comes
    with the next take-in.
    """
    work = _TakeIn(vault, lines, own_through)
    while work.run():
        progress(f"{work.taken.applied:,} of {work.all:,} acts taken in")
    work.finish()
    if work.erased:
        from storage.desk.erasure import finish
        from storage.vault import Vault

        if isinstance(vault, Vault):
            finish(vault)
    return work.taken


class _TakeIn:
    """One run over what came and what waits."""

    def __init__(self, vault: OpenCompartment, lines: Iterable[Line], own_through: int) -> None:
        self.vault, self.own_through = vault, own_through
        self.taken = Taken()
        self.keys = {
            person: [Ed25519PublicKey.from_public_bytes(key) for key in own]
            for person, own in vault.signing_keys().items()
        }
        found: dict[str, dict[tuple[int, bytes], Line]] = defaultdict(dict)
        with vault.read() as connection:
            children = vault.name == CHILDREN
            self.visits = visits.devices(connection) if children else set()
            self.unheard = visits.unheard(connection) if children else set()
            stale = _Superseded(connection)
            for kept in waiting.kept(connection).values():
                for line in kept:
                    if not stale.holds(line):
                        found[line.device][line.seq, line.mac] = line
            for line in lines:
                if stale.holds(line):
                    self.taken.known += 1
                else:
                    found[line.device][line.seq, line.mac] = line
        self.all = sum(len(own) for own in found.values())
        first = {vault.device: found.pop(vault.device)} if vault.device in found else {}
        self.chains = {
            device: [own[key] for key in sorted(own)] for device, own in (*first.items(), *sorted(found.items()))
        }
        self.at = dict.fromkeys(self.chains, 0)
        self.forked: set[str] = set()
        self.unbound = False
        self.erased = self._erased()

    def _erased(self) -> set[str]:
        """Return the acts that an erasure names, here or among what came: they may come without a body."""
        with self.vault.read() as connection:
            found = erasing.erased(connection)
        for line in (line for lines in self.chains.values() for line in lines if line.kind in _ERASE and line.body):
            with contextlib.suppress(IntegrityAlarm):
                found |= set(getattr(read_body(line.kind, line.body or b""), "acts", ()))
        return found

    # -- one transaction ---------------------------------------------------------------------------------------------

    def run(self) -> bool:
        """Apply what follows on, up to a chunk; say whether there may be more."""
        with self.vault.write() as unit:
            acts: list[Act] = []
            again: list[Act] = []
            for device in self.chains:
                if len(acts) < CHUNK:
                    took = self._follow(unit.connection, device, CHUNK - len(acts))
                    again += self._insert(unit, device, took)
                    acts += [act for _line, act in took]
            moved = {act.id for act in again}
            name = self.vault.name
            fresh = [act for act in acts if act.id not in moved and not isinstance(act.body, Gone)]
            apply(unit.connection, fresh, name)
            apply(unit.connection, again, name, again=True)
            erasing.carry_out(unit.connection)
            # What took another's number, or what a set had heard of, may have come only now.
            if acts and (ledger.moved_acts(unit.connection) or self.unheard & {(act.device, act.seq) for act in acts}):
                apply(unit.connection, chain.reorder(unit.connection), name, again=True)
            self.unbound = self.unbound or any(act.kind != "machine_heard" for act in acts)
            self._bind(unit)
        self.taken.applied += len(acts)
        return bool(acts)

    def _follow(self, connection: Connection, device: str, most: int) -> list[tuple[Line, Act]]:
        """Return the next acts of a chain that follow on what is here, checked; remembers why it stopped."""
        lines, at = self.chains[device], self.at[device]
        end = ledger.head(connection, device)
        here = ledger.macs_between(connection, device, lines[at].seq, end.seq) if at < len(lines) else {}
        took: list[tuple[Line, Act]] = []
        seq, mac, order = end.seq, end.mac, ledger.end_of_order(connection, device)
        while at < len(lines) and len(took) < most:
            line = lines[at]
            if line.seq <= seq:
                if hmac.compare_digest(here[line.seq], line.mac):
                    self.taken.known += 1
                else:
                    self._fork(connection, line)
            elif line.seq > seq + 1:
                break
            elif ledger.next_mac(self.vault.author.audit_key, mac, line.fields, line.digest) != line.mac:
                self._fork(connection, line)
            else:
                act = self._act(line)
                # What packed a set is known only once all that it had heard of is: but for one that came by its letter.
                if act is None or not (device in self.visits or _heard_is_here(connection, act)):
                    break
                if device in self.visits:
                    self.unheard |= visits.missing(connection, act.body)
                order = ledger.ordered(connection, line.recorded_at, order, act.body)
                if order != line.recorded_at:
                    act = replace(act, ordered_at=from_utc_text(order))
                took.append((line, act))
                seq, mac = line.seq, line.mac
                here[seq] = mac
            at += 1
        self.at[device] = at
        return took

    def _act(self, line: Line) -> Act | None:
        """Return an act whose author signed it; None where its author's key, or a newer program, is wanting."""
        signed = ledger.signed_fields(line.fields, line.signed_as)
        if not ledger.is_signed(signed, line.digest, line.signature, self._keys(line)):
            return None
        body = self._body(line)
        if body is None:
            return None
        if isinstance(body, (PersonAdded, PersonKeyChanged)):
            key = Ed25519PublicKey.from_public_bytes(unb64(body.signing_key))
            self.keys.setdefault(body.person, []).append(key)
        elif isinstance(body, VisitPacked):
            key = Ed25519PublicKey.from_public_bytes(unb64(body.signing_key))
            known = {body.person: [each.public_bytes_raw() for each in self.keys.get(body.person, [])]}
            if person := visits.whose(body, line.author, known):
                self.keys.setdefault(ledger.chain_keys(body.device, person), []).append(key)
                self.visits.add(body.device)
        ident, device, seq, captured, recorded, author, kind, child, entry, event, _clock = line.fields
        return Act(
            id=ident,
            device=device,
            seq=seq,
            captured_at=from_utc_text(captured),
            recorded_at=from_utc_text(recorded),
            author=author,
            kind=kind,
            child=child,
            entry=entry,
            event=event,
            body=body,
        )

    def _keys(self, line: Line) -> list[Ed25519PublicKey]:
        return ledger.keys_for(self.keys, line.device, line.author)

    def _body(self, line: Line) -> Body | None:
        """Return what an act says; None where it has no place here, or was erased by what has not come yet."""
        if line.body is None:
            return Gone() if line.id in self.erased and self._may_be_erased(line.kind) else None
        try:
            body = read_body(line.kind, line.body)
        except IntegrityAlarm:
            self.taken.newer = True
            return None
        # Another compartment's acts have no place here.
        return body if self.vault.name in body.act_compartments else None

    def _may_be_erased(self, kind: str) -> bool:
        """Say whether an act of this kind may have lost its body: those that hold the ledger together never do."""
        cls = KINDS.get(kind)
        return cls is not None and self.vault.name in cls.act_compartments and kind not in STAYS

    def _insert(self, unit: Unit, device: str, took: list[tuple[Line, Act]]) -> list[Act]:
        """Put acts into the ledger; return those that were here already, in a chain from which they were moved."""
        if not took:
            return []
        here = _held_elsewhere(unit.connection, [line for line, _act in took if line.signed_as])
        fresh = [(line, act) for line, act in took if line.id not in here]
        if fresh:
            ledger.insert(
                unit.connection,
                [
                    (*line.fields, line.digest, line.signature, line.mac, act.ordered_at and utc_text(act.ordered_at))
                    for line, act in fresh
                ],
                [
                    (line.id, line.salt, line.body)
                    for line, _act in fresh
                    if line.salt is not None and line.body is not None
                ],
            )
        for line, act in took:
            if line.signed_as:
                place = utc_text(act.ordered_at) if act.ordered_at else None
                ledger.move(unit.connection, [(line.id, device, line.seq, line.mac, place, *line.signed_as)])
            if isinstance(act.body, MachineRenewed):
                waiting.forget_fork(unit.connection, act.body.device)
        last = took[-1][0]
        waiting.forget(unit.connection, device, last.seq)
        if device == self.vault.device:  # this machine's own acts come back to it after its files were put back
            unit.head = Link(last.seq, last.mac, last.recorded_at)
        return [act for line, act in took if line.id in here]

    def _fork(self, connection: Connection, line: Line) -> None:
        """Pass over an act of a chain that goes another way than the one here, and remember that it does."""
        waiting.drop(connection, line)
        if line.device in self.forked:
            return
        row = connection.exec_driver_sql(
            "SELECT recorded_at FROM acts WHERE device = ? AND seq = ?", (line.device, line.seq)
        ).first()
        fork = Fork(line.device, line.seq, row[0] if row else "", line.recorded_at)
        self.forked.add(line.device)
        self.taken.forks.append(fork)
        waiting.set_note(connection, FORK + line.device, json.dumps([fork.seq, fork.here_at, fork.came_at]))

    def _bind(self, unit: Unit) -> None:
        """Say in this machine's own chain how far it holds the others': its anchor covers them from here on.

        In the same transaction, so that what is recorded here next stands after what came. Never while acts of this
        machine's own chain are still to be taken back: it would bear one of their numbers.
        """
        own = self.chains.get(self.vault.device, [])
        if not self.unbound or self.at.get(self.vault.device, 0) < len(own):
            return
        if ledger.head(unit.connection, self.vault.device).seq < self.own_through:
            return
        self.unbound = False
        bind(unit, self.vault.device)

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Keep what cannot be applied yet."""
        with self.vault.write() as unit:
            left = [
                line
                for device, lines in self.chains.items()
                if device not in self.forked
                for line in lines[self.at[device] :]
            ]
            if left:
                waiting.keep(unit.connection, left)
            for device, at in self.at.items():
                if at and at == len(self.chains[device]):
                    waiting.forget(unit.connection, device, self.chains[device][-1].seq)
            self.taken.gaps = waiting.gaps(unit.connection)
            self.taken.unbound = self.unbound
            self.taken.waiting = sum(gap.waiting for gap in self.taken.gaps)


class _Superseded:
    """Which lines say acts under a number that they bore before their machine was renewed: they are here already.

    A folder keeps what a machine wrote before that, and any machine may read it at any time.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.moved = ledger.moved_acts(connection)
        renewals = ledger.acts_where(connection, "kind", [], [MachineRenewed.act_kind]) if self.moved else ()
        self.took_over = {(act.device, act.body.device) for act in renewals if isinstance(act.body, MachineRenewed)}

    def holds(self, line: Line) -> bool:
        """Say whether a line's act stands here in a chain that took over from the line's."""
        if line.id not in self.moved:
            return False
        row = self.connection.exec_driver_sql("SELECT device FROM acts WHERE id = ?", (line.id,)).first()
        return row is not None and self._came_from(row[0], line.device)

    def _came_from(self, device: str, before: str) -> bool:
        """Say whether a chain took over from another one, be it by way of others."""
        seen, near = set[str](), {device}
        while near - seen:
            seen |= near
            near = {old for new, old in self.took_over if new in near}
        return device != before and before in seen


def _held_elsewhere(connection: Connection, lines: list[Line]) -> set[str]:
    """Return which of these acts are here under the chain and number from which they were moved since."""
    found = set()
    for line in lines:
        row = connection.exec_driver_sql("SELECT device, seq FROM acts WHERE id = ?", (line.id,)).first()
        if row is not None and (row[0], row[1]) == line.signed_as:
            found.add(line.id)
    return found


def _heard_is_here(connection: Connection, act: Act) -> bool:
    """Say whether all that an act's machine had heard of the others is here: an act never comes before what it knew."""
    if isinstance(act.body, VisitReturned | VisitLost):
        return ledger.head(connection, act.body.device).seq >= act.body.through
    return not isinstance(act.body, MachineHeard) or all(
        ledger.head(connection, other).seq >= last or _was_renewed(connection, other, last)
        for other, (last, _mac) in act.body.heads.items()
    )


def _was_renewed(connection: Connection, device: str, seq: int) -> bool:
    """Say whether an act under this number was moved into another chain, so that none need come under it."""
    return any(
        isinstance(act.body, MachineRenewed) and act.body.device == device and act.body.first <= seq
        for act in ledger.acts_where(connection, "kind", [], [MachineRenewed.act_kind])
    )


def bind(unit: Unit, device: str) -> None:
    """Record in this machine's own chain, which is `device`, how far it holds the others'."""
    heads = machines.heads(unit.connection)
    heads.pop(device, None)
    for closed, (through, _at) in visits.closed(unit.connection).items():
        if closed in heads and heads[closed][0] == through:
            heads.pop(closed)  # who holds the act that closed it holds the whole of it
    unit.record(build(MachineHeard, {"heads": dict(sorted(heads.items())[:MACHINES_LIMIT])}))


def forks(connection: Connection) -> list[Fork]:
    """Return the chains that were refused because two machines bear one name in them, and that nobody settled."""
    rows = connection.exec_driver_sql("SELECT name, value FROM machine_notes WHERE name GLOB ?", (FORK + "*",))
    return [Fork(row[0][len(FORK) :], *json.loads(row[1])) for row in rows]
