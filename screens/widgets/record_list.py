"""A list of any length: only the lines that are seen are drawn, and only the pages that are seen are fetched."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import RenderOptions

from screens.base import Calls

Row = TypeVar("Row")
PAGE = 100


class RecordList(Calls, ScrollView, Generic[Row], can_focus=True):
    """Rows drawn by `draw(row, width) -> list[Content]`, one Content a line.

    `show(rows)` takes rows at hand; each may be as tall as `draw` makes it, which `height(row, width)` may say without
    drawing. `provide(count, fetch)` takes a blocking
    `fetch(offset, limit) -> rows` that is called in a thread by pages of 100; every row is then
    `row_height` lines tall.
    The row under the cursor is `current`; Enter belongs to the screen's own action ("today.open"), a second click on
    the row posts `Opened`.
    """

    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move_to(0)", "First", show=False),
        Binding("end", "move_to(-1)", "Last", show=False),
    ]
    COMPONENT_CLASSES = {"record-list--cursor", "record-list--cursor-blurred"}
    DEFAULT_CSS = """
    RecordList { height: 1fr; background: $background; color: $foreground; }
    RecordList { scrollbar-size-vertical: 1; overflow-x: hidden; }
    RecordList > .record-list--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: $block-cursor-text-style;
    }
    RecordList > .record-list--cursor-blurred {
        background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground;
    }
    """

    ROW_GROUND: ClassVar[bool] = False
    """Whether the row under the cursor has the quiet ground of a row also while the list has the focus."""
    cursor: reactive[int] = reactive(0, init=False)

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        list: RecordList[Any]
        index: int

        @property
        def control(self) -> RecordList[Any]:
            """The list."""
            return self.list

    @dataclass
    class Opened(Message):
        """A row was clicked while the cursor stood on it."""

        list: RecordList[Any]
        index: int

        @property
        def control(self) -> RecordList[Any]:
            """The list."""
            return self.list

    def __init__(
        self,
        draw: Callable[[Row, int], list[Content]],
        *,
        row_height: int = 1,
        skip: Callable[[Row], bool] | None = None,
        height: Callable[[Row, int], int] | None = None,
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._height = height or (lambda row, width: len(self._draw(row, width)))
        self._row_height = row_height
        self._skip = skip
        self.empty = empty
        self._rows: Sequence[Row] | None = ()
        self._count = 0
        self._fetch_page: Callable[[int, int], Sequence[Row]] | None = None
        self._pages: LRUCache[int, Sequence[Row]] = LRUCache(32)
        self._asked: set[int] = set()
        self._strips: LRUCache[tuple[int, int, str], list[Strip]] = LRUCache(512)
        self._tops: list[int] | None = None
        self._laid_width = 0
        self._laid_height = 0
        self._generation = 0
        self._before: list[int] | None = None

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show(self, rows: Sequence[Row], *, keep: Callable[[Row], object] | None = None) -> None:
        """Show rows at hand; with `keep`, the cursor stays on the row of the same key."""
        wanted = keep(self.current) if keep and self.current is not None else None
        self._rows, self._fetch_page, self._count = rows, None, len(rows)
        self._begin()
        place = self.cursor
        if keep is not None and wanted is not None:
            place = next((index for index, row in enumerate(rows) if keep(row) == wanted), place)
        self._put(place)

    def provide(self, count: int, fetch: Callable[[int, int], Sequence[Row]]) -> None:
        """Show `count` rows that `fetch(offset, limit)` reads in a thread as they come into sight."""
        self._rows, self._fetch_page, self._count = None, fetch, count
        self._begin()
        self._put(self.cursor)

    def _begin(self) -> None:
        self._generation += 1
        self._pages.clear()
        self._asked.clear()
        self._strips.clear()
        self._before = None
        self._lay_out(self._width)
        self.refresh()

    @property
    def place_words(self) -> str:
        """Say which row the cursor is on, of how many; empty where all of them are in sight."""
        if self.virtual_size.height <= self.size.height or not self._count:
            return ""
        if self._skip is None or self._rows is None:
            return f"{self.cursor + 1:,} of {self._count:,}"
        if self._before is None:
            self._before = [0, *accumulate(not self._skip(row) for row in self._rows)]
        return f"{self._before[self.cursor + 1]:,} of {self._before[-1]:,}"

    def _tell_place(self) -> None:
        if callable(told := getattr(self.screen, "tell_place", None)):
            told(self)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    @property
    def current(self) -> Row | None:
        """The row under the cursor, once it is fetched."""
        return self.row(self.cursor) if 0 <= self.cursor < self._count else None

    def row(self, index: int) -> Row | None:
        """Return a row, or None while its page is on its way."""
        if self._rows is not None:
            return self._rows[index] if 0 <= index < len(self._rows) else None
        page = self._pages.get(index // PAGE)
        if page is None:
            self._ask(index // PAGE)
            return None
        return page[index % PAGE] if index % PAGE < len(page) else None

    def _ask(self, number: int) -> None:
        if number in self._asked or self._fetch_page is None:
            return
        self._asked.add(number)
        generation = self._generation

        def arrived(rows: Sequence[Row]) -> None:
            if generation == self._generation:
                self._asked.discard(number)
                self._pages[number] = rows
                self._strips.clear()
                self.refresh()

        self.fetch(self._fetch_page, number * PAGE, PAGE, then=arrived, group=f"page {number}")

    # -- layout --------------------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.scrollable_content_region.width, 1)

    def _lay_out(self, width: int) -> None:
        self._laid_width = width
        if self._rows is None:
            self._tops = None
            height = self._count * self._row_height
        else:
            self._tops = [0, *accumulate(self._height(row, width) for row in self._rows)]
            height = self._tops[-1]
        self.virtual_size = Size(width, max(height, 1))

    def _top(self, index: int) -> int:
        return self._tops[index] if self._tops is not None else index * self._row_height

    def _at(self, line: int) -> tuple[int, int]:
        """Return the row of a line, and which of its lines it is."""
        if self._tops is None:
            return divmod(line, self._row_height)
        index = bisect_right(self._tops, line) - 1
        return index, line - self._tops[index]

    def on_mount(self) -> None:
        # A scroll bar takes a column of the rows without any change of size.
        self.watch(self, "show_vertical_scrollbar", self.on_resize, init=False)

    def on_resize(self) -> None:
        if self._width != self._laid_width:
            self._strips.clear()
            self._lay_out(self._width)
            self.refresh()
            self.call_after_refresh(self._into_sight)
        elif self.size.height < self._laid_height:
            # What stands above the list grew: the row under the cursor stays in sight.
            self.call_after_refresh(self._into_sight)
        self._laid_height = self.size.height
        self._tell_place()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def _fixed_height(self) -> bool:
        """Whether every row is `row_height` lines tall."""
        return self._rows is None

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _lines(self, index: int, mark: str) -> list[Strip]:
        width = self._laid_width or self._width
        key = (index, width, mark)
        strips = self._strips.get(key)
        if strips is not None:
            return strips
        row = self.row(index)
        component = {"cursor": "record-list--cursor", "blurred": "record-list--cursor-blurred"}.get(mark)
        style = self.get_visual_style(component) if component else self.visual_style
        lines = self._draw(row, width) if row is not None else [Content("…")]
        options = RenderOptions(self._get_style, self.styles.get_rules())
        strips = []
        for line in lines if mark != "cursor" else [each.without_spans for each in lines]:
            drawn = line.truncate(width, ellipsis=True).render_strips(width, 1, style, options)
            strip = drawn[0] if drawn else Strip.blank(width)
            strips.append(strip.extend_cell_length(width, style.rich_style).crop(0, width))
        if self._fixed_height():
            blank = Strip.blank(width, style.rich_style)
            strips = [*strips, *[blank] * self._row_height][: self._row_height]
        own_ground = mark == "cursor" and not self.ROW_GROUND
        if component and not own_ground and self.app.theme_variables.get("row-cursor-text-style") == "reverse":
            # One pair of colours for the whole row: a blank cell of another colour would stand out as a hole in it.
            turned = Style(color=style.rich_style.bgcolor, bgcolor=style.rich_style.color)
            strips = [Strip(Segment.apply_style(strip, post_style=turned), strip.cell_length) for strip in strips]
        if row is not None:
            self._strips[key] = strips
        return strips

    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        width = self.size.width
        if self._count == 0:
            return self._empty_line(y)
        if line >= self._top(self._count):
            return Strip.blank(width, self.rich_style)
        index, within = self._at(line)
        mark = ("cursor" if self.has_focus else "blurred") if index == self.cursor else ""
        strips = self._lines(index, mark)
        return strips[within] if within < len(strips) else Strip.blank(width, self.rich_style)

    def _empty_line(self, y: int) -> Strip:
        lines = Content.styled(self.empty, "$text-muted").wrap(self._width)
        if y >= len(lines):
            return Strip.blank(self.size.width, self.rich_style)
        options = RenderOptions(self._get_style, self.styles.get_rules())
        strips = lines[y].render_strips(self._width, 1, self.visual_style, options)
        return (strips[0] if strips else Strip.blank(0)).extend_cell_length(self.size.width, self.rich_style)

    def on_focus(self) -> None:
        self._tell_place()
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # -- the cursor ----------------------------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self._count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if old != new:
            self._into_sight()
            self._tell_place()
            self.refresh()
            self.post_message(self.Moved(self, new))

    def _put(self, place: int) -> None:
        """Put the cursor on a row that may hold it, near the place."""
        place = max(0, min(place, self._count - 1))
        self.cursor = self._next(place, 1) if self._skips(place) else place
        self.call_after_refresh(self._into_sight)
        self._tell_place()
        self.screen.refresh_bindings()

    def _skips(self, index: int) -> bool:
        if self._skip is None or not 0 <= index < self._count:
            return False
        row = self.row(index)
        return row is not None and self._skip(row)

    def _next(self, index: int, step: int) -> int:
        """Return the nearest row from here on that the cursor may stand on; stays where there is none."""
        place = index
        while 0 <= place < self._count:
            if not self._skips(place):
                return place
            place += step
        place = index
        while 0 <= place < self._count:
            if not self._skips(place):
                return place
            place -= step
        return max(index, 0)

    def _into_sight(self) -> None:
        if not self._count or (self._tops is not None and self.cursor >= len(self._tops) - 1):
            return
        top = self._top(self.cursor)
        height = max(self._top(self.cursor + 1) - top, 1)
        if self.cursor and self._skips(self.cursor - 1):
            above = self._top(self.cursor - 1)
            top, height = above, height + top - above
        self.scroll_to_region(
            Region(0, top, self._width, height), spacing=Spacing(), animate=False, force=True, immediate=True
        )

    def action_move(self, step: int) -> None:
        """Move the cursor by a row."""
        if 0 <= self.cursor + step < self._count:
            self.cursor = self._next(self.cursor + step, step)
        elif step < 0:
            self.scroll_home(animate=False)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        line = self._top(self.cursor) + pages * max(self.scrollable_content_region.height - 1, 1)
        last = max(self._top(self._count) - 1, 0)
        index = self._at(max(0, min(line, last)))[0]
        if index == self.cursor:
            index += pages
        if self._count:
            self.cursor = self._next(max(0, min(index, self._count - 1)), pages)

    def steered(self, event: events.Key) -> None:
        """Move the cursor by an arrow or a page key that came to a field above the list, and stop the key."""
        steps = {"down": 1, "up": -1, "pagedown": 1, "pageup": -1}
        if event.key in steps:
            (self.action_page if event.key.startswith("page") else self.action_move)(steps[event.key])
            event.stop()
            event.prevent_default()

    def action_move_to(self, index: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        if self._count:
            self.cursor = self._next(index if index >= 0 else self._count - 1, 1 if index >= 0 else -1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self._count:
            return
        line = self.scroll_offset.y + offset.y
        if line >= self._top(self._count):
            return
        index = self._at(line)[0]
        if self._skips(index):
            return
        if index == self.cursor and event.chain > 1:
            self.post_message(self.Opened(self, index))
        self.cursor = index
