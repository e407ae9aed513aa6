"""Machines whose databases never leave memory: the real vault, ledger, views and take-in, without the files.

For properties that need thousands of small records; what concerns files is tested with files.
"""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta

from sqlcipher3 import dbapi2 as sqlcipher

from practice.acts import PersonAdded, SchoolSet
from storage import chain, ledger, shape
from storage.engine import memory_engine
from storage.header import SlotPerson
from storage.ids import new_id
from storage.keys import PersonKeys, b64
from storage.replication import incoming, outgoing
from storage.vault import Vault
from storage.verifying import replay
from storage.views import base

KEYS = PersonKeys.generate()
PERSON = "01900000-0000-7000-8000-0000000000aa"
AUDIT = bytes(32)


def _template() -> sqlcipher.Connection:
    engine = memory_engine()
    shape.migrate(engine, fresh=True)
    raw = engine.raw_connection().driver_connection
    _template.engine = engine
    return raw


TEMPLATE = _template()


class NothingLate:
    """No acts wait from another run."""

    waiting: list = []

    def forget(self, recorded: int) -> None:
        """There are none."""


class AlwaysIn:
    """Nobody is removed from a vault without a header."""

    def check(self) -> None:
        """There is nothing to look at."""


class MemoryVault(Vault):
    """A vault without files; `clock` may be wrong by days."""

    def __init__(self, device: str, wrong_by: timedelta = timedelta()) -> None:
        self.name, self.device, self.id = "children", device, "vault"
        self.alarm = self.visit = self._sealer = self._look = self._reads = None
        self.person = SlotPerson(PERSON, "Robin Vale", "dsl")
        self.author = ledger.Author(PERSON, device, KEYS.signing, AUDIT)
        self.late = NothingLate()
        self.way_in = AlwaysIn()
        self.wrong_by = wrong_by
        self._write_lock, self._read_lock = threading.RLock(), threading.RLock()
        self._writer = self._reader = memory_engine()
        raw = self._writer.raw_connection()
        TEMPLATE.backup(raw.driver_connection)
        raw.close()

    now = datetime(2026, 9, 1, 8, tzinfo=UTC)

    def clock(self) -> datetime:
        """The time, as this machine believes it to be."""
        return MemoryVault.now + self.wrong_by

    def signing_keys(self):
        """The one person's key."""
        return {PERSON: [KEYS.signing_public]}

    def _move_anchor(self, head) -> None:
        self.head = head

    def lines(self, device: str, after: int = 0, through: int | None = None) -> list:
        """A part of a chain, as it travels."""
        with self.read() as connection:
            return list(outgoing.lines_of(connection, device, after, through))

    def ends(self) -> dict[str, int]:
        """How far this machine holds each chain."""
        with self.read() as connection:
            return {device: ledger.head(connection, device).seq for device in ledger.devices(connection)}

    def contents(self):
        """Every row of every view."""
        with self.read() as connection:
            return base.contents(connection)

    def rebuilt(self, seed: int):
        """Every row of every view, replayed from the ledger with the devices in another order."""
        engine = memory_engine()
        with self.read() as connection, engine.begin() as fresh:
            for statement in ledger.SCHEMA:
                fresh.exec_driver_sql(statement)
            shape.make_views(fresh)
            replay(connection, fresh, seed)
            found = base.contents(fresh)
        engine.dispose()
        return found

    def problems(self):
        """What the chain, the order of acts and their signatures tell."""
        with self.read() as connection:
            found = chain.verify_chain(connection, AUDIT, order=True)[1]
            return found + chain.verify_signatures(connection, self.signing_keys())


def school(machines: int, draw: random.Random) -> list[MemoryVault]:
    """Some machines of one school, the first with its person, their clocks wrong by up to four days."""
    made = [MemoryVault(new_id(), timedelta(hours=draw.randint(-96, 96))) for _ in range(machines)]
    added = PersonAdded(person=PERSON, name="Robin Vale", role="dsl", signing_key=b64(KEYS.signing_public))
    with made[0].write() as unit:
        unit.record(SchoolSet(name="Example School"))
        unit.record(added)
    return made


def pass_on(source: MemoryVault, target: MemoryVault, draw: random.Random) -> None:
    """Carry a random part of what one holds to another: cut, doubled, shuffled, in one file or several."""
    lines = []
    for device, end in source.ends().items():
        after = draw.randint(0, end)
        lines += source.lines(device, after, draw.randint(after, end))
    draw.shuffle(lines)
    incoming.take_in(target, lines + draw.sample(lines, len(lines) // 3))


def settle(machines: list[MemoryVault]) -> None:
    """Carry everything everywhere until nobody has anything new, which ends."""
    for _round in range(len(machines) + 3):
        before = [machine.ends() for machine in machines]
        for source in machines:
            for target in machines:
                if source is not target:
                    incoming.take_in(target, [line for device in source.ends() for line in source.lines(device)])
        if [machine.ends() for machine in machines] == before:
            return
    raise AssertionError("machines that have everything keep telling each other so")
