"""Backups: whole, under a key of their own, refused when touched, and restored as a new device (storage: §1.18)."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from practice.acts import PersonAdded
from practice.errors import ConsoleError, IntegrityAlarm, NotFound, Refused, WrongPassphrase
from storage import backup, backup_copy, container, ledger, outbox, people, restore
from storage.drill import drill
from storage.keys import FLOOR
from storage.vault import Vault, create, open_vault
from storage.verifying import replay
from storage.views import base, record
from storage.views.today import today
from tests.conftest import PASSPHRASE, PERSON, SCHOOL, add_child, add_concern

BEN = "seven tall paper boats"
NEW = "under the old stone bridge"
FIRST = "The first made up note"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A closed vault with two people, a child, concerns, a draft and a sealed file; and its recovery code."""
    folder = tmp_path_factory.mktemp("made") / "vault"
    vault, code = create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
    with vault:
        people.add_person(vault, "Ben Ode", "deputy", BEN, FLOOR)
        child = add_child(vault)
        add_concern(vault, child, FIRST)
        for number in range(20):
            add_concern(vault, child, f"Note {number} of a made up day " * 20)
        vault.drafts.seal("log", {"text": "half a sentence"})
        (folder / "spool" / "reports" / "0199-made-up.sealed").write_bytes(b"DSLSEAL" + bytes(1000))
    return folder, code


@pytest.fixture
def school(made: tuple[Path, str], tmp_path: Path):
    """The same vault, of this test's own, open."""
    with open_vault(Path(shutil.copytree(made[0], tmp_path / "vault")), passphrase=PASSPHRASE, user=PERSON) as vault:
        yield vault


