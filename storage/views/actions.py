"""Actions: what is to be done, by whom and by when, and what came of it; what decisions asked for among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import Act, ActionAdded, ActionChanged, ActionDone, EntryMoved
from practice.vocabulary import Decision, label_of
from storage.types import UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, typed, view
from storage.views.entry_tables import DecisionTable
from storage.views.reading import columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault


class ActionTable(ViewTable, table=True):
    """An action as the newest acts tell."""

    __tablename__ = "actions"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    about: str = string()
    what: str = string()
    owner: str = string()
    owner_person: str = string()
    due: str | None = optional_string()
    asked_by: str = string()
    asked_at: datetime = typed(UtcText)
    state: str = string(index=True)
    follow_up: str = string()
    outcome: str = string()
    reason: str = string()
    closed_by: str = string()
    closed_at: datetime | None = typed(UtcText, nullable=True)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    born = next((act for act in acts if isinstance(act.body, ActionAdded)), None)
    if born is None:
        return {}
    first = born.body
    assert isinstance(first, ActionAdded)
    row: dict[str, Any] = {
        "id": key,
        "child_id": born.child or "",
        "about": first.about,
        "what": first.what,
        "owner": first.owner,
        "owner_person": first.owner_person,
        "due": first.due,
        "asked_by": born.author,
        "asked_at": born.recorded_at,
        "state": "open",
        "follow_up": "",
        "outcome": "",
        "reason": "",
        "closed_by": "",
        "closed_at": None,
    }
    for act in acts:
        body = act.body
        if isinstance(body, ActionChanged):
            if body.owner is not None:
                row |= {"owner": body.owner, "owner_person": body.owner_person or ""}
            row["due"] = body.due or row["due"]
        elif isinstance(body, ActionDone):
            row |= {"state": "done", "follow_up": body.follow_up, "outcome": body.outcome, "reason": body.reason}
            row |= {"closed_by": act.author, "closed_at": act.recorded_at}
        elif isinstance(body, EntryMoved):  # two records were one child's
            row["child_id"] = act.child or ""
    return {"actions": [row]}


ACTIONS = view(
    View(
        name="actions",
        column="entry",
        tables=((ActionTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class ActionRow:
    """An action, or what a decision asked for by a day; `about` is the entry that it belongs to, if any.

    `kind` is action or decision, `state` open or done; `owner_id` and `asked_by_id` are blank for who has no slot here.
    """

    id: str
    kind: str
    child_id: str
    child: str
    about: str
    what: str
    owner_id: str
    owner: str
    asked_by_id: str
    asked_by: str
    asked_at: datetime
    due: date | None
    late_school_days: int
    state: str
    follow_up: str = ""
    outcome: str = ""
    reason: str = ""

    def order(self) -> tuple[bool, date, datetime, str]:
        """Return where it stands in a list: by the day it is due, those without a day last."""
        return (self.due is None, self.due or date.max, self.asked_at, self.id)


def actions(vault: Vault, on: date, *, child_id: str = "", done: bool = False) -> list[ActionRow]:
    """Return what is to be done as of a day, the longest overdue first; with `done` also what was closed."""
    from practice.reviews import overdue_school_days

    with vault.read() as connection:
        asked = _asked(connection, child_id, done=done)
        decided = _decided(connection, child_id)
    calendar = vault.calendar() if any(row.due for row in (*asked, *decided)) else None

    def late(due: str | None, state: str) -> int:
        if due is None or calendar is None or state != "open" or date.fromisoformat(due) >= on:
            return 0
        return overdue_school_days(date.fromisoformat(due), on, calendar)

    found = [
        ActionRow(
            id=row.id,
            kind="action",
            child_id=row.child_id,
            child=row.child,
            about=row.about,
            what=row.what,
            owner_id=row.owner_person,
            owner=row.owner,
            asked_by_id=row.asked_by,
            asked_by=row.asker or "",
            asked_at=row.asked_at,
            due=date.fromisoformat(row.due) if row.due else None,
            late_school_days=late(row.due, row.state),
            state=row.state,
            follow_up=row.follow_up,
            outcome=row.outcome,
            reason=row.reason,
        )
        for row in asked
    ]
    found += [
        ActionRow(
            id=row.act_id,
            kind="decision",
            child_id=row.child_id,
            child=row.child,
            about=row.entry_id,
            what=f"{label_of(Decision, row.decision)}: {row.reason}",
            owner_id=row.author,
            owner=row.decider or "",
            asked_by_id=row.author,
            asked_by=row.decider or "",
            asked_at=row.recorded_at,
            due=date.fromisoformat(row.due),
            late_school_days=late(row.due, "open"),
            state="open",
        )
        for row in decided
    ]
    return sorted(found, key=ActionRow.order)


def _asked(connection: Connection, child_id: str, *, done: bool) -> list[SimpleNamespace]:
    """Return the actions, with the names of the child and of who asked for each."""
    conditions = ([] if done else ["actions.state = 'open'"]) + (["actions.child_id = ?"] if child_id else [])
    statement = (
        f"SELECT {columns(ActionTable)}, children.name, people.name FROM actions"  # noqa: S608
        " JOIN children ON children.id = actions.child_id LEFT JOIN people ON people.id = actions.asked_by"
        f" {where(conditions)}"
    )
    return rows(connection, ActionTable, statement, [child_id] if child_id else [], ("child", "asker"))


def _decided(connection: Connection, child_id: str) -> list[SimpleNamespace]:
    """Return the decisions whose day is set and which have no outcome yet."""
    clause = " AND entries.child_id = ?" if child_id else ""
    statement = (
        f"SELECT {columns(DecisionTable)}, entries.child_id, children.name, people.name FROM decisions"  # noqa: S608
        " JOIN entries ON entries.id = decisions.entry_id JOIN children ON children.id = entries.child_id"
        " LEFT JOIN people ON people.id = decisions.author"
        f" WHERE decisions.superseded = 0 AND decisions.due IS NOT NULL AND decisions.outcome = ''{clause}"
    )
    more = ("child_id", "child", "decider")
    return rows(connection, DecisionTable, statement, [child_id] if child_id else [], more)
