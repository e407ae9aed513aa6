"""After recording: nobody has been told yet, and what can be done about it now (R-17)."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Digits

from practice.organisations import front_door_words
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.text import PlainText
from screens.wording import has_share_screen


class Number(NamedTuple):
    """A telephone number and whose it is."""

    whose: str
    number: str


class WhatNowScreen(ConsoleScreen):
    """Says what was recorded and that nobody was told; offers to telephone, to decide, to share."""

    NAME = "what_now"
    HEADING = "Recorded"
    HELP = (
        "The concern is in the record, and the program has told nobody. 1 shows the numbers to ring, 2 records what "
        "you decide and why, 3 proposes it to a partner agency. Escape leaves it for later: it stays on Today."
    )
    CSS_PATH = "what_now.tcss"
    BINDINGS = bindings("what_now")

    def __init__(
        self,
        entry_id: str,
        about: str = "",
        child_id: str = "",
        recorded: str = "",
        told: tuple[str, ...] = (),
        like: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__()
        self.like = like
        self.entry_id, self.about, self.child_id, self.recorded, self.told = entry_id, about, child_id, recorded, told

    def body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield PlainText(f"Recorded at {self.recorded}.", id="recorded")
            yield PlainText(self.said_of_telling(), id="nobody")
            yield PlainText(f"About {self.about}. It stays on Today until it has a decision.", id="about")
            if self.like:
                count = "An entry" if len(self.like) == 1 else f"{len(self.like)} entries"
                yield PlainText(f"{count} of this child may tell of the same event. {self.like[0][1]}", id="like")
            yield PlainText("What now?", classes="section")
            with Vertical(id="choices"):
                yield Button("1  Telephone: show the numbers", id="telephone", compact=True)
                yield Button("2  Decide what is to be done, and why", id="decide", compact=True)
                yield Button("3  Share with a partner agency", id="share", compact=True)
                if self.like:
                    yield Button("4  Look at the entry that is like it", id="alike", compact=True)
                yield Button("Esc  Later", id="later", compact=True)
            with Vertical(id="numbers"):
                for each in self.numbers():
                    with Horizontal(classes="number"):
                        yield PlainText(each.whose, classes="whose")
                        yield Digits(visible(each.number))

    def said_of_telling(self) -> str:
        """Say who knows: the program has told nobody, whoever else was told by word of mouth."""
        if self.told:
            return f"You wrote that {', '.join(self.told)} was told. The program has told no one."
        return "No one else has been told."

    def numbers(self) -> list[Number]:
        """Return the school's own numbers, the most urgent first."""
        school = self.console.school
        numbers = [Number("Immediate danger", "999")]
        if school is not None:
            numbers += [
                Number(front_door_words(school.organisation), school.phones.front_door),
                Number("Out of hours", school.phones.out_of_hours),
            ]
        return [each for each in numbers if each.number]

    def on_mount(self) -> None:
        self.query_one("#numbers").display = False
        self.query_one("#share", Button).disabled = not has_share_screen()
        self.query_one("#telephone").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        action = "back" if event.button.id == "later" else f"what_now.{event.button.id}"
        self.action_do(action)

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key in ("down", "up"):
            self.focus_next("#choices Button") if key == "down" else self.focus_previous("#choices Button")

    def why_not(self, action_id: str) -> str:
        if action_id == "what_now.share" and not has_share_screen():
            return "This version has no Share screen."
        if action_id == "what_now.alike" and not self.like:
            return "No entry of this child is like it."
        return ""

    def act_telephone(self) -> None:
        """Show the numbers large enough to read from the telephone's side of the desk."""
        shown = self.query_one("#numbers")
        shown.display = True
        self.call_after_refresh(shown.scroll_visible, animate=False)

    def act_decide(self) -> None:
        """Record what is to be done about it."""
        self.console.back()
        self.console.open("decide", entry_id=self.entry_id)

    def act_share(self) -> None:
        """Propose it to a partner."""
        self.console.back()
        self.console.open("share", entry_id=self.entry_id)

    def act_alike(self) -> None:
        """Open the child's record at the entry that is like this one."""
        self.console.back()
        self.console.open("child", child_id=self.child_id, entry_id=self.like[0][0])
