"""Five machines of one school through many days: apart, clocks wrong, killed anywhere, put back, restored.

At the end every machine holds the same record, the union of everything that was acknowledged and is still on some disk
or in the folder, each act once.
"""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from practice import acts as kinds
from storage import backup, carrying, machines
from storage.header import read_header
from storage.ids import new_id
from storage.replication import exchange, incoming, waiting
from storage.restore import restore
from storage.unlocking import Unlocked
from storage.vault import Vault, open_vault
from storage.views import base
from storage.visits import ending, returning
from storage.visits.packing import pack
from tests.conftest import PASSPHRASE, on_day
from tests.faults.sizes import say, size
from tests.storage.machines import Clock, joined

DAYS = size(5, 200, 200)
VISITS = size(0, 0.04, 0.04)
"""How often, for each machine and day, somebody takes a child's record along."""
SEEDS = range(size(1, 1, 5))
BOUNDARIES = (
    (carrying, "_write"),
    (carrying, "_remember"),
    (incoming, "apply"),
    (incoming.ledger, "insert"),
    (waiting, "keep"),
    (waiting, "set_note"),
    (exchange, "_keep_keys"),
)
"""Where a machine may be killed while it carries: each is a step that writes."""
HOME = ((returning, "_bring"), (returning, "_close"), (ending, "destroy_key"), *BOUNDARIES)
"""The same while a visit set is brought home."""


class Killed(BaseException):
    """The machine's power went."""


class Machine:
    """One machine: its folder, its clock, and what was acknowledged on it."""

    def __init__(self, folder: Path, clock: Clock, keys) -> None:
        self.folder, self.clock, self.keys = folder, clock, keys
        self.vault: Vault = None
        self.unsynced: set[str] = set()
        self.kept: Path | None = None
        self.open()

    def open(self) -> None:
        header = read_header(self.folder)
        slot = header.slots[0]
        self.vault = open_vault(self.folder, unlocked=Unlocked(header, slot, self.keys), clock=self.clock)
        assert self.vault.alarm is None, self.vault.alarm

    def acts(self) -> set[str]:
        with self.vault.read() as connection:
            return {row[0] for row in connection.exec_driver_sql("SELECT id FROM acts WHERE kind != 'machine_heard'")}


