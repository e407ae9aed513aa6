"""Who may open a vault: each with a passphrase of their own, removed for good, recovered by the code (storage: §9)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from practice.acts import ChildAdded, SchoolSet
from practice.errors import NotAllowed, NotFound, Refused, WrongPassphrase
from storage import locks, people, rotation, vault
from storage.ids import new_id
from storage.keys import FLOOR
from storage.vault import Vault
from storage.views import children

ANN = "green lamp quiet river"
BEN = "seven tall paper boats"
NEW = "under the old stone bridge"


@pytest.fixture
def school(tmp_path: Path) -> tuple[Vault, str]:
    made, code = vault.create(
        tmp_path / "vault", school=SchoolSet(name="Thornfield"), user="Ann Lee", passphrase=ANN, kdf=FLOOR
    )
    made.record(ChildAdded(legal_forename="Kit", legal_surname="Ashdown"), child=new_id())
    return made, code


def names(opened: Vault) -> list[str]:
    return [child.name for child in children.all_children(opened)]


def test_each_person_opens_it_with_their_own_passphrase_and_signs_with_their_own_key(school: tuple[Vault, str]) -> None:
    ann, _ = school
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    ann.close()
    with vault.open_vault(ann.folder, passphrase=BEN, user="ben ode") as ben:
        assert (ben.person.name, ben.person.role) == ("Ben Ode", "deputy")
        ben.record(ChildAdded(legal_forename="Amal"), child=new_id())
        assert ben.verify(rebuild=True, signatures=True).ok
    with pytest.raises(WrongPassphrase):
        vault.open_vault(ann.folder, passphrase=BEN, user="Ann Lee")
    with pytest.raises(NotFound, match="Who are you"):
        vault.open_vault(ann.folder, passphrase=ANN)


def test_a_leaver_cannot_open_it_and_an_old_copy_of_their_key_opens_nothing_new(school: tuple[Vault, str]) -> None:
    ann, _ = school
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    old_key = ann.compartment_key
    people.remove_person(ann, "Ben Ode", "Left the school.")
    assert ann.compartment_key != old_key
    ann.record(ChildAdded(legal_forename="After"), child=new_id())
    assert ann.verify(rebuild=True, signatures=True).ok
    ann.close()
    with pytest.raises(WrongPassphrase):
        vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode")
    from storage.engine import connect
    from storage.keys import hkdf

    with pytest.raises(Exception, match="cannot be read"):
        connect(ann.folder / "children.db", hkdf(old_key, "database"))
    with vault.open_vault(ann.folder, passphrase=ANN) as again:
        assert names(again) == ["After", "Kit Ashdown"]
        assert again.alarm is None


def test_who_is_removed_records_nothing_more_in_a_record_that_is_open_somewhere(
    school: tuple[Vault, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_WAIT_SECONDS", 0.1)
    ann, _ = school
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode") as ben:
        ben.record(ChildAdded(legal_forename="Amal"), child=new_id())
        people.change_role(ann, "Ben Ode", "dsl")
        assert ben.way_in.stands()
        removed = people.remove_person(ann, "Ben Ode", "Left the school.")
        assert removed.rotation_due == ("children",)
        assert not ben.way_in.stands()
        with pytest.raises(NotAllowed, match="taken away"):
            ben.record(ChildAdded(legal_forename="After"), child=new_id())
    assert names(ann) == ["Amal", "Kit Ashdown"]
    rotation.rotate(ann, "Ben left.")
    assert ann.verify(rebuild=True, signatures=True).ok


def test_a_draft_sealed_before_a_rotation_is_read_after_it(school: tuple[Vault, str]) -> None:
    ann, _ = school
    ann.drafts.seal("log", {"text": "before"})
    rotation.rotate(ann, "Yearly.")
    ann.drafts.seal("other", {"text": "after"})
    assert {draft.fields["text"] for draft in ann.drafts.all()} == {"before", "after"}


def test_the_recovery_code_opens_it_after_a_rotation_and_only_once(school: tuple[Vault, str]) -> None:
    ann, code = school
    rotation.rotate(ann, "Yearly.")
    ann.close()
    with pytest.raises(Refused, match="everybody here knows"):
        people.recover(ann.folder, code=code, user=ann.person.id, passphrase="Thornfield ann 2026", kdf=FLOOR)
    again, next_code = people.recover(ann.folder, code=code.lower(), user="", passphrase=NEW, kdf=FLOOR)
    assert names(again) == ["Kit Ashdown"]
    assert again.verify(rebuild=True, signatures=True).ok
    again.close()
    with pytest.raises(WrongPassphrase):
        vault.open_vault(ann.folder, passphrase=ANN)
    with pytest.raises(WrongPassphrase):
        people.recover(ann.folder, code=code, user="", passphrase=ANN, kdf=FLOOR)
    once_more, _ = people.recover(ann.folder, code=next_code, user="", passphrase=ANN, kdf=FLOOR)
    once_more.close()


def test_a_passphrase_is_changed_by_who_knows_the_old_one(school: tuple[Vault, str]) -> None:
    ann, _ = school
    with pytest.raises(WrongPassphrase):
        people.change_passphrase(ann, BEN, NEW, FLOOR)
    with pytest.raises(Refused, match="12 characters"):
        people.change_passphrase(ann, ANN, "short", FLOOR)
    people.change_passphrase(ann, ANN, NEW, FLOOR)
    ann.close()
    with pytest.raises(WrongPassphrase):
        vault.open_vault(ann.folder, passphrase=ANN)
    vault.open_vault(ann.folder, passphrase=NEW).close()


def test_roles_are_checked_in_one_place(school: tuple[Vault, str]) -> None:
    ann, _ = school
    people.add_person(ann, "Ben Ode", "read_only", BEN, FLOOR)
    with pytest.raises(Refused, match="nobody could manage"):
        people.change_role(ann, "Ann Lee", "deputy")
    people.add_person(ann, "Celandine Moss", "deputy", NEW, FLOOR)
    with pytest.raises(Refused, match="everybody here knows"):
        people.change_passphrase(ann, ANN, "celandine moss 26", FLOOR)
    ann.close()
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode") as ben:
        with pytest.raises(NotAllowed, match="to read"):
            ben.record(ChildAdded(legal_forename="No"), child=new_id())
        with pytest.raises(NotAllowed):
            people.add_person(ben, "Cy Moss", "dsl", NEW, FLOOR)
    with vault.open_vault(ann.folder, passphrase=ANN, user="Ann Lee") as again:
        people.change_role(again, "Ben Ode", "deputy")
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode") as ben:
        assert ben.person.role == "deputy"
        ben.record(ChildAdded(legal_forename="Yes"), child=new_id())


def test_a_rotation_waits_for_nobody_and_breaks_nobody(school: tuple[Vault, str]) -> None:
    ann, _ = school
    with vault.open_vault(ann.folder, passphrase=ANN) as other:
        with pytest.raises(Refused, match="open in another"):
            rotation.rotate(ann, "Yearly.")
        assert names(other) == ["Kit Ashdown"]
    ann.record(ChildAdded(legal_forename="Still"), child=new_id())
    assert ann.verify(rebuild=True).ok


STEPS = ("begun", "half exported", "exported", "checked", "anchored", "committed", "anchor in place", "in place")
KILLED = """
import os, sys
from pathlib import Path
from storage import rotation, vault
def reached(step):
    if step == sys.argv[2]:
        os._exit(9)
