"""Keys: what each of them does, and another key for whoever would rather have one; it holds from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from practice.errors import ConsoleError
from screens.actions import TABLE, Action, bindings, key_name
from screens.base import ConsoleScreen
from screens.key_rules import changed_keys, fault, keys_of
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from screens.console import Console


@dataclass(frozen=True)
class Row:
    """An action, its keys now, and whether they were changed."""

    action: Action
    keys: tuple[str, ...]
    changed: bool


def draw(row: Row, width: int) -> list[Content]:
    """Draw an action: its keys, what it is called, and that its key was changed."""
    shown = cut(" ".join(key_name(key) for key in row.keys) or "no key", 18)
    note = "  changed" if row.changed else ""
    words = cut(row.action.command, max(width - 24 - len(note), 10))
    space = " " * (20 - cell_len(shown))
    return [Content.assemble("  ", (shown, "bold"), space, words, (note, "$text-warning"))]


def key_rows(words: str, kept: Mapping[str, str]) -> list[Row]:
    """Return the actions that the words fit, by what they do or by their key."""
    rows = [Row(action, keys_of(action, kept), action.id in kept) for action in TABLE.values()]
    wanted = words.casefold().split()
    return [row for row in rows if all(word in _said(row) for word in wanted)]


def _said(row: Row) -> str:
    names = " ".join(key_name(key) for key in row.keys)
    return f"keys {names} {row.action.command} {row.action.label} {row.action.tooltip}".casefold()


def why_not_key(row: Row, *, reset: bool) -> str:
    """Return why an action's key cannot be changed, or given back, or an empty text."""
    if reset:
        return "" if row.changed else "It has its own key already."
    return "Escape always leads back." if row.action.id == "back" else ""


def keep_key(console: Console, action: Action, key: str) -> str:
    """Give an action a key from now on, and return the sentence that says so; raises ConsoleError."""
    kept = cast("dict[str, str]", console.setting("keys"))
    console.set_setting("keys", changed_keys(action, key, kept))
    shown = " ".join(key_name(each) for each in key.split(",")) or "no key"
    return f"{action.command}: {shown}. It holds from now on."


class WordsInput(Input):
    """The field that narrows a list: at its end Delete is the list's."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return False if action == "delete_right" and self.cursor_at_end else super().check_action(action, parameters)


class PressDialog(ModalScreen[str | None]):
    """Waits for the key that is to be an action's; Escape leaves the one it has."""

    TAKES_KEYS = True
    """What works everywhere waits meanwhile, but for hiding and locking."""

    DEFAULT_CSS = """
    PressDialog { align: center middle; background: $background 30%; }
    PressDialog > Vertical {
        width: 72; max-width: 96%; height: auto; background: $surface; border: round $border; padding: 1 2;
    }
    PressDialog #title { text-style: bold; color: $text-primary; margin: 0 0 1 0; }
    PressDialog #said { color: $text-warning; margin: 1 0 0 0; }
    """

    def __init__(self, action: Action, changed: dict[str, str]) -> None:
        super().__init__()
        self.action, self.changed = action, changed

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PlainText(f"A key for {self.action.command}", id="title")
            yield PlainText("Press the key that it is to have. Escape changes nothing.")
            yield MessageBar(id="said")

    def on_key(self, event: events.Key) -> None:
        """Take the key, unless something stands against it."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif why := fault(self.action, event.key, self.changed):
            self.query_one(MessageBar).say(why, "warn")
        else:
            self.dismiss(event.key)


class KeysScreen(ConsoleScreen):
    """Every action of the table, narrowed by a word."""

    NAME = "keys"
    HEADING = "Keys"
    HELP = (
        "What every key does. Type a word to narrow the list; Enter gives the action under the cursor another key, "
        "Delete gives it its own back. Escape, Tab and the arrows stay as they are: every field needs them."
    )
    CSS_PATH = "settings.tcss"
    FIELD_ENTER = "keys.change"
    BINDINGS = bindings("keys")

    def body(self) -> ComposeResult:
        yield WordsInput(placeholder="A word of what it does; Enter changes its key", id="words", max_length=100)
        yield StateLine("", id="done")
        yield RecordList[Row](draw, id="settings", empty="Nothing is called that. Try another word.")

    def on_mount(self) -> None:
        self.query_one("#words").focus()

    @property
    def kept(self) -> dict[str, str]:
        """What was changed so far."""
        return dict(cast("dict[str, str]", self.console.setting("keys")))

    @property
    def rows(self) -> RecordList[Row]:
        """The actions."""
        return self.query_one("#settings", RecordList)

    def refresh_record(self) -> None:
        """Show the actions that the words fit."""
        rows = key_rows(self.query_one("#words", Input).value, self.kept)
        self.rows.show(rows, keep=lambda row: row.action.id)
        self.refresh_bindings()

    @on(Input.Changed, "#words")
    def _typed(self) -> None:
        self.rows.cursor = 0
        self.refresh_record()

    @on(Input.Submitted, "#words")
    def _submitted(self) -> None:
        self.action_do("keys.change")

    def on_key(self, event: events.Key) -> None:
        """While the field has the focus, the arrows move in the list."""
        if self.focused is self.query_one("#words"):
            self.rows.steered(event)

    def why_not(self, action_id: str) -> str:
        row = self.rows.current
        if action_id not in ("keys.change", "keys.reset"):
            return ""
        return why_not_key(row, reset=action_id == "keys.reset") if row else "Nothing is called that."

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("keys.change")

    def act_change(self) -> None:
        """Ask for the key of the action under the cursor."""
        if row := self.rows.current:
            self.app.push_screen(PressDialog(row.action, self.kept), lambda key: self._keep(row.action, key))

    def act_reset(self) -> None:
        """Give the action its own key back."""
        if row := self.rows.current:
            self._keep(row.action, row.action.keys)

    def _keep(self, action: Action, key: str | None) -> None:
        if key is None:
            return
        try:
            said = keep_key(self.console, action, key)
        except ConsoleError as error:
            self.console.report(error)
            return
        self.query_one("#done", StateLine).say(said, "good")
        self.refresh_record()

    def act_back(self) -> None:
        """Empty the field first; then leave."""
        words = self.query_one("#words", Input)
        if words.value:
            words.value = ""
            words.focus()
        else:
            self.console.back()
