"""After an entry was recorded: what is still to be written of it, and the entries that it may repeat (R-03, R-74)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from practice.acts import Completed, build
from practice.alike import Telling, alike, days_of
from practice.errors import Refused
from practice.quality import PHRASES
from storage.desk.concerns import check_codes, read_when
from storage.views import record
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from storage.vault import Vault

FIELDS = frozenset(Completed.model_fields) - {"left_blank"}
BY_AMENDING = frozenset({"occurred", "childs_words"})
"""What is filled in by amending the entry, since it is part of its words; it may still be left blank on purpose."""


@dataclass(frozen=True)
class LookAlike:
    """An entry that may tell of the same event, and why."""

    entry: EntryRow
    why: str


def complete(vault: Vault, entry_id: str, fields: dict[str, Any], *, leave: Sequence[str] = ()) -> list[str]:
    """Fill in what was still to be written of an entry, and return the names of what is missing still.

    `fields` are those of Completed, the times as written or read; `leave` names what has nothing to be written. What
    was there before stays in the ledger. Raises Refused where nothing is given or a field is none.
    """
    given = {name: value for name, value in fields.items() if value not in ("", None, (), [])}
    unknown = [name for name in (*given, *leave) if name not in FIELDS | BY_AMENDING]
    if unknown or BY_AMENDING & set(given):
        raise Refused(
            f"«{(unknown or sorted(BY_AMENDING & set(given)))[0]}» cannot be filled in here. Nothing was recorded.",
            hint="The words and the date of an entry are changed by amending it.",
        )
    if not given and not leave:
        raise Refused("Nothing was filled in yet, so nothing was recorded.")
    for name in ("police_at", "school_at"):
        if isinstance(given.get(name), str):
            given[name] = read_when(vault, given[name])
    body: Completed = build(Completed, given | {"left_blank": tuple(leave)})
    check_codes(category=body.category or "", how_known=body.how_known or "")
    entry = record.get(vault, entry_id)
    vault.record(body, child=entry.child_id, entry=entry.id)
    return record.detail(vault, entry.id).missing


def asked_for(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, what it is called) of missing fields."""
    return [(name, PHRASES[name]) for name in names]


def look_alikes(vault: Vault, entry_id: str) -> list[LookAlike]:
    """Return the child's other entries that may tell of the same event as this one; offered after recording."""
    entry = record.get(vault, entry_id)
    days = days_of(entry.occurred)
    if days is None:
        return []
    # A range stands at its start: two weeks before catches those that reach into these days.
    rows = record.of_days(vault, entry.child_id, days[0] - timedelta(days=14), days[1] + timedelta(days=1))
    known = {row.id: row for row in rows if row.event_id is None or row.event_id != entry.event_id}
    tellings = [Telling(row.id, row.text, row.occurred) for row in known.values()]
    found = alike(Telling(entry.id, entry.text, entry.occurred), tellings)
    return [LookAlike(known[each], why) for each, why in found]
