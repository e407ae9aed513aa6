"""Actions on their screen: asked for, and closed with what came of it."""

from __future__ import annotations

from conftest import HOSTILE, press, settled, wait_for, words_on

from storage.desk import actions, children, concerns


async def test_an_action_is_asked_for_and_closed_with_what_came_of_it(console, vault):
    child, _ = children.add_child(vault, name="Mia Hart")
    actions.add(vault, child, HOSTILE, owner="Ms Brook")
    entry = concerns.log_concern(vault, {"text": "A bruise"}, child_id=child)[0]
    async with console() as pilot:
        pilot.app.open("actions")
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        await press(pilot, "n", *"mia")
        await wait_for(pilot, "Mia Hart")
        await press(pilot, "enter")
        await settled(pilot)
        pilot.app.screen.query_one("#what").focus()
        await press(pilot, *"Ring home", "tab", "tab", *"Friday", "ctrl+s")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "Mine (1) Mia Hart · Sam Okafor due Fri 27 Nov 2026 Ring home" in shown
        assert "What I asked others to do (1)" in shown
        await press(pilot, "home", "c", "ctrl+s")
        assert "What came of it?" in words_on(pilot.app)
        await press(pilot, *"Rang", "tab", *"Nothing: all well", "tab", *"Finished", "ctrl+s")
        await settled(pilot)
        assert "Mine" not in words_on(pilot.app).replace("Mine ()", "")
        await press(pilot, "a")
        await settled(pilot)
        assert "Outcome: Rang Follows: Nothing: all well" in words_on(pilot.app)
        await press(pilot, "f6")
        await settled(pilot)
        concerns.decide(vault, entry, "early_help", "Form", due=vault.clock().date())
        await wait_for(pilot, "Follow up")
        await press(pilot, "enter")
        assert pilot.app.screen.query_one("#to-do").current.action.about == entry, "Today opens it where it is closed"
