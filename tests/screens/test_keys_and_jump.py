"""Keys given another place, and letters that jump to a field."""

from __future__ import annotations

import pytest
from conftest import picture, settled, wait_for, words_on
from textual.widgets import Input, TextArea

from screens.actions import ON_SCREEN, TABLE
from screens.jump import JumpScreen, targets
from screens.key_rules import changed_keys, fault, keys_of
from screens.keys import KeysScreen
from screens.log_concern import LogScreen

LOG, AMEND = TABLE["log"], TABLE["child.amend"]


@pytest.mark.parametrize(
    ("action", "key", "said"),
    [
        (LOG, "f3", "F3 is Record: Find a child or words"),
        (LOG, "x", "taken while you type"),
        (LOG, "escape", "needed by every field"),
        (AMEND, "d", "d is Child: Decide"),
        (AMEND, "f2", "F2 is Record: Log a concern"),
        (AMEND, "", "no single key"),
        (AMEND, "e,z", "no single key"),
        (AMEND, "z", ""),
        (LOG, "ctrl+d", ""),
    ],
)
def test_a_key_that_means_something_here_is_not_given_again(action, key, said):
    assert said in fault(action, key, {})
    assert bool(fault(action, key, {})) == bool(said)


def test_the_table_as_shipped_holds_to_the_rule():
    for screen, actions in ON_SCREEN.items():
        keys = [key for action in actions for key in keys_of(action, {})]
        assert len(keys) == len(set(keys)), screen


def test_a_change_is_kept_and_its_own_key_is_no_change():
    kept = changed_keys(AMEND, "z", {"gone.action": "q"})
    assert kept == {"child.amend": "z"}
    assert keys_of(AMEND, kept) == ("z",)
    assert fault(TABLE["child.decide"], "z", kept).startswith("z is Child: Amend")
    assert fault(TABLE["child.decide"], "e", kept) == "", "the key that became free may be taken"
    assert changed_keys(AMEND, "e", kept) == {}


async def test_a_key_is_changed_and_holds_at_once_and_letters_jump(console):
    async with console(size=(80, 24)) as pilot:
        pilot.app.do("keys")
        await settled(pilot)
        assert isinstance(pilot.app.screen, KeysScreen)
        await pilot.press(*"log a concern", "enter")
        await settled(pilot)
        assert "A key for Record: Log a concern" in words_on(pilot.app)
        await pilot.press("f3")
        assert "F3 is Record: Find a child or words" in words_on(pilot.app)
        await pilot.press("ctrl+d")
        await wait_for(pilot, "Record: Log a concern: Ctrl+D. It holds from now on.")
        assert "Ctrl+D Log" in words_on(pilot.app)
        await pilot.press("ctrl+d")
        await settled(pilot)
        log = pilot.app.screen
        assert isinstance(log, LogScreen)
        letters = {widget.id: letter for letter, widget in targets(log)}
        await pilot.press("f12")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JumpScreen)
        assert f" {letters['text']} " in picture(pilot.app)
        await pilot.resize_terminal(120, 36)
        await settled(pilot)
        stands = [mark.region.offset for mark in pilot.app.screen.query(".letter")]
        assert stands == [widget.region.offset for _, widget in pilot.app.screen.found]
        await pilot.press(letters["text"])
        await settled(pilot)
        assert pilot.app.screen is log
        assert isinstance(log.focused, TextArea)
        assert log.focused.id == "text"
        await pilot.press("f12", "escape")
        await settled(pilot)
        assert pilot.app.screen is log
        log.query_one("#child Input", Input).focus()
