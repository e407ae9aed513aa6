"""The coach's list on screen: a row silenced, and one of the school's own."""

from __future__ import annotations

from conftest import settled, wait_for, wait_until

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
