"""Joining a hub, proving who one is, and reading each other's key sets (protocol: §2, calls 1 to 3 and enrolment)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from sync.hub import jose
from sync.hub.invites import hash_of
from sync.hub.jose import JoseFault
from sync.hub.keys import TOKEN_SECONDS, read_key_set
from sync.hub.limits import Problem
from sync.hub.store import Member
from sync.hub.web import answer, body_of, json_of

if TYPE_CHECKING:
    from sync.hub.api import Hub

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Accounts:
    """The endpoints about organisations rather than messages."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def well_known(self, _: Request) -> Response:
        hub = self.hub
        value = {
            "hub_id": hub.gate.hub_id,
            "epoch": hub.store.epoch,
            "versions": [1],
            "limits": hub.limits.public(),
            "keys": hub.gate.public_keys(),
            "retention_days": hub.limits.retention_days,
            "ledger_days": hub.limits.ledger_days,
        }
        return answer(value)

    async def token(self, request: Request) -> Response:
        body = await body_of(request, 8192, ("application/x-www-form-urlencoded",), self.hub.limits.body_seconds)
        try:
            form = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
        except ValueError as fault:
            raise Problem(400, "schema", "This is not a form.", error="invalid_request") from fault
        if form.get("grant_type") != ["client_credentials"]:
            raise Problem(400, "grant", "Only client credentials are taken.", error="unsupported_grant_type")
        if form.get("client_assertion_type") != [ASSERTION] or len(form.get("client_assertion", [])) != 1:
            raise Problem(401, "invalid-client", "This needs a signed assertion.", error="invalid_client")
        token = await self.hub.gate.token(form["client_assertion"][0])
        value = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": "transport"}
        return answer(value)

    async def invited(self, request: Request) -> Response:
        """Which organisation a code was made for: whoever holds the code may join as that one and no other."""
        value, _ = await json_of(request, 4096, self.hub.limits.body_seconds)
        org = await self.hub.store.invited(hash_of(_code(value)))
        if org is None:
            raise Problem(403, "invite", "This invite code is not valid, or its time is over.")
        return answer({"org": org})

    async def enrol(self, request: Request) -> Response:
        """Join with a one-time code: the key set (identity, signing, encryption) and the public transport key."""
        limit = self.hub.limits.key_set_bytes
        value, _ = await json_of(request, limit + 4096, self.hub.limits.body_seconds)
        code = _code(value)
        keys = read_key_set(value.get("key_set"), limit)
        try:
            transport = jose.public_key(value.get("transport"), "sig")
        except JoseFault as fault:
            raise Problem(422, fault.code, "The transport key cannot be used.") from fault
        if jose.thumbprint(transport) in {keys.identity, *(jose.thumbprint(key) for key in keys.signing)}:
            raise Problem(422, "schema", "The transport key must be a key of its own.")
        member = Member(
            org=keys.org,
            key_set=str(value["key_set"]),
            serial=keys.serial,
            identity=keys.identity,
            transport=json.dumps(jose.public_part(transport), sort_keys=True),
            closed=False,
        )
        await self.hub.store.enrol(hash_of(code), member)
        return answer({"org": keys.org, "hub_id": self.hub.gate.hub_id, "keys": self.hub.gate.public_keys()}, 201)

    async def keys(self, request: Request) -> Response:
        await self.hub.caller(request)
        member = await self.hub.store.member(request.path_params["org"])
        if member is None:
            raise Problem(404, "unknown-organisation", "No such organisation is enrolled here.")
        tag = f'"{member.serial}"'
        headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(member.key_set, 200, headers, "application/jose")

    async def put_keys(self, request: Request) -> Response:
        body = await body_of(
            request, self.hub.limits.key_set_bytes, ("application/jose",), self.hub.limits.body_seconds
        )
        member = await self.hub.caller(request)
        keys = read_key_set(body.decode("ascii", "replace"), self.hub.limits.key_set_bytes)
        await self.hub.check_signature(request, member, body, keys)
        if request.path_params["org"] != member.org:
            raise Problem(403, "not-yours", "An organisation changes its own keys only.")
        expected = request.headers.get("if-match", "")
        if not re.fullmatch(r'"[0-9]{1,16}"', expected):
            raise Problem(428, "precondition", "This needs If-Match with the serial that was last seen.")
        if keys.org != member.org:
            raise Problem(403, "not-yours", "An organisation changes its own keys only.")
        await self.hub.store.put_keys(member.org, body.decode("ascii"), keys.serial, keys.identity, int(expected[1:-1]))
        return Response(status_code=204, headers={"etag": f'"{keys.serial}"'})


def _code(value: dict[str, Any]) -> str:
    code = value.get("code")
    if not isinstance(code, str):
        raise Problem(400, "schema", "This needs an invite code.")
    if len(code) > 64:  # something else was pasted: it is no code of ours
        raise Problem(403, "invite", "This invite code is not valid, or its time is over.")
    return code
