"""What is recorded on a visit, sealed for the school at once: it comes back whatever becomes of the set's own key.

    magic ‖ length (4 bytes) ‖ cover (JSON) ‖ acts, encrypted

One file for each transaction, named by the number of its last act. It is written before the transaction is committed
and gets its name after: nothing is shown as recorded that is not sealed too. A set holds the school's public key alone,
so nobody on the laptop can read these files back, and neither can whoever finds it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from practice.errors import IntegrityAlarm, Refused
from storage import ledger
from storage.atomic import private_folder, replace, sync_folder, write_atomic
from storage.keys import b64, unb64
from storage.replication.wire import Line, lines_of, read_line
from storage.sealed import XWingPrivate, XWingPublic, canonical, seal, unseal
from storage.visits.ending import ID, SEALED

if TYPE_CHECKING:
    from storage.visits.terms import Terms

SUFFIX = ".dslv"
MAGIC = b"DSLVISIT\x01"
FILE_LIMIT = 8 * 1024 * 1024
_COVER_LIMIT = 16 * 1024
_PENDING = ".pending"
_STEP = 1024
_NONCE = 12
NAME = re.compile(r"[0-9]{8,16}\.dslv")


@dataclass(frozen=True)
class Piece:
    """One sealed file whose cover was read: nothing of it is proved yet."""

    visit: str
    school: str
    device: str
    first: int
    last: int
    secret: bytes
    body: bytes
    bound: bytes


def damaged() -> IntegrityAlarm:
    """Return the sentence for a file that no visit set wrote."""
    return IntegrityAlarm(
        "A file of this visit set is damaged or was changed, so nothing was taken from it.",
        hint="The others are taken in. Keep the set, and look for another copy of it.",
    )


def write(visit: str, school: str, device: str, inbox: XWingPublic, lines: Sequence[Line]) -> bytes:
    """Return the sealed file of some acts of the laptop's chain, in their order."""
    first, last = lines[0].seq, lines[-1].seq
    bound = _bound(visit, school, device, first, last)
    secret, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
    content = b"".join(line.to_bytes() for line in lines)
    framed = len(content).to_bytes(4, "big") + content
    framed += bytes(-len(framed) % _STEP)
    cover = {"v": 1, "visit": visit, "school": school, "device": device, "first": first, "last": last}
    cover["to"] = b64(seal(secret, inbox, bound))
    written = json.dumps(cover).encode()
    return MAGIC + len(written).to_bytes(4, "big") + written + nonce + AESGCM(secret).encrypt(nonce, framed, bound)


def _bound(*parts: object) -> bytes:
    return canonical("dsl-console/visit/v1", *parts)


def read(stored: bytes) -> Piece:
    """Read a sealed file's outside; raises Refused for another file, IntegrityAlarm for a damaged one."""
    if not stored.startswith(MAGIC):
        raise Refused("That file does not come from a visit set. Nothing was taken from it.")
    start = len(MAGIC) + 4
    length = int.from_bytes(stored[len(MAGIC) : start], "big")
    if len(stored) > FILE_LIMIT or length > _COVER_LIMIT:
        raise damaged()
    try:
        said: dict[str, Any] = json.loads(stored[start : start + length])
        ids = [said["visit"], said["school"], said["device"]]
        first, last = said["first"], said["last"]
        whole = type(first) is int and type(last) is int and 1 <= first <= last < 2**53
        if said["v"] != 1 or not whole or not all(ID.fullmatch(each) for each in ids):
            raise damaged()
        visit, school, device = ids
        body, bound = stored[start + length :], _bound(*ids, first, last)
        return Piece(visit, school, device, first, last, unb64(said["to"]), body, bound)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged() from None


def opened(piece: Piece, keys: dict[bytes, XWingPrivate]) -> list[Line]:
    """Return the acts in a sealed file, each checked on its own; raises IntegrityAlarm."""
    try:
        secret = unseal(piece.secret, keys, piece.bound)
        framed = AESGCM(secret).decrypt(piece.body[:_NONCE], piece.body[_NONCE:], piece.bound)
    except (InvalidTag, ValueError, IntegrityAlarm):
        raise damaged() from None
    lines = framed[4 : 4 + int.from_bytes(framed[:4], "big")].split(b"\n")
    if lines.pop() != b"":
        raise damaged()
    found = [read_line(line) for line in lines]
    if [line.seq for line in found] != list(range(piece.first, piece.last + 1)):
        raise damaged()
    if any(line.device != piece.device or line.signed_as for line in found):
        raise damaged()
    return found


class Sealer:
    """Seals what one laptop records, beside its own database."""

    def __init__(self, folder: Path, terms: Terms) -> None:
        self._terms = terms
        self._folder = private_folder(folder / SEALED)
        self._pending: Path | None = None

    def _through(self) -> int:
        return max((int(path.stem) for path in self._folder.glob("*" + SUFFIX) if NAME.fullmatch(path.name)), default=0)

    def settle(self, connection: Connection) -> None:
        """Bring the sealed files to what the database holds, after a run that was cut short."""
        end = ledger.head(connection, self._terms.device).seq
        for path in self._folder.glob("*" + _PENDING):
            if path.stem.isdigit() and int(path.stem) <= end:
                replace(path, path.with_suffix(SUFFIX))
            else:
                path.unlink()  # its transaction was never committed
        self.before_commit(connection)
        self.after_commit()

    def before_commit(self, connection: Connection) -> None:
        """Seal what the open transaction records; raises Refused where the disk refuses, and nothing is recorded."""
        lines = list(lines_of(connection, self._terms.device, self._through()))
        if not lines:
            return
        terms = self._terms
        path = self._folder / f"{lines[-1].seq:08d}{_PENDING}"
        try:
            write_atomic(path, write(terms.id, terms.school, terms.device, terms.inbox_key, lines))
        except OSError:
            raise Refused(
                "This could not be sealed for the school, so it was not recorded. What is on screen is still there.",
                hint="Free some room on the disk or the stick, and try again.",
            ) from None
        self._pending = path

    def after_commit(self) -> None:
        """Give what was committed its name."""
        if self._pending is not None:
            replace(self._pending, self._pending.with_suffix(SUFFIX))
            sync_folder(self._folder)
            self._pending = None


def keep_draft(folder: Path, terms: Terms, name: str, content: bytes, info: bytes) -> None:
    """Keep what somebody is writing sealed for the school too; blank content takes it away. Raises OSError."""
    path = folder / SEALED / f"{name}.draft"
    if content:
        write_atomic(path, seal(content, terms.inbox_key, info))
    else:
        path.unlink(missing_ok=True)
