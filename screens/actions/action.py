"""One action: what a person can do by a key, a click, or the palette."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """One thing that a person can do by a key, a click, or the palette.

    `id` is what a keymap names; `keys` are Textual's key names, separated by commas; `area` and `verb` make the
    palette's "area: Verb"; `opens` is the screen that it shows; `locked` says that it works before unlock.
    """

    id: str
    keys: str
    label: str
    tooltip: str
    help: str
    area: str
    verb: str
    opens: str = ""
    locked: bool = False
    shown: bool = True
    short: str = ""

    @property
    def method(self) -> str:
        """The name of the method that does it: of the app, or of the screen that owns it."""
        return "act_" + self.id.rpartition(".")[2]

    @property
    def command(self) -> str:
        """What the palette calls it."""
        return f"{self.area}: {self.verb}"


def own(
    screen: str, verb: str, keys: str, label: str, tooltip: str, area: str, command: str, *, short: str = ""
) -> Action:
    """Return an action of one screen; its tooltip is its help too."""
    return Action(f"{screen}.{verb}", keys, label, tooltip, f"{tooltip}.", area, command, short=short)
