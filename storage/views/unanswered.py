"""Shares that a partner has not answered in time, with the number to ring (protocol: §5, rule 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from practice.organisations import front_door_words
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
    """A share with why its partner must be rung, and on which number; blank where none is known.

    `whose` says whose number it is where it is not the partner's own; `contact` whom to ask for at theirs.
    """

    share: ShareRow
    why: str
    number: str
    whose: str = ""
    contact: str = ""

    @property
    def words(self) -> str:
        """What a line says, the number first and whose it is, since a narrow line is cut at its end."""
        if not self.number:
            return f"Ring them now: {self.why} ({self.share.partner})"
        desk = f", {self.contact}" if self.contact else ""
        whom = (
            f"({self.whose.removeprefix('the number for ')}) about {self.share.partner}"
            if self.whose
            else f"({self.share.partner}{desk})"
        )
        return f"Ring {self.number} {whom}: {self.why}"

    @property
    def where(self) -> str:
        """Who is rung where, for a sentence; blank where no number is known."""
        if not self.number:
            return ""
        if self.whose:
            return f"{self.share.partner} (no number of theirs is kept) by way of {self.whose} on {self.number}"
        return f"{self.share.partner} on {self.number}{f', asking for {self.contact}' if self.contact else ''}"


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
    rows = [Unanswered(share, why, *numbers.get(share.org, numbers[""])) for share, why in late]
    return sorted(rows, key=lambda row: not row.share.urgent)


def _numbers(vault: Vault, day: WorkingDay, here: datetime) -> dict[str, tuple[str, str, str]]:
    """Return for each partner the number to ring, whose it is where it is not theirs, and whom to ask for there.

    Under a blank key stands the front door, or the number for out of hours.
    """
    school = vault.school
    label = front_door_words(school.organisation)
    whose = "the front door" if label == "Front door" else f"{label[:1].lower()}{label[1:]}"
    door = school.phones.front_door, whose, ""
    night = school.phones.out_of_hours, "the number for out of hours", ""
    in_hours = day.on(here.date()) and day.begins <= here.time() < day.ends
    first, then = (door, night) if in_hours else (night, door)
    numbers = {"": first if first[0] else then}
    for row in sharing.partners(vault, removed=True):
        if row.telephone:
            numbers[row.org] = row.telephone, "", row.contact
    return numbers
