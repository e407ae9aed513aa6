"""An organisation's own keys, the signed key set its partners read, and the words they compare (protocol: §1, §2).

Four keys each do one thing: the identity key signs key sets and nothing else, the transport key fetches tokens from a
hub, the signing key signs what is shared, the encryption key reads what arrives. A key is named by its RFC 7638
thumbprint.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from jwcrypto.jwk import JWK

from practice.errors import IntegrityAlarm, Refused
from practice.words import spoken
from sync.hub import jose
from sync.hub.jose import JoseFault
from sync.hub.routing import is_org

KEY_SET_TYPE = "scx-keys+jws"
MAX_KEY_SET = 32 * 1024
MAX_SERIAL = 2**53
KEYS_PER_USE = 16


@dataclass(frozen=True)
class HubPin:
    """The hub an organisation enrolled with: its address, its id, and the public keys its receipts must be
    signed by.
    """

    url: str
    hub_id: str
    keys: tuple[dict[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        return {"url": self.url, "hub_id": self.hub_id, "keys": list(self.keys)}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read back what `to_json` wrote; an IntegrityAlarm if it does not fit."""
        try:
            if not isinstance(value, dict):
                raise JoseFault("schema", "This is not a hub.")
            keys = tuple(jose.public_part(jose.public_key(key, "sig")) for key in value["keys"])
            return cls(str(value["url"]), str(value["hub_id"]), keys)
        except (JoseFault, KeyError, TypeError) as fault:
            raise _damaged() from fault


@dataclass(frozen=True)
class TransportKeys:
    """All that a locked machine holds: enough to deliver sealed envelopes and fetch the inbox, and for nothing else."""

    org: str
    transport: JWK
    hub: HubPin | None

    def __repr__(self) -> str:
        return f"TransportKeys({self.org})"

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """Read back what `OrgKeys.transport_secret` wrote; an IntegrityAlarm if it does not fit."""
        try:
            found = jose.strict_json(secret)
            hub = HubPin.from_json(found["hub"]) if found["hub"] is not None else None
            return cls(_own_name(found["org"]), _private(found["transport"], "Ed25519"), hub)
        except (JoseFault, KeyError, TypeError) as fault:
            raise _damaged() from fault


@dataclass(frozen=True)
class OrgKeys:
    """An organisation's private keys. `retired` holds former encryption keys, kept to read what was sealed for them."""

    org: str
    identity: JWK
    transport: JWK
    signing: JWK
    encryption: JWK
    retired: tuple[JWK, ...] = ()

    def __repr__(self) -> str:
        return f"OrgKeys({self.org})"

    @property
    def identity_thumbprint(self) -> str:
        return jose.thumbprint(self.identity)

    def reading_keys(self) -> tuple[JWK, ...]:
        """The encryption keys that open what arrives, the present one first."""
        return (self.encryption, *self.retired)

    def to_secret(self) -> bytes:
        """Every private key as canonical JSON; to be kept only where the vault keeps secrets."""
        keys = {name: getattr(self, name).export_private(as_dict=True) for name in _OWN}
        retired = [key.export_private(as_dict=True) for key in self.retired]
        return jose.canonical({"v": 1, "org": self.org, "retired": retired, **keys})

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """Read back what `to_secret` wrote; an IntegrityAlarm if it does not fit."""
        try:
            found = jose.strict_json(secret)
            keys = {name: _private(found[name], curve) for name, curve in _OWN.items()}
            retired = tuple(_private(key, "X25519") for key in found["retired"])
            return cls(_own_name(found["org"]), **keys, retired=retired)
        except (JoseFault, KeyError, TypeError) as fault:
            raise _damaged() from fault

    def transport_secret(self, hub: HubPin | None = None) -> bytes:
        """The transport key with the organisation's name and its hub: what may lie outside the vault (0600,
        keyring).
        """
        transport = self.transport.export_private(as_dict=True)
        pin = hub.to_json() if hub is not None else None
        return jose.canonical({"v": 1, "org": self.org, "transport": transport, "hub": pin})

    def public_key_set(
        self,
        serial: int,
        *,
        name: str,
        kind: str,
        revoked: Iterable[str] = (),
        former_signing: Iterable[dict[str, str]] = (),
        iat: int | None = None,
    ) -> str:
        """The key set that partners read, signed by the identity key; `serial` may only grow, `revoked` lists
        thumbprints.
        """
        body = {
            "org": self.org,
            "name": name,
            "kind": kind,
            "serial": serial,
            "identity": jose.public_part(self.identity),
            "encryption": [jose.public_part(self.encryption)],
            "signing": [jose.public_part(self.signing), *former_signing],
            "revoked": sorted(revoked),
            "iat": int(time.time()) if iat is None else iat,
        }
        token = jose.sign(jose.canonical(body), self.identity, KEY_SET_TYPE)
        read_key_set(token, self.identity_thumbprint)
        return token


_OWN = {"identity": "Ed25519", "transport": "Ed25519", "signing": "Ed25519", "encryption": "X25519"}


@dataclass(frozen=True)
class KeySet:
    """A partner's verified public keys. `issued_at` is in unix seconds and orders nothing: `serial` does."""

    org: str
    name: str
    kind: str
    serial: int
    identity_key: JWK
    identity_thumbprint: str
    signing: tuple[JWK, ...]
    encryption: tuple[JWK, ...]
    revoked: frozenset[str]
    issued_at: int
    jws: str


