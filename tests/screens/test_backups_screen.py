"""The Backups screen, and the backup at the first lock of each day."""

from __future__ import annotations

import pytest

from dsl_console import daily
from dsl_console.supervisor import LOCKED
from practice.acts import BackupProved
from screens.backups import BackupsScreen
from screens.backups_folder import folder_fault
from storage import backup, outbox
from storage.restore import HOLD, held_since
from storage.views import backups
from tests.screens.conftest import NOW, settled, wait_for, wait_until, words_on


async def opened(pilot) -> None:
    commands = {each.title: each for each in pilot.app.get_system_commands(pilot.app.screen)}
    commands["Vault: Backups"].callback()
    await settled(pilot)
    assert isinstance(pilot.app.screen, BackupsScreen)


async def test_back_up_now_asks_for_a_folder_first_then_makes_and_proves(console, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    async with console() as pilot:
        await opened(pilot)
        assert "None yet" in words_on(pilot.app)
        await pilot.press("p")
        assert any("no backup yet" in each.message for each in pilot.app._notifications)
        await pilot.press("b")
        await pilot.press(*str(stick))
        await pilot.press("enter")
        await wait_for(pilot, "checked whole")
        await wait_for(pilot, "Never. Prove it")
        (made,) = stick.iterdir()
        await wait_until(pilot, lambda: made.name in words_on(pilot.app).replace(" ", ""))
        await pilot.press("p")
        await wait_for(pilot, "came back whole, and the copy was removed")
        await wait_for(pilot, "Yes, Sat 21 Nov 2026")
        assert pilot.app.settings.backup_folder == str(stick)


async def test_a_folder_that_will_not_do_is_said_at_once(console, tmp_path, folder):
    assert "whole path" in folder_fault("stick", folder)
    assert "not there" in folder_fault(str(tmp_path / "none"), folder)
    assert "inside the vault" in folder_fault(str(folder / "drafts"), folder)
    assert folder_fault(str(tmp_path), folder) == folder_fault("", folder) == ""
    async with console() as pilot:
        await opened(pilot)
        await pilot.press("f")
        await pilot.press(*str(tmp_path / "none"))
        await pilot.press("enter")
        await wait_for(pilot, "That folder is not there")
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.backup_folder == ""


async def test_a_drive_that_was_pulled_out_is_a_sentence_and_the_record_goes_on(console, tmp_path):
    async with console(backup_folder=str(tmp_path / "gone")) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await wait_for(pilot, "The folder for the backup is not there")
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen.NAME == "today"


async def test_a_broken_backup_is_shown_as_such(console, vault, tmp_path):
    report = backup.backup(vault, tmp_path / "a.dslb")
    problem = "This backup file is [red]damaged[/red]."
    vault.record(BackupProved(sha256=report.sha256, ok=False, problem=problem, place=str(tmp_path / "a.dslb")))
    async with console() as pilot:
        await opened(pilot)
        shown = words_on(pilot.app)
        assert "found broken" in shown
        assert ", of a.dslb. This backup file is [red]damaged[/red]" in shown
        assert "None yet" in shown


async def test_after_a_restore_a_person_confirms_that_the_old_machine_is_gone(console, vault):
    with vault.write() as unit:
        outbox.set_exchange(unit.connection, HOLD, "2026-11-21")
    async with console() as pilot:
        await opened(pilot)
        assert "nothing is exchanged with partners" in words_on(pilot.app)
        await pilot.press("g")
        await settled(pilot)
        await pilot.click("#confirm")
        await wait_for(pilot, "The exchange with partners goes on.")
        assert "nothing is exchanged" not in words_on(pilot.app)
    assert held_since(vault) == ""


async def test_the_first_lock_of_a_day_makes_a_backup_and_the_second_none(console, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    for _ in range(2):
        async with console(backup_folder=str(stick)) as pilot:
            await pilot.press("ctrl+l")
            for _ in range(200):
                if pilot.app.return_code is not None:
                    break
                await pilot.pause(0.05)
            assert pilot.app.return_code == LOCKED, pilot.app._exit_renderables
    (made,) = stick.iterdir()
    assert made.name.startswith("dsl-console-backup-2026-11-21-")


async def test_what_would_take_longer_than_a_lock_may_is_left_for_an_idle_hour(console, vault, tmp_path, monkeypatch):
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.setattr(daily, "LOCK_SECONDS", -1.0)
    async with console(backup_folder=str(stick)) as pilot:
        said = await daily.before_leaving(pilot.app, pilot.app.vault)
        assert "takes longer" in said
        assert list(stick.iterdir()) == []
        daily.while_idle(pilot.app, pilot.app.vault, pilot.app._stop)
        await settled(pilot)
    assert len(list(stick.iterdir())) == 1
    assert not backups.due(vault, NOW)


async def test_a_missing_drive_never_holds_up_a_lock(console, tmp_path):
    async with console(backup_folder=str(tmp_path / "none")) as pilot:
        said = await daily.before_leaving(pilot.app, pilot.app.vault)
        assert "not there" in said
        assert not pilot.app.query("#doing") or "made first" in words_on(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_every_fact_stands_on_the_screen_at_every_size(console, vault, tmp_path, size):
    backup.backup(vault, tmp_path / "a.dslb")
    async with console(size=size, backup_folder=str(tmp_path)) as pilot:
        await opened(pilot)
        shown = words_on(pilot.app)
        for words in (
            "Last good one",
            "Where it is",
            "Proved",
            "Each day into",
            "a.dslb",
            "Back up now",
        ):
            assert words in shown
