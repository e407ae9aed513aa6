"""Names stepped through on screen: what may be a name first, marked under the cursor."""

from __future__ import annotations

from conftest import HOSTILE, settled, wait_for, wait_until, words_on

from storage.desk import children, concerns
from storage.views import glossary


async def test_a_name_is_marked_under_the_cursor(console, vault) -> None:
    child = children.add_child(vault, name="Ada Lowe")[0]
    text = f"Ada told us that Bea rang Cal (Bea's boy). {HOSTILE}"
    concerns.log_concern(vault, {"text": text, "when": "today"}, child_id=child)
    async with console() as pilot:
        pilot.app.open("child", child_id=child)
        await wait_for(pilot, "that Bea rang Cal")
        await pilot.press("n")
        await wait_for(pilot, "Ada told us that «Bea» rang Cal (Bea's boy).")
        assert "rang Cal («Bea's» boy)." in words_on(pilot.app), "no space that the text has not"
        assert HOSTILE in words_on(pilot.app)
        await pilot.press("n")
        await settled(pilot)
        dialog = pilot.app.screen
        assert dialog.query_one("#mark-name").value == "Bea"
        dialog.query_one("#mark-kind").code = "Person"
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: [term.mask for term in glossary.marked(vault, child)] == ["Person 1"])
        await wait_for(pilot, "Bea → Person 1")
        place = pilot.app.screen.query_one("#places").current
        assert (place.found.written, place.found.mask) == ("Cal", ""), "the next name that may be one"
        await pilot.press("u")
        await wait_for(pilot, "From which copy")
        dialog = pilot.app.screen
        dialog.query_one("#again-text").text = f"Person 1 rang Cal. {HOSTILE}"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Why is it named again?")
        dialog.query_one("#again-reason").text = "A meeting"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Named again, and recorded.")
        assert "Done Ctrl+S" in words_on(pilot.app)
        assert dialog.query_one("#again-text").text == f"Bea rang Cal. {HOSTILE}"
        assert HOSTILE in words_on(pilot.app)
