"""The organisation, its people and its calendar, as the ledger holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, CalendarSet, HubEnrolled, PersonAdded, SchoolSet
from storage.types import Json
from storage.views.base import Rows, View, ViewTable, of_kind, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class PersonTable(ViewTable, table=True):
    """Somebody who has, or had, a slot in this vault."""

    __tablename__ = "people"
    id: str = string(primary_key=True)
    name: str = string()
    role: str = string()
    signing_key: str = string()


class SettingTable(ViewTable, table=True):
    """The newest act of each kind that sets something for the whole vault."""

    __tablename__ = "settings"
    name: str = string(primary_key=True)
    value: Any = typed(Json)


_SINGLE = ("school_set", "calendar_set", "hub_enrolled")


def _fold(_key: str, acts: Sequence[Act]) -> Rows:
    people = {
        act.body.person: {
            "id": act.body.person,
            "name": act.body.name,
            "role": act.body.role,
            "signing_key": act.body.signing_key,
        }
        for act in of_kind(acts, "person_added")
        if isinstance(act.body, PersonAdded)
    }
    settings = {
        act.kind: {"name": act.kind, "value": act.body.model_dump(mode="json")} for act in of_kind(acts, *_SINGLE)
    }
    return {"people": list(people.values()), "settings": list(settings.values())}


ORGANISATION = view(
    View(
        name="organisation",
        kinds=frozenset({"person_added", *_SINGLE}),
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


def signing_keys(vault: Vault) -> dict[str, bytes]:
    """Return each person's public signing key, for checking the ledger's signatures."""
    import base64

    people = table_of(PersonTable)
    with vault.read() as connection:
        return {row.id: base64.b64decode(row.signing_key) for row in connection.execute(select(people))}
