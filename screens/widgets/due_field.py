"""A day by which something is to be done, as people write it, with its reading underneath."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from practice.dates import day_words
from practice.due import parse_due
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from screens.console import Console


class DueField(Vertical):
    """A date ahead; blank is none."""

    DEFAULT_CSS = """
    DueField { height: auto; width: 1fr; }
    DueField > StateLine { color: $text-muted; padding: 0 1; height: auto; }
    DueField > StateLine.-warn { color: $text-warning; }
    """

    def __init__(self, text: str = "", *, empty: str = "no date", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._first, self._empty = text, empty

    def compose(self) -> ComposeResult:
        yield Input(self._first, placeholder="Friday · in 2 weeks · 5 Dec", max_length=200)
        yield StateLine()

    def on_mount(self) -> None:
        self._read()

    @on(Input.Changed)
    def _read(self) -> None:
        day, question = self.read()
        said = f"Read as: {day_words(day) if day else self._empty}" if day or not self.text.strip() else ""
        self.query_one(StateLine).say(f"{said} {question}".strip(), "warn" if question else "")

    @property
    def text(self) -> str:
        """What the person typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        self.query_one(Input).value = text

    def read(self) -> tuple[date | None, str]:
        """Return the day that was meant, and what is to be asked about it."""
        return parse_due(self.text, cast("Console", self.app).now().date())
