"""The one table of actions: keys, footer, palette, help and the documents all come from it.

`EVERYWHERE` holds what works on every screen; `ON_SCREEN` what works on one. A screen writes
`BINDINGS = bindings("log")` and a method `act_<verb>` for each of its own actions ("log.record" → `act_record`).
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding, BindingType

from screens.actions.action import Action
from screens.actions.everywhere import BACK, EVERYWHERE
from screens.actions.on_record import ON_RECORD
from screens.actions.on_work import ON_WORK

__all__ = [
    "BACK",
    "EVERYWHERE",
    "KEY_NAMES",
    "ON_SCREEN",
    "TABLE",
    "Action",
    "actions_of",
    "app_bindings",
    "bindings",
    "every_action",
    "key_name",
]

ON_SCREEN: dict[str, tuple[Action, ...]] = ON_RECORD | ON_WORK


def every_action() -> Iterator[Action]:
    """Yield each action of the table once."""
    yield from EVERYWHERE
    yield BACK
    for actions in ON_SCREEN.values():
        yield from actions


TABLE: dict[str, Action] = {action.id: action for action in every_action()}


def actions_of(screen: str) -> tuple[Action, ...]:
    """Return the actions that belong to one screen, and Back."""
    return (*ON_SCREEN.get(screen, ()), BACK)


def _binding(action: Action, *, priority: bool) -> Binding:
    return Binding(
        action.keys,
        f"do('{action.id}')",
        action.label,
        show=action.shown,
        priority=priority,
        tooltip=action.tooltip,
        id=action.id,
    )


def bindings(screen: str) -> list[BindingType]:
    """Return a screen's bindings: its own actions and Back; write `BINDINGS = bindings("log")`."""
    return [_binding(action, priority=False) for action in actions_of(screen) if action.keys]


def app_bindings() -> list[BindingType]:
    """Return the bindings that work everywhere, also while a field has the focus."""
    return [_binding(action, priority=True) for action in EVERYWHERE if action.keys]


KEY_NAMES = {"escape": "Esc", "enter": "Enter", "space": "Space", "tab": "Tab", "delete": "Del"}


def key_name(key: str) -> str:
    """Return a key as people write it: `ctrl+g` → `Ctrl+G`, `f2` → `F2`, `n` → `n`."""
    *modifiers, last = key.split("+")
    if modifiers or (len(last) > 1 and last.startswith("f") and last[1:].isdigit()):
        last = last.upper() if len(last) <= 3 else KEY_NAMES.get(last, last.title())
    else:
        last = KEY_NAMES.get(last, last)
    return "+".join([*(modifier.title() for modifier in modifiers), last])
