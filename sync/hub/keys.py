"""Who may ask what of the hub: its own signing key, ten-minute tokens, signed requests (protocol: §2; RFC 7523).

A token lets an organisation deliver and fetch. What changes something for good (ack, cancel, keys, the end of a
contract) also needs a signature by the organisation's signing key, which a locked machine does not hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import orjson
from jwcrypto.jwk import JWK

from sync.hub import jose
from sync.hub.jose import JoseFault
from sync.hub.limits import Problem
from sync.hub.routing import is_org
from sync.hub.store import Member, Store, refusal

ASSERTION_TYPE = "JWT"
REQUEST_TYPE = "scx-request+jws"
RECEIPT_TYPE = "scx-receipt+jws"
KEY_SET_TYPE = "scx-keys+jws"
REVOCATION_TYPE = "scx-revocation+jws"
TOKEN_SECONDS = 600
TOKEN_BYTES, TOKEN_LETTERS = 32, 43
SKEW_SECONDS = 300
MAX_ASSERTION = 4096


@dataclass(frozen=True)
class KeySetClaims:
    """What the hub reads of a key set: whose it is, and the keys that sign requests."""

    org: str
    serial: int
    identity: str
    signing: tuple[JWK, ...]


def digest(data: bytes) -> str:
    """SHA-256 as base64url: how the exchange names bytes."""
    return jose.b64u(sha256(data).digest())


def read_key_set(token: object, limit: int) -> KeySetClaims:
    """Check a key set's own signature; a Problem if it does not hold. Whose identity it is, partners compare
    by telephone.
    """
    try:
        found = jose.strict_json(jose.take_apart(str(token), KEY_SET_TYPE, limit).payload)
        identity = jose.public_key(found.get("identity"), "sig")
        jose.verify(str(token), [identity], KEY_SET_TYPE, limit)
        serial, org, revoked = found.get("serial"), found.get("org"), found.get("revoked", [])
        lists = [found.get("signing"), found.get("encryption")]
        if type(serial) is not int or not 0 < serial < 2**53 or not is_org(org) or not isinstance(revoked, list):
            raise JoseFault("schema", "This key set is not written as it must be.")
        if any(not isinstance(keys, list) or not 1 <= len(keys) <= 16 for keys in lists):
            raise JoseFault("schema", "This key set holds no keys, or too many.")
        signing = [jose.public_key(key, "sig") for key in found["signing"]]
        for key in found["encryption"]:
            jose.public_key(key, "enc")
    except JoseFault as fault:
        raise Problem(422, fault.code, "This key set does not hold.") from fault
    usable = tuple(key for key in signing if jose.thumbprint(key) not in revoked)
    return KeySetClaims(str(org), serial, jose.thumbprint(identity), usable)


class Gate:
    """The hub's key, and who may ask. Of a token the store holds only the digest."""

    def __init__(self, store: Store, key: JWK, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.clock = clock
        self._key = key
        self.hub_id = f"urn:scx:hub:{jose.thumbprint(key)}"
        self._receipt_head = jose.head_of(key, RECEIPT_TYPE)

    @classmethod
    async def open(cls, store: Store, clock: Callable[[], float] = time.time) -> Gate:
        """The gate with the hub's signing key, made at the first start and kept in the hub's own database."""
        fresh = JWK.generate(kty="OKP", crv="Ed25519").export_private()
        return cls(store, JWK.from_json(await store.set_meta_once("signing_key", fresh)), clock)

    def public_keys(self) -> list[dict[str, str]]:
        return [jose.public_part(jose.public_key(self._key.export_public(as_dict=True), "sig"))]

    def receipt(self, claims: dict[str, Any]) -> str:
        payload = orjson.dumps(claims, option=orjson.OPT_SORT_KEYS)
        return jose.sign(payload, self._key, RECEIPT_TYPE, self._receipt_head)

    async def token(self, assertion: str) -> str:
        """A token for an organisation that signed this assertion with its transport key, once."""
        try:
            claims = jose.strict_json(jose.take_apart(assertion, ASSERTION_TYPE, MAX_ASSERTION).payload)
            org = claims.get("sub")
            member = await self.store.member(str(org)) if is_org(org) else None
            if member is None or claims.get("iss") != org:
                raise JoseFault("unknown-key", "This organisation is not enrolled here.")
            key = jose.public_key(json.loads(member.transport), "sig")
            jose.verify(assertion, [key], ASSERTION_TYPE, MAX_ASSERTION)
            expires = self._in_time(claims, claims.get("exp"))
            self._for_us(claims.get("aud"))
            await self._once(member.org, claims.get("jti"), expires)
        except JoseFault as fault:
            raise Problem(401, "invalid-client", fault.message, error="invalid_client") from fault
        token = token_urlsafe(TOKEN_BYTES)
        await self.store.keep_token(digest(token.encode()), member.org, int(self.clock()) + TOKEN_SECONDS)
        return token

    async def bearer(self, authorization: str) -> str:
        """The organisation that a request's token was given to; whether it is enrolled (still), its member says."""
        scheme, _, token = authorization.partition(" ")
        good = scheme.lower() == "bearer" and token.isascii() and len(token) == TOKEN_LETTERS
        held = await self.store.token_holder(digest(token.encode())) if good else None
        if held is None or held[1] <= self.clock():
            raise refusal("invalid-token")
        return held[0]

    async def member(self, org: str) -> Member:
        """An enrolled organisation to which a token was given."""
        member = await self.store.member(org)
        if member is None:
            raise refusal("invalid-token")
        return member

    async def signed(
        self,
        member: Member,
        signature: str,
        method: str,
        path: str,
        body: bytes,
        put: KeySetClaims | None = None,
    ) -> KeySetClaims:
        """Check that the organisation's signing key signed this very request, once.

        A key set that is put may bear it itself where the same identity key vouches for it: after this hub, or they,
        were put back, the set that is here may hold no key that they still have.
        """
        keys = read_key_set(member.key_set, len(member.key_set))
        known = keys.signing
        if put is not None and put.identity == keys.identity:
            known = (*known, *put.signing)
        try:
            claims = jose.strict_json(jose.verify(signature, known, REQUEST_TYPE, MAX_ASSERTION).payload)
            expected = {"htm": method, "htu": path, "sha256": digest(body)}
            if any(claims.get(name) != value for name, value in expected.items()):
                raise JoseFault("schema", "The signature is of another request.")
            expires = self._in_time(claims, None)
            self._for_us(claims.get("aud"))
            await self._once(member.org, claims.get("jti"), expires)
        except JoseFault as fault:
            raise Problem(403, "signature-required", "This request needs a signature by the signing key.") from fault
        return keys

    def _in_time(self, claims: dict[str, Any], exp: object) -> int:
        """When the statement ends, in unix seconds; refused if it was made more than five minutes from now."""
        iat, now = claims.get("iat"), int(self.clock())
        if type(iat) is not int or abs(iat - now) > SKEW_SECONDS:
            raise JoseFault("schema", "The clock of this machine is more than five minutes from the hub's.")
        if exp is None:
            return iat + 2 * SKEW_SECONDS
        if type(exp) is not int or not iat < exp <= iat + TOKEN_SECONDS or exp < now - SKEW_SECONDS:
            raise JoseFault("schema", "This assertion is not valid now.")
        return exp + SKEW_SECONDS

    def _for_us(self, audience: object) -> None:
        if audience != self.hub_id and not (isinstance(audience, list) and self.hub_id in audience):
            raise JoseFault("schema", "This was signed for another hub.")

    async def _once(self, org: str, jti: object, expires: int) -> None:
        if not isinstance(jti, str) or not jti.isascii() or not 16 <= len(jti) <= 64:
            raise JoseFault("schema", "This has no usable id.")
        if not await self.store.first_use(org, jti, expires + SKEW_SECONDS):
            raise JoseFault("schema", "This was used before.")
