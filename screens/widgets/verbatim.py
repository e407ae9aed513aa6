"""Text shown character by character as it is, folded at the edge and nowhere else."""

from __future__ import annotations

from rich.cells import get_character_cell_size
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from practice.text import visible


def folded(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` cells; no character is left out, not even a space at the edge."""
    lines: list[str] = []
    for paragraph in visible(text).split("\n"):
        line: list[str] = []
        used = 0
        for character in paragraph:
            cells = get_character_cell_size(character)
            if used + cells > max(width, 2) and line:
                lines.append("".join(line))
                line, used = [], 0
            line.append(character)
            used += cells
        lines.append("".join(line))
    return lines


class Verbatim(Widget):
    """Bytes as text, folded at the edge."""

    DEFAULT_CSS = "Verbatim { height: auto; width: 1fr; }"

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.text = text

    def show(self, text: str) -> None:
        """Replace the text."""
        self.text = text
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(folded(self.text, width))

    def render(self) -> Content:
        return Content("\n".join(folded(self.text, self.size.width)))
