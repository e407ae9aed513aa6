"""Envelopes: the exact bytes a person saw, signed by us and sealed for one organisation (protocol: §1).

A compact JWE (ECDH-ES, A256GCM) around a compact JWS (EdDSA); General JSON where the reader has several keys. What
arrives is checked in this order, and nothing of it is handed on before its signature was verified: form, addressee,
decryption, signature, agreement of the signed part with the address on the outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from practice.errors import NotFound, Refused
from sync.bodies import ChildHint, EntryBody, OccurredBody, ReceiptBody
from sync.hub import jose, routing
from sync.hub.jose import MAX_ENVELOPE, JoseFault
from sync.hub.routing import Routing
from sync.identity import KeySet, OrgKeys

__all__ = [
    "MAX_ENVELOPE",
    "ChildHint",
    "EntryBody",
    "EnvelopeRefused",
    "OccurredBody",
    "Opened",
    "ReceiptBody",
    "Routing",
    "build_payload",
    "open_",
    "read_header",
    "seal",
]
SIGNED_TYPE = "scx+jws"
PAD_STEP = 512
CLAIMS = {"mid", "from", "to", "ctr", "type", "eid", "rev", "prev", "iat", "body"}

Code = Literal["unknown-key", "not-ours", "schema", "bad-signature", "too-large", "algorithm"]


class EnvelopeRefused(Refused):
    """An envelope that is not taken in; `code` is the protocol's word for why. The message never holds any of its
    content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, title="That message was not taken in", hint=_HINTS.get(code, ""))
        self.code = code


_HINTS = {
    "unknown-key": "Fetch the partner's keys again, then take the message in once more.",
    "bad-signature": "Ring the partner: the message was damaged or changed on the way.",
    "too-large": "Shorten the text; an envelope holds 256 KiB.",
}


@dataclass(frozen=True)
class Opened:
    """A message whose signature holds. `payload` is exactly what was signed, `jws` the proof of it, to be kept with
    it.
    """

    header: Routing
    payload: bytes
    claims: dict[str, Any]
    jws: str
    signer_kid: str


def build_payload(
    *,
    mid: str,
    from_: str,
    to: str,
    ctr: str,
    type_: str,
    eid: str,
    rev: int,
    prev: int | None,
    body: dict[str, Any],
    iat: int,
) -> bytes:
    """The bytes to be previewed and signed: canonical JSON, padded to a multiple of 512 bytes. `iat` is in unix
    seconds.
    """
    claims = {
        "mid": mid,
        "from": from_,
        "to": to,
        "ctr": ctr,
        "type": type_,
        "eid": eid,
        "rev": rev,
        "prev": prev,
        "iat": iat,
        "body": body,
        "pad": "",
    }
    try:
        bare = len(jose.canonical(claims))
    except (ValueError, TypeError, RecursionError) as fault:
        raise EnvelopeRefused("schema", "This entry holds something that cannot be sent. Nothing was sent.") from fault
    return jose.canonical({**claims, "pad": "0" * (-bare % PAD_STEP)})


def seal(
    payload: bytes,
    *,
    sender: OrgKeys,
    recipient: KeySet,
    mid: str,
    ctr: str,
    class_: Literal["data", "control"],
    exp: int,
) -> str:
    """Sign these bytes and seal them for every reading key of the recipient; `exp` is in unix seconds.

    Refused (EnvelopeRefused) if the bytes are addressed otherwise, or the envelope would be longer than 256 KiB.
    """
    scx = {"v": 1, "mid": mid, "from": sender.org, "to": recipient.org, "ctr": ctr, "class": class_, "exp": exp}
    try:
        _agree(jose.strict_json(payload), {"mid": mid, "from": sender.org, "to": recipient.org, "ctr": ctr})
        jws = jose.sign(payload, sender.signing, SIGNED_TYPE)
        if not recipient.encryption:
            raise JoseFault("unknown-key", "This partner has no key that we could write to. Nothing was sent.")
        token = _wrap(jws, recipient.encryption, scx)
        routing.routing_of(token)
    except JoseFault as fault:
        raise EnvelopeRefused(fault.code, fault.message) from fault
    except jose.FAULTS as fault:
        raise EnvelopeRefused("unknown-key", "This partner's key cannot be used. Nothing was sent.") from fault
    return token


