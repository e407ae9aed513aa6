"""What a hub may read of an envelope: its protected header, and no more (protocol: §1).

A header holds exactly the listed members, so that nothing about a child can travel outside the ciphertext by mistake.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

from sync.hub.jose import (
    FROM_URL,
    LAST,
    LETTERS,
    MAX_ENVELOPE,
    READING_CURVES,
    JoseFault,
    length_of,
    strict_json,
    unb64u,
)

try:
    from pybase64 import b64decode
except ImportError:  # Where no hub is served.

    def _decoded(letters: str) -> bytes:
        return a2b_base64(letters.encode("ascii").translate(FROM_URL))

else:

    def _decoded(letters: str) -> bytes:
        # Ten times as fast, which for a hub is a twentieth of all that it does for a batch.
        return b64decode(letters, b"-_", validate=True)


TYP = "scx+jwe"
CTY = "scx+jws"
ONE_READER = "ECDH-ES"
SEVERAL_READERS = "ECDH-ES+A256KW"
ENCRYPTION = "A256GCM"
MAX_READERS = 16
ORG = re.compile(r"urn:scx:(?:[a-z]{2,10}:){1,3}[A-Za-z0-9][A-Za-z0-9-]{0,59}")
MAX_ORG = 100
MAX_EXP = 2**40
MID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
CONTRACT = re.compile(r"[A-Za-z0-9_-]{16,64}")
CLASSES = ("data", "control")
FOUR_DOTS = b"...."
ENDS = tuple(letters.decode("ascii") for letters in LAST)
# What is put behind a header's letters, by how many stand over its last whole four, and what it is decoded to: at least
# three bytes that are in no header, so that each stands alone.
FILL = ("A" * 4, "", "A" * 6, "A" * 5)
GAPS = ("\0" * 3, "", "\0" * 5, "\0" * 4)
_COORDINATE = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
# The header of an envelope for one reader in its usual spelling: sorted by name, without spaces or escapes.
_USUAL = re.compile(
    rf'\{{"alg":"{ONE_READER}","cty":"{re.escape(CTY)}","enc":"{ENCRYPTION}","epk":\{{"crv":'
    rf'(?:"X25519","kty":"OKP","x":"{_COORDINATE}"|"P-256","kty":"EC","x":"{_COORDINATE}","y":"{_COORDINATE}")\}},'
    rf'"kid":"({THUMBPRINT.pattern})","scx":\{{"class":"({"|".join(CLASSES)})","ctr":"({CONTRACT.pattern})",'
    rf'"exp":([1-9][0-9]{{0,12}}),"from":"({ORG.pattern})","mid":"({MID.pattern})","to":"({ORG.pattern})",'
    rf'"v":1\}},"typ":"{re.escape(TYP)}"\}}'
)


class Routing(NamedTuple):
    """The routing data of one envelope, and the reading keys it was sealed for; `exp` is in unix seconds."""

    mid: str
    sender: str
    recipient: str
    ctr: str
    class_: str
    exp: int
    kids: tuple[str, ...]
    several: bool


def is_mid(text: object) -> bool:
    """Whether this is a UUID version 7 in its canonical spelling."""
    return isinstance(text, str) and MID.fullmatch(text) is not None


def is_org(text: object) -> bool:
    """Whether this is written as the name of an organisation."""
    return isinstance(text, str) and len(text) <= MAX_ORG and ORG.fullmatch(text) is not None


def routing_of(token: str) -> Routing:
    """The routing data of an envelope, compact or General JSON; refused unless the form is exactly that of §1."""
    if len(token) > MAX_ENVELOPE or len(token.encode("utf-8", "replace")) > MAX_ENVELOPE:
        raise JoseFault("too-large", "This envelope is longer than 256 KiB.")
    return _general(token) if token.startswith("{") else _compact(token)


def usual(token: bytes) -> Routing | None:
    """The routing data of an envelope in its usual spelling, in a fraction of the time; None says nothing of another.

    Nothing is recognised here that `routing_of` would refuse the long way, or read otherwise: the one expression that
    the header has to fit admits no second member of a name, no escape and no other spelling.
    """
    if token.translate(None, LETTERS) != FOUR_DOTS:
        return None
    found = all_usual([token.decode("ascii")])
    return found[0] if found is not None else None


def all_usual(tokens: Sequence[str]) -> list[Routing] | None:
    """The same of several, or None if one of them is not; each holds letters of base64url and four dots, no more.

    Their headers are decoded and matched together, with gaps between. A gap ends one header, since two would make it
    longer than any is; so with a gap for each, and none besides, each header is what stands between two of them.
    """
    heads, gaps = [], [""]
    for token in tokens:
        size = token.find("..")
        body = len(token) - size - 42
        if size < 1 or body < 1 or len(token) > MAX_ENVELOPE or token[size + 18] != "." or token[-23] != ".":
            return None
        # No text of base64url leaves one letter over, and the last letter of a canonical one has no bits to spare.
        if token[size - 1] not in ENDS[size % 4] or token[-24] not in ENDS[body % 4] or token[-1] not in ENDS[2]:
            return None
        heads.append(token[:size] + FILL[size % 4])
        gaps.append(GAPS[size % 4])
    parts = _USUAL.split(_decoded("".join(heads)).decode("latin-1"))
    if parts[::8] != gaps:
        return None
    kids, classes, ctrs, exps, senders, mids, recipients = (parts[at::8] for at in range(1, 8))
    ends = list(map(int, exps))
    if max(map(len, {*senders, *recipients})) > MAX_ORG or max(ends) >= MAX_EXP:
        return None
    return list(map(Routing, mids, senders, recipients, ctrs, classes, ends, zip(kids, strict=True), repeat(False)))


def _compact(token: str) -> Routing:
    known = usual(token.encode("ascii", "replace"))
    return known if known is not None else _any_compact(token)


def _any_compact(token: str) -> Routing:
    segments = token.split(".")
    if len(segments) != 5:
        raise JoseFault("schema", "This is not a compact JWE.")
    wrapped, *sizes = (length_of(segment) for segment in segments[1:])
    header = strict_json(unb64u(segments[0]))
    _only(header, {"alg", "enc", "kid", "epk", "typ", "cty", "scx"})
    if header.get("alg") != ONE_READER or wrapped:
        raise JoseFault("algorithm", "This envelope uses an algorithm that is not allowed.")
    return _read(header, (_reader(header),), sizes, several=False)


def _general(token: str) -> Routing:
    parts = strict_json(token)
    _only(parts, {"protected", "recipients", "iv", "ciphertext", "tag"})
    if not all(isinstance(parts.get(name), str) for name in ("protected", "iv", "ciphertext", "tag")):
        raise JoseFault("schema", "This is not a JWE in General JSON.")
    header = strict_json(unb64u(parts["protected"]))
    _only(header, {"alg", "enc", "typ", "cty", "scx"})
    if header.get("alg") != SEVERAL_READERS:
        raise JoseFault("algorithm", "This envelope uses an algorithm that is not allowed.")
    readers = parts.get("recipients")
    if not isinstance(readers, list) or not 1 <= len(readers) <= MAX_READERS:
        raise JoseFault("schema", "This envelope names no reading keys, or too many.")
    kids = []
    for reader in readers:
        if not isinstance(reader, dict) or not isinstance(reader.get("header"), dict):
            raise JoseFault("schema", "This envelope names its reading keys wrongly.")
        _only(reader, {"header", "encrypted_key"})
        _only(reader["header"], {"kid", "epk"})
        if not isinstance(reader.get("encrypted_key"), str) or length_of(reader["encrypted_key"]) != 40:
            raise JoseFault("schema", "This envelope holds a wrapped key of the wrong length.")
        kids.append(_reader(reader["header"]))
    sizes = [length_of(parts[name]) for name in ("iv", "ciphertext", "tag")]
    return _read(header, tuple(kids), sizes, several=True)


def _only(value: dict[str, Any], allowed: set[str]) -> None:
    if set(value) & {"zip", "crit", "b64", "p2s", "p2c"}:
        raise JoseFault("algorithm", "This envelope asks for something that is not allowed.")
    if set(value) - allowed:
        raise JoseFault("schema", "This envelope holds something that does not belong there.")


def _reader(header: dict[str, Any]) -> str:
    kid, epk = header.get("kid"), header.get("epk")
    if not isinstance(kid, str) or not THUMBPRINT.fullmatch(kid) or not isinstance(epk, dict):
        raise JoseFault("schema", "This envelope names its reading key wrongly.")
    _only(epk, {"kty", "crv", "x", "y"})
    if READING_CURVES.get(str(epk.get("crv"))) != epk.get("kty"):
        raise JoseFault("algorithm", "This envelope uses a key of a kind that is not used here.")
    # Whether it is a point of its curve, the reader's program finds out; the hub only sees to its form.
    places = ("x", "y") if epk["kty"] == "EC" else ("x",)
    if set(epk) != {"kty", "crv", *places} or any(length_of(str(epk[place])) != 32 for place in places):
        raise JoseFault("schema", "This envelope names its reading key wrongly.")
    return kid


def _read(header: dict[str, Any], kids: tuple[str, ...], sizes: list[int], *, several: bool) -> Routing:
    """Read the header; `sizes` are the bytes of the initialisation vector, the ciphertext and the tag."""
    iv, body, tag = sizes
    if header.get("enc") != ENCRYPTION or iv != 12 or tag != 16 or not body:
        raise JoseFault("algorithm", "This envelope uses an algorithm that is not allowed.")
    scx = header.get("scx")
    if header.get("typ") != TYP or header.get("cty") != CTY or not isinstance(scx, dict):
        raise JoseFault("schema", "This is not an envelope of the exchange.")
    if set(scx) != {"v", "mid", "from", "to", "ctr", "class", "exp"} or type(scx["v"]) is not int or scx["v"] != 1:
        raise JoseFault("schema", "This envelope is of a version that is not known here.")
    good = (
        is_mid(scx["mid"])
        and is_org(scx["from"])
        and is_org(scx["to"])
        and isinstance(scx["ctr"], str)
        and CONTRACT.fullmatch(scx["ctr"]) is not None
        and scx["class"] in CLASSES
        and type(scx["exp"]) is int
        and 0 < scx["exp"] < MAX_EXP
    )
    if not good:
        raise JoseFault("schema", "The address on this envelope is not written as it must be.")
    return Routing(scx["mid"], scx["from"], scx["to"], scx["ctr"], scx["class"], scx["exp"], kids, several)
