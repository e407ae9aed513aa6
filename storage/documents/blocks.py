"""A copy as a run of blocks that read the same on paper and on a page: headings, paragraphs, facts, spoken words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from practice.body_words import map_words, mark_words
from practice.dates import day_words, in_words, time_words
from practice.front_sheet import FrontSection, read_out
from practice.initials import written_out
from practice.text import visible
from practice.vocabulary import (
    ConcernCategory,
    Decision,
    EntryKind,
    HowKnown,
    Impact,
    ReviewStatus,
    ShareState,
    Significance,
    Told,
    label_of,
)
from storage.desk.body_maps import AGES, picture, picture_of_all
from storage.documents.gather import KINDS, Copy, EntryCopy
from storage.views.body_maps import BodyMap
from storage.views.front_sheet import FrontLine

HERE = "this organisation"
BRACKETS = (
    "Words in square brackets behind initials were added by the program; everything else stands as it was written."
)


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 4; those of level 1 and 2 stand in the contents list, with `count` beside them."""

    level: int
    text: str
    count: str = ""


@dataclass(frozen=True)
class Para:
    """A paragraph; its line breaks are kept. `tone` is blank, `muted` or `warn` (which also says so in words)."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Said:
    """A child's own words, as they said them."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Labels with what they say."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Contents:
    """Where the contents list stands."""


@dataclass(frozen=True)
class Picture:
    """A figure of characters, each in a cell of its own; `words` says all that it shows."""

    lines: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Blank:
    """A label and room to write by hand (R-77)."""

    label: str
    lines: int


Block = Heading | Para | Said | Facts | Contents | Picture | Blank


def blocks_of(made: Copy) -> list[Block]:
    """Return the whole copy in the order in which it is read; initials are written out (R-111)."""
    used: dict[str, str] = {}
    body = list(_body(made, used))
    return [*_head(made), *body, *_foot(made, used)]


def newest_entries(made: Copy, limit: int) -> list[Block]:
    """Return what is to be read first of a child and the newest entries of a copy, as they stand in any copy."""
    used: dict[str, str] = {}
    today = made.made_at.astimezone().date()
    found: list[Block] = [Para(f"Read first. {each}", "warn") for each in read_out(made.front.lines, today)]
    before = max(len(made.entries) - limit, 0)
    if before:
        found.append(Para(f"The newest {limit} of {len(made.entries)} entries.", "muted"))
    for number, entry in enumerate(made.entries[before:], start=before + 1):
        found += _entry(entry, number, used, made)
    return found if made.entries else [*found, Para("Nothing is recorded yet.")]


def facts(*pairs: tuple[str, str]) -> list[Block]:
    """Return the pairs that say something, as one block, or none."""
    kept = tuple((label, visible(text)) for label, text in pairs if text.strip())
    return [Facts(kept)] if kept else []


def _head(made: Copy) -> Iterator[Block]:
    child = made.child
    yield Heading(1, f"{KINDS[made.wanted.what]} of {visible(child.name)}")
    legal = child.legal_name if child.legal_name != child.name else ""
    born = day_words(child.date_of_birth) if child.date_of_birth else "not known"
    local = made.made_at.astimezone()
    yield from facts(
        ("Child", child.name),
        ("Legally", legal),
        ("Date of birth", born),
        ("Unique pupil number", child.upn),
        ("Year and class", ", ".join(each for each in (child.year_group, child.reg_group) if each)),
        ("Held by", made.school),
        ("Copied", f"{day_words(local.date())}, {time_words(local)}, by {made.made_by}"),
        ("Entries", str(len(made.entries)) if made.wanted.what != "front_sheet" else ""),
        ("SHA-256 of the content", " ".join(made.digest[at : at + 16] for at in range(0, 64, 16))),
    )
    for sentence in read_out(made.front.lines, local.date()):
        yield Para(f"Read first. {sentence}", "warn")
    for sentence in made.cautions:
        yield Para(f"Caution. {visible(sentence)}", "warn")
    yield Contents()
    if made.left_out:
        yield Heading(2, "What was left out")
        for sentence in made.left_out:
            yield Para(visible(sentence))


