"""The file that a backup is: a manifest, then its members one after the other, nothing else (storage: §1.18).

    magic ‖ length of the manifest (4 bytes) ‖ SHA-256 of the manifest ‖ manifest (JSON) ‖ members

The manifest names every member with its size and SHA-256, in their order. Every member is ciphertext, or the header,
which is public by design. Reading believes nothing: names, sizes, counts and digests are all checked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from practice.errors import IntegrityAlarm, NotFound, Refused
from storage.atomic import sync_file

MAGIC = b"DSLBACK\x01"
MANIFEST_LIMIT = 4 * 1024 * 1024
MEMBER_LIMIT = 64 * 1024**3
MEMBERS_LIMIT = 20_000
CHUNK = 1024 * 1024
NAME = re.compile(r"(header\.json|[a-z]{1,20}\.(db|db-wal|anchor)|(drafts|spool/[a-z]{1,20})/[A-Za-z0-9][\w.-]{0,119})")
_PREFIX = len(MAGIC) + 4 + 32


@dataclass(frozen=True)
class Member:
    """One file within a backup: its name, size, SHA-256, and where its bytes begin."""

    name: str
    size: int
    sha256: str
    at: int = 0


@dataclass(frozen=True)
class Container:
    """A backup file whose manifest was read and whose length fits; the members are checked when they are taken out."""

    path: Path
    manifest: dict[str, Any]
    members: dict[str, Member]


def damaged(detail: str = "") -> IntegrityAlarm:
    """Return the sentence for a backup that is not as it was written."""
    return IntegrityAlarm(
        f"This backup file is damaged, cut short or was changed{detail}, so nothing was taken from it.",
        title="The backup was refused",
        hint="Use another backup; make a new one from the vault if it still opens.",
    )


def digest_of(path: Path) -> Member:
    """Return a file as a member without a name: its size and SHA-256."""
    seen, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            seen.update(chunk)
            size += len(chunk)
    return Member("", size, seen.hexdigest())


def write(
    path: Path, manifest: dict[str, Any], sources: dict[str, Path], step: Callable[[], None] = lambda: None
) -> str:
    """Write a new container from files and bring it to the disk; return its SHA-256.

    `manifest["members"]` is set by the caller. `step` is called between chunks and may raise. The digests are
    those that the caller took; reading checks them. Raises OSError.
    """
    stored = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    whole = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:

        def put(data: bytes) -> None:
            step()
            whole.update(data)
            file.write(data)

        put(MAGIC + len(stored).to_bytes(4, "big") + hashlib.sha256(stored).digest())
        put(stored)
        for member in manifest["members"]:
            with sources[member["name"]].open("rb") as source:
                while chunk := source.read(CHUNK):
                    put(chunk)
        file.flush()
        sync_file(file.fileno())
    return whole.hexdigest()


def read(path: Path) -> Container:
    """Read and check a backup file's manifest and length; raises NotFound, Refused and IntegrityAlarm."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return _read(path, file, size)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound("There is no backup file of that name.") from None
    except OSError:
        raise unreadable() from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged() from None


def unreadable() -> Refused:
    """Return the sentence for a backup on a drive that went away."""
    return Refused(
        "The backup file cannot be read. Nothing was changed.",
        hint="Check that its drive or share is there and that the file is yours.",
    )


def _read(path: Path, file: BinaryIO, size: int) -> Container:
    start = file.read(_PREFIX)
    if not start.startswith(MAGIC):
        if start.startswith(MAGIC[:-1]):
            raise Refused("This backup was made by a newer dsl-console.", hint="Update dsl-console here.")
        raise Refused("That file is not a backup of dsl-console. Nothing was taken from it.")
    length = int.from_bytes(start[len(MAGIC) : len(MAGIC) + 4], "big")
    if len(start) < _PREFIX or length > MANIFEST_LIMIT:
        raise damaged()
    stored = file.read(length)
    if len(stored) != length or not hmac.compare_digest(hashlib.sha256(stored).digest(), start[-32:]):
        raise damaged()
    manifest = json.loads(stored)
    listed, at = manifest["members"], _PREFIX + length
    members: dict[str, Member] = {}
    if len(listed) > MEMBERS_LIMIT:
        raise damaged()
    for each in listed:
        member = Member(each["name"], each["size"], each["sha256"], at)
        fits = type(member.size) is int and 0 <= member.size <= MEMBER_LIMIT and isinstance(member.sha256, str)
        if not fits or not NAME.fullmatch(member.name) or ".." in member.name or member.name in members:
            raise damaged()
        members[member.name] = member
        at += member.size
    if at != size:
        raise damaged()
    return Container(path, manifest, members)


def content(container: Container, name: str, limit: int) -> bytes:
    """Return a small member's bytes, checked; raises IntegrityAlarm."""
    member = container.members.get(name)
    if member is None or member.size > limit:
        raise damaged()
    try:
        with container.path.open("rb") as file:
            file.seek(member.at)
            data = file.read(member.size)
    except OSError:
        raise unreadable() from None
    if hashlib.sha256(data).hexdigest() != member.sha256:
        raise damaged()
    return data


def check(container: Container, name: str, step: Callable[[], None] = lambda: None) -> None:
    """Raise IntegrityAlarm unless a member's bytes are those that the manifest names."""
    member, seen = container.members[name], hashlib.sha256()
    left = member.size
    try:
        with container.path.open("rb") as file:
            file.seek(member.at)
            while left and (chunk := file.read(min(left, CHUNK))):
                step()
                seen.update(chunk)
                left -= len(chunk)
    except OSError:
        raise unreadable() from None
    if left or seen.hexdigest() != member.sha256:
        raise damaged()


def extract(
    container: Container, name: str, target: Path, step: Callable[[], None] = lambda: None, *, durable: bool = True
) -> None:
    """Copy a member into a new file, checking its digest; raises IntegrityAlarm, or OSError for the target."""
    member = container.members.get(name)
    if member is None:
        raise damaged()
    seen, left = hashlib.sha256(), member.size
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as copied, container.path.open("rb") as file:
        file.seek(member.at)
        while left and (chunk := file.read(min(left, CHUNK))):
            step()
            seen.update(chunk)
            copied.write(chunk)
            left -= len(chunk)
        copied.flush()
        if durable:
            sync_file(copied.fileno())
    if left or seen.hexdigest() != member.sha256:
        raise damaged()
