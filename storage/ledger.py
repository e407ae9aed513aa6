"""The ledger of acts: the only truth (design: §1.1, storage: §5).

Each act is one immutable line; its body lies in a table apart. The line binds `sha256(salt ‖ body)`, is signed by its
author (Ed25519) and carries a MAC chained to the act before it on the same device, so that removing, changing, adding
or swapping an act shows. A body may be erased lawfully with its salt, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from practice.acts import Act, Body, read_body
from practice.errors import IntegrityAlarm
from storage.ids import new_id
from storage.types import from_utc_text, utc_text

SCHEMA = (
    """CREATE TABLE acts (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        device TEXT NOT NULL,
        seq INTEGER NOT NULL,
        captured_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        author TEXT NOT NULL,
        kind TEXT NOT NULL,
        child TEXT,
        entry TEXT,
        event TEXT,
        clock TEXT NOT NULL,
        digest BLOB NOT NULL,
        signature BLOB NOT NULL,
        mac BLOB NOT NULL,
        UNIQUE (device, seq)
    ) STRICT""",
    "CREATE INDEX acts_by_entry ON acts (entry, kind) WHERE entry IS NOT NULL",
    "CREATE INDEX acts_by_child ON acts (child, kind) WHERE child IS NOT NULL",
    "CREATE INDEX acts_by_kind ON acts (kind)",
    "CREATE TABLE bodies (act TEXT PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID",
)
_COLUMNS = "id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest, signature, mac"
_INSERT = f"INSERT INTO acts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_INSERT_BODY = "INSERT INTO bodies (act, salt, body) VALUES (?, ?, ?)"
_GENESIS = b"dsl-console/chain/1"
_SIGNED = b"dsl-console/act/1\0"
_BACKWARDS = timedelta(seconds=1)
_CHUNK = 500


@dataclass(frozen=True)
class Draft:
    """An act about to be recorded: its body and whom and what it concerns."""

    body: Body
    child: str | None = None
    entry: str | None = None
    event: str | None = None
    captured_at: datetime | None = None


@dataclass(frozen=True)
class Author:
    """Who signs: a person, and the device on which they do."""

    person: str
    device: str
    signing: Ed25519PrivateKey
    audit_key: bytes


@dataclass(frozen=True)
class Link:
    """The end of one device's chain."""

    seq: int
    mac: bytes
    recorded_at: str


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was recorded, in one plain sentence."""

    kind: str
    text: str


def head(connection: Connection, device: str) -> Link:
    """Return the last act's place in a device's chain; sequence 0 before the first."""
    row = connection.exec_driver_sql(
        "SELECT seq, mac, recorded_at FROM acts WHERE device = ? ORDER BY seq DESC LIMIT 1", (device,)
    ).first()
    return Link(row[0], row[1], row[2]) if row else Link(0, _genesis(device), "")


def link_at(connection: Connection, device: str, seq: int) -> bytes | None:
    """Return the MAC of one act, or None where the chain does not reach so far."""
    if seq == 0:
        return _genesis(device)
    row = connection.exec_driver_sql("SELECT mac FROM acts WHERE device = ? AND seq = ?", (device, seq)).first()
    return bytes(row[0]) if row else None


def append(connection: Connection, author: Author, drafts: Sequence[Draft], now: datetime) -> tuple[list[Act], Link]:
    """Append acts to the author's device's chain, in the transaction that is open; returns them and the new head."""
    end = head(connection, author.device)
    if not drafts:
        return [], end
    recorded_at = utc_text(now)
    uncertain = bool(end.recorded_at) and from_utc_text(end.recorded_at) - now > _BACKWARDS
    acts, lines, bodies = [], [], []
    seq, mac = end.seq, end.mac
    for draft in drafts:
        seq += 1
        stored = draft.body.to_bytes()
        salt = secrets.token_bytes(32)
        captured = draft.captured_at or now
        fields = (
            new_id(),
            author.device,
            seq,
            utc_text(captured),
            recorded_at,
            author.person,
            draft.body.act_kind,
            draft.child,
            draft.entry,
            draft.event,
            "uncertain" if uncertain else "",
        )
        digest = hashlib.sha256(salt + stored).digest()
        line = _line(fields, digest)
        mac = hmac.digest(author.audit_key, mac + line, "sha256")
        lines.append((*fields, digest, author.signing.sign(_SIGNED + line), mac))
        bodies.append((fields[0], salt, stored))
        acts.append(
            Act.model_construct(
                id=fields[0],
                device=author.device,
                seq=seq,
                captured_at=captured,
                recorded_at=now,
                author=author.person,
                kind=draft.body.act_kind,
                child=draft.child,
                entry=draft.entry,
                event=draft.event,
                body=draft.body,
            )
        )
    connection.exec_driver_sql(_INSERT, lines)
    connection.exec_driver_sql(_INSERT_BODY, bodies)
    return acts, Link(seq, mac, recorded_at)


def _genesis(device: str) -> bytes:
    return hashlib.sha256(_GENESIS + device.encode()).digest()


def _line(fields: Sequence[object], digest: bytes) -> bytes:
    """Return the bytes of an act's line that the MAC and the signature cover."""
    return json.dumps([*fields, digest.hex()], ensure_ascii=False, separators=(",", ":")).encode()


