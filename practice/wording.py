"""The wording coach: what a text says vaguely, blamingly or in initials, each with the question to ask (practice: §9).

Prompts, never blocks. The list is data with a source for each row (`data/wording.toml`); a school adds rows and
silences others. What stands in quotation marks is somebody's own words, and is never found.
"""

from __future__ import annotations

import bisect
import itertools
import re
import tomllib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from practice.quoted import paragraphs, quoted_spans

_WORD = re.compile(r"[^\W_]+(?:['\u2019\-\u2010\u2011][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?\u2026]+[\s\"'\u2019\u201d)]*\s|\n\s*\n|\n(?=\s*[-*\u2022])")
_FIGURES = frozenset(
    {"once", "twice", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "daily", "weekly"}
)
_MOSTLY_CAPITALS = 0.6
_WINDOW = 40
"""How many words of a sentence are looked at on either side, so that a text without full stops costs no more."""
_SHORTLY = 5
_STEP_WORDS = 500
_STEP_LOOKS = 100
_STEP_PLACED = 1000
"""After how many words read and looked at, and findings placed, others get a turn: a millisecond or so."""

Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work that is done step by step, and what comes of it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """One thing to find: its phrases, what keeps it from being found, and the question.

    `unless` are words that excuse it and `near` words of which one must be there, both in the same sentence; `after`
    are words that excuse it shortly before it; `unless_figure` excuses it where the sentence holds a figure.
    """

    id: str
    find: tuple[str, ...]
    question: str
    offer: str = ""
    source: str = ""
    unless: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    unless_figure: bool = False


class Initials(_Part):
    """How initials are treated: which need no words, and what the known ones stand for."""

    id: str
    question: str
    source: str
    known: frozenset[str]
    expansions: dict[str, str]


class WholeRow(_Part):
    """A question about the whole text: asked where none of these signs stands in it."""

    id: str
    signs: tuple[str, ...]
    question: str
    source: str
    voice: bool = False


class Whole(_Part):
    """The questions about the whole text, and how many words it must have before they are asked."""

    least_words: int
    rows: tuple[WholeRow, ...]


class About(_Part):
    """What the list is, its edition, and whether its wording waits for confirmation."""

    title: str
    edition: str
    confirm: bool


