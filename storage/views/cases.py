"""Children whom two organisations know to be the same one, as the acts tell (protocol: §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice import cases as rules
from practice.acts import (
    Act,
    CaseAnswered,
    CaseDeclined,
    CaseMatched,
    CaseOffered,
    CaseReceived,
    CaseUnlinked,
    EntryMoved,
    Identity,
    IdentityHeard,
    IdentityLookedAt,
    IdentityTold,
)
from practice.cases import Mark
from practice.errors import NotFound
from storage.types import Flag, Json, UtcText
from storage.views import children
from storage.views.base import Rows, View, ViewTable, optional_string, string, table_of, typed, view
from storage.views.children import ChildRow
from storage.views.reading import among, columns, rows, where

if TYPE_CHECKING:
    from storage.vault import Vault

LIVE = ("offered", "accepted")
CANDIDATES = 12


class CaseTable(ViewTable, table=True):
    """A child's number under one agreement; `state` is offered or received, accepted or declined, unlinked."""

    __tablename__ = "cases"
    id: str = string(primary_key=True)
    org: str = string(index=True)
    name: str = string()
    contract: str = string()
    ours: bool = typed(Flag)
    child_id: str | None = optional_string(index=True)
    state: str = string()
    identity: Any = typed(Json)
    by_role: str = string()
    confirmed_by: str = string()
    confirmed_at: datetime | None = typed(UtcText, nullable=True)
    reason: str = string()
    unlinked_by: str = string()
    changed: Any = typed(Json)
    since: datetime = typed(UtcText)


def _begun(key: str, act: Act, body: CaseOffered | CaseReceived) -> dict[str, Any]:
    ours = isinstance(body, CaseOffered)
    return {
        "id": key,
        "org": body.org,
        "name": "" if isinstance(body, CaseOffered) else body.name,
        "contract": body.contract,
        "ours": ours,
        "child_id": act.child if ours else None,
        "state": "offered" if ours else "received",
        "identity": body.identity.model_dump(mode="json"),
        "by_role": "" if isinstance(body, CaseOffered) else body.by_role,
        "confirmed_by": "",
        "confirmed_at": None,
        "reason": "",
        "unlinked_by": "",
        "changed": [],
        "since": act.recorded_at,
    }


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    began = next((act for act in acts if isinstance(act.body, CaseOffered | CaseReceived)), None)
    if began is None:
        return {}
    assert isinstance(began.body, CaseOffered | CaseReceived)
    row = _begun(key, began, began.body)
    for act in acts:
        _step(row, act)
    return {"cases": [row]}


def _step(row: dict[str, Any], act: Act) -> None:
    """Take one act into a case's row; a person's no, or an unlink, is never undone by an older word."""
    body = act.body
    if isinstance(body, CaseUnlinked):
        row |= {"state": "unlinked", "reason": body.reason, "unlinked_by": body.by}
    elif row["state"] == "unlinked":
        return
    elif isinstance(body, CaseMatched):
        row |= {"state": "accepted", "child_id": act.child, "confirmed_by": act.author, "confirmed_at": act.recorded_at}
    elif isinstance(body, CaseDeclined):
        row |= {"state": "declined", "reason": body.reason, "child_id": None}
    elif isinstance(body, CaseAnswered):
        row |= {"state": body.answer, "reason": body.reason, "by_role": body.by_role, "confirmed_at": act.recorded_at}
    elif isinstance(body, IdentityTold):
        row["identity"] = body.identity.model_dump(mode="json")
    elif isinstance(body, IdentityHeard):
        now = body.identity
        said = rules.changed(Identity.model_validate(row["identity"]), now)
        row["identity"] = now.model_dump(mode="json")
        row["changed"] = list(dict.fromkeys([*row["changed"], *said]))
    elif isinstance(body, IdentityLookedAt):
        row["changed"] = []
    elif isinstance(body, EntryMoved) and row["child_id"] == body.from_child:  # two records were one child's
        row["child_id"] = act.child


