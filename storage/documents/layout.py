"""Blocks laid out on pages: lines broken by the font's own widths, headings kept with what follows them.

Nothing here is parsed: a stored `<b>` is five letters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.documents.blocks import Blank, Block, Contents, Facts, Heading, Para, Picture, Said
from storage.documents.direction import as_seen, as_written, begins_right, joined, right_to_left

PAGE = (595.28, 841.89)
"""A4, in points."""
MARGIN = 54.0
FOOT = 40.0
BODY, BOLD, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"
_SIZES = {1: 18.0, 2: 13.0, 3: 10.5, 4: 9.5}
_ABOVE = {1: 0.0, 2: 16.0, 3: 9.0, 4: 4.0}
_LABEL = 118.0
_TEXT = 9.5


@dataclass(frozen=True)
class Font:
    """A font's name, its widths in thousandths of its size, and the width of a letter that it lacks."""

    name: str
    widths: Mapping[int, float]
    default: float


@dataclass
class Piece:
    """Lines of one block on one page: where they stand, in which font, and which tag of the document's tree they are.

    `block` is the number of the block, so that its pieces on two pages are one element. `page_of` is, for a line of
    the contents list, the number of the heading whose page it names. `part` tells the parts of one block
    apart; `alt` is a figure's in words.
    """

    block: int
    tag: str
    font: str
    size: float
    leading: float
    x: float
    y: float
    lines: list[str]
    rule: bool = False
    bar: bool = False
    page_of: int = -1
    part: int = 0
    alt: str = ""


@dataclass
class Laid:
    """A document laid out: pages of pieces, and for each heading of level 1 and 2 its block, text and page."""

    pages: list[list[Piece]] = field(default_factory=list)
    headings: list[tuple[int, int, str, int]] = field(default_factory=list)
    replaced: int = 0
    written: dict[str, str] = field(default_factory=dict)
    """Lines that hold letters from right to left, as they are drawn: what was written, for a screen reader."""