class WordingList(_Part):
    """The whole list as it is shipped."""

    about: About
    sources: dict[str, str]
    rows: tuple[Row, ...]
    initials: Initials
    whole: Whole

    def source_of(self, name: str) -> str:
        """Return the title behind a row's source; a school's own source stands as it is."""
        return self.sources.get(name, name)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `start` and `end` in Unicode characters of the text, the rule's id, and the question to ask.

    A question about the whole text (`whole`) holds one character at its end that no other finding holds.
    """

    start: int
    end: int
    text: str
    rule: str
    question: str
    whole: bool = False


class SchoolRows(BaseModel):
    """What a school changed in the list: rows of its own, and the ids of rows that it silences."""

    model_config = ConfigDict(frozen=True)
    added: tuple[Row, ...] = ()
    silenced: frozenset[str] = Field(default=frozenset())


@lru_cache
def shipped() -> WordingList:
    """Return the list that comes with the program."""
    text = files("practice").joinpath("data/wording.toml").read_text(encoding="utf-8")
    return WordingList.model_validate(tomllib.loads(text))


def rule_ids() -> list[str]:
    """Return the id of every shipped rule, each once, in the order of the list."""
    listed = shipped()
    rows = [*(row.id for row in listed.rows), listed.initials.id, *(row.id for row in listed.whole.rows)]
    return list(dict.fromkeys(rows))


@dataclass(frozen=True)
class _Word:
    """A word of the text: where it stands, as it is written, and for comparing."""

    start: int
    end: int
    text: str
    folded: str


def _fold(word: str) -> str:
    return word.casefold().replace("\u2019", "'").replace("\u2010", "-").replace("\u2011", "-")


def _words(text: str) -> Steps[list[_Word]]:
    words: list[_Word] = []
    for found in _WORD.finditer(text):
        words.append(_Word(found.start(), found.end(), found[0], _fold(found[0])))
        if len(words) % _STEP_WORDS == 0:
            yield
    return words


@dataclass(frozen=True)
class _Paragraph:
    """What was found in one paragraph, places counted from its start.

    `words` is how many words of it nobody is quoted with, and `signs` the whole-text rules of which one says something.
    """

    findings: tuple[Finding, ...]
    words: int
    signs: frozenset[str]
    quoted: bool

    def standing(self, start: int) -> list[Finding]:
        """Return what was found, places counted from the start of the text."""
        return [
            Finding(each.start + start, each.end + start, each.text, each.rule, each.question) for each in self.findings
        ]


@dataclass(frozen=True)
class _Phrase:
    words: tuple[str, ...]
    capitals: bool
    row: Row


@dataclass
class Coach:
    """The list as one school has it, ready to be asked; `check` is pure and costs a pass over the text."""

    school: SchoolRows = field(default_factory=SchoolRows)

    def __post_init__(self) -> None:
        listed = shipped()
        self._initials = listed.initials if listed.initials.id not in self.school.silenced else None
        self._phrases: dict[str, list[_Phrase]] = {}
        for row in (*self.school.added, *listed.rows):
            if row.id not in self.school.silenced:
                self._take(row)
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase.words))

    def _take(self, row: Row) -> None:
        for phrase in row.find:
            words = tuple(found[0] for found in _WORD.finditer(phrase))
            if words:
                capitals = any(len(word) > 1 and word.isupper() for word in words)
                folded = tuple(_fold(word) for word in words)
                self._phrases.setdefault(folded[0], []).append(_Phrase(words if capitals else folded, capitals, row))

    def check(self, text: str, *, childs_words: str = "") -> list[Finding]:
        """Return what is found, in the order of the text, no two overlapping.

        `childs_words` is what the child's own field holds: where it holds something the child's voice is there.
        """
        return finished(Reading(self).steps(text, childs_words=childs_words))

    def paragraph(self, text: str) -> Steps[_Paragraph]:
        """Look at one paragraph in small steps."""
        quoted = quoted_spans(text)
        yield
        words = yield from _words(text)
        read = _Text(text, _outside(words, quoted))
        findings: list[Finding] = []
        at, turn = 0, _STEP_LOOKS
        while at < len(read.words):
            length, finding = self._at(read, at)
            if finding is not None:
                findings.append(finding)
            at += length
            if at >= turn:
                turn += _STEP_LOOKS
                yield
        plain = f" {' '.join(word.folded for word in read.words)} "
        signs = frozenset(row.id for row in shipped().whole.rows if _any_in(row.signs, plain))
        return _Paragraph(tuple(findings), len(read.words), signs, bool(quoted))

    def _at(self, read: _Text, at: int) -> tuple[int, Finding | None]:
        """Return how many words are dealt with at this place, and what is found there."""
        for phrase in self._phrases.get(read.words[at].folded, ()):
            count = len(phrase.words)
            run = read.words[at : at + count]
            written = tuple(word.text if phrase.capitals else word.folded for word in run)
            if written == phrase.words and read.unbroken(run) and not _excused(read, at, count, phrase.row):
                return count, read.finding(run[0].start, run[-1].end, phrase.row.id, phrase.row.question)
        word = read.words[at]
        name = _initials(word.text, self._initials) if self._initials else ""
        if self._initials and name and not read.shouted(at):
            stands_for = self._initials.expansions.get(name, "")
            question = f"Write it out: {stands_for}." if stands_for else self._initials.question
            return 1, read.finding(word.start, word.end, self._initials.id, question)
        return 1, None

    def whole(self, text: str, parts: Sequence[_Paragraph], findings: Sequence[Finding], voice: bool) -> list[Finding]:
        """Return the questions about the whole text."""
        whole = shipped().whole
        if sum(part.words for part in parts) < whole.least_words:
            return []
        signs = frozenset[str]().union(*(part.signs for part in parts))
        free = _free_at_end(text, findings)
        asked = []
        for row in whole.rows:
            there = (row.voice and voice) or row.id in signs
            if row.id not in self.school.silenced and not there and (place := next(free, -1)) >= 0:
                asked.append(Finding(place, place + 1, text[place], row.id, row.question, whole=True))
        return asked


class Reading:
    """One text while it is written: a paragraph that stands as it stood is not looked at again."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach
        self._known: dict[str, _Paragraph] = {}
        self._stood: dict[int, tuple[_Paragraph, list[Finding]]] = {}
        """By where a paragraph begins: what was found there, placed in the text."""

    def steps(self, text: str, *, childs_words: str = "") -> Steps[list[Finding]]:
        """Return what `Coach.check` returns, in steps of a millisecond or so between which others get a turn.

        A look that is left half-way keeps nothing.
        """
        known: dict[str, _Paragraph] = {}
        stood: dict[int, tuple[_Paragraph, list[Finding]]] = {}
        parts: list[_Paragraph] = []
        findings: list[Finding] = []
        turn = _STEP_PLACED
        for start, end in paragraphs(text):
            of_part = text[start:end]
            if (part := known.get(of_part) or self._known.get(of_part)) is None:
                part = yield from self._coach.paragraph(of_part)
                yield
            known[of_part] = part
            parts.append(part)
            placed = self._stood.get(start)
            if placed is None or placed[0] is not part:
                placed = part, part.standing(start)
            stood[start] = placed
            findings += placed[1]
            if len(findings) >= turn:
                turn += _STEP_PLACED
                yield
        voice = bool(childs_words.strip()) or any(part.quoted for part in parts)
        asked = self._coach.whole(text, parts, findings, voice)
        self._known, self._stood = known, stood
        return sorted(findings + asked, key=lambda finding: finding.start)


