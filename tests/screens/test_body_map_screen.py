"""A body map drawn on Log by keyboard and by mouse, recorded with the concern, and laid over an earlier one (R-09)."""

from __future__ import annotations

from conftest import press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, TextArea

from practice.body import Cell
from screens.body_map import BodyMapScreen
from screens.body_mark import MarkDialog
from screens.log_concern import LogScreen
from screens.widgets.figure import Figure
from storage.desk import body_maps as desk
from storage.desk import children, concerns
from storage.views import body_maps


async def test_marks_are_drawn_on_log_and_recorded_with_the_concern(console, vault):
    child = children.add_child(vault, legal_forename="Ada", legal_surname="Lowe")[0]
    earlier = concerns.log_concern(vault, {"text": "Earlier.", "when": "3 Nov 2026"}, child_id=child)[0]
    desk.draw(vault, earlier, [{"view": "front", "site": "nose"}])
    async with console(size=(80, 24)) as pilot:
        pilot.app.open("log", child_id=child)
        await settled(pilot)
        await press(pilot, "ctrl+b")
        assert isinstance(pilot.app.screen, BodyMapScreen)
        await wait_for(pilot, "1 on other days")
        figure = pilot.app.screen.query_one(Figure)
        await press(pilot, "up", "up", "up", "up", "left", "left")
        assert figure.cell == Cell("front", 11, 3)
        assert "cursor: front, right cheek" in words_on(pilot.app)
        await press(pilot, "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, MarkDialog)
        dialog.query_one("#length_cm", Input).value = "two"
        await press(pilot, "ctrl+s")
        assert "How large, in centimetres?" in words_on(pilot.app)
        dialog.query_one("#length_cm", Input).value = "2,5"
        dialog.query_one("#colours", Input).value = "blue, yellow [edge]"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "A front, right cheek")
        assert "[edge]" in words_on(pilot.app)
        await press(pilot, "o")
        await wait_for(pilot, "○ Tue 3 Nov")
        await pilot.click(Figure, offset=(27 + 1 + 10, 1 + 10))
        await settled(pilot)
        assert figure.cell == Cell("back", 10, 10)
        await pilot.click(Figure, offset=(27 + 1 + 10, 1 + 10))
        await settled(pilot)
        assert isinstance(pilot.app.screen, MarkDialog)
        await press(pilot, "ctrl+s")
        assert len(pilot.app.screen.marks) == 2
        await press(pilot, "delete", "escape")
        assert isinstance(pilot.app.screen, LogScreen)
        await wait_for(pilot, "The body map holds 1 mark")
        pilot.app.screen.query_one("#text", TextArea).text = "A mark on the cheek."
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: len(body_maps.of_child(vault, child)) == 2)
        newest = body_maps.of_child(vault, child)[-1]
        assert [mark.colours for mark in newest.marks] == [("blue", "yellow [edge]")]
        pilot.app.open("entry", entry_id=newest.entry_id)
        await wait_for(pilot, "front, right cheek [front 11,3]")
        await press(pilot, "b")
        await wait_for(pilot, "A front, right cheek")
        await press(pilot, "enter", "ctrl+s")
        assert len(pilot.app.screen.marks) == 2
        await press(pilot, "escape")
        draft = f"body-map-{newest.entry_id}"
        assert len(vault.drafts.get(draft).fields["marks"]) == 2, "a mark that is not recorded is kept"
        await press(pilot, "b")
        await wait_for(pilot, "put back")
        assert len(pilot.app.screen.marks) == 2
        await press(pilot, "ctrl+s", *"Seen again", "ctrl+s")
        await wait_until(pilot, lambda: len(body_maps.of_child(vault, child)[-1].marks) == 2)
        await wait_until(pilot, lambda: vault.drafts.get(draft) is None)
