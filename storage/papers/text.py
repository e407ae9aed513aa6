"""A page as plain lines, for the screen and the command line."""

from __future__ import annotations

import textwrap

from practice.text import visible
from storage.documents.blocks import Blank, Block, Facts, Heading, Para, Said
from storage.documents.pages import Page

LABEL = 32
"""The most that a label takes before its text goes on the line below."""


def page_text(page: Page, width: int = 0) -> str:
    """Return a page's blocks as lines, folded under their labels where a width is given."""
    lines: list[str] = []
    for block in page.blocks:
        lines += _lines(block, width)
    return "\n".join(lines).strip("\n")


def _folded(first: str, text: str, width: int) -> list[str]:
    """Return a text behind its beginning, folded so that every further line stands under it."""
    lines: list[str] = []
    for number, line in enumerate(visible(text).split("\n")):
        begun = first if not number else " " * len(first)
        if width <= len(first) + 10:
            lines.append(begun + line)
            continue
        indent = " " * len(first)
        lines += textwrap.wrap(line, width, initial_indent=begun, subsequent_indent=indent) or [begun.rstrip()]
    return lines


def _lines(block: Block, width: int) -> list[str]:
    if isinstance(block, Heading):
        count = f" ({block.count})" if block.count else ""
        return ["", *_folded("", (visible(block.text).upper() if block.level == 1 else block.text) + count, width)]
    if isinstance(block, Para | Said):
        return _folded("  ", block.text, width)
    if isinstance(block, Facts):
        label = min(max((len(label) for label, _ in block.pairs), default=0), LABEL)
        return [line for name, text in block.pairs for line in _fact(f"  {visible(name):<{label}}  ", text, width)]
    return [f"  {block.label}: ", *["  ________________"] * block.lines] if isinstance(block, Blank) else []


def _fact(first: str, text: str, width: int) -> list[str]:
    """Return a label with what it says; a count of a table, with or without its bar, keeps its spaces."""
    is_count = "■" in text or text.startswith(" ")
    return [first + text] if is_count or not text.strip() else _folded(first, text.strip(), width)
