"""Killed at each boundary of a join, a take-in and a renewal, and done again: nothing lost, nothing doubled, clean.

A boundary is where something becomes durable: before and after each commit, each move of the anchor, each file that
takes its name or goes. The process ends there at once, as `kill -9` ends it.
"""

from __future__ import annotations

import functools
import random
import shutil
import sys
from pathlib import Path

import pytest

from storage import carrying, joining, machines, renewed
from storage.header import read_header
from storage.keys import Kdf
from storage.replication import exchange, incoming
from storage.unlocking import Unlocked
from storage.vault import open_vault
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults.ends import run_to
from tests.faults.sizes import say, size
from tests.storage.machines import Clock, joined, take

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its workers")
POINTS = size(3, 10_000, 10_000)
"""How many boundaries of a take-in and a join are tried: the larger sizes try all, as a renewal always does."""
OWN = "SELECT id FROM acts WHERE kind NOT LIKE 'machine_%' AND kind <> 'record_opened'"
AS_IT_WAS = shutil.ignore_patterns("lock", "*.lock", "*-lock")


class Kept:
    """What every run begins with: the folders, the keys that a passphrase opens, and the acts that there must be."""

    root: Path
    keys: object
    code: str
    acts: set[str]


def opened(folder: Path, keys):
    header = read_header(folder)
    return open_vault(folder, unlocked=Unlocked(header, header.slots[0], keys), clock=Clock())


def bundles(source, folder: Path) -> None:
    for written in exchange.write_bundles(source, machines.others(source), everything=True, always=True):
        (folder / f"{written.id}.dslm").write_bytes(written.content)


@pytest.fixture(scope="module")
def kept(vault_template, tmp_path_factory):
    """Two machines with one record; one of them was put back and wrote on; an invitation that was answered."""
    made, before = Kept(), Kdf.derive
    Kdf.derive = functools.cache(Kdf.derive)  # each costly derivation once, in the parent: its children inherit it
    made.root = root = tmp_path_factory.mktemp("killed")
    office_clock = Clock()
    shutil.copytree(vault_template, root / "office")
    for name in ("shared", "to-join"):
        (root / name).mkdir()
    with open_vault(root / "office", passphrase=PASSPHRASE, clock=office_clock) as office:
        made.keys = office.person_keys
        child = add_child(office)
        add_concern(office, child, "Before the laptop came")
        with joined(office, root, root / "laptop", "Laptop", Clock()) as laptop:
            for source, target in ((laptop, office), (office, laptop)):
                for written in exchange.write_bundles(source, machines.others(source), always=True):
                    take(target, written.content)
            laptop.checkpoint()
            shutil.copytree(laptop.folder, root / "put-back", ignore=AS_IT_WAS)
            add_child(laptop, "Kay", "Birch")
            bundles(laptop, root / "shared")
        take(office, *(path.read_bytes() for path in (root / "shared").iterdir()))
        for number in range(9):
            add_concern(office, child, f"At the desk {number}")
        bundles(office, root / "shared")
        invitation = joining.invite(office, root / "to-join", "Third")
        made.code = invitation.code
        joining.ask(root / "to-join", made.code, root / "third", office_clock())
        joining.welcome(office, root / "to-join", joining.request(office, root / "to-join"))
        with office.read() as connection:
            made.acts = {row[0] for row in connection.exec_driver_sql(OWN)}
    with opened(root / "put-back", made.keys) as put_back:
        child = add_child(put_back, "Lou", "Birch")
        add_concern(put_back, child, "Written after it was put back")
        assert take(put_back, *(path.read_bytes() for path in sorted((root / "shared").iterdir()))).taken.forks
    yield made
    Kdf.derive = before


# -- the operations, each of which may be done again -------------------------------------------------------------------


def take_in(place: Path, kept: Kept) -> None:
    with opened(place / "laptop", kept.keys) as laptop:
        take(laptop, *(path.read_bytes() for path in sorted((place / "shared").iterdir())))


def renew(place: Path, kept: Kept) -> None:
    with opened(place / "put-back", kept.keys) as put_back:
        if machines.forks(put_back):
            machines.renew(put_back)


