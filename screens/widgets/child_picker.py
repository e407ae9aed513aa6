"""Finding a child by two letters of any name, told apart by date of birth and class (R-14, R-15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from practice.text import visible, year_words
from screens.base import Calls
from screens.held_roll import HeldRoll
from screens.widgets.chrome import cut
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from screens.console import Console
    from storage.views.children import ChildRow

LEAST_LETTERS = 2
NAME_ROOM = 34
"""Cells that a name takes at most in a list of children."""


def born(day: date | None) -> str:
    """Return a date of birth as lists show it."""
    return f"born {day.day} {day:%b %Y}" if day else "date of birth not known"


def child_line(child: ChildRow, width: int = 60) -> Content:
    """Return the line that tells one child from another: name, date of birth, class, and a mark on look-alikes."""
    group = " ".join(part for part in (year_words(child.year_group), child.reg_group) if part)
    name_width = max(min(width - 31, NAME_ROOM), 16)
    name = cut(visible(child.name), name_width)
    marks = [visible(group)] if group else []
    if child.provisional:
        marks.append("provisional")
    if not child.on_roll and not child.provisional:
        marks.append("left the roll")
    space = " " * max(name_width - cell_len(name), 0)
    line = Content(f"{name}{space}  {born(child.date_of_birth)}")
    if marks:
        line += Content.styled(" · " + " · ".join(marks), "$text-muted")
    if child.look_alikes:
        alike = " · similar name: check"
        line += Content.styled(alike if line.cell_length + len(alike) <= width else " ≈", "$text-warning")
    return line


def one_line(child: ChildRow, width: int) -> Content:
    """Return the child's line for a list of choices: never folded, the end marked where it is cut."""
    return child_line(child, width).truncate(width, ellipsis=True)


class ChildPicker(Calls, Vertical):
    """A field for a child: type two letters, move with the arrows, take with Enter."""

    DEFAULT_CSS = """
    ChildPicker { height: auto; width: 1fr; }
    ChildPicker > OptionList { height: auto; max-height: 9; display: none; }
    ChildPicker > OptionList.-open { display: block; }
    ChildPicker > StateLine { display: none; padding: 0 1; height: auto; color: $text-muted; }
    ChildPicker > StateLine.-shown { display: block; }
    """

    @dataclass
    class Picked(Message):
        """A child was chosen, or a name that is not on the roll; both empty when the choice was taken back."""

        picker: ChildPicker
        child: ChildRow | None
        provisional: str

        @property
        def control(self) -> ChildPicker:
            """The picker that was used."""
            return self.picker

    def __init__(self, *, provisional: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.allow_provisional = provisional
        self.child: ChildRow | None = None
        self.provisional = ""
        self._matches: list[ChildRow] = []
        self._listed = ""  # the letters that the list on the screen answers
        self._quiet = ""
        self._roll = HeldRoll()

    def compose(self) -> ComposeResult:
        yield Input(placeholder="Two letters of any name", max_length=200)
        yield OptionList(compact=True)
        yield StateLine()

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value

    def choose(self, child: ChildRow | None, provisional: str = "") -> None:
        """Set the choice, as from a draft or another screen."""
        self.child, self.provisional = child, provisional
        field = self.query_one(Input)
        self._quiet = visible(child.name) if child else provisional
        if field.value != self._quiet:
            field.value = self._quiet
        field.cursor_position = len(field.value)
        self._close()
        said = ""
        if child is not None:
            said = child_line(child, 120).plain.removeprefix(cut(visible(child.name), NAME_ROOM)).strip()
        elif provisional:
            said = "Not on the roll: recorded as a provisional child, matched later."
        state = self.query_one(StateLine)
        state.say(said)
        state.set_class(bool(said), "-shown")
        self.post_message(self.Picked(self, child, provisional))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._quiet:
            return
        self._quiet = ""
        if self.child is not None or self.provisional:
            self.child, self.provisional = None, ""
            self.query_one(StateLine).set_class(False, "-shown")
            self.post_message(self.Picked(self, None, ""))
        text = event.value.strip()
        if len(text) < LEAST_LETTERS:
            self._close()
            return
        self.fetch(self._find, text, then=partial(self._show, text), group="child picker")

    def _find(self, text: str) -> list[ChildRow]:
        from storage.views import children

        console = cast("Console", self.app)
        if console.vault is None:
            return []
        return children.find_among(self._roll.rows(console.vault, console.changes), text)

    def _show(self, text: str, matches: list[ChildRow]) -> None:
        if text != self.text.strip() or text == self._quiet:
            return
        self._matches, self._listed = matches, text
        if not self._draw(0):
            state = self.query_one(StateLine)
            state.say("Nobody on the roll has a name like that.", "warn")
            state.set_class(True, "-shown")

    def _draw(self, highlighted: int | None) -> int:
        """List the matches as wide as they now may be, in sight; return how many lines there are."""
        width = max(self.size.width - 4, 40)
        options = [Option(one_line(child, width)) for child in self._matches]
        if self.allow_provisional:
            options.append(Option(Content(f"Not on the roll: «{visible(self._listed)}»")))
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options(options)
        listed.set_class(bool(options), "-open")
        listed.highlighted = highlighted if options else None
        self.call_after_refresh(self.scroll_visible, animate=False)
        return len(options)

    def on_resize(self) -> None:
        if self.is_open:
            self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        if self.is_open:
            self._draw(self.query_one(OptionList).highlighted)

    def _close(self) -> None:
        self._listed = ""
        listed = self.query_one(OptionList)
        listed.remove_class("-open")
        self.query_one(StateLine).set_class(False, "-shown")

    @property
    def is_open(self) -> bool:
        """Whether the list of matches is shown."""
        return self.query_one(OptionList).has_class("-open")

    def on_key(self, event: events.Key) -> None:
        if not self.is_open:
            return
        listed = self.query_one(OptionList)
        moves = {"up": listed.action_cursor_up, "down": listed.action_cursor_down}
        if event.key in moves:
            moves[event.key]()
        elif event.key == "escape":
            self._close()
        else:
            return
        event.stop()
        event.prevent_default()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        listed = self.query_one(OptionList)
        text = self.text.strip()
        if self.child is not None or self.provisional:
            self.screen.focus_next()
        elif text != self._listed and len(text) >= LEAST_LETTERS:
            # Enter came before the list did: found at once, and only a child that cannot be another is taken.
            self._show(text, self._find(text))
            if len(self._matches) == 1:
                self._take(0)
        elif self.is_open and listed.highlighted is not None:
            self._take(listed.highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(event.option_index)

    def _take(self, index: int) -> None:
        if index < len(self._matches):
            self.choose(self._matches[index])
        else:
            self.choose(None, self.text.strip())
        self.screen.focus_next()
