"""The front sheet on screen: a line written, heeded on Log, changed, taken off, and its history (R-08)."""

from __future__ import annotations

from conftest import HOSTILE, press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, Select

from screens.front_sheet import FrontSheetScreen
from screens.widgets.answer import AnswerField
from storage.desk import children
from storage.views import front_sheet


async def test_a_line_is_written_heeded_and_taken_off(console, vault):
    child = children.add_child(vault, legal_forename="Ada", legal_surname="Lowe")[0]
    async with console(size=(80, 24)) as pilot:
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        await press(pilot, "f")
        assert isinstance(pilot.app.screen, FrontSheetScreen)
        assert "Nothing is on the front sheet yet" in words_on(pilot.app)
        assert pilot.app.why_not("front_sheet.end")
        await press(pilot, "n")
        await press(pilot, "ctrl+s")
        assert "What is the line about?" in words_on(pilot.app)
        dialog = pilot.app.screen
        dialog.query_one("#section", Select).value = "must_not_be_told"
        dialog.query_one("#name", Input).value = "Sid [M]"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "does not say why yet")
        dialog.query_one("#words", AnswerField).text = HOSTILE
        dialog.query_one("#until Input", Input).value = "3 Mar 2027"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "until Wed 3 Mar 2027")
        assert HOSTILE in words_on(pilot.app)
        await press(pilot, "f2", *"ada", "enter")
        await wait_for(pilot, "Must not be told: Sid [M], until Wed 3 Mar 2027. " + HOSTILE)
        await press(pilot, "escape", "e")
        dialog = pilot.app.screen
        dialog.query_one("#until Input", Input).value = ""
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: front_sheet.lines(vault, child)[0].until is None)
        await settled(pilot)
        await press(pilot, "x", *"moved", "ctrl+s")
        await wait_until(pilot, lambda: front_sheet.lines(vault, child) == [])
        await press(pilot, "h")
        await wait_for(pilot, "Because: moved")
        assert "changed since" in words_on(pilot.app)
        await press(pilot, "escape", "escape")
        await wait_for(pilot, "F2 logs a concern about this child.")
        assert "Must not be told" not in words_on(pilot.app)
