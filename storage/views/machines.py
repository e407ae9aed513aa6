"""The school's machines, as the acts tell, and what each of them has heard of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import Act, MachineAdded, MachineHeard, MachineRemoved, MachineRenewed, Restored, read_body
from practice.errors import NotFound
from storage import ledger
from storage.types import Json, UtcText, from_utc_text
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class MachineTable(ViewTable, table=True):
    """A machine of the school; `devices` are the chains that it wrote, the present one last."""

    __tablename__ = "machines"
    id: str = string(primary_key=True)
    name: str = string()
    devices: Any = typed(Json)
    signing: str = string()
    encryption: str = string()
    transport: str = string()
    added_at: datetime = typed(UtcText)
    added_by: str = string()
    removed_at: datetime | None = typed(UtcText, nullable=True)
    removed_reason: str = string()


def _fold(_key: str, acts: Sequence[Act]) -> Rows:
    machines: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, MachineAdded):
            before = machines.get(body.machine)
            devices = [*(before["devices"] if before else [])]
            machines[body.machine] = {
                "id": body.machine,
                "name": body.name,
                "devices": devices if body.device in devices else [*devices, body.device],
                "signing": body.signing,
                "encryption": body.encryption,
                "transport": body.transport,
                "added_at": act.recorded_at,
                "added_by": act.author,
                "removed_at": None,
                "removed_reason": "",
            }
    for act in acts:  # a machine that was removed stays so: one that comes back joins anew, under another id
        if isinstance(act.body, MachineRemoved) and act.body.machine in machines:
            machines[act.body.machine] |= {"removed_at": act.recorded_at, "removed_reason": act.body.reason}
    # A restore, and a machine that was put back, goes on in a chain of its own, whatever the clocks said.
    renewed = [act for act in acts if isinstance(act.body, Restored | MachineRenewed)]
    restored = [(act.device, act.body.device) for act in renewed if isinstance(act.body, Restored | MachineRenewed)]
    for _ in restored:
        for device, before_it in restored:
            for machine in machines.values():
                if before_it in machine["devices"] and device not in machine["devices"]:
                    machine["devices"].append(device)
    return {"machines": list(machines.values())}


view(
    View(
        name="machines",
        column="kind",
        tables=((MachineTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class MachineRow:
    """A machine of the school, with its public keys in base64."""

    id: str
    name: str
    devices: tuple[str, ...]
    signing: str
    encryption: str
    transport: str
    added_at: datetime
    added_by: str
    removed_at: datetime | None
    removed_reason: str

    @property
    def device(self) -> str:
        """The chain that the machine writes now."""
        return self.devices[-1]


@dataclass(frozen=True)
class Heard:
    """What a machine said, when it last said it, of how far it holds each chain: number and MAC."""

    at: datetime
    heads: dict[str, tuple[int, str]]


def in_ledger(connection: Connection) -> list[MachineRow]:
    """Return every machine that ever was, the oldest first."""
    table = table_of(MachineTable)
    rows = connection.execute(select(table).order_by(table.c.added_at, table.c.id))
    return [MachineRow(**dict(row._mapping) | {"devices": tuple(row.devices)}) for row in rows]


def machines(vault: Vault, *, removed: bool = False) -> list[MachineRow]:
    """Return the school's machines, the oldest first; with `removed` also those that were taken out."""
    with vault.read() as connection:
        return [row for row in in_ledger(connection) if removed or row.removed_at is None]


def find(vault: Vault, wanted: str) -> MachineRow:
    """Return the machine of a name or id, one that is in use first; raises NotFound."""
    folded = wanted.strip().casefold()
    rows = machines(vault, removed=True)
    fitting = [row for row in rows if folded in (row.id, row.name.casefold())]
    if fitting:
        return min(fitting, key=lambda row: row.removed_at is not None)
    names = ", ".join(row.name for row in rows if row.removed_at is None)
    raise NotFound(f"No machine of that name belongs to this vault. Those that do: {names or 'this one alone'}.")


def heard(connection: Connection, device: str) -> Heard | None:
    """Return what a chain says last of the others, from the ledger itself: older ones are of no use to anybody."""
    row = connection.exec_driver_sql(
        "SELECT a.recorded_at, b.body FROM acts a JOIN bodies b ON b.act = a.id"
        " WHERE a.device = ? AND a.kind = 'machine_heard' ORDER BY a.seq DESC LIMIT 1",
        (device,),
    ).first()
    if row is None:
        return None
    body = read_body("machine_heard", row[1])
    assert isinstance(body, MachineHeard)
    return Heard(from_utc_text(row[0]), dict(body.heads))


def heads(connection: Connection) -> dict[str, tuple[int, str]]:
    """Return how far this machine holds each chain: number and MAC."""
    ends = {device: ledger.head(connection, device) for device in ledger.devices(connection)}
    return {device: (end.seq, end.mac.hex()) for device, end in ends.items()}
