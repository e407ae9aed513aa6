"""The vault's header: slots, wrapped compartment keys and inbox keys, in one JSON file (design: §4, storage: §9).

A SHA-256 over the whole is checked before any costly derivation, so that damage is found at once; a MAC under the
compartment's key is checked after, so that a doctored header is found too. The children's key covers the whole header,
since everybody who edits it holds that key. Any other compartment's key covers the vault's name and that compartment's
own record: who holds it under which public key, their wrapped keys, its inbox. So it stays right while people who do
not hold it edit the rest, and nobody else can add a holder, swap one's key, or turn its inbox to themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, NotFound, Refused
from storage.atomic import write_atomic
from storage.keys import Slot, b64, hkdf, unb64
from storage.sealed import XWingPublic

if TYPE_CHECKING:
    from practice.acts import SchoolSet

FORMAT = "dsl-console/vault"
VERSION = 2
_PLAIN_VERSION = 1
"""What a vault is written as while it has no compartment but the children's, so that older programs open it."""
HEADER_LIMIT = 1024 * 1024
FILE_NAME = "header.json"


@dataclass(frozen=True)
class SlotPerson:
    """Somebody who may open a vault, as its header names them."""

    id: str
    name: str
    role: str


@dataclass
class Compartment:
    """One encrypted database: the generation of its key, that key wrapped to each slot, and its inbox's public key.

    `holders` are the public keys to which the key was wrapped, as the holders themselves last wrote them; `former` the
    ids of inbox keys that late files may still name; `revision` counts the changes of this record. The children's has
    none of the three: its MAC covers the slots themselves and the header's own generation.
    """

    generation: int
    wrapped: dict[str, bytes]
    inbox: XWingPublic
    holders: dict[str, XWingPublic] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)
    revision: int = 0

    def to_json(self) -> dict[str, object]:
        """Return the record as the header writes it."""
        content: dict[str, object] = {
            "generation": self.generation,
            "wrapped": {slot: b64(key) for slot, key in self.wrapped.items()},
            "inbox": b64(self.inbox.raw),
        }
        if self.revision:
            holders = {slot: b64(key.raw) for slot, key in self.holders.items()}
            content |= {"holders": holders, "former": self.former, "revision": self.revision}
        return content

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Compartment:
        """Read a record from the header; raises KeyError, TypeError, AttributeError or ValueError."""
        counts = fields["generation"], fields.get("revision", 0)
        if any(type(count) is not int for count in counts):
            raise ValueError("a generation is a whole number")
        return cls(
            counts[0],
            {str(slot): unb64(key) for slot, key in fields["wrapped"].items()},
            XWingPublic(unb64(fields["inbox"])),
            {str(slot): XWingPublic(unb64(key)) for slot, key in fields.get("holders", {}).items()},
            [str(key_id) for key_id in fields.get("former", [])],
            counts[1],
        )

    def inbox_ids(self) -> set[bytes]:
        """Return the ids of every key that this compartment's inbox has, or had."""
        return {self.inbox.key_id, *(bytes.fromhex(key_id) for key_id in self.former)}


@dataclass
class Header:
    """What a vault says of itself before it is opened."""

    vault: str
    generation: int
    slots: list[Slot]
    recovery: list[Slot]
    compartments: dict[str, Compartment]
    roles: dict[str, str] = field(default_factory=dict)
    """Roles that were changed after the person's slot was sealed."""
    rotation_due: list[str] = field(default_factory=list)
    """Compartments whose holder was removed by somebody who could not rotate their keys."""
    public: dict[str, str] = field(default_factory=dict)
    """What may be read without a key: the school's name and the telephone numbers that a reporter may need."""
    macs: dict[str, bytes] = field(default_factory=dict)

    def role_of(self, slot: Slot) -> str:
        """Return the role that a slot's person has now."""
        return self.roles.get(slot.id, slot.role)

    def holds(self, compartment: str, slot: Slot) -> bool:
        """Say whether a slot's person, with the keys that they have now, holds a compartment's key."""
        found = self.compartments.get(compartment)
        if found is None or slot.id not in found.wrapped:
            return False
        return compartment == CHILDREN or found.holders.get(slot.id) == slot.xwing

    def due(self) -> list[str]:
        """Return the compartments whose key is known to somebody who holds it no more.

        Beside those that were marked: a holder whose slot is gone, or whose keys were made anew by somebody else.
        """
        slots = {slot.id: slot for slot in (*self.slots, *self.recovery)}
        lost = [
            name
            for name, compartment in self.compartments.items()
            if any(person not in slots or not self.holds(name, slots[person]) for person in compartment.wrapped)
        ]
        return [name for name in self.compartments if name in self.rotation_due or name in lost]

    def inboxes_beside(self, compartment: str) -> set[bytes]:
        """Return the key ids of the other compartments' inboxes, as they are and as they were."""
        others = [found for name, found in self.compartments.items() if name != compartment]
        return {key_id for found in others for key_id in found.inbox_ids()}

    def slot_device(self, person: str) -> str:
        """Return the name of the device secret that a person's slot needs, blank for none."""
        return next((slot.device for slot in self.slots if slot.id == person), "")

    def revision(self, compartment: str = CHILDREN) -> int:
        """Return how often what a compartment's MAC covers was changed."""
        return self.generation if compartment == CHILDREN else self.compartments[compartment].revision

    def _covered(self, compartment: str) -> dict[str, object]:
        """Return what a compartment's MAC covers."""
        if compartment == CHILDREN:
            return self._content()
        record = self.compartments[compartment].to_json()
        return {"format": FORMAT, "vault": self.vault, "compartment": compartment, "record": record}

    def _version(self) -> int:
        newer = any(name != CHILDREN for name in self.compartments) or any(slot.device for slot in self.slots)
        return VERSION if newer else _PLAIN_VERSION

    def _content(self) -> dict[str, object]:
        content: dict[str, object] = {
            "format": FORMAT,
            "v": self._version(),
            "vault": self.vault,
            "generation": self.generation,
            "slots": [slot.to_json() for slot in self.slots],
            "recovery": [slot.to_json() for slot in self.recovery],
            "roles": self.roles,
            "rotation_due": self.rotation_due,
            "compartments": {name: compartment.to_json() for name, compartment in self.compartments.items()},
        }
        return content | ({"public": self.public} if self.public else {})

    def digest(self, compartment: str = CHILDREN) -> bytes:
        """SHA-256 of what a compartment's MAC covers."""
        return hashlib.sha256(_canonical(self._covered(compartment))).digest()

    def mac(self, compartment: str, key: bytes) -> bytes:
        """MAC of what a compartment's holders must trust, under a key that only they can make."""
        return hmac.digest(hkdf(key, "header"), _canonical(self._covered(compartment)), "sha256")

    def write(self, folder: Path, keys: dict[str, bytes]) -> None:
        """Write the header with a MAC for each compartment whose key is held; the one before is kept as `.prev`."""
        self.macs |= {name: self.mac(name, key) for name, key in keys.items()}
        content = self._content() | {"macs": {name: b64(mac) for name, mac in self.macs.items()}}
        content["sha256"] = hashlib.sha256(_canonical(content)).hexdigest()
        try:
            write_atomic(folder / FILE_NAME, json.dumps(content, indent=1).encode(), keep_previous=True)
        except OSError:
            raise Refused(
                "The vault's header could not be written, so nothing was changed.",
                hint="Check that the disk has room and that the folder can be written, then try again.",
            ) from None

    def check(self, compartment: str, key: bytes) -> None:
        """Raise IntegrityAlarm unless the compartment's MAC is right."""
        if not hmac.compare_digest(self.macs.get(compartment, b""), self.mac(compartment, key)):
            raise _changed()


