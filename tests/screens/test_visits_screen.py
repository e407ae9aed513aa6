"""The Visits screen, and the console on a visit set: packed, opened, ended, brought home."""

from __future__ import annotations

import shutil
from datetime import timedelta

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from screens.child import ChildScreen
from screens.visit_here import VisitHereScreen
from screens.visits import VisitsScreen
from storage.vault import open_vault
from storage.views import record, visits
from tests.conftest import add_child, add_concern
from tests.screens.conftest import HOSTILE, PASSPHRASE, settled, wait_for, wait_until, words_on
from tests.screens.test_machines_screen import palette


async def test_a_set_is_packed_and_brought_home_on_screen(console, vault, clock, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    child, other = add_child(vault), add_child(vault, "Bram", "Whistler")
    add_concern(vault, child, f"Bram Whistler: {HOSTILE}")
    async with console() as pilot:
        await palette(pilot, "Vault: Visits")
        assert isinstance(pilot.app.screen, VisitsScreen)
        assert "No visit set was packed yet" in words_on(pilot.app)
        await pilot.press("n")
        await settled(pilot)
        await pilot.press("ctrl+s")
        assert "Whose record goes along?" in words_on(pilot.app)
        await pilot.press(*"Thistle")
        await wait_for(pilot, "Ada Thistlewood")
        await pilot.press("enter")
        await wait_for(pilot, "Ada Thistlewood, date of birth")
        for name, text in (("folder", str(stick)), ("purpose", "home visit"), ("passphrase", PASSPHRASE)):
            pilot.app.screen.query_one(f"#{name}").value = text
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Other children's names are masked in 1 of its entries")
        assert "out until" in words_on(pilot.app)
        await pilot.press("f6")
        await wait_for(pilot, "1 visit set is out until")
        (row,) = visits.visits(vault)
        folder = stick / f"visit-{row.id[-6:]}"
        with open_vault(folder, passphrase=PASSPHRASE, clock=clock) as laptop:
            add_concern(laptop, child, "at the house")
        kept = shutil.copytree(folder, stick / "kept")
        await palette(pilot, "Vault: Visits")
        await pilot.press("r")
        await settled(pilot)
        pilot.app.screen.query_one("Input").value = str(folder)
        await pilot.press("ctrl+s")
        await wait_for(pilot, "The set's key is destroyed and its files are removed")
        await wait_for(pilot, "came back")
        assert not folder.exists()
        await pilot.press("l")
        await settled(pilot)
        await pilot.press(*"lost", "ctrl+s")
        await wait_for(pilot, "reported lost")
        with open_vault(kept, passphrase=PASSPHRASE, clock=clock) as laptop:
            add_concern(laptop, child, HOSTILE)
        await pilot.press("r")
        await settled(pilot)
        pilot.app.screen.query_one("Input").value = str(kept)
        await pilot.press("ctrl+s")
        await wait_for(pilot, ": a, or d")
        await pilot.press("a")
        await wait_for(pilot, "Let in what waits?")
        assert HOSTILE in words_on(pilot.app)
        await pilot.press(*"mine", "ctrl+s")
        await wait_until(pilot, lambda: len(record.chronology(vault, child)) == 3)
        assert record.chronology(vault, other) == []


async def test_the_console_on_a_visit(console, vault, clock, tmp_path):
    from storage.visits.packing import pack

    child = add_child(vault)
    entry = add_concern(vault, child, HOSTILE)
    made = pack(vault, [child], 4, tmp_path, PASSPHRASE)
    app = DslConsole(made.folder, clock=clock, settings=Settings(hide_after=10**6, lock_after=10**6))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "A visit set, locked. It opens until")
        await pilot.press(*PASSPHRASE, "enter")
        await wait_for(pilot, "VISIT · ")
        await wait_for(pilot, "Act today")
        assert "h 5" in words_on(app) or "4 h" in words_on(app)
        await pilot.press("f5")
        await settled(pilot)
        assert any("until you are back at school" in each.message for each in app._notifications)
        await palette(pilot, "Vault: Visits")
        assert isinstance(app.screen, VisitHereScreen)
        assert "Ada Thistlewood" in words_on(app)
        titles = {each.title for each in app.get_system_commands(app.screen)}
        assert {"Record: Log a concern", "Record: Children"} <= titles
        assert not {"Partners: Sync now", "Vault: Backups", "Vault: People and keys"} & titles
        app.open("child", child_id=child, entry_id=entry)
        await wait_for(pilot, HOSTILE)
        assert isinstance(app.screen, ChildScreen)
        assert app.why_not("child.copy")
        assert not app.why_not("child.amend")
        assert "VISIT · " in words_on(app)
        clock.pass_by(hours=3, minutes=50)
        await wait_until(pilot, lambda: any("ends in" in each.message for each in app._notifications))
        clock.pass_by(minutes=10)
        await wait_until(pilot, lambda: app.leaving)
    again = DslConsole(made.folder, clock=clock)
    async with again.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "the set's key is destroyed")
    assert not (made.folder / "header.json").exists()
    assert not (made.folder / "children.db").exists()
    assert clock() - made.until < timedelta(minutes=5)