@pytest.fixture(scope="module")
def written(made: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, which nobody changes."""
    folder = tmp_path_factory.mktemp("written")
    with open_vault(Path(shutil.copytree(made[0], folder / "vault")), passphrase=PASSPHRASE, user=PERSON) as vault:
        backup.backup(vault, folder / "made.dslb")
    return folder / "made.dslb"


def acts_of(vault: Vault) -> list[tuple]:
    with vault.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM acts ORDER BY device, seq")]


def views_of(vault: Vault) -> dict[str, list]:
    with vault.read() as connection:
        return base.contents(connection)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_act_and_view_comes_back_with_the_passphrase_of_each_person(school, tmp_path):
    before, views = acts_of(school), views_of(school)
    report = backup.backup(school, tmp_path / "a.dslb")
    assert report.acts == len(before)
    assert report.size == (tmp_path / "a.dslb").stat().st_size
    assert report.sha256 == container.digest_of(tmp_path / "a.dslb").sha256
    assert acts_of(school)[-1][7] == "backup_made"
    for number, (user, passphrase) in enumerate(((PERSON, PASSPHRASE), ("Ben Ode", BEN))):
        to = tmp_path / f"restored {number}"
        done = restore.restore(tmp_path / "a.dslb", to, passphrase=passphrase, user=user)
        assert (done.acts, done.person) == (len(before), user)
        with open_vault(to, passphrase=passphrase, user=user) as vault:
            after = acts_of(vault)
            assert [row[1:] for row in after if row[2] == school.device] == [row[1:] for row in before]
            assert views_of(vault) == views
            assert vault.verify(rebuild=True, signatures=True).problems == []
            kept = [draft.fields for draft in vault.drafts.all()]
            assert kept == ([{"text": "half a sentence"}] if user == PERSON else []), "its writer's alone"
        assert (to / "spool/reports/0199-made-up.sealed").read_bytes() == b"DSLSEAL" + bytes(1000)
        assert not (to / "work").exists()


def test_the_recovery_code_opens_it_on_another_machine(made, written, tmp_path):
    done = restore.restore(written, tmp_path / "new", passphrase=NEW, user="ben ode", code=made[1], kdf=FLOOR)
    assert done.recovery_code != made[1]
    with open_vault(tmp_path / "new", passphrase=NEW, user="Ben Ode") as vault:
        assert [hit.snippet for hit in record.search(vault, FIRST)]
        assert vault.verify(signatures=True).problems == []
    wrong = "AAAA-" * 7 + "AAAA"
    with pytest.raises(WrongPassphrase):
        restore.restore(written, tmp_path / "other", passphrase=NEW, user="Ben Ode", code=wrong, kdf=FLOOR)
    assert left_in(tmp_path) == ["new"]


def test_a_restored_vault_is_a_new_device_whose_exchange_is_held_until_somebody_confirms(school, tmp_path):
    backup.backup(school, tmp_path / "a.dslb")
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    with open_vault(tmp_path / "new", passphrase=PASSPHRASE, user=PERSON) as vault:
        assert vault.alarm is None
        assert vault.device != school.device
        assert vault.compartment_key != school.compartment_key
        own = [row for row in acts_of(vault) if row[2] == vault.device]
        assert [row[7] for row in own] == ["restored"]
        with pytest.raises(Refused, match="old machine"):
            restore.check_exchange(vault)
        from sync.run import sync

        with pytest.raises(Refused, match="old machine"):
            sync(vault)
        assert "restored" in [each.kind for each in today(vault, vault.clock()).act_today]
        assert restore.confirm_old_machine_gone(vault)
        assert "restored" not in [each.kind for each in today(vault, vault.clock()).act_today]
        assert not restore.confirm_old_machine_gone(vault)
        restore.check_exchange(vault)
        assert acts_of(vault)[-1][7] == "old_machine_gone"
    shutil.copy(school.folder / "children.anchor", tmp_path / "new" / "children.anchor")
    with open_vault(tmp_path / "new", passphrase=PASSPHRASE, user=PERSON) as vault:
        assert vault.alarm is not None


def test_what_waited_to_leave_is_still_in_the_state_it_had(school, tmp_path):
    states = ("queued", "offered", "delivered")
    with school.write() as unit:
        for state in states:
            line = (f"m-{state}", None, "org", "c", "data", "entry", None, None, state, "", "t", "t", 0, "sealed")
            outbox.add(unit.connection, outbox.Message(*line))
    backup.backup(school, tmp_path / "a.dslb")
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    with open_vault(tmp_path / "new", passphrase=PASSPHRASE, user=PERSON) as vault, vault.read() as connection:
        assert {each.mid: each.state for each in outbox.messages(connection)} == {f"m-{s}": s for s in states}


def test_the_tail_of_the_old_device_cannot_be_cut_after_a_restore(school, tmp_path):
    backup.backup(school, tmp_path / "a.dslb")
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    with open_vault(tmp_path / "new", passphrase=PASSPHRASE, user=PERSON) as vault:
        with vault._writer.begin() as connection:
            last = ledger.head(connection, school.device).seq
            (ident,) = connection.exec_driver_sql(
                "SELECT id FROM acts WHERE device = ? AND seq = ?", (school.device, last)
            ).one()
            connection.exec_driver_sql("DELETE FROM acts WHERE id = ?", (ident,))
            connection.exec_driver_sql("DELETE FROM bodies WHERE act = ?", (ident,))
        assert not vault.verify().ok


def test_two_backups_share_no_page_and_no_salt_with_each_other_or_the_vault(school, tmp_path):
    school.checkpoint()
    stored = [(school.folder / "children.db").read_bytes()]
    for name in ("a.dslb", "b.dslb"):
        backup.backup(school, tmp_path / name)
        stored.append(container.content(container.read(tmp_path / name), "children.db", 1 << 30))
    pages = [{each[at : at + 64] for at in range(0, len(each), 4096)} for each in stored]
    assert len({each[:16] for each in stored}) == 3
    assert len(pages[0] | pages[1] | pages[2]) == sum(map(len, pages))
    assert not any(FIRST.encode() in path.read_bytes() for path in tmp_path.glob("*.dslb"))


@pytest.mark.parametrize("part", ["prefix", "manifest", "header.json", "children.db", "spool", "last byte"])
def test_a_flipped_byte_anywhere_is_refused(written, tmp_path, part):
    found = container.read(written)
    data = bytearray(written.read_bytes())
    first = min(member.at for member in found.members.values())
    spans = {"prefix": range(44), "manifest": range(44, first), "last byte": range(len(data) - 1, len(data))}
    for name in ("header.json", "children.db"):
        member = found.members[name]
        spans[name] = range(member.at, member.at + member.size)
    member = found.members["spool/reports/0199-made-up.sealed"]
    spans["spool"] = range(member.at, member.at + member.size)
    for at in random.Random(7).sample(spans[part], min(12, len(spans[part]))):
        data[at] ^= 1 << at % 8
        (tmp_path / "flipped.dslb").write_bytes(data)
        data[at] ^= 1 << at % 8
        with pytest.raises((IntegrityAlarm, Refused)) as caught:
            restore.restore(tmp_path / "flipped.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
        assert caught.value.message.endswith(".")
        assert left_in(tmp_path) == ["flipped.dslb"]


def test_a_truncated_lengthened_or_foreign_file_is_refused(written, tmp_path):
    data = written.read_bytes()
    for stored in (data[:-1], data + b"x", data[:40], data[:3000], b"", b"PK\x03\x04" + data, data[:8] + b"\xff" * 60):
        (tmp_path / "bad.dslb").write_bytes(stored)
        with pytest.raises((IntegrityAlarm, Refused)):
            container.read(tmp_path / "bad.dslb")
    with pytest.raises(NotFound):
        container.read(tmp_path / "none.dslb")
    with pytest.raises(NotFound):
        container.read(tmp_path)


@pytest.mark.parametrize(
    "member",
    [
        {"name": "../escape.db", "size": 0},
        {"name": "/etc/made-up", "size": 0},
        {"name": "drafts/../../x", "size": 0},
        {"name": "drafts/..", "size": 0},
        {"name": "spool/reports/a\\b", "size": 0},
        {"name": "C:header.json", "size": 0},
        {"name": "lock", "size": 0},
        {"name": "header.json", "size": -1},
        {"name": "header.json", "size": 1 << 70},
        {"name": "header.json", "size": 1e3},
        {"name": "header.json", "size": True},
        {"name": ["header.json"], "size": 0},
    ],
)
def test_a_manifest_with_tricks_is_refused(tmp_path, member):
    hand_made(tmp_path / "bad.dslb", {"members": [member | {"sha256": "0" * 64}]})
    with pytest.raises(IntegrityAlarm, match="nothing was taken"):
        container.read(tmp_path / "bad.dslb")


@pytest.mark.parametrize("manifest", [[], {}, {"members": 3}, {"members": [3]}, {"members": {"a": 1}}, "text", None])
def test_a_manifest_of_another_shape_is_refused(tmp_path, manifest):
    hand_made(tmp_path / "bad.dslb", manifest)
    with pytest.raises(IntegrityAlarm):
        container.read(tmp_path / "bad.dslb")


def hand_made(path: Path, manifest: object) -> None:
    import hashlib
    import json

    stored = json.dumps(manifest).encode()
    path.write_bytes(container.MAGIC + len(stored).to_bytes(4, "big") + hashlib.sha256(stored).digest() + stored)


def test_who_does_not_hold_the_key_cannot_make_a_backup_that_is_believed(written, tmp_path):
    """Digests and the file's frame made right again: the MAC under the compartment's key still tells."""
    found = container.read(written)
    sources = {}
    for name in found.members:
        target = tmp_path / "parts" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        container.extract(found, name, target)
        sources[name] = target
    manifest = dict(found.manifest, acts=found.manifest["acts"] - 1)
    container.write(tmp_path / "forged.dslb", manifest, sources)
    with pytest.raises(IntegrityAlarm):
        restore.restore(tmp_path / "forged.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)


def test_only_an_empty_folder_is_restored_into_and_a_wrong_passphrase_leaves_nothing(written, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(Refused, match="not empty"):
        restore.restore(written, tmp_path / "full", passphrase=PASSPHRASE, user=PERSON)
    assert left_in(tmp_path / "full") == ["note.txt"]
    with pytest.raises(WrongPassphrase):
        restore.restore(written, tmp_path / "new", passphrase="no such passphrase here", user=PERSON)
    (tmp_path / "empty").mkdir()
    restore.restore(written, tmp_path / "empty", passphrase=PASSPHRASE, user=PERSON)
    assert left_in(tmp_path) == ["empty", "full"]


class Cut(Exception):
    """The power went."""


@pytest.mark.parametrize("step", ["exported", "written", "checked"])
def test_a_backup_cut_short_leaves_no_file_and_the_one_before_stays(school, tmp_path, monkeypatch, step):
    folder = tmp_path / "stick"
    folder.mkdir()
    backup.backup(school, folder / "a.dslb")
    before = (folder / "a.dslb").read_bytes()

    def cut(now: str) -> None:
        if now == step:
            raise Cut

    monkeypatch.setattr(backup, "reached", cut)
    with pytest.raises(Cut):
        backup.backup(school, folder / "a.dslb")
    assert left_in(folder) == ["a.dslb"]
    assert (folder / "a.dslb").read_bytes() == before
    assert not list(school.folder.glob(".dsl-console-*"))
    assert school.verify().ok


@pytest.mark.parametrize("step", ["checked", "materialised", "restored"])
def test_a_restore_cut_short_leaves_nothing(written, tmp_path, monkeypatch, step):
    def cut(now: str) -> None:
        if now == step:
            raise Cut

    monkeypatch.setattr(restore, "reached", cut)
    with pytest.raises(Cut):
        restore.restore(written, tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    assert left_in(tmp_path) == []


def test_a_killed_backup_is_cleared_away_by_the_next(school, tmp_path):
    folder = tmp_path / "stick"
    left = folder / f".dsl-console-{backup.short_id(school.id)}-abcd"
    left.mkdir(parents=True)
    (left / "copy.db").write_bytes(b"half")
    (folder / ".dsl-console-00000000-abcd").mkdir()
    backup.backup(school, folder / "a.dslb")
    assert left_in(folder) == [".dsl-console-00000000-abcd", "a.dslb"]


def test_stopping_is_heeded_at_every_point_and_leaves_nothing(school, tmp_path):
    (tmp_path / "stick").mkdir()
    for looks in (0, 1, 2, 5):
        left = [looks]

        def stop(left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] < 0

        with pytest.raises(backup_copy.Stopped):
            backup.backup(school, tmp_path / "stick" / "a.dslb", stop=stop)
        assert left_in(tmp_path / "stick") == []


def test_a_place_that_will_not_do_is_refused_in_plain_words(school, tmp_path):
    (tmp_path / "other.txt").write_text("a file of somebody's")
    for file, words in (
        (school.folder / "a.dslb", "own folder"),
        (tmp_path / "none" / "a.dslb", "not there"),
        (tmp_path, "is a folder"),
        (tmp_path / "other.txt", "another file"),
    ):
        with pytest.raises(Refused, match=words):
            backup.backup(school, file)
    assert (tmp_path / "other.txt").read_text() == "a file of somebody's"


def test_a_full_drive_is_a_plain_sentence_and_leaves_nothing(school, tmp_path, monkeypatch):
    (tmp_path / "stick").mkdir()

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container, "write", full)
    with pytest.raises(Refused, match="drive is full"):
        backup.backup(school, tmp_path / "stick" / "a.dslb")
    assert left_in(tmp_path / "stick") == []
    assert school.verify().ok


def test_a_record_that_is_not_whole_makes_no_backup(school, tmp_path):
    with school._writer.begin() as connection:
        connection.exec_driver_sql("UPDATE acts SET author = 'somebody else' WHERE seq = 5")
    with pytest.raises(IntegrityAlarm, match="not as it was recorded"):
        backup.backup(school, tmp_path / "a.dslb")
    assert left_in(tmp_path) == ["vault"]


def test_a_backup_is_made_beside_a_writer(school, tmp_path):
    """Another process goes on recording: the backup is one moment of the record, and agrees with the live one."""
    with open_vault(school.folder, passphrase=BEN, user="Ben Ode") as other:
        child = add_child(other, "Kit", "Ashdown")

        def meanwhile(words: str) -> None:
            add_concern(other, child, f"Written during: {words}")

        report = backup.backup(school, tmp_path / "a.dslb", meanwhile)
    assert report.acts < len(acts_of(school))
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)


def test_another_compartment_goes_along_unopened_with_its_log(school, tmp_path):
    """The adults' register as a DSL sees it: bytes under a key that is not theirs."""
    from storage.header import Compartment
    from storage.sealed import XWingPrivate

    stored = {name: os.urandom(9000) for name in ("adults.db", "adults.db-wal", "adults.anchor")}
    for name, data in stored.items():
        (school.folder / name).write_bytes(data)
    with people.editing(school.folder) as header:
        header.compartments["adults"] = Compartment(1, {}, XWingPrivate.generate().public())
        people.write_header(school, header, PersonAdded(person="p", name="Made Up", role="head", signing_key=""))
    report = backup.backup(school, tmp_path / "a.dslb")
    assert report.carried == ("adults",)
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    assert {name: (tmp_path / "new" / name).read_bytes() for name in stored} == stored


def test_a_drill_proves_a_backup_records_it_and_leaves_nothing(school, tmp_path):
    backup.backup(school, tmp_path / "a.dslb")
    before = left_in(school.folder)
    done = drill(school, tmp_path / "a.dslb")
    assert (done.ok, done.problem) == (True, "")
    assert acts_of(school)[-1][7] == "backup_proved"
    data = bytearray((tmp_path / "a.dslb").read_bytes())
    data[-20_000] ^= 1
    (tmp_path / "a.dslb").write_bytes(data)
    done = drill(school, tmp_path / "a.dslb")
    assert not done.ok
    assert "damaged" in done.problem
    assert left_in(school.folder) == before
    with pytest.raises(NotFound):
        drill(school, tmp_path / "none.dslb")


def test_a_drill_of_another_vaults_backup_proves_nothing(school, tmp_path):
    other, _ = create(tmp_path / "other", school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
    with other:
        backup.backup(other, tmp_path / "o.dslb")
    with pytest.raises(Refused, match="another vault"):
        drill(school, tmp_path / "o.dslb")
    with pytest.raises(Refused, match="another file"):
        backup.backup(school, tmp_path / "o.dslb")


def test_a_backup_from_before_a_rotation_still_opens_and_can_be_proved(school, tmp_path):
    from storage.rotation import rotate

    backup.backup(school, tmp_path / "a.dslb")
    rotate(school, "made up")
    assert drill(school, tmp_path / "a.dslb").ok
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)


def test_who_was_removed_cannot_open_a_later_backup(school, tmp_path):
    people.remove_person(school, "Ben Ode", "Left the school.")
    backup.backup(school, tmp_path / "a.dslb")
    with pytest.raises(ConsoleError):
        restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=BEN, user="Ben Ode")


