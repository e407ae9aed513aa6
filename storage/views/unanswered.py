"""Shares that a partner has not answered in time, with the number to ring (protocol: §5, rule 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from practice.unanswered import WorkingDay, must_ring, working_day
from storage import outbox
from storage.calendars import bank_holidays
from storage.views import organisation, sharing
from storage.views.sharing import ShareRow

if TYPE_CHECKING:
    from storage.vault import Vault

COLLECTED = "collected"
"""What stands beside a message that the partner has fetched and not receipted."""
_OPEN = ("queued", "delivered", "refused", "expired")


@dataclass(frozen=True)
class Unanswered:
    """A share with why its partner must be rung, and on which number; blank where none is known."""

    share: ShareRow
    why: str
    number: str

    @property
    def words(self) -> str:
        """What a line says, the number first, since a narrow line is cut at its end."""
        return f"Ring {self.number or 'them now'}: {self.why}"


def hours(vault: Vault, now: datetime) -> WorkingDay:
    """Return the organisation's working day with its nation's bank holidays around a local moment."""
    rules = organisation.sharing_rules(vault)
    holidays = bank_holidays(now.year - 1, now.year + 1, organisation.calendar(vault).nation)
    return working_day(rules.day_begins, rules.day_ends, holidays)


def unanswered(vault: Vault, now: datetime, shares: Sequence[ShareRow] | None = None) -> list[Unanswered]:
    """Return the shares about which somebody must be rung, the urgent first; `shares` are those to look at."""
    found = sharing.shares(vault, states=_OPEN) if shares is None else shares
    sent = [share for share in found if share.state in (*_OPEN, "offered") and share.approved_at is not None]
    if not sent:
        return []
    here, day = now.astimezone(), hours(vault, now.astimezone())
    with vault.read() as connection:
        fetched = outbox.with_detail(connection, "delivered", COLLECTED)
    late = []
    for share in sent:
        assert share.approved_at is not None
        collected = share.mid in fetched
        approved = share.approved_at.astimezone()
        if why := must_ring(share.state, approved, here, day, urgent=share.urgent, collected=collected):
            late.append((share, why))
    numbers = _numbers(vault, day, here)
    rows = [Unanswered(share, why, numbers.get(share.org, numbers[""])) for share, why in late]
    return sorted(rows, key=lambda row: not row.share.urgent)


def _numbers(vault: Vault, day: WorkingDay, here: datetime) -> dict[str, str]:
    """Return the number to ring for each partner; under a blank key the front door, or the one for out of hours."""
    phones = vault.school.phones
    in_hours = day.on(here.date()) and day.begins <= here.time() < day.ends
    first, then = (phones.front_door, phones.out_of_hours) if in_hours else (phones.out_of_hours, phones.front_door)
    numbers = {"": first or then}
    for row in sharing.partners(vault, removed=True):
        if row.telephone:
            numbers[row.org] = f"{row.contact}, {row.telephone}" if row.contact else row.telephone
    return numbers
