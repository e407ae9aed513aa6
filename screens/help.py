"""Help for the screen before you: what it is for, and every key that works on it, from the table of actions."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from screens.actions import EVERYWHERE, Action, actions_of, bindings, key_name
from screens.base import ConsoleScreen
from screens.widgets.fields import Field
from screens.widgets.text import PlainText


def key_lines(actions: tuple[Action, ...], keymap: dict[str, str]) -> Iterator[Field]:
    """Yield a line for each action: its keys, its name, and what it does."""
    for action in actions:
        keys = keymap.get(action.id, action.keys)
        names = " or ".join(key_name(key) for key in keys.split(",")) if keys else ""
        yield Field(
            names, PlainText(action.label, classes="what"), PlainText(action.help, classes="does"), classes="key"
        )


class HelpScreen(ConsoleScreen):
    """Shows what the screen underneath is for."""

    NAME = "help"
    HEADING = "Help"
    HELP = "Escape returns to where you were."
    CSS_PATH = "help.tcss"
    BINDINGS = bindings("help")

    def __init__(self, about: ConsoleScreen) -> None:
        super().__init__()
        self.about = about

    @property
    def heading(self) -> str:
        """Say what the help is about."""
        return f"Help: {self.about.HEADING}"

    def body(self) -> ComposeResult:
        keymap = dict(self.app._keymap)
        with VerticalScroll():
            yield PlainText(self.about.HELP, id="purpose")
            yield PlainText("Keys on this screen", classes="section")
            yield from key_lines(actions_of(self.about.NAME), keymap)
            yield PlainText("Keys everywhere", classes="section")
            keyed = {action.id: bool(keymap.get(action.id, action.keys)) for action in EVERYWHERE}
            yield from key_lines(tuple(each for each in EVERYWHERE if keyed[each.id]), keymap)
            if not all(keyed.values()):
                yield PlainText("By name: Ctrl+P, then a few letters of it", classes="section")
                yield from key_lines(tuple(each for each in EVERYWHERE if not keyed[each.id]), keymap)
            yield PlainText("Moving about", classes="section")
            yield PlainText(
                "Tab and Shift+Tab go from field to field. The arrows move in a list, and Enter opens the line. "
                "Every key in the footer can be clicked. Every function has a command too: dsl-console --help.",
                classes="keys",
            )

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
