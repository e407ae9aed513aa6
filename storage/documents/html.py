"""A copy as one accessible HTML page: headings in order, a contents list of links, no script, nothing fetched."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace

from storage.documents.blocks import Blank, Block, Contents, Facts, Heading, Para, Picture, Said

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
p, dd, blockquote { white-space: pre-wrap; overflow-wrap: anywhere; }
p { margin: .4rem 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid; } h3 { margin: 1.6rem 0 .2rem; }
blockquote { border-left: .3rem solid; margin: .6rem 0; padding: 0 0 0 .8rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .4rem 0; }
dt { font-weight: 600; } dd { margin: 0; }
.warn { border: 2px solid; padding: .4rem .6rem; font-weight: 600; } .muted { opacity: .8; }
.mark { position: fixed; inset: 0; z-index: -1; display: flex; flex-direction: column; justify-content: space-around; }
.mark span { transform: rotate(-24deg); text-align: center; font-size: 1.8rem; font-weight: 700; opacity: .16; }
.blank { border-bottom: 1px solid; height: 1.6rem; }
@media (max-width: 30rem) { dl { display: block; } }
@media print { body { max-width: none; margin: 0; } h2, h3 { break-after: avoid; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def _safe(text: str) -> str:
    return html.escape(text, quote=True)


def render(
    title: str, blocks: Sequence[Block], progress: Callable[[int, int], None] | None = None, *, mark: str = ""
) -> bytes:
    """Return the page as UTF-8; every stored word is escaped. `progress` hears how many blocks of how many are done.

    `mark` lies across the screen, and across every page of a print.
    """
    links = [
        (f"s{place}", block.text, block.count)
        for place, block in enumerate(blocks)
        if isinstance(block, Heading) and block.level == 2
    ]
    if any(isinstance(block, Contents) for block in blocks):  # the contents list says the counts
        blocks = [replace(block, count="") if isinstance(block, Heading) else block for block in blocks]
    parts = [
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n',
        f"<title>{_safe(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        f'<div class="mark" aria-hidden="true">{"".join(f"<span>{_safe(mark)}</span>" for _ in range(3))}</div>\n'
        if mark
        else "",
        "<main>\n",
    ]
    for place, block in enumerate(blocks):
        parts.append(_block(block, place, links))
        if progress and place % 200 == 0:
            progress(place, len(blocks))
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts).encode()


def _block(block: Block, place: int, links: list[tuple[str, str, str]]) -> str:
    if isinstance(block, Heading):
        count = f" ({_safe(block.count)})" if block.count else ""
        return f'<h{block.level} id="s{place}">{_safe(block.text)}{count}</h{block.level}>\n'
    if isinstance(block, Para):
        tone = f' class="{block.tone}"' if block.tone else ""
        return f'<p{tone} dir="auto">{_safe(block.text)}</p>\n'
    return _figure(block) if isinstance(block, Picture | Blank) else _words(block, links)


def _words(block: Block, links: list[tuple[str, str, str]]) -> str:
    if isinstance(block, Said):
        label = '<p class="muted">In the child’s own words:</p>'
        return f'{label}\n<blockquote><p dir="auto">{_safe(block.text)}</p></blockquote>\n'
    if isinstance(block, Facts):
        rows = "".join(f'<dt>{_safe(label)}</dt><dd dir="auto">{_safe(text)}</dd>\n' for label, text in block.pairs)
        return f"<dl>\n{rows}</dl>\n"
    assert isinstance(block, Contents)
    rows = "".join(
        f'<li><a href="#{anchor}">{_safe(text)}</a>{f", {_safe(count)}" if count else ""}</li>\n'
        for anchor, text, count in links
    )
    return f'<nav aria-labelledby="contents">\n<h2 id="contents">Contents</h2>\n<ol>\n{rows}</ol>\n</nav>\n'


def _figure(block: Picture | Blank) -> str:
    if isinstance(block, Picture):
        figure = _safe("\n".join(block.lines))
        return f'<figure role="img" aria-label="{_safe(block.words)}"><pre aria-hidden="true">{figure}</pre></figure>\n'
    return f"<p>{_safe(block.label)}</p>\n" + '<div class="blank"></div>\n' * block.lines
