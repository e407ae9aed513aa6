"""A folder as a carrier: one that SharePoint, OneDrive or Nextcloud keep alike, a share, or a stick (protocol: §7).

The folder is made by people and never by us: one that is missing is a stick that is not in, not an empty place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from practice.errors import Refused
from storage.atomic import write_atomic
from sync.carriers.contract import CarrierAway
from sync.carriers.files import MOST_FILES, FileCarrier

LATER = "Nothing was lost: what was to be sent stays queued. Put the stick in, or look at the folder, and sync again."
READABLE = 0o664
"""Both sides read and take away what lies there; it is sealed."""


class FolderFiles:
    """The files under one folder of this machine; what is a link is not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, path: str) -> Path:
        """Return a path whose folders under the root are folders and no links."""
        if not self._root.is_dir():
            raise CarrierAway("The folder for this exchange is not there.", LATER)
        found = self._root
        for part in path.split("/")[:-1]:
            found = found / part
            with suppress(FileNotFoundError):
                if not stat.S_ISDIR(found.lstat().st_mode):
                    raise CarrierAway("A folder of this exchange is a link or a file.", LATER)
        return self._root / path

    def names(self, folder: str) -> Sequence[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        try:
            with os.scandir(self._path(f"{folder}/x").parent) as entries:
                for entry in entries:
                    with suppress(OSError):  # taken away in this moment
                        if entry.is_file(follow_symlinks=False) and len(found) < MOST_FILES:
                            found.append((entry.name, entry.stat(follow_symlinks=False).st_size))
        except FileNotFoundError:
            return []
        except OSError:
            raise CarrierAway("The folder for this exchange cannot be read.", LATER) from None
        return found

    def read(self, path: str, limit: int) -> bytes | None:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._path(path), flags)
        except FileNotFoundError:
            return None
        except OSError:
            raise CarrierAway("A file of this exchange cannot be read.", LATER) from None
        with os.fdopen(descriptor, "rb") as file:
            try:
                return file.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
            except OSError:
                raise CarrierAway("A file of this exchange cannot be read.", LATER) from None

    def write(self, path: str, data: bytes) -> None:
        target = self._path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, data, mode=READABLE)
        except OSError:
            raise CarrierAway("The folder for this exchange cannot be written, or is full.", LATER) from None

    def remove(self, path: str) -> None:
        try:
            self._path(path).unlink(missing_ok=True)
        except OSError:
            raise CarrierAway("A file of this exchange cannot be taken away.", LATER) from None


def folder_carrier(place: str, org: str) -> FileCarrier:
    """Return a carrier over a folder; nothing is looked at yet."""
    return FileCarrier(FolderFiles(Path(place)), org)


def checked_folder(text: str) -> str:
    """Return a folder's whole path as it is kept; raises Refused where there is none."""
    path = Path(text.strip()).expanduser().absolute()
    if not text.strip() or not path.is_dir():
        raise Refused("There is no such folder. Nothing was changed.", hint="Make it first, or put the stick in.")
    return str(path)
