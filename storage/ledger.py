"""The ledger of acts: the only truth (design: §1.1, storage: §5).

Each act is one immutable line; its body lies in a table apart. The line binds `sha256(salt ‖ body)`, is signed by its
author (Ed25519) and carries a MAC chained to the act before it on the same device, so that removing, changing, adding
or swapping an act shows. A body may be erased lawfully with its salt, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json.encoder import encode_basestring as _quoted
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from practice.acts import Act, Body, MachineHeard, read_body
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
        ordered_at TEXT,
        UNIQUE (device, seq)
    ) STRICT""",
    "CREATE INDEX acts_by_entry ON acts (entry, kind) WHERE entry IS NOT NULL",
    "CREATE INDEX acts_by_child ON acts (child, kind) WHERE child IS NOT NULL",
    "CREATE INDEX acts_by_kind ON acts (kind)",
    "CREATE TABLE bodies (act TEXT PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID",
)
_COLUMNS = (
    "id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest, signature, mac,"
    " ordered_at"
)
_INSERT = f"INSERT INTO acts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_INSERT_BODY = "INSERT INTO bodies (act, salt, body) VALUES (?, ?, ?)"
_GENESIS = b"dsl-console/chain/1"
_SIGNED = b"dsl-console/act/1\0"
_BACKWARDS = timedelta(seconds=1)
_AFTER = timedelta(microseconds=1)
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
    return Link(row[0], row[1], row[2]) if row else Link(0, genesis(device), "")


def link_at(connection: Connection, device: str, seq: int) -> bytes | None:
    """Return the MAC of one act, or None where the chain does not reach so far."""
    if seq == 0:
        return genesis(device)
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
    seq, mac, order = end.seq, end.mac, end_of_order(connection, author.device)
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
        line = line_bytes(fields, digest)
        mac = hmac.digest(author.audit_key, mac + line, "sha256")
        order = ordered(connection, recorded_at, order, draft.body)
        later = None if order == recorded_at else order
        lines.append((*fields, digest, author.signing.sign(_SIGNED + line), mac, later))
        bodies.append((fields[0], salt, stored))
        acts.append(
            Act(
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
                ordered_at=from_utc_text(later) if later else None,
            )
        )
    connection.exec_driver_sql(_INSERT, lines)
    connection.exec_driver_sql(_INSERT_BODY, bodies)
    return acts, Link(seq, mac, recorded_at)


def end_of_order(connection: Connection, device: str) -> str:
    """Return where in time a chain's last act stands among all acts, as UTC text; blank before the first."""
    row = connection.exec_driver_sql(
        "SELECT coalesce(ordered_at, recorded_at) FROM acts WHERE device = ? ORDER BY seq DESC LIMIT 1", (device,)
    ).first()
    return str(row[0]) if row else ""


def ordered(connection: Connection, recorded_at: str, before: str, body: Body) -> str:
    """Return where in time an act stands among all acts: after the one before it, and after all that it has heard.

    A function of the acts alone: a clock that is wrong by days puts nothing before what its machine knew of. The acts
    that a machine says it has heard must be in the ledger.
    """
    found = max(recorded_at, before)
    if isinstance(body, MachineHeard):
        for device, (seq, mac) in body.heads.items():
            # Under the same number another act may stand, where a machine was put back and its acts were moved since.
            row = connection.exec_driver_sql(
                "SELECT coalesce(ordered_at, recorded_at) FROM acts WHERE device = ? AND seq = ? AND mac = ?",
                (device, seq, bytes.fromhex(mac)),
            ).first()
            if row is not None:
                found = max(found, utc_text(from_utc_text(row[0]) + _AFTER))
    return found


def next_mac(audit_key: bytes, before: bytes, fields: Sequence[object], digest: bytes) -> bytes:
    """Return the MAC of an act that follows on another; `fields` are its line's, from `id` to `clock`."""
    return hmac.digest(audit_key, before + line_bytes(fields, digest), "sha256")


def sign(signing: Ed25519PrivateKey, fields: Sequence[object], digest: bytes) -> bytes:
    """Return a signature over an act's line; `fields` are its line's, from `id` to `clock`."""
    return signing.sign(_SIGNED + line_bytes(fields, digest))


def is_signed(fields: Sequence[object], digest: bytes, signature: bytes, keys: Sequence[Ed25519PublicKey]) -> bool:
    """Say whether one of its author's keys signed an act's line."""
    return signed_by(signature, _SIGNED + line_bytes(fields, digest), keys)


def insert(
    connection: Connection, lines: Sequence[tuple[Any, ...]], bodies: Sequence[tuple[str, bytes, bytes]]
) -> None:
    """Put acts that were recorded elsewhere into the ledger as they are; the caller has checked them."""
    connection.exec_driver_sql(_INSERT, list(lines))
    if bodies:
        connection.exec_driver_sql(_INSERT_BODY, list(bodies))


def moved_acts(connection: Connection) -> dict[str, tuple[str, int]]:
    """Return the acts that were moved into another chain, with the chain and number under which they were signed."""
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'moved_acts'").first():
        return {}
    return {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql("SELECT act, device, seq FROM moved_acts")}


