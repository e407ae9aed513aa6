"""The machines' mailbox at a hub: making one, and the envelopes in which a bundle's parts lie there (docs/hub.md).

A part is a head of 256 bytes (which bundle, which part of how many, how long) and the bundle's bytes, padded to one of
`SIZES` and sealed under a key that the school's machines alone hold: the hub sees none of it, not even for how many
machines a bundle is.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from sqlalchemy import Connection

from practice.errors import IntegrityAlarm, NotFound, Refused
from practice.roles import check_may_record
from storage import carrying, secrets_table
from storage.replication import waiting
from storage.replication.bundle import FILE_LIMIT
from storage.replication.exchange import MAILBOX
from sync import identity
from sync.hub import jose, routing
from sync.hub.jose import JoseFault
from sync.identity import TransportKeys

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault

PLACE = "hub"
KIB = 1024
SIZES = (4 * KIB, 16 * KIB, 64 * KIB, 176 * KIB)
"""The lengths that a part may have before it is sealed; the largest fits into an envelope."""
HEAD = 256
PART = SIZES[-1] - HEAD
MAX_PARTS = FILE_LIMIT // PART + 1
OFF = b"off"
CURSOR, EPOCH, LAST = "hub-cursor", "hub-epoch", "hub-last"
BUNDLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, repr=False)
class Mailbox:
    """The machines' mailbox: what delivers and fetches, the key under which its envelopes lie, and its number here."""

    number: int
    keys: TransportKeys
    reading: JWK
    ctr: str

    @property
    def url(self) -> str:
        """The hub's address."""
        return self.keys.hub.url if self.keys.hub else ""


@dataclass(frozen=True)
class Standing:
    """How this machine stands to the mailbox: the hub's address and when it was last there, blank before."""

    url: str
    last: str


def mailbox(vault: Vault) -> Mailbox | None:
    """Return the machines' mailbox; None where the school has none, or no longer one. Raises IntegrityAlarm."""
    with vault.read() as connection:
        held = secrets_table.under(connection, MAILBOX)
    numbers = {int(name): secret for name, secret in held.items() if name.isascii() and name.isdigit()}
    if not numbers or numbers[max(numbers)] == OFF:
        return None
    try:
        said = jose.strict_json(numbers[max(numbers)])
        reading = JWK(**said["reading"])
        reading.get_op_key("unwrapKey")
        keys = TransportKeys.from_secret(jose.canonical(said["keys"]))
        if keys.hub is None or not routing.CONTRACT.fullmatch(str(said["ctr"])):
            raise JoseFault("schema", "This is not a mailbox.")
        return Mailbox(max(numbers), keys, reading, str(said["ctr"]))
    except (*jose.FAULTS, AttributeError):
        raise IntegrityAlarm(
            "The keys of the machines' mailbox at the hub are damaged. Nothing was carried by it, and nothing is lost.",
            hint="Make it anew: dsl-console machine hub URL CODE",
        ) from None


def standing(vault: Vault) -> Standing | None:
    """Return how this machine stands to the mailbox; None without one."""
    box = mailbox(vault)
    if box is None:
        return None
    with vault.read() as connection:
        return Standing(box.url, waiting.note(connection, LAST))


def open_mailbox(vault: Vault, url: str, code: str, transport: httpx.BaseTransport | None = None) -> str:
    """Make the machines' mailbox with an invite code of its own, in the place of one there was; return its name.

    The other machines hear of it with what reaches them next by folder or stick, or when they join. Made anew, it shuts
    out a machine that was removed. Raises Refused, NotAllowed, HubUnreachable.
    """
    from sync.carriers.hub import HubClient, invited

    check_may_record(vault.person.role, "machine_added")
    org = invited(url, code, transport)
    if org == _own_org(vault):
        raise Refused(
            "That code is for the school itself. The machines' mailbox is another one, so nothing was changed.",
            hint="Ask the hub's operator for a code of its own, such as for urn:scx:gb:urn:100123-machines.",
        )
    keys = identity.generate(org)
    with HubClient(url, keys, transport) as client:
        pin = client.enrol(code, keys.public_key_set(int(time.time()), name="", kind=""))
    said = {
        "keys": jose.strict_json(keys.transport_secret(pin)),
        "reading": identity.fresh_encryption_key().export_private(as_dict=True),
        "ctr": token_urlsafe(24),
    }
    _keep(vault, jose.canonical(said))
    return org


def close_mailbox(vault: Vault) -> None:
    """Carry nothing by the hub any more, on any machine that hears of it; raises NotFound without a mailbox."""
    check_may_record(vault.person.role, "machine_added")
    if mailbox(vault) is None:
        raise NotFound("The machines have no mailbox at a hub. Nothing was changed.")
    _keep(vault, OFF)