def finished(steps: Steps[Result]) -> Result:
    """Go every step at once and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return cast("Result", done.value)


def _excused(read: _Text, at: int, count: int, row: Row) -> bool:
    """Say whether the sentence around these words answers the question already."""
    if row.after and _any_in(row.after, read.around(at, count, before=_SHORTLY, after=0)):
        return True
    if not (row.unless or row.near or row.unless_figure):
        return False
    sentence = read.around(at, count, before=_WINDOW, after=_WINDOW)
    if row.near and not _any_in(row.near, sentence):
        return True
    if row.unless_figure and (any(map(str.isdigit, sentence)) or _any_in(_FIGURES, sentence)):
        return True
    return _any_in(row.unless, sentence)


def _any_in(words: Iterable[str], folded: str) -> bool:
    return any(f" {word} " in folded for word in words)


def _initials(word: str, initials: Initials) -> str:
    """Return the initials that a word is, without a plural's or a possessive's s; blank where it is none."""
    name = re.sub(r"['\u2019]?s$", "", word)
    if name in initials.expansions:
        return name
    return name if name.isalpha() and name.isupper() and 2 <= len(name) <= 6 and name not in initials.known else ""


def _outside(words: Iterable[_Word], quoted: Sequence[tuple[int, int]]) -> list[_Word]:
    """Return the words that no quotation holds."""
    starts = [begun for begun, _ in quoted]
    kept = []
    for word in words:
        place = bisect.bisect_right(starts, word.end - 1) - 1
        if place < 0 or quoted[place][1] <= word.start:
            kept.append(word)
    return kept


def _free_at_end(text: str, findings: Sequence[Finding]) -> Iterator[int]:
    """Yield places from the end of the text that hold something and belong to no finding."""
    left = list(findings)
    for place in range(len(text) - 1, -1, -1):
        while left and left[-1].start > place:
            left.pop()
        if not text[place].isspace() and not (left and left[-1].start <= place < left[-1].end):
            yield place


class _Text:
    """A text with the words that may be looked at, and the sentences around them."""

    def __init__(self, text: str, words: list[_Word]) -> None:
        self.text = text
        self.words = words
        ends = [found.end() for found in _SENTENCE_END.finditer(text)]
        self._sentence = [bisect.bisect_right(ends, word.start) for word in words]

    def around(self, at: int, count: int, *, before: int, after: int) -> str:
        """Return the sentence's words around a run of them, folded, a space on either side of each."""
        mine = self._sentence[at]
        near = range(max(at - before, 0), min(at + count + after, len(self.words)))
        return f" {' '.join(self.words[place].folded for place in near if self._sentence[place] == mine)} "

    def unbroken(self, run: Sequence[_Word]) -> bool:
        """Say whether only blanks stand between these words: no full stop, no quotation."""
        return all(self.text[one.end : two.start].isspace() for one, two in itertools.pairwise(run))

    def shouted(self, at: int) -> bool:
        """Say whether the words around are all in capitals, so that these are no initials."""
        near = self.words[max(at - 5, 0) : at + 6]
        return len(near) > 3 and sum(word.text.isupper() for word in near) > _MOSTLY_CAPITALS * len(near)

    def finding(self, start: int, end: int, rule: str, question: str) -> Finding:
        """Return a finding at this place."""
        return Finding(start, end, self.text[start:end], rule, question)
