"""Where somebody was when the record was locked: sealed beside the drafts, and opened again after their unlock."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dsl_console.screen_list import SCREENS, has_screen, screen_class
from screens.base import ConsoleScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from storage.vault import Vault

Place = list[tuple[str, dict[str, Any]]]
"""Names of screens with what each was opened with, the lowest first; Today, which always lies under them, left out."""

_UNDER = {"today", "unlock", "first_run"}
_OVER = {"hide", "help"}
_MOST = 12
_REGISTER = "adults"
"""Of the adults' register only its own unlock is opened again, and nothing over it."""


def place_of(stack: Iterable[Screen[Any]]) -> Place:
    """Return where somebody is, as far up as it can be opened again: in the adults' register, up to its own unlock."""
    place: Place = []
    for screen in stack:
        if not isinstance(screen, ConsoleScreen) or screen.leaves or screen.NAME in _UNDER | _OVER:
            continue
        if "params" not in vars(screen) or not _fits(screen.NAME, screen.params):
            break  # a screen that was not opened by its name cannot be opened again
        place.append((screen.NAME, screen.params))
    return place


def _fits(name: object, params: object) -> bool:
    """Say whether a screen can be opened so: known, not one within the register, and with words alone."""
    if not isinstance(name, str) or name not in SCREENS or not has_screen(name):
        return False
    if name.startswith("adult") and name != _REGISTER:
        return False
    if not isinstance(params, dict) or not all(isinstance(each, str) for pair in params.items() for each in pair):
        return False
    try:
        inspect.signature(screen_class(name)).bind(**params)
    except TypeError:
        return False
    return True


def _name(vault: Vault) -> str:
    from storage.drafts import PLACE

    return f"{PLACE}{vault.person.id}"


def keep_place(vault: Vault, place: Place) -> None:
    """Seal where the person is; blocks."""
    if place:
        vault.drafts.seal(_name(vault), {"screens": place})


def take_place(vault: Vault) -> Place:
    """Return where the person was when they locked the record today, once; blocks.

    On another day they begin at Today. Whoever holds the public key may have sealed it, so it is checked.
    """
    kept = vault.drafts.get(_name(vault))
    if kept is None:
        return []
    vault.drafts.drop(kept.name)
    if kept.saved_at.astimezone().date() != vault.clock().astimezone().date():
        return []
    screens = kept.fields.get("screens")
    place: Place = []
    for each in screens[:_MOST] if isinstance(screens, list) else []:
        if not isinstance(each, list) or len(each) != 2 or not _fits(*each):
            break
        place.append((each[0], each[1]))
        if each[0] == _REGISTER:
            break
    return place
