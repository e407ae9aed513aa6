"""Envelopes as files, in a folder or on a server: names, sizes and contents are hostile until they were read (§7).

```
<organisation>/keys.jws       its key set, laid there by itself
<organisation>/state.json     its own note of this place: {"v": 1, "place": id, "taken": n}
<organisation>/in/<mid>.jwe   what lies for it; taken away by itself when it was taken in
```

An organisation's folder is its name with dots for colons, since some file systems know no colon.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from practice.errors import HubUnreachable
from sync.carriers.answers import ItemOutcome
from sync.carriers.contract import STORED, THERE, Lying, State
from sync.hub import routing
from sync.hub.jose import MAX_ENVELOPE, JoseFault
from sync.identity import MAX_KEY_SET

ENDING = ".jwe"
MOST_FILES = 10_000
MOST_NAME = 160
SMALL = 4096
PLACE = re.compile(r"[0-9a-f]{32}")


class Files(Protocol):
    """Where the files lie. Paths are relative, with slashes, and made by us alone. Each raises CarrierAway."""

    def names(self, folder: str) -> Sequence[tuple[str, int]]:
        """Return the names and sizes of a folder's regular files; none where there is no such folder."""
        ...

    def read(self, path: str, limit: int) -> bytes | None:
        """Return at most `limit` bytes of a file, or None where there is none."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file so that it is seen whole or not at all, and is on the disk when this returns."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...


@dataclass(frozen=True)
class Stand:
    """Our own note of a place: which it is, and how many messages we had taken in from it; blank where it is new."""

    place: str = ""
    taken: int = 0


def folder_of(org: str) -> str:
    """Return the name of an organisation's folder."""
    return org.replace(":", ".")


def fit(name: str) -> bool:
    """Say whether a file's name may be one of a message; `name (1).jwe`, as a conflict is called, may."""
    plain = name.isprintable() and not set(name) & set("/\\\0")
    return plain and len(name) <= MOST_NAME and name.endswith(ENDING) and not name.startswith(".")


class FileCarrier:
    """A carrier over files, for one organisation."""

    def __init__(self, files: Files, org: str) -> None:
        self.files = files
        self.org = org
        self._inbox = f"{folder_of(org)}/in"
        self._listed: set[str] = set()

    def close(self) -> None:
        self.files.close()

    # -- the contract --------------------------------------------------------------------------------------------------

    def offer(self, items: Sequence[tuple[str, str]]) -> Mapping[str, ItemOutcome]:
        """Lay each down under its mid, and read it back: what another program cut short is written anew.

        Where the line breaks, what was proved until then is returned, so that each try comes further.
        """
        outcomes: dict[str, ItemOutcome] = {}
        sizes: dict[str, dict[str, int]] = {}
        try:
            for mid, token in items:
                folder = self._folder(mid, token)
                if folder not in sizes:
                    sizes[folder] = dict(self.files.names(folder))
                outcome = self._lay(f"{folder}/{mid}{ENDING}", token.encode("ascii"), sizes[folder].get(mid + ENDING))
                if outcome is not None:
                    outcomes[mid] = outcome
        except HubUnreachable:
            if not outcomes:
                raise
        return outcomes

    def _lay(self, path: str, data: bytes, size: int | None) -> ItemOutcome | None:
        if size == len(data) and self.files.read(path, len(data) + 1) == data:
            return THERE
        self.files.write(path, data)
        return STORED if self.files.read(path, len(data) + 1) == data else None

    def list(self, limit: int = 100) -> Sequence[Lying]:
        found = sorted(
            (len(name), name)
            for name, size in self.files.names(self._inbox)[:MOST_FILES]
            if name not in self._listed and fit(name) and 0 < size <= MAX_ENVELOPE
        )
        names = [name for _, name in found[:limit]]  # the shortest first: a conflict's copy comes after its original
        self._listed.update(names)
        return [Lying(name) for name in names]

    def fetch(self, item: Lying) -> str | None:
        """Return the envelope, whichever name it lies under; None where it is cut short, or for another reader."""
        data = self.files.read(f"{self._inbox}/{item.name}", MAX_ENVELOPE + 1) if fit(item.name) else None
        try:
            token = (data or b"").decode("ascii").strip()
            found = routing.routing_of(token)
        except (UnicodeDecodeError, JoseFault):
            return None
        return token if found.recipient == self.org else None

    def ack(self, items: Sequence[Lying]) -> None:
        for item in items:
            if fit(item.name):
                self.files.remove(f"{self._inbox}/{item.name}")

    def status(self, items: Sequence[tuple[str, str]]) -> Mapping[str, State]:
        """A file that is gone went, to whomever; one with other bytes than ours counts as lost."""
        found: dict[str, State] = {}
        names: dict[str, dict[str, int]] = {}
        for mid, token in items:
            folder = self._folder(mid, token)
            if folder not in names:
                names[folder] = dict(self.files.names(folder))
            size = names[folder].get(mid + ENDING)
            if size is None:
                found[mid] = "collected"
            else:
                same = size == len(token) and self.files.read(f"{folder}/{mid}{ENDING}", size + 1) == token.encode()
                found[mid] = "queued" if same else "unknown"
        return found

    def lying_for(self, org: str) -> set[str]:
        """Return the ids under which messages lie for another organisation, whoever laid them there."""
        names = [name.removesuffix(ENDING) for name, _ in self.files.names(f"{folder_of(org)}/in")]
        return {name for name in names if routing.is_mid(name)}

    def take_back(self, org: str, mid: str) -> bool:
        """Remove what lies there for another organisation; return whether it was there. A hub has its own ways."""
        there = mid in self.lying_for(org)
        if there:
            self.files.remove(f"{folder_of(org)}/in/{mid}{ENDING}")
        return there

    def _folder(self, mid: str, token: str) -> str:
        header = routing.routing_of(token)
        if header.mid != mid or not routing.is_mid(mid):
            raise JoseFault("schema", "The envelope bears another id.")
        return f"{folder_of(header.recipient)}/in"

    # -- what lies beside the messages ---------------------------------------------------------------------------------

    def stand(self) -> Stand:
        """Return our own note of this place; whatever does not read as one is none."""
        data = self.files.read(f"{folder_of(self.org)}/state.json", SMALL)
        with suppress(ValueError, RecursionError, AttributeError):
            found = json.loads(data or b"{}")
            place, taken = found.get("place"), found.get("taken")
            if isinstance(place, str) and PLACE.fullmatch(place) and type(taken) is int and 0 <= taken < 2**53:
                return Stand(place, taken)
        return Stand()

    def keep_stand(self, stand: Stand) -> Stand:
        """Write our note of this place, which gets an id where it has none."""
        kept = Stand(stand.place or secrets.token_hex(16), stand.taken)
        if kept != self.stand():
            note = {"v": 1, "place": kept.place, "taken": kept.taken}
            self.files.write(f"{folder_of(self.org)}/state.json", json.dumps(note).encode())
        return kept

    def key_set(self, org: str) -> str | None:
        """Return the key set that lies in an organisation's folder, of which nothing was checked; None without one."""
        data = self.files.read(f"{folder_of(org)}/keys.jws", MAX_KEY_SET + 1)
        try:
            return data.decode("ascii").strip() if data and len(data) <= MAX_KEY_SET else None
        except UnicodeDecodeError:
            return None

    def publish(self, key_set: str) -> None:
        """Lay our own key set into our folder, where another one or none lies."""
        if self.key_set(self.org) != key_set:
            self.files.write(f"{folder_of(self.org)}/keys.jws", key_set.encode("ascii"))
