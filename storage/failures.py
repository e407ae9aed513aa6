"""Wrong tries at a passphrase or recovery code, kept beside the tries until the next unlock records them.

The file holds ids, counts and times, nothing else. Whoever can delete it can also copy the vault and try elsewhere.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from practice.errors import ConsoleError
from storage.atomic import write_atomic

if TYPE_CHECKING:
    from storage.vault import Vault

_SIZE_LIMIT = 64 * 1024
_MOST = 1_000_000


def _path(folder: Path) -> Path:
    return folder / "failed.json"


def _lock(folder: Path) -> FileLock:
    return FileLock(str(folder / "failed.lock"), timeout=2, mode=0o600)


def _read(folder: Path) -> dict[str, tuple[int, str, str]]:
    """Return, for each slot, how many tries failed, the first and the last; what cannot be read counts for nothing."""
    try:
        with _path(folder).open("rb") as file:
            stored: dict[str, Any] = json.loads(file.read(_SIZE_LIMIT))
        found = {}
        for slot, (tries, first, last) in stored.items():
            found[str(slot)] = (min(max(int(tries), 1), _MOST), _moment(first), _moment(last))
        return found
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _moment(text: object) -> str:
    return datetime.fromisoformat(str(text)).astimezone(UTC).isoformat(timespec="seconds")


def note(folder: Path, slot: str) -> None:
    """Remember one more wrong try at a slot; where the disk refuses, the try itself is still refused."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with contextlib.suppress(OSError, Timeout), _lock(folder):
        kept = _read(folder)
        tries, first, _last = kept.get(slot, (0, now, now))
        write_atomic(_path(folder), json.dumps(kept | {slot: (tries + 1, first, now)}).encode())


def record(vault: Vault, slots: set[str]) -> None:
    """Record what was remembered of these slots, and forget the file; what cannot be recorded now stays remembered."""
    if not _path(vault.folder).exists():
        return
    from practice.acts import UnlockFailed

    with contextlib.suppress(OSError, Timeout, ConsoleError), _lock(vault.folder):
        kept = {slot: counted for slot, counted in _read(vault.folder).items() if slot in slots}
        if kept:
            with vault.write() as unit:
                for slot, (tries, first, last) in kept.items():
                    unit.record(UnlockFailed(slot=slot, tries=tries, first=first, last=last))
        _path(vault.folder).unlink(missing_ok=True)
