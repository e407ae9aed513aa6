"""Draw a seeded sample of records, lay out what each shows, and record how a person rates it (R-82)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.acts import QualityAuditBegun, QualityRated, build
from practice.errors import Refused
from practice.record_audit import SIZE, Facts, check_ratings, sample
from storage import ledger
from storage.ids import new_id
from storage.types import utc_text
from storage.views import children, quality, record, sharing
from storage.views.base import table_of
from storage.views.entry_tables import EntryTable
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from practice.wording import Coach
    from storage.vault import Vault

MOST = 100
"""The most records of one sample."""


def begin(vault: Vault, *, size: int = SIZE, seed: str = "", targeted: Sequence[str] = (), reason: str = "") -> str:
    """Draw a sample from the children who have entries, and return the audit's id; the seed draws the same again."""
    if not 0 <= size <= MOST or (size == 0 and not targeted):
        raise Refused(f"A sample holds between 1 and {MOST} records. Nothing was drawn.")
    table = table_of(EntryTable)
    with vault.read() as connection:
        known = sorted(connection.execute(select(table.c.child_id).distinct()).scalars())
    if not known:
        raise Refused("No child has an entry yet, so there is nothing to draw from.")
    audit = new_id()
    seed = seed.strip() or audit[-6:]
    drawn = sample(known, seed, size)
    added = [children.known(vault, child) for child in targeted]
    fields = {
        "seed": seed,
        "size": size,
        "sample": drawn,
        "targeted": [child for child in dict.fromkeys(added) if child not in drawn],
        "reason": reason,
    }
    vault.record(build(QualityAuditBegun, fields), entry=audit)
    return audit


def rate(
    vault: Vault,
    audit: str,
    child_id: str,
    ratings: Mapping[str, str],
    *,
    words: Mapping[str, str] | None = None,
    action: str = "",
) -> str:
    """Record how a child's record was rated; what was rated before and is not named now stays as it was."""
    found = quality.get(vault, audit)
    row = next((each for each in found.children if each.child_id == child_id), None)
    if row is None:
        raise Refused("That child is not in this audit. Nothing was recorded.", hint="Begin one with --target.")
    fields = {
        "ratings": row.ratings | check_ratings(ratings),
        "words": row.words | {name: text for name, text in (words or {}).items() if text.strip()},
        "action": action or row.action,
    }
    return vault.record(build(QualityRated, fields), child=child_id, entry=found.id).id


def facts_of(vault: Vault, child_id: str, coach: Coach | None = None) -> Facts:
    """Return what a child's record shows, counted; blocks for as long as its text takes to read."""
    from storage.desk.wording import coach as school_coach

    coach = coach or school_coach(vault)
    entries = record.chronology(vault, child_id)
    concerns = [each for each in entries if each.kind == "concern"]
    with vault.read() as connection:
        acts = ledger.acts_where(connection, "entry", [each.id for each in concerns], ["concern_logged"])
        told = sum(
            bool(getattr(act.body, "parent_told", "") or getattr(act.body, "not_told_reason", "")) for act in acts
        )
        since = utc_text(vault.clock() - timedelta(days=365))
        readers = Counter(
            connection.exec_driver_sql(
                "SELECT coalesce(p.name, '') FROM acts a LEFT JOIN people p ON p.id = a.author"
                " WHERE a.child = ? AND a.kind = 'record_opened' AND a.captured_at >= ?",
                (child_id, since),
            ).scalars()
        )
    chosen = [each for each in entries if each.promoted]
    dated = [each for each in entries if each.occurred.start]
    return Facts(
        entries=len(entries),
        chosen=len(chosen),
        newest=_day(dated[-1]) if dated else None,
        newest_chosen=_day(chosen[-1]) if chosen and chosen[-1].occurred.start else None,
        words=sum(len(each.text.split()) for each in entries),
        wording=sum(len(coach.check(each.text, childs_words=each.childs_words)) for each in entries),
        concerns=len(concerns),
        with_voice=sum(bool(each.childs_words.strip()) for each in concerns),
        parents_said=told,
        agency_entries=sum(bool(each.agency) or each.kind in ("agency_contact", "meeting") for each in entries),
        shares=len(sharing.shares(vault, child_id=child_id)),
        readers=tuple(readers.most_common(8)),
    )


def _day(row: EntryRow) -> date:
    return date.fromisoformat((row.occurred.start or "")[:10])
