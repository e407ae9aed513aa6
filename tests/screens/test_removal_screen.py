"""Versions side by side, and a removal that waits for a second person, on screen (R-05)."""

from __future__ import annotations

from conftest import HOSTILE, press, settled, wait_for, wait_until, words_on

from screens.compare import CompareScreen
from storage.desk import children, concerns, removal
from storage.people import add_person
from storage.vault import open_vault
from storage.views import removals

SECOND = "four words of hers"


async def test_versions_stand_side_by_side_and_another_agrees(console, vault):
    child = children.add_child(vault, legal_forename="Ada", legal_surname="Lowe")[0]
    entry = concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)[0]
    concerns.amend(vault, entry, HOSTILE.replace("hit", "pushed"), "She said so [1]")
    async with console(size=(80, 24)) as pilot:
        add_person(vault, "Kim Reed", "deputy", SECOND)
        pilot.app.open("entry", entry_id=entry)
        await settled(pilot)
        await press(pilot, "v")
        assert isinstance(pilot.app.screen, CompareScreen)
        shown = words_on(pilot.app)
        assert "⟨−hit−⟩" in shown
        assert "⟨+pushed+⟩" in shown
        assert "Because: She said so [1]" in shown
        assert pilot.app.why_not("compare.next")
        await press(pilot, "escape", "x", *"wrong", "ctrl+s")
        await wait_for(pilot, "Another person must agree.")
        assert pilot.app.why_not("entry.agree") == "You proposed it: another person must agree."
        with open_vault(vault.folder, passphrase=SECOND, user="Kim Reed") as second:
            removal.agree(second, entry)
        pilot.app.open("child", child_id=child)
        await wait_for(pilot, "1 removed")
        assert HOSTILE not in words_on(pilot.app)
        await press(pilot, "h")
        await wait_for(pilot, "agreed by Kim Reed, because: wrong")
        await press(pilot, "u", *"hers", "ctrl+s")
        await wait_until(pilot, lambda: removals.of_entry(vault, entry)[0].state == "restored")
        await press(pilot, "h")
        await wait_for(pilot, "pushed me")
        with open_vault(vault.folder, passphrase=SECOND, user="Kim Reed") as second:
            removal.propose(second, entry, "About another child")
            concerns.decide(second, entry, "early_help", "Form")
        await press(pilot, "f6")
        await wait_for(pilot, "proposes to remove it")
        await press(pilot, "enter")
        assert pilot.app.why_not("entry.agree") == "", "Today opens the entry, where it is agreed to"
        await press(pilot, "escape")
        assert pilot.app.screen.NAME == "child"
