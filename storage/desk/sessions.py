"""Begin a review session, find its children, and end it with its minute (R-81)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.acts import SessionBegun, SessionEnded, build
from practice.clocks import add_working_days
from practice.dates import day_words, time_words
from practice.errors import Refused
from practice.minutes import SCOPES, pages_of, scope_words
from practice.names import fold
from practice.vocabulary import EntryKind, ReviewStatus, label_of
from storage.documents.blocks import Block, Facts, Heading, Para
from storage.documents.pages import Page, PageMade, write_page
from storage.ids import new_id
from storage.views import reviews, sessions
from storage.views.base import table_of

if TYPE_CHECKING:
    from storage.vault import Vault


def _today(vault: Vault) -> date:
    return vault.clock().astimezone().date()


def in_scope(vault: Vault, scope: str, about: str = "", on: date | None = None) -> list[reviews.DueRow]:
    """Return the children of a scope, the longest overdue first.

    due, overdue; status (every child of one); worker (every child with a plan whom a name on the front sheet, or an
    open action, joins to that worker); before_holiday (all who fall due before the first day back from the next one).
    """
    today = on or _today(vault)
    plans = reviews.due(vault, today, all_plans=True)
    if scope == "due":
        return [row for row in plans if row.due <= today]
    if scope == "overdue":
        return [row for row in plans if row.overdue_school_days]
    if scope == "status":
        if about not in set(ReviewStatus):
            raise Refused(f"«{about}» is no status of a review. Nothing was begun.", hint=", ".join(ReviewStatus))
        return [row for row in plans if row.status == about]
    if scope == "worker":
        if not about.strip():
            raise Refused("Which worker? Nothing was begun.")
        whose = _of_worker(vault, about)
        return [row for row in plans if row.child_id in whose]
    if scope == "before_holiday":
        calendar = vault.calendar()
        holiday = calendar.next_holiday(today)
        if holiday is None:
            raise Refused("The calendar has no holiday in the coming year. Nothing was begun.")
        back = calendar.first_school_day_from(holiday[1] + timedelta(days=1))
        return [row for row in plans if row.due <= back]
    raise Refused(f"«{scope}» is no scope of a session. Nothing was begun.", hint=", ".join(SCOPES))


def _of_worker(vault: Vault, name: str) -> set[str]:
    from storage.views.actions import ActionTable
    from storage.views.front_sheet import FrontLineTable

    lines, actions = table_of(FrontLineTable), table_of(ActionTable)
    wanted = fold(name)
    with vault.read() as connection:
        rows = [
            *connection.execute(select(lines.c.child_id, lines.c.name)),
            *connection.execute(select(actions.c.child_id, actions.c.owner).where(actions.c.state == "open")),
        ]
    return {row[0] for row in rows if wanted in fold(row[1])}


def begin(vault: Vault, scope: str, about: str = "", queue: Sequence[str] = ()) -> sessions.SessionRow:
    """Begin a session over a scope, or over these children; raises Refused where nobody is in it."""
    children = list(queue) or [row.child_id for row in in_scope(vault, scope, about)]
    if not children:
        raise Refused("Nobody is in that scope, so no session was begun.")
    ident = new_id()
    vault.record(build(SessionBegun, {"scope": scope, "about": about, "queue": children}), entry=ident)
    return sessions.get(vault, ident)


def end(vault: Vault, session_id: str, read: str = "") -> sessions.SessionRow:
    """End a session with its minute, which the signature of whoever ends it stands over.

    `read` is the minute that the person had before them; raises Refused where it would be another one by now.
    """
    found = sessions.get(vault, session_id)
    if not found.open:
        raise Refused("This session was ended already, and its minute stands. Nothing was changed.")
    if not found.reviewed:
        raise Refused("No child was reviewed in this session yet, so there is nothing to sign.")
    if read and read != found.minute:
        raise Refused("The session went on meanwhile: read its minute again before you sign. Nothing was changed.")
    left = [child for child, _ in found.left]
    fields = {"minute": pages_of(found.minute), "reviewed": len(found.reviewed), "left": left}
    vault.record(build(SessionEnded, fields), entry=found.id)
    return sessions.get(vault, found.id)


def minute_page(found: sessions.SessionRow, school: str) -> Page:
    """Return a session's minute as a page to print: what was signed, word for word."""
    blocks: list[Block] = [Heading(1, "Minute of a review session")]
    pairs = [("School", school), ("Scope", scope_words(found.scope, found.about))]
    if found.ended_at is not None:
        ended = found.ended_at.astimezone()
        pairs.append(("Signed by", f"{found.ended_by}, {day_words(ended.date())}, {time_words(ended)}"))
    blocks.append(Facts(tuple(pairs)))
    if found.ended_at is None:
        blocks.append(Para("Not signed: the session is not ended yet.", "warn"))
    blocks += [Para(part) for part in found.minute.split("\n\n")]
    return Page("Minute of a review session", tuple(blocks), len(found.reviewed))


def print_minute(vault: Vault, session_id: str, path: Path) -> PageMade:
    """Write a session's minute as PDF or HTML; that it went out is recorded."""
    return write_page(vault, minute_page(sessions.get(vault, session_id), vault.school.name), path)


def refer(vault: Vault, child_id: str, to: str, text: str) -> str:
    """Record a referral of a child, which asks "Have you heard?" on the next working day (R-101); its entry's id."""
    from storage.desk import actions
    from storage.desk.concerns import log_concern

    if not to.strip() or not text.strip():
        raise Refused("To whom, and what? Nothing was recorded yet.")
    what = f"{label_of(EntryKind, EntryKind.REFERRAL)} to {' '.join(to.split())}. {text.strip()}"
    entry = log_concern(vault, {"text": what, "entry_kind": EntryKind.REFERRAL}, child_id=child_id)[0]
    due = add_working_days(_today(vault), 1, vault.calendar().bank_holidays)
    actions.add(vault, child_id, f"Have you heard from {' '.join(to.split())}?", due=due, about=entry)
    return entry
