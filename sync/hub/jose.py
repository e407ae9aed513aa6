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
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

MAX_ENVELOPE = 256 * 1024
SIGNING_CURVES = {"Ed25519": ("OKP", "EdDSA"), "P-256": ("EC", "ES256")}
READING_CURVES = {"X25519": "OKP", "P-256": "EC"}
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = {2: _LETTERS[::16], 3: _LETTERS[::4]}
_PADDING = (b"", b"", b"==", b"=")
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
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
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def _spelt(text: str) -> tuple[bytes, int]:
    """A base64url text as bytes, and how many letters stand over at its end; a JoseFault but for the one spelling."""
    try:
        spelt = text.encode("ascii")
    except UnicodeEncodeError as fault:
        raise JoseFault("schema", "This is not base64url.") from fault
    over = len(spelt) % 4
    # The last letter of a text that fills no whole bytes has bits to spare, which are zero in the canonical spelling.
    if over == 1 or spelt.translate(None, _LETTERS) or (over and spelt[-1] not in _LAST[over]):
        raise JoseFault("schema", "This is not base64url in its canonical form.")
    return spelt, over


def unb64u(text: str) -> bytes:
    """The bytes of a base64url text, refused unless it is their one canonical spelling."""
    spelt, over = _spelt(text)
    return a2b_base64(spelt.translate(_FROM_URL) + _PADDING[over])


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


def sign(payload: bytes, key: JWK, typ: str) -> str:
    """A compact JWS over exactly these bytes; `typ` says what for, so that no signature serves another purpose."""
    token = JWS(payload)
    header = {"alg": SIGNING_CURVES[key["crv"]][1], "kid": thumbprint(key), "typ": typ}
    token.add_signature(key, None, json.dumps(header, sort_keys=True, separators=(",", ":")), None)
    return str(token.serialize(compact=True))


@dataclass(frozen=True)
class Claimed:
    """A compact JWS taken apart, **not yet verified**."""

    kid: str
    payload: bytes
    token: str


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
    return Claimed(header["kid"], payload, token)


def verify(token: str, keys: Iterable[JWK], typ: str, limit: int = MAX_ENVELOPE) -> Claimed:
    """The payload of a compact JWS, after its signature by one of `keys` was verified."""
    claimed = take_apart(token, typ, limit)
    key = next((key for key in keys if thumbprint(key) == claimed.kid), None)
    if key is None:
        raise JoseFault("unknown-key", "The key that signed this is not known.")
    checker = JWS()
    try:
        checker.allowed_algs = [SIGNING_CURVES[key["crv"]][1]]
        checker.deserialize(token)
        checker.verify(key)
    except FAULTS as fault:
        raise JoseFault("bad-signature", "The signature does not hold.") from fault
    return claimed
