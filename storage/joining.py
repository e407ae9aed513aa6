"""A second machine joins: a one-time code, then words compared on both screens, and only then the keys.

Three files in a folder that both reach (a share, or a stick that is carried), each named by an id that only the code
gives and encrypted under the code: the **invitation** (the first machine's public keys), the **request** (the joining
one's), the **welcome**, sealed to the joining machine besides. The words stand for all public keys of both sides.
People then open the new machine with the passphrases that they have.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from practice.acts import MachineAdded, build
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, NotFound, Refused
from practice.roles import check_may_record
from storage import device_secret, ledger, machines, secrets_table, shape, whereabouts
from storage.anchor import Anchor, Head
from storage.atomic import private_file, private_folder, write_atomic
from storage.engine import make_engine, plain_errors
from storage.header import FILE_NAME
from storage.ids import new_id
from storage.invitations import PURPOSE, damaged, get, new_code, path_of, public_of, put, words_of
from storage.keys import b64, hkdf, unb64
from storage.opening import compartment_key
from storage.places import check_place
from storage.replication import exchange, headers, waiting
from storage.replication.bundle import Reader
from storage.replication.identity import Identity
from storage.sealed import XWingPublic, canonical, seal, unseal
from storage.tries import Tries
from storage.types import utc_text
from storage.unlocking import Unlocked, choose_slot

if TYPE_CHECKING:
    from storage.header import Header
    from storage.vault import Vault

VALID = timedelta(days=2)
"""How long an invitation is good for: time to carry a stick home and back."""
_INVITE = "invitation"


@dataclass(frozen=True)
class Invitation:
    """A machine that was let in but has not joined yet."""

    name: str
    code: str
    until: datetime
    folder: str = ""
    """Where it was left, as seen from the machine that lets in."""


@dataclass(frozen=True)
class Request:
    """A machine that asks to join, and the words that must be the same on its screen."""

    name: str
    words: str
    public: dict[str, str]
    device: str


# -- on the machine that lets another in -------------------------------------------------------------------------------


def invite(vault: Vault, folder: Path, name: str, own_name: str = "") -> Invitation:
    """Lay an invitation into a folder and return its one-time code; an older one is void from then on.

    `own_name` is what this machine is called, where it has no name yet. Raises Refused, NotAllowed.
    """
    check_may_record(vault.person.role, "machine_added")
    if machines.known(vault) is None and not own_name.strip():
        raise Refused("This machine needs a name too, to be told from the others.", hint="Name it with --this NAME.")
    if own_name.casefold().split() == name.casefold().split():
        raise Refused("The two machines need names that differ. Nothing was changed.")
    machines.checked_name(vault, name)
    own = machines.name_this(vault, own_name)
    folder = folder.expanduser().absolute()
    made = Invitation(machines.checked_name(vault, name), new_code(), vault.clock() + VALID, str(folder))
    put(folder, made.code, "invitation", {"vault": vault.id, "from": own.public(), "until": utc_text(made.until)})
    with vault.write() as unit:
        kept = {"name": made.name, "code": made.code, "until": utc_text(made.until), "folder": str(folder)}
        secrets_table.put(unit.connection, _INVITE, json.dumps(kept).encode())
    return made


def pending(vault: Vault) -> Invitation | None:
    """Return the invitation that still stands."""
    with vault.read() as connection:
        kept = secrets_table.get(connection, _INVITE)
    if not kept:
        return None
    said = json.loads(kept)
    made = Invitation(said["name"], said["code"], datetime.fromisoformat(said["until"]), said.get("folder", ""))
    return made if vault.clock() < made.until else None


def _standing(vault: Vault) -> Invitation:
    made = pending(vault)
    if made is None:
        raise NotFound(
            "No machine is being let in now: there was no invitation, or it has run out.",
            hint="Make one: dsl-console machine add NAME",
        )
    return made


def request(vault: Vault, folder: Path) -> Request | None:
    """Return who asks to join, with the words to compare; None while the other machine has not asked."""
    made = _standing(vault)
    said = get(folder, made.code, "request")
    if said is None:
        return None
    public, device = public_of(said.get("machine")), str(said.get("device"))
    own = machines.known(vault)
    assert own is not None
    return Request(made.name, words_of(vault.id, own.public(), public, device), public, device)


def welcome(vault: Vault, folder: Path, asked: Request) -> str:
    """Let the machine in whose words a person has compared: hand it the keys, and the whole record; return its id.

    The code is used up. Raises Refused where the folder holds another request than the one that was shown.
    """
    made = _standing(vault)
    now = request(vault, folder)
    if now != asked:
        raise Refused("Another request lies in the folder now. Nothing was handed over.", hint="Compare again.")
    own = machines.known(vault)
    assert own is not None
    reader = exchange.public_reader(asked.public)
    exchange.keep_carry_key(vault)
    trail = headers.trail(vault)
    if all(row.id != reader.machine for row in machines.others(vault)):  # done before, if it was cut short after this
        vault.record(build(MachineAdded, {**asked.public, "device": asked.device, "name": asked.name}))
    with vault.read() as connection:
        keys = exchange.shared_keys(connection)
    said = {
        "header": b64((vault.folder / FILE_NAME).read_bytes()),
        "trail": trail,
        "audit": b64(vault.author.audit_key),
        "keys": {name: b64(key) for name, key in keys.items()},
    }
    rows = [row for row in machines.others(vault) if row.id == reader.machine]
    for written in exchange.write_bundles(vault, rows, everything=True):
        write_atomic(folder / f"{written.id}.dslm", written.content)
    put(folder, made.code, "welcome", _sealed_to(reader, own, json.dumps(said).encode()))  # the sign that all is there
    with vault.write() as unit:
        secrets_table.drop(unit.connection, _INVITE)
        if not waiting.note(unit.connection, whereabouts.FOLDER):
            waiting.set_note(unit.connection, whereabouts.FOLDER, str(folder.expanduser().absolute()))
    return reader.machine


def _sealed_to(reader: Reader, own: Identity, content: bytes) -> dict[str, Any]:
    secret, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    body = nonce + AESGCM(secret).encrypt(nonce, content, reader.machine.encode())
    return {
        "to": b64(seal(secret, XWingPublic(reader.encryption), canonical(PURPOSE, reader.machine))),
        "body": b64(body),
        "proof": b64(own.signing.sign(canonical(PURPOSE, reader.machine, hashlib.sha256(body).hexdigest()))),
    }


def _unsealed(said: dict[str, Any], own: Identity, sender: Reader) -> dict[str, Any]:
    try:
        body = unb64(said["body"])
        message = canonical(PURPOSE, own.machine, hashlib.sha256(body).hexdigest())
        Ed25519PublicKey.from_public_bytes(sender.signing).verify(unb64(said["proof"]), message)
        info = canonical(PURPOSE, own.machine)
        secret = unseal(unb64(said["to"]), {own.encryption.public().key_id: own.encryption}, info)
        content: dict[str, Any] = json.loads(AESGCM(secret).decrypt(body[:12], body[12:], own.machine.encode()))
    except (InvalidSignature, InvalidTag, IntegrityAlarm, ValueError, KeyError, TypeError):
        raise damaged() from None
    return content


# -- on the machine that joins -----------------------------------------------------------------------------------------


def ask(folder: Path, code: str, target: Path, now: datetime | None = None) -> str:
    """Lay a request into the folder and return the words to compare; the machine's keys wait beside the vault to be.

    Asked again with the same code it returns the same words. Raises NotFound without an invitation, Refused for one
    that has run out or where there is a vault already.
    """
    _check_free(target)
    invitation = _invitation(folder, code, now)
    kept = get(target, code, "kept") if target.exists() else None
    if kept is None:
        for left in target.glob("*.dslj"):  # of an earlier invitation
            left.unlink(missing_ok=True)
        own, device = Identity.generate(), new_id()
        keys = {"signing": b64(own.signing.private_bytes_raw()), "encryption": b64(own.encryption.raw)}
        keys |= {"transport": b64(own.transport.private_bytes_raw()), "machine": own.machine}
        put(private_folder(target), code, "kept", {"keys": keys, "device": device})
    else:
        own, device = _own(kept)
    put(folder, code, "request", {"machine": own.public(), "device": device})
    return words_of(str(invitation["vault"]), public_of(invitation["from"]), own.public(), device)


def _check_free(target: Path) -> None:
    if (target / FILE_NAME).exists():
        raise Refused("There is a vault on this machine already, so it did not ask to join another.")
    check_place(target)


def _invitation(folder: Path, code: str, now: datetime | None) -> dict[str, Any]:
    said = get(folder, code, "invitation")
    if said is None:
        raise NotFound(
            "No invitation with that code lies in that folder.",
            hint="Check the code and the folder; on the first machine: dsl-console machine add NAME",
        )
    try:
        until = datetime.fromisoformat(said["until"])
        public_of(said["from"])
        str(said["vault"])
    except (KeyError, ValueError, TypeError):
        raise damaged() from None
    if (now or datetime.now(UTC)) > until:
        raise Refused("That invitation has run out. Nothing was handed over.", hint="Make a new one on the first one.")
    return said


def _own(kept: dict[str, Any]) -> tuple[Identity, str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from storage.sealed import XWingPrivate

    try:
        keys = kept["keys"]
        signing, transport = (
            Ed25519PrivateKey.from_private_bytes(unb64(keys[name])) for name in ("signing", "transport")
        )
        return Identity(keys["machine"], signing, XWingPrivate(unb64(keys["encryption"])), transport), kept["device"]
    except (KeyError, ValueError, TypeError):
        raise damaged() from None


def _welcome(
    folder: Path, code: str, target: Path, invitation: dict[str, Any]
) -> tuple[Identity, str, dict[str, Any]] | None:
    """Return this machine's keys, its device id and what the other side handed over; None while it has not."""
    kept, said = get(target, code, "kept"), get(folder, code, "welcome")
    if kept is None or said is None:
        return None
    own, device = _own(kept)
    return own, device, _unsealed(said, own, exchange.public_reader(public_of(invitation["from"])))


