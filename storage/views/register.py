"""What the adults' register holds, as it is asked for: adults, entries and decisions, reports, reviews (R-40)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import AdultRetentionSet
from practice.adults import EntryState, Seen, Threshold, state_of
from practice.dates import Occurred
from practice.errors import NotFound
from storage.views.base import table_of
from storage.views.organisation import PersonTable
from storage.views.register_tables import (
    AdultEntryTable,
    AdultReportTable,
    AdultTable,
    PatternReviewTable,
    RegisterSettingTable,
)

if TYPE_CHECKING:
    from storage.register import Register


# -- rows --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AdultRow:
    """An adult of the register, with how many entries there are about them."""

    id: str
    name: str
    role: str
    works_as: str
    leaving_date: date | None
    entries: int = 0

    @property
    def named(self) -> str:
        """The name with what they do."""
        return f"{self.name}, {self.role}" if self.role else self.name


@dataclass(frozen=True)
class Crossing:
    """That a concern may meet the harm threshold, as it was decided: the allegation, why, by whom and when (R-44)."""

    allegation: str
    rationale: str
    by: str
    at: datetime


@dataclass(frozen=True)
class EntryRow:
    """An entry whole; `steps` are its decisions and the calls to the LADO, `crossing` the allegation it became."""

    id: str
    adult: AdultRow
    entry_kind: str
    text: str
    context: str
    occurred: Occurred
    place: str
    activity: str
    action: str
    shared_by: str
    shared_role: str
    asks_anonymous: bool
    threshold: str
    met: tuple[str, ...]
    opened_from: str
    rationale: str
    crossing: Crossing | None
    recorded_at: datetime
    recorded_by: str
    versions: tuple[dict[str, Any], ...] = field(default=())
    steps: tuple[dict[str, Any], ...] = field(default=())

    @property
    def became(self) -> str:
        """The allegation that was opened from it, blank where there is none."""
        return self.crossing.allegation if self.crossing else ""

    @property
    def opening(self) -> Crossing | None:
        """The decision that opened this allegation, where a decision did."""
        return Crossing(self.id, self.rationale, self.recorded_by, self.recorded_at) if self.rationale else None

    @property
    def called(self) -> bool:
        """Whether a call to the LADO is recorded."""
        return any(step["what"] == "lado_called" for step in self.steps)

    @property
    def decision(self) -> dict[str, Any] | None:
        """The newest decision."""
        return next((step for step in reversed(self.steps) if step["what"] == "decided"), None)

    @property
    def state(self) -> EntryState:
        """Where it stands."""
        return state_of(self.threshold, called=self.called, decided=bool(self.decision), crossed=bool(self.became))

    @property
    def seen(self) -> Seen:
        """What a pattern looks at."""
        return Seen(self.id, self.adult.id, self.place, self.activity, self.occurred.start)


@dataclass(frozen=True)
class AdultReportRow:
    """A sealed report about an adult; `state` is waiting, accepted or closed."""

    id: str
    state: str
    adult_as_written: str
    adult_role: str
    self_referral: bool
    text: str
    context: str
    place: str
    happened: str
    reporter: str
    reporter_role: str
    asks_anonymous: bool
    written_at: datetime
    arrived_at: datetime
    reason: str
    answers: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class ReviewRow:
    """A recorded look through the register for patterns."""

    id: str
    at: datetime
    by: str
    adult: str
    rules: tuple[str, ...]
    entries: tuple[str, ...]
    finding: str


# -- queries -----------------------------------------------------------------------------------------------------------


def people(register: Register) -> dict[str, str]:
    """Return the names of everybody who holds, or held, the register's key, by id."""
    table = table_of(PersonTable)
    with register.read() as connection:
        return {row.id: row.name for row in connection.execute(select(table.c.id, table.c.name))}


def adults(register: Register) -> list[AdultRow]:
    """Return every adult about whom something is kept, by name."""
    table, entries = table_of(AdultTable), table_of(AdultEntryTable)
    with register.read() as connection:
        about = list(connection.execute(select(entries.c.adult_id)).scalars())
        rows = list(connection.execute(select(table)))
    made = [_adult(row, about.count(row.id)) for row in rows]
    return sorted(made, key=lambda adult: (adult.name.casefold(), adult.id))


def _adult(row: Any, entries: int = 0) -> AdultRow:
    leaving = date.fromisoformat(row.leaving_date) if row.leaving_date else None
    return AdultRow(row.id, row.name, row.role, row.works_as, leaving, entries)


