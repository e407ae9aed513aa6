"""Anonymised and named, both ways without loss, from one glossary for each child (R-64, R-75).

A name becomes its mask (`Kit` → `Child 1`, `mother` → `adult 1`, `Mother` → `Adult 1`, `KIT` → `CHILD 1`). How else a
name was written is kept in a code behind the mask, and what looked like a mask before is marked as it was, so that
naming an anonymised text gives exactly the text that it was made from. A mask that was given stays with its name: it is
never another's, and names an older copy also when the name is marked no longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from practice.errors import Refused
from practice.text import INVISIBLE
from practice.vocabulary import Coded

_ESCAPE = "\u2039=\u203a"
_BEFORE, _AFTER = rf"(?<![^\W{INVISIBLE}])", rf"(?![^\W{INVISIBLE}])"
"""The edges of a word as a reader sees it: some invisible characters count as letters."""
_BASE = "(?i:Child|Adult|Place|Reporter|Person) [0-9]{1,3}"
_MASK = re.compile(rf"{_BEFORE}{_BASE}(?:-[A-Za-z]{{1,2}})?{_AFTER}")
_ALONE = re.compile(rf"{_BEFORE}{_BASE}{_AFTER}")
_FORM = re.compile(rf"-[A-Za-z]{{1,2}}{_AFTER}")
_CODE = re.compile("\u2039((?:[01snt]|u[0-9a-f]{2,6}\\.)+)\u203a")
_MARKS = re.compile(r"[01snt]|u[0-9a-f]+")
_WHOLE_MASK = re.compile(r"(?:Child|Adult|Place|Reporter|Person) [1-9][0-9]{0,2}(?:-[b-z][a-z]?)?")
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_BLANKS = {" ": "s", "\n": "n", "\t": "t"}
_BACK = {code: blank for blank, code in _BLANKS.items()}
_APOSTROPHES = {"'": "\u2019", "\u2019": "'"}


_WORDS_TOO = frozenset(
    {"will", "grace", "may", "june", "april", "rose", "mark", "hope", "joy", "faith", "jack", "bill", "drew", "heath"}
    | {
        "art",
        "pat",
        "rob",
        "sue",
        "guy",
        "frank",
        "dean",
        "max",
        "miles",
        "chase",
        "hunter",
        "sky",
        "star",
        "amber",
        "king",
    }
    | {
        "ruby",
        "pearl",
        "lily",
        "ivy",
        "daisy",
        "young",
        "little",
        "long",
        "short",
        "brown",
        "white",
        "black",
        "green",
        "gray",
    }
    | {
        "wood",
        "field",
        "hill",
        "banks",
        "rivers",
        "stone",
        "day",
        "church",
        "cook",
        "baker",
        "page",
        "price",
        "moody",
        "love",
    }
)
"""Names that are words too: found only with their first letter as in the glossary."""


class TermKind(Coded):
    """Who or what a name stands for; the first word of its mask."""

    CHILD = "Child", "A child"
    ADULT = "Adult", "An adult of the family or network"
    PERSON = "Person", "Somebody else: a third party"
    REPORTER = "Reporter", "Whoever reported it and could be harmed if known"
    PLACE = "Place", "An address or another place"


SOMEBODY = "a member of staff"
"""Who wrote something, in an anonymised view."""
ALWAYS = frozenset({TermKind.REPORTER, TermKind.PLACE, TermKind.PERSON})
"""What is masked in every outward copy once it is marked (R-64)."""


@dataclass(frozen=True)
class Term:
    """A name and its mask; `always` says that it is masked in every outward copy."""

    name: str
    mask: str
    always: bool = False

    @property
    def kind(self) -> str:
        """Which kind of term it is."""
        return self.mask.partition(" ")[0]


@dataclass(frozen=True)
class Occurrence:
    """A place in a text where a name stands."""

    start: int
    end: int
    written: str
    mask: str


def check_term(name: str, mask: str) -> None:
    """Raise Refused for a name that cannot be masked and named again without loss, or a mask of no known form."""
    if not _WHOLE_MASK.fullmatch(mask):
        raise Refused(f"«{mask}» is no mask: write Child 2, Adult 1, Place 1, Reporter 1 or Person 1.")
    if sum(map(str.isalnum, name)) < 2 or name != " ".join(name.split()) or len(name) > 200:
        raise Refused("A name needs at least two letters or figures, on one line. Nothing was added.")
    if not (name[0].isalnum() and name[-1].isalnum()) or "\u2039" in name:
        raise Refused("A name begins and ends with a letter or figure. Nothing was added.")
    if name.casefold() in {kind.value.casefold() for kind in TermKind} or _MASK.search(name):
        raise Refused("That word is part of the masks themselves. Nothing was added.")


def next_mask(kind: str, taken: Iterable[str]) -> str:
    """Return the next free mask of a kind."""
    numbers = [int(base_of(mask).partition(" ")[2]) for mask in taken if mask.partition(" ")[0] == kind]
    return f"{kind} {max(numbers, default=0) + 1}"


def next_form(mask: str, taken: Iterable[str]) -> str:
    """Return the mask for one more name of the same person: `Adult 1` → `Adult 1-b`."""
    base = base_of(mask)
    forms = [each.partition("-")[2] or "a" for each in taken if base_of(each) == base]
    newest = max(forms, key=lambda form: (len(form), form), default="a")
    if newest[-1] != "z":
        return f"{base}-{newest[:-1]}{chr(ord(newest[-1]) + 1)}"
    return f"{base}-ba" if newest == "z" else f"{base}-{chr(ord(newest[0]) + 1)}a"


def base_of(mask: str) -> str:
    """Return the mask of the person without which of their names it stands for: `Adult 1-b` → `Adult 1`."""
    return mask.partition("-")[0]


def _other(character: str) -> str:
    """Return the other way in which a character of a name may be written, or itself."""
    if character in _APOSTROPHES:
        return _APOSTROPHES[character]
    swapped = character.swapcase()
    return swapped if len(swapped) == 1 and swapped != character and swapped.swapcase() == character else character


def _pattern(name: str, *, unseen: bool) -> str:
    """Return the pattern of a name; in a text that holds something invisible it may stand anywhere in the name."""
    parts = []
    word = name.casefold() in _WORDS_TOO
    for place, character in enumerate(name):
        if word and place == 0:
            parts.append(re.escape(character))  # `will` is a verb where Will is a child
            continue
        if character == " ":
            parts.append(rf"[ \n\t{INVISIBLE}]+" if unseen else r"[ \n\t]+")
            continue
        other = _other(character)
        parts.append(re.escape(character) if other == character else f"[{re.escape(character)}{re.escape(other)}]")
    return (f"[{INVISIBLE}]*" if unseen else "").join(parts)


def _styles(term: Term) -> dict[str, str]:
    """Return how the name may be written without a code → the mask that says so; the first of two equal ones wins."""
    name, mask = term.name, term.mask
    first = (name, mask.lower() if name.islower() else mask)
    pairs = [first, (name.lower(), mask.lower()), (name.upper(), mask.upper()), (_title(name), mask)]
    found: dict[str, str] = {}
    for written, masked in pairs:
        if written not in found and masked not in found.values() and _like(name, written):
            found[written] = masked
    return found


def _title(name: str) -> str:
    return name[:1].upper() + name[1:].lower()


def _like(name: str, written: str) -> bool:
    """Say whether the pattern of the name finds this writing of it."""
    return len(name) == len(written) and all(b in (a, _other(a)) for a, b in zip(name, written, strict=True))


class Glossary:
    """The names of one child's record and their masks; `former` ones are masked no longer, and can still be named."""

    def __init__(self, terms: Iterable[Term], former: Iterable[Term] = ()) -> None:
        self.terms, self.former = tuple(terms), tuple(former)
        self._by_mask: dict[str, tuple[Term, str]] = {}
        self._styles: dict[Term, dict[str, str]] = {}
        for term in (*self.terms, *self.former):
            self._styles[term] = _styles(term)
            for written, masked in self._styles[term].items():
                self._by_mask.setdefault(masked, (term, written))

    def _found(self, text: str) -> Iterator[tuple[re.Match[str], Term | None]]:
        for found in (self._finder if _UNSEEN.search(text) is None else self._finder_unseen).finditer(text):
            name = found.lastgroup or ""
            yield found, self.terms[int(name[1:])] if name[:1] == "t" else None

    @cached_property
    def _finder(self) -> re.Pattern[str]:
        return self._finding(r"(?<!\w)", r"(?!\w)", unseen=False)

    @cached_property
    def _finder_unseen(self) -> re.Pattern[str]:
        return self._finding(_BEFORE, _AFTER, unseen=True)

    def _finding(self, before: str, after: str, *, unseen: bool) -> re.Pattern[str]:
        ordered = sorted(range(len(self.terms)), key=lambda place: -len(self.terms[place].name))
        patterns = {place: _pattern(self.terms[place].name, unseen=unseen) for place in ordered}
        groups = [f"(?P<t{place}>{before}{pattern}{after})" for place, pattern in patterns.items()]
        return re.compile("|".join([*groups, f"(?P<mask>{_MASK.pattern})", "(?P<mark>\u2039)"]))

    def occurrences(self, text: str) -> list[Occurrence]:
        """Return every place where a name stands, in the order of the text."""
        return [
            Occurrence(found.start(), found.end(), found[0], term.mask)
            for found, term in self._found(text)
            if term is not None
        ]

    def anonymise(self, text: str) -> str:
        """Return the text with every name masked."""
        return self.masked(text)[0]

    def masked(self, text: str) -> tuple[str, int]:
        """Return the text with every name masked, and in how many places."""
        parts, at, count = [], 0, 0
        for found, term in self._found(text):
            count += term is not None
            parts.append(text[at : found.start()])
            plain = not _FORM.match(text, found.end())  # `Kit-b` is no other name of Kit's
            parts.append(_ESCAPE + found[0] if term is None else self._masked(term, found[0], plain=plain))
            at = found.end()
        return "".join([*parts, text[at:]]), count

    def _masked(self, term: Term, written: str, *, plain: bool) -> str:
        styles = self._styles[term]
        if plain and written in styles:
            return styles[written]
        return f"{styles[term.name]}\u2039{_code(term.name, written)}\u203a"

    def named(self, text: str) -> str:
        """Return an anonymised text with every mask named again: the exact text that it was made from."""
        parts, at = [], 0
        while at < len(text):
            if text.startswith(_ESCAPE, at):
                at += len(_ESCAPE)
                found = _MASK.match(text, at)
                end = found.end() if found else at + 1
                parts.append(text[at:end])
                at = end
            elif found := self._mask_at(text, at):
                term, written = self._by_mask[found[0]]
                code = _CODE.match(text, found.end())
                parts.append(_decoded(term.name, code[1]) if code else written)
                at = code.end() if code else found.end()
            else:
                parts.append(text[at])
                at += 1
        return "".join(parts)

    def _mask_at(self, text: str, at: int) -> re.Match[str] | None:
        """Return the mask of a name that stands here; what looks like a form of it may be the text that came after."""
        for pattern in (_MASK, _ALONE):
            if (found := pattern.match(text, at)) and found[0] in self._by_mask:
                return found
        return None

    def outward(self) -> Glossary:
        """Return what is masked in every outward copy: reporters, addresses, third parties (R-64)."""
        return Glossary(term for term in self.terms if term.always)


