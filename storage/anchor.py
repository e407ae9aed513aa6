"""The chain's head, kept outside the database, so that a rollback or a lost tail is seen (storage: §5).

Two slots of 256 bytes are written alternately, each with its own counter, encrypted and authenticated: a torn write
leaves the other, and without the compartment's key nobody sees how many acts there are.
"""

from __future__ import annotations

import hmac
import os
import secrets
import struct
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from practice.errors import IntegrityAlarm
from storage.atomic import sync_file, write_atomic
from storage.keys import hkdf
from storage.locks import briefly_alone

SLOT_SIZE = 256
_FIELDS = struct.Struct(">Q16sQ32sQ32s")
_MAGIC = b"DSLANCH\x02"
_NONCE_SIZE = 12
_TAG_SIZE = 16
_CONTENT_SIZE = SLOT_SIZE - len(_MAGIC) - _NONCE_SIZE - _TAG_SIZE
_CLEAR_MAGIC = b"DSLANCH\x01"
_MAC_SIZE = 32


@dataclass(frozen=True)
class Head:
    """Where a chain stands: its device, the last act's sequence and MAC, and the header's generation and digest."""

    device: str
    seq: int
    mac: bytes
    header_generation: int
    header_digest: bytes


class Anchor:
    """One compartment's anchor file; moving it is safe beside other processes."""

    def __init__(self, path: Path, compartment_key: bytes) -> None:
        self._path = path
        self._key = hkdf(compartment_key, "anchor")
        self._lock = path.with_suffix(".anchor-lock")

    def _slots(self) -> list[tuple[int, Head]]:
        try:
            stored = self._path.read_bytes()
        except FileNotFoundError:
            return []
        found = []
        for at in range(0, min(len(stored), 2 * SLOT_SIZE), SLOT_SIZE):
            fields = self._opened(stored[at : at + SLOT_SIZE])
            if fields is not None:
                counter, device, seq, head, generation, digest = _FIELDS.unpack(fields)
                found.append((counter, Head(str(uuid.UUID(bytes=device)), seq, head, generation, digest)))
        return sorted(found, key=lambda slot: slot[0])

    def _opened(self, slot: bytes) -> bytes | None:
        """Return what a slot holds, None where it is not whole; one of an earlier program is MACed and in the clear."""
        start = len(_MAGIC)
        if len(slot) < SLOT_SIZE:
            return None
        if slot[:start] == _CLEAR_MAGIC:
            end = start + _FIELDS.size
            mac = hmac.digest(self._key, slot[:end], "sha256")
            return slot[start:end] if hmac.compare_digest(slot[end : end + _MAC_SIZE], mac) else None
        if slot[:start] != _MAGIC:
            return None
        nonce, sealed = slot[start : start + _NONCE_SIZE], slot[start + _NONCE_SIZE :]
        try:
            return AESGCM(self._key).decrypt(nonce, sealed, _MAGIC)[: _FIELDS.size]
        except InvalidTag:
            return None

    def read(self) -> Head:
        """Return the newest head; raises IntegrityAlarm where the file is missing or neither slot is whole."""
        slots = self._slots()
        if not slots:
            raise IntegrityAlarm(
                "The vault's anchor file is missing or was changed: whether the record is whole cannot be shown.",
                hint="What is here can still be read. Restore the latest backup, or ask who touched the folder.",
            )
        return slots[-1][1]

    def create(self, head: Head) -> None:
        """Write the first anchor of a vault."""
        write_atomic(self._path, self._slot(0, head) + self._slot(1, head))

    def move(self, head: Head) -> None:
        """Move the anchor on to this head; one that is already further stays. Raises OSError, also for a held lock."""
        with briefly_alone(self._lock):
            slots = self._slots()
            if slots:
                newest = slots[-1][1]
                same = newest.device == head.device
                if same and (newest.seq, newest.header_generation) >= (head.seq, head.header_generation):
                    return
                if newest.header_generation > head.header_generation:  # another process has edited the header since
                    head = replace(head, header_generation=newest.header_generation, header_digest=newest.header_digest)
            counter = slots[-1][0] + 1 if slots else 0
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            try:
                os.lseek(descriptor, counter % 2 * SLOT_SIZE, os.SEEK_SET)
                if os.write(descriptor, self._slot(counter, head)) != SLOT_SIZE:
                    raise OSError("the disk took a part of the anchor only")
                sync_file(descriptor, content_only=True)
            finally:
                os.close(descriptor)

    def _slot(self, counter: int, head: Head) -> bytes:
        device = uuid.UUID(head.device).bytes
        fields = _FIELDS.pack(counter, device, head.seq, head.mac, head.header_generation, head.header_digest)
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return _MAGIC + nonce + AESGCM(self._key).encrypt(nonce, fields.ljust(_CONTENT_SIZE, b"\0"), _MAGIC)
