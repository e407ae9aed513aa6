"""What a person was writing, sealed to the vault's own inbox key at each pause (design: §4).

A draft survives a power cut and a kill, and never lies in the clear: sealing needs no private key and reading does.
It is its writer's alone, so that nobody's words are put on in another's name, or written over by a colleague's. One
that names nobody, or somebody who can no longer open the vault, is of whoever opens it next.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.errors import IntegrityAlarm, Refused
from practice.roles import finds_only_given
from storage import room, secrets_table
from storage.atomic import FULL, private_folder, sync_folder, write_atomic
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
    """Fields of a form as they stood when it was last sealed; `by` is its writer's id, blank where none is named."""

    name: str
    saved_at: datetime
    fields: dict[str, Any]
    by: str = ""


def _read(path: Path, stored: bytes) -> Draft:
    """Read a draft, which anybody with the public key may have sealed; raises ValueError, KeyError or TypeError."""
    name, _dot, owner = path.name.removesuffix(_SUFFIX).partition(".")
    content = json.loads(stored)
    saved_at, fields, by = from_utc_text(content["saved_at"]), content["fields"], content.get("by", "")
    fits = content["name"] == name and owner in ("", by) and (not by or _NAME.match(by))
    if not fits or saved_at.tzinfo is None or not isinstance(fields, dict):
        raise ValueError("these are not the bytes of this draft")
    return Draft(name, saved_at, fields, by)