# -- reading -----------------------------------------------------------------------------------------------------------

_SELECT = (
    "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event, b.body"
    " FROM acts a JOIN bodies b ON b.act = a.id"
)


def _act(row: Sequence[Any]) -> Act:
    return Act.model_construct(
        id=row[0],
        device=row[1],
        seq=row[2],
        captured_at=from_utc_text(row[3]),
        recorded_at=from_utc_text(row[4]),
        author=row[5],
        kind=row[6],
        child=row[7],
        entry=row[8],
        event=row[9],
        body=read_body(row[6], row[10]),
    )


def acts_where(connection: Connection, column: str, values: Iterable[str], kinds: Iterable[str]) -> Iterator[Act]:
    """Yield the acts of these kinds whose `child` or `entry` (or `kind`, for all of them) is among the values."""
    wanted = sorted(kinds)
    keys = [""] if column == "kind" else list(values)
    marks = ",".join("?" * len(wanted))
    for at in range(0, len(keys), _CHUNK):
        chunk = keys[at : at + _CHUNK]
        clause = f"a.kind IN ({marks})"
        parameters: list[str] = list(wanted)
        if column != "kind":
            clause += f" AND a.{column} IN ({','.join('?' * len(chunk))})"
            parameters += chunk
        for row in connection.exec_driver_sql(f"{_SELECT} WHERE {clause}", tuple(parameters)):
            yield _act(row)


def all_acts(connection: Connection, device: str) -> Iterator[Act]:
    """Yield a device's acts in their order."""
    for row in connection.execution_options(yield_per=1000).exec_driver_sql(
        f"{_SELECT} WHERE a.device = ? ORDER BY a.seq", (device,)
    ):
        yield _act(row)


def last_before(connection: Connection, moment: datetime) -> dict[str, int]:
    """Return, for each device, the number of its last act that was recorded before a moment."""
    rows = connection.exec_driver_sql(
        "SELECT device, max(seq) FROM acts WHERE recorded_at < ? GROUP BY device", (utc_text(moment),)
    )
    return {row[0]: row[1] for row in rows}


def devices(connection: Connection) -> list[str]:
    """Return the devices whose acts this ledger holds."""
    return [row[0] for row in connection.exec_driver_sql("SELECT DISTINCT device FROM acts ORDER BY device")]


# -- verifying ---------------------------------------------------------------------------------------------------------


def verify_chain(
    connection: Connection, audit_key: bytes, step: Callable[[], None] = lambda: None
) -> tuple[int, list[Problem]]:
    """Recompute every MAC and every body's digest; return how many acts there are and what is wrong.

    `step` is called every few hundred acts and may raise.
    """
    problems: list[Problem] = []
    count, device, seq, mac = 0, "", 0, b""
    rows = connection.exec_driver_sql(
        "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event,"
        " a.clock, a.digest, a.mac, b.salt, b.body FROM acts a LEFT JOIN bodies b ON b.act = a.id"
        " ORDER BY a.device, a.seq"
    )
    for row in rows:
        count += 1
        if count % _CHUNK == 0:
            step()
        if row[1] != device:
            device, seq, mac = row[1], 0, _genesis(row[1])
        seq += 1
        if row[2] != seq:
            problems.append(Problem("chain", f"Acts are missing before number {row[2]} of this record's chain."))
            seq = row[2]
        elif hmac.digest(audit_key, mac + _line(row[:11], row[11]), "sha256") != row[12]:
            problems.append(Problem("chain", f"Act number {seq} is not as it was recorded on {row[4][:10]}."))
        mac = row[12]
        if row[14] is None:
            problems.append(Problem("body", f"The text of act number {seq} of {row[4][:10]} is missing."))
        elif hashlib.sha256(row[13] + row[14]).digest() != row[11]:
            problems.append(Problem("body", f"The text of act number {seq} of {row[4][:10]} was changed."))
    stray = connection.exec_driver_sql(
        "SELECT count(*) FROM bodies WHERE act NOT IN (SELECT id FROM acts)"
    ).scalar_one()
    if stray:
        problems.append(Problem("chain", f"{stray} texts stand in the record without an act."))
    return count, problems


def verify_signatures(connection: Connection, keys: dict[str, list[bytes]]) -> list[Problem]:
    """Check every act's signature against its author's keys; `keys` maps a person's id to keys of 32 bytes."""
    public = {person: [Ed25519PublicKey.from_public_bytes(key) for key in own] for person, own in keys.items()}
    rows = connection.exec_driver_sql(
        "SELECT id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest, signature"
        " FROM acts ORDER BY device, seq"
    )
    return [
        Problem("signature", f"Act number {row[2]} does not carry its author's signature.")
        for row in rows
        if not _signed(row[12], _SIGNED + _line(row[:11], row[11]), public.get(row[5], []))
    ]


def _signed(signature: bytes, message: bytes, keys: Sequence[Ed25519PublicKey]) -> bool:
    for key in reversed(keys):
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False


def check_head(connection: Connection, device: str, seq: int, mac: bytes) -> None:
    """Raise IntegrityAlarm where the chain does not reach, or contradicts, a head that was kept elsewhere."""
    found = link_at(connection, device, seq)
    if found is None:
        last = head(connection, device).seq
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
