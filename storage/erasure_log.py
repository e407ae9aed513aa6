"""The erasures of a vault, kept as a sealed file beside it and beside its backups (R-110).

An older backup brings back what was erased since. This file says so: it holds the acts of erasure as they were signed,
encrypted under a key that every generation of the vault has, and no name. Without it a restored vault knows nothing of
later erasures until another machine, or a person, tells it. It holds the acts by which people joined too, since whoever
decided may have come after the backup was made.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from practice.acts import Erased, ErasureProposed, ErasureRepeated, PersonAdded, PersonKeyChanged, read_body
from practice.errors import ConsoleError, IntegrityAlarm, Refused
from storage import ledger
from storage.atomic import write_atomic
from storage.keys import hkdf, unb64
from storage.replication.wire import Line, lines_of, read_line
from storage.sealed import canonical
from storage.views.base import chunks, marks

if TYPE_CHECKING:
    from storage.vault import Vault

NAME = "erasures.sealed"
_MAGIC = b"DSLERAS\x01"
_PEOPLE = ("person_added", "person_key_changed")
_LIMIT = 64 * 1024 * 1024
_NONCE = 12


@dataclass(frozen=True)
class Listed:
    """What the file holds: the erasures, and the acts that brought people's keys."""

    erasures: tuple[Kept, ...] = ()
    people: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Kept:
    """One act of erasure as it was signed, with the proposal to which it agreed."""

    erased: Line
    proposal: Line

    @property
    def body(self) -> Erased:
        """What it says; the line was read and its digest compared."""
        found = read_body(Erased.act_kind, self.erased.body or b"")
        assert isinstance(found, Erased)
        return found


def name_beside(vault_id: str) -> str:
    """Return the file's name where it lies beside backups: several vaults may keep theirs in one folder."""
    return f"dsl-console-erasures-{vault_id[:8]}.sealed"


def keep(vault: Vault) -> None:
    """Write the file anew: what the ledger holds, and what an earlier file held besides. Raises OSError."""
    before = _read_quietly(vault)
    with vault.read() as connection:
        found = {each.erased.id: each for each in (*before.erasures, *_in_ledger(connection))}
        people = {line.id: line for line in (*before.people, *_lines(connection, *_PEOPLE))}
    if not found:
        return
    content = {
        "erasures": [[each.erased.to_bytes().decode(), each.proposal.to_bytes().decode()] for each in found.values()],
        "people": [line.to_bytes().decode() for line in people.values()],
    }
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(vault)).encrypt(nonce, json.dumps(content).encode(), _bound(vault))
    write_atomic(vault.folder / NAME, _MAGIC + nonce + sealed)


def lay_beside(vault: Vault, folder: Path) -> bool:
    """Lay a copy of the file into a folder of backups; False where there is none, or the folder cannot be written."""
    with contextlib.suppress(OSError):
        source = vault.folder / NAME
        if source.exists() and folder.is_dir():
            write_atomic(folder / name_beside(vault.id), source.read_bytes())
            return True
    return False


def take(vault: Vault, file: Path) -> int:
    """Take in a file that lay beside a backup; return how many erasures it holds. Raises Refused for another's."""
    found = _read(vault, file)
    if not (vault.folder / NAME).exists():
        write_atomic(vault.folder / NAME, file.read_bytes())
    return len(found.erasures)


def to_repeat(vault: Vault) -> list[Kept]:
    """Return the erasures that this vault's record does not know, since it was restored from an older backup."""
    if not (vault.folder / NAME).exists():
        return []
    kept = _read_quietly(vault).erasures
    with vault.read() as connection:
        known = {each.erased.id for each in _in_ledger(connection)}
        known |= {
            act.body.erased
            for act in ledger.acts_where(connection, "kind", [], ["erasure_repeated"])
            if isinstance(act.body, ErasureRepeated)
        }
        return [each for each in kept if each.erased.id not in known and _still_here(connection, each.body.acts)]


