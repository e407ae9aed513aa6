"""What must be read first, from a child's front sheet (R-08)."""

from __future__ import annotations

from screens.widgets.text import PlainText


class HeedLines(PlainText):
    """What must be read first, from the front sheet; takes no room while there is nothing."""

    DEFAULT_CSS = """
    HeedLines { height: auto; padding: 0 1; color: $text-warning; text-style: bold; background: $surface; }
    """

    def on_mount(self) -> None:
        self.display = bool(self.text)

    def say(self, sentences: list[str]) -> None:
        """Show the sentences, one to a line."""
        self.show("\n".join(sentences))
        self.display = bool(sentences)