def test_the_schedule_keeps_the_newest_and_touches_nothing_else(school, tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    own, other = backup.short_id(school.id), "0" * 8
    for day in range(1, 6):
        (folder / f"dsl-console-backup-2026-11-0{day}-120000-{own}.dslb").touch()
        (folder / f"dsl-console-backup-2026-11-0{day}-120000-{other}.dslb").touch()
    (folder / "notes.txt").touch()
    report = backup.scheduled_backup(school, folder, keep=3)
    kept = [path.name for path in backup.in_folder(folder, school.id)]
    assert kept[-1] == report.path.name
    assert kept[:-1] == [f"dsl-console-backup-2026-11-0{day}-120000-{own}.dslb" for day in (4, 5)]
    assert len(list(folder.glob(f"*-{other}.dslb"))) == 5
    assert (folder / "notes.txt").exists()


def test_a_replayed_ledger_of_two_devices_gives_the_same_views(school, tmp_path):
    from storage import shape
    from storage.engine import memory_engine

    backup.backup(school, tmp_path / "a.dslb")
    restore.restore(tmp_path / "a.dslb", tmp_path / "new", passphrase=PASSPHRASE, user=PERSON)
    with open_vault(tmp_path / "new", passphrase=PASSPHRASE, user=PERSON) as vault:
        add_child(vault, "Kit", "Ashdown")
        views = views_of(vault)
        for seed in range(3):
            fresh = memory_engine()
            with vault.read() as connection, fresh.begin() as other:
                for statement in ledger.SCHEMA:
                    other.exec_driver_sql(statement)
                shape.make_views(other)
                replay(connection, other, seed)
                assert base.contents(other) == views
            fresh.dispose()
