"""Private folders and small files that are written whole or not at all (storage: §8)."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

_REPLACE_TRIES = 20
FULL = frozenset({28, 122, 112})
"""The numbers by which a system says that there is no room: ENOSPC, EDQUOT, Windows' ERROR_DISK_FULL."""


def private_folder(path: Path) -> Path:
    """Make the folder, readable by its owner alone, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        path.chmod(0o700)
    return path


def private_file(path: Path) -> Path:
    """Make an empty file that only its owner reads, where there is none, and return it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return path


def sync_file(descriptor: int, *, content_only: bool = False) -> None:
    """Bring a file's bytes to the disk itself; macOS needs a stronger call than fsync.

    With `content_only` its times may lag, which is all that is new where a file keeps its size.
    """
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif content_only and sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Bring a folder's entries to the disk; Windows has no such call and its rename writes through."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes, *, keep_previous: bool = False, mode: int = 0o600) -> None:
    """Write a small file so that a reader sees the old one or the new one, never a part; raises OSError.

    Only its owner reads it, unless `mode` says otherwise for what is no secret.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if mode != 0o600 and os.name == "posix":
                os.fchmod(descriptor, mode)
            sync_file(descriptor)
        finally:
            os.close(descriptor)
        if keep_previous and path.exists():
            previous = path.with_name(path.name + ".prev")
            with contextlib.suppress(FileNotFoundError):
                previous.unlink()
            try:
                os.link(path, previous)
            except (OSError, AttributeError):  # a file system without hard links, such as a memory stick's
                previous.write_bytes(path.read_bytes())
        replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def replace(source: Path, target: Path) -> None:
    """Rename over the target; on Windows again and again while a scanner holds it, up to about four seconds."""
    for attempt in range(_REPLACE_TRIES):
        try:
            source.replace(target)
        except PermissionError:
            if os.name == "posix" or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))
        else:
            return