def check_signatures(vault: Vault, kept: Kept) -> None:
    """Raise IntegrityAlarm unless two different people of this vault signed the proposal and the agreement to it."""
    keys = _keys(vault)
    proposal = read_body(kept.proposal.kind, kept.proposal.body or b"")
    right = isinstance(proposal, ErasureProposed) and kept.body.proposal == kept.proposal.id
    right = right and kept.erased.author != kept.proposal.author and kept.erased.fields[7] == kept.proposal.fields[7]
    if not right or not all(_is_signed(line, keys) for line in (kept.erased, kept.proposal)):
        raise IntegrityAlarm(
            "The list of erasures names one that two people of this vault did not sign. Nothing was erased.",
            hint="Keep the file as it is, and ask whoever wrote it.",
        )


def _keys(vault: Vault) -> dict[str, list[Ed25519PublicKey]]:
    """Return everybody's keys: those that this vault knows, and those brought since by people whose keys it knows."""
    keys = {
        person: [Ed25519PublicKey.from_public_bytes(key) for key in own] for person, own in vault.signing_keys().items()
    }
    left = list(_read_quietly(vault).people)
    while brought := [line for line in left if _is_signed(line, keys)]:
        left = [line for line in left if line not in brought]
        for line in brought:
            body = read_body(line.kind, line.body or b"")
            if isinstance(body, PersonAdded | PersonKeyChanged):
                key = Ed25519PublicKey.from_public_bytes(unb64(body.signing_key))
                keys.setdefault(body.person, []).append(key)
    return keys


def _is_signed(line: Line, keys: dict[str, list[Ed25519PublicKey]]) -> bool:
    fields = ledger.signed_fields(line.fields, line.signed_as)
    return ledger.is_signed(fields, line.digest, line.signature, keys.get(line.author, []))


def _still_here(connection: Connection, acts: tuple[str, ...]) -> bool:
    return any(
        connection.exec_driver_sql(
            f"SELECT 1 FROM bodies WHERE act IN ({marks(chunk)}) LIMIT 1",  # noqa: S608
            chunk,
        ).first()
        for chunk in chunks(acts)
    )


def _in_ledger(connection: Connection) -> list[Kept]:
    """Return the acts of erasure in the ledger with their proposals."""
    found = []
    for line in _lines(connection, "erased"):
        body = read_body(line.kind, line.body or b"")
        assert isinstance(body, Erased)
        place = connection.exec_driver_sql("SELECT device, seq FROM acts WHERE id = ?", (body.proposal,)).first()
        if place is not None:
            found.append(Kept(line, next(lines_of(connection, place[0], place[1] - 1, place[1]))))
    return found


def _lines(connection: Connection, *kinds: str) -> list[Line]:
    """Return the acts of these kinds as they were signed."""
    rows = connection.exec_driver_sql(
        f"SELECT device, seq FROM acts WHERE kind IN ({marks(kinds)}) ORDER BY n",  # noqa: S608
        kinds,
    ).fetchall()
    return [next(lines_of(connection, device, seq - 1, seq)) for device, seq in rows]


def _read_quietly(vault: Vault) -> Listed:
    """Return what the vault's own file holds; one that is damaged counts as none, for it is written anew."""
    try:
        return _read(vault, vault.folder / NAME)
    except (ConsoleError, OSError):
        return Listed()


def _read(vault: Vault, file: Path) -> Listed:
    with file.open("rb") as opened:
        stored = opened.read(_LIMIT + 1)
    try:
        if len(stored) > _LIMIT or not stored.startswith(_MAGIC):
            raise ValueError
        nonce, sealed = stored[len(_MAGIC) :][:_NONCE], stored[len(_MAGIC) + _NONCE :]
        content = json.loads(AESGCM(_key(vault)).decrypt(nonce, sealed, _bound(vault)))
        found = [Kept(*(read_line(each.encode()) for each in pair)) for pair in content["erasures"]]
        people = [read_line(each.encode()) for each in content["people"]]
        if any(each.erased.kind != Erased.act_kind or each.erased.body is None for each in found):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, InvalidTag, IntegrityAlarm, RecursionError):
        raise Refused(
            "That file is damaged, or lists the erasures of another vault. Nothing was taken from it."
        ) from None
    return Listed(tuple(found), tuple(people))


def _key(vault: Vault) -> bytes:
    return hkdf(vault.author.audit_key, "erasures")


def _bound(vault: Vault) -> bytes:
    return canonical("dsl-console/erasures/v1", vault.id)
