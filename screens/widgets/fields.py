"""Fields of a form: a label beside each, its reading or its choices in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Select

from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from practice.dates import Occurred
    from screens.console import Console


class Field(Horizontal):
    """A label in a column of its own, and a widget beside it."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > .field--label { width: 20; height: auto; color: $text-muted; padding: 0 1 0 0; }
    """

    def __init__(self, label: str, *widgets: Widget, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(PlainText(label, classes="field--label"), *widgets, id=id, classes=classes)


class WhenField(Vertical):
    """A date as people write it, with its reading in words underneath; empty is now (R-78)."""

    DEFAULT_CSS = """
    WhenField { height: auto; width: 1fr; }
    WhenField > StateLine { color: $text-muted; padding: 0 1; height: auto; }
    WhenField > StateLine.-warn { color: $text-warning; }
    """

    def __init__(
        self,
        text: str = "",
        *,
        empty: str = "now",
        hint: str = "yesterday 14:30 · Tuesday · w/c 6 Oct · ?22 May 2016",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._first, self._empty, self._hint = text, empty, hint

    def compose(self) -> ComposeResult:
        yield Input(self._first, placeholder=self._hint, max_length=200)
        yield StateLine()

    def on_mount(self) -> None:
        self._read()

    @on(Input.Changed)
    def _read(self) -> None:
        from practice.dates import in_words, note_beside

        if not self.text.strip():
            self.query_one(StateLine).say(f"Read as: {self._empty}")
            return
        occurred = self.occurred
        note = f" · {beside}" if (beside := note_beside(occurred)) else ""
        self.query_one(StateLine).say(f"Read as: {in_words(occurred)}{note}", "warn" if occurred.note else "")

    def means(self, empty: str) -> None:
        """Say what it means where nothing is written."""
        self._empty = empty
        self._read()

    @property
    def text(self) -> str:
        """What the person typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        self.query_one(Input).value = text

    @property
    def occurred(self) -> Occurred:
        """What the text means, read against the local time."""
        from practice.dates import parse_when

        now: datetime = cast("Console", self.app).now()
        return parse_when(self.text, now)


class ChoiceField(Select[str]):
    """One code of a vocabulary, chosen by its words: Enter opens the list, typing jumps to a word."""

    def __init__(
        self,
        choices: Iterable[tuple[str, str]],
        *,
        value: str = "",
        prompt: str = "Not said",
        blank: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        options = [(Text(label), code) for label, code in choices]  # the kind of text that typing is compared with
        super().__init__(options, prompt=prompt, compact=True, id=id, value=value or Select.NULL, allow_blank=blank)

    @property
    def code(self) -> str:
        """The chosen code; blank where none is."""
        return self.selection or ""

    @code.setter
    def code(self, code: str) -> None:
        if code:
            self.value = code
        else:
            self.clear()
