"""Killed at each boundary of a visit: packing, moving, writing, its end, the way home and taking it in.

A boundary is where something becomes durable or goes: before and after each commit, each move of the anchor, each file
that is copied, takes its name, is overwritten or removed. The process ends there at once, as `kill -9` ends it; then
the same is done again, and the set goes home.
"""

from __future__ import annotations

import functools
import random
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from practice.errors import ConsoleError, Refused
from storage import keys, ledger
from storage.desk import concerns
from storage.header import read_header
from storage.keys import Kdf
from storage.unlocking import Unlocked
from storage.vault import open_vault
from storage.views import record, visits
from storage.visits import ending, returning, sealing
from storage.visits.packing import STAGING, pack
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults.ends import run_to
from tests.faults.sizes import say, size
from tests.storage.machines import Clock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its workers")
ALL = size(0, 1, 1)
"""Whether every boundary of each operation is tried: the suite tries one of its first, by lot."""
FIRST = 24
AS_IT_WAS = shutil.ignore_patterns("lock", "*.lock", "*-lock")
NOTES = ("first", "second", "third")


class Kept:
    """What every run begins with: the school, a set on the stick and one on the laptop, what a passphrase opens."""

    root: Path
    keys: object
    child: str
    started: Clock


@pytest.fixture(scope="module")
def kept(vault_template, tmp_path_factory):
    """A school with two sets out: one on the stick that nobody has opened, one on the laptop with a note in it."""
    made, derive, real = Kept(), Kdf.derive, keys.secrets
    Kdf.derive = functools.cache(Kdf.derive)  # each costly derivation once, in the parent: its children inherit it
    keys.secrets = SimpleNamespace(
        token_bytes=lambda length: bytes(length) if length == keys.SALT_SIZE else real.token_bytes(length),
        compare_digest=real.compare_digest,
        choice=real.choice,
    )
    made.root = root = tmp_path_factory.mktemp("visits")
    shutil.copytree(vault_template, root / "school")
    (root / "stick").mkdir()
    (root / "carried").mkdir()
    with open_vault(root / "school", passphrase=PASSPHRASE, clock=Clock()) as school:
        made.keys = school.person_keys
        made.child = add_child(school)
        add_concern(school, made.child, "at school")
        pack(school, [made.child], 4, root / "stick", PASSPHRASE)
        carried = pack(school, [made.child], 4, root / "carried", PASSPHRASE).folder
    ending.begin(carried, root / "laptop")
    with laptop_of(root) as laptop:
        add_concern(laptop, made.child, "in the house")
    yield made
    Kdf.derive, keys.secrets = derive, real


def school_of(place: Path, kept: Kept):
    header = read_header(place / "school")
    return open_vault(place / "school", unlocked=Unlocked(header, header.slots[0], kept.keys), clock=later())


def later(**delta: int) -> Clock:
    clock = Clock()
    clock.at += timedelta(minutes=5) + timedelta(**delta)
    return clock


def laptop_of(place: Path):
    return open_vault(place / "laptop", passphrase=PASSPHRASE, clock=later())


# -- the operations, each of which may be done again -------------------------------------------------------------------


def packing(place: Path, kept: Kept) -> None:
    with school_of(place, kept) as school:
        pack(school, [kept.child], 4, place / "stick", PASSPHRASE)


def moving(place: Path, _kept: Kept) -> None:
    for folder in list((place / "stick").iterdir()):
        if (folder / "visit.json").exists():
            ending.begin(folder, place / "other laptop")


def writing(place: Path, kept: Kept) -> None:
    with laptop_of(place) as laptop, (place / "acknowledged").open("ab", buffering=0) as said:
        for note in NOTES:
            entry = add_concern(laptop, kept.child, note)
            said.write(f"{note}\n".encode())
            concerns.decide(laptop, entry, "monitor_with_review_date", f"why {note}", due=None)
            said.write(f"why {note}\n".encode())


def expiring(place: Path, _kept: Kept) -> None:
    with pytest.raises(Refused, match="has ended"):
        open_vault(place / "laptop", passphrase=PASSPHRASE, clock=later(hours=5))


def leaving(place: Path, _kept: Kept) -> None:
    if (place / "laptop" / "visit.json").exists():
        ending.end(place / "laptop", place / "stick")


def taking(place: Path, kept: Kept) -> None:
    if (place / "laptop" / "visit.json").exists():
        with school_of(place, kept) as school:
            assert returning.take(school, place / "laptop").removed


OPERATIONS = {
    "packing": packing,
    "move to the laptop": moving,
    "writing on a visit": writing,
    "end of the time": expiring,
    "leaving for the stick": leaving,
    "taking in": taking,
}


