"""The chronology workbench on screen: the picture, a filter, the family, and what was known on a day (R-76)."""

from __future__ import annotations

from conftest import HOSTILE, press, settled, wait_for, words_on
from textual.widgets import Input, Select

from screens.timeline import FilterDialog, TimelineScreen
from storage.desk import children, concerns, front_sheet


async def test_the_picture_follows_the_filter_and_the_family(console, vault):
    ada = children.add_child(vault, legal_forename="Ada", legal_surname="Lowe")[0]
    bea = children.add_child(vault, legal_forename="Bea", legal_surname="Lowe")[0]
    front_sheet.add_line(vault, ada, "connected_child", child=bea)
    police = {"caller": {"name": "P. Ray", "agency": "Police [red]x[/red]"}}
    for day in ("2 Nov 2026", "3 Nov 2026", "4 Nov 2026"):
        concerns.log_concern(vault, {"text": HOSTILE, "when": day}, child_id=ada)
    concerns.log_concern(vault, {"text": "From the police.", "when": "10 Nov 2026", **police}, child_id=ada)
    concerns.log_concern(vault, {"text": "About Bea.", "when": "12 Nov 2026"}, child_id=bea)
    async with console(size=(80, 24)) as pilot:
        pilot.app.open("child", child_id=ada)
        await settled(pilot)
        await press(pilot, "t")
        assert isinstance(pilot.app.screen, TimelineScreen)
        await wait_for(pilot, "4 entries · 0 gaps, 1 cluster: i tells them")
        assert "Police [red]" in words_on(pilot.app)
        await press(pilot, "i")
        assert "Cluster: 3 entries from Mon 2 Nov 2026 to Wed 4 Nov 2026." in words_on(pilot.app)
        await press(pilot, "escape", "f")
        dialog = pilot.app.screen
        assert isinstance(dialog, FilterDialog)
        dialog.query_one("#source", Select).value = "Police [red]x[/red]"
        dialog.query_one("#start Input", Input).value = "gibberish"
        await press(pilot, "ctrl+s")
        assert "Which day?" in words_on(pilot.app)
        dialog.query_one("#start Input", Input).value = ""
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "1 entry · 0 gaps, 0 clusters: i tells them · only: Police [red]x[/red]")
        assert HOSTILE not in words_on(pilot.app)
        await press(pilot, "c", "y")
        await wait_for(pilot, "5 entries")
        await press(pilot, "end")
        await wait_for(pilot, "About Bea.")
        assert "Time line: Ada Lowe, Bea Lowe" in words_on(pilot.app)
        await press(pilot, "k", *"1 nov 2026", "enter")
        await wait_for(pilot, "0 entries")
        assert "Nothing was recorded by the end of Sun 1 Nov 2026. c shows what stands today." in words_on(pilot.app)
