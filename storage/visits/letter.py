"""A set's letter home: it comes home also to a machine that knows nothing of it.

A school's one machine may be put back from a backup that is older than a set, or the machine that packed it may be gone
before it synced. So each set carries, sealed for the school, what the school recorded when it was packed, with its
person's signature; the inbox key for which everything on it is sealed, since that may have been made since the backup;
and what it says of its children, for what only the set still holds. Nobody opens it without the school's own files: it
is sealed to the inbox and to the keys of those who hold the record.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError
from sqlalchemy import Connection, select

from practice.acts import ChildAdded, VisitLost, VisitPacked, build, read_body
from practice.errors import ConsoleError, IntegrityAlarm, Refused
from practice.text import LINE_LIMIT, NOTE_LIMIT
from practice.vocabulary import Role
from storage import reports, secrets_table
from storage.atomic import write_atomic
from storage.keys import b64, unb64
from storage.sealed import XWingPrivate, canonical, key_id_of, seal, unseal
from storage.types import from_utc_text
from storage.views import children as known_children
from storage.views import organisation
from storage.views import visits as view
from storage.views.base import table_of
from storage.views.visits import moment_words
from storage.visits.ending import SEALED
from storage.visits.subset import Carried
from storage.visits.terms import Terms

if TYPE_CHECKING:
    from storage.replication.wire import Line
    from storage.vault import Vault

NAME = "home.letter"
_LIMIT = 64 * 1024 * 1024
_NONCE = 12
_TEXTS = ("text", "childs_words", "what", "outcome", "decisions")
"""The fields of an act in which somebody's words stand."""
ADDED = "added on a visit to what is not in the record here"
PACKED = "as it stood on a visit set; it is not in the record here"
STRANGER = "It was packed by somebody who is not known here since this machine was restored."


@dataclass(frozen=True)
class Said:
    """A text that the set carries of an entry, an action or a meeting: whose, when, and the words."""

    entry: str
    child: str
    at: str
    text: str


@dataclass(frozen=True)
class Letter:
    """What a letter holds: the act that was recorded, the children as they were, the inbox key, and the texts."""

    packed: VisitPacked
    children: dict[str, ChildAdded]
    inbox: XWingPrivate
    said: list[Said] = field(default_factory=list)


# -- at school, before it goes out -------------------------------------------------------------------------------------


def write(vault: Vault, folder: Path, made: Terms, packed: VisitPacked, acts: Sequence[Carried]) -> None:
    """Lay the letter into a set that is being packed."""
    signed = packed.model_copy(update={"person": vault.person.id, "packed_at": made.packed_at})
    proof = b64(vault.author.signing.sign(view.statement(signed)))
    roll = {child: ChildAdded.model_validate(known_children.fields_of(vault, child)) for child in packed.children}
    content = {
        "packed": signed.model_copy(update={"proof": proof}).to_bytes().decode(),
        "children": {child: body.to_bytes().decode() for child, body in roll.items()},
        "inbox": b64(_inbox_of(vault).raw),
        "said": [[each.entry, each.child, each.at, each.text] for each in _said(acts)],
    }
    bound, secret, nonce = _bound(made.id, made.school), secrets.token_bytes(32), secrets.token_bytes(_NONCE)
    body = AESGCM(secret).encrypt(nonce, json.dumps(content, ensure_ascii=False).encode(), bound)
    header = vault._header
    opening = [slot.xwing for slot in header.slots if header.role_of(slot) != Role.READ_ONLY]
    to = {key.key_id: b64(seal(secret, key, bound)) for key in (vault.inbox, *opening)}
    outside = {"v": 1, "visit": made.id, "school": made.school, "to": list(to.values()), "body": b64(nonce + body)}
    write_atomic(folder / SEALED / NAME, json.dumps(outside).encode())


def _inbox_of(vault: Vault) -> XWingPrivate:
    with vault.read() as connection:
        raw = secrets_table.get(connection, secrets_table.INBOX_PREFIX + vault.inbox.key_id.hex())
    if raw is None:
        raise IntegrityAlarm("The school's inbox key is missing. Nothing was packed.")
    return XWingPrivate(raw)


