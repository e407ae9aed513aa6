"""A visit set comes home to a machine that knows nothing of it: put back from an older backup, or another one."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from practice.errors import Refused
from practice.text import NOTE_LIMIT
from storage import backup, people, reports
from storage.desk import concerns, triage
from storage.replication import incoming
from storage.restore import restore
from storage.rotation import rotate
from storage.vault import Vault, open_vault
from storage.views import children, record, visits
from storage.views import reports as waiting_reports
from storage.visits import letter, returning
from storage.visits.packing import pack
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.storage.machines import hand_over, joined
from tests.storage.test_visits import Hands, Killed, _one_salt, out, texts  # noqa: F401


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def school(vault_folder: Path, hands: Hands):
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=hands) as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    return place


def put_back(school: Vault, tmp_path: Path, file: Path, hands: Hands) -> Vault:
    """The school's desk, restored from a backup in another folder."""
    made = restore(file, tmp_path / "restored", passphrase=PASSPHRASE, clock=hands)
    return open_vault(made.folder, passphrase=PASSPHRASE, clock=hands)


def saved(school: Vault, tmp_path: Path) -> Path:
    backup.backup(school, tmp_path / "older.dslb")
    return tmp_path / "older.dslb"


@pytest.mark.parametrize("keys", ["as they were", "made anew"])
def test_a_set_comes_home_to_a_desk_that_was_restored_from_before_it_was_packed(school, stick, hands, tmp_path, keys):
    child = add_child(school)
    before = add_concern(school, child, "before the backup")
    file = saved(school, tmp_path)
    later = add_concern(school, child, "logged after the backup")
    long = add_concern(school, child, "x" * NOTE_LIMIT)
    concerns.amend(school, long, "y" * NOTE_LIMIT, "longer than one note can hold")
    new = add_child(school, "Bel", "Marsh")
    if keys == "made anew":
        rotate(school, "since somebody left")
    made = pack(school, [child, new], 4, stick, PASSPHRASE, purpose="home visit")
    with out(made.folder, hands) as laptop:
        said = add_concern(laptop, child, "on the visit")
        concerns.amend(laptop, later, "clearer, on the visit", "clearer")
        concerns.amend(laptop, before, "before the backup, clearer", "clearer")
        add_concern(laptop, new, "of a child who was added after the backup")
        laptop.drafts.seal("log-new", {"text": "half a thought"})
        reports.leave(made.folder, {"child_as_written": "Another", "text": "seen there", "reporter": "A. Host"})
    copy = Path(shutil.copytree(made.folder, stick / "copy"))
    with put_back(school, tmp_path, file, hands) as desk:
        assert visits.visits(desk) == []
        done = returning.take(desk, made.folder)
        assert (done.learnt, done.removed, done.held, done.missing, done.refused) == (True, True, 0, 0, {})
        assert not made.folder.exists()
        assert texts(desk, child) == ["before the backup, clearer", "on the visit"]
        assert texts(desk, new) == ["of a child who was added after the backup"]
        assert children.get(desk, new).name == "Bel Marsh"
        assert record.get(desk, said).text == "on the visit"
        (row,) = visits.visits(desk)
        assert (row.state, row.person, row.until, row.purpose) == (
            "returned",
            desk.person.name,
            made.until,
            "home visit",
        )
        assert desk.drafts.get("log-new").fields == {"text": "half a thought"}
        triage.take_in(desk)
        waiting = {each.text: each for each in waiting_reports.reports(desk, states=["waiting"])}
        longer = {text for text in waiting if "xxx" in text or "yyy" in text}
        assert sum(text.count("x") + text.count("y") for text in longer) >= 2 * NOTE_LIMIT
        assert set(waiting) - longer == {"seen there", "logged after the backup", "clearer, on the visit\nWhy: clearer"}
        assert {each.child_as_written for text, each in waiting.items() if text != "seen there"} == {"Ada Thistlewood"}
        assert desk.verify(rebuild=True, signatures=True).problems == []
        again = returning.take(desk, copy)
        assert (again.learnt, again.taken, again.notes, again.removed) == (False, 0, 0, True)
        triage.take_in(desk)
        assert len(waiting_reports.reports(desk, states=["waiting"])) == len(waiting)
        assert len(visits.visits(desk)) == 1


