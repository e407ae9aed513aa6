"""The papers on their screen: a child's holiday planned, the inspection pack asked for and printed."""

from __future__ import annotations

from pathlib import Path

from conftest import HOSTILE, settled, wait_for, words_on
from textual.widgets import Input

from storage.desk import children, reviews


async def test_a_holiday_is_planned_and_the_pack_is_for_one_reader(console, vault, tmp_path: Path):
    child, _ = children.add_child(vault, name="Mia Hart")
    reviews.set_status(vault, child, "child_protection")
    async with console() as pilot:
        pilot.app.open("papers")
        await settled(pilot)
        assert "Nobody is planned to be in contact with: Mia Hart." in words_on(pilot.app)
        await pilot.press("e", *"mia")
        await wait_for(pilot, "Mia Hart")
        await pilot.press("enter")
        await settled(pilot)
        pilot.app.screen.query_one("#by", Input).value = HOSTILE
        await pilot.press("ctrl+s")
        await wait_for(pilot, f"In contact {HOSTILE}")
        await pilot.press("s")
        await wait_for(pilot, "written into the record as it will be shared")
        await pilot.press(*"mia")
        await settled(pilot)
        await pilot.press("enter", "ctrl+s")
        await wait_for(pilot, "Propose to a partner")
        await pilot.press("escape")
        await wait_for(pilot, "it was proposed to nobody")
        assert "One moment" not in words_on(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        for key, words in (("2", "HOLIDAY"), ("3", "Child protection plan 1"), ("4", "Fewer than five in all")):
            await pilot.press(key)
            await wait_for(pilot, words)
        await pilot.press("5", *"J. Marsh", "enter", *"Visit", "ctrl+s")
        await wait_for(pilot, "For J. Marsh alone: Visit")
        await pilot.press("p")
        pilot.app.screen.query_one("#where", Input).value = str(tmp_path / "pack.pdf")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Written as PDF")
        assert (tmp_path / "pack.pdf").read_bytes().startswith(b"%PDF")