def _bound(visit: str, school: str) -> bytes:
    return canonical("dsl-console/visit/letter/v1", visit, school)


def _said(acts: Iterable[Carried]) -> list[Said]:
    """Return the words that the set carries of each entry, action and meeting, in their order."""
    return [
        Said(act.entry, act.child, act.recorded_at, words)
        for act in acts
        if act.entry and act.child and (words := words_of(act.kind, act.body))
    ]


def words_of(kind: str, stored: bytes) -> str:
    """Return the words in an act's body, blank where it has none or cannot be read."""
    try:
        body = read_body(kind, stored)
    except IntegrityAlarm:
        return ""
    said = [str(getattr(body, name)).replace("_", " ") for name in ("decision",) if getattr(body, name, "")]
    said += [str(getattr(body, name)) for name in _TEXTS if getattr(body, name, "")]
    why = getattr(body, "reason", "")
    return "\n".join([*said, *([f"Why: {why}"] if why else [])])


# -- at school, when it comes home -------------------------------------------------------------------------------------


def read(vault: Vault, path: Path, visit: str) -> Letter | None:
    """Open a set's letter; None where there is none, or nothing that this person holds opens it."""
    try:
        if path.is_symlink() or path.stat().st_size > _LIMIT:
            return None
        outside = json.loads(path.read_bytes())
        bound = _bound(visit or outside["visit"], vault.id)
        secret = _secret(vault, [unb64(each) for each in outside["to"]], bound)
        if secret is None:
            return None
        body = unb64(outside["body"])
        content = json.loads(AESGCM(secret).decrypt(body[:_NONCE], body[_NONCE:], bound))
        return _letter(content, visit or outside["visit"])
    except (OSError, InvalidTag, ValidationError, ConsoleError):
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # changed, or laid there by a stranger


def _secret(vault: Vault, sealed: list[bytes], bound: bytes) -> bytes | None:
    with vault.read() as connection:
        stored = secrets_table.under(connection, secrets_table.INBOX_PREFIX)
    keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored.items()}
    own = vault.person_keys.xwing
    keys[own.public().key_id] = own
    return next((unseal(each, keys, bound) for each in sealed if key_id_of(each) in keys), None)


def _letter(content: Any, visit: str) -> Letter:
    packed = read_body(VisitPacked.act_kind, content["packed"].encode())
    roll = {child: read_body(ChildAdded.act_kind, body.encode()) for child, body in content["children"].items()}
    if not isinstance(packed, VisitPacked) or packed.visit != visit or not packed.proof:
        raise ValueError
    said = [Said(*map(str, each)) for each in content["said"]]
    if not all(from_utc_text(each.at).tzinfo and each.text.strip() for each in said):
        raise ValueError
    inbox = XWingPrivate(unb64(content["inbox"]))
    added = {child: body for child, body in roll.items() if isinstance(body, ChildAdded) and child in packed.children}
    if added.keys() != set(packed.children):
        raise ValueError
    return Letter(packed, added, inbox, said)


def take(vault: Vault, letter: Letter, *, learn: bool) -> tuple[bool, int]:
    """Keep the inbox key, and learn of a set of which nothing is known here; say whether it was, and how many notes.

    Where its person is not known here either, nobody can say that it is theirs: what is on it waits for a person.
    """
    ident = letter.packed.visit
    key_id = letter.inbox.public().key_id.hex()
    with vault.read() as connection:
        have = secrets_table.get(connection, secrets_table.INBOX_PREFIX + key_id) is not None
    known = not learn or any(row.id == ident for row in view.visits(vault))
    keys = vault.signing_keys()
    stranger = letter.packed.person not in keys
    if not stranger and not view.whose(letter.packed, "", keys):
        raise Refused("This set's letter home was not signed by who packed it, so nothing was taken from the set.")
    if known and have:
        return False, 0
    missing = {} if known else _missing(vault, letter)
    notes = sum(_leave(vault, f"{ident}/{entry}", letter, words) for entry, words in missing.items())
    with vault.write() as unit:
        if not have:
            secrets_table.put(unit.connection, secrets_table.INBOX_PREFIX + key_id, letter.inbox.raw)
        if not known:
            for child, body in letter.children.items():
                if not _has(unit.connection, "child", child):
                    unit.record(body, child=child)
            unit.record(letter.packed)
            if stranger:
                said = {"visit": ident, "device": letter.packed.device, "through": 0, "reason": STRANGER}
                unit.record(build(VisitLost, said))
    return not known, notes


