"""The body, front and back, drawn with characters: a cursor by keyboard or mouse, and marks over it (R-09)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from practice.body import BACK, FIGURE, HEIGHT, MIDDLE, WIDTH, Cell, View, parts

Layer = Sequence[tuple[Cell, str]]


class Figure(Widget, can_focus=True):
    """Both figures side by side; the arrows go from part to part, Tab is left to the screen."""

    ALLOW_SELECT = False
    BINDINGS = [
        Binding("up", "move(0, -1)", "Up", show=False),
        Binding("down", "move(0, 1)", "Down", show=False),
        Binding("left", "move(-1, 0)", "Left", show=False),
        Binding("right", "move(1, 0)", "Right", show=False),
    ]
    DEFAULT_CSS = """
    Figure { width: 55; height: 20; color: $text-muted; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell."""

        cell: Cell

    @dataclass
    class Chosen(Message):
        """A cell was clicked while the cursor stood on it."""

        cell: Cell

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cell = Cell("front", MIDDLE, 7)
        self.marked: Sequence[Layer] = ()
        self.past: Sequence[Layer] = ()

    def show(self, marks: Layer, past: Sequence[Layer] = ()) -> None:
        """Draw these marks, over those of earlier occasions, the oldest first."""
        self.marked, self.past = [marks], past
        self.refresh()

    def render(self) -> Content:
        styles: dict[Cell, tuple[str, str]] = {}
        for layer in self.past:
            styles |= {cell: (mark, "bold $text" if mark == "○" else "$text-muted") for cell, mark in layer}
        for layer in self.marked:
            styles |= {cell: (mark, "bold $text-error") for cell, mark in layer}
        lines = [Content.styled(f"{'FRONT':^{WIDTH}} {'BACK':^{WIDTH}}", "$text-muted")]
        for y in range(HEIGHT):
            pieces: list[tuple[str, str] | str] = []
            for view, figure in (("front", FIGURE), ("back", BACK)):
                for x, drawn in enumerate(figure[y]):
                    cell = Cell("front" if view == "front" else "back", x, y)
                    mark, style = styles.get(cell, (drawn, ""))
                    if cell == self.cell:
                        style = "$block-cursor-foreground on $block-cursor-background" if self.has_focus else "reverse"
                        mark = "+" if mark == " " else mark
                    pieces.append((mark, style))
                pieces.append(" ")
            lines.append(Content.assemble(*pieces))
        return Content("\n").join(lines)

    def put(self, cell: Cell) -> None:
        """Put the cursor on a cell."""
        if cell != self.cell:
            self.cell = cell
            self.refresh()
            self.scroll_visible_cell()
            self.post_message(self.Moved(cell))

    def scroll_visible_cell(self) -> None:
        """Bring the cursor's line into sight where the screen is lower than the figure."""
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, self.cell.y + 1, self.size.width, 1), animate=False)

    def action_move(self, right: int, down: int) -> None:
        """Go to the next cell of the body in that direction; beyond the edge, to the other figure."""
        cells = parts()
        x, y = self.cell.x, self.cell.y
        if down:
            rows = sorted({row for _, row in cells})
            y = max(rows[0], min(rows[-1], y + down))
            x = min((cell for cell, row in cells if row == y), key=lambda cell: abs(cell - x))
            self.put(Cell(self.cell.view, x, y))
            return
        row = sorted(cell for cell, line in cells if line == y)
        place = row.index(x) + right
        if 0 <= place < len(row):
            self.put(Cell(self.cell.view, row[place], y))
        else:
            other: View = "back" if self.cell.view == "front" else "front"
            self.put(Cell(other, row[0] if right > 0 else row[-1], y))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        view: View = "front" if offset.x < WIDTH else "back"
        cell = Cell(view, offset.x if view == "front" else offset.x - WIDTH - 1, offset.y - 1)
        if (cell.x, cell.y) not in parts():
            return
        if cell == self.cell:
            self.post_message(self.Chosen(cell))
        self.put(cell)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
