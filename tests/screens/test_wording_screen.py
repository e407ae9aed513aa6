"""The coach's list on screen: a row silenced, and one of the school's own."""

from __future__ import annotations

from conftest import HOSTILE, settled, wait_for, wait_until, words_on
from textual.widgets import TextArea

from practice.wording import Coach
from screens.wording_found import WordingFound, places_of
from storage.desk.wording import school_rows


async def test_a_row_is_silenced_and_one_added(console, vault) -> None:
    async with console() as pilot:
        pilot.app.open("wording_rows")
        await wait_for(pilot, "was not brought")
        await pilot.press("x")
        await wait_until(pilot, lambda: school_rows(vault).silenced == {"was_not_brought"})
        await wait_for(pilot, "1 silenced")
        await pilot.press("n")
        await settled(pilot)
        dialog = pilot.app.screen
        dialog.query_one("#row-name").value = "our hub"
        dialog.query_one("#row-find").text = "the [Hub]\nHub"
        dialog.query_one("#row-question").value = "Which room?"
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: [row.id for row in school_rows(vault).added] == ["our hub"])
        await wait_for(pilot, "the [Hub] · Hub")


async def test_the_whole_list_is_reached_by_key_and_no_letter_is_lost_on_the_way_back(console) -> None:
    async with console(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await settled(pilot)
        log = pilot.app.screen
        area = log.query_one("#text", TextArea)
        area.focus()
        area.load_text(f"He is often late.\n{HOSTILE}\nThe LAC team rang and CAMHS did not.")
        area.move_cursor(area.document.end)
        await pilot.press("ctrl+t")
        await wait_for(pilot, "asks: 4 questions")
        assert isinstance(pilot.app.screen, WordingFound)
        assert "Line 1 He is «often» late." in words_on(pilot.app)
        await pilot.press("down", "down")
        assert pilot.app.screen.rows.current.found.text == "LAC"
        await pilot.press("enter")
        await settled(pilot)
        assert pilot.app.screen is log
        assert log.focused is area
        assert area.cursor_location == (2, 7)
        area.move_cursor(area.document.end)
        await pilot.press("ctrl+t", "escape", "S", "h", "ctrl+t", "e", "space", "ctrl+t", "w", "backspace", "i", "d")
        await settled(pilot)
        assert pilot.app.screen is log
        assert area.text.endswith("CAMHS did not.She id")


def test_the_place_of_each_finding_is_its_line_and_its_words() -> None:
    text = f"One\n\n{'word ' * 60}often{' word' * 60}\nHe seems low"
    places = places_of(text, Coach().check(text))
    often, seems, low, *whole = places
    assert (often.row, often.column, often.before, often.after) == (
        2,
        305,
        "…word word word word ",
        " word word word word…",
    )
    assert (seems.row, seems.column, low.row, low.column) == (3, 8, 3, 12)
    assert whole
    assert all(each.found.whole for each in whole)