def _code(name: str, written: str) -> str:
    """Return how a name was written, letter by letter: 0 as in the glossary, 1 the other way, the rest as it stands."""
    code, letters = [], name.replace(" ", "")
    at = 0
    for character in written:
        if character in _BLANKS:
            code.append(_BLANKS[character])
        elif _UNSEEN.match(character) and letters[at : at + 1] != character:
            code.append(f"u{ord(character):x}.")
        else:
            code.append("0" if letters[at] == character else "1")
            at += 1
    return "".join(code)


def _decoded(name: str, code: str) -> str:
    written, letters = [], iter(name.replace(" ", ""))
    for mark in _MARKS.findall(code):
        if mark in _BACK:
            written.append(_BACK[mark])
        elif mark[0] == "u":
            written.append(chr(int(mark[1:], 16)) if int(mark[1:], 16) <= 0x10FFFF else "")
        else:
            letter = next(letters, "")
            written.append(letter if mark == "0" else _other(letter) if letter else "")
    return "".join(written)


def masks_in(text: str) -> list[str]:
    """Return the masks that stand in an outward text, each once, in their order."""
    return list(dict.fromkeys(found[0] for found in _MASK.finditer(text)))


_CAPITAL = re.compile(r"(?<![.!?\u201c\"\u2018:]\s)(?<!^)(?<!\n)\b[A-Z][\w\u2019'-]+(?:\s[A-Z][\w\u2019'-]+)*")
_NO_NAME = frozenset(
    re.findall(
        r"\w+",
        "I The A An He She They We It His Her Mum Dad Mr Mrs Ms Miss Dr Monday Tuesday Wednesday Thursday Friday "
        "Saturday Sunday January February March April May June July August September October November December Year "
        "Class PE RE English Maths Science School Police Health Social Care Operation Encompass DSL GP NHS OK TV",
    )
)


def maybe_names(text: str, glossary: Glossary) -> list[Occurrence]:
    """Return words that look like names and are not in the glossary, so that nothing is left named unseen."""
    known = [(each.start, each.end) for each in glossary.occurrences(text)]

    def free(start: int, end: int) -> bool:
        return not any(begun < end and start < ended for begun, ended in known)

    found = []
    for each in _CAPITAL.finditer(text):
        spans = [each.span()]
        if not free(*each.span()):  # beside a name that is known another may stand
            spans = [(each.start() + word.start(), each.start() + word.end()) for word in re.finditer(r"\S+", each[0])]
        for start, end in spans:
            word = text[start:end]
            if free(start, end) and word not in _NO_NAME and not word.isupper():
                found.append(Occurrence(start, end, word, ""))
    return found
