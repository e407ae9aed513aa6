"""The few JOSE pieces that the hub and the parties share, strict about form (protocol: §1; RFC 7515, 7517, 7638, 8037).

Only Ed25519 and P-256 sign, only X25519 and P-256 read. Base64url must be in its one canonical spelling, JSON must be
an object without repeated names, and a header may hold nothing that is not listed: what is refused here is never
looked at again.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

MAX_ENVELOPE = 256 * 1024
SIGNING_CURVES = {"Ed25519": ("OKP", "EdDSA"), "P-256": ("EC", "ES256")}
READING_CURVES = {"X25519": "OKP", "P-256": "EC"}
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# The letters that a text may end in, by how many stand over the last whole four: one alone never does.
LAST = (LETTERS, b"", LETTERS[::16], LETTERS[::4])
PADDING = (b"", b"", b"==", b"=")
TO_URL, FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
SURROGATE = re.compile("[\ud800-\udfff]")
FAULTS = (JWException, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError, RecursionError)


class JoseFault(ValueError):
    """Something signed or sealed that cannot be used; `code` is one of the protocol's words, never a value from it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def b64u(data: bytes) -> str:
    """Base64url without padding."""
    return b2a_base64(data, newline=False).translate(TO_URL).rstrip(b"=").decode("ascii")


def _spelt(text: str) -> tuple[bytes, int]:
    """A base64url text as bytes, and how many letters stand over at its end; a JoseFault but for the one spelling."""
    try:
        spelt = text.encode("ascii")
    except UnicodeEncodeError as fault:
        raise JoseFault("schema", "This is not base64url.") from fault
    over = len(spelt) % 4
    # The last letter of a text that fills no whole bytes has bits to spare, which are zero in the canonical spelling.
    if spelt.translate(None, LETTERS) or (spelt and spelt[-1] not in LAST[over]):
        raise JoseFault("schema", "This is not base64url in its canonical form.")
    return spelt, over


def unb64u(text: str) -> bytes:
    """The bytes of a base64url text, refused unless it is their one canonical spelling."""
    spelt, over = _spelt(text)
    return a2b_base64(spelt.translate(FROM_URL) + PADDING[over])


def length_of(text: str) -> int:
    """How many bytes a base64url text holds, refused as by `unb64u`: all that a hub need know of ciphertext."""
    spelt, _ = _spelt(text)
    return len(spelt) * 3 // 4


def canonical(value: dict[str, Any]) -> bytes:
    """Canonical JSON: sorted names, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JoseFault("schema", "A name stands twice in this JSON.")
    return found


def _no_constant(_: str) -> None:
    raise JoseFault("schema", "This JSON holds a number that is none.")


_STRICT = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constant)
"""Made once: `json.loads` would make one for every text."""


def strict_json(data: bytes | str) -> dict[str, Any]:
    """A JSON object in UTF-8 without repeated names, NaN or half a character; anything else is a JoseFault."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = _STRICT.decode(text)
        # Half a surrogate pair can be written as an escape, but never be encoded again: no store would take it.
        if "\\u" in text and SURROGATE.search(json.dumps(value, ensure_ascii=False)):
            raise JoseFault("schema", "This JSON holds half a character.")
    except JoseFault:
        raise
    except (ValueError, RecursionError) as fault:
        raise JoseFault("schema", "This is not JSON.") from fault
    if not isinstance(value, dict):
        raise JoseFault("schema", "This JSON is not an object.")
    return value


def public_key(value: object, purpose: Literal["sig", "enc"]) -> JWK:
    """A public key that may be used for `purpose`, with its RFC 7638 thumbprint as `kid`; a private part is refused."""
    if not isinstance(value, dict) or "d" in value:
        raise JoseFault("schema", "This is not a public key.")
    curve = value.get("crv")
    kind = SIGNING_CURVES.get(str(curve), ("", ""))[0] if purpose == "sig" else READING_CURVES.get(str(curve), "")
    if not kind or value.get("kty") != kind:
        raise JoseFault("algorithm", "This key is of a kind that is not used here.")
    names = ("x", "y") if kind == "EC" else ("x",)
    try:
        parts = {name: str(value[name]) for name in names}
        if any(len(unb64u(part)) != 32 for part in parts.values()):
            raise JoseFault("schema", "This key has the wrong length.")
        key = JWK(kty=kind, crv=curve, **parts)
        key.get_op_key("verify" if purpose == "sig" else "wrapKey")
        return JWK(kty=kind, crv=curve, kid=key.thumbprint(), **parts)
    except JoseFault:
        raise
    except FAULTS as fault:
        raise JoseFault("schema", "This key cannot be used.") from fault


