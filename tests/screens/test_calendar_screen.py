"""The calendar on its screen: a file looked at and taken in, and a closure."""

from __future__ import annotations

from conftest import settled, wait_for, words_on
from textual.widgets import Input

from storage.views.calendars import shown


async def test_a_file_is_looked_at_first_then_taken_in_and_a_day_added(console, vault, clock, tmp_path):
    file = tmp_path / "dates.csv"
    file.write_text("name,start,end\nAutumn term [2026],02/09/2026,16/12/2026\nSports day,09/06/2027,\n")
    async with console() as pilot:
        pilot.app.open("calendar")
        await settled(pilot)
        assert "Assumed term dates" in words_on(pilot.app)
        await pilot.press("i")
        pilot.app.screen.query_one("#path", Input).value = str(file)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "It holds 1 term and 0 closures" in words_on(pilot.app)
        assert "Sports day" in words_on(pilot.app)
        assert shown(vault, clock().date()).assumed
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "Autumn term [2026]" in words_on(pilot.app)
        assert "The terms are the school's own." in words_on(pilot.app)
        await pilot.press("n")
        await wait_for(pilot, "Each nation has its bank holidays and assumed terms")
        await pilot.press("escape", "c", *"Ice", "enter", *"27 Nov 2026", "ctrl+s")
        await settled(pilot)
        assert "Fri 27 Nov 2026" in words_on(pilot.app)
