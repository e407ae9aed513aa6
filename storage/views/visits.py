"""Visit sets: which children's records are out on a laptop, until when, and what became of each, as the acts tell."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Integer, select
from sqlmodel import Field

from practice.acts import Act, Body, MachineHeard, VisitLost, VisitPacked, VisitReturned, VisitSettled, read_body
from practice.errors import NotFound
from storage import ledger
from storage.keys import unb64
from storage.sealed import canonical
from storage.types import Json, UtcText, from_utc_text
from storage.views import children, organisation
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view
from storage.views.reading import columns, rows

if TYPE_CHECKING:
    from storage.vault import Vault

SPOOL = "spool/visits"
"""Where in a vault's folder a set's sealed files wait, as they came."""
OUT, RETURNED, LOST = "out", "returned", "lost"


class VisitTable(ViewTable, table=True):
    """A visit set; `device` is the chain that the laptop writes, `allowed` how far a person let in what waited."""

    __tablename__ = "visits"
    id: str = string(primary_key=True)
    device: str = string()
    person: str = string()
    signing_key: str = string()
    children: Any = typed(Json)
    purpose: str = string()
    packed_at: datetime = typed(UtcText)
    until: datetime = typed(UtcText)
    state: str = string()
    through: int = Field(sa_type=Integer)
    closed_at: datetime | None = typed(UtcText, nullable=True)
    reason: str = string()
    allowed: int = Field(default=0, sa_type=Integer)
    refused: int = Field(default=0, sa_type=Integer)


def _fold(_key: str, acts: Sequence[Act]) -> Rows:
    rows: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, VisitPacked) and (body.visit not in rows or not body.proof):
            rows[body.visit] = {
                "id": body.visit,
                "device": body.device,
                "person": body.person or act.author,
                "signing_key": body.signing_key,
                "children": list(body.children),
                "purpose": body.purpose,
                "packed_at": from_utc_text(body.packed_at) if body.packed_at else act.recorded_at,
                "until": from_utc_text(body.until),
                "state": OUT,
                "through": 0,
                "closed_at": None,
                "reason": "",
                "allowed": 0,
                "refused": 0,
            }
    for act in acts:  # what became of a set stands, whichever machine's acts came first
        body = act.body
        if isinstance(body, VisitReturned | VisitLost | VisitSettled) and body.visit in rows:
            _close(rows[body.visit], act)
    return {"visits": list(rows.values())}


def _close(row: dict[str, Any], act: Act) -> None:
    body = act.body
    if isinstance(body, VisitSettled):
        if body.accepted:
            row["allowed"] = max(row["allowed"], body.through)
        else:
            row["refused"] = max(row["refused"], body.through)
        return
    assert isinstance(body, VisitReturned | VisitLost)
    row["through"] = max(row["through"], body.through)
    if isinstance(body, VisitLost):
        row |= {"state": LOST, "closed_at": act.recorded_at, "reason": body.reason}
        row["allowed"] = max(row["allowed"], body.through)
    elif row["state"] != LOST:
        row |= {"state": RETURNED, "closed_at": row["closed_at"] or act.recorded_at}


view(
    View(
        name="visits",
        column="kind",
        tables=((VisitTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class VisitRow:
    """A visit set with names; up to act `allowed` a person let in, and up to `refused` refused, what waited of it."""

    id: str
    device: str
    person_id: str
    person: str
    signing_key: str
    child_ids: tuple[str, ...]
    children: tuple[str, ...]
    purpose: str
    packed_at: datetime
    until: datetime
    state: str
    through: int
    closed_at: datetime | None
    reason: str
    allowed: int
    refused: int


def visits(vault: Vault, *, state: str = "") -> list[VisitRow]:
    """Return the visit sets, those that are out first, then the newest."""
    statement = f"SELECT {columns(VisitTable)} FROM visits ORDER BY visits.packed_at DESC, visits.id"  # noqa: S608
    with vault.read() as connection:
        found = rows(connection, VisitTable, statement)
        if not found:
            return []
        people = organisation.names(connection)
        names = children.names(connection, {child for row in found for child in row.children})
    made = [
        VisitRow(
            row.id,
            row.device,
            row.person,
            people.get(row.person, ""),
            row.signing_key,
            tuple(row.children),
            tuple(names.get(child, "a child") for child in row.children),
            row.purpose,
            row.packed_at,
            row.until,
            row.state,
            row.through,
            row.closed_at,
            row.reason,
            row.allowed,
            row.refused,
        )
        for row in found
    ]
    return sorted((row for row in made if state in ("", row.state)), key=lambda row: row.state != OUT)


def find(vault: Vault, wanted: str) -> VisitRow:
    """Return the visit set of an id, or of the beginning of one; raises NotFound."""
    found = [row for row in visits(vault) if wanted.strip() and row.id.endswith(wanted.strip().casefold())]
    if len(found) == 1:
        return found[0]
    raise NotFound("No visit set of that number is known here.", hint="dsl-console visit list shows them.")


def moment_words(moment: datetime, now: datetime) -> str:
    """Return a moment as the time of today, or as its day and time."""
    local = moment.astimezone()
    same = local.date() == now.astimezone().date()
    return f"{local:%H:%M}" if same else f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def waiting(vault: Vault) -> list[tuple[str, str]]:
    """Return the sets of which sealed files lie in the vault's spool, since something keeps them out: id and words."""
    counts = Counter(path.name[:36] for path in (vault.folder / SPOOL).glob("*-*"))
    return [
        (ident, f"{count} sealed file{'s wait' if count > 1 else ' waits'} of visit set {short(ident)}")
        for ident, count in sorted(counts.items())
    ]


