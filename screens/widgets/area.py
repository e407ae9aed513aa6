"""A text of several lines that is drawn again whenever it was wrapped again."""

from __future__ import annotations

from textual.widgets import TextArea


class NoteArea(TextArea):
    """A TextArea whose lines are never shown as an earlier width folded them.

    Textual wraps the text anew when the size changes, and draws it only where its height changes with it: after a
    terminal was made narrower, the ends of the lines stayed out of sight.
    """

    def on_resize(self) -> None:
        self.refresh()