def forget_before(folder: Path) -> None:
    """Let the copy of the header that is kept beside it be the present one, so that no older way in lies there.

    A passphrase or code that was replaced would still open the header before. Best effort: the next change does it too.
    """
    with contextlib.suppress(OSError):
        write_atomic(folder / (FILE_NAME + ".prev"), (folder / FILE_NAME).read_bytes())


def public_settings(school: SchoolSet) -> dict[str, str]:
    """Return what a header says of a school to somebody without a key: its name, what it is, its telephone numbers."""
    said = {"school": school.name, "organisation": school.organisation, **school.phones.model_dump()}
    return {name: text for name, text in said.items() if text}


def _canonical(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _changed() -> IntegrityAlarm:
    return IntegrityAlarm(
        "The vault's header (header.json) was damaged or changed since it was written. Nothing was opened.",
        hint="The record itself was not touched. Put back header.json.prev or the header from a backup.",
    )


def no_vault() -> NotFound:
    """Return the sentence for a folder without a vault."""
    hint = "Run dsl-console to set one up, or name its folder with --vault."
    return NotFound("There is no vault here yet.", hint=hint)


def gone() -> Refused:
    """Return what is said once the folder of an open vault cannot be found any more."""
    return Refused(
        "The vault's folder is not where it was: a drive was pulled out, or the folder was moved. What was recorded "
        "is safe in it.",
        hint="Bring it back to its place before anything more is recorded.",
    )


def reread_header(folder: Path) -> Header:
    """Return the header of a vault that is open here, as it stands now; raises Refused once its folder is gone."""
    try:
        return read_header(folder)
    except NotFound:
        raise gone() from None


def read_header(folder: Path) -> Header:
    """Return the header of the vault in this folder; raises NotFound, or IntegrityAlarm for a damaged one."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > HEADER_LIMIT:
            raise _changed()
        stored = path.read_bytes()
    except FileNotFoundError:
        raise no_vault() from None
    except OSError:
        raise Refused(
            "The vault's folder cannot be read. Nothing was changed.",
            hint="Check that the drive is plugged in and that the folder is yours.",
        ) from None
    return header_from(stored)


def header_from(stored: bytes) -> Header:
    """Return the header that these bytes hold; raises IntegrityAlarm for damaged ones."""
    try:
        content = json.loads(stored)
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate in an escape would only fail later
        digest = content.pop("sha256")
        if digest != hashlib.sha256(_canonical(content)).hexdigest():
            raise _changed()
        macs = {name: unb64(mac) for name, mac in content.pop("macs").items()}
        if content["format"] != FORMAT or content["v"] not in (_PLAIN_VERSION, VERSION):
            raise IntegrityAlarm(
                "This vault was made by a newer dsl-console than the one on this machine.",
                hint="Nothing was touched. Update dsl-console here.",
            )
        if not isinstance(content["vault"], str) or type(content["generation"]) is not int or not content["slots"]:
            raise _changed()
        header = Header(
            vault=content["vault"],
            generation=content["generation"],
            slots=[Slot.from_json(slot) for slot in content["slots"]],
            recovery=[Slot.from_json(slot) for slot in content["recovery"]],
            compartments={str(name): Compartment.from_json(fields) for name, fields in content["compartments"].items()},
            roles={str(slot): str(role) for slot, role in content["roles"].items()},
            rotation_due=[str(name) for name in content["rotation_due"]],
            public={str(name): str(text) for name, text in content.get("public", {}).items()},
            macs=macs,
        )
        if header._version() != content["v"] or CHILDREN not in header.compartments:
            raise _changed()
        return header
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _changed() from None
