"""A newer program brings a vault up to date only after a backup; an older one leaves a newer vault alone."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from practice.errors import ConsoleError, IntegrityAlarm, Refused
from storage import backup, chain, container, migrations, restore
from storage.places import HERE, Platform, check_open
from storage.vault import open_vault
from storage.views import base as views_base
from tests.conftest import PASSPHRASE, add_child, add_concern


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of a later year, with one step more."""

    def a_table_more(connection) -> None:
        connection.exec_driver_sql("CREATE TABLE made_up (a INTEGER) STRICT")

    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, ("a_table_more", a_table_more)])


def shape(folder: Path) -> int:
    with open_vault(folder, passphrase=PASSPHRASE) as vault, vault.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def test_an_update_backs_up_first_and_that_backup_is_the_vault_before(vault_folder, tmp_path, monkeypatch, newer):
    steps = len(migrations.STEPS)
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", migrations.STEPS[:-1])
        with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
            add_concern(vault, add_child(vault), "Before the update")
        assert not (vault_folder / backup.BEFORE_UPDATE).exists()
    assert shape(vault_folder) == steps
    (made,) = (vault_folder / backup.BEFORE_UPDATE).iterdir()
    assert shape(vault_folder) == steps
    assert list((vault_folder / backup.BEFORE_UPDATE).iterdir()) == [made]
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", migrations.STEPS[:-1])
        restore.restore(made, tmp_path / "old", passphrase=PASSPHRASE)
        assert shape(tmp_path / "old") == steps - 1
    assert shape(tmp_path / "old") == steps


def test_an_older_program_refuses_a_newer_vault_and_its_backups_and_touches_nothing(
    vault_folder, tmp_path, monkeypatch, newer
):
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        backup.backup(vault, tmp_path / "new.dslb")
    before = {path.name: path.read_bytes() for path in vault_folder.glob("children.*")}
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS[:-1])
    with pytest.raises(IntegrityAlarm, match="newer dsl-console") as caught:
        open_vault(vault_folder, passphrase=PASSPHRASE)
    assert "Update dsl-console" in caught.value.hint
    assert {path.name: path.read_bytes() for path in vault_folder.glob("children.*")} == before
    with pytest.raises(ConsoleError, match="newer dsl-console"):
        restore.restore(tmp_path / "new.dslb", tmp_path / "restored", passphrase=PASSPHRASE)
    assert not (tmp_path / "restored").exists()


def test_without_room_for_the_backup_the_update_does_not_begin(vault_folder, monkeypatch, newer):
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    old = {path.name: path.read_bytes() for path in vault_folder.glob("children.db")}
    with monkeypatch.context() as disk:
        disk.setattr(container, "write", full)
        with pytest.raises(Refused, match="full"):
            open_vault(vault_folder, passphrase=PASSPHRASE)
    assert {path.name: path.read_bytes() for path in vault_folder.glob("children.db")} == old
    assert shape(vault_folder) == len(migrations.STEPS)


def test_an_update_that_fails_leaves_the_shape_before_and_the_backup(vault_folder, monkeypatch):
    def broken(connection) -> None:
        connection.exec_driver_sql("CREATE TABLE made_up (a INTEGER) STRICT")
        raise Refused("made up")

    steps = len(migrations.STEPS)
    with monkeypatch.context() as later:
        later.setattr(migrations, "STEPS", [*migrations.STEPS, ("broken", broken)])
        with pytest.raises(Refused, match="made up"):
            open_vault(vault_folder, passphrase=PASSPHRASE)
    assert shape(vault_folder) == steps
    assert len(list((vault_folder / backup.BEFORE_UPDATE).iterdir())) == 1


def test_a_vault_that_was_moved_is_cautioned_about_in_a_cloud_and_not_opened_on_a_share(
    vault_folder, tmp_path, monkeypatch
):
    cloud = Path(shutil.copytree(vault_folder, tmp_path / "OneDrive - Example School" / "vault"))
    with open_vault(cloud, passphrase=PASSPHRASE) as vault:
        assert "cloud" in vault.caution
        add_child(vault)
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        assert vault.caution == ""
    share = Platform(HERE.name, mounts=lambda: f"server:/x {tmp_path} nfs4 rw 0 0\n", drive_type=lambda _root: 4)
    monkeypatch.setattr("storage.vault.check_open", lambda folder: check_open(folder, share))
    with pytest.raises(Refused, match="network drive"):
        open_vault(vault_folder, passphrase=PASSPHRASE)


def test_a_backup_for_a_share_or_a_cloud_is_worked_on_in_the_vaults_own_folder(vault_folder, tmp_path, monkeypatch):
    share = tmp_path / "OneDrive"
    share.mkdir()
    seen: list[list[str]] = []
    monkeypatch.setattr(backup, "reached", lambda _step: seen.append(sorted(path.suffix for path in share.iterdir())))
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        backup.backup(vault, share / "a.dslb")
    assert seen == [[], [".part"], [".part"], [".dslb"]]


def test_a_ledger_whose_clock_went_back_is_put_in_order_without_a_row_standing_twice(vault_folder):
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=lambda: now) as vault:
        child = add_child(vault)
        add_concern(vault, child, "Recorded first")
        now -= timedelta(weeks=12)
        add_concern(vault, child, "Recorded after the clock went back")
        with vault.write() as unit:
            unit.connection.exec_driver_sql("UPDATE acts SET ordered_at = NULL")
            moved = chain.set_order(unit.connection)
            assert "concern_logged" in {act.kind for act in moved}
            views_base.apply(unit.connection, moved, again=True)
        assert vault.verify(rebuild=True).problems == []
