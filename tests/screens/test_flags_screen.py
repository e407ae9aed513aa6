"""Patterns on their screen: one line on Today, the evidence, considered with a reason."""

from __future__ import annotations

from conftest import HOSTILE, settled, wait_for, wait_until, words_on

from screens import flags as screen
from screens import today
from storage import flags
from storage.desk import children, concerns
from storage.views import record


def assert_heights(listed, module) -> None:
    rows = [listed.row(place) for place in range(listed.count)]
    for width in (30, 76, 196):
        assert [module.height(row, width) for row in rows] == [len(module.draw(row, width)) for row in rows]


async def test_a_pattern_is_opened_from_today_read_and_considered(console, vault, monkeypatch):
    child, _ = children.add_child(vault, name="Mia Hart")
    for day in ("19/11/2026", "10/11/2026", "1/11/2026"):
        entry = concerns.log_concern(vault, {"text": HOSTILE, "category": "neglect", "when": day}, child_id=child)[0]
        concerns.decide(vault, entry, "no_further_action", "small")
    async with console() as pilot:
        await wait_for(pilot, "Three low-level")
        assert "Pattern Mia Hart Three low-level entries in three months" in words_on(pilot.app)
        assert_heights(pilot.app.screen.query_one("#lines"), today)
        await pilot.press("home", "enter")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "3 low-level entries between Sun 1 Nov 2026 and Thu 19 Nov 2026" in shown
        assert HOSTILE in shown
        assert_heights(pilot.app.screen.query_one("#flags"), screen)
        await pilot.press("c", *"New coat", "ctrl+s")
        await settled(pilot)
        assert flags.flags(vault) == []
        assert "No pattern asks to be considered." in words_on(pilot.app)
        await pilot.press("a")
        await settled(pilot)
        assert "Considered, because New coat" in words_on(pilot.app)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert pilot.app.screen.NAME == "child"
        await pilot.press("f6")
        await wait_until(pilot, lambda: "Today" in words_on(pilot.app) and "Pattern" not in words_on(pilot.app))

        # Of more concerns than have a line, Enter on the line that counts them shows the next ones.
        monkeypatch.setattr(record, "WAITING", 2)
        for number in range(3):
            concerns.log_concern(vault, {"text": f"Note {number}"}, child_id=child)
        await wait_for(pilot, "1 more, recorded later")
        assert "Note 2" not in words_on(pilot.app)
        await pilot.press("home", "down", "down", "enter")
        await wait_for(pilot, "Note 2")
        assert "recorded later" not in words_on(pilot.app)
