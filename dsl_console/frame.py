"""What the frame of every screen shows of the record: the school, and the sync state in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from practice.acts import SchoolSet
    from storage.vault import Vault

WAITING = ("proposed", "agreed")
QUEUED = ("approved", "queued", "offered")


@dataclass(frozen=True)
class FrameState:
    """The school as it stands, and the sync state."""

    school: SchoolSet
    sync_words: str
    register_way: str = ""


def why_not_yours(vault: Vault | None, register_way: str, action_id: str) -> str:
    """Return why what is done from any screen is not this person's to do; blank where it is."""
    if action_id == "adults" and not register_way:
        return "You do not hold the key of the adults' register."
    if action_id == "log" and vault is not None and not may_write(vault):
        return f"{READ_ONLY} Tell the DSL in person, or lock and leave a note for the safeguarding team."
    return ""


def words_of(states: Counter[str], arrived: int, last: str) -> str:
    """Return the sync state in words, such as "3 to approve · 5 queued · last sync 16:10"."""
    parts = []
    if waiting := sum(states[state] for state in WAITING):
        parts.append(f"{waiting} to approve")
    if states["held"]:
        parts.append(f"{states['held']} held")
    if queued := sum(states[state] for state in QUEUED):
        parts.append(f"{queued} queued")
    if arrived:
        parts.append(f"{arrived} came in")
    if last:
        parts.append(f"last sync {last}")
    return " · ".join(parts)


def moment_words(stored: str, now: datetime) -> str:
    """Return a stored moment as the time of today, or as its day."""
    if not stored:
        return ""
    from storage.types import from_utc_text

    moment = from_utc_text(stored).astimezone()
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment.day} {moment:%b}"


def frame_state(vault: Vault) -> FrameState:
    """Read what the frame shows; blocks."""
    from storage import outbox
    from storage.register import way_in
    from storage.views import arrivals, sharing

    shares = sharing.shares(vault, states=(*WAITING, "held", *QUEUED))
    states = Counter(
        share.state for share in shares if share.state != "agreed" or share.agreed_by_id != vault.person.id
    )
    arrived = len(arrivals.items(vault, states=("waiting",)))
    with vault.read() as connection:
        last = moment_words(outbox.exchange(connection, "last_sync"), vault.clock().astimezone())
    return FrameState(vault.school, words_of(states, arrived, last), way_in(vault))
