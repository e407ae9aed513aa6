"""Another agency's chronology, row by row: what each cell is, and what must be stopped (R-70, R-74).

Every cell is kept as it was written, whatever is read from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from practice.dates import WHEN_LIMIT, Occurred, in_words, parse_when
from practice.vocabulary import Precision

Cell = tuple[str, str]
"""A header and what stands under it."""
KEPT = "kept"
"""The field of a column that is kept with the entry and read as nothing more."""
_MEANT = {
    "date": "date dateofevent eventdate dateofincident when occurred start startdate from",
    "until": "enddate end dateto to until",
    "time": "time timeofevent eventtime",
    "event": "event significantevent whathappened details detail description summary incident text entry narrative "
    "eventdetails descriptionofevent nature information contact",
    "childs_words": "childsvoice childvoice voiceofthechild childswords childsownwords wishesandfeelings voice "
    "childsaid whatthechildsaid",
    "action": "action actiontaken actions response whatwasdone intervention",
    "outcome": "outcome result outcomes",
    "place": "place location where",
    "who": "who recordedby author professional worker reportedby name",
}
FIELDS: dict[str, tuple[str, ...]] = {name: tuple(headers.split()) for name, headers in _MEANT.items()}
"""Each field, and the headers that mean it without case, spaces and punctuation."""
_LETTERS = re.compile(r"[0-9OolI]{1,4}([./-])[0-9OolI]{1,2}\1[0-9OolI]{1,4}")
_FIGURES = str.maketrans("OolI", "0011")
_DAY_NUMBER = re.compile(r"[3-5][0-9]{4}")
"""A day as a spreadsheet stores it, from 1982 to 2064: a column that was not formatted as dates shows it so."""
_DAY_NONE = date(1899, 12, 30)
_STAFF = (
    r"(?:class |form |head |supply |student |music |sports? )?teacher|teaching assistant|learning support assistant|"
    r"headteacher|deputy head|headmaster|headmistress|member of (?:the )?staff|staff member|school staff|"
    r"midday supervisor|lunchtime supervisor|caretaker|site manager|sports coach|football coach|coach|tutor|"
    r"school volunteer|governor|chaperone|taxi escort|minibus driver|T\.?A\.?|LSA|HLTA"
)
_DID = (
    r"hit|hits|hitting|slapped|slapping|smacked|kicked|punched|pushed|shoved|pulled|dragged|grabbed|grabbing|pinched|"
    r"restrained|shook|threw|shouted at|swore at|humiliated|threatened|touched|touching|kissed|hugged|groomed|"
    r"messaged|texted|phoned|photographed|filmed|followed|gave (?:him|her|them) (?:a lift|money|gifts|presents)|"
    r"met (?:him|her|them) outside|(?:was|is|has been) alone with|in a relationship with"
)
_HURT = rf"(?:{_DID}|abused|assaulted|hurt|harmed|injured)"
_WHICH = (
    r"(?:\s+(?:at|of|in|from)\s+(?:\w+\s+){0,2}?(?:school|academy|college|nursery|class|year \w+))?"
    r"(?:,?\s+(?:Mr|Mrs|Ms|Miss|Mx|Dr|Sir)\b\.?\s+[\w'’-]+,?)?"
)
"""What may stand between an adult on the staff and what they did: where they work, and their name."""
_SAID = r"(?:allegations?|complaints?|concerns?|disclosures?)"
_ABOUT_STAFF = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_STAFF})\b{_WHICH}(?:[^\w.!?]+\w+){{0,4}}?[^\w.!?]+(?:{_DID})\b",
        rf"\b(?:{_SAID}|alleged|alleges|reported|said)\s+that\s+(?:\w+\s+){{0,3}}?(?:{_STAFF})\b"
        rf"{_WHICH}(?:[^\w.!?]+\w+){{0,6}}?[^\w.!?]+{_HURT}\b",
        rf"\b{_HURT}\s+by\s+(?:\w+\s+){{0,4}}?(?:{_STAFF})\b",
        rf"\b{_SAID}\s+(?:\w+\s+){{0,3}}?(?:against|about|regarding)\s+(?:\w+\s+){{0,3}}?(?:{_STAFF})\b",
        r"\b(?:LADO|local authority designated officer|position of trust|low.level concern)\b",
    )
)
STOPPED = (
    "it looks as if it is about an adult who works with children here, so it was not taken into a child's record. "
    "If it is, it belongs in the adults' register alone"
)
POLICE = re.compile(r"\b(police|constabulary|met|cid|ppu|pvpu)\b", re.IGNORECASE)


def on_share_default(source: str) -> str:
    """Return whether material of a source may be shared on: the police's never, anybody else's when they are asked."""
    return "never" if POLICE.search(source) else "ask"


def about_staff(text: str) -> bool:
    """Say whether a text looks as if it were about what an adult on the staff did; a person decides."""
    return any(pattern.search(text) for pattern in _ABOUT_STAFF)


def fold_header(header: str) -> str:
    """Return a header without case, spaces and punctuation."""
    return "".join(character for character in header.casefold() if character.isalnum())


def field_of(header: str) -> str:
    """Return the field that a header means, or blank."""
    folded = fold_header(header)
    return next((field for field, names in FIELDS.items() if folded in names), "")


@dataclass(frozen=True)
class Prepared:
    """A row of another agency's chronology as it would be taken in; `notes` are what a person should look at."""

    line: int
    cells: tuple[Cell, ...]
    text: str
    childs_words: str
    occurred: Occurred
    action: str
    outcome: str
    place: str
    who: str
    notes: tuple[str, ...]
    stopped: bool

    @property
    def same(self) -> tuple[str | None, str | None, str]:
        """What two exact duplicates have in common: when, and every word."""
        return (self.occurred.start, self.occurred.end, " ".join(self.text.split()))