class Drafts:
    """The drafts of one compartment; sealing is safe from any thread."""

    def __init__(self, vault: OpenCompartment, inbox: XWingPublic) -> None:
        self._vault = vault
        self._inbox = inbox
        self._info = inbox_info(vault.id, vault.name)
        self._folder = private_folder(vault.folder / "drafts")
        room.keep(vault.folder)
        self._unkept: dict[str, bytes] = {}
        """What the disk did not take, by name: held while the process lives, and written as soon as it can be."""

    def _path(self, name: str) -> Path:
        """Return where this person's draft lies; where somebody is names them already."""
        if not _NAME.match(name):
            raise Refused("A draft's name has only small letters, figures and dashes.")
        owner = "" if name.startswith(PLACE) else f".{self._vault.person.id}"
        return self._folder / f"{name}{owner}{_SUFFIX}"

    def seal(self, name: str, fields: dict[str, Any]) -> None:
        """Keep the fields under this name, in the place of what was kept before."""
        by = self._vault.person.id
        content = {"name": name, "by": by, "saved_at": utc_text(self._vault.clock()), "fields": fields}
        stored = json.dumps(content, ensure_ascii=False).encode()
        sealed = seal(stored, self._inbox, self._info)
        if len(sealed) > SEALED_LIMIT:
            raise Refused("The draft is larger than a note can be, so it was not kept. Shorten the text.")
        try:
            self._keep(name, stored, sealed)
        except OSError as fault:
            self._unkept[name] = stored
            raise Refused(
                "The draft could not be kept on the disk. It is held while this program runs, and lost with it.",
                hint="Free some room before you lock."
                if fault.errno in FULL
                else "Before you lock, see that the vault's drive is plugged in and may be written.",
            ) from None

    def _keep(self, name: str, stored: bytes, sealed: bytes) -> None:
        room.write(self._vault.folder, self._path(name), sealed)
        self._vault.keep_draft(name, stored)
        self._unkept.pop(name, None)

    def keep_unkept(self) -> bool:
        """Try once more to write what the disk did not take; say whether nothing is left of it."""
        for name, stored in list(self._unkept.items()):
            with contextlib.suppress(OSError):
                self._keep(name, stored, seal(stored, self._inbox, self._info))
        return not self._unkept

    def _held(self) -> list[Draft]:
        """Return what the disk did not take."""
        found = []
        for name, stored in self._unkept.items():
            content = json.loads(stored)
            found.append(Draft(name, from_utc_text(content["saved_at"]), content["fields"], content["by"]))
        return found

    def all(self) -> list[Draft]:
        """Return every draft that this person finds, newest first; one that cannot be read is left where it is.

        A person who finds only the children they were given is shown none: a draft may be about any child.
        """
        if finds_only_given(self._vault.person.role):
            return []
        held = {draft.name: draft for draft in self._held() if not draft.name.startswith(PLACE)}
        kept = [draft for _path, draft in self._opened(self._kept()) if self._finds(draft)]
        found = [*held.values(), *(each for each in kept if each.by != self._vault.person.id or each.name not in held)]
        return sorted(found, key=lambda draft: draft.saved_at, reverse=True)

    def get(self, name: str) -> Draft | None:
        """Return the draft of this name; a person who finds only the children they were given has their place alone.

        One that is nobody's becomes this person's.
        """
        own, place = self._path(name), name.startswith(PLACE)
        if held := next((draft for draft in self._held() if draft.name == name), None):
            return held
        if place or own.exists():
            found = [draft for _path, draft in self._opened([own])]
            return next(iter(found), None) if place or not finds_only_given(self._vault.person.role) else None
        if finds_only_given(self._vault.person.role):
            return None
        for path, draft in self._opened([self._folder / f"{name}{_SUFFIX}", *self._folder.glob(f"{name}.*{_SUFFIX}")]):
            if self._finds(draft):
                with contextlib.suppress(OSError):
                    self._adopt(path, draft)
                return draft
        return None

    def place_of(self, path: Path) -> Path:
        """Return where a sealed draft that came from elsewhere belongs here: with its writer's, where it names one."""
        by = next((draft.by for _path, draft in self._opened([path])), "")
        return self._folder / (f"{path.name.removesuffix(_SUFFIX)}.{by}{_SUFFIX}" if by else path.name)

    def forget(self, wanted: Callable[[Draft], bool]) -> None:
        """Forget everybody's drafts of which this holds, such as those about a child whose record is erased."""
        for draft in self._held():
            if wanted(draft):
                self._unkept.pop(draft.name, None)
        for path, draft in self._opened(self._kept()):
            if wanted(draft):
                self._unlink(path, draft.name)

    def _adopt(self, path: Path, draft: Draft) -> None:
        """Keep what was nobody's as this person's; raises OSError, and then it stays where it was."""
        content = {"name": draft.name, "by": self._vault.person.id, "saved_at": utc_text(draft.saved_at)}
        stored = json.dumps(content | {"fields": draft.fields}, ensure_ascii=False).encode()
        write_atomic(self._path(draft.name), seal(stored, self._inbox, self._info))
        path.unlink()

    def _finds(self, draft: Draft) -> bool:
        """Say whether a draft is this person's, or nobody's any more."""
        return draft.by == self._vault.person.id or draft.by not in self._vault.may_open()

    def _kept(self) -> list[Path]:
        return [path for path in self._folder.glob("*" + _SUFFIX) if not path.name.startswith(PLACE)]

    def _opened(self, paths: Iterable[Path]) -> list[tuple[Path, Draft]]:
        there = [path for path in paths if path.exists()]
        if not there:
            return []
        with self._vault.read() as connection:
            stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
        keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}
        found = []
        for path in there:
            with contextlib.suppress(IntegrityAlarm, OSError, ValueError, KeyError, TypeError, RecursionError):
                if path.stat().st_size <= SEALED_LIMIT:
                    found.append((path, _read(path, unseal(path.read_bytes(), keys, self._info))))
        return found

    def drop(self, name: str) -> None:
        """Forget a draft of this person's, once what it held was recorded or let go."""
        self._unkept.pop(name, None)
        self._unlink(self._path(name), name)

    def _unlink(self, path: Path, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync_folder(self._folder)
        with contextlib.suppress(OSError):
            self._vault.keep_draft(name, b"")