def short(ident: str) -> str:
    """Return the last letters of a set's id, by which people name it: the first ones only say when it was made."""
    return ident[-6:]


def closed(connection: Connection) -> dict[str, tuple[int, tuple[str, int]]]:
    """Return, for each visit's chain that was closed, up to which act, and the chain and number of the act that did."""
    found: dict[str, tuple[int, tuple[str, int]]] = {}
    closing = connection.exec_driver_sql(
        "SELECT a.device, a.seq, a.kind, b.body FROM acts a JOIN bodies b ON b.act = a.id"
        " WHERE a.kind IN ('visit_returned', 'visit_lost') ORDER BY a.device, a.seq"
    )
    for device, seq, kind, stored in closing:
        body = read_body(kind, stored)
        assert isinstance(body, VisitReturned | VisitLost)
        if body.through >= found.get(body.device, (0, ("", 0)))[0]:
            found[body.device] = (body.through, (device, seq))
    return found


def devices(connection: Connection) -> set[str]:
    """Return the chains of all visit sets."""
    return set(connection.execute(select(table_of(VisitTable).c.device)).scalars())


def unheard(connection: Connection) -> set[tuple[str, int]]:
    """Return which acts visit sets had heard of that are not here, by chain and number.

    Only for a set that came by its letter home is there any.
    """
    heard = connection.exec_driver_sql(
        "SELECT b.body FROM visits v JOIN acts a ON a.device = v.device JOIN bodies b ON b.act = a.id"
        " WHERE a.kind = 'machine_heard'"
    )
    return {each for row in heard for each in missing(connection, read_body(MachineHeard.act_kind, row[0]))}


def missing(connection: Connection, body: Body) -> set[tuple[str, int]]:
    """Return which acts a set says that it had heard of are not here."""
    heads = body.heads if isinstance(body, MachineHeard) else {}
    return {(device, seq) for device, (seq, _mac) in heads.items() if ledger.head(connection, device).seq < seq}


def signing_keys(vault: Vault, people: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
    """Return the keys that sign on visit sets, named as `ledger.chain_keys` says: each in its own chain alone."""
    found: dict[str, list[bytes]] = {}
    with vault.read() as connection:
        acts = list(ledger.acts_where(connection, "kind", [], [VisitPacked.act_kind]))
    for act in acts:
        assert isinstance(act.body, VisitPacked)
        if person := whose(act.body, act.author, people):
            found.setdefault(ledger.chain_keys(act.body.device, person), []).append(unb64(act.body.signing_key))
    return found


def statement(body: VisitPacked) -> bytes:
    """Return what a person signs of a set that they pack, so that it can be recorded again from its letter home."""
    said = (body.visit, body.device, body.signing_key, body.children, body.until, body.purpose)
    return canonical("dsl-console/visit/packed/v1", *said, body.person, body.packed_at)


def whose(body: VisitPacked, author: str, people: Mapping[str, Sequence[bytes]]) -> str:
    """Return whose set it is: its author's, or who signed for it; blank where somebody else is named without that.

    `people` are the signing keys of those who are known; in the name of somebody who is not known nothing is forged.
    """
    if not body.person or body.person == author:
        return author
    keys = [Ed25519PublicKey.from_public_bytes(key) for key in people.get(body.person, ())]
    signed = ledger.signed_by(base64.b64decode(body.proof), statement(body), keys)
    return body.person if signed or not keys else ""