def _body(made: Copy, used: dict[str, str]) -> Iterator[Block]:
    if made.wanted.what != "chronology":
        yield from _front(made)
    if made.wanted.what == "front_sheet":
        return
    counts: dict[str, int] = {}
    for entry in made.entries:
        counts[_year(entry)] = counts.get(_year(entry), 0) + 1
    year = ""
    for number, entry in enumerate(made.entries, start=1):
        if _year(entry) != year:
            year = _year(entry)
            yield Heading(2, year, _entries(counts[year]))
        yield from _entry(entry, number, used, made)
        if made.wanted.what == "supervision":
            yield Blank("Reflection", 3)
            yield Blank("Agreed, by whom and when", 2)
    yield from _overlay(made.entries)
    if not made.entries:
        yield Heading(2, "Entries")
        yield Para("There is no entry in this copy.")


def _entries(count: int) -> str:
    return f"{count} entr{'ies' if count != 1 else 'y'}"


def _year(entry: EntryCopy) -> str:
    start = entry.row.occurred.start
    return start[:4] if start else "Not dated"


def _front(made: Copy) -> Iterator[Block]:
    yield Heading(2, "Front sheet", f"{len(made.front.lines)} line{'s' if len(made.front.lines) != 1 else ''}")
    opened = day_words(made.front.opened) if made.front.opened else ""
    yield from facts(("Record opened", opened))
    section = ""
    for line in made.front.lines:
        if line.section != section:
            section = line.section
            yield Heading(3, label_of(FrontSection, section))
        yield from _line(line, made.made_at.astimezone().date())
    if made.front.statuses:
        yield Heading(3, "Review status")
        said = [
            f"{label_of(ReviewStatus, each.status)}, set {day_words(each.set_on)}, {visible(each.by)}"
            for each in made.front.statuses
        ]
        yield Para("\n".join(said))


def _line(line: FrontLine, today: date) -> Iterator[Block]:
    until = day_words(line.until) if line.until else ""
    if line.until and line.until < today:
        until += " (that day has passed: ask whether it still holds)"
    yield Para(" · ".join(visible(each) for each in (line.name, line.role) if each) or "Not named")
    yield from facts(
        ("Agency", line.agency),
        ("Contact", line.contact),
        ("Why, or what it says", line.words),
        ("From", day_words(line.since) if line.since else ""),
        ("Until", until),
        ("Written", f"{day_words(line.recorded_at.astimezone().date())}, by {line.by}"),
    )


def _entry(entry: EntryCopy, number: int, used: dict[str, str], made: Copy) -> Iterator[Block]:
    row, whole = entry.row, made.wanted.what == "record"

    def out(text: str) -> str:
        return written_out(visible(text), used)

    categories = ", ".join(label_of(ConcernCategory, code) for code in (row.category, *row.further_categories) if code)
    kind = label_of(EntryKind, row.kind)
    yield Heading(3, f"{number}. {in_words(row.occurred)}: {kind}{f', {categories}' if categories else ''}")
    yield Para(out(row.text))
    if row.childs_words:
        yield Said(visible(row.childs_words))
    recorded = row.recorded_at.astimezone()
    late = f", {row.days_late} days after" if row.days_late > 1 else ""
    source = source_words(entry, made.school)
    written = row.occurred.text if row.occurred.text and row.occurred.text not in in_words(row.occurred) else ""
    yield from facts(
        ("Source", out(source)),
        ("When, as written", written),
        ("Recorded", f"{day_words(recorded.date())}, {time_words(recorded)}{late}, by {row.recorded_by}"),
        ("Significance", label_of(Significance, row.significance)),
        ("Impact on the child", label_of(Impact, row.impact)),
        ("Action taken", out(row.action)),
        ("Outcome", out(row.outcome)),
        ("Decision", "" if whole else label_of(Decision, row.decision)),
        ("Shared", "; ".join(f"{partner}: {label_of(ShareState, state).lower()}" for partner, state in entry.shares)),
    )
    for each in entry.maps:
        yield from _map(each)
    if whole:
        yield from _concern(entry, out)


