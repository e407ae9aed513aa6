"""The vault's header: slots, wrapped compartment keys and inbox keys, in one JSON file (design: §4, storage: §9).

A SHA-256 over the whole is checked before any costly derivation, so that damage is found at once; a MAC under the
compartment's key is checked after, so that a doctored header is found too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import IntegrityAlarm, NotFound, Refused
from storage.atomic import write_atomic
from storage.keys import Slot, b64, hkdf, unb64
from storage.sealed import XWingPublic

if TYPE_CHECKING:
    from practice.acts import SchoolSet

FORMAT = "dsl-console/vault"
VERSION = 1
HEADER_LIMIT = 1024 * 1024
FILE_NAME = "header.json"


@dataclass
class Compartment:
    """One encrypted database: the generation of its key, that key wrapped to each slot, and its inbox's public key."""

    generation: int
    wrapped: dict[str, bytes]
    inbox: XWingPublic


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

    def _content(self) -> dict[str, object]:
        content: dict[str, object] = {
            "format": FORMAT,
            "v": VERSION,
            "vault": self.vault,
            "generation": self.generation,
            "slots": [slot.to_json() for slot in self.slots],
            "recovery": [slot.to_json() for slot in self.recovery],
            "roles": self.roles,
            "rotation_due": self.rotation_due,
            "compartments": {
                name: {
                    "generation": compartment.generation,
                    "wrapped": {slot: b64(key) for slot, key in compartment.wrapped.items()},
                    "inbox": b64(compartment.inbox.raw),
                }
                for name, compartment in self.compartments.items()
            },
        }
        return content | ({"public": self.public} if self.public else {})

    def digest(self) -> bytes:
        """SHA-256 of everything but the MACs."""
        return hashlib.sha256(_canonical(self._content())).digest()

    def mac(self, compartment_key: bytes) -> bytes:
        """MAC of everything but the MACs, under a key that only the compartment's holders can make."""
        return hmac.digest(hkdf(compartment_key, "header"), _canonical(self._content()), "sha256")

    def write(self, folder: Path, keys: dict[str, bytes]) -> None:
        """Write the header with a MAC for each compartment whose key is held; the one before is kept as `.prev`."""
        self.macs |= {name: self.mac(key) for name, key in keys.items()}
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
        if not hmac.compare_digest(self.macs.get(compartment, b""), self.mac(key)):
            raise _changed()


def public_settings(school: SchoolSet) -> dict[str, str]:
    """Return what a header says of a school to somebody without a key: its name and its telephone numbers."""
    said = {"school": school.name, **school.phones.model_dump()}
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
    try:
        content = json.loads(stored)
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate in an escape would only fail later
        digest = content.pop("sha256")
        if digest != hashlib.sha256(_canonical(content)).hexdigest():
            raise _changed()
        macs = {name: unb64(mac) for name, mac in content.pop("macs").items()}
        if content["format"] != FORMAT or content["v"] != VERSION:
            raise IntegrityAlarm(
                "This vault was made by a newer dsl-console than the one on this machine.",
                hint="Nothing was touched. Update dsl-console here.",
            )
        if not isinstance(content["vault"], str) or type(content["generation"]) is not int or not content["slots"]:
            raise _changed()
        return Header(
            vault=content["vault"],
            generation=content["generation"],
            slots=[Slot.from_json(slot) for slot in content["slots"]],
            recovery=[Slot.from_json(slot) for slot in content["recovery"]],
            compartments={
                name: Compartment(
                    fields["generation"],
                    {slot: unb64(key) for slot, key in fields["wrapped"].items()},
                    XWingPublic(unb64(fields["inbox"])),
                )
                for name, fields in content["compartments"].items()
            },
            roles={str(slot): str(role) for slot, role in content["roles"].items()},
            rotation_due=[str(name) for name in content["rotation_due"]],
            public={str(name): str(text) for name, text in content.get("public", {}).items()},
            macs=macs,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _changed() from None
