"""Set the school's terms and closures, by hand or from a file, and say which reviews move with them (R-80)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from practice.acts import CalendarSet, build
from practice.calendars import Closure, Term
from practice.errors import Refused
from practice.term_words import SchoolDates, merged
from storage.calendar_files import read_dates
from storage.views import organisation, reviews

if TYPE_CHECKING:
    from storage.vault import Vault

Period = TypeVar("Period", bound=Closure)


@dataclass(frozen=True)
class CalendarReport:
    """What a file or a change by hand did, or would do: how many of each, which lines were skipped, what moved."""

    terms: int
    closures: int
    replaced: int
    skipped: tuple[tuple[int, str], ...]
    moved: int
    dry_run: bool = False

    @property
    def taken(self) -> str:
        """How many of each, in words."""
        terms = f"{self.terms} term{'s' if self.terms != 1 else ''}"
        return f"{terms} and {self.closures} closure{'s' if self.closures != 1 else ''}"


def import_calendar(vault: Vault, data: bytes, *, nation: str = "", dry_run: bool = False) -> CalendarReport:
    """Take in term dates and closures from iCalendar or CSV.

    A term of the file stands in the place of those that it overlaps, and so does a closure; other years stay. With
    `dry_run` nothing is changed, and `moved` is not counted.
    """
    found = read_dates(data)
    own = organisation.calendar(vault)
    changed, replaced = _with(own, found, nation)
    if dry_run:
        return CalendarReport(len(found.terms), len(found.closures), replaced, found.skipped, 0, dry_run=True)
    moved = _set(vault, changed)
    return CalendarReport(len(found.terms), len(found.closures), replaced, found.skipped, moved)


def add_closure(vault: Vault, name: str, start: date, end: date) -> CalendarReport:
    """Close the school on these days, such as a training day or snow; returns what moved with it."""
    closure = _checked(Closure, name, start, end)
    own = organisation.calendar(vault)
    if any(_overlap(each, closure) for each in _closures(own)):
        raise Refused("The school is closed on some of these days already. Nothing was changed.")
    changed, _ = _with(own, SchoolDates((), (closure,), ()), "")
    return CalendarReport(0, 1, 0, (), _set(vault, changed))


def add_term(vault: Vault, name: str, start: date, end: date) -> CalendarReport:
    """Set one term by hand; it stands in the place of those that it overlaps."""
    changed, replaced = _with(
        organisation.calendar(vault), SchoolDates((_checked(Term, name, start, end),), (), ()), ""
    )
    return CalendarReport(1, 0, replaced, (), _set(vault, changed))


def remove(vault: Vault, start: date, end: date) -> CalendarReport:
    """Take away the school's own term or closure with exactly these days; raises Refused where there is none."""
    own = organisation.calendar(vault)
    days = (start.isoformat(), end.isoformat())
    terms = [each for each in own.terms if (each.start, each.end) != days]
    closures = [each for each in own.closures if (each.start, each.end) != days]
    gone = len(own.terms) + len(own.closures) - len(terms) - len(closures)
    if not gone:
        raise Refused("The school has no term and no closure of its own on exactly these days. Nothing was changed.")
    changed = own.model_copy(update={"terms": tuple(terms), "closures": tuple(closures)})
    return CalendarReport(0, 0, gone, (), _set(vault, changed))


def set_nation(vault: Vault, nation: str) -> CalendarReport:
    """Keep another nation's bank holidays."""
    return CalendarReport(
        0, 0, 0, (), _set(vault, _with(organisation.calendar(vault), SchoolDates((), (), ()), nation)[0])
    )


def _checked(cls: type[Period], name: str, start: date, end: date) -> Period:
    if end < start or (end - start).days > 160:
        raise Refused("These days are not a term or a closure: the end lies before the start, or far after it.")
    return cls(name=" ".join(name.split())[:200], start=start, end=end)


def _overlap(one: Closure, other: Closure) -> bool:
    return one.start <= other.end and other.start <= one.end


def _closures(own: CalendarSet) -> list[Closure]:
    return [Closure.model_validate(each, from_attributes=True) for each in own.closures]


def _with(own: CalendarSet, found: SchoolDates, nation: str) -> tuple[CalendarSet, int]:
    terms, gone = merged([Term.model_validate(each, from_attributes=True) for each in own.terms], found.terms)
    before = _closures(own)
    kept = [each for each in before if not any(_overlap(each, new) for new in found.closures)]
    closures = sorted([*kept, *found.closures], key=lambda each: (each.start, each.end))
    fields = {"nation": nation or own.nation, "terms": _days(terms), "closures": _days(closures)}
    made: CalendarSet = build(CalendarSet, fields)
    return made, len(gone) + len(before) - len(kept)


def _days(periods: Sequence[Closure]) -> list[dict[str, str]]:
    return [{"name": each.name, "start": each.start.isoformat(), "end": each.end.isoformat()} for each in periods]


def _set(vault: Vault, changed: CalendarSet) -> int:
    """Record the calendar and return how many reviews are due on another day with it."""
    today = vault.clock().astimezone().date()
    before = {row.child_id: row.due for row in reviews.due(vault, today, all_plans=True)}
    vault.record(changed)
    return sum(before[row.child_id] != row.due for row in reviews.due(vault, today, all_plans=True))
