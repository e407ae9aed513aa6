"""Stored text on screen: shown whole, never read as markup."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from practice.text import visible


def plain(text: str, style: str = "") -> Content:
    """Return stored text as content: control characters as marks, brackets as they are."""
    shown = visible(text)
    return Content.styled(shown, style) if style else Content(shown)


def around(before: str, after: str, most: int) -> tuple[str, str]:
    """Return at most so many characters on each side of a word, what was cut marked, and no word cut in two."""
    if len(before) > most:
        near = before[-most:]
        before = "…" + (near if near.isspace() else near.partition(" ")[2] or near)
    if len(after) > most:
        near = after[:most]
        after = (near.rpartition(" ")[0] or near) + "…"
    return before, after


def code_rows(groups: Sequence[str]) -> str:
    """Return the groups of a recovery code, four to a row."""
    return "\n\n".join("   ".join(groups[at : at + 4]) for at in range(0, len(groups), 4))


class PlainText(Static):
    """Stored text, shown whole whatever it holds."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(plain(text), id=id, classes=classes)
        self.text = text

    def show(self, text: str) -> None:
        """Replace the text."""
        if text != self.text:
            self.text = text
            self.update(plain(text))


class StateLine(PlainText):
    """One line that says where things stand; `tone` is `good`, `warn`, `bad` or nothing, and never the only sign."""

    tone: reactive[str] = reactive("")

    def watch_tone(self, old: str, new: str) -> None:
        if old:
            self.remove_class(f"-{old}")
        if new:
            self.add_class(f"-{new}")

    def say(self, text: str, tone: str = "") -> None:
        """Replace the text and its tone."""
        self.tone = tone
        self.show(text)


class MessageBar(StateLine):
    """A sentence about what the screen was asked to do; takes no room while it has nothing to say."""

    def on_mount(self) -> None:
        self.display = bool(self.text)

    def say(self, text: str, tone: str = "") -> None:
        """Replace the sentence; an empty one takes the bar away."""
        super().say(text, tone)
        self.display = bool(text)