def test_a_set_comes_home_to_another_machine_and_joins_with_what_it_had_not_heard(school, stick, hands, tmp_path):
    """The set knew acts that the other machine has not yet; both end with one record in one order."""
    child = add_child(school)
    with joined(school, tmp_path, tmp_path / "desk", "Desk", hands, PASSPHRASE) as desk:
        hands.at += timedelta(days=2)  # the desk at school runs ahead of the laptop
        entry = add_concern(school, child, "not yet on the other desk")
        made = pack(school, [child], 4, stick, PASSPHRASE)
        hands.at -= timedelta(days=2)
        with out(made.folder, hands) as laptop:
            concerns.amend(laptop, entry, "amended on the visit", "clearer")
        early = returning.take(desk, made.folder)
        assert (early.unknown, early.letter, early.removed) == (True, True, False)
        assert visits.visits(desk) == []
        assert returning.take(desk, made.folder, learn=True).removed
        assert texts(desk, child) == []
        for _ in range(2):
            hand_over(school, desk)
            hand_over(desk, school)
        triage.take_in(desk)
        assert "amended on the visit\nWhy: clearer" in [
            each.text for each in waiting_reports.reports(desk, states=["waiting"])
        ]
        orders = []
        for machine in (school, desk):
            assert texts(machine, child) == ["amended on the visit"]
            assert machine.verify(rebuild=True, signatures=True).problems == []
            assert [row.state for row in visits.visits(machine)] == ["returned"]
            with machine.read() as connection:
                rows = connection.exec_driver_sql("SELECT id, coalesce(ordered_at, recorded_at) FROM acts ORDER BY id")
                orders.append({row[0]: row[1] for row in rows})
        assert orders[0].items() <= orders[1].items()  # the desk took in its notes since


def test_a_letter_that_its_person_did_not_sign_brings_nothing_in(school, stick, hands, tmp_path, monkeypatch):
    """Anybody can seal to the inbox: whoever forges a letter in the DSL's name gets no key of theirs believed."""
    child = add_child(school)
    file = saved(school, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(letter.view, "statement", lambda _body: b"what she never signed")
        made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "in the DSL's name")
    with put_back(school, tmp_path, file, hands) as desk:
        with pytest.raises(Refused, match="not signed"):
            returning.take(desk, made.folder)
        assert made.folder.exists()
        assert visits.visits(desk) == []
    path = made.folder / "sealed" / letter.NAME
    outside = json.loads(path.read_text())
    for bad in (b"", b"{}", b"[1]", path.read_bytes()[:-9], json.dumps(outside | {"to": ["AA=="]}).encode()):
        path.write_bytes(bad)
        assert letter.read(school, path, made.id) is None
    assert returning.take(school, made.folder).removed  # this desk knows of the set without its letter
    assert texts(school, child) == ["in the DSL's name"]


def test_what_somebody_brings_home_who_is_not_known_any_more_waits_for_a_person(school, stick, hands, tmp_path):
    child = add_child(school)
    file = saved(school, tmp_path)
    people.add_person(school, "Una Newcomer", "deputy", "another lamp quiet river", school.own_kdf)
    with open_vault(school.folder, user="Una Newcomer", passphrase="another lamp quiet river", clock=hands) as hers:
        made = pack(hers, [child], 4, stick, "another lamp quiet river")
    with out(made.folder, hands, "another lamp quiet river") as laptop:
        add_concern(laptop, child, "by somebody new")
    with put_back(school, tmp_path, file, hands) as desk:
        done = returning.take(desk, made.folder)
        assert (done.learnt, done.taken, done.held, done.removed) == (True, 0, 2, True)
        (row,) = visits.visits(desk)
        assert row.reason == letter.STRANGER
        assert [each.text for each in returning.held(desk, row)[1]][-1] == "by somebody new"
        assert returning.settle(desk, row.id, accept=True, reason="she was here").taken == 2
        assert texts(desk, child) == ["by somebody new"]
        assert desk.verify(rebuild=True).problems == []


def test_learning_of_a_set_cut_short_is_done_again(school, stick, hands, tmp_path, monkeypatch):
    child = add_child(school)
    file = saved(school, tmp_path)
    later = add_concern(school, child, "logged after the backup")
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        concerns.amend(laptop, later, "clearer", "clearer")
    with put_back(school, tmp_path, file, hands) as desk:

        def dies(*_: object, **__: object) -> None:
            raise Killed

        for where, name in ((desk, "write"), (incoming, "apply"), (returning.ending, "remove")):
            with monkeypatch.context() as patch:
                patch.setattr(where, name, dies)
                with pytest.raises(Killed):
                    returning.take(desk, made.folder)
        assert returning.take(desk, made.folder).removed
        triage.take_in(desk)
        waiting = [each.text for each in waiting_reports.reports(desk, states=["waiting"])]
        assert sorted(waiting) == ["clearer\nWhy: clearer", "logged after the backup"]
        assert desk.verify(rebuild=True, signatures=True).problems == []


def test_nobody_reads_the_letter_with_the_set_alone(school, stick, hands):
    made = pack(school, [add_child(school)], 4, stick, PASSPHRASE)
    path = made.folder / "sealed" / letter.NAME
    with out(made.folder, hands) as laptop:
        assert letter.read(laptop, path, made.id) is None
    assert b"Thistlewood" not in path.read_bytes()
    assert letter.read(school, path, made.id).packed.visit == made.id
