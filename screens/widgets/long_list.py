"""A list of rows of any height: heights are guessed until a page is there, and what is in sight stays in its place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, repeat
from typing import TypeVar

from textual.binding import Binding
from textual.geometry import Size

from screens.widgets.record_list import PAGE, RecordList

Row = TypeVar("Row")
GUESS = 6
"""Lines that a row takes until it is there."""


class LongList(RecordList[Row], inherit_bindings=False):
    """Rows known by their keys, read by pages as they come into sight, each as tall as `draw` makes it.

    Letters are left to the screen.
    """

    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move_to(0)", "First", show=False),
        Binding("end", "move_to(-1)", "Last", show=False),
    ]
    DEFAULT_CSS = """
    LongList { scrollbar-gutter: stable; }
    LongList > .record-list--cursor, LongList > .record-list--cursor-blurred {
        background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground;
    }
    """

    ROW_GROUND = True
    keys: Sequence[str] = ()
    _heights: dict[str, int]
    _seeking = False

    def show_keys(
        self,
        keys: Sequence[str],
        fetch: Callable[[int, int], Sequence[Row]],
        pages: Mapping[int, Sequence[Row]],
        *,
        cursor: str = "",
    ) -> None:
        """Show the rows of these keys; `pages` holds those that were read already.

        The cursor goes to the row of key `cursor`, else it stays on its row; the first row in sight stays first.
        """
        anchor, within = self._anchor()
        seen = self._cursor_seen()
        stands = self.keys[self.cursor] if 0 <= self.cursor < len(self.keys) else ""
        self.keys = keys
        self._rows, self._fetch_page, self._count = None, fetch, len(keys)
        self._generation += 1
        self._pages.clear()
        self._asked.clear()
        self._strips.clear()
        for number, rows in pages.items():
            self._pages[number] = rows
        self._heights = getattr(self, "_heights", {})
        for number in pages:
            self._measure(number)
        self._lay_out(self._width)
        # Looked for one by one: a table of 100,000 places would freeze the screen.
        places = {key: keys.index(key) for key in {cursor, stands, anchor} if key and key in keys}
        place = places.get(cursor, places.get(stands, min(self.cursor, max(len(keys) - 1, 0))))
        moved = place != self.cursor
        self.set_reactive(RecordList.cursor, max(place, 0))
        if anchor in places:
            self._scroll_to_line(self._top(places[anchor]) + within)
        if cursor or seen or anchor not in places:
            # Rows that came in between may have pushed the row under the cursor out of sight.
            self._seeking = True
            self.call_after_refresh(self._into_sight)
        self.refresh()
        if moved:
            self.post_message(self.Moved(self, self.cursor))
        self._tell_place()
        self.screen.refresh_bindings()

    def _cursor_seen(self) -> bool:
        """Say whether the first line of the row under the cursor is in sight."""
        if not 0 <= self.cursor < len(self.keys) or self._tops is None or self.cursor >= len(self._tops):
            return False
        return 0 <= self._top(self.cursor) - int(self.scroll_offset.y) < self.size.height

    def _anchor(self) -> tuple[str, int]:
        if not self.keys or self._tops is None or len(self._tops) < 2:
            return "", 0
        line = min(int(self.scroll_offset.y), self._tops[-1] - 1)
        index = bisect_right(self._tops, line) - 1
        return self.keys[index], line - self._tops[index]

    def _scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=line, animate=False, force=True, immediate=True)

    def _measure(self, number: int) -> bool:
        """Take the heights of a page's rows; say whether any was not as guessed."""
        rows, changed = self._pages.get(number) or (), False
        for index, row in enumerate(rows, start=number * PAGE):
            height = len(self._draw(row, self._laid_width or self._width))
            if index < len(self.keys) and self._heights.get(self.keys[index]) != height:
                self._heights[self.keys[index]] = height
                changed = True
        return changed

    def _lay_out(self, width: int) -> None:
        if self._rows is not None:
            super()._lay_out(width)
            return
        if width != self._laid_width:
            self._laid_width = width
            self._heights = {}
            for number in list(self._pages.keys()):
                # Only what is near is measured now; a page further off is read again when it comes into sight.
                if abs(number - self.cursor // PAGE) <= 1:
                    self._measure(number)
                else:
                    self._pages.discard(number)
        self._tops = [0, *accumulate(map(self._heights.get, self.keys, repeat(GUESS)))]
        self.virtual_size = Size(width, max(self._tops[-1], 1))

    def _fixed_height(self) -> bool:
        return False

    def _ask(self, number: int) -> None:
        if number in self._asked or self._fetch_page is None:
            return
        self._asked.add(number)
        generation = self._generation

        def arrived(rows: Sequence[Row]) -> None:
            if generation != self._generation:
                return
            self._asked.discard(number)
            anchor, within = self._anchor()
            self._pages[number] = rows
            self._strips.clear()
            if self._measure(number):
                self._lay_out(self._width)
                if anchor:
                    self._scroll_to_line(self._top(self.keys.index(anchor)) + within)
            if self._seeking and self.cursor // PAGE == number:
                self._into_sight()
            self.refresh()
            self.screen.refresh_bindings()

        self.fetch(self._fetch_page, number * PAGE, PAGE, then=arrived, group=f"page {number}")

    def _into_sight(self) -> None:
        super()._into_sight()
        # A page that is still on its way may push the row out of sight again.
        self._seeking = self.row(self.cursor) is None
