"""Checking a chain against what was signed and kept, and where each act stands among all acts (storage: §5)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from practice.acts import Act, read_body
from practice.errors import IntegrityAlarm
from storage import ledger
from storage.ledger import Problem

_CHUNK = 500
LINE = (
    "cast(json_array(a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event,"
    " a.clock, lower(hex(a.digest))) AS blob)"
)
"""An act's line as `ledger.line_bytes` writes it, written by the database: no field of it becomes a value here."""
_CHAIN = (
    f"SELECT a.id, a.device, a.seq, {LINE}, a.digest, a.mac, b.salt, b.body FROM acts a"  # noqa: S608
    " LEFT JOIN bodies b ON b.act = a.id ORDER BY a.device, a.seq"
)


def _macs(key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes, its two inner states made once.

    `hmac.digest` sets them up for every line, which is half of what verifying an act costs.
    """
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def mac(data: bytes) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(data)
        around.update(within.digest())
        return around.digest()

    return mac


def verify_chain(
    connection: Connection,
    audit_key: bytes,
    step: Callable[[], None] = lambda: None,
    erased: Collection[str] = frozenset(),
) -> tuple[int, list[Problem]]:
    """Recompute every MAC and every body's digest; return how many acts there are and what is wrong.

    The bodies of the acts that were `erased` must be gone, every other must be there. `step` is called every few
    hundred acts and may raise.
    """
    problems: list[Problem] = []
    count, texts, device, seq, before = 0, 0, "", 0, b""
    mac_of, digest_of = _macs(audit_key), hashlib.sha256
    for ident, chain, number, line, digest, mac, salt, body in ledger.plain_rows(connection, _CHAIN):
        count += 1
        if count % _CHUNK == 0:
            step()
        if chain != device:
            device, seq, before = chain, 0, ledger.genesis(chain)
        seq += 1
        if number != seq:
            problems.append(Problem("chain", f"Acts are missing before number {number} of this record's chain."))
            seq = number
        elif mac_of(before + line) != mac:
            day = _day(connection, ident)
            problems.append(Problem("chain", f"Act number {seq} is not as it was recorded on {day}."))
        before = mac
        if body is None:
            if ident not in erased:
                day = _day(connection, ident)
                problems.append(Problem("body", f"The text of act number {seq} of {day} is missing."))
            continue
        texts += 1
        if digest_of(salt + body).digest() != digest:
            day = _day(connection, ident)
            problems.append(Problem("body", f"The text of act number {seq} of {day} was changed."))
        elif erased and ident in erased:
            day = _day(connection, ident)
            problems.append(Problem("body", f"The text of act number {seq} of {day} was erased, and is here."))
    stray = connection.exec_driver_sql("SELECT count(*) FROM bodies").scalar_one() - texts
    if stray:
        problems.append(Problem("chain", f"{stray} texts stand in the record without an act."))
    return count, problems


def _day(connection: Connection, ident: str) -> str:
    """Return on which day an act says that it was recorded."""
    return str(connection.exec_driver_sql("SELECT recorded_at FROM acts WHERE id = ?", (ident,)).scalar_one())[:10]


def verify_order(connection: Connection) -> list[Problem]:
    """Work out afresh where every act stands among all acts; return what is not so."""
    return [
        Problem("chain", f"Act number {seq} of {recorded_at[:10]} does not stand in its place.")
        for _ident, seq, recorded_at, _order in _misplaced(connection)
    ]


def _misplaced(connection: Connection) -> list[tuple[str, int, str, str]]:
    """Return the acts that do not stand where they should: id, number, when recorded, and the right place."""
    said = {
        row[0]: read_body("machine_heard", row[1])
        for row in connection.exec_driver_sql(
            "SELECT a.id, b.body FROM acts a JOIN bodies b ON b.act = a.id WHERE a.kind = 'machine_heard'"
        )
    }
    found = []
    device, order = "", ""
    rows = ledger.plain_rows(
        connection, "SELECT device, seq, recorded_at, ordered_at, id FROM acts ORDER BY device, seq"
    )
    for row in rows:
        order = order if row[0] == device else ""
        device = row[0]
        body = said.get(row[4])
        order = ledger.ordered(connection, row[2], order, body) if body else max(row[2], order)
        if (row[3] or row[2]) != order:
            found.append((row[4], row[1], row[2], order))
    return found


def reorder(connection: Connection) -> list[Act]:
    """Put every act where it should stand, after acts were moved into another chain; return those that moved."""
    moved: set[str] = set()
    while wrong := _misplaced(connection):
        places = [(None if order == recorded_at else order, ident) for ident, _seq, recorded_at, order in wrong]
        connection.exec_driver_sql("UPDATE acts SET ordered_at = ? WHERE id = ?", places)
        moved |= {ident for ident, *_rest in wrong}
    return [act for each in ledger.devices(connection) for act in ledger.all_acts(connection, each) if act.id in moved]


def set_order(connection: Connection) -> list[Act]:
    """Work out where the acts of an older ledger stand, recorded while a clock had gone back; return those that moved.

    No machine had heard of another when they were recorded.
    """
    moved: list[tuple[str, str]] = []
    device, order = "", ""
    for row in connection.exec_driver_sql("SELECT device, id, recorded_at FROM acts ORDER BY device, seq"):
        order = max(order, row[2]) if row[0] == device else row[2]
        device = row[0]
        if order != row[2]:
            moved.append((order, row[1]))
    if moved:
        connection.exec_driver_sql("UPDATE acts SET ordered_at = ? WHERE id = ?", moved)
    ids = {ident for _order, ident in moved}
    return (
        [act for each in ledger.devices(connection) for act in ledger.all_acts(connection, each) if act.id in ids]
        if ids
        else []
    )


def verify_signatures(connection: Connection, keys: dict[str, list[bytes]]) -> list[Problem]:
    """Check every act's signature against its author's keys; `keys` maps a person's id to keys of 32 bytes.

    A key that signs in one chain alone, as a visit set's does, stands under `chain_keys`.
    """
    public = {person: [Ed25519PublicKey.from_public_bytes(key) for key in own] for person, own in keys.items()}
    moved = ledger.moved_acts(connection)
    rows = connection.exec_driver_sql(
        "SELECT id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest, signature"
        " FROM acts ORDER BY device, seq"
    )
    return [
        Problem("signature", f"Act number {row[2]} does not carry its author's signature.")
        for row in rows
        if not ledger.is_signed(
            ledger.signed_fields(row[:11], moved.get(row[0])), row[11], row[12], ledger.keys_for(public, row[1], row[5])
        )
    ]


def check_head(connection: Connection, device: str, seq: int, mac: bytes) -> None:
    """Raise IntegrityAlarm where the chain does not reach, or contradicts, a head that was kept elsewhere."""
    found = ledger.link_at(connection, device, seq)
    if found is None:
        last = ledger.head(connection, device).seq
        raise IntegrityAlarm(
            f"The record ends {seq - last} act{'s' if seq - last > 1 else ''} before what was last recorded here:"
            " the database is an older copy, or its newest part was removed.",
            hint="What is here can still be read. Put back the newest backup, or the replaced file, before writing.",
        )
    if not hmac.compare_digest(found, mac):
        raise IntegrityAlarm(
            "The record does not agree with the last head that was kept beside it: it was changed or replaced.",
            hint="What is here can still be read. Keep this folder as it is and restore the latest backup elsewhere.",
        )