def _own_org(vault: Vault) -> str:
    from storage.views.organisation import hub

    enrolled = hub(vault)
    return enrolled.org if enrolled else ""


def _keep(vault: Vault, secret: bytes) -> None:
    with vault.write() as unit:
        names = secrets_table.under(unit.connection, MAILBOX)
        number = max((int(name) for name in names if name.isdigit()), default=0) + 1
        secrets_table.put(unit.connection, f"{MAILBOX}{number:06d}", secret)
        waiting.set_note(unit.connection, carrying.WRITTEN_HEADER, "")  # the folder tells the others at the next sync
        forget(unit.connection)


def forget(connection: Connection, epoch: str = "") -> None:
    """Begin anew with what lies at the hub: after it was restored, or with another mailbox."""
    connection.exec_driver_sql("DELETE FROM machine_files WHERE place = ?", (PLACE,))
    waiting.set_note(connection, CURSOR, "")
    waiting.set_note(connection, EPOCH, epoch)
    waiting.set_note(connection, f"{carrying.WRITTEN_HEADER}/{PLACE}", "")


# -- envelopes ---------------------------------------------------------------------------------------------------------


def in_parts(bundle: str, content: bytes) -> list[bytes]:
    """Cut a bundle's bytes into parts, each with a head and padded to one of `SIZES`."""
    chunks = [content[at : at + PART] for at in range(0, len(content), PART)] or [b""]
    found = []
    for number, chunk in enumerate(chunks, start=1):
        head = json.dumps({"bundle": bundle, "part": number, "of": len(chunks), "length": len(chunk)}).encode()
        size = next(size for size in SIZES if HEAD + len(chunk) <= size)
        found.append((head.ljust(HEAD, b" ") + chunk).ljust(size, b"\0"))
    return found


def here_part(content: bytes) -> bytes:
    """Return as a part what says that a machine is here: it belongs to no bundle, and an older program passes it by."""
    head = json.dumps({"bundle": "", "part": 0, "of": 0, "length": len(content)}).encode()
    size = next(size for size in SIZES if HEAD + len(content) <= size)
    return (head.ljust(HEAD, b" ") + content).ljust(size, b"\0")


def seal(part: bytes, mid: str, until: int, box: Mailbox) -> str:
    """Return a part as an envelope from the mailbox to itself; `until` is in unix seconds."""
    org = box.keys.org
    scx = {"v": 1, "mid": mid, "from": org, "to": org, "ctr": box.ctr, "class": "data", "exp": until}
    header = {"alg": routing.ONE_READER, "enc": routing.ENCRYPTION, "typ": routing.TYP, "cty": routing.CTY}
    whole = {**header, "kid": jose.thumbprint(box.reading), "scx": scx}
    sealed = JWE(part, json.dumps(whole, sort_keys=True, separators=(",", ":")))
    sealed.allowed_algs = [routing.ONE_READER, routing.ENCRYPTION]
    sealed.add_recipient(box.reading)
    return str(sealed.serialize(compact=True))


def opened(token: str, box: Mailbox) -> tuple[str, int, int, bytes, int]:
    """Return a part's bundle, number, how many there are, its bytes and until when it lies there; or a JoseFault.

    The bundle is blank for what says that a machine is here.
    """
    found = routing.routing_of(token)
    if found.sender != box.keys.org or found.several or found.kids != (jose.thumbprint(box.reading),):
        raise JoseFault("not-ours", "This is no part of a machine's bundle.")
    sealed = JWE()
    sealed.allowed_algs = [routing.ONE_READER, routing.ENCRYPTION]
    try:
        sealed.deserialize(token)
        sealed.decrypt(box.reading)
        plain = bytes(sealed.payload)
        head = jose.strict_json(plain[:HEAD])
        bundle, number, of, length = (head[name] for name in ("bundle", "part", "of", "length"))
    except jose.FAULTS as fault:
        raise JoseFault("schema", "This part was damaged or changed on the way.") from fault
    if (bundle, number, of) == ("", 0, 0) and type(length) is int and 0 <= length <= len(plain) - HEAD:
        return "", 0, 0, plain[HEAD : HEAD + length], found.exp
    good = (
        isinstance(bundle, str)
        and BUNDLE.fullmatch(bundle)
        and all(type(each) is int for each in (number, of, length))
        and 1 <= number <= of <= MAX_PARTS
        and 0 <= length <= len(plain) - HEAD
    )
    if not good:
        raise JoseFault("schema", "This part is not written as it must be.")
    return bundle, number, of, plain[HEAD : HEAD + length], found.exp
