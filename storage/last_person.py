"""Who opened a vault last on this machine: their id alone, so that the lock screen stands on their name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from storage.atomic import write_atomic

FILE_NAME = "last-person"
_LONGEST = 64


def last_person(folder: Path) -> str:
    """Return the id of whoever opened the vault last, or an empty text; it decides nothing but where a list begins."""
    with suppress(OSError, UnicodeDecodeError), (folder / FILE_NAME).open("rb") as file:
        return file.read(_LONGEST).decode("ascii")
    return ""


def keep_last_person(folder: Path, person: str) -> None:
    """Keep who opened it; a folder that cannot be written is no reason to say anything."""
    with suppress(OSError):
        write_atomic(folder / FILE_NAME, person.encode("ascii"))