def answered(folder: Path, code: str, target: Path, now: datetime | None = None) -> list[tuple[str, str, str]]:
    """Return who may open the vault that this machine was let into: id, name and role; nobody while it was not.

    Their names come from the other machine, sealed to this one. Raises as `ask`.
    """
    found = _welcome(folder, code, target, _invitation(folder, code, now))
    if found is None:
        return []
    header = headers.parse(unb64(found[2]["header"]))
    return [(slot.id, slot.name, header.role_of(slot)) for slot in header.slots]


def join(
    folder: Path,
    code: str,
    target: Path,
    *,
    passphrase: str,
    user: str = "",
    clock: Callable[[], datetime] | None = None,
    progress: Callable[[str], None] = lambda _text: None,
) -> tuple[Vault, exchange.Result]:
    """Make this machine's vault from the welcome, with a person's own passphrase, and take the record in.

    The caller has had the words compared. Returns the vault open. Raises NotFound while the other machine has not
    answered, WrongPassphrase, IntegrityAlarm; then there is no vault here.
    """
    from storage.vault import open_vault, utc_now

    clock = clock or utc_now
    _check_free(target)
    invitation = _invitation(folder, code, clock())
    found = _welcome(folder, code, target, invitation)
    if found is None:
        raise NotFound(
            "The other machine has not let this one in yet. Nothing was changed.",
            hint="Compare the words there first, then try again here.",
        )
    own, device, content = found
    header = headers.parse(unb64(content["header"]))
    slot = choose_slot(header, user)
    device_key = device_secret.fetch(header.vault, slot)
    with Tries(target).attempt(slot.id):
        keys = slot.open(passphrase, header.vault, device_key)
    key = compartment_key(header, CHILDREN, slot, keys)
    header.check(CHILDREN, key)
    progress("Making the vault")
    content["folder"] = str(folder.expanduser().absolute())
    _make(target, header, key, own, device, content, invitation["from"])
    path_of(target, code, "kept").unlink(missing_ok=True)
    for what in ("invitation", "request", "welcome"):  # used up; where they cannot be removed they open nothing more
        with contextlib.suppress(OSError):
            path_of(folder, code, what).unlink(missing_ok=True)
    vault = open_vault(target, unlocked=Unlocked(header, slot, keys), clock=clock)
    try:
        files = sorted(folder.glob("*.dslm"))
        result = exchange.take_bundles(vault, [(path.name, exchange.from_file(path)) for path in files], progress)
    except BaseException:
        vault.close()
        raise
    return vault, result


