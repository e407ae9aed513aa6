"""Who opened which record is recorded, whatever stands in the way, and reading it is recorded too (R-114)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from practice.acts import ChildAdded, SchoolSet
from practice.errors import IntegrityAlarm, NotAllowed, NotFound, Refused, WrongPassphrase
from storage import people, room, vault
from storage.desk import access
from storage.ids import new_id
from storage.keys import FLOOR
from storage.late import UNRECORDED
from storage.vault import Vault

ANN = "green lamp quiet river"
BEN = "seven tall paper boats"
START = datetime(2026, 11, 21, 9, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ann(tmp_path: Path, clock: Clock) -> Vault:
    school = SchoolSet(name="Thornfield")
    made, _ = vault.create(tmp_path / "v", school=school, user="Ann Lee", passphrase=ANN, kdf=FLOOR, clock=clock)
    return made


@pytest.fixture
def child(ann: Vault) -> str:
    made = new_id()
    ann.record(ChildAdded(legal_forename="Kit", legal_surname="Ashdown"), child=made)
    return made


def opened(of: Vault) -> list[tuple[str, str]]:
    with of.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT author, captured_at FROM acts WHERE kind = 'record_opened' ORDER BY captured_at"
        )
        return [(row[0], row[1][11:16]) for row in rows]


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def fail_to_write(of: Vault) -> None:
    with of.write() as unit:
        unit.record(ChildAdded(legal_forename="Lost"), child=new_id())
        raise NotFound("Gone.")


def test_one_act_for_each_person_child_and_quarter_of_an_hour(ann: Vault, child: str, clock: Clock) -> None:
    for minutes in (0, 5, 13, 14, 20, 29, 44):
        clock.now = START + timedelta(minutes=minutes)
        assert access.opened(ann, child) == ""
    assert opened(ann) == [(ann.person.id, at) for at in ("09:01", "09:15", "09:30", "09:45")]
    people.add_person(ann, "Ben Ode", "read_only", BEN, FLOOR)
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode", clock=clock) as ben:
        assert access.opened(ben, child) == ""
        assert access.opened(ben, child) == ""
        assert [who for who, _ in opened(ann)].count(ben.person.id) == 1


def test_where_it_cannot_be_written_reading_goes_on_and_it_is_written_first_later(
    ann: Vault, child: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.alarm = IntegrityAlarm("The record is older than its anchor.")
    with monkeypatch.context() as full:
        full.setattr(room, "write_atomic", full_disk)
        assert "until this program ends" in access.opened(ann, child), "it lies nowhere yet"
    ann.late.waiting.clear()
    assert access.opened(ann, child) == access.opened(ann, child) == UNRECORDED
    assert opened(ann) == []
    kept = (ann.folder / f"late-{ann.person.id}").read_bytes()
    assert child.encode() not in kept
    ann.close()
    clock.now = START + timedelta(hours=2)
    with vault.open_vault(ann.folder, passphrase=ANN, clock=clock) as again:
        with pytest.raises(NotFound):
            fail_to_write(again)
        assert opened(again) == []
        act = again.record(ChildAdded(legal_forename="Next"), child=new_id())
        assert opened(again) == [(again.person.id, "09:01")]
        with again.read() as connection:
            seq = connection.exec_driver_sql("SELECT seq FROM acts WHERE kind = 'record_opened'").scalar_one()
        assert seq == act.seq - 1
        assert again.verify(rebuild=True, signatures=True).ok
    assert not list(ann.folder.glob("late-*"))
    with vault.open_vault(ann.folder, passphrase=ANN, clock=clock) as again:
        again.record(ChildAdded(legal_forename="More"), child=new_id())
        assert len(opened(again)) == 1


def test_what_one_person_could_not_record_is_never_signed_by_another(ann: Vault, child: str, clock: Clock) -> None:
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode", clock=clock) as ben:
        ben.alarm = IntegrityAlarm("No.")
        access.opened(ben, child)
    ann.record(ChildAdded(legal_forename="Next"), child=new_id())
    assert opened(ann) == []
    (ann.folder / f"late-{ben.person.id}").rename(ann.folder / f"late-{ann.person.id}")
    with vault.open_vault(ann.folder, passphrase=ANN, user="Ann Lee", clock=clock) as again:
        again.record(ChildAdded(legal_forename="More"), child=new_id())
        assert opened(again) == []


def test_wrong_tries_are_recorded_at_the_next_unlock(ann: Vault, clock: Clock) -> None:
    code = people.replace_recovery_code(ann)
    ann.close()
    for _ in range(2):
        with pytest.raises(WrongPassphrase):
            vault.open_vault(ann.folder, passphrase=BEN)
    with pytest.raises(WrongPassphrase):
        people.recover(ann.folder, code=("A" if code[0] != "A" else "B") + code[1:], user="", passphrase=BEN, kdf=FLOOR)
    assert b"Ann" not in (ann.folder / "failed.json").read_bytes()
    with vault.open_vault(ann.folder, passphrase=ANN, clock=clock) as again:
        rows = [row for row in access.trail(again) if row.kind == "unlock_failed"]
        assert sorted(row.detail.split(", the last")[0] for row in rows) == ["Ann Lee: 2", "with a recovery code: 1"]
    assert not (ann.folder / "failed.json").exists()
    with vault.open_vault(ann.folder, passphrase=ANN, clock=clock) as again:
        assert len([row for row in access.trail(again) if row.kind == "unlock_failed"]) == 2


@pytest.mark.parametrize("stored", [b"", b"[]", b'{"x": 1}', b'{"x": ["a", "b", "c"]}', b"[" * 50_000, b"\xff"])
def test_a_doctored_list_of_wrong_tries_stops_nobody(ann: Vault, clock: Clock, stored: bytes) -> None:
    ann.close()
    (ann.folder / "failed.json").write_bytes(stored)
    with vault.open_vault(ann.folder, passphrase=ANN, clock=clock) as again:
        assert again.alarm is None
        assert access.trail(again)[-1].kind == "audit_read"


def test_the_trail_says_who_when_and_what_and_reading_it_stands_in_it(ann: Vault, child: str, clock: Clock) -> None:
    people.add_person(ann, "Ben Ode", "deputy", BEN, FLOOR)
    access.opened(ann, child)
    with vault.open_vault(ann.folder, passphrase=BEN, user="Ben Ode", clock=clock) as ben:
        clock.now = START + timedelta(days=2)
        access.opened(ben, child)
        with pytest.raises(NotAllowed, match="DSL or the headteacher"):
            access.trail(ben)
    rows = access.trail(ann, child_id=child)
    assert [(row.kind, row.person, row.child) for row in rows] == [
        ("audit_read", "Ann Lee", "Kit Ashdown"),
        ("record_opened", "Ben Ode", "Kit Ashdown"),
        ("record_opened", "Ann Lee", "Kit Ashdown"),
    ]
    assert [row.person for row in access.trail(ann, child_id=child, person="ben ode")] == ["Ben Ode"]
    days = access.trail(ann, child_id=child, start=date(2026, 11, 22), end=date(2026, 11, 23))
    assert {row.kind for row in days} == {"audit_read", "record_opened"}
    assert {row.person for row in days if row.kind == "record_opened"} == {"Ben Ode"}
    with pytest.raises(NotFound, match="Ann Lee, Ben Ode"):
        access.trail(ann, person="Nobody")
    ann.alarm = IntegrityAlarm("No.")
    assert access.trail(ann, child_id=child)
    assert len(ann.late.waiting) == 1
    with pytest.raises((IntegrityAlarm, Refused)):
        ann.record(ChildAdded(legal_forename="No"), child=new_id())