CASES = view(
    View(
        name="cases",
        column="entry",
        tables=((CaseTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class CaseRow:
    """A child's number under one agreement, and how far the two sides have come."""

    id: str
    org: str
    partner: str
    contract: str
    ours: bool
    child_id: str | None
    child: str
    state: str
    identity: Identity
    by_role: str
    confirmed_by: str
    confirmed_at: datetime | None
    reason: str
    unlinked_by: str
    changed: tuple[str, ...]
    """What the partner says has changed since a person last looked at it."""
    since: datetime


def cases(
    vault: Vault, *, case: str = "", org: str = "", child_id: str = "", states: Sequence[str] = ()
) -> list[CaseRow]:
    """Return the cases, those that wait for an answer first, then the newest."""
    narrowed = {"id": case, "org": org, "child_id": child_id}
    conditions = [f"cases.{column} = ?" for column, value in narrowed.items() if value]
    if states:
        conditions.append(among("cases.state", states))
    statement = (
        f"SELECT {columns(CaseTable)}, children.name, partners.name, people.name FROM cases"  # noqa: S608
        " LEFT JOIN children ON children.id = cases.child_id LEFT JOIN partners ON partners.org = cases.org"
        " LEFT JOIN people ON people.id = cases.confirmed_by"
        f" {where(conditions)} ORDER BY cases.since DESC, cases.id"
    )
    parameters = [*filter(None, narrowed.values()), *states]
    with vault.read() as connection:
        found = [
            _row(vars(row))
            for row in rows(connection, CaseTable, statement, parameters, ("child", "partner", "person"))
        ]
    turn = ("received", "offered", "accepted")
    return sorted(found, key=lambda row: turn.index(row.state) if row.state in turn else len(turn))


def _row(fields: dict[str, Any]) -> CaseRow:
    fields["partner"] = fields["partner"] or fields.pop("name") or fields["org"]
    fields.pop("name", None)
    fields["confirmed_by"] = fields.pop("person") or ""
    fields["child"] = fields["child"] or ""
    fields["identity"] = Identity.model_validate(fields["identity"])
    fields["changed"] = tuple(fields["changed"])
    return CaseRow(**fields)


def get(vault: Vault, case: str) -> CaseRow:
    """Return one case; raises NotFound."""
    found = cases(vault, case=case.strip()) if case.strip() else []
    if not found:
        raise NotFound("There is no case with that number here.", hint="dsl-console case list shows them.")
    return found[0]


@dataclass(frozen=True)
class Here:
    """A case as the open transaction sees it."""

    org: str
    state: str
    ours: bool
    child_id: str | None
    date_of_birth: str | None


def here(connection: Connection, case: str) -> Here | None:
    """Return a case as the open transaction sees it; None without one."""
    table = table_of(CaseTable)
    statement = select(table.c.org, table.c.state, table.c.ours, table.c.child_id, table.c.identity)
    row = connection.execute(statement.where(table.c.id == case)).first() if case else None
    return Here(row[0], row[1], row[2], row[3], row[4].get("date_of_birth")) if row else None


def number_for(vault: Vault, org: str, child_id: str, contract: str) -> str:
    """Return the number under which an entry about a child goes to a partner; blank where there is none.

    Under an agreement its own; a single share goes under one that both sides have confirmed.
    """
    live = cases(vault, org=org, child_id=child_id, states=LIVE)
    under = next((row.id for row in live if contract and row.contract == contract), "")
    return under or next((row.id for row in live if row.state == "accepted"), "")


@dataclass(frozen=True)
class Candidate:
    """A child who may be meant, with what matches and what differs."""

    child: ChildRow
    marks: tuple[Mark, ...]

    @property
    def words(self) -> str:
        """What matches and what differs, in one line."""
        return rules.words_of(self.marks)


def compared(child: ChildRow, told: Identity) -> Candidate:
    """Return a child beside what was told of whom they mean."""
    return Candidate(child, rules.compare(told, child.names, child.date_of_birth, child.upn))


def answering(candidate: Candidate) -> Candidate:
    """Return a candidate marked as the child whose entry of ours is answered; a person confirms it all the same."""
    return Candidate(candidate.child, (Mark("same", "answers your entry about this child"), *candidate.marks))


def candidates(vault: Vault, told: Identity) -> list[Candidate]:
    """Return the children who may be meant, by any name, date of birth or UPN; none of them is chosen."""
    found: dict[str, ChildRow] = {}
    for name in (told.name, *told.other_names):
        parts = name.split()
        for wanted in (name, parts[-1], parts[0]) if len(parts) > 1 else (name,):
            if wanted.strip():
                found |= {row.id: row for row in children.find(vault, wanted, CANDIDATES) if row.id not in found}
    for row in children.all_children(vault, include_left=True):
        born = row.date_of_birth.isoformat() if row.date_of_birth else ""
        if (told.date_of_birth and born == told.date_of_birth) or (told.upn and row.upn == told.upn):
            found.setdefault(row.id, row)
    all_of_them = [compared(row, told) for row in found.values()]
    all_of_them.sort(key=lambda each: -sum(mark.verdict == "same" for mark in each.marks if mark.words != "same name"))
    return all_of_them[:CANDIDATES]


def to_tell(vault: Vault) -> list[tuple[CaseRow, tuple[str, ...]]]:
    """Return the live cases of ours whose child's name, date of birth or UPN is another one than the partner knows."""
    from storage.views.children import ChildTable
    from storage.views.sharing_tables import PartnerTable

    live = [row for row in cases(vault, states=LIVE) if row.ours and row.child_id]
    if not live:
        return []
    agencies, roll = table_of(PartnerTable), table_of(ChildTable)
    named = select(roll.c.id, roll.c.name, roll.c.names, roll.c.date_of_birth, roll.c.upn)
    with vault.read() as connection:
        kinds = dict(
            connection.execute(select(agencies.c.org, agencies.c.kind).where(agencies.c.removed.is_(False))).fetchall()
        )
        known = {row[0]: row for row in connection.execute(named.where(roll.c.id.in_([row.child_id for row in live])))}
    found = []
    for row in live:
        if row.org not in kinds or (child := known.get(row.child_id or "")) is None:
            continue
        born = children.day_or_none(child[3])
        said = rules.changed(row.identity, rules.identity_for(kinds[row.org], child[1], child[2], born, child[4]))
        found += [(row, said)] if said else []
    return found
