"""The inspection pack, with names: open records, plans, referrals and sample files; for one reader and purpose."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

from practice.acts import PackShown, build
from practice.dates import day_words
from practice.errors import Refused
from practice.text import counted, visible, year_words
from practice.vocabulary import ReviewStatus, label_of
from storage.documents.blocks import Block, Facts, Heading, Para, newest_entries
from storage.documents.gather import Wanted, gather
from storage.documents.pages import Page
from storage.views import actions, record, reviews

if TYPE_CHECKING:
    from storage.vault import Vault

SAMPLE = 6
NEWEST = 20
"""How many entries of a sample file the pack holds."""


def sample_of(vault: Vault, seed: str, size: int = SAMPLE) -> list[reviews.DueRow]:
    """Return a random sample of the open records; the same seed gives the same children."""
    today = vault.clock().astimezone().date()
    plans = sorted(reviews.due(vault, today, all_plans=True), key=lambda row: row.child_id)
    return random.Random(seed).sample(plans, min(size, len(plans)))  # noqa: S311 - a sample, not a secret


def page(vault: Vault, reader: str, purpose: str) -> Page:
    """Return the pack and record that it was made, for whom and why; raises Refused without both."""
    if not reader.strip() or not purpose.strip():
        raise Refused("Who reads it, and for what? Nothing was made yet.")
    today = vault.clock().astimezone().date()
    sample = sample_of(vault, today.isoformat())
    fields = {"reader": reader, "purpose": purpose, "sample": [row.child_id for row in sample]}
    made = vault.record(build(PackShown, fields))
    plans = reviews.due(vault, today, all_plans=True)
    title = "Inspection pack"
    blocks: list[Block] = [
        Heading(1, title),
        Para(f"For {reader.strip()} alone: {purpose.strip()}", "warn"),
        Facts(
            (
                ("School", vault.school.name),
                ("As of", day_words(today)),
                ("Made by", vault.person.name),
                ("Its act in the record", made.id),
                ("Adults' register", "Kept apart, and not in this pack: the headteacher shows it."),
            )
        ),
    ]
    for status in ReviewStatus:
        rows = [row for row in plans if row.status == status]
        if rows:
            pairs = tuple((row.child, _review_words(row)) for row in rows)
            blocks += [Heading(2, label_of(ReviewStatus, status), str(len(rows))), Facts(pairs)]
    referrals = _referrals(vault)
    if referrals:
        blocks += [Heading(2, "Referrals and challenges", str(len(referrals))), Facts(tuple(referrals))]
    late = [row for row in actions.actions(vault, today) if row.late_school_days]
    pairs = tuple((row.child, f"{row.owner}: {row.what}") for row in late)
    blocks += [Heading(2, "Actions that are late", str(len(late)))]
    blocks.append(Facts(pairs) if pairs else Para("None."))
    blocks += [
        Heading(2, "Sample files", str(len(sample))),
        Para(
            f"Drawn at random by the day's date; of each the newest {NEWEST} entries follow. "
            "The whole file is read on screen, or taken out with: export CHILD --what record."
        ),
    ]
    if sample:
        chosen = tuple((row.child, f"{record.count(vault, row.child_id)} entries, id {row.child_id}") for row in sample)
        blocks.append(Facts(chosen))
    for row in sample:
        made_of = gather(vault, Wanted(row.child_id, everything=True))
        blocks += [Heading(2, f"Sample file: {visible(row.child)}"), *newest_entries(made_of, NEWEST)]
    return Page(title, tuple(blocks), len(plans), mark=f"For {reader.strip()}: {purpose.strip()}"[:120])


def _review_words(row: reviews.DueRow) -> str:
    late = f", {counted(row.overdue_school_days, 'school day')} late" if row.overdue_school_days else ""
    group = row.reg_group or year_words(row.year_group)
    return ", ".join(each for each in (group, f"next review {day_words(row.due)}{late}") if each)


def _referrals(vault: Vault) -> list[tuple[str, str]]:
    statement = (
        "SELECT c.name, e.recorded_at, e.text, e.outcome FROM entries e JOIN children c ON c.id = e.child_id"
        " WHERE e.kind IN ('referral', 'challenge') OR e.decision = 'referral_social_care'"
        " ORDER BY e.recorded_at DESC LIMIT 200"
    )
    with vault.read() as connection:
        rows = connection.exec_driver_sql(statement).fetchall()
    found = []
    for name, recorded, text, outcome in rows:
        words = " ".join(text.split())
        short = words if len(words) <= 160 else words[:160] + " …"
        day = day_words(date.fromisoformat(recorded[:10]))
        found.append((name, f"{day}: {short} Outcome: {outcome or 'none recorded yet'}"))
    return found
