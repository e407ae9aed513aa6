"""Which key an action may have: none that another action of the same screen has, and none that a field needs."""

from __future__ import annotations

from collections.abc import Mapping

from screens.actions import BACK, EVERYWHERE, ON_SCREEN, TABLE, Action, key_name

KEPT = {"escape", "tab", "shift+tab", "up", "down", "left", "right", "space", "backspace", "ctrl+c"}
"""Keys that every field and list needs, and Escape, which always leads back."""


def keys_of(action: Action, changed: Mapping[str, str]) -> tuple[str, ...]:
    """Return an action's keys as they are now."""
    text = changed.get(action.id, action.keys)
    return tuple(key.strip() for key in text.split(",") if key.strip())


def scope(action: Action) -> list[Action]:
    """Return the actions that could be meant by the same key: those of the same screen, and those everywhere."""
    if action in EVERYWHERE:
        return [each for each in TABLE.values() if each is not action]
    screen = action.id.partition(".")[0]
    return [*EVERYWHERE, BACK, *(each for each in ON_SCREEN.get(screen, ()) if each is not action)]


def fault(action: Action, key: str, changed: Mapping[str, str]) -> str:
    """Return why an action cannot have a key, in a sentence, or an empty text."""
    if not key or key != key.strip() or "," in key or len(key) > 40:
        return "That is no single key."
    if key in KEPT or (key == "enter" and action in EVERYWHERE):
        return f"{key_name(key)} is needed by every field and list. Press another key."
    if action in EVERYWHERE and len(key) == 1:
        return "A single letter would be taken while you type. Press a function key, or one with Ctrl."
    for other in scope(action):
        if key in keys_of(other, changed):
            return f"{key_name(key)} is {other.area}: {other.verb}. Press another key, or change that one first."
    return ""


def changed_keys(action: Action, key: str, changed: Mapping[str, str]) -> dict[str, str]:
    """Return the changes with this one added; a key that is the action's own is no change."""
    made = {name: keys for name, keys in changed.items() if name in TABLE}
    if key == action.keys:
        made.pop(action.id, None)
    else:
        made[action.id] = key
    return made
