"""The files of children who left or joined: open, sent, receipted, and by when (R-50 to R-56)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import (
    Act,
    EntryMoved,
    TransferChanged,
    TransferEffort,
    TransferEnded,
    TransferOpened,
    TransferReceived,
    TransferReviewed,
    TransferSent,
)
from practice.errors import NotFound
from practice.transfers import receipt_due, transfer_due
from storage.types import Flag, Json, UtcText
from storage.views.base import Rows, View, ViewTable, string, typed, view
from storage.views.reading import among, columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault

OPEN_STATES = ("open", "sent", "arrived", "receipted")
"""States in which something is still to be done; of one that goes out, until the receipt is in (R-51)."""


class TransferTable(ViewTable, table=True):
    """A transfer. Out: open, sent, done, ended. In: arrived, receipted, done, ended."""

    __tablename__ = "transfers"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    direction: str = string()
    leaving: str = string()
    school: str = string()
    dsl: str = string()
    contact: str = string()
    by_roll: bool = typed(Flag)
    in_advance: str = string()
    no_destination: bool = typed(Flag)
    efforts: Any = typed(Json)
    sent: Any = typed(Json)
    receipt: Any = typed(Json)
    told: str = string()
    state: str = string(index=True)
    reason: str = string()
    opened_by: str = string()
    opened_at: datetime = typed(UtcText)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    born = next((act for act in acts if isinstance(act.body, TransferOpened)), None)
    if born is None:
        return {}
    first = born.body
    assert isinstance(first, TransferOpened)
    row: dict[str, Any] = {
        "id": key,
        "child_id": born.child or "",
        "direction": first.direction,
        "leaving": first.leaving,
        "school": first.school,
        "dsl": first.dsl,
        "contact": first.contact,
        "by_roll": first.by_roll,
        "in_advance": "",
        "no_destination": False,
        "efforts": [],
        "sent": {},
        "receipt": {},
        "told": "",
        "state": "open" if first.direction == "out" else "arrived",
        "reason": "",
        "opened_by": born.author,
        "opened_at": born.recorded_at,
    }
    for act in acts:
        _take(row, act)
    return {"transfers": [row]}


def _take(row: dict[str, Any], act: Act) -> None:
    """Bring a transfer's row on by one act."""
    body = act.body
    if isinstance(body, TransferChanged):
        names = ("leaving", "school", "dsl", "contact", "in_advance", "no_destination")
        row |= {name: getattr(body, name) for name in names if getattr(body, name) is not None}
    elif isinstance(body, TransferEffort):
        row["efforts"] = [*row["efforts"], body.model_dump(mode="json")]
    elif isinstance(body, TransferSent):
        row |= {"sent": body.model_dump(mode="json"), "school": body.school, "dsl": body.dsl}
        row |= {"state": "sent" if not row["receipt"] else "done", "no_destination": False}
    elif isinstance(body, TransferReceived):
        row["receipt"] = body.model_dump(mode="json")
        row["state"] = "receipted" if row["direction"] == "in" else "done"
    elif isinstance(body, TransferReviewed):
        row |= {"told": body.told, "state": "done"}
    elif isinstance(body, TransferEnded):
        row |= {"state": "ended", "reason": body.reason}
    elif isinstance(body, EntryMoved):  # two records were one child's
        row["child_id"] = act.child or ""


TRANSFERS = view(
    View(
        name="transfers",
        column="entry",
        tables=((TransferTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class TransferRow:
    """A transfer with what is due of it: the day, and the sentence that says why."""

    id: str
    child_id: str
    child: str
    direction: str
    leaving: date
    school: str
    dsl: str
    contact: str
    by_roll: bool
    in_advance: str
    no_destination: bool
    efforts: tuple[dict[str, str], ...]
    sent: dict[str, Any]
    receipt: dict[str, str]
    told: str
    state: str
    reason: str
    opened_by: str
    due: date | None
    why: str

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN_STATES

    @property
    def words(self) -> str:
        """Where it stands, in words."""
        if self.state == "open" and self.no_destination:
            return "no next school is known"
        return {
            "open": "to be sent",
            "sent": "sent, no receipt yet",
            "arrived": "came, no receipt given yet",
            "receipted": "came, to be read and told",
            "done": "done",
            "ended": "ended",
        }[self.state]


def transfers(vault: Vault, *, child_id: str = "", everything: bool = False) -> list[TransferRow]:
    """Return the transfers of which something is still to be done, by the day it is due; or every one."""
    conditions = [*(["transfers.child_id = ?"] if child_id else [])]
    parameters = [child_id] if child_id else []
    if not everything:
        conditions.append(among("transfers.state", OPEN_STATES))
        parameters += OPEN_STATES
    return sorted(_rows(vault, conditions, parameters), key=lambda row: (not row.open, row.due or row.leaving, row.id))


def get(vault: Vault, transfer_id: str) -> TransferRow:
    """Return a transfer by its id; raises NotFound."""
    found = _rows(vault, ["transfers.id = ?"], [transfer_id])
    if not found:
        raise NotFound("There is no transfer with that id.", hint="dsl-console transfer list shows them.")
    return found[0]


def unconfirmed(connection: Connection, child_id: str) -> bool:
    """Say whether a child's file is still to go, or went and no receipt is in: nothing of it may be erased (R-51)."""
    found = connection.exec_driver_sql(
        "SELECT EXISTS (SELECT 1 FROM transfers"
        " WHERE child_id = ? AND direction = 'out' AND state IN ('open', 'sent'))",
        (child_id,),
    )
    return bool(found.scalar_one())


def _rows(vault: Vault, conditions: Sequence[str], parameters: Sequence[str]) -> list[TransferRow]:
    statement = (
        f"SELECT {columns(TransferTable)}, children.name, people.name FROM transfers"  # noqa: S608
        " JOIN children ON children.id = transfers.child_id LEFT JOIN people ON people.id = transfers.opened_by"
        f" {where(conditions)}"
    )
    with vault.read() as connection:
        found = rows(connection, TransferTable, statement, parameters, ("child", "opener"))
    return [_row(vault, row) for row in found]


def _row(vault: Vault, row: Any) -> TransferRow:
    leaving = date.fromisoformat(row.leaving)
    due, why = _due(vault, row, leaving)
    return TransferRow(
        id=row.id,
        child_id=row.child_id,
        child=row.child,
        direction=row.direction,
        leaving=leaving,
        school=row.school,
        dsl=row.dsl,
        contact=row.contact,
        by_roll=row.by_roll,
        in_advance=row.in_advance,
        no_destination=row.no_destination,
        efforts=tuple(row.efforts),
        sent=row.sent,
        receipt=row.receipt,
        told=row.told,
        state=row.state,
        reason=row.reason,
        opened_by=row.opener or "",
        due=due,
        why=why,
    )


def _due(vault: Vault, row: Any, leaving: date) -> tuple[date | None, str]:
    """Return by when the next step of a transfer is due, and why."""
    if row.state not in OPEN_STATES:
        return None, ""
    calendar = vault.calendar()
    if row.state == "sent":
        day = receipt_due(date.fromisoformat(row.sent["sent_on"]), calendar)
        return day, "It is not done until the receipt is in: ask for it then."
    if row.direction == "in":
        words = "Give the receipt." if row.state == "arrived" else "Read it, and tell those who must know."
        return calendar.first_school_day_from(leaving), words
    if row.no_destination:
        words = "No next school is known: tell the council's children-missing-education team, and log each effort."
        return transfer_due(leaving, calendar).due, words
    found = transfer_due(leaving, calendar)
    return found.due, found.reason
