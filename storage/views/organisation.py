"""The organisation, its people and its calendar, as the ledger holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import (
    Act,
    CalendarSet,
    HubEnrolled,
    PersonAdded,
    PersonKeyChanged,
    PersonRemoved,
    PersonRoleChanged,
    SchoolSet,
)
from storage.types import Flag, Json
from storage.views.base import Rows, View, ViewTable, of_kind, string, table_of, typed, view

if TYPE_CHECKING:
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


_SINGLE = ("school_set", "calendar_set", "hub_enrolled")


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
    settings = {
        act.kind: {"name": act.kind, "value": act.body.model_dump(mode="json")} for act in of_kind(acts, *_SINGLE)
    }
    return {"people": list(people.values()), "settings": list(settings.values())}


ORGANISATION = view(
    View(
        name="organisation",
        kinds=frozenset({"person_added", "person_removed", "person_role_changed", "person_key_changed", *_SINGLE}),
        column="kind",
        tables=((PersonTable, "id"), (SettingTable, "name")),
        fold=_fold,
    )
)


def _setting(vault: Vault, name: str) -> Any:
    settings = table_of(SettingTable)
    with vault.read() as connection:
        row = connection.execute(select(settings.c.value).where(settings.c.name == name)).first()
    return row[0] if row else None


def school(vault: Vault) -> SchoolSet:
    """Return the organisation that holds this vault."""
    return SchoolSet.model_validate(_setting(vault, "school_set") or {"name": ""})


def calendar(vault: Vault) -> CalendarSet:
    """Return the school's own term dates; empty where none were given."""
    return CalendarSet.model_validate(_setting(vault, "calendar_set") or {})


def hub(vault: Vault) -> HubEnrolled | None:
    """Return the hub that this organisation joined, if any."""
    found = _setting(vault, "hub_enrolled")
    return HubEnrolled.model_validate(found) if found else None


def signing_keys(vault: Vault) -> dict[str, list[bytes]]:
    """Return each person's public signing keys, for checking the ledger's signatures."""
    import base64

    people = table_of(PersonTable)
    with vault.read() as connection:
        return {
            row.id: [base64.b64decode(key) for key in row.signing_keys] for row in connection.execute(select(people))
        }
