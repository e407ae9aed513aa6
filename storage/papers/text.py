"""A page as plain lines, for the screen and the command line."""

from __future__ import annotations

from practice.text import visible
from storage.documents.blocks import Blank, Block, Facts, Heading, Para, Said
from storage.documents.pages import Page


def page_text(page: Page) -> str:
    """Return a page's blocks as lines."""
    lines: list[str] = []
    for block in page.blocks:
        lines += _lines(block)
    return "\n".join(lines).strip("\n")


def _lines(block: Block) -> list[str]:
    if isinstance(block, Heading):
        count = f" ({block.count})" if block.count else ""
        return ["", visible(block.text).upper() + count if block.level == 1 else visible(block.text) + count]
    if isinstance(block, Para | Said):
        return [f"  {line}" for line in visible(block.text).split("\n")]
    if isinstance(block, Facts):
        width = min(max((len(label) for label, _ in block.pairs), default=0), 32)
        return [f"  {label:<{width}}  {visible(text)}" for label, text in block.pairs]
    return [f"  {block.label}: ", *["  ________________"] * block.lines] if isinstance(block, Blank) else []
