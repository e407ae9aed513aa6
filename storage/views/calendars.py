"""The school's calendar as a list: its terms, closures and bank holidays, the assumed ones marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from practice.calendars import Closure
from practice.profile import profile
from storage.calendars import named_bank_holidays
from storage.views import organisation

if TYPE_CHECKING:
    from storage.vault import Vault

_BACK, _ON = timedelta(days=330), timedelta(days=800)
WORDS = {"term": "Term", "closure": "Closed", "bank_holiday": "Bank holiday"}


@dataclass(frozen=True)
class CalendarRow:
    """A term, a closure or a bank holiday; `own` where the school set it itself."""

    kind: str
    name: str
    start: date
    end: date
    own: bool

    @property
    def words(self) -> str:
        """What it is, in words."""
        return WORDS[self.kind]


@dataclass(frozen=True)
class CalendarShown:
    """The rows around a day in their order, the nation, and where assumed dates come from."""

    nation: str
    source: str
    rows: list[CalendarRow]
    borrowed: str = ""
    """What of the other defaults is England's, because the nation's own file does not hold it yet."""

    @property
    def assumed(self) -> bool:
        """Whether the term that runs, or comes next, is not the school's own."""
        return bool(self.source)


def shown(vault: Vault, on: date) -> CalendarShown:
    """Return the school's days from about a year before this day to about two years after it."""
    own = organisation.calendar(vault)
    calendar = vault.calendar()
    mine = {(each.start, each.end) for each in (*own.terms, *own.closures)}
    named = named_bank_holidays(on.year - 1, on.year + 3, own.nation)
    rows = [_row("term", each, mine) for each in calendar.terms]
    rows += [_row("closure", each, mine) for each in calendar.closures]
    rows += [CalendarRow("bank_holiday", name, day, day, own=True) for day, name in named.items()]
    near = [row for row in rows if row.end >= on - _BACK and row.start <= on + _ON]
    rows = sorted(near, key=lambda row: (row.start, row.kind != "term"))
    source = calendar.source or _now_assumed(rows, on)
    return CalendarShown(own.nation, source, rows, borrowed_words(own.nation))


def _now_assumed(rows: list[CalendarRow], on: date) -> str:
    """Say that the term that runs or comes next is assumed, where the school set others; blank where it is its own."""
    term = next((row for row in rows if row.kind == "term" and row.end >= on), None)
    if term is None or term.own:
        return ""
    return f"Some terms are the school's own; the days of «{term.name}» are assumed: set them too, or import them."


def borrowed_words(nation: str) -> str:
    """Say which defaults are England's for another nation; blank where none are."""
    parts = profile(nation).borrowed
    names = {
        "meetings": "statutory clocks",
        "retention": "retention",
        "reviews": "review intervals",
        "sharing": "sharing",
        "transfers": "transfers",
    }
    listed = [names[part] for part in parts if part in names]
    if not listed:
        return ""
    return f"The defaults of {', '.join(listed[:-1])} and {listed[-1]} are England's: confirm those of your nation."


def _row(kind: str, period: Closure, mine: set[tuple[str, str]]) -> CalendarRow:
    own = (period.start.isoformat(), period.end.isoformat()) in mine
    return CalendarRow(kind, period.name, period.start, period.end, own)
