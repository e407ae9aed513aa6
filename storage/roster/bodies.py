"""Rows and changes of a roll in the form that acts keep: ISO dates, and the lesser fields under `other`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from storage.roster.compare import FieldValue, former_names
from storage.roster.model import NAME_FIELDS, OTHER_FIELDS, RosterRow

_OWN = frozenset({"sex", "year_group", "reg_group"})
LESSER_FIELDS = tuple(name for name in OTHER_FIELDS if name not in _OWN)
"""Fields that an act keeps under `other`."""
_TEXTS = (*NAME_FIELDS, "upn", "former_upn", "mis_id", "admission_number", *sorted(_OWN))


def child_fields(row: RosterRow) -> dict[str, Any]:
    """Return what the row says of its child, as the fields of `practice.acts.ChildFields`; blanks are left out."""
    fields: dict[str, Any] = {name: value for name in _TEXTS if (value := getattr(row, name))}
    for name in ("date_of_birth", "leaving_date"):
        day = getattr(row, name)
        if day is not None:
            fields[name] = day.isoformat()
    if row.former_names:
        fields["former_names"] = former_names(row.former_names)
    other = {name: value for name in LESSER_FIELDS if (value := getattr(row, name))}
    return {**fields, "other": other} if other else fields


def change_fields(changes: Mapping[str, FieldValue]) -> dict[str, Any]:
    """Return a child's changes as `practice.acts.ChildChanged` keeps them."""
    kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in changes.items()}
    other = {name: kept.pop(name) for name in LESSER_FIELDS if name in kept}
    return {**kept, "other": other} if other else kept