def _make(
    target: Path,
    header: Header,
    key: bytes,
    own: Identity,
    device: str,
    content: dict[str, Any],
    introduced: dict[str, str],
) -> None:
    """Lay an empty vault of the school's into the folder, its header last: without one there is no vault."""
    for left in ("", "-wal", "-shm"):
        (target / f"{CHILDREN}.db{left}").unlink(missing_ok=True)
    private_file(target / f"{CHILDREN}.db")
    engine = make_engine(target / f"{CHILDREN}.db", hkdf(key, "database"))
    try:
        with plain_errors():
            shape.migrate(engine, fresh=True)
            with engine.begin() as connection:
                genesis = _keys_into(connection, own, device, content, introduced)
    finally:
        engine.dispose()
    Anchor(target / f"{CHILDREN}.anchor", key).create(Head(device, 0, genesis, header.revision(), header.digest()))
    for name in ("spool", "spool/reports", "spool/outbox", "spool/inbox", "drafts"):
        private_folder(target / name)
    header.write(target, {CHILDREN: key})


def _keys_into(
    connection: Connection, own: Identity, device: str, content: dict[str, Any], introduced: dict[str, str]
) -> bytes:
    secrets_table.put(connection, secrets_table.AUDIT, unb64(content["audit"]))
    secrets_table.put(connection, secrets_table.DEVICE, device.encode())
    for name, key in content["keys"].items():
        secrets_table.put(connection, str(name), unb64(key))
    own.keep(connection)
    waiting.set_note(connection, exchange.INTRODUCED, json.dumps(introduced))
    waiting.set_note(connection, headers.TRAIL, json.dumps(content["trail"]))
    waiting.set_note(
        connection, whereabouts.FOLDER, content["folder"]
    )  # a take-in that is cut short is gone on with there
    return ledger.head(connection, device).mac
