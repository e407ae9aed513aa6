"""Whether a chain goes on from the one that the anchor knows: a machine was renewed, and stopped before its anchor."""

from __future__ import annotations

import hmac

from sqlalchemy import Connection

from practice.acts import MachineRenewed
from storage import ledger
from storage.replication import wire


def goes_on(connection: Connection, audit_key: bytes, device: str, before: str, seq: int, mac: bytes) -> bool:
    """Say whether the chain of `device` took over from that of `before`, with all that it held up to number `seq`.

    The acts that were moved are chained once more under the numbers that they had: the last one's MAC must be `mac`.
    """
    renewed = [
        (act.seq, act.body)
        for act in ledger.acts_where(connection, "kind", [], [MachineRenewed.act_kind])
        if act.device == device and isinstance(act.body, MachineRenewed) and act.body.device == before
    ]
    if not renewed:
        return False
    end, body = renewed[0]
    if seq < body.first:
        found = ledger.link_at(connection, before, seq)
        return found is not None and hmac.compare_digest(found, mac)
    link = ledger.link_at(connection, before, body.first - 1)
    number = body.first - 1
    for line in wire.lines_of(connection, device, 1, end - 1) if link is not None else ():
        number += 1
        fields = (line.id, before, number, *line.fields[3:])
        link = ledger.next_mac(audit_key, link or b"", fields, line.digest)
        if number == seq:
            return hmac.compare_digest(link, mac)
    return False