def public_part(key: JWK) -> dict[str, str]:
    """The public members of a key, as a JWK."""
    exported: dict[str, str] = key.export_public(as_dict=True)
    return {name: exported[name] for name in ("kty", "crv", "x", "y", "kid") if name in exported}


def thumbprint(key: JWK) -> str:
    """The RFC 7638 thumbprint (SHA-256, base64url): what names a key."""
    return str(key.thumbprint())


def head_of(key: JWK, typ: str) -> str:
    """The first part of what this key signs for that purpose."""
    header = {"alg": SIGNING_CURVES[key["crv"]][1], "kid": thumbprint(key), "typ": typ}
    return b64u(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())


def sign(payload: bytes, key: JWK, typ: str, head: str = "") -> str:
    """A compact JWS over exactly these bytes; `typ` says what for, so that no signature serves another purpose.

    Who signs often gives the head, which is always the same.
    """
    signed = f"{head or head_of(key, typ)}.{b64u(payload)}"
    return f"{signed}.{b64u(_signature(key, signed.encode('ascii')))}"


def _signature(key: JWK, signed: bytes) -> bytes:
    """The 64 bytes of a signature (RFC 8037; RFC 7518 §3.4)."""
    private = key.get_op_key("sign")
    if key["crv"] == "Ed25519":
        return bytes(private.sign(signed))
    r, s = decode_dss_signature(private.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _check_signature(key: JWK, signed: bytes, signature: bytes) -> None:
    """Raise InvalidSignature unless this key signed these bytes."""
    public = key.get_op_key("verify")
    if key["crv"] == "Ed25519":
        public.verify(signature, signed)
        return
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))


@dataclass(frozen=True)
class Claimed:
    """A compact JWS taken apart, **not yet verified**."""

    kid: str
    payload: bytes
    token: str
    alg: str
    signature: bytes


def take_apart(token: str, typ: str, limit: int = MAX_ENVELOPE) -> Claimed:
    """Check the form of a compact JWS: length, canonical spelling, allowed algorithm, expected `typ`, nothing else."""
    if len(token) > limit:
        raise JoseFault("too-large", "This is longer than is allowed.")
    segments = token.split(".")
    if len(segments) != 3:
        raise JoseFault("schema", "This is not a compact JWS.")
    head, payload, signature = (unb64u(segment) for segment in segments)
    header = strict_json(head)
    if header.get("alg") not in ("EdDSA", "ES256") or len(signature) != 64:
        raise JoseFault("algorithm", "This is signed by an algorithm that is not used here.")
    if set(header) != {"alg", "kid", "typ"} or header["typ"] != typ or not isinstance(header["kid"], str):
        raise JoseFault("schema", "This is signed for another purpose.")
    return Claimed(header["kid"], payload, token, header["alg"], signature)


def verify(token: str, keys: Iterable[JWK], typ: str, limit: int = MAX_ENVELOPE) -> Claimed:
    """The payload of a compact JWS, after its signature by one of `keys` was verified."""
    claimed = take_apart(token, typ, limit)
    key = next((key for key in keys if thumbprint(key) == claimed.kid), None)
    if key is None:
        raise JoseFault("unknown-key", "The key that signed this is not known.")
    try:
        if claimed.alg != SIGNING_CURVES[key["crv"]][1]:
            raise InvalidSignature
        _check_signature(key, token.rpartition(".")[0].encode("ascii"), claimed.signature)
    except FAULTS as fault:
        raise JoseFault("bad-signature", "The signature does not hold.") from fault
    return claimed
