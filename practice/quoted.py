"""Where a text quotes somebody: what stands between quotation marks of any kind is theirs, and nobody corrects it."""

from __future__ import annotations

import re

_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_OPENS_AFTER = " \t\r\n\u00a0([{<-\u2010\u2011\u2012\u2013\u2014\u2026:,;/"
_PAIRS = {"\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u201f": "\u201d", "\u00ab": "\u00bb", "\u2039": "\u203a"}
_NO_QUOTE = frozenset("cause cos em til till tis twas bout n round ere ello".split())  # noqa: SIM905
Span = tuple[int, int]


def quoted_spans(text: str) -> list[Span]:
    """Return the (start, end) of each quotation, marks included, in order and apart.

    A quotation that is never closed reaches to the end of its paragraph: rather too much is taken for somebody's own
    words than too little. An apostrophe is no quotation mark, nor is an inch mark behind a figure.
    """
    spans: list[Span] = []
    for start, end in paragraphs(text):
        part = text[start:end]
        double = _double(part)
        blanked = _blanked(part, double)
        spans += [(start + begun, start + ended) for begun, ended in _merged([*double, *_single(blanked)])]
    return spans


def paragraphs(text: str) -> list[Span]:
    """Return the (start, end) of each paragraph; the empty line before it is its own, so that nothing lies between."""
    ends = [*(found.start() for found in _PARAGRAPH.finditer(text)), len(text)]
    return list(zip([0, *ends], ends, strict=False))


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for begun, ended in sorted(spans):
        if merged and begun < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((begun, ended))
    return merged


def _blanked(text: str, spans: list[Span]) -> str:
    """Return the text with its quotations blanked, as long as before."""
    parts, at = [], 0
    for begun, ended in spans:
        parts += [text[at:begun], " " * (ended - begun)]
        at = ended
    return "".join([*parts, text[at:]])


def _opens(text: str, at: int) -> bool:
    """Say whether a mark at this place can begin a quotation: nothing but space or a bracket before, no space after."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return (not before or before in _OPENS_AFTER) and bool(after) and not after.isspace()


def _double(text: str) -> list[Span]:
    """Return the quotations in double marks, straight, curly or angled."""
    spans: list[Span] = []
    begun, closers = -1, ""
    for at, character in enumerate(text):
        if begun < 0:
            if character in _PAIRS:
                begun, closers = at, _PAIRS[character]
            elif character in '"\uff02' and (_opens(text, at) or not _closes(text, at)):
                begun, closers = at, '"\uff02'
        elif character in closers and not (character in '"\uff02' and _opens(text, at)):
            spans.append((begun, at + 1))
            begun = -1
    if begun >= 0:
        spans.append((begun, len(text)))
    return spans


def _closes(text: str, at: int) -> bool:
    """Say whether a straight mark stands behind something: the end of what began elsewhere, or inches."""
    return at > 0 and not text[at - 1].isspace()


def _single(text: str) -> list[Span]:
    """Return the quotations in single marks; double ones are blanked already."""
    spans: list[Span] = []
    taken = 0
    closers = [at for at, character in enumerate(text) if character in "'\u2019" and _may_close(text, at)]
    place = 0
    for at, character in enumerate(text):
        if at < taken or character not in "'\u2018\u201b" or not _opens(text, at) or _elides(text, at):
            continue
        while place < len(closers) and closers[place] <= at:
            place += 1
        end = len(text)
        if place < len(closers):
            place = _past_possessives(text, closers, place)
            end = closers[place] + 1
        spans.append((at, end))
        taken = end
    return spans


def _may_close(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return bool(before) and not before.isspace() and not after.isalnum()


def _past_possessives(text: str, closers: list[int], place: int) -> int:
    """Step over marks that may be a plural's (`the boys' coats`) while one follows that nothing else began."""
    while place + 1 < len(closers) and text[closers[place] - 1] in "sS" and text[closers[place] + 1 :][:1] == " ":
        between = range(closers[place] + 1, closers[place + 1])
        if any(text[at] in "'\u2018\u201b" and _opens(text, at) for at in between):
            break
        place += 1
    return place


def _elides(text: str, at: int) -> bool:
    """Say whether the mark only stands for letters left out: `'cause`, `'til`, `'90s`."""
    word = re.match(r"\w+", text[at + 1 : at + 12])
    return word is not None and (word[0].casefold() in _NO_QUOTE or bool(re.fullmatch(r"\d0s?", word[0])))
