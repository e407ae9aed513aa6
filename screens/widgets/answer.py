"""A field for a few sentences that grows with them; Enter moves on, as in a form."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from screens.widgets.area import NoteArea
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from screens.console import Console

LIMIT = 8000
"""The most characters that a reason may have; longer text is told, not cut."""


class AnswerField(NoteArea):
    """Text of several lines that wraps as it is typed; Enter and Tab go to the next field."""

    DEFAULT_CSS = """
    AnswerField { height: auto; min-height: 1; max-height: 8; width: 1fr; scrollbar-size-vertical: 1; }
    """

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            text,
            soft_wrap=True,
            tab_behavior="focus",
            compact=True,
            placeholder=placeholder,
            highlight_cursor_line=False,
            id=id,
        )

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.screen.focus_next()
            return
        await super()._on_key(event)


class DayField(Vertical):
    """A day still to come, as people write it; left as it is, or blank, it is the proposed one with its reason."""

    DEFAULT_CSS = """
    DayField { height: auto; width: 1fr; }
    DayField > StateLine { color: $text-muted; padding: 0 1; height: auto; }
    DayField > StateLine.-warn { color: $text-warning; }
    """

    class Read(Message):
        """The day was read again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.proposed: date | None = None
        self.reason = ""
        self.day: date | None = None
        self.question = ""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="Friday · 4 Dec · in two weeks", max_length=100)
        yield StateLine()

    def propose(self, day: date | None, reason: str) -> None:
        """Offer a day with its reason, and stand on it; who is at the field already keeps what is marked there."""
        from practice.dates import day_words

        self.proposed, self.reason = day, reason
        text = day_words(day) if day else ""
        if text != self.text:
            self.text = text
        self._show()

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    @property
    def by_hand(self) -> bool:
        """Whether another day than the proposed one stands there."""
        return self.day != self.proposed

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()
        self.post_message(self.Read())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def _show(self) -> None:
        from practice.dates import day_words
        from practice.due import parse_due

        said = self.query_one(StateLine)
        now = cast("Console", self.app).now()
        text = self.text.strip()
        self.question = ""
        if self.proposed is not None and text in ("", day_words(self.proposed)):
            self.day = self.proposed
            said.say(self.reason if text else f"{day_words(self.proposed)}: {self.reason[:1].lower()}{self.reason[1:]}")
            return
        self.day, self.question = parse_due(text, now.date())
        if self.day is not None and self.day <= now.date():
            self.question = f"{day_words(self.day)} is not after today. Which day comes next?"
        if self.day is None:
            self.question = self.question or "Which day comes next?"
        if self.question or self.day is None:
            said.say(self.question, "warn")
        else:
            said.say(f"Read as {day_words(self.day)}, set by hand.")
