"""The governors' termly report: counts without names, no cell under five, and none to be had by subtraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.dates import day_words
from practice.small_numbers import LEAST, Table, without_small
from practice.text import year_words
from practice.vocabulary import ConcernCategory, ReviewStatus, label_of
from storage.documents.blocks import Block, Facts, Heading, Para
from storage.documents.pages import Page
from storage.types import from_utc_text, utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

KINDS = "('concern', 'operation_encompass')"
MONTHS = "By month"
NOBODY = "Fewer than five in all: nothing is published."


@dataclass(frozen=True)
class Governors:
    """What is published of a term: each table's heading and lines."""

    start: date
    end: date
    tables: tuple[tuple[str, Table], ...]


def term_of(vault: Vault, on: date) -> tuple[date, date]:
    """Return the term in which a day lies, or the last one before it; without terms, the last thirteen weeks."""
    terms = [term for term in vault.calendar().terms if term.start <= on]
    if not terms:
        return on - timedelta(weeks=13), on
    return terms[-1].start, min(terms[-1].end, on)


def governors(vault: Vault, start: date, end: date) -> Governors:
    """Return the counts of the concerns recorded in a period, as they may be published.

    Each table is one dimension of the same concerns, never crossed with another: nothing of a second table tells more
    of a pooled cell than its own sum.
    """
    edges = [datetime.combine(day, time()).astimezone() for day in (start, end + timedelta(days=1))]
    statement = (
        "SELECT e.category, c.year_group, coalesce(p.status, ''), e.occurred_sort, e.recorded_at, e.id,"  # noqa: S608
        " (SELECT min(d.recorded_at) FROM decisions d WHERE d.entry_id = e.id)"
        " FROM entries e JOIN children c ON c.id = e.child_id LEFT JOIN review_plans p ON p.child_id = e.child_id"
        f" WHERE e.kind IN {KINDS} AND e.recorded_at >= ? AND e.recorded_at < ?"
    )
    with vault.read() as connection:
        rows = connection.exec_driver_sql(statement, tuple(utc_text(edge) for edge in edges)).fetchall()
    category = Counter(label_of(ConcernCategory, row[0]) or "No category" for row in rows)
    year = Counter(year_words(row[1]) if row[1] else "No year" for row in rows)
    level = Counter(label_of(ReviewStatus, row[2]) or "Not under review" for row in rows)
    written = Counter(_days_words(row[3][:10], row[4]) for row in rows)
    decided = Counter(_decided_words(row[4], row[6]) for row in rows)
    months = Counter(f"{at:%B %Y}" for at in sorted(from_utc_text(row[4]).astimezone() for row in rows))
    named = (
        ("By category", category),
        ("By level", level),
        ("By year group", year),
        (MONTHS, months),
        ("From the event to its record", written),
        ("From the record to a decision", decided),
    )
    return Governors(
        start, end, tuple((heading, without_small(_ordered(heading, counts))) for heading, counts in named)
    )


def _ordered(heading: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Return the largest count first; months, which show a trend, in their order."""
    if heading == MONTHS:
        return dict(counts)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _days_words(happened: str, recorded: str) -> str:
    days = (from_utc_text(recorded).astimezone().date() - date.fromisoformat(happened)).days
    return "The same day" if days <= 0 else "The next day" if days == 1 else "Two days or more"


def _decided_words(recorded: str, decided: str | None) -> str:
    if decided is None:
        return "Not decided yet"
    days = (from_utc_text(decided).astimezone().date() - from_utc_text(recorded).astimezone().date()).days
    return "The same day" if days <= 0 else "Within two days" if days <= 2 else "Later than two days"


def report(vault: Vault, on: date | None = None) -> Governors:
    """Return the report of the term in which a day lies, by default the present one or the last.

    Only whole terms, and the present one so far: reports of two periods that differ by a day could be subtracted.
    """
    today = vault.clock().astimezone().date()
    first, last = term_of(vault, on or today)
    if on is not None:
        whole = [term.end for term in vault.calendar().terms if term.start == first]
        last = min(whole[0], today) if whole else last
    return governors(vault, first, last)


def page(vault: Vault, on: date | None = None) -> Page:
    """Return the report of a term as a page."""
    found = report(vault, on)
    title = "Safeguarding: report to the governors"
    blocks: list[Block] = [
        Heading(1, title),
        Facts((("School", vault.school.name), ("Period", f"{day_words(found.start)} to {day_words(found.end)}"))),
        Para(
            f"No name stands here. Counts under {LEAST} are pooled with others, so that none of them can be worked out "
            "from a total; a line of others may hold larger ones too. Concerns about adults are kept apart and are "
            "not counted."
        ),
    ]
    if found.end == vault.clock().astimezone().date():
        blocks.append(Para("This term has not ended: publish it once, at its end. Two reports of it can be compared."))
    for heading, table in found.tables:
        blocks.append(Heading(2, heading))
        if table.withheld:
            blocks.append(Para(NOBODY))
            continue
        most = max([*(count for _, count in table.lines), table.pooled])
        lines = [(name, f"{count:>4}  {'■' * max(round(count * 30 / most), 1)}") for name, count in table.lines]
        if table.pooled:
            lines.append((f"Others ({table.pooled_cells} kinds)", f"{table.pooled:>4}"))
        blocks.append(Facts((*lines, ("Together", f"{table.total:>4}"))))
    return Page(title, tuple(blocks))