class Layout:
    """Breaks blocks into lines and lines into pages; `regular` and `bold` are the fonts."""

    def __init__(self, regular: Font, bold: Font) -> None:
        self.fonts = {regular.name: regular, bold.name: bold}
        self.laid = Laid()
        self._words: dict[tuple[str, str], float] = {}
        self._y = 0.0
        self._page: list[Piece] = []
        self._counted = False
        self._new_page()

    def run(self, blocks: Sequence[Block], progress: Callable[[int, int], None] | None = None) -> Laid:
        """Lay every block out; `progress` hears how many of how many are done."""
        # Where no contents list says a heading's count, the heading does.
        self._counted = not any(isinstance(block, Contents) for block in blocks)
        for place, block in enumerate(blocks):
            self._lay(place, block, blocks)
            if progress and place % 200 == 0:
                progress(place, len(blocks))
        return self.laid

    # -- letters and lines ---------------------------------------------------------------------------------------------

    def printable(self, text: str) -> str:
        """Return the text with what the font cannot draw as its code, so that nothing vanishes unsaid."""
        widths = self.fonts[BODY].widths
        if text.isascii() or all(self._drawn(each, widths) for each in text):
            return text
        text = unicodedata.normalize("NFC", text)
        made = []
        for each in text:
            if self._drawn(each, widths):
                made.append(each)
            else:
                self.laid.replaced += 1
                made.append(f"⟦U+{ord(each):04X}⟧")
        return "".join(made)

    @staticmethod
    def _drawn(letter: str, widths: Mapping[int, float]) -> bool:
        """Beyond the basic plane a letter cannot be copied out of the PDF again, so it counts as missing."""
        return letter == "\n" or (ord(letter) in widths and ord(letter) < 0x10000)

    def missing(self, blocks: Sequence[Block]) -> int:
        """Return how many letters of the blocks the font does not hold."""
        before = self.laid.replaced
        for block in blocks:
            if isinstance(block, Facts):
                for label, text in block.pairs:
                    self.printable(label + text)
            elif not isinstance(block, Contents | Picture | Blank):
                self.printable(block.text)
        found, self.laid.replaced = self.laid.replaced - before, before
        return found

    def width(self, text: str, font: str) -> float:
        """Return how wide a text is, in thousandths of the font's size."""
        found = self._words.get((font, text))
        if found is None:
            widths, default = self.fonts[font].widths, self.fonts[font].default
            found = sum(widths.get(ord(each), default) for each in text)
            if len(text) < 40:
                self._words[font, text] = found
        return found

    def broken(self, text: str, font: str, size: float, room: float) -> list[str]:
        """Return the text in lines of at most `room` points, broken at spaces, and within a word too long for one."""
        limit = room * 1000 / size
        lines: list[str] = []
        for paragraph in self.printable(text).replace("\t", "    ").split("\n"):
            if right_to_left(paragraph):
                of_it = self._broken(joined(paragraph, self.fonts[font].widths), font, limit)
                lines += [self._turned(line, right=begins_right(paragraph)) for line in of_it]
            else:
                lines += self._broken(paragraph, font, limit)
        return lines

    def line(self, text: str, font: str = BODY) -> str:
        """Return a text as it is drawn on one line, however long."""
        return " ".join(self.broken(text, font, 1.0, 1_000_000))

    def _turned(self, line: str, *, right: bool) -> str:
        seen = as_seen(line, right=right)
        self.laid.written[seen] = as_written(line)
        return seen

    def _broken(self, paragraph: str, font: str, limit: float) -> list[str]:
        space = self.width(" ", font)
        lines: list[str] = []
        line: list[str] = []
        used = 0.0
        for each in paragraph.split(" "):
            word, wide = each, self.width(each, font)
            while wide > limit:
                if line:
                    lines.append(" ".join(line))
                    line, used = [], 0.0
                fits = self._fitting(word, font, limit)
                lines.append(word[:fits])
                word = word[fits:]
                wide = self.width(word, font)
            if line and used + space + wide > limit:
                lines.append(" ".join(line))
                line, used = [], 0.0
            used += wide + (space if line else 0)
            line.append(word)
        return [*lines, " ".join(line)]

    def _fitting(self, word: str, font: str, limit: float) -> int:
        used, widths, default = 0.0, self.fonts[font].widths, self.fonts[font].default
        for place, each in enumerate(word):
            used += widths.get(ord(each), default)
            if used > limit:
                return max(place, 1)
        return len(word)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _new_page(self) -> None:
        self._page = []
        self.laid.pages.append(self._page)
        self._y = PAGE[1] - MARGIN

    def _room(self) -> float:
        return self._y - MARGIN - FOOT / 2

    def _need(self, height: float) -> None:
        if self._room() < height and self._page:
            self._new_page()

    def _put(
        self,
        block: int,
        tag: str,
        lines: list[str],
        *,
        font: str = BODY,
        size: float = _TEXT,
        x: float = MARGIN,
        bar: bool = False,
        part: int = 0,
        alt: str = "",
    ) -> None:
        """Put lines down, over as many pages as they need."""
        leading = size * 1.4
        while lines:
            fits = int(self._room() // leading)
            if fits <= 0:
                self._new_page()
                continue
            piece = Piece(block, tag, font, size, leading, x, self._y - size, lines[:fits], bar=bar, part=part, alt=alt)
            self._page.append(piece)
            self._y -= leading * len(lines[:fits])
            lines = lines[fits:]

    def _lay(self, place: int, block: Block, blocks: Sequence[Block]) -> None:
        wide = PAGE[0] - 2 * MARGIN
        if isinstance(block, Heading):
            self._heading(place, block, wide, blocks[place + 1 : place + 4])
        elif isinstance(block, Para):
            font = BOLD if block.tone == "warn" else BODY
            self._put(place, "P", self.broken(block.text, font, _TEXT, wide), font=font)
            self._y -= 4
        elif isinstance(block, Said):
            said = self.broken(f"In the child’s own words: {block.text}", BODY, _TEXT, wide - 14)
            self._put(place, "BlockQuote", said, x=MARGIN + 14, bar=True)
            self._y -= 4
        elif isinstance(block, Facts):
            for part, (label, text) in enumerate(block.pairs):
                self._fact(place, part, label, text, wide)
            self._y -= 3
        elif isinstance(block, Contents):
            self._contents(place, blocks, wide)
        elif isinstance(block, Picture):
            self._need(len(block.lines) * 7 * 1.4)
            self._put(place, "Figure", list(block.lines), font=MONO, size=7, x=MARGIN + 30, alt=block.words)
            self._y -= 6
        elif isinstance(block, Blank):
            self._blank(place, block, wide)

    def _heading(self, place: int, block: Heading, wide: float, after: Sequence[Block] = ()) -> None:
        size = _SIZES[block.level]
        count = f" ({block.count})" if block.count and self._counted else ""
        lines = self.broken(block.text + count, BOLD, size, wide)
        above = _ABOVE[block.level]
        needed = above + len(lines) * size * 1.4 + 3 * _TEXT * 1.4
        for each in after:
            if not isinstance(each, Heading):
                break
            needed += _ABOVE[each.level] + _SIZES[each.level] * 1.4 + 3
        self._need(needed)
        if self._page:
            self._y -= above
        if block.level <= 2:
            self.laid.headings.append((place, block.level, block.text, len(self.laid.pages)))
        self._put(place, f"H{block.level}", lines, font=BOLD, size=size)
        self._y -= 3

    def _fact(self, place: int, part: int, label: str, text: str, wide: float) -> None:
        """A label on the left, what it says beside it; read together as one paragraph."""
        labels = self.broken(label, BOLD, 8.5, _LABEL - 8)
        lines = self.broken(text, BODY, _TEXT, wide - _LABEL)
        self._need(max(len(labels) * 8.5 * 1.4, _TEXT * 1.4))
        top, page = self._y, len(self.laid.pages)
        self._page.append(Piece(place, "P", BOLD, 8.5, 8.5 * 1.4, MARGIN, self._y - _TEXT, labels, part=part))
        lowest = top - len(labels) * 8.5 * 1.4
        self._put(place, "P", lines, x=MARGIN + _LABEL, part=part)
        if len(self.laid.pages) == page:
            self._y = min(self._y, lowest)

    def _contents(self, place: int, blocks: Sequence[Block], wide: float) -> None:
        listed = [
            (at, each) for at, each in enumerate(blocks) if isinstance(each, Heading) and each.level == 2 and at > place
        ]
        self._heading(place, Heading(2, "Contents"), wide)
        for part, (at, each) in enumerate(listed, start=1):
            count = f", {each.count}" if each.count else ""
            line = self.broken(f"{each.text}{count}", BODY, _TEXT, wide - 60)[0]
            self._need(_TEXT * 1.4)
            self._page.append(
                Piece(place, "P", BODY, _TEXT, _TEXT * 1.4, MARGIN, self._y - _TEXT, [line], page_of=at, part=part)
            )
            self._y -= _TEXT * 1.4

    def _blank(self, place: int, block: Blank, wide: float) -> None:
        self._need((block.lines + 1) * 22)
        self._put(place, "P", [block.label], font=BOLD, size=8.5)
        for _ in range(block.lines):
            self._y -= 22
            self._page.append(Piece(place, "", BODY, _TEXT, 0, MARGIN, self._y, [], rule=True))
        self._y -= 8