class Term:
    """The school's days."""

    def __init__(self, first: Vault, folder: Path, seed: int, monkeypatch) -> None:
        self.draw, self.folder, self.patch = random.Random(seed), folder, monkeypatch
        self.shared = folder / "shared"
        self.shared.mkdir()
        self.acknowledged: set[str] = set()
        self.lost: set[str] = set()
        self.out: list[Path] = []
        self.counts = dict.fromkeys(("acts", "syncs", "kills", "put back", "restored", "replaced", "visits"), 0)
        keys = first.person_keys
        names = ["Laptop", "Deputy", "Head", "Spare"]
        vaults = [first] + [joined(first, folder, folder / name, name, first.clock) for name in names]
        for vault in vaults:
            vault.close()
        self.machines = [
            Machine(vault.folder, Clock(datetime(2026, 9, 1, 8, tzinfo=UTC) + timedelta(days=shift)), keys)
            for vault, shift in zip(vaults, (0, 3, -4, 0, 1), strict=True)
        ]

    def day(self) -> None:
        reached = {number for number in range(5) if self.draw.random() < 0.6}
        for number, machine in enumerate(self.machines):
            machine.clock.at += timedelta(hours=self.draw.choice([20, 24, 24, 28]))
            for _ in range(self.draw.randint(0, 2)):
                self.write(machine)
            if number in reached:
                self.carry(machine, killed=self.draw.random() < 0.3)
            if VISITS and self.draw.random() < VISITS:
                self.visit(machine)
            if self.out and self.draw.random() < 0.3:
                self.bring_home(self.draw.choice(self.out), machine, killed=self.draw.random() < 0.3)
            happening = self.draw.random()
            if happening < 0.03:
                self.snapshot(machine)
            elif happening < 0.06:
                self.put_back(machine)

    def write(self, machine: Machine) -> None:
        with machine.vault.read() as connection:
            children = [row[0] for row in connection.exec_driver_sql("SELECT id FROM children ORDER BY id")]
            entries = list(connection.exec_driver_sql("SELECT id, child_id, version FROM entries ORDER BY id"))
        with machine.vault.write() as unit:
            kind = self.draw.random()
            if kind < 0.15 or not children:
                act = unit.record(kinds.ChildAdded(legal_forename="A", legal_surname="Vale"), child=new_id())
            elif kind < 0.6 or not entries:
                body = kinds.ConcernLogged(text="seen", occurred=on_day("2026-09-02"))
                act = unit.record(body, child=self.draw.choice(children), entry=new_id())
            else:
                entry, child, version = self.draw.choice(entries)
                body = kinds.Amended(sees=version, text=f"v {self.draw.random()}", reason="clearer")
                act = unit.record(body, child=child, entry=entry)
        self.acknowledged.add(act.id)
        machine.unsynced.add(act.id)
        self.counts["acts"] += 1

    def visit(self, machine: Machine) -> None:
        """A child's record goes out on a laptop, whose clock is wrong again, and is written on there."""
        with machine.vault.read() as connection:
            children = [row[0] for row in connection.exec_driver_sql("SELECT id FROM children ORDER BY id")]
        if not children:
            return
        stick = self.folder / new_id()
        stick.mkdir()
        child = self.draw.choice(children)
        made = pack(machine.vault, [child], 72, stick, PASSPHRASE)
        clock = Clock(machine.clock.at + timedelta(hours=self.draw.choice([-50, 0, 1])))
        with open_vault(made.folder, passphrase=PASSPHRASE, clock=clock) as laptop:
            for _ in range(self.draw.randint(1, 3)):
                body = kinds.ConcernLogged(text="seen on a visit", occurred=on_day("2026-09-02"))
                self.acknowledged.add(laptop.record(body, child=child, entry=new_id()).id)
        self.out.append(made.folder)
        self.counts["visits"] += 1

    def bring_home(self, folder: Path, machine: Machine, *, killed: bool = False) -> None:
        """The set comes back to any of the machines; one that has not heard of it takes nothing from it yet."""
        try:
            with self.patch.context() as patch:
                if killed:
                    self.arm(patch, HOME)
                done = returning.take(machine.vault, folder)
        except Killed:
            self.counts["kills"] += 1
            machine.vault.close()
            machine.open()
            if not folder.exists():
                self.out.remove(folder)
            return
        assert (done.held, done.missing, done.refused) == (0, 0, {})
        assert done.removed != done.unknown
        if done.removed:
            self.out.remove(folder)

    def carry(self, machine: Machine, *, killed: bool = False) -> None:
        """Sync by the folder, or by a stick to one other; sometimes the power goes at a boundary."""
        self.counts["syncs"] += 1
        try:
            with self.patch.context() as patch:
                if killed:
                    self.arm(patch)
                if self.draw.random() < 0.75:
                    carrying.sync(machine.vault, self.shared)
                    machine.unsynced.clear()
                else:
                    stick = self.folder / f"{new_id()}.stick"
                    done = carrying.write_file(machine.vault, stick)
                    other = self.draw.choice([each for each in self.machines if each is not machine])
                    taken = carrying.take_files(other.vault, [Path(path) for path in done.files])
                    assert not taken.forks
        except Killed:
            self.counts["kills"] += 1
            for each in self.machines:  # whichever it was, both are started again
                each.vault.close()
                each.open()

    def arm(self, patch, boundaries=BOUNDARIES) -> None:
        module, name = self.draw.choice(boundaries)
        left, real, after = [self.draw.randint(0, 2)], getattr(module, name), self.draw.random() < 0.5

        def dying(*arguments, **keywords):
            if left[0] == 0 and not after:
                raise Killed
            result = real(*arguments, **keywords)
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return result

        patch.setattr(module, name, dying)

    def snapshot(self, machine: Machine) -> None:
        """Somebody copies the machine's whole folder away."""
        machine.vault.close()
        machine.kept = self.folder / f"copy-{new_id()}"
        shutil.copytree(machine.folder, machine.kept)
        machine.open()

    def put_back(self, machine: Machine) -> None:
        """That copy is put back, anchor and all; what was only on this disk since then is gone with it."""
        if machine.kept is None:
            return
        carrying.sync(machine.vault, self.shared)
        machine.unsynced.clear()
        machine.vault.close()
        shutil.rmtree(machine.folder)
        shutil.move(machine.kept, machine.folder)
        machine.kept = None
        machine.open()
        done = carrying.sync(machine.vault, self.shared)
        assert not done.forks
        self.counts["put back"] += 1

    def restored(self, machine: Machine) -> None:
        """The machine's disk dies and its last backup is restored: a new chain under the machine's own name."""
        file = self.folder / f"{new_id()}.backup"
        backup.backup(machine.vault, file)
        self.write(machine)
        carrying.sync(machine.vault, self.shared)
        self.write(machine)
        lost = machine.acts()
        machine.vault.close()
        shutil.rmtree(machine.folder)
        restore(file, machine.folder, passphrase=PASSPHRASE, clock=machine.clock)
        machine.kept, machine.unsynced = None, set()
        machine.open()
        carrying.sync(machine.vault, self.shared)
        gone = lost - machine.acts()
        assert len(gone) == 1, "what was on no other disk and in no file is gone, and nothing else"
        self.acknowledged -= gone
        self.counts["restored"] += 1

    def replaced(self, machine: Machine, by: Machine) -> None:
        """The machine is lost for good: another removes it, and a new one joins in its place."""
        carrying.sync(machine.vault, self.shared)
        carrying.sync(by.vault, self.shared)
        name = next(row.name for row in machines.states(machine.vault) if row.here)
        machine.vault.close()
        shutil.rmtree(machine.folder)
        machines.remove(by.vault, name, "Stolen")
        machine.vault = joined(by.vault, self.folder, machine.folder, f"{name} again", by.clock)
        machine.kept = None
        self.counts["replaced"] += 1

    def settle(self) -> None:
        for machine in self.machines * 3:  # so that the first has heard of every set
            carrying.sync(machine.vault, self.shared)
        for folder in [*self.out]:
            self.bring_home(folder, self.machines[0])
        assert not self.out
        for _round in range(3):
            for machine in self.machines:
                done = carrying.sync(machine.vault, self.shared)
                assert all("removed since" in text for text in done.refused.values()), done.refused
                assert not done.forks
        before = [machine.acts() for machine in self.machines]
        assert all(acts == before[0] for acts in before)


