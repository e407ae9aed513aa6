"""The organisation, its people and its calendar, as the ledger holds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import (
    Act,
    CalendarSet,
    ChildGranted,
    ChildWithdrawn,
    CoverSet,
    GlassBroken,
    HubEnrolled,
    PatternRulesSet,
    PersonAdded,
    PersonKeyChanged,
    PersonRemoved,
    PersonRoleChanged,
    RetentionSet,
    SchoolSet,
    SharingRulesSet,
    WordingRowSet,
)
from practice.roles import may_approve
from storage import ledger
from storage.types import Flag, Json, UtcText, from_utc_text, utc_text
from storage.views.base import Rows, View, ViewTable, of_kind, optional_string, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.vault import Vault


class PersonTable(ViewTable, table=True):
    """Somebody who has, or had, a slot in this vault, with every public key they ever signed with."""

    __tablename__ = "people"
    id: str = string(primary_key=True)
    name: str = string()
    role: str = string()
    signing_keys: Any = typed(Json)
    removed: bool = typed(Flag)


class SettingTable(ViewTable, table=True):
    """The newest act of each kind that sets something for the whole vault."""

    __tablename__ = "settings"
    name: str = string(primary_key=True)
    value: Any = typed(Json)


class GrantTable(ViewTable, table=True):
    """A child whom a read-only person finds: given, or opened outside their list up to `until` for a reason."""

    __tablename__ = "grants"
    id: str = string(primary_key=True)
    person: str = string(index=True)
    child: str = string()
    until: str | None = optional_string()
    reason: str = string()
    at: datetime = typed(UtcText)


class CoverTable(ViewTable, table=True):
    """Who covers a colleague who is away, and up to which day."""

    __tablename__ = "covers"
    person: str = string(primary_key=True)
    by: str = string()
    until: str = string()


_SINGLE = (
    "school_set",
    "calendar_set",
    "hub_enrolled",
    "pattern_rules_set",
    "sharing_rules_set",
    "retention_set",
)


_LISTS = ("child_granted", "child_withdrawn", "glass_broken", "cover_set")


def _fold_lists(acts: Sequence[Act]) -> Rows:
    grants: dict[str, dict[str, Any]] = {}
    covers: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, (ChildGranted, ChildWithdrawn)):
            key = f"{body.person}/{act.child}"
            grants.pop(key, None)
            if isinstance(body, ChildGranted):
                grants[key] = _grant(act, key, body.person)
        elif isinstance(body, GlassBroken):
            grants[act.id] = _grant(act, act.id, act.author) | {"until": body.until, "reason": body.reason}
        elif isinstance(body, CoverSet):
            covers[body.person] = {"person": body.person, "by": body.by, "until": body.until}
    return {"grants": list(grants.values()), "covers": list(covers.values())}


def _grant(act: Act, key: str, person: str) -> dict[str, Any]:
    return {"id": key, "person": person, "child": act.child or "", "until": None, "reason": "", "at": act.recorded_at}


def _fold(_key: str, acts: Sequence[Act]) -> Rows:
    people: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, PersonAdded):
            known = people.get(body.person)
            keys = [*(known["signing_keys"] if known else []), body.signing_key]
            people[body.person] = {
                "id": body.person,
                "name": body.name,
                "role": body.role,
                "signing_keys": keys,
                "removed": False,
            }
        elif isinstance(body, PersonKeyChanged) and body.person in people:
            people[body.person]["signing_keys"].append(body.signing_key)
        elif isinstance(body, PersonRoleChanged) and body.person in people:
            people[body.person]["role"] = body.role
        elif isinstance(body, PersonRemoved) and body.person in people:
            people[body.person]["removed"] = True
    settings: dict[str, dict[str, Any]] = {
        act.kind: {"name": act.kind, "value": act.body.model_dump(mode="json")} for act in of_kind(acts, *_SINGLE)
    }
    if rows := {act.body.row: act.body for act in acts if isinstance(act.body, WordingRowSet)}:
        value = [body.model_dump(mode="json") for body in rows.values()]
        settings["wording_row_set"] = {"name": "wording_row_set", "value": value}
    return {"people": list(people.values()), "settings": list(settings.values()), **_fold_lists(acts)}


ORGANISATION = view(
    View(
        name="organisation",
        column="kind",
        tables=((PersonTable, "id"), (SettingTable, "name"), (GrantTable, "id"), (CoverTable, "person")),
        fold=_fold,
    )
)


def _setting(vault: Vault, name: str) -> Any:
    with vault.read() as connection:
        value = connection.exec_driver_sql("SELECT value FROM settings WHERE name = ?", (name,)).scalar()
    return json.loads(value) if value is not None else None


def school(vault: Vault) -> SchoolSet:
    """Return the organisation that holds this vault."""
    return SchoolSet.model_validate(_setting(vault, "school_set") or {"name": ""})


def calendar(vault: Vault) -> CalendarSet:
    """Return the school's own term dates; empty where none were given."""
    return CalendarSet.model_validate(_setting(vault, "calendar_set") or {})


