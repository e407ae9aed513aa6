"""An act as it travels: one line of JSON with everything that its chain, its signature and its body are checked by."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from practice.errors import IntegrityAlarm
from storage import ledger

ACTS_LIMIT = 20_000
"""How many acts one bundle may hold; more go into several."""
BYTES_LIMIT = 48 * 1024 * 1024
"""How many bytes of acts one bundle may hold."""
LINE_LIMIT = 2 * 1024 * 1024
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_SEQ_LIMIT = 2**53
_TEXT_LIMIT = 400
_WIDTH = 16
_SELECT = (
    "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event, a.clock,"
    " a.digest, a.signature, a.mac, b.salt, b.body FROM acts a LEFT JOIN bodies b ON b.act = a.id"
)


@dataclass(frozen=True)
class Line:
    """An act as it stands in a ledger: its eleven signed fields in their order, and what proves them."""

    fields: tuple[str, str, int, str, str, str, str, str | None, str | None, str | None, str]
    digest: bytes
    signature: bytes
    mac: bytes
    salt: bytes | None
    body: bytes | None
    """What it says; with its salt None where it was erased, and then an act of erasure must name it."""
    signed_as: tuple[str, int] | None = None
    """The chain and number under which its author signed it, where it was moved since."""

    @property
    def id(self) -> str:
        """The act's id."""
        return self.fields[0]

    @property
    def device(self) -> str:
        """The chain in which the act stands."""
        return self.fields[1]

    @property
    def seq(self) -> int:
        """The act's number in its chain."""
        return self.fields[2]

    @property
    def recorded_at(self) -> str:
        """When the act was recorded, as UTC text."""
        return self.fields[4]

    @property
    def author(self) -> str:
        """Who recorded it."""
        return self.fields[5]

    @property
    def kind(self) -> str:
        """The act's kind."""
        return self.fields[6]

    def to_bytes(self) -> bytes:
        """Return the act as one line."""
        proofs = [self.digest.hex(), _b64(self.signature), self.mac.hex()]
        said = [None, None] if self.salt is None or self.body is None else [_b64(self.salt), self.body.decode()]
        whole = [*self.fields, *proofs, *said, *([list(self.signed_as)] if self.signed_as else [])]
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def without_body(self) -> Line:
        """Return the act as it stands once it was erased."""
        return replace(self, salt=None, body=None)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def damaged() -> IntegrityAlarm:
    """Return the sentence for bytes that no machine of ours wrote."""
    return IntegrityAlarm(
        "What came from another machine is damaged or was changed, so nothing of it was taken in.",
        hint="Nothing here was touched. Let the other machine write it again.",
    )


def read_line(stored: bytes) -> Line:
    """Return the act in a line; raises IntegrityAlarm for anything that is not one, before any of it is used."""
    if len(stored) > LINE_LIMIT:
        raise damaged()
    try:
        parts = json.loads(stored)
        if type(parts) is not list or len(parts) not in (_WIDTH, _WIDTH + 1):
            raise damaged()
        fields, (digest, signature, mac, salt, body) = tuple(parts[:11]), parts[11:_WIDTH]
        _check_fields(fields)
        gone = salt is None and body is None
        line = Line(
            fields,
            bytes.fromhex(digest),
            base64.b64decode(signature, validate=True),
            bytes.fromhex(mac),
            None if gone else base64.b64decode(salt, validate=True),
            None if gone else body.encode(),
            _signed_as(parts[_WIDTH:]),
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise damaged() from None
    if (len(line.digest), len(line.signature), len(line.mac)) != (32, 64, 32):
        raise damaged()
    if line.salt is None or line.body is None:
        return line
    if len(line.salt) != 32 or hashlib.sha256(line.salt + line.body).digest() != line.digest:
        raise damaged()
    return line


def _signed_as(stated: list[object]) -> tuple[str, int] | None:
    if not stated:
        return None
    pair = stated[0]
    if type(pair) is not list or len(pair) != 2:
        raise damaged()
    device, seq = pair
    if not isinstance(device, str) or not _ID.fullmatch(device) or type(seq) is not int or not 1 <= seq < _SEQ_LIMIT:
        raise damaged()
    return device, seq


def _check_fields(fields: tuple[object, ...]) -> None:
    ident, device, seq, captured, recorded, author, kind, child, entry, event, clock = fields
    fits = all(isinstance(each, str) and _ID.fullmatch(each) for each in (ident, device))
    fits = fits and type(seq) is int and 1 <= seq < _SEQ_LIMIT
    fits = fits and all(isinstance(each, str) and _TIME.fullmatch(each) for each in (captured, recorded))
    fits = fits and all(isinstance(each, str) and 0 < len(each) <= _TEXT_LIMIT for each in (author, kind))
    fits = fits and all(
        each is None or (isinstance(each, str) and len(each) <= _TEXT_LIMIT) for each in (child, entry, event)
    )
    if not fits or clock not in ("", "uncertain"):
        raise damaged()


def lines_of(connection: Connection, device: str, after: int, through: int | None = None) -> Iterator[Line]:
    """Yield a chain's acts after a number, up to another, in their order."""
    rows = ledger.plain_rows(
        connection,
        f"{_SELECT} WHERE a.device = ? AND a.seq > ? AND a.seq <= ? ORDER BY a.seq",
        (device, after, _SEQ_LIMIT if through is None else through),
    )
    moved = ledger.moved_acts(connection)
    for row in rows:
        digest, signature, mac = (bytes(each) for each in row[11:14])
        salt, body = (None if each is None else bytes(each) for each in row[14:])
        yield Line(tuple(row[:11]), digest, signature, mac, salt, body, moved.get(row[0]))