def run(place: Path, kept: Kept, name: str, at: int) -> int:
    """Do an operation in a process that ends at its boundary number `at`; return its exit status."""

    def more(around) -> None:
        shutil.copyfile, ending.sync_file = around(shutil.copyfile), around(ending.sync_file)

    return run_to(at, place, lambda: OPERATIONS[name](place, kept), more)


def wrong_after(place: Path, kept: Kept, name: str, *, again: bool = True) -> str:
    """Do the operation again, bring every set home, and say what is wrong then; blank where all is well."""
    if again and name != "writing on a visit":
        OPERATIONS[name](place, kept)
    if name == "end of the time" and list((place / "laptop").glob("*header.json*")):
        return "the key is still there after the end"
    with school_of(place, kept) as school:
        if school.alarm is not None:
            return f"alarm: {school.alarm.message}"
        if (school.folder / STAGING).exists() and name == "packing":
            return "a set that opens lies in the vault"
        for folder in (place / "laptop", place / "other laptop", *sorted((place / "stick").iterdir())):
            if not (folder / "visit.json").exists():
                if (folder / "header.json").exists():
                    return "a key without a set"
                continue  # packing was cut short: there is nothing that opens
            known = {row.id for row in visits.visits(school)}
            if (folder / "header.json").exists() and ending.cover_of(folder)["visit"] not in known:
                return "a set that opens, and the school says nothing of it"
            done = returning.take(school, folder, learn=False)
            if done.refused or done.held or done.missing or not (done.removed or done.unknown):
                return f"not home: {done}"
        return _wrong_at_school(place, kept, school, name)


def _wrong_at_school(place: Path, kept: Kept, school, name: str) -> str:
    with school.read() as connection:
        decided = [act.body.reason for act in ledger.acts_where(connection, "child", [kept.child], ["decided"])]
    said = [*(row.text for row in record.chronology(school, kept.child)), *decided]
    file = place / "acknowledged"
    wanted = {"at school", "in the house", *(file.read_text().split("\n")[:-1] if file.exists() else ())}
    report = school.verify(rebuild=True, signatures=True)
    if not report.ok:
        return f"verify: {report.problems[0]}"
    if len(said) != len(set(said)):
        return "doubled"
    if not wanted <= set(said):
        return f"lost: {sorted(wanted - set(said))}"
    if list(place.rglob("visit*/header.json")) + list(place.glob("*laptop/header.json")):
        return "a key that is not destroyed"
    if [row for row in visits.visits(school, state="out") if row.packed_at < later().at] and name != "packing":
        return "a set is out that is home"
    return "" if add_child(school, "Max", "Birch") else "not writable"


def fresh(kept: Kept, tmp_path: Path) -> Path:
    place = tmp_path / "run"
    shutil.rmtree(place, ignore_errors=True)
    return Path(shutil.copytree(kept.root, place, ignore=AS_IT_WAS))


def boundaries_of(place: Path, kept: Kept, name: str) -> int:
    """Do an operation to its end, and return how many boundaries it has."""
    assert run(place, kept, name, 0) == 0
    assert wrong_after(place, kept, name, again=False) == ""
    return int((place / "boundaries").read_text())


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_killed_at_each_boundary_of_a_visit_all_comes_home_once(kept, tmp_path, name):
    wrong = {}
    tried = range(1, boundaries_of(fresh(kept, tmp_path), kept, name) + 1) if ALL else [random.randint(1, FIRST)]
    for at in tried:
        place = fresh(kept, tmp_path)
        assert run(place, kept, name, at) in ((9,) if ALL else (0, 9))
        try:
            said = wrong_after(place, kept, name)
        except ConsoleError as error:
            said = f"refused: {error.message}"
        if said:
            wrong[at] = said
    say(f"killed at each boundary of a visit: {name}", f"{len(tried)} kills, {len(wrong)} lost, doubled or still open")
    assert wrong == {}


def test_the_controls_are_noticed(kept, tmp_path, monkeypatch):
    """What is not sealed before it counts as recorded is lost; so is what is taken in after the set was destroyed."""
    place = fresh(kept, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(sealing.Sealer, "before_commit", lambda *_: None)
        assert run(place, kept, "writing on a visit", 0) == 0
    assert "lost" in wrong_after(place, kept, "writing on a visit")
    place = fresh(kept, tmp_path)
    with monkeypatch.context() as patch:
        real = returning._take_folder
        patch.setattr(returning, "_take_folder", lambda v, f, d, p: (ending.remove(f), real(v, f, d, p))[1])
        assert run(place, kept, "taking in", 30) in (3, 9)
    assert "lost" in wrong_after(place, kept, "taking in")