def pattern_rules(vault: Vault) -> PatternRulesSet:
    """Return the school's own pattern rules; empty where none were given."""
    return PatternRulesSet.model_validate(_setting(vault, "pattern_rules_set") or {})


def retention(vault: Vault) -> RetentionSet | None:
    """Return the school's own retention periods, None where it set none."""
    found = _setting(vault, "retention_set")
    return RetentionSet.model_validate(found) if found else None


def hub(vault: Vault) -> HubEnrolled | None:
    """Return the hub that this organisation joined, if any."""
    found = _setting(vault, "hub_enrolled")
    return HubEnrolled.model_validate(found) if found else None


def sharing_rules(vault: Vault) -> SharingRulesSet:
    """Return how this organisation shares; as shipped where nobody has set it."""
    return SharingRulesSet.model_validate(_setting(vault, "sharing_rules_set") or {})


def others_who_approve(vault: Vault, on: date) -> list[str]:
    """Return the names of the other people who may approve a share and are not away on this day."""
    people = table_of(PersonTable)
    away = {row.person_id for row in covers(vault, on)}
    statement = select(people.c.id, people.c.name, people.c.role).where(people.c.removed.is_(False))
    with vault.read() as connection:
        rows = list(connection.execute(statement.order_by(people.c.name)))
    return [row.name for row in rows if may_approve(row.role) and row.id != vault.person.id and row.id not in away]


def wording_rows(vault: Vault) -> list[WordingRowSet]:
    """Return the rows of the wording list that the school set, each as the newest act has it."""
    return [WordingRowSet.model_validate(row) for row in _setting(vault, "wording_row_set") or []]


def granted(vault: Vault, person: str) -> set[str]:
    """Return the children who stand on a read-only person's list."""
    grants = table_of(GrantTable)
    statement = select(grants.c.child).where(grants.c.person == person, grants.c.until.is_(None))
    with vault.read() as connection:
        return set(connection.execute(statement).scalars())


@dataclass(frozen=True)
class Reader:
    """A read-only person who was given a child."""

    id: str
    name: str


def readers(vault: Vault, child_id: str) -> list[Reader]:
    """Return the read-only people on whose list a child stands, by name."""
    grants, people = table_of(GrantTable), table_of(PersonTable)
    statement = (
        select(people.c.id, people.c.name)
        .join(grants, grants.c.person == people.c.id)
        .where(grants.c.child == child_id, grants.c.until.is_(None), people.c.removed.is_(False))
        .order_by(people.c.name)
    )
    with vault.read() as connection:
        return [Reader(*row) for row in connection.execute(statement)]


@dataclass(frozen=True)
class GlassRow:
    """A child who was opened outside a read-only person's list."""

    id: str
    person: str
    child_id: str
    reason: str
    at: datetime


def names(connection: Connection) -> dict[str, str]:
    """Return everybody's name by their id."""
    return dict(ledger.plain_rows(connection, "SELECT id, name FROM people"))


def glass_since(vault: Vault, since: datetime) -> list[GlassRow]:
    """Return who opened a child outside their list since a moment, the newest first."""
    statement = (
        "SELECT grants.id, people.name, grants.child, grants.reason, grants.at FROM grants"
        " LEFT JOIN people ON people.id = grants.person WHERE grants.until IS NOT NULL AND grants.at >= ?"
        " ORDER BY grants.at DESC, grants.id"
    )
    with vault.read() as connection:
        return [
            GlassRow(row[0], row[1] or "", row[2], row[3], from_utc_text(row[4]))
            for row in ledger.plain_rows(connection, statement, [utc_text(since)])
        ]


@dataclass(frozen=True)
class CoverRow:
    """Who covers whom, and up to which day."""

    person: str
    by: str
    until: date
    person_id: str = field(default="", compare=False)
    by_id: str = field(default="", compare=False)


def covers(vault: Vault, on: date) -> list[CoverRow]:
    """Return who covers whom on a day, both still able to open the vault."""
    statement = (
        "SELECT away.name, here.name, covers.until, away.id, here.id FROM covers"
        " JOIN people AS away ON away.id = covers.person JOIN people AS here ON here.id = covers.by"
        " WHERE covers.until >= ? AND away.removed = 0 AND here.removed = 0 ORDER BY away.name"
    )
    with vault.read() as connection:
        return [
            CoverRow(row[0], row[1], date.fromisoformat(row[2]), row[3], row[4])
            for row in ledger.plain_rows(connection, statement, [on.isoformat()])
        ]


def signing_keys(vault: OpenCompartment) -> dict[str, list[bytes]]:
    """Return each person's public signing keys, for checking the ledger's signatures."""
    import base64

    people = table_of(PersonTable)
    with vault.read() as connection:
        return {
            row.id: [base64.b64decode(key) for key in row.signing_keys] for row in connection.execute(select(people))
        }