def generate(org: str) -> OrgKeys:
    """Fresh keys for an organisation."""
    return OrgKeys(_own_name(org), **{name: _fresh(curve) for name, curve in _OWN.items()})


def fresh_encryption_key() -> JWK:
    """A further X25519 key, for rotation."""
    return _fresh("X25519")


def read_key_set(jws: str, expect_identity: str | None) -> KeySet:
    """Verify a key set against the identity key it names, and that key against the pinned one; Refused if either
    fails.
    """
    try:
        claimed = jose.take_apart(jws, KEY_SET_TYPE, MAX_KEY_SET)
        found = jose.strict_json(claimed.payload)
        identity = jose.public_key(found.get("identity"), "sig")
        thumb = jose.thumbprint(identity)
        if expect_identity is not None and thumb != expect_identity:
            raise Refused(
                "This organisation's identity key is not the one that was compared. Nothing was sent.",
                hint="Ring the partner on a number you already have, and compare the words again.",
            )
        jose.verify(jws, [identity], KEY_SET_TYPE, MAX_KEY_SET)
        return _key_set(found, identity, jws)
    except JoseFault as fault:
        raise Refused(
            "This organisation's key set does not hold: it is damaged or was changed on the way. Nothing was sent.",
            hint="Try again later; if it stays so, ring the partner.",
        ) from fault


def _key_set(found: dict[str, Any], identity: JWK, jws: str) -> KeySet:
    org, name, kind, serial, iat = (found.get(part) for part in ("org", "name", "kind", "serial", "iat"))
    revoked = found.get("revoked", [])
    good = (
        is_org(org)
        and isinstance(name, str)
        and len(name) <= 200
        and isinstance(kind, str)
        and re.fullmatch(r"[a-z_]{0,40}", kind)
        and type(serial) is int
        and 0 < serial < MAX_SERIAL
        and type(iat) is int
        and isinstance(revoked, list)
        and len(revoked) <= 1000
        and all(isinstance(thumb, str) for thumb in revoked)
    )
    if not good:
        raise JoseFault("schema", "This key set is not written as it must be.")
    gone = frozenset(revoked)
    signing, encryption = _keys(found.get("signing"), "sig", gone), _keys(found.get("encryption"), "enc", gone)
    return KeySet(
        org=str(org),
        name=str(name),
        kind=str(kind),
        serial=int(str(serial)),
        identity_key=identity,
        identity_thumbprint=jose.thumbprint(identity),
        signing=signing,
        encryption=encryption,
        revoked=gone,
        issued_at=int(str(iat)),
        jws=jws,
    )


def _keys(value: object, purpose: Literal["sig", "enc"], revoked: frozenset[str]) -> tuple[JWK, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= KEYS_PER_USE:
        raise JoseFault("schema", "This key set holds no keys, or too many.")
    keys = [jose.public_key(item, purpose) for item in value]
    return tuple(key for key in keys if jose.thumbprint(key) not in revoked)


def fingerprint_words(identity_thumbprint: str) -> str:
    """Return the eight words that two people compare over the telephone."""
    return spoken(identity_thumbprint, "scx identity words v1")


def normalise_org(text: str) -> str:
    """The full name of an organisation from what a person types: a URN, a council's number, a slug, the full name,
    or its end, such as `la:301`.
    """
    typed = text.strip()
    if re.fullmatch(r"(urn|la|ods|pol):[a-z0-9-]+", typed.lower()):
        typed = f"urn:scx:gb:{typed}"
    if typed.lower().startswith("urn:scx:"):
        full = _full_name(typed)
        if is_org(full):
            return full
    elif re.fullmatch(r"[0-9]{6}", typed):
        return f"urn:scx:gb:urn:{typed}"
    elif re.fullmatch(r"[0-9]{3}", typed):
        return f"urn:scx:gb:la:{typed}"
    elif re.fullmatch(r"(?=.*[a-z])[a-z0-9][a-z0-9-]{0,38}[a-z0-9]", typed.lower()):
        return f"urn:scx:demo:{typed.lower()}"
    raise Refused(
        "That is not written as an organisation's code.",
        hint="Give the school's six-digit URN, the council's three-digit number, or a name such as northfield-council.",
    )


def _full_name(typed: str) -> str:
    *path, last = typed.split(":")
    path = [part.lower() for part in path]
    return ":".join([*path, last.upper() if path[-1] == "ods" else last.lower()])


def _own_name(org: object) -> str:
    if not is_org(org):
        raise JoseFault("schema", "This is not an organisation.")
    return str(org)


def _fresh(curve: str) -> JWK:
    key = JWK.generate(kty="OKP", crv=curve)
    key["kid"] = key.thumbprint()
    return key


def _private(value: object, curve: str) -> JWK:
    if not isinstance(value, dict) or value.get("kty") != "OKP" or value.get("crv") != curve:
        raise JoseFault("schema", "This is not one of our keys.")
    try:
        key = JWK(kty="OKP", crv=curve, x=value["x"], d=value["d"])
        key.get_op_key("sign" if curve == "Ed25519" else "unwrapKey")
        key["kid"] = key.thumbprint()
    except jose.FAULTS as fault:
        raise JoseFault("schema", "This is not one of our keys.") from fault
    return key


def _damaged() -> IntegrityAlarm:
    return IntegrityAlarm(
        "The keys for sharing are damaged: they do not read as they were written. Your records are not touched.",
        hint="Restore them from a backup, or enrol again with a new invite code.",
    )
