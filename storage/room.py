"""A little room that a vault keeps, so that a full disk still takes a draft and what is to be recorded later.

A file of zeros lies in the vault's folder. Where the disk is full it goes, and what would be lost with the process is
written in its place; it is made again when the vault is next opened and the disk has room.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from storage.atomic import FULL, write_atomic

NAME = "room"
SIZE = 256 * 1024
"""What some drafts of the largest size need, each written before the one before it goes; unlocking needs 32 KiB."""


def keep(folder: Path) -> None:
    """Take the room where it is not there yet; where the disk has none, nothing is left and nothing is said."""
    path = folder / NAME
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(SIZE))
        except OSError:
            path.unlink()


def write(folder: Path, path: Path, data: bytes) -> None:
    """Write a small file whole, in the vault's own room where the disk has none left; raises OSError."""
    try:
        write_atomic(path, data)
    except OSError as fault:
        if fault.errno not in FULL or not _give(folder):
            raise
        write_atomic(path, data)


def _give(folder: Path) -> bool:
    """Let the room go; say whether there was any."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True
