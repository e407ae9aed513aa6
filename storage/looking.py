"""What is new since a person last looked: kept for each person of this vault, beside the record and not part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from practice.roles import finds_only_given
from storage import outbox
from storage.types import from_utc_text, utc_text
from storage.views.base import marks

if TYPE_CHECKING:
    from storage.vault import Vault

_COUNTED = {
    "concern_logged": ("entry by a colleague", "entries by colleagues"),
    "amended": ("amendment", "amendments"),
    "decided": ("decision by a colleague", "decisions by colleagues"),
    "review_held": ("review by a colleague", "reviews by colleagues"),
    "action_added": ("action asked for by a colleague", "actions asked for by colleagues"),
    "meeting_planned": ("meeting planned by a colleague", "meetings planned by colleagues"),
    "meeting_held": ("meeting recorded by a colleague", "meetings recorded by colleagues"),
    "transfer_opened": ("file to be sent on", "files to be sent on"),
    "report_arrived": ("sealed report", "sealed reports"),
    "item_arrived": ("entry from a partner", "entries from partners"),
}
_ARRIVALS = ("report_arrived", "item_arrived")
"""What counts whoever's console took it in."""


_LAST_ACTS = 5_000
"""How far back the ledger is searched for somebody's last act: a school records fewer in a week."""


@dataclass(frozen=True)
class News:
    """Since when, and what came since then in words, such as "2 entries by colleagues"; no moment at the first look."""

    since: datetime | None
    words: tuple[str, ...] = ()


def not_seen(vault: Vault, people: set[str], on: date) -> dict[str, date | None]:
    """Return those of these people who were not here for a whole school day, each with the day they last were.

    Who looked at Today here, or recorded anything on any machine, was here; no day where neither is known.
    """
    found: dict[str, date | None] = {}
    calendar = vault.calendar()
    for person in people:
        with vault.read() as connection:
            looked = outbox.exchange(connection, f"looked/{person}").partition(" ")[2]
            recorded = connection.exec_driver_sql(
                "SELECT max(recorded_at) FROM (SELECT author, recorded_at FROM acts ORDER BY n DESC LIMIT ?)"
                " WHERE author = ?",
                (_LAST_ACTS, person),
            ).scalar()
        moment = max(looked, recorded or "")
        last = from_utc_text(moment).astimezone().date() if moment else None
        if last is None or calendar.school_days_between(last, on - timedelta(days=1)):
            found[person] = last
    return found


def look(vault: Vault) -> News:
    """Return what came since this person last looked, and remember that they look now.

    Who finds only some children is told nothing, since the counts are of all. While the record does not agree with its
    anchor nothing is remembered.
    """
    if finds_only_given(vault.person.role):
        return News(None)
    name = f"looked/{vault.person.id}"
    kinds = tuple(_COUNTED)
    with vault.read() as connection:
        seen, _, at = outbox.exchange(connection, name).partition(" ")
        newest = connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM acts").scalar_one()
        rows = connection.exec_driver_sql(
            f"SELECT kind, count(*) FROM acts WHERE n > ? AND kind IN ({marks(kinds)})"  # noqa: S608
            f" AND (author <> ? OR kind IN ({marks(_ARRIVALS)})) GROUP BY kind",
            (int(seen or newest), *kinds, vault.person.id, *_ARRIVALS),
        ).fetchall()
    if vault.alarm is None:
        with vault.write() as unit:
            outbox.set_exchange(unit.connection, name, f"{newest} {utc_text(vault.clock())}")
    counts = {row[0]: row[1] for row in rows}
    words = tuple(f"{counts[kind]} {_COUNTED[kind][counts[kind] > 1]}" for kind in kinds if kind in counts)
    return News(from_utc_text(at) if at else None, words)