def _map(each: BodyMap) -> Iterator[Block]:
    """A body map: the figure, and the words of every mark, which alone rebuild it (R-09)."""
    drawn = each.recorded_at.astimezone()
    yield Heading(4, "Body map")
    words = map_words(each.marks)
    yield Picture(tuple(picture(each)), "A figure, front and back, with the marks that are told below.")
    yield from facts(
        ("Drawn by", ", ".join(part for part in (each.by, each.role) if part)),
        ("Drawn", f"{day_words(drawn.date())}, {time_words(drawn)}"),
        ("Looked at", each.seen_at),
    )
    for sentence in words:
        yield Para(sentence)


def _overlay(entries: Sequence[EntryCopy]) -> Iterator[Block]:
    """The maps of several entries over each other, the newest on top, and each one's marks in words again (R-09)."""
    drawn = [(number, each) for number, entry in enumerate(entries, start=1) for each in entry.maps]
    if len(drawn) < 2:
        return
    yield Heading(2, "Body maps laid over each other", f"{len(drawn)} maps")
    newest, before, older = AGES
    said = f"{newest} the newest, {before} the one before, {older} older."
    yield Picture(tuple(picture_of_all([each for _, each in drawn])), f"A figure, front and back, {said}")
    yield Para(said[0].upper() + said[1:], "muted")
    for age, (number, each) in enumerate(reversed(drawn)):
        words = " ".join(mark_words(mark) for mark in each.marks) or "No mark was seen."
        yield Para(f"{AGES[min(age, len(AGES) - 1)]} {in_words(each.occurred)}, entry {number}: {words}")


def source_words(entry: EntryCopy, school: str) -> str:
    """Return from whom an entry comes, the school by its name: a copy is read elsewhere."""
    named = (school if each == HERE else each for each in (entry.row.source, entry.row.agency) if each)
    return ", ".join(dict.fromkeys(named))


def _concern(entry: EntryCopy, out: Callable[[str], str]) -> Iterator[Block]:
    concern = entry.concern
    if concern is not None:
        told = "; ".join(f"{each.name} {each.at}".strip() for each in concern.told)
        caller = concern.caller
        yield from facts(
            ("Where", out(concern.place)),
            ("Who saw it", concern.seen_by),
            ("How known", label_of(HowKnown, concern.how_known)),
            ("Caller", ", ".join(each for each in (caller.name, caller.role, caller.agency) if each) if caller else ""),
            ("Present", concern.present),
            ("Demeanour", out(concern.demeanour)),
            ("Questions asked", concern.questions_asked),
            ("Child told", label_of(Told, concern.child_told)),
            ("Parent told", label_of(Told, concern.parent_told)),
            ("Not told, because", out(concern.not_told_reason)),
            ("Who was told", told),
            ("Opinion", out(concern.opinion)),
            ("Its grounds, and whose", out(concern.opinion_grounds)),
            ("Original note kept", concern.original_kept),
        )
    for version in entry.versions[:-1] if len(entry.versions) > 1 else ():
        when = version.recorded_at.astimezone()
        yield Heading(4, f"Version {version.version}, {day_words(when.date())}, by {visible(version.recorded_by)}")
        yield Para(out(version.text))
        if version.childs_words:
            yield Said(visible(version.childs_words))
    for version in entry.versions[1:]:
        yield from facts((f"Version {version.version} was written because", out(version.reason)))
    for choice in entry.choices:
        chosen = f"{day_words(choice.at.astimezone().date())}, by {choice.by}"
        yield from facts(("Chosen for the chronology", chosen), ("Because", out(choice.reason)))
    for each in entry.decisions:
        old = " (superseded)" if each.superseded else ""
        decided = f"{label_of(Decision, each.decision)}{old}, {day_words(each.at.astimezone().date())}, by {each.by}"
        advice = each.advice or {}
        sought = ", ".join(advice[name] for name in ("name", "role", "at", "advice") if advice.get(name))
        yield from facts(
            ("Decision", decided),
            ("Reason", out(each.reason)),
            ("Due", day_words(each.due) if each.due else ""),
            ("Advice sought", out(sought)),
            ("Outcome", out(each.outcome)),
        )


def _foot(made: Copy, used: dict[str, str]) -> Iterator[Block]:
    if used:
        yield Heading(2, "Initials in this copy", str(len(used)))
        yield Para(BRACKETS, "muted")
        yield Facts(tuple(sorted(used.items())))