def _has(connection: Connection, column: str, ident: str) -> bool:
    found = connection.exec_driver_sql(f"SELECT 1 FROM acts WHERE {column} = ? LIMIT 1", (ident,))  # noqa: S608
    return found.first() is not None


def _missing(vault: Vault, letter: Letter) -> dict[str, list[Said]]:
    """Return what the set was packed with, and the record here no longer has, by entry, action or meeting."""
    found: dict[str, list[Said]] = {}
    with vault.read() as connection:
        for each in letter.said:
            if each.entry in found or not _has(connection, "entry", each.entry):
                found.setdefault(each.entry, []).append(each)
    return found


def leave_unplaced(vault: Vault, lines: Sequence[Line], names: dict[str, str]) -> int:
    """Leave as a note what was added on a visit to an entry that the record here no longer has; return how many.

    The act itself comes in too, and joins its entry should another machine bring that.
    """
    begun = {line.fields[8] for line in lines if line.fields[8] and line.kind in _BEGINS}
    count = 0
    for line in lines:
        child, entry = line.fields[7] or "", line.fields[8]
        with vault.read() as connection:
            known = not entry or entry in begun or _has(connection, "entry", entry)
        if not known and (words := words_of(line.kind, line.body or b"")):
            said = [Said(entry or "", child, line.recorded_at, words)]
            count += _note(vault, line.id, names.get(child, ""), said, ADDED, _name_of(vault, line.fields[5]))
    return count


_BEGINS = ("concern_logged", "action_added", "meeting_planned")
"""The acts with which an entry, an action and a meeting begin."""


def _leave(vault: Vault, seed: str, letter: Letter, words: list[Said]) -> int:
    body = letter.children.get(words[0].child)
    name = known_children._names_in(body.model_dump(mode="json"))[0] if body else ""
    return _note(vault, seed, name, words, PACKED, _name_of(vault, letter.packed.person))


def _name_of(vault: Vault, person: str) -> str:
    table = table_of(organisation.PersonTable)
    with vault.read() as connection:
        name: str | None = connection.execute(select(table.c.name).where(table.c.id == person)).scalar()
    return name or ""


def _sliced(words: list[Said]) -> Iterator[Said]:
    """Yield the texts, each in pieces of a length that a note can hold."""
    step = NOTE_LIMIT - 100
    for each in words:
        for at in range(0, len(each.text), step):
            yield replace(each, text=each.text[at : at + step])


def _note(vault: Vault, seed: str, child: str, words: list[Said], said: str, by: str) -> int:
    """Leave sealed notes for the triage; their ids follow from what they are, so that done again they are the same."""
    parts: list[list[Said]] = [[]]
    for each in _sliced(words):
        if parts[-1] and sum(len(other.text) + 40 for other in (*parts[-1], each)) > NOTE_LIMIT:
            parts.append([])
        parts[-1].append(each)
    for number, part in enumerate(parts):
        at = from_utc_text(part[0].at)

        def then(at: datetime = at) -> datetime:
            return at

        drawn = f"{int(at.timestamp() * 1000):012x}" + hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()
        ident = f"{drawn[:8]}-{drawn[8:12]}-7{drawn[12:15]}-8{drawn[15:18]}-{drawn[18:30]}"
        moments = [f"{moment_words(from_utc_text(each.at), vault.clock())}: " if len(part) > 1 else "" for each in part]
        text = "\n\n".join(moment + each.text for moment, each in zip(moments, part, strict=True))
        told = {"child_as_written": (child or "A child on a visit set")[:LINE_LIMIT], "text": text}
        told |= {"reporter": by or "A visit set", "reporter_role": said}
        reports.leave(vault.folder, told, clock=then, ident=ident)
    return len(parts)
