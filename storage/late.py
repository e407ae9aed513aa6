"""What was done but could not be recorded then: kept sealed, and written first when the record can be written again.

An opened record must not be hidden from the person who needs it because the disk is full (R-114): the act waits.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from practice.acts import Body, read_body
from practice.errors import ConsoleError
from storage import room
from storage.keys import hkdf
from storage.ledger import Draft
from storage.types import from_utc_text, utc_text

UNRECORDED = (
    "That you opened this record could not be recorded now. It is remembered, and will be written first as soon as the "
    "record can be written."
)
UNKEPT = (
    "That you opened this record could not be recorded now, nor kept on the disk: it is remembered until this program "
    "ends. Free some room, or bring the drive back, and open the record once more."
)
_LIMIT = 1000
_SIZE_LIMIT = 1024 * 1024


class Late:
    """The waiting acts of one person in one vault; where the disk takes not even the file, memory alone has them."""

    def __init__(self, folder: Path, person: str, key: bytes) -> None:
        self._folder, self._path = folder, folder / f"late-{person}"
        self._bound = person.encode()
        self._key = hkdf(key, "late", person)
        self.kept = True
        """Whether what waits lies on the disk too, and not in this process alone."""
        self.waiting: list[Draft] = self._read()

    def add(self, body: Body, child: str | None, at: datetime, entry: str | None = None) -> None:
        """Keep an act for later, with the time at which it was done."""
        self.waiting = [*self.waiting, Draft(body, child, entry, captured_at=at)][-_LIMIT:]
        self._write()

    def forget(self, recorded: int) -> None:
        """Let go of the first ones, which have been recorded."""
        if recorded:
            self.waiting = self.waiting[recorded:]
            self._write()

    @property
    def words(self) -> str:
        """Return what to say of what could not be recorded: it waits, on the disk or in this process alone."""
        return UNRECORDED if self.kept else UNKEPT

    def _write(self) -> None:
        self.kept = False
        with contextlib.suppress(OSError):
            if not self.waiting:
                self._path.unlink(missing_ok=True)
                self.kept = True
                return
            lines = [
                [
                    draft.body.act_kind,
                    draft.body.to_bytes().decode(),
                    draft.child,
                    utc_text(draft.captured_at),
                    draft.entry,
                ]
                for draft in self.waiting
                if draft.captured_at is not None
            ]
            nonce = secrets.token_bytes(12)
            sealed = AESGCM(self._key).encrypt(nonce, json.dumps(lines).encode(), self._bound)
            room.write(self._folder, self._path, nonce + sealed)
            self.kept = True

    def _read(self) -> list[Draft]:
        """Return what another run kept; a file that is not ours says nothing."""
        try:
            with self._path.open("rb") as file:
                stored = file.read(_SIZE_LIMIT)
            lines = json.loads(AESGCM(self._key).decrypt(stored[:12], stored[12:], self._bound))
            return [
                Draft(read_body(kind, body.encode()), child, entry[0] if entry else None, captured_at=from_utc_text(at))
                for kind, body, child, at, *entry in lines
            ]
        except (OSError, ValueError, TypeError, InvalidTag, ConsoleError):
            return []