def join(place: Path, kept: Kept) -> None:
    if not (place / "third" / "header.json").exists():
        shared, third = place / "to-join", place / "third"
        vault, _ = joining.join(shared, kept.code, third, passphrase=PASSPHRASE, clock=Clock())
        vault.close()
        return
    with opened(place / "third", kept.keys) as third:
        carrying.sync(third, place / "to-join")


OPERATIONS = {"take-in": (take_in, "laptop"), "renewal": (renew, "put-back"), "join": (join, "third")}


def run(place: Path, kept: Kept, name: str, at: int) -> int:
    """Do an operation in a process that ends at its boundary number `at`; return its exit status."""

    def more(_around) -> None:
        incoming.CHUNK = 4

    return run_to(at, place, lambda: OPERATIONS[name][0](place, kept), more)


def boundaries_of(place: Path, kept: Kept, name: str) -> int:
    """Do an operation to its end, and return how many boundaries it has."""
    assert run(place, kept, name, 0) == 0
    assert wrong_after(place, kept, name) == ""
    return int((place / "boundaries").read_text())


def wrong_after(place: Path, kept: Kept, name: str, *, again: bool = True) -> str:
    """Do the operation again, and say what is wrong then; blank where all is well."""
    operation, folder = OPERATIONS[name]
    if again:
        if (place / folder / "header.json").exists():
            with opened(place / folder, kept.keys) as vault:
                if vault.alarm is not None:
                    return f"alarm: {vault.alarm.message}"
        operation(place, kept)
    with opened(place / folder, kept.keys) as vault:
        if vault.alarm is not None:
            return f"alarm: {vault.alarm.message}"
        report = vault.verify(rebuild=True, signatures=True)
        with vault.read() as connection:
            acts = [row[0] for row in connection.exec_driver_sql(OWN)]
        if not report.ok:
            return f"verify: {report.problems[0]}"
        if len(acts) != len(set(acts)):
            return "doubled"
        wanted = set(acts) if name == "renewal" else kept.acts
        if set(acts) != wanted or (name == "renewal" and machines.forks(vault)):
            return "lost, or not done"
        if name == "renewal":
            names = [row[0] for row in vault._reader.connect().exec_driver_sql("SELECT name FROM children")]
            return "" if "Lou Birch" in names else "lost what was written after"
        return "" if add_child(vault, "Max", "Birch") else "not writable"


def fresh(kept: Kept, tmp_path: Path) -> Path:
    place = tmp_path / "run"
    shutil.rmtree(place, ignore_errors=True)
    return Path(shutil.copytree(kept.root, place, ignore=AS_IT_WAS))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_killed_at_each_boundary_and_done_again_all_is_there_once(kept, tmp_path, name):
    wrong, turns = {}, random.Random(5)
    boundaries = boundaries_of(fresh(kept, tmp_path), kept, name)
    most = boundaries if name == "renewal" else min(POINTS, boundaries)
    tried = sorted(turns.sample(range(1, boundaries + 1), most))
    for at in tried:
        place = fresh(kept, tmp_path)
        assert run(place, kept, name, at) == 9
        if said := wrong_after(place, kept, name):
            wrong[at] = said
    say(f"killed at each boundary of a {name}", f"{len(tried)} kills, {len(wrong)} lost, doubled or not clean")
    assert wrong == {}


def test_the_controls_are_noticed(kept, tmp_path, monkeypatch):
    place = fresh(kept, tmp_path)
    assert run(place, kept, "take-in", 2) == 9
    assert wrong_after(place, kept, "take-in", again=False) == "lost, or not done"
    monkeypatch.setattr(renewed, "goes_on", lambda *_: False)
    found = []
    for at in range(1, boundaries_of(fresh(kept, tmp_path), kept, "renewal") + 1):
        place = fresh(kept, tmp_path)
        assert run(place, kept, "renewal", at) == 9
        if said := wrong_after(place, kept, "renewal"):
            found.append(said)
            break
    assert found, "between the commit and the anchor's move"
    assert found[0].startswith("alarm")
