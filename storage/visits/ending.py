"""The end of a visit set: its key is overwritten and its database removed; what is sealed for the school stays.

Cut short at any place it is done again: the key goes first, the file that says what lies here last.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from practice.errors import NotFound, Refused
from storage.atomic import private_folder, replace, sync_file, sync_folder, write_atomic
from storage.header import FILE_NAME
from storage.locks import FILE_NAME as LOCK
from storage.locks import closed
from storage.visits.terms import COVER

SEALED = "sealed"
"""The folder of a set in which what was recorded lies sealed for the school."""
_KEY_FILES = re.compile(r"header\.json(\.prev)?|\.header\.json.*\.tmp")
_COVER_LIMIT = 4096
_CARRIED = re.compile(
    r"children\.(db|anchor)|drafts/[a-z0-9-]{1,60}(\.[a-z0-9-]{1,60})?\.draft|sealed/(reports/)?[a-z0-9-]{1,80}\.(dslv|pending|draft|report|letter)"
)
_OPENED_BY_KEY = re.compile(
    r"children\.(db(-wal|-shm|-journal)?|anchor|anchor-lock)|lock|(tries|failed)\.(json|lock)|late-.*|last-person|room|drafts|spool|before-update|(backup|header)\.lock|\..*\.tmp"
)
"""What else of a set is of use only with its key, and goes with it."""
_MOVING = "moving"
"""The file that says that a set is still being copied to where it lies."""
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def cover_of(folder: Path) -> dict[str, str]:
    """Return what a folder says of its set: `visit`, `school` and `device`; raises NotFound where there is none."""
    try:
        with (folder / COVER).open("rb") as file:
            said: Any = json.loads(file.read(_COVER_LIMIT))
        found = {name: str(said[name]) for name in ("visit", "school", "device")}
        if not all(ID.fullmatch(each) for each in found.values()):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise NotFound("There is no visit set in that folder.", hint="Name the folder that was packed.") from None
    return found


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a set while it is moved or destroyed, and remove its folder if nothing is left there.

    What somebody records between a copy and its removal would be lost: raises Refused where a console has it open. On a
    stick that cannot be written nobody can have it open.
    """
    try:
        with closed(folder):
            yield
    finally:
        if not (folder / FILE_NAME).exists():
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
        if not (folder / COVER).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def destroy_key(folder: Path) -> None:
    """Overwrite and remove a set's key, then its database and everything else that only the key would open.

    What is sealed for the school stays. A disk may keep an older copy of a file's blocks; without the passphrase, and
    the cost of trying one, that copy is ciphertext.
    """
    for path in [each for each in folder.iterdir() if _KEY_FILES.fullmatch(each.name)]:
        _shred(path)
    sync_folder(folder)
    for path in [each for each in folder.iterdir() if _OPENED_BY_KEY.fullmatch(each.name)]:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _shred(path: Path) -> None:
    """Overwrite a small file, and remove it; its name goes first, so that no half of it is taken for a damaged one."""
    if path.is_symlink() or not path.is_file():  # laid there by a stranger: what it leads to is not ours
        with contextlib.suppress(OSError):
            path.unlink()
        return
    gone = path if path.name.endswith(".tmp") else path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}.tmp")
    with contextlib.suppress(FileNotFoundError):
        if gone is not path:
            replace(path, gone)
        with gone.open("r+b") as file:
            file.write(secrets.token_bytes(max(gone.stat().st_size, 1)))
            file.flush()
            sync_file(file.fileno())
        gone.unlink()


def remove(folder: Path) -> bool:
    """Destroy a set and remove its files, and its folder where nothing else lies in it; say whether the set is gone."""
    destroy_key(folder)
    shutil.rmtree(folder / SEALED, ignore_errors=True)
    with contextlib.suppress(OSError):
        (folder / COVER).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not (folder / COVER).exists()


# -- from a stick to a laptop, and back --------------------------------------------------------------------------------


def begin(source: Path, target: Path) -> None:
    """Move a set from a stick or a share onto this laptop; the one there is destroyed once this one is whole.

    Cut short, it is done again. Raises NotFound, and Refused where another vault or set lies in the target.
    """
    from storage.places import check_place

    check_place(target)
    with alone(source):
        _move(source, target, cover_of(source))


def _move(source: Path, target: Path, cover: dict[str, str]) -> None:
    for left in target.glob(f".{_MOVING}.*.tmp"):  # of a move that was cut short as it began
        left.unlink()
    if target.exists() and any(target.iterdir()) and _said(target / _MOVING) != cover["visit"]:
        if not (target / COVER).exists() or cover_of(target) != cover:
            raise Refused(
                "Something else lies in that folder already, so nothing was moved.",
                hint="End the visit that lies there, or name another folder with --to.",
            )
        if not _names(source) <= _names(target):
            raise Refused(
                "This set was written on in both places. Nothing was moved or removed.",
                hint="Return both at school: dsl-console visit return FOLDER",
            )
        remove(source)
        return
    if not (source / FILE_NAME).exists():
        raise Refused("This visit has ended, so there is nothing to begin.", hint="dsl-console visit return FOLDER")
    private_folder(target)
    write_atomic(target / _MOVING, cover["visit"].encode())
    _copy(source, target, key_too=True)
    (target / _MOVING).unlink()
    remove(source)


def _said(path: Path) -> str:
    try:
        return path.read_text("ascii")[:100]
    except (OSError, UnicodeDecodeError):
        return ""


def _names(folder: Path) -> set[str]:
    return {path.name for path in (folder / SEALED).glob("*.dslv")}


def end(folder: Path, target: Path | None) -> Path | None:
    """End a visit on this laptop: what is sealed for the school is copied to a stick, then everything here is removed.

    Without a target the key and the record are destroyed here, and what is sealed stays here to be returned from here.
    Returns the folder on the stick. Raises NotFound, Refused; then nothing that is sealed was removed.
    """
    cover = cover_of(folder)
    with alone(folder):
        destroy_key(folder)
        if target is None:
            return None
        made = target / f"visit-{cover['visit'][-6:]}"
        try:
            _copy(folder, made, key_too=False)
        except OSError:
            raise Refused(
                "The stick cannot be written, so what you recorded stays here, sealed. The set's key is destroyed.",
                hint="Do it again with another stick, or return it from here.",
            ) from None
        remove(folder)
    return made


def _copy(source: Path, target: Path, *, key_too: bool) -> None:
    """Copy a set, the key last, and compare every byte; raises OSError, or Refused where a copy differs."""
    private_folder(target)
    names = [path.relative_to(source).as_posix() for path in sorted(source.rglob("*"))]
    carried = [name for name in names if _CARRIED.fullmatch(name) and (key_too or name.startswith(SEALED))]
    carried = [name for name in carried if (source / name).is_file() and not (source / name).is_symlink()]
    for name in (*carried, COVER, *([FILE_NAME] if key_too else [])):
        copied = target / name
        private_folder(copied.parent)
        shutil.copyfile(source / name, copied)
        if os.name == "posix":
            copied.chmod(0o600)
        with copied.open("rb+") as file:
            sync_file(file.fileno())
        if copied.read_bytes() != (source / name).read_bytes():
            raise Refused("What was copied is not what was there. Nothing was removed.", hint="Try another stick.")
    for folder in (target / SEALED, target):
        if folder.exists():
            sync_folder(folder)


def write_cover(folder: Path, visit: str, school: str, device: str) -> None:
    """Write the file that says of a set whose it is."""
    said = {"format": "dsl-console/visit", "v": 1, "visit": visit, "school": school, "device": device}
    write_atomic(folder / COVER, json.dumps(said).encode())
