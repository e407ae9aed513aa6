"""The one table of actions: whole, without clashes, and the only source of keys."""

from itertools import chain

import pytest
from textual.keys import KEY_ALIASES, Keys

from dsl_console.app import DslConsole
from dsl_console.screen_list import SCREENS, has_screen, screen_class
from screens.actions import BACK, EVERYWHERE, ON_SCREEN, TABLE, actions_of, bindings, every_action, key_name
from screens.base import ConsoleScreen


def keys_of(actions):
    return list(chain.from_iterable(action.keys.split(",") for action in actions if action.keys))


def test_every_action_is_whole():
    for action in every_action():
        assert action.label, action.id
        assert action.tooltip, action.id
        assert action.help, action.id
        assert action.area, action.id
        assert action.verb, action.id
        assert "[" not in action.command + action.help + action.tooltip, "the palette reads help as markup"
    assert len(TABLE) == len(list(every_action())), "an id stands twice"


@pytest.mark.parametrize("screen", sorted(ON_SCREEN))
def test_no_key_means_two_things_on_one_screen(screen: str):
    keys = keys_of((*EVERYWHERE, *actions_of(screen)))
    assert len(keys) == len(set(keys))


def test_the_keys_of_the_plan_are_there():
    planned = {
        "log": "f2",
        "find": "f3",
        "review": "f4",
        "share": "f5",
        "today": "f6",
        "hide": "f8,ctrl+g",
        "lock": "f9,ctrl+l",
        "help": "f1",
        "commands": "ctrl+p",
        "exit": "ctrl+q",
        "back": "escape",
    }
    assert {name: TABLE[name].keys for name in planned} == planned


def test_no_single_letter_works_everywhere():
    assert not [key for key in keys_of((*EVERYWHERE, BACK)) if len(key) == 1]


def test_every_key_is_one_that_textual_knows():
    known = {key.value for key in Keys} | set(KEY_ALIASES)
    for key in keys_of(every_action()):
        assert key in known or len(key) == 1 or key.split("+")[0] in {"ctrl", "shift", "alt"}, key


def test_the_app_binds_the_table_and_nothing_else():
    app = DslConsole.__dict__["BINDINGS"]
    assert {(each.id, each.key, each.tooltip) for each in app} == {
        (action.id, action.keys, action.tooltip) for action in EVERYWHERE if action.keys
    }
    assert all(each.priority for each in app)


@pytest.mark.parametrize("name", sorted(name for name in SCREENS if has_screen(name)))
def test_each_screen_binds_its_lines_of_the_table_and_can_do_them(name: str):
    screen = screen_class(name)
    if not issubclass(screen, ConsoleScreen):
        return
    assert name == screen.NAME
    assert screen.HELP, "F1 would have nothing to say"
    own = screen.__dict__["BINDINGS"]
    assert [each.id for each in own] == [each.id for each in bindings(name)]
    for action in actions_of(name):
        assert callable(getattr(screen, action.method, None)), f"{action.id} cannot be done"
    for action in EVERYWHERE:
        if not action.opens:
            assert callable(getattr(DslConsole, action.method, None)), f"{action.id} cannot be done"


def test_a_key_is_written_as_people_write_it():
    assert [key_name(key) for key in ("ctrl+g", "f2", "n", "escape", "enter")] == ["Ctrl+G", "F2", "n", "Esc", "Enter"]