def _wrap(jws: str, keys: tuple[JWK, ...], scx: dict[str, Any]) -> str:
    several = len(keys) > 1
    header: dict[str, Any] = {
        "alg": routing.SEVERAL_READERS if several else routing.ONE_READER,
        "enc": routing.ENCRYPTION,
        "typ": routing.TYP,
        "cty": routing.CTY,
        "scx": scx,
    }
    if not several:
        header["kid"] = jose.thumbprint(keys[0])
    sealed = JWE(jws.encode("ascii"), json.dumps(header, sort_keys=True, separators=(",", ":")), flattened=False)
    sealed.allowed_algs = [routing.ONE_READER, routing.SEVERAL_READERS, routing.ENCRYPTION]
    for key in keys:
        sealed.add_recipient(key, header={"kid": jose.thumbprint(key)} if several else None)
    return str(sealed.serialize(compact=not several))


def read_header(token: str) -> Routing:
    """The address on an envelope, its form checked but nothing proved: who it claims to be from is not yet known."""
    try:
        return routing.routing_of(token)
    except JoseFault as fault:
        raise EnvelopeRefused(fault.code, fault.message) from fault


def open_(token: str, *, reader: OrgKeys, sender_keys: Callable[[str], KeySet]) -> Opened:
    """Decrypt and verify one envelope; `sender_keys` gives the pinned key set of an organisation, or raises NotFound.

    Every failure is an EnvelopeRefused with a `code` of the protocol; nothing of the content is in it.
    """
    header = read_header(token)
    if header.recipient != reader.org:
        raise EnvelopeRefused("not-ours", "This message is addressed to another organisation.")
    key = next((key for key in reader.reading_keys() if jose.thumbprint(key) in header.kids), None)
    if key is None:
        raise EnvelopeRefused("unknown-key", "This message was sealed for a key that we do not hold.")
    try:
        jws = _unwrap(token, key)
        signed = _verified(jws, header.sender, sender_keys)
        claims = jose.strict_json(signed.payload)
        _check_claims(claims)
        outside = {"mid": header.mid, "from": header.sender, "to": header.recipient, "ctr": header.ctr}
        _agree(claims, outside)
    except JoseFault as fault:
        raise EnvelopeRefused(fault.code, fault.message) from fault
    return Opened(header, signed.payload, claims, jws, signed.kid)


def _unwrap(token: str, key: JWK) -> str:
    sealed = JWE()
    sealed.allowed_algs = [routing.ONE_READER, routing.SEVERAL_READERS, routing.ENCRYPTION]
    try:
        sealed.deserialize(token)
        sealed.decrypt(key)
        return bytes(sealed.payload).decode("ascii")
    except jose.FAULTS as fault:
        raise JoseFault("bad-signature", "This message was damaged or changed on the way.") from fault


def _verified(jws: str, sender: str, sender_keys: Callable[[str], KeySet]) -> jose.Claimed:
    try:
        known = sender_keys(sender)
    except (NotFound, KeyError) as fault:
        raise JoseFault("unknown-key", "This message comes from an organisation that is not a partner.") from fault
    if known.org != sender:
        raise JoseFault("unknown-key", "This message comes from an organisation that is not a partner.")
    return jose.verify(jws, known.signing, SIGNED_TYPE)


def _check_claims(claims: dict[str, Any]) -> None:
    texts = all(isinstance(claims.get(name), str) and len(claims[name]) <= 128 for name in ("type", "eid"))
    rev, prev, iat = claims.get("rev"), claims.get("prev"), claims.get("iat")
    numbers = type(rev) is int and 0 <= rev < 2**53 and (prev is None or (type(prev) is int and 0 <= prev < 2**53))
    if (
        not set(claims) >= CLAIMS
        or not texts
        or not numbers
        or type(iat) is not int
        or not isinstance(claims["body"], dict)
    ):
        raise JoseFault("schema", "This message is not written as it must be.")


def _agree(claims: dict[str, Any], outside: dict[str, str]) -> None:
    if claims.get("to") != outside["to"] or claims.get("from") != outside["from"]:
        raise JoseFault("not-ours", "This message was signed for another organisation than the one on its envelope.")
    if claims.get("mid") != outside["mid"] or claims.get("ctr") != outside["ctr"]:
        raise JoseFault("schema", "This message does not belong to its envelope.")
