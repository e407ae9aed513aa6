"""What the record's screens say of an entry, a child or a day: one wording for all of them."""

from __future__ import annotations

import importlib.util
from datetime import date, datetime
from typing import TYPE_CHECKING

from practice.day_words import day_words
from practice.text import visible, year_words
from practice.vocabulary import ConcernCategory, Decision, EntryKind, ReviewStatus, Significance, label_of

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.record_rows import EntryRow

READ_ONLY = "Your role reads the record and does not write in it."
NO_SHARE_SCREEN = "This version has no Share screen."


def has_share_screen() -> bool:
    """Say whether this program can show a share."""
    return importlib.util.find_spec("screens.share") is not None


def may_write(vault: Vault) -> bool:
    """Say whether the person who unlocked may add to the record."""
    return vault.person.role != "read_only"


def moment_words(moment: datetime) -> str:
    """Return a stored moment in local words, `Sat 21 Nov 2026, 16:42`."""
    local = moment.astimezone()
    return f"{day_words(local.date())}, {local:%H:%M}"


def birth_words(born: date | None) -> str:
    """Return a date of birth as the screens say it."""
    return f"born {born.day} {born:%b %Y}" if born else "date of birth not known"


def group_words(child: ChildRow) -> str:
    """Return year and class, `Year 6, 6A`."""
    return visible(", ".join(part for part in (year_words(child.year_group), child.reg_group) if part))


def roll_words(child: ChildRow) -> str:
    """Say where the child stands with the roll, where that is not simply on it."""
    if child.provisional:
        return "provisional: not on the roll yet"
    return "" if child.on_roll else "left the roll"


def status_words(status: str) -> str:
    """Return a review status in words."""
    return visible(label_of(ReviewStatus, status))


def what_words(entry: EntryRow) -> str:
    """Return what sort of entry it is and what it is about."""
    kind = label_of(EntryKind, entry.kind)
    categories = [label_of(ConcernCategory, code) for code in (entry.category, *entry.further_categories) if code]
    return visible(" · ".join([kind, *categories]))


def state_words(entry: EntryRow) -> tuple[str, bool]:
    """Return where an entry stands with its decision, and whether that still waits for somebody."""
    if entry.decision:
        return f"Decided: {visible(label_of(Decision, entry.decision))}", False
    if entry.kind in ("concern", "operation_encompass"):
        return "No decision yet", True
    return "", False


def recorded_words(entry: EntryRow, done: str = "Recorded") -> str:
    """Say who recorded an entry, or took it in, and when, and how late where it was (R-06)."""
    late = entry.days_late
    when = f"{done} {late} days after" if late > 1 else f"{done} {moment_words(entry.recorded_at)}"
    return f"{when}, by {visible(entry.recorded_by)}" if entry.recorded_by else when


def chosen_words(entry: EntryRow) -> str:
    """Say whether the entry was chosen for the chronology, and as what."""
    return f"Chosen: {label_of(Significance, entry.significance).lower()}" if entry.promoted else ""
