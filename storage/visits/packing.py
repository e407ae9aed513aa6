"""Packing a visit set: a small vault of its own, with some children's records and its own keys, for so many hours.

It is made beside the school's vault, without its header, so that nothing that is left lying there opens; then the
school records that it goes out; then it is copied, its header last. Cut short before that, there is no set; cut short
after, the school shows one that is out, and it is packed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from practice.acts import Exported, MachineHeard, VisitPacked, build
from practice.acts.machines import MACHINES_LIMIT
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, NotFound, Refused, WrongPassphrase
from practice.roles import check_may_record
from practice.visits import CHILDREN_LIMIT, length
from storage import ledger, secrets_table, shape
from storage.anchor import Head
from storage.atomic import private_file, private_folder, sync_file, sync_folder
from storage.engine import plain_errors
from storage.header import Compartment, Header, public_settings
from storage.ids import new_id
from storage.keys import PersonKeys, Slot, b64, new_key, new_slot
from storage.ledger import Author, Draft
from storage.locks import OpenLock
from storage.opening import wrap
from storage.places import in_cloud
from storage.sealed import XWingPrivate
from storage.types import utc_text
from storage.views import children as known_children
from storage.views import machines
from storage.views.base import apply
from storage.visits import ending, letter, subset
from storage.visits.opened import keep
from storage.visits.subset import Carried
from storage.visits.terms import COVER, Terms

if TYPE_CHECKING:
    from storage.vault import Vault

STAGING = "packing"
"""The folder of a vault in which a set is made; what is left there has no header, and nobody holds its key."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Packed:
    """A set that was packed: its id, its folder, until when it opens, and how many acts it carries."""

    id: str
    folder: Path
    until: datetime
    acts: int
    masked: int
    """In how many entries another child's name is masked."""


def pack(
    vault: Vault,
    children: Sequence[str],
    hours: float,
    to: Path,
    passphrase: str,
    *,
    purpose: str = "",
    progress: Progress = lambda _text: None,
) -> Packed:
    """Pack a set for the person who has the vault open, into a new folder within `to`.

    The passphrase is that person's own: it opens the set too. Raises Refused, NotFound, NotAllowed, WrongPassphrase.
    """
    check_may_record(vault.person.role, VisitPacked.act_kind)
    chosen, span = _checked(vault, children), length(hours)
    target = _checked_place(to)
    if not vault.check_passphrase(passphrase):
        raise WrongPassphrase("That is not your passphrase, so nothing was packed.", hint="Check Caps Lock.")
    now = vault.clock()
    signing_for = Ed25519PrivateKey.generate()  # signs what is packed; nobody keeps it
    made = Terms(
        id=new_id(),
        school=vault.id,
        device=new_id(),
        origin=new_id(),
        origin_key=b64(signing_for.public_key().public_bytes_raw()),
        packed_at=utc_text(now),
        until=utc_text(now + span),
        inbox=b64(vault.inbox.raw),
    )
    progress("Gathering the records")
    with vault.long_read() as connection:
        gathered = subset.gather(connection, chosen)
        heads = machines.heads(connection)
    folder = target / f"visit-{made.id[-6:]}"
    staging = _staging(vault)
    try:
        with _plain_disk():
            progress("Writing the set")
            header, key, signing = _make(vault, staging, made, passphrase)
            _fill(vault, staging, header, key, signing, made, signing_for, gathered, chosen, heads)
            packed = _packed(made, signing, chosen, purpose)
            letter.write(vault, staging, made, packed, gathered.acts)
            _copy_out(staging, folder)
            _say_out(vault, made, packed, folder)
            header.write(folder, {CHILDREN: key})
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Packed(made.id, folder, made.ends, len(gathered.acts), len(gathered.masked))


def _checked(vault: Vault, children: Sequence[str]) -> tuple[str, ...]:
    if vault.visit is not None:
        raise Refused("A visit set is packed at school, not from another one.")
    chosen = tuple(dict.fromkeys(children))
    if not chosen:
        raise Refused("A visit set needs a child at least. Nothing was packed.")
    if len(chosen) > CHILDREN_LIMIT:
        raise Refused(f"A visit set holds {CHILDREN_LIMIT} children at most. Nothing was packed.")
    for child in chosen:
        known_children.get(vault, child)
    return chosen


def _checked_place(to: Path) -> Path:
    to = to.expanduser().absolute()
    if not to.is_dir():
        raise NotFound(
            "The folder for the visit set is not there. Nothing was packed.", hint="Is the stick plugged in?"
        )
    if in_cloud(to):
        raise Refused(
            "That folder is copied to a cloud service, so nothing was packed there.", hint="Choose a stick or a share."
        )
    return to


def _staging(vault: Vault) -> Path:
    staging = vault.folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of a packing that was cut short
    return private_folder(staging)


@contextlib.contextmanager
def _plain_disk() -> Iterator[None]:
    """Turn what the disk refuses into a plain sentence."""
    try:
        yield
    except OSError:
        raise Refused(
            "The visit set could not be written: the folder is full, gone or not yours. Nothing is out.",
            hint="Check that the stick is there and has room, then pack again.",
        ) from None


