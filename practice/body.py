"""The body map: a figure of characters, the parts of the body on it, and marks told in words that rebuild it (R-09)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

WIDTH, HEIGHT, MIDDLE = 27, 19, 13
FIGURE = (
    "          .-----.          ",
    "          |     |          ",
    "         (| o o |)         ",
    "          \\  ^  /          ",
    "           \\ - /           ",
    "       .----' '----.       ",
    "      /             \\      ",
    "     /  .         .  \\     ",
    "    /  /|         |\\  \\    ",
    "   /  / |         | \\  \\   ",
    "  /  /  |    .    |  \\  \\  ",
    " (  )   |         |   (  ) ",
    "  ''    |----.----|    ''  ",
    "        |    |    |        ",
    "        |    |    |        ",
    "        |    |    |        ",
    "        |    |    |        ",
    "        |    |    |        ",
    "       (_____|_____)       ",
)
BACK = tuple(
    line.replace("o o", "   ").replace("^", " ").replace(" - ", "   ") if row < 5 else line.replace("  .  ", "  |  ")
    for row, line in enumerate(FIGURE)
)
View = Literal["front", "back"]
VIEWS: tuple[View, ...] = ("front", "back")

# Each row: the cells of a part, from and to, both included; the left half as drawn, the right half mirrors it.
_HALF: tuple[tuple[int, int, int, str], ...] = (
    (0, 10, 13, "top"),
    (1, 10, 13, "forehead"),
    (2, 9, 9, "ear"),
    (2, 10, 12, "eye"),
    (2, 13, 13, "nose"),
    (3, 10, 12, "cheek"),
    (3, 13, 13, "nose"),
    (4, 11, 11, "chin"),
    (4, 12, 13, "mouth"),
    (5, 7, 11, "shoulder"),
    (5, 12, 13, "neck"),
    (6, 6, 8, "shoulder"),
    (6, 9, 13, "chest"),
    (7, 5, 7, "upper arm"),
    (7, 8, 13, "chest"),
    (8, 4, 7, "upper arm"),
    (8, 8, 13, "chest"),
    (9, 3, 6, "elbow"),
    (9, 8, 13, "abdomen"),
    (10, 2, 5, "forearm"),
    (10, 8, 13, "abdomen"),
    (11, 1, 4, "hand"),
    (11, 8, 13, "abdomen"),
    (12, 2, 3, "fingers"),
    (12, 8, 11, "hip"),
    (12, 12, 13, "groin"),
    (13, 8, 12, "thigh"),
    (14, 8, 12, "thigh"),
    (15, 8, 12, "knee"),
    (16, 8, 12, "shin"),
    (17, 8, 12, "ankle"),
    (18, 7, 12, "foot"),
)
_BEHIND = {
    "top": "top of the head",
    "forehead": "back of the head",
    "ear": "ear, from behind",
    "eye": "back of the head",
    "nose": "back of the head",
    "cheek": "back of the head",
    "chin": "back of the neck",
    "mouth": "back of the neck",
    "neck": "back of the neck",
    "shoulder": "back of the shoulder",
    "chest": "upper back",
    "upper arm": "back of the upper arm",
    "elbow": "point of the elbow",
    "forearm": "back of the forearm",
    "hand": "back of the hand",
    "fingers": "fingers, from behind",
    "abdomen": "lower back",
    "hip": "buttock",
    "groin": "buttock",
    "thigh": "back of the thigh",
    "knee": "back of the knee",
    "shin": "calf",
    "ankle": "back of the ankle",
    "foot": "heel",
}
_FRONT = {"top": "top of the head", "groin": "groin"}
_CENTRAL = {"top", "forehead", "mouth", "neck", "chest", "abdomen", "groin", "nose"}


@dataclass(frozen=True)
class Cell:
    """A place on the figure: `x` from the left and `y` from the top, as the reader sees it."""

    view: View
    x: int
    y: int


@lru_cache
def parts() -> dict[tuple[int, int], str]:
    """Return the part of the body at each cell (x, y) of the figure; the same for front and back."""
    found: dict[tuple[int, int], str] = {}
    for y, first, last, part in _HALF:
        for x in range(first, last + 1):
            found[x, y] = part
            found[2 * MIDDLE - x, y] = part
    return found


def site(cell: Cell) -> str:
    """Return where a cell is, in the child's own left and right; blank outside the figure.

    On the front the child's right is on the reader's left; on the back it is on the right.
    """
    part = parts().get((cell.x, cell.y))
    if part is None:
        return ""
    name = _FRONT.get(part, part) if cell.view == "front" else _BEHIND[part]
    off = cell.x - MIDDLE
    if abs(off) <= 1 and (part in _CENTRAL or off == 0):
        return name if part not in ("chest", "abdomen") else f"middle of the {name}"
    side = "right" if (off < 0) == (cell.view == "front") else "left"
    return f"{side} {name}" if part not in _CENTRAL else f"{name}, {side} side"


def find(view: View, words: str) -> Cell | None:
    """Return the middle cell of the part that a site's words name; None where there is no such part."""
    wanted = " ".join(words.casefold().split())
    cells = [Cell(view, x, y) for x, y in sorted(parts(), key=lambda at: (at[1], at[0]))]
    named = [cell for cell in cells if site(cell).casefold() == wanted]
    return named[len(named) // 2] if named else None


def cell_words(cell: Cell) -> str:
    """Return a cell as it stands in the words of a mark: `front, right cheek [front 11,3]`."""
    return f"{cell.view}, {site(cell)} [{cell.view} {cell.x},{cell.y}]"


_CELL = re.compile(r"\[(front|back) (\d{1,2}),(\d{1,2})\]")


def cells_in(words: str) -> list[Cell]:
    """Return the cells that a map's words name, in their order: the words alone rebuild the picture."""
    found = [Cell("front" if view == "front" else "back", int(x), int(y)) for view, x, y in _CELL.findall(words)]
    return [cell for cell in found if (cell.x, cell.y) in parts()]


def drawn(layers: Sequence[Sequence[tuple[Cell, str]]]) -> list[str]:
    """Return front and back side by side as lines of characters, each layer's marks over those before it."""
    rows = {"front": [list(line) for line in FIGURE], "back": [list(line) for line in BACK]}
    for layer in layers:
        for cell, mark in layer:
            if 0 <= cell.y < HEIGHT and 0 <= cell.x < WIDTH:
                rows[cell.view][cell.y][cell.x] = mark[:1]
    title = f"{'FRONT':^{WIDTH}} {'BACK':^{WIDTH}}".rstrip()
    return [
        title,
        *(("".join(front) + " " + "".join(back)).rstrip() for front, back in zip(*rows.values(), strict=True)),
    ]
