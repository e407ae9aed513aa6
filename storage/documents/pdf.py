"""A copy as a tagged PDF with its own fonts: titles, language, a tree of headings and paragraphs, page numbers.

reportlab is imported when a PDF is made, and nothing of ours passes through its markup.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from practice.errors import ConsoleError
from storage.documents.blocks import Block, Contents, Para
from storage.documents.layout import BODY, BOLD, FOOT, MARGIN, MONO, PAGE, Font, Laid, Layout, Piece

Progress = Callable[[int, int], None]


MARK_LETTERS, MARK_LENGTH, MARK_ANGLE, MARK_GREY = 44, 480.0, 34, 0.88
"""Of a mark across a page: the letters of a line, its length in points, its angle, and how light it is."""


def _cut(text: str, width: float) -> str:
    """Return a foot line as far as it fits, with a mark where it was cut."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    if stringWidth(text, BODY, 7.5) <= width:
        return text
    while text and stringWidth(text + "…", BODY, 7.5) > width:
        text = text[:-1]
    return text.rstrip() + "…"


class Stopped(ConsoleError):
    """A copy was stopped before it was whole."""

    def __init__(self) -> None:
        super().__init__("The copy was stopped. Nothing went out.")


@lru_cache
def _fonts() -> tuple[Font, Font]:
    """Register the fonts that come with the program, and return their widths."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    found = []
    for name in (BODY, BOLD, MONO):
        with as_file(files("storage.documents").joinpath(f"fonts/{name}.ttf")) as path:
            font = TTFont(name, str(path))
        pdfmetrics.registerFont(font)
        found.append(Font(name, font.face.charWidths, font.face.defaultWidth))
    return found[0], found[1]


def render(
    title: str, foot: str, blocks: Sequence[Block], progress: Progress | None = None, *, mark: str = ""
) -> bytes:
    """Return the PDF; `foot` stands under each page beside its number. `progress` hears pages of pages.

    `mark` lies across each page, light and behind the words: for whom it was made, and for what.
    """
    half = (lambda done, of: progress(done, of * 2)) if progress else None
    layout, laid = _laid(blocks, half)
    return _Drawing(title, layout.line(foot), laid, layout.printable(mark)).bytes(progress)


def page_count(blocks: Sequence[Block]) -> int:
    """Return how many pages blocks take."""
    return len(_laid(blocks)[1].pages)


def _laid(blocks: Sequence[Block], progress: Progress | None = None) -> tuple[Layout, Laid]:
    """Lay blocks out, with a word of the letters that the font does not hold."""
    layout = Layout(*_fonts())
    if missing := layout.missing(blocks):
        at = next((place for place, block in enumerate(blocks) if isinstance(block, Contents)), 0)
        count = f"{missing} letters are each" if missing > 1 else "One letter is"
        said = f"{count} printed as its number, such as ⟦U+1F600⟧: the font of this copy does not hold it."
        blocks = [*blocks[:at], Para(said), *blocks[at:]]
    return layout, layout.run(blocks, progress)


class _Drawing:
    """The pages on a canvas, with the tree of tags that a screen reader follows."""

    def __init__(self, title: str, foot: str, laid: Laid, mark: str = "") -> None:
        from reportlab.pdfgen.canvas import Canvas

        self.laid, self.foot = laid, _cut(foot, PAGE[0] - 2 * MARGIN - 70)
        self.mark = textwrap.wrap(mark, MARK_LETTERS, max_lines=3, placeholder=" …")
        self.written = io.BytesIO()
        self.canvas: Any = Canvas(self.written, pagesize=PAGE, pageCompression=1, lang="en-GB", pdfVersion=(1, 7))
        self.canvas.setTitle(title)
        self.canvas.setAuthor("dsl-console")
        self.canvas.setSubject("Confidential")
        self.canvas.setViewerPreference("DisplayDocTitle", "true")
        self.page_of = {at: page for at, _level, _text, page in laid.headings}
        self.elements: dict[tuple[int, int], Any] = {}
        self.order: list[Any] = []
        self.parents: list[Any] = []
        self._root()

    def _root(self) -> None:
        from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName

        document = self.canvas._doc
        self.root = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        self.root_ref = document.Reference(self.root)
        self.top = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName("Document"), "P": self.root_ref})
        self.top_ref = document.Reference(self.top)
        self.root.dict["K"] = PDFArray([self.top_ref])

    def bytes(self, progress: Progress | None) -> bytes:
        """Draw every page and return the whole file."""
        total = len(self.laid.pages)
        marks = {page: [] for page in range(1, total + 1)}  # type: dict[int, list[tuple[int, int, str]]]
        for at, level, text, page in self.laid.headings:
            marks[page].append((at, level, text))
        for number, pieces in enumerate(self.laid.pages, start=1):
            for at, level, text in marks[number]:
                self.canvas.bookmarkPage(f"b{at}")
                self.canvas.addOutlineEntry(text, f"b{at}", level - 1 if level > 1 else 0)
            self._page(pieces, number, total)
            if progress:
                progress(total + number, total * 2)
        self._finish_tree()
        self.canvas.save()
        return self.written.getvalue()

    def _page(self, pieces: list[Piece], number: int, total: int) -> None:
        from reportlab.pdfbase.pdfdoc import PDFArray, PDFObjectReference

        canvas = self.canvas
        here = PDFObjectReference(canvas._doc.thisPageName())
        on_page: list[Any] = []
        if self.mark:
            self._across()
        for piece in pieces:
            self._piece(piece, here, on_page)
        canvas._code.append("/Artifact BMC")
        canvas.setFont(BODY, 7.5)
        canvas.drawString(MARGIN, FOOT, self.foot)
        canvas.drawRightString(PAGE[0] - MARGIN, FOOT, f"Page {number} of {total}")
        canvas._code.append("EMC")
        canvas.showPage()
        page = canvas._doc.Pages.pages[-1]
        page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
        from reportlab.pdfbase.pdfdoc import PDFName

        page.StructParents, page.Tabs = number - 1, PDFName("S")
        self.parents += [number - 1, canvas._doc.Reference(PDFArray(on_page))]

    def _across(self) -> None:
        """Lay the mark across the page, three times over, so that no part of it can be copied without one."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        canvas = self.canvas
        longest = max(stringWidth(line, BOLD, 1) for line in self.mark)
        size = min(26.0, MARK_LENGTH / longest)
        canvas._code.append("/Artifact BMC")
        canvas.saveState()
        canvas.setFillGray(MARK_GREY)
        canvas.setFont(BOLD, size)
        for height in (0.2, 0.48, 0.76):
            canvas.saveState()
            canvas.translate(PAGE[0] / 2, PAGE[1] * height)
            canvas.rotate(MARK_ANGLE)
            for number, line in enumerate(self.mark):
                canvas.drawCentredString(0, -number * size * 1.3, line)
            canvas.restoreState()
        canvas.restoreState()
        canvas._code.append("EMC")

    def _piece(self, piece: Piece, here: Any, on_page: list[Any]) -> None:
        canvas = self.canvas
        if piece.rule or piece.bar:
            canvas._code.append("/Artifact BMC")
            if piece.rule:
                canvas.line(piece.x, piece.y, PAGE[0] - MARGIN, piece.y)
            else:
                top = piece.y + piece.size
                canvas.line(piece.x - 7, top, piece.x - 7, top - piece.leading * len(piece.lines))
            canvas._code.append("EMC")
        if not piece.lines:
            return
        mcid = len(on_page)
        said = ""
        if any(line in self.laid.written for line in piece.lines):
            whole = " ".join(self.laid.written.get(line, line) for line in piece.lines)
            said = f"/ActualText <FEFF{whole.encode('utf-16-be').hex()}>"
        canvas._code.append(f"/{piece.tag} <</MCID {mcid}{said}>> BDC")
        text = canvas.beginText(piece.x, piece.y)
        text.setFont(piece.font, piece.size, piece.leading)
        for line in piece.lines:
            text.textLine(line)
        canvas.drawText(text)
        if piece.page_of >= 0:
            canvas.setFont(BODY, piece.size)
            canvas.drawRightString(PAGE[0] - MARGIN, piece.y, str(self.page_of.get(piece.page_of, "")))
        canvas._code.append("EMC")
        on_page.append(self._element(piece, here, mcid))

    def _element(self, piece: Piece, here: Any, mcid: int) -> Any:
        """Return the reference of the block's element; a heading, a paragraph over two pages is one element."""
        from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString

        known = self.elements.get((piece.block, piece.part))
        if known is None or known[2] != piece.tag:
            kids: list[Any] = []
            array = PDFArray(kids)
            element = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName(piece.tag), "P": self.top_ref})
            element.dict["K"] = array
            if piece.alt:
                element.dict["Alt"] = PDFString(piece.alt)
            reference = self.canvas._doc.Reference(element)
            self.order.append(reference)
            known = self.elements[piece.block, piece.part] = (reference, array, piece.tag)
        mark = PDFDictionary({"Type": PDFName("MCR"), "Pg": here, "MCID": mcid})
        known[1].sequence.append(mark)
        return known[0]

    def _finish_tree(self) -> None:
        from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary

        document = self.canvas._doc
        self.top.dict["K"] = PDFArray(self.order)
        nums = PDFDictionary({"Nums": PDFArray(self.parents)})
        self.root.dict["ParentTree"] = document.Reference(nums)
        self.root.dict["ParentTreeNextKey"] = len(self.laid.pages)
        document.Catalog.StructTreeRoot = self.root
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