def resolve(register: Register, wanted: str) -> AdultRow:
    """Return the one adult whom an id or a name fits; raises NotFound, listing those whom it fits."""
    folded = " ".join(wanted.casefold().split())
    everybody = adults(register)
    for fits in (
        [adult for adult in everybody if folded == adult.id],
        [adult for adult in everybody if folded == adult.name.casefold()],
        [adult for adult in everybody if folded and folded in adult.name.casefold()],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            listed = "; ".join(f"{adult.named} ({adult.id})" for adult in fits)
            raise NotFound(f"That name fits several adults: {listed}.", hint="Give the id of the right one.")
    raise NotFound("Nobody of that name stands in the register.", hint="Check the spelling, or record a new adult.")


def entries(register: Register, adult: str = "") -> list[EntryRow]:
    """Return every entry, or one adult's, the newest first."""
    table, people_of = table_of(AdultEntryTable), table_of(AdultTable)
    statement = select(table).order_by(table.c.recorded_at.desc(), table.c.id.desc())
    if adult:
        statement = statement.where(table.c.adult_id == adult)
    with register.read() as connection:
        about = {row.id: _adult(row) for row in connection.execute(select(people_of))}
        opened = select(table.c.opened_from, table.c.id, table.c.rationale, table.c.recorded_by, table.c.recorded_at)
        rows = connection.execute(opened.where(table.c.opened_from != ""))
        became = {opened_from: Crossing(*crossing) for opened_from, *crossing in rows}
        return [_entry(row, about, became) for row in connection.execute(statement)]


def _entry(row: Any, about: dict[str, AdultRow], became: dict[str, Crossing]) -> EntryRow:
    same = {
        name: getattr(row, name)
        for name in (
            *("id", "entry_kind", "text", "context", "place", "activity", "action", "shared_by", "shared_role"),
            *("asks_anonymous", "threshold", "opened_from", "rationale", "recorded_at", "recorded_by"),
        )
    }
    return EntryRow(
        **same,
        adult=about.get(row.adult_id) or AdultRow(row.adult_id, "", "", "", None),
        occurred=Occurred.model_validate(row.occurred),
        met=tuple(row.met),
        crossing=became.get(row.id),
        versions=tuple(row.versions),
        steps=tuple(row.steps),
    )


def entry(register: Register, entry_id: str) -> EntryRow:
    """Return one entry; raises NotFound."""
    for row in entries(register):
        if row.id == entry_id.strip():
            return row
    raise NotFound("There is no such entry in the adults' register.", hint="List its entries: dsl-console adults list")


def reports(register: Register, states: Sequence[str] = ()) -> list[AdultReportRow]:
    """Return the sealed reports of these states, or all, the oldest first."""
    table = table_of(AdultReportTable)
    names = [name for name in AdultReportRow.__dataclass_fields__ if name != "answers"]
    with register.read() as connection:
        rows = list(connection.execute(select(table).order_by(table.c.written_at, table.c.id)))
    made = [AdultReportRow(**{name: getattr(row, name) for name in names}, answers=tuple(row.answers)) for row in rows]
    return [row for row in made if not states or row.state in states]


def report(register: Register, report_id: str) -> AdultReportRow:
    """Return one report; raises NotFound."""
    for row in reports(register):
        if row.id == report_id.strip():
            return row
    raise NotFound("There is no such report in the adults' register.", hint="List them: dsl-console adults report list")


def known_digests(connection: Connection) -> set[str]:
    """Return the digests of the reports that were taken in."""
    return set(connection.execute(select(table_of(AdultReportTable).c.digest)).scalars())


def pattern_reviews(register: Register) -> list[ReviewRow]:
    """Return the recorded looks for patterns, the newest first."""
    table, adults_of = table_of(PatternReviewTable), table_of(AdultTable)
    who = people(register)
    with register.read() as connection:
        names = {row.id: row.name for row in connection.execute(select(adults_of.c.id, adults_of.c.name))}
        rows = list(connection.execute(select(table).order_by(table.c.at.desc(), table.c.id.desc())))
    return [
        ReviewRow(
            row.id,
            row.at,
            who.get(row.by, row.by),
            names.get(row.adult_id, row.adult_id),
            tuple(row.rules),
            tuple(row.entries),
            row.finding,
        )
        for row in rows
    ]


def retention(register: Register) -> AdultRetentionSet | None:
    """Return the school's own rule of retention, None where it has set none."""
    table = table_of(RegisterSettingTable)
    with register.read() as connection:
        row = connection.execute(select(table.c.value).where(table.c.name == AdultRetentionSet.act_kind)).first()
    return AdultRetentionSet.model_validate(row[0]) if row else None


def shared_by(row: EntryRow, *, reveal: bool = False) -> str:
    """Return who shared a concern, in words; somebody who asked to stay anonymous is named on purpose only (R-41)."""
    if row.asks_anonymous and not reveal:
        return "somebody who asked to stay anonymous"
    named = f"{row.shared_by}, {row.shared_role}" if row.shared_by and row.shared_role else row.shared_by
    return named or "not said"


def may_be_met(row: EntryRow) -> bool:
    """Say whether an entry may meet the harm threshold."""
    return row.threshold == Threshold.MAY_BE_MET