def signed_fields(fields: Sequence[Any], signed_as: tuple[str, int] | None) -> tuple[Any, ...]:
    """Return the fields of an act's line as its author signed them."""
    return tuple(fields) if signed_as is None else (fields[0], *signed_as, *fields[3:])


def move(connection: Connection, lines: Sequence[tuple[str, str, int, bytes, str | None, str, int]]) -> None:
    """Move acts that are here into another chain.

    Each line is (id, chain, number, MAC, place in time), then the chain and number as which it was signed. Out of the
    way first, since two numbers may be exchanged.
    """
    connection.exec_driver_sql("UPDATE acts SET seq = -seq WHERE id = ?", [(line[0],) for line in lines])
    connection.exec_driver_sql(
        "UPDATE acts SET device = ?, seq = ?, mac = ?, ordered_at = ? WHERE id = ?",
        [(line[1], line[2], line[3], line[4], line[0]) for line in lines],
    )
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO moved_acts (act, device, seq) VALUES (?, ?, ?)",
        [(line[0], line[5], line[6]) for line in lines],
    )


def macs_between(connection: Connection, device: str, first: int, last: int) -> dict[int, bytes]:
    """Return the MACs of a chain's acts by their numbers."""
    rows = connection.exec_driver_sql(
        "SELECT seq, mac FROM acts WHERE device = ? AND seq BETWEEN ? AND ?", (device, first, last)
    )
    return {row[0]: bytes(row[1]) for row in rows}


def genesis(device: str) -> bytes:
    return hashlib.sha256(_GENESIS + device.encode()).digest()


def line_bytes(fields: Sequence[object], digest: bytes) -> bytes:
    """Return the bytes of an act's line that the MAC and the signature cover."""
    # As json.dumps writes it, which takes four times as long: an encoder is made for every line.
    written = [_quoted(each) if type(each) is str else "null" if each is None else str(each) for each in fields]
    return f'[{",".join(written)},"{digest.hex()}"]'.encode()


# -- reading -----------------------------------------------------------------------------------------------------------

_SELECT = (
    "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event, b.body,"
    " a.ordered_at FROM acts a JOIN bodies b ON b.act = a.id"
)


def _act(row: Sequence[Any]) -> Act:
    return Act(
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
        ordered_at=from_utc_text(row[11]) if row[11] else None,
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


def acts_by(connection: Connection, column: str, kinds: Iterable[str]) -> Iterator[Act]:
    """Yield the acts of these kinds by their `child` or `entry`, those of one together; never more than one held."""
    wanted = sorted(kinds)
    # By that index, or the database sorts every act with its text in memory first.
    statement = (
        f"{_SELECT.replace('acts a', f'acts a INDEXED BY acts_by_{column}')}"
        f" WHERE a.{column} IS NOT NULL AND a.kind IN ({','.join('?' * len(wanted))}) ORDER BY a.{column}"
    )
    return map(_act, plain_rows(connection, statement, wanted))


def plain_rows(
    connection: Connection, statement: str, parameters: Sequence[str | int] = ()
) -> Iterator[tuple[Any, ...]]:
    """Yield a query's rows as the driver gives them, in the open transaction.

    A row object for each costs as much as a digest, and what goes round the driver as much as the question itself.
    """
    return iter(ask_driver(connection, statement, tuple(parameters)))


def ask_driver(connection: Connection, statement: str, parameters: tuple[str | int, ...]) -> Any:
    """Put a question to the driver itself, and return its cursor."""
    driver: Any = connection.connection.driver_connection
    return driver.execute(statement, parameters)


def all_acts(connection: Connection, device: str) -> Iterator[Act]:
    """Yield a device's acts in their order."""
    return map(_act, plain_rows(connection, f"{_SELECT} WHERE a.device = ? ORDER BY a.seq", (device,)))


def last_before(connection: Connection, moment: datetime) -> dict[str, int]:
    """Return, for each device, the number of its last act that was recorded before a moment."""
    rows = connection.exec_driver_sql(
        "SELECT device, max(seq) FROM acts WHERE recorded_at < ? GROUP BY device", (utc_text(moment),)
    )
    return {row[0]: row[1] for row in rows}


def devices(connection: Connection) -> list[str]:
    """Return the devices whose acts this ledger holds."""
    return [row[0] for row in connection.exec_driver_sql("SELECT DISTINCT device FROM acts ORDER BY device")]


def chain_keys(device: str, person: str) -> str:
    """Return under which name the keys stand by which a person signs in one chain and no other."""
    return f"{device}/{person}"


def keys_for(keys: Mapping[str, list[Ed25519PublicKey]], device: str, person: str) -> list[Ed25519PublicKey]:
    """Return the keys that may sign a person's acts in a chain."""
    return [*keys.get(person, []), *keys.get(chain_keys(device, person), []), *keys.get(chain_keys(device, ""), [])]


def signed_by(signature: bytes, message: bytes, keys: Sequence[Ed25519PublicKey]) -> bool:
    for key in reversed(keys):
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False