def _make(vault: Vault, folder: Path, made: Terms, passphrase: str) -> tuple[Header, bytes, PersonKeys]:
    """Return a set's header, its key and its person's keys: all of them new, none of the school's."""
    person = vault.person
    slot, keys = new_slot(person.id, person.name, person.role, passphrase, vault.own_kdf, made.id)
    key, inbox = new_key(), XWingPrivate.generate()
    header = Header(made.id, 1, [slot], [], {CHILDREN: Compartment(1, {}, inbox.public())})
    header.public = public_settings(vault.school) | made.public()
    wrap(header, CHILDREN, key, slot)
    private_file(folder / f"{CHILDREN}.db")
    _begin(vault, folder, header, slot, keys, key, inbox, made)
    return header, key, keys


def _begin(
    vault: Vault,
    folder: Path,
    header: Header,
    slot: Slot,
    keys: PersonKeys,
    key: bytes,
    inbox: XWingPrivate,
    made: Terms,
) -> None:
    opened = _opened(vault, folder, header, slot, keys, key)
    try:
        with plain_errors():
            shape.migrate(opened._writer, fresh=True)
        with plain_errors(), opened._writer.begin() as connection:
            secrets_table.put(connection, secrets_table.AUDIT, new_key())
            secrets_table.put(connection, secrets_table.DEVICE, made.device.encode())
            secrets_table.put(connection, secrets_table.INBOX_PREFIX + inbox.public().key_id.hex(), inbox.raw)
            head = ledger.head(connection, made.device)
        opened._anchor.create(Head(made.device, head.seq, head.mac, 1, header.digest()))
    finally:
        opened.close()


def _opened(vault: Vault, folder: Path, header: Header, slot: Slot, keys: PersonKeys, key: bytes) -> Vault:
    lock = OpenLock(folder)
    lock.share()
    return type(vault)(folder, header, slot, keys, key, vault.clock, lock)


def _fill(
    vault: Vault,
    folder: Path,
    header: Header,
    key: bytes,
    keys: PersonKeys,
    made: Terms,
    signing_for: Ed25519PrivateKey,
    gathered: subset.Subset,
    chosen: tuple[str, ...],
    heads: dict[str, tuple[int, str]],
) -> None:
    """Put the acts into the set's ledger and views, then begin the chain of its own with what the school had."""
    opened = _opened(vault, folder, header, header.slots[0], keys, key)
    try:
        with plain_errors(), opened._writer.begin() as connection:
            audit = secrets_table.get(connection, secrets_table.AUDIT)
            if audit is None:
                raise IntegrityAlarm("The set's own keys are missing. Nothing was packed.")
            _insert(connection, Author(vault.person.id, made.origin, signing_for, audit), gathered.acts)
            apply(connection, list(ledger.all_acts(connection, made.origin)))
            keep(connection, made, chosen, gathered.masked)
        opened.begin()
        opened.record(build(MachineHeard, {"heads": dict(sorted(heads.items())[:MACHINES_LIMIT])}))
    finally:
        opened.close()
    ending.write_cover(folder, made.id, made.school, made.device)


def _insert(connection: Connection, author: Author, acts: Sequence[Carried]) -> None:
    """Put acts into one chain of their own, each signed for the set, with its id, author and times as they were."""
    mac, order = ledger.head(connection, author.device).mac, ""
    lines, bodies = [], []
    for seq, act in enumerate(acts, start=1):
        salt = secrets.token_bytes(32)
        digest = hashlib.sha256(salt + act.body).digest()
        times = (act.captured_at, act.recorded_at, act.author, act.kind, act.child, act.entry, act.event, act.clock)
        fields = (act.id, author.device, seq, *times)
        mac = ledger.next_mac(author.audit_key, mac, fields, digest)
        order = max(act.recorded_at, order)
        signature = ledger.sign(author.signing, fields, digest)
        lines.append((*fields, digest, signature, mac, None if order == act.recorded_at else order))
        bodies.append((act.id, salt, act.body))
    ledger.insert(connection, lines, bodies)


def _packed(made: Terms, signing: PersonKeys, chosen: tuple[str, ...], purpose: str) -> VisitPacked:
    said = {"visit": made.id, "device": made.device, "signing_key": b64(signing.signing_public), "children": chosen}
    packed: VisitPacked = build(VisitPacked, said | {"until": made.until, "purpose": purpose})
    return packed


def _say_out(vault: Vault, made: Terms, packed: VisitPacked, folder: Path) -> None:
    """Record that a set goes out, and of each child that a copy of the record was taken (R-116)."""
    whole = hashlib.sha256((folder / f"{CHILDREN}.db").read_bytes()).hexdigest()
    copied = build(Exported, {"what": f"visit set {made.id[-6:]}", "form": "on a laptop", "sha256": whole})
    with vault.write() as unit:
        unit.record_many([Draft(packed), *(Draft(copied, child=child) for child in packed.children)])


def _copy_out(staging: Path, folder: Path) -> None:
    """Copy a set to where it goes, without its header: it does not open yet."""
    private_folder(folder)
    names = [f"{CHILDREN}.db", f"{CHILDREN}.anchor", ending.SEALED, COVER]
    for name in names:
        for source in sorted((staging / name).iterdir()) if (staging / name).is_dir() else [staging / name]:
            copied = folder / source.relative_to(staging)
            private_folder(copied.parent)
            shutil.copyfile(source, copied)
            if os.name == "posix":
                copied.chmod(0o600)
            with copied.open("rb+") as file:
                sync_file(file.fileno())
    sync_folder(folder)
