"""Another agency's chronology on screen: tried, taken in, and the same event confirmed by a person."""

from __future__ import annotations

from conftest import HOSTILE, settled, wait_for, wait_until, words_on

from storage.desk import children, concerns
from storage.views import links, record


async def test_a_chronology_is_taken_in_and_a_link_confirmed(console, vault, tmp_path) -> None:
    child = children.add_child(vault, name="Ada Lowe")[0]
    own = f"Bruise on the left forearm. {HOSTILE}"
    concerns.log_concern(vault, {"text": own, "when": "22 Sep 2025"}, child_id=child)
    file = tmp_path / "health.csv"
    rows = (
        "22.09/25,Left forearm: bruise seen by the nurse\n1/10/25,The teacher slapped Ada\n" + "5/10/25,Sang well\n" * 2
    )
    file.write_text(f"Date,Event\n{rows}")
    async with console(size=(88, 36)) as pilot:
        pilot.app.open("child", child_id=child)
        await wait_for(pilot, "Bruise on the left forearm")
        await pilot.press("l")
        await wait_for(pilot, "No entries of this child look")
        await pilot.press("i")
        await settled(pilot)
        dialog = pilot.app.screen
        dialog.query_one("#merge-file").value = str(file)
        dialog.query_one("#merge-source").value = "Example Health"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "3 new entries")
        assert "Line 3: it looks as if it is about an adult" in words_on(pilot.app)
        assert record.count(vault, child) == 1
        await pilot.press("ctrl+s")
        await wait_for(pilot, "May be the same event")
        assert HOSTILE in words_on(pilot.app)
        assert "Example Health" in words_on(pilot.app)
        await pilot.press("y")
        await wait_until(pilot, lambda: [row.state for row in links.links(vault, child)] == ["proposed", "confirmed"])
        await wait_for(pilot, "The same event (Sam Okafor)")
        listed = pilot.app.screen.query_one("#links")
        assert listed.current.link.state == "proposed", "the next one that nobody has answered"