rotation.reached = reached
opened = vault.open_vault(Path(sys.argv[1]), passphrase=sys.stdin.read())
rotation.rotate(opened, "Yearly.")
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_killed_at_any_step_leaves_one_whole_vault(
    school: tuple[Vault, str], tmp_path: Path, step: str
) -> None:
    ann, _ = school
    ann.close()
    folder = tmp_path / "killed"
    shutil.copytree(ann.folder, folder)
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), step],
        input=ANN,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
    )
    assert run.returncode == 9
    with vault.open_vault(folder, passphrase=ANN) as opened:
        assert opened.alarm is None
        assert names(opened) == ["Kit Ashdown"]
        assert opened.verify(rebuild=True, signatures=True).ok
        opened.record(ChildAdded(legal_forename="After"), child=new_id())
    assert not list(folder.glob("*.next*"))
    with vault.open_vault(folder, passphrase=ANN) as opened:
        assert names(opened) == ["After", "Kit Ashdown"]


def test_a_header_that_cannot_be_written_changes_nothing(
    school: tuple[Vault, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = school
    before = (ann.folder / "header.json").read_bytes()
    acts = ann.verify().acts

    def full(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("storage.header.write_atomic", full)
        with pytest.raises(Refused, match="nothing was changed"):
            people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    assert (ann.folder / "header.json").read_bytes() == before
    assert ann.verify().acts == acts
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    assert ann.verify(rebuild=True, signatures=True).ok


def test_a_record_whose_folder_was_taken_away_says_so_and_acknowledges_nothing(school: tuple[Vault, str]) -> None:
    ann, _ = school
    moved = ann.folder.with_name("moved")
    ann.folder.rename(moved)
    for doing in (
        lambda: ann.record(ChildAdded(legal_forename="Amal"), child=new_id()),
        lambda: people.people(ann),
    ):
        with pytest.raises(Refused, match="is not where it was"):
            doing()
    assert names(ann) == ["Kit Ashdown"]
    moved.rename(ann.folder)
    ann.record(ChildAdded(legal_forename="Amal"), child=new_id())
    assert ann.verify().ok
