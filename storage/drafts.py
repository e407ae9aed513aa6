"""What a person was writing, sealed to the vault's own inbox key at each pause (design: §4).

A draft survives a power cut and a kill, and never lies in the clear: sealing needs no private key and reading does.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.errors import IntegrityAlarm, Refused
from practice.roles import finds_only_given
from storage import secrets_table
from storage.atomic import private_folder, sync_folder, write_atomic
from storage.sealed import SEALED_LIMIT, XWingPrivate, XWingPublic, canonical, seal, unseal
from storage.types import from_utc_text, utc_text

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment

_NAME = re.compile(r"^[a-z0-9-]{1,60}$")
_SUFFIX = ".draft"
PLACE = "place-"
"""Before a person's id: where they were when they locked; theirs alone, and nothing that was being written."""


def inbox_info(vault: str, compartment: str) -> bytes:
    """Return the context that every file sealed for a compartment's inbox is bound to."""
    return canonical("dsl-console/inbox/v1", vault, compartment)


@dataclass(frozen=True)
class Draft:
    """Fields of a form as they stood when it was last sealed."""

    name: str
    saved_at: datetime
    fields: dict[str, Any]


def _read(name: str, stored: bytes) -> Draft:
    """Read a draft, which anybody with the public key may have sealed; raises ValueError, KeyError or TypeError."""
    content = json.loads(stored)
    saved_at, fields = from_utc_text(content["saved_at"]), content["fields"]
    if content["name"] != name or saved_at.tzinfo is None or not isinstance(fields, dict):
        raise ValueError("these are not the bytes of this draft")
    return Draft(name, saved_at, fields)


class Drafts:
    """The drafts of one compartment; sealing is safe from any thread."""

    def __init__(self, vault: OpenCompartment, inbox: XWingPublic) -> None:
        self._vault = vault
        self._inbox = inbox
        self._info = inbox_info(vault.id, vault.name)
        self._folder = private_folder(vault.folder / "drafts")

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise Refused("A draft's name has only small letters, figures and dashes.")
        return self._folder / (name + _SUFFIX)

    def seal(self, name: str, fields: dict[str, Any]) -> None:
        """Keep the fields under this name, in the place of what was kept before."""
        content = {"name": name, "saved_at": utc_text(self._vault.clock()), "fields": fields}
        stored = json.dumps(content, ensure_ascii=False).encode()
        sealed = seal(stored, self._inbox, self._info)
        if len(sealed) > SEALED_LIMIT:
            raise Refused("The draft is larger than a note can be, so it was not kept. Shorten the text.")
        try:
            write_atomic(self._path(name), sealed)
            self._vault.keep_draft(name, stored)
        except OSError:
            raise Refused(
                "The draft could not be kept on the disk; what is on screen is still there.",
                hint="Free some room, or record now with ctrl+s.",
            ) from None

    def all(self) -> list[Draft]:
        """Return every draft that can be read, newest first; one that cannot is left where it is.

        A person who finds only the children they were given is shown none: a draft may be about any child.
        """
        if finds_only_given(self._vault.person.role):
            return []
        paths = [path for path in self._folder.glob("*" + _SUFFIX) if not path.name.startswith(PLACE)]
        return sorted(self._opened(paths), key=lambda draft: draft.saved_at, reverse=True)

    def get(self, name: str) -> Draft | None:
        """Return the draft of this name; a person who finds only the children they were given has their place alone."""
        if finds_only_given(self._vault.person.role) and not name.startswith(PLACE):
            return None
        return next(iter(self._opened([self._path(name)])), None)

    def _opened(self, paths: list[Path]) -> list[Draft]:
        with self._vault.read() as connection:
            stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
        keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}
        found = []
        for path in paths:
            with contextlib.suppress(IntegrityAlarm, OSError, ValueError, KeyError, TypeError, RecursionError):
                if path.stat().st_size <= SEALED_LIMIT:
                    found.append(_read(path.name.removesuffix(_SUFFIX), unseal(path.read_bytes(), keys, self._info)))
        return found

    def drop(self, name: str) -> None:
        """Forget a draft, once what it held was recorded or let go."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()
            sync_folder(self._folder)
        with contextlib.suppress(OSError):
            self._vault.keep_draft(name, b"")
