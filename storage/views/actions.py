"""Actions: what is to be done, by whom and by when, and what came of it; what decisions asked for among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, ActionAdded, ActionChanged, ActionDone, EntryMoved
from practice.vocabulary import Decision, label_of
from storage.types import UtcText
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view
from storage.views.entries import DecisionTable, EntryTable
from storage.views.organisation import PersonTable

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
    from storage.views.children import ChildTable

    table, people, children = table_of(ActionTable), table_of(PersonTable), table_of(ChildTable)
    statement = (
        select(table, children.c.name.label("child"), people.c.name.label("asker"))
        .join(children, children.c.id == table.c.child_id)
        .outerjoin(people, people.c.id == table.c.asked_by)
    )
    if not done:
        statement = statement.where(table.c.state == "open")
    if child_id:
        statement = statement.where(table.c.child_id == child_id)
    with vault.read() as connection:
        rows = list(connection.execute(statement))
        decided = list(connection.execute(_decided(child_id)))
    calendar = vault.calendar() if any(row.due for row in (*rows, *decided)) else None

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
        for row in rows
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


def _decided(child_id: str) -> Any:
    """Return the statement that finds decisions whose day is set and which have no outcome yet."""
    from storage.views.children import ChildTable

    decisions, entries, children = table_of(DecisionTable), table_of(EntryTable), table_of(ChildTable)
    people = table_of(PersonTable)
    statement = (
        select(decisions, entries.c.child_id, children.c.name.label("child"), people.c.name.label("decider"))
        .join(entries, entries.c.id == decisions.c.entry_id)
        .join(children, children.c.id == entries.c.child_id)
        .outerjoin(people, people.c.id == decisions.c.author)
        .where(decisions.c.superseded.is_(False), decisions.c.due.is_not(None), decisions.c.outcome == "")
    )
    return statement.where(entries.c.child_id == child_id) if child_id else statement
