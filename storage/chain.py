"""Checking a chain against what was signed and kept, and where each act stands among all acts (storage: §5)."""

from __future__ import annotations

import hashlib
import heapq
import hmac
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from practice.acts import Act, Body, read_body
from practice.day_words import stated_day
from practice.errors import IntegrityAlarm
from storage import ledger
from storage.ledger import Problem

_CHUNK = 500
LINE = (
    "cast(json_array(a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event,"
    " a.clock, lower(hex(a.digest))) AS blob)"
)
"""An act's line as `ledger.line_bytes` writes it, written by the database: no field of it becomes a value here."""
_LINES = (
    f"SELECT a.id, a.seq, {LINE}, a.digest, a.mac, a.recorded_at, %s, a.n FROM acts a"  # noqa: S608
    " WHERE a.device = ? ORDER BY a.seq"
)
_digest = hashlib.sha256
_TEXTS = "SELECT act, salt, body FROM bodies ORDER BY act"


def _states(key: bytes) -> tuple[Any, Any]:
    """Return the two inner states of HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes, made once.

    `hmac.digest` sets them up for every line, which is half of what verifying an act costs.
    """
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer


def verify_chain(
    connection: Connection,
    audit_key: bytes,
    step: Callable[[], None] = lambda: None,
    erased: Collection[str] = frozenset(),
    *,
    order: bool = False,
) -> tuple[int, list[Problem]]:
    """Recompute every MAC and every body's digest; return how many acts there are and what is wrong.

    The bodies of the acts that were `erased` must be gone, every other must be there. With `order` it is also worked
    out where each act stands among all acts, and told where nothing else is wrong; a ledger of an older version does
    not hold that. `step` is called every few hundred acts and may raise.
    """
    check = _Check(connection, audit_key, erased, order=order)
    # Side by side, those that were made first before the others: so every body meets its act soon.
    for _ident in heapq.merge(*map(check.chain, ledger.devices(connection))):
        step()
    if stray := check.texts.stray():
        said = f"{stray} texts stand" if stray > 1 else "A text stands"
        check.problems.append(Problem("chain", f"{said} in the record without an act."))
    return check.count, check.problems or check.misplaced


class _Check:
    """One walk through acts and bodies, each read once, from end to end and side by side."""

    def __init__(self, connection: Connection, audit_key: bytes, erased: Collection[str], *, order: bool) -> None:
        self._connection, self._erased = connection, erased
        self._statement = _LINES % ("a.ordered_at" if order else "NULL")
        self._states = _states(audit_key)
        self._order = order
        self._heard = _heard(connection) if order else {}
        self._moved = ledger.moved_acts(connection) if order else {}
        self.texts = _Texts(connection)
        self.count = 0
        self.problems: list[Problem] = []
        self.misplaced: list[Problem] = []

    def chain(self, device: str) -> Iterator[str]:
        """Check a device's acts in their order; yields every few hundred acts the id of the last."""
        inner, outer = (state.copy for state in self._states)
        digest_of, heard, erased, order, after = self.texts.digest_of, self._heard, self._erased, self._order, ""
        seq, before, moved, came = 0, ledger.genesis(device), self._moved, 0
        rows = ledger.plain_rows(self._connection, self._statement, (device,))
        while some := list(islice(rows, _CHUNK)):
            for ident, number, line, digest, mac, recorded_at, ordered_at, n in some:
                seq += 1
                within, around = inner(), outer()
                within.update(before + line)
                around.update(within.digest())
                if number != seq:
                    self._wrong(f"Acts are missing before number {number} of this record's chain.")
                    seq = number
                elif around.digest() != mac:
                    self._wrong(f"Act number {seq} is not as it was recorded on {stated_day(recorded_at[:10])}.")
                before = mac
                if order:
                    if heard and ident in heard:
                        after = ledger.ordered(self._connection, recorded_at, after, heard[ident])
                    elif recorded_at > after:
                        after = recorded_at
                    if (ordered_at or recorded_at) != after or (n < came and ident not in moved):
                        text = f"Act number {seq} of {stated_day(recorded_at[:10])} does not stand in its place."
                        self.misplaced.append(Problem("chain", text))
                    came = n
                found = digest_of(ident)
                if found != digest or (erased and ident in erased):
                    self._text(
                        f"The text of act number {seq} of {stated_day(recorded_at[:10])}",
                        digest,
                        found,
                        ident in erased,
                    )
            self.count += len(some)
            yield ident

    def _text(self, which: str, digest: bytes, found: bytes | None, erased: bool) -> None:
        """Tell what is wrong with a body that is not as its act says, or that was erased."""
        if found is None and erased:
            return
        said = "is missing" if found is None else "was changed" if found != digest else "was erased, and is here"
        self._wrong(f"{which} {said}.", "body")

    def _wrong(self, text: str, kind: str = "chain") -> None:
        self.problems.append(Problem(kind, text))


class _Texts:
    """The digests of the bodies, read in the order of their acts' ids.

    Ids begin with the time, so acts come in nearly the same order, and few digests wait for an act still to come.
    """

    def __init__(self, connection: Connection) -> None:
        self._rows = ledger.plain_rows(connection, _TEXTS)
        self._early: dict[str, bytes] = {}
        self._unmatched = 0

    def digest_of(self, ident: str) -> bytes | None:
        """Return the digest of an act's body; None where there is no body."""
        early = self._early
        if early and (found := early.pop(ident, None)) is not None:
            self._unmatched -= 1
            return found
        for act, salt, body in self._rows:
            found = _digest(salt + body).digest()
            if act == ident:
                return found
            early[act] = found
            self._unmatched += 1
            if act > ident:
                break
        return None

    def stray(self) -> int:
        """Return how many bodies belong to no act that was asked for."""
        return self._unmatched + sum(1 for _ in self._rows)


def _heard(connection: Connection) -> dict[str, Body]:
    """Return by act what machines say that they have heard of others."""
    return {
        row[0]: read_body("machine_heard", row[1])
        for row in connection.exec_driver_sql(
            "SELECT a.id, b.body FROM acts a JOIN bodies b ON b.act = a.id WHERE a.kind = 'machine_heard'"
        )
    }


def _misplaced(connection: Connection) -> list[tuple[str, int, str, str]]:
    """Return the acts that do not stand where they should: id, number, when recorded, and the right place."""
    said = _heard(connection)
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
            hint="What is here can still be read. Keep this folder as it is, and restore the latest backup elsewhere.",
        )
    if not hmac.compare_digest(found, mac):
        raise IntegrityAlarm(
            "The record does not agree with the last head that was kept beside it: it was changed or replaced.",
            hint="What is here can still be read. Keep this folder as it is and restore the latest backup elsewhere.",
        )