def prepare(line: int, cells: Sequence[Cell], fields: Mapping[str, int], now: datetime) -> Prepared:
    """Return a row read by its columns: `fields` gives the place of each field among the cells."""

    def cell(name: str) -> str:
        place = fields.get(name, -1)
        return cells[place][1] if 0 <= place < len(cells) else ""

    occurred, notes = _when(cell("date").strip(), cell("until").strip(), cell("time").strip(), now)
    apart = {fields.get(name) for name in ("date", "until", "time", "childs_words")}
    rest = [f"{header}: {value}" for at, (header, value) in enumerate(cells) if at not in apart and value.strip()]
    text = cell("event") if cell("event").strip() else "\n".join(rest)
    everything = "\n".join(value for _, value in cells)
    return Prepared(
        line=line,
        cells=tuple(cells),
        text=text,
        childs_words=cell("childs_words"),
        occurred=occurred,
        action=cell("action"),
        outcome=cell("outcome"),
        place=" ".join(cell("place").split())[:400],
        who=" ".join(cell("who").split())[:400],
        notes=notes,
        stopped=about_staff(everything),
    )


def _when(first: str, last: str, clock: str, now: datetime) -> tuple[Occurred, tuple[str, ...]]:
    """Return when it happened: the date as it was written, joined with an end or a time where the row has one."""
    if not first:
        return Occurred(text="", precision=Precision.UNKNOWN), ("it has no date",)
    occurred = _read(first, last, clock, now)
    if occurred.start is None and (mended := _mended(first)):
        found = _read(mended, _mended(last) or last, clock, now)
        if found.start is not None:
            note = f"Repaired: read as {in_words(found)}."
            occurred = found.model_copy(update={"text": occurred.text, "note": note})
    notes = [f"«{first[:60]}»: {occurred.note}"] if occurred.note else []
    return occurred, tuple(notes)


def _read(first: str, last: str, clock: str, now: datetime) -> Occurred:
    written = f"{first} to {last}" if last and last != first else f"{first} {clock}".strip()
    occurred = parse_when(written[:WHEN_LIMIT], now)
    if occurred.start is None and written != first:
        occurred = parse_when(first[:WHEN_LIMIT], now)
    return occurred


def _mended(text: str) -> str:
    """Return a date whose letters stand for figures, or a sheet's number of a day, as a date; blank for any other."""
    if _LETTERS.fullmatch(text) and not text.replace("/", "").replace("-", "").replace(".", "").isdigit():
        return text.translate(_FIGURES)
    if _DAY_NUMBER.fullmatch(text):
        return (_DAY_NONE + timedelta(days=int(text))).isoformat()
    return ""