@pytest.mark.parametrize("seed", SEEDS)
def test_five_machines_hold_the_union_of_all_that_was_acknowledged(vault_folder, tmp_path, seed, monkeypatch):
    folder = tmp_path / "term"
    folder.mkdir()
    first = open_vault(vault_folder, passphrase=PASSPHRASE, clock=Clock(datetime(2026, 9, 1, 8, tzinfo=UTC)))
    term = Term(first, folder, seed, monkeypatch)
    for day in range(DAYS):
        term.day()
        if day == DAYS // 3:
            term.restored(term.machines[1])
        if day == DAYS // 2:
            term.replaced(term.machines[3], term.machines[0])
    if not term.counts["visits"]:
        term.visit(term.machines[2])
    term.settle()
    views = []
    for machine in term.machines:
        assert term.acknowledged <= machine.acts()
        with machine.vault.read() as connection:
            views.append(base.contents(connection))
            doubled = connection.exec_driver_sql("SELECT count(*) - count(DISTINCT id) FROM acts").scalar_one()
        assert doubled == 0
        assert machine.vault.verify(rebuild=True, signatures=True).problems == []
        machine.vault.close()
    assert all(each == views[0] for each in views)
    assert DAYS < 50 or term.counts["kills"] > 0
    what = ", ".join(f"{count} {name}" for name, count in term.counts.items())
    say(
        f"five machines, {DAYS} days, the same record everywhere, seed {seed + 1} of {len(SEEDS)}",
        f"0 lost, 0 doubled ({what})",
    )
