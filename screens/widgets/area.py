"""A text of several lines that is drawn again whenever it was wrapped again."""

from __future__ import annotations

from textual.widgets import TextArea


class NoteArea(TextArea):
    """A TextArea whose lines are never shown as an earlier width folded them.

    Textual wraps the text anew when the size changes, and draws it only where its height changes with it: after a
    terminal was made narrower, the ends of the lines stayed out of sight. It also looks for the cursor before it knows
    that the text has one more line: the word that began the line stayed below the field until the next key.
    """

    def on_text_area_changed(self) -> None:
        if not self.region.contains_point(self.cursor_screen_offset):
            self.scroll_cursor_visible()

    def on_resize(self) -> None:
        self.refresh()
