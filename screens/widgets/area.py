"""A text of several lines that is drawn again whenever it was wrapped again."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import TextArea


class NoteArea(TextArea):
    """A TextArea whose lines are never shown as an earlier width folded them.

    Textual wraps the text anew when the size changes, and draws it only where its height changes with it: after a
    terminal was made narrower, the ends of the lines stayed out of sight. It also looks for the cursor before it knows
    that the text has one more line: the word that began the line stayed below the field until the next key.

    What is loaded is gone on with: the cursor stands behind it. Ctrl+Home and Ctrl+End do what they do in any editor.
    """

    BINDINGS = [
        Binding("ctrl+home", "document_start", "To the beginning", show=False),
        Binding("ctrl+end", "document_end", "To the end", show=False),
        Binding("ctrl+shift+home", "document_start(True)", "Select to the beginning", show=False),
        Binding("ctrl+shift+end", "document_end(True)", "Select to the end", show=False),
    ]

    def load_text(self, text: str) -> None:
        """Put a text into the field, the cursor behind it."""
        super().load_text(text)
        self.action_document_end()

    def action_document_start(self, select: bool = False) -> None:
        """Go to the beginning of the text."""
        self.move_cursor((0, 0), select=select)

    def action_document_end(self, select: bool = False) -> None:
        """Go to the end of the text."""
        self.move_cursor(self.document.end, select=select)

    def on_mount(self) -> None:
        self.action_document_end()

    def on_text_area_changed(self) -> None:
        if not self.region.contains_point(self.cursor_screen_offset):
            self.scroll_cursor_visible()

    def on_resize(self) -> None:
        self.refresh()
