"""Whether the person who opened a compartment may still have it open: somebody may have been removed meanwhile."""

from __future__ import annotations

from pathlib import Path

from practice.errors import ConsoleError, NotAllowed
from storage.header import FILE_NAME, gone, read_header
from storage.keys import Slot


class WayIn:
    """The way by which one person came in; it is looked at again whenever the header's file is another one.

    A header that cannot be read says nothing: the record that is open is whole, and what is written must not be lost.
    """

    def __init__(self, folder: Path, compartment: str, slot: Slot) -> None:
        self._folder, self._compartment, self._slot = folder, compartment, slot
        self._seen: tuple[int, int, int] | None = None
        self._stands = True
        self._had = (folder / FILE_NAME).exists()
        """Whether a header was seen: a vault that is being made, and a visit set being packed, get theirs last."""

    def stands(self) -> bool:
        """Say whether the header still lets the person in. Costs one look at the file's times while it is the same."""
        try:
            status = (self._folder / FILE_NAME).stat()
        except OSError:
            return self._stands
        seen = status.st_ino, status.st_mtime_ns, status.st_size
        if seen != self._seen:
            try:
                header = read_header(self._folder)
            except ConsoleError:
                return self._stands
            slot = next((each for each in header.slots if each.id == self._slot.id), None)
            self._stands = slot is not None and header.holds(self._compartment, slot)
            self._seen = seen
        return self._stands

    def check(self) -> None:
        """Raise NotAllowed once somebody has taken this way in away, and Refused once the vault's folder is gone.

        A database whose folder was removed can still be written, and nobody would ever read what was.
        """
        if (self._folder / FILE_NAME).exists():
            self._had = True
        elif self._had:
            raise gone()
        if not self.stands():
            raise NotAllowed(
                "Your way into this record was taken away while it was open here. This was not recorded.",
                hint="Ask the DSL or the headteacher.",
            )
