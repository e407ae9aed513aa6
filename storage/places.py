"""Where a live vault may stand: a local disk, never a share or a folder that a cloud copies (storage: §1.16, §8).

Backups may go anywhere. What the platform says of itself comes in through `Platform`, so that the rules for Windows
and macOS are tested where neither runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from practice.errors import Refused

_CLOUD = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud", "owncloud", "sharepoint")
_CLOUD_WHOLE = {"box", "box sync", "mega", "pcloud drive", "my drive", "cloudstorage", "mobile documents", "syncthing"}
_CLOUD_VARIABLES = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
_SHARES = {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ncpfs", "davfs", "ceph", "vboxsf", "fuse"}
_SERVED = "fuse."
"""Whatever a program serves through FUSE; `fuseblk` is a disk of this machine."""
_DRIVE_REMOTE = 4
_MOUNT = "/sbin/mount"


def _mount_table() -> str:
    try:
        return Path("/proc/mounts").read_text(errors="replace")
    except OSError:
        return ""


def _mac_mounts() -> str:
    try:
        done = subprocess.run([_MOUNT], capture_output=True, text=True, timeout=5, errors="replace", check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _drive_type(root: str) -> int:
    import ctypes

    kernel = getattr(ctypes, "windll", None)
    return int(kernel.kernel32.GetDriveTypeW(root)) if kernel is not None else 0


@dataclass(frozen=True)
class Platform:
    """What the rules ask of the platform: its name, its mounts, a drive's type, the environment."""

    name: str = sys.platform
    mounts: Callable[[], str] = _mac_mounts if sys.platform == "darwin" else _mount_table
    drive_type: Callable[[str], int] = _drive_type
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    resolve: Callable[[str], str] = os.path.realpath


HERE = Platform()


def check_place(folder: Path, platform: Platform = HERE) -> None:
    """Raise Refused where the folder is on the network or is copied to a cloud: no live vault is made there."""
    hint = "Choose a folder on this machine's own disk; backups may go to a share."
    if in_cloud(folder, platform):
        raise Refused(
            "That folder is copied to a cloud service, which can tear a live vault. None was made.", hint=hint
        )
    if on_network(folder, platform):
        raise Refused("That folder is on a network drive, which can tear a live vault. None was made.", hint=hint)


def check_open(folder: Path, platform: Platform = HERE) -> str:
    """Return a caution for a vault that a cloud copies, blank where all is well; raises Refused on the network."""
    if on_network(folder, platform):
        raise Refused(
            "This vault lies on a network drive, where two machines can tear it, so it was not opened.",
            hint="Close dsl-console everywhere, move the whole folder to this machine's own disk, and open it there.",
        )
    if in_cloud(folder, platform):
        return (
            "This vault lies in a folder that a cloud service copies, which can tear it. Make a backup now, then move"
            " the whole folder to this machine's own disk."
        )
    return ""


def keeps_work(folder: Path, platform: Platform = HERE) -> bool:
    """Say whether a database may be worked on in this folder for a moment."""
    return not (in_cloud(folder, platform) or on_network(folder, platform))


def _parts(text: str, platform: Platform) -> tuple[str, ...]:
    return PureWindowsPath(text).parts if platform.name == "win32" else Path(text).parts


def _forms(folder: Path, platform: Platform) -> set[str]:
    """Return the folder as it was named and as it really lies, since either may lead into a cloud or a share."""
    named = str(folder) if platform.name == "win32" and platform.name != sys.platform else str(folder.absolute())
    return {named, platform.resolve(named)}


def in_cloud(folder: Path, platform: Platform = HERE) -> bool:
    """Say whether a cloud service copies the folder, by its name or, on Windows, by what OneDrive says of itself."""
    roots = [platform.environment.get(name, "") for name in _CLOUD_VARIABLES] if platform.name == "win32" else []
    for form in _forms(folder, platform):
        parts = [part.casefold() for part in _parts(form, platform)]
        if any(part.startswith(_CLOUD) or part in _CLOUD_WHOLE for part in parts):
            return True
        for root in filter(None, roots):
            above = [part.casefold() for part in _parts(root, platform)]
            if parts[: len(above)] == above:
                return True
    return False


def on_network(folder: Path, platform: Platform = HERE) -> bool:
    """Say whether the folder is on another machine, or served by a program (FUSE)."""
    for form in _forms(folder, platform):
        if platform.name == "win32":
            if _windows_network(form, platform):
                return True
        elif platform.name == "darwin":
            if _mac_network(form, platform.mounts()):
                return True
        else:
            kind = mount_type(form, platform.mounts())
            if kind in _SHARES or kind.startswith(_SERVED):
                return True
    return False


def _windows_network(form: str, platform: Platform) -> bool:
    """A share by its name, or a drive letter mapped to one; `\\\\?\\C:\\` is a long name of a local path."""
    text = form.replace("/", "\\")
    upper = text.upper()
    if upper.startswith("\\\\?\\UNC\\"):
        return True
    if upper.startswith(("\\\\?\\", "\\\\.\\")):
        text = text[4:]
    if text.startswith("\\\\"):
        return True
    return platform.drive_type(PureWindowsPath(text).anchor) == _DRIVE_REMOTE


def _mac_network(form: str, mounts: str) -> bool:
    """A file system whose mount does not say `local`, in the lines of /sbin/mount."""
    best, local = "", True
    for line in mounts.splitlines():
        _source, found, rest = line.partition(" on ")
        point, opened, options = rest.rpartition(" (")
        inside = form == point or form.startswith(point.rstrip("/") + "/")
        if found and opened and inside and len(point) >= len(best):
            best, local = point, "local" in options.rstrip(")").split(", ")
    return not local


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
