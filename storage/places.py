"""Where a live vault may stand: a local disk, never a share or a folder that a cloud copies (storage: §1.16, §8)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from practice.errors import Refused

_CLOUD = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud", "sharepoint")
_NETWORK_TYPES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "davfs", "fuse.sshfs", "fuse.rclone"}
_DRIVE_REMOTE = 4


def check_place(folder: Path) -> None:
    """Raise Refused where the folder is on the network or is copied to a cloud."""
    hint = "Choose a folder on this machine's own disk; backups may go to a share."
    for part in folder.absolute().parts:
        if any(part.casefold().startswith(name) for name in _CLOUD):
            raise Refused(
                "That folder is copied to a cloud service, which can tear a live vault. None was made.", hint=hint
            )
    if _on_network(folder.absolute()):
        raise Refused("That folder is on a network drive, which can tear a live vault. None was made.", hint=hint)


def _on_network(folder: Path) -> bool:
    if sys.platform == "win32":
        import ctypes

        if str(folder).startswith("\\\\"):
            return True
        return int(ctypes.windll.kernel32.GetDriveTypeW(folder.anchor)) == _DRIVE_REMOTE
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return False
    return mount_type(os.path.realpath(folder), mounts.read_text(errors="replace")) in _NETWORK_TYPES


def mount_type(folder: str, mounts: str) -> str:
    """Return the file system's type for a folder, from a table of mounts such as /proc/mounts."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
